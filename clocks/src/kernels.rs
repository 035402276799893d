//! The two loops that dense clocks spend their time in, over slices of equal length, for the vector units that a processor may have.
//!
//! This is the only module with unsafe code. The loops themselves are safe and written once; a [`Unit`] says how eight entries are looked at. What is unsafe are the intrinsics
//! of AVX2 and AVX-512, and the calls to functions compiled for them. Their one requirement is a processor that has the unit, and the unit's value is the proof: only the test for it
//! gives one away. Without `std` there is no such test, and elsewhere than on x86-64 no need for one: there the loops are compiled for the target as it is.

#![allow(unsafe_code, reason = "intrinsics, and calls into functions compiled for an instruction set that was just detected")]

mod units;

use core::cmp::Ordering;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use units::{Avx2, Avx512};
use units::{Block, LANES, Unit, Words};

/// Entries looked at between two decisions whether to go on: eight blocks, since to decide costs as much as to look at one.
const GROUP: usize = 8 * LANES;

/// How `a` stands to `b`, pointwise: `None` if each is greater somewhere. Stops soon after that is known.
#[inline]
pub(crate) fn compare(a: &[u64], b: &[u64]) -> Option<Ordering> {
    if a.len() >= LANES {
        return compare_long(a, b);
    }
    let (mut less, mut greater) = (false, false);
    for (a, b) in a.iter().zip(b) {
        less |= a < b;
        greater |= a > b;
    }
    if less & greater { None } else { Some(greater.cmp(&less)) }
}

/// Raises each of `into` to `from` where that is greater. Says whether any was raised.
#[inline]
pub(crate) fn merge(into: &mut [u64], from: &[u64]) -> bool {
    if into.len() >= LANES {
        return merge_long(into, from);
    }
    let mut raised = false;
    for (into, from) in into.iter_mut().zip(from) {
        raised |= *from > *into;
        *into = (*into).max(*from);
    }
    raised
}

/// [`compare`] of a block or more.
#[inline]
fn compare_long(a: &[u64], b: &[u64]) -> Option<Ordering> {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if let Some(unit) = Avx512::detect() {
            // SAFETY: the processor has AVX-512F, or there would be no such unit.
            return unsafe { compare_avx512(unit, a, b) };
        }
        if let Some(unit) = Avx2::detect() {
            // SAFETY: the processor has AVX2, or there would be no such unit.
            return unsafe { compare_avx2(unit, a, b) };
        }
    }
    compare_by(Words, a, b)
}

/// [`merge`] of a block or more.
#[inline]
fn merge_long(into: &mut [u64], from: &[u64]) -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if let Some(unit) = Avx512::detect() {
            // SAFETY: the processor has AVX-512F, or there would be no such unit.
            return unsafe { merge_avx512(unit, into, from) };
        }
        if let Some(unit) = Avx2::detect() {
            // SAFETY: the processor has AVX2, or there would be no such unit.
            return unsafe { merge_avx2(unit, into, from) };
        }
    }
    merge_by(Words, into, from)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f")]
fn compare_avx512(unit: Avx512, a: &[u64], b: &[u64]) -> Option<Ordering> {
    compare_by(unit, a, b)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn compare_avx2(unit: Avx2, a: &[u64], b: &[u64]) -> Option<Ordering> {
    compare_by(unit, a, b)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f")]
fn merge_avx512(unit: Avx512, into: &mut [u64], from: &[u64]) -> bool {
    merge_by(unit, into, from)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn merge_avx2(unit: Avx2, into: &mut [u64], from: &[u64]) -> bool {
    merge_by(unit, into, from)
}

/// One question of every entry is enough: whether the two are different; and from the first that are, whether any is greater on the side on which none was so far.
#[inline(always)]
fn compare_by<U: Unit>(unit: U, a: &[u64], b: &[u64]) -> Option<Ordering> {
    let (Some(first_a), Some(first_b)) = (a.first_chunk(), b.first_chunk()) else { return None };
    let less = unit.is_any(Greater::note(unit, unit.nothing(), first_b, first_a));
    let greater = unit.is_any(Greater::note(unit, unit.nothing(), first_a, first_b));
    let start = match (less, greater) {
        // Most concurrent clocks show it in their first block.
        (true, true) => return None,
        (false, false) => match find::<U, Different>(unit, a, b) {
            Some(start) => start,
            None => return Some(Ordering::Equal),
        },
        _ => 0,
    };
    let (a, b) = (&a[start..], &b[start..]);
    match (less || find::<U, Greater>(unit, b, a).is_some(), greater || find::<U, Greater>(unit, a, b).is_some()) {
        (true, true) => None,
        (less, greater) => Some(greater.cmp(&less)),
    }
}

/// Only reads until it finds something to raise; goes on from there without asking.
#[inline(always)]
fn merge_by<U: Unit>(unit: U, into: &mut [u64], from: &[u64]) -> bool {
    let start = find::<U, Greater>(unit, from, into);
    if let Some(start) = start {
        raise(unit, &mut into[start..], &from[start..]);
    }
    start.is_some()
}

/// What is asked of every entry of a block. A trait, and not a closure, since only a function can be told to become part of one that is compiled for another unit.
trait Question {
    /// Notes whether it holds of an entry of `a` and that of `b`.
    fn note<U: Unit>(unit: U, found: U::Found, a: &Block, b: &Block) -> U::Found;
}

/// Whether it is greater.
struct Greater;

impl Question for Greater {
    #[inline(always)]
    fn note<U: Unit>(unit: U, found: U::Found, a: &Block, b: &Block) -> U::Found {
        unit.greater(found, a, b)
    }
}

/// Whether it is another.
struct Different;

impl Question for Different {
    #[inline(always)]
    fn note<U: Unit>(unit: U, found: U::Found, a: &Block, b: &Block) -> U::Found {
        unit.different(found, a, b)
    }
}

/// A place before which the answer is no for every entry, and after which, not far away, it is yes; at least a block from the end. `None` if it is no everywhere.
#[inline(always)]
fn find<U: Unit, Q: Question>(unit: U, a: &[u64], b: &[u64]) -> Option<usize> {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let (Some(first_a), Some(first_b)) = (a.first_chunk(), b.first_chunk()) else { return None };
    let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) else { return None };
    let first = Q::note(unit, unit.nothing(), first_a, first_b);
    if unit.is_any(first) {
        return Some(0);
    }
    if n < GROUP {
        // What does not fill a block is looked at in the last one, together with some that was looked at before.
        let mut found = Q::note(unit, first, last_a, last_b);
        for (a, b) in a.as_chunks().0[1..].iter().zip(&b.as_chunks().0[1..]) {
            found = Q::note(unit, found, a, b);
        }
        return unit.is_any(found).then_some(0);
    }
    // Blocks that do not straddle cache lines, on one side at least, are read in half the time.
    let mut start = aligned(a).min(n - GROUP);
    while start + 2 * GROUP <= n {
        if holds_somewhere::<U, Q, { 2 * GROUP }>(unit, &a[start..], &b[start..]) {
            return Some(start);
        }
        start += 2 * GROUP;
    }
    while start < n {
        start = start.min(n - GROUP);
        if holds_somewhere::<U, Q, GROUP>(unit, &a[start..], &b[start..]) {
            return Some(start);
        }
        start += GROUP;
    }
    None
}

/// Whether the answer is yes for one of the first `N` entries, of which there are so many.
#[inline(always)]
fn holds_somewhere<U: Unit, Q: Question, const N: usize>(unit: U, a: &[u64], b: &[u64]) -> bool {
    // Four notes in turn, so that none waits for the one before it.
    let mut found = [unit.nothing(); 4];
    for (place, (a, b)) in a[..N].as_chunks().0.iter().zip(b[..N].as_chunks().0).enumerate() {
        found[place % 4] = Q::note(unit, found[place % 4], a, b);
    }
    let [one, two, three, four] = found;
    unit.is_any(unit.either(unit.either(one, two), unit.either(three, four)))
}

/// Raises each of `into`, a block or more, to `from` where that is greater.
#[inline(always)]
fn raise<U: Unit>(unit: U, into: &mut [u64], from: &[u64]) {
    let n = into.len().min(from.len());
    let (into, from) = (&mut into[..n], &from[..n]);
    let start = aligned(into).min(n);
    if let (Some(into), Some(from)) = (into.first_chunk_mut(), from.first_chunk()) {
        unit.raise(into, from);
    }
    for (into, from) in into[start..].as_chunks_mut().0.iter_mut().zip(from[start..].as_chunks().0) {
        unit.raise(into, from);
    }
    if let (Some(into), Some(from)) = (into.last_chunk_mut(), from.last_chunk()) {
        unit.raise(into, from);
    }
}

/// The first entry with which a cache line begins.
#[inline(always)]
fn aligned(entries: &[u64]) -> usize {
    entries.as_ptr().align_offset(size_of::<Block>())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    /// The naive twin of the comparison.
    fn naive_compare(a: &[u64], b: &[u64]) -> Option<Ordering> {
        match (a.iter().zip(b).all(|(a, b)| a <= b), a.iter().zip(b).all(|(a, b)| a >= b)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }

    /// Every compilation of the loops that this processor can run.
    fn check(a: &[u64], b: &[u64]) {
        let order = naive_compare(a, b);
        assert_eq!(compare(a, b), order);
        let joined: Vec<u64> = a.iter().zip(b).map(|(a, b)| *a.max(b)).collect();
        let check_merge = |merge: &dyn Fn(&mut [u64], &[u64]) -> bool| {
            let mut into = a.to_vec();
            assert_eq!(merge(&mut into, b), joined != a);
            assert_eq!(into, joined);
        };
        check_merge(&merge);
        if a.len() < LANES {
            return;
        }
        assert_eq!(compare_by(Words, a, b), order);
        check_merge(&|into, from| merge_by(Words, into, from));
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        {
            if let Some(unit) = Avx512::detect() {
                // SAFETY: the processor has AVX-512F.
                assert_eq!(unsafe { compare_avx512(unit, a, b) }, order);
                // SAFETY: the processor has AVX-512F.
                check_merge(&|into, from| unsafe { merge_avx512(unit, into, from) });
            }
            if let Some(unit) = Avx2::detect() {
                // SAFETY: the processor has AVX2.
                assert_eq!(unsafe { compare_avx2(unit, a, b) }, order);
                // SAFETY: the processor has AVX2.
                check_merge(&|into, from| unsafe { merge_avx2(unit, into, from) });
            }
        }
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        /// Slices of any length around the blocks, that differ in none, few or all of their entries, also at the ends of the range.
        #[test]
        fn all_compilations_agree_with_the_definition(
            mut a in prop::collection::vec(prop_oneof![0_u64..3, any::<u64>(), Just(u64::MAX)], 0..600),
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![0_u64..3, any::<u64>(), Just(u64::MAX)]), 0..4),
        ) {
            let mut b = a.clone();
            check(&a, &b);
            for (place, value) in changes {
                if let Some(entry) = b.get_mut(place.index(a.len().max(1))) {
                    *entry = value;
                }
                check(&a, &b);
                check(&b, &a);
            }
            a.reverse();
            check(&a, &b);
        }
    }
}
