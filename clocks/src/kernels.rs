//! The two loops that dense clocks spend their time in, over slices of equal length, compiled for the vector units that a processor may have.
//!
//! This is the only module with unsafe code. The loops themselves are safe and written once, with no intrinsics; what differs is the instruction set they are
//! compiled for. The only unsafe operations are the calls to a function compiled for AVX-512 or AVX2, whose one requirement is that the processor
//! which runs it has that unit; each call stands directly behind the test for it. Without `std` there is no such test, and elsewhere than on x86-64 no
//! need for one: there the loops are compiled for the target as it is.

#![allow(unsafe_code, reason = "calls into functions compiled for an instruction set that was just detected")]

use core::cmp::Ordering;

/// Up to so many entries are looked at one by one: eight of them fill the widest vector unit.
const FEW: usize = 8;

/// How many of these are looked at before it is asked whether they tell enough: seven of eight random pairs are concurrent in four entries.
const HEAD: usize = 4;

/// Entries looked at between two decisions whether to go on: many, since to decide costs as much as to look at forty.
const BLOCK: usize = 256;

/// How `a` stands to `b`, pointwise: `None` if each is greater somewhere. Stops soon after that is known.
#[inline]
pub(crate) fn compare(a: &[u64], b: &[u64]) -> Option<Ordering> {
    // Most concurrent clocks show it in their first few entries.
    let few = a.len().min(FEW);
    let (mut less, mut greater) = (false, false);
    for (a, b) in a[..few].chunks(HEAD).zip(b[..few].chunks(HEAD)) {
        for (a, b) in a.iter().zip(b) {
            less |= a < b;
            greater |= a > b;
        }
        if less & greater {
            return None;
        }
    }
    if a.len() > FEW {
        let (below, above) = differences(a, b);
        (less, greater) = (below != 0, above != 0);
    }
    if less & greater { None } else { Some(greater.cmp(&less)) }
}

/// Raises each of `into` to `from` where that is greater. Says whether any was raised.
#[inline]
pub(crate) fn merge(into: &mut [u64], from: &[u64]) -> bool {
    if into.len() > FEW {
        return merge_long(into, from);
    }
    merge_few(into, from)
}

/// [`merge`] of more than [`FEW`] entries.
fn merge_long(into: &mut [u64], from: &[u64]) -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { merge_avx512(into, from) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { merge_avx2(into, from) };
        }
    }
    merge_by(into, from)
}

/// Not zero where `a` is less than `b` somewhere, and where it is greater; of more than [`FEW`] entries. Ends early when both are.
fn differences(a: &[u64], b: &[u64]) -> (u64, u64) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { differences_avx512(a, b) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { differences_avx2(a, b) };
        }
    }
    differences_by(a, b)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f")]
fn merge_avx512(into: &mut [u64], from: &[u64]) -> bool {
    merge_by(into, from)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn merge_avx2(into: &mut [u64], from: &[u64]) -> bool {
    merge_by(into, from)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f")]
fn differences_avx512(a: &[u64], b: &[u64]) -> (u64, u64) {
    differences_by(a, b)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn differences_avx2(a: &[u64], b: &[u64]) -> (u64, u64) {
    differences_by(a, b)
}

/// Once something was raised, goes on without asking; until then, after a short beginning, only reads.
#[inline(always)]
fn merge_by(into: &mut [u64], from: &[u64]) -> bool {
    let length = into.len().min(from.len());
    let head = length.min(BLOCK / 4);
    if merge_few(&mut into[..head], &from[..head]) {
        raise(&mut into[head..], &from[head..]);
        return true;
    }
    for start in (head..length).step_by(BLOCK) {
        let end = length.min(start + BLOCK);
        if into[start..end].iter().zip(&from[start..end]).fold(0, |below, (into, from)| below | ((*into).max(*from) ^ into)) != 0 {
            raise(&mut into[start..], &from[start..]);
            return true;
        }
    }
    false
}

#[inline(always)]
fn merge_few(into: &mut [u64], from: &[u64]) -> bool {
    let mut changed = 0;
    for (into, from) in into.iter_mut().zip(from) {
        let greater = (*into).max(*from);
        changed |= greater ^ *into;
        *into = greater;
    }
    changed != 0
}

#[inline(always)]
fn raise(into: &mut [u64], from: &[u64]) {
    // Stores that do not straddle cache lines are worth a few entries by themselves.
    let head = into.as_ptr().align_offset(64).min(into.len()).min(from.len());
    let ((into_head, into), (from_head, from)) = (into.split_at_mut(head), from.split_at(head));
    for (into, from) in into_head.iter_mut().zip(from_head) {
        *into = (*into).max(*from);
    }
    for (into, from) in into.iter_mut().zip(from) {
        *into = (*into).max(*from);
    }
}

#[inline(always)]
fn differences_by(a: &[u64], b: &[u64]) -> (u64, u64) {
    let length = a.len().min(b.len());
    let (mut below, mut above) = (0, 0);
    for start in (0..length).step_by(BLOCK) {
        let end = length.min(start + BLOCK);
        for (a, b) in a[start..end].iter().zip(&b[start..end]) {
            let greater = (*a).max(*b);
            below |= greater ^ a;
            above |= greater ^ b;
        }
        if below != 0 && above != 0 {
            break;
        }
    }
    (below, above)
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
        let known = |(below, above): (u64, u64)| (below != 0, above != 0);
        let expected = (
            order != Some(Ordering::Equal) && order != Some(Ordering::Greater),
            order != Some(Ordering::Equal) && order != Some(Ordering::Less),
        );
        assert_eq!(known(differences_by(a, b)), expected);
        let joined: Vec<u64> = a.iter().zip(b).map(|(a, b)| *a.max(b)).collect();
        let check_merge = |merge: &dyn Fn(&mut [u64], &[u64]) -> bool| {
            let mut into = a.to_vec();
            assert_eq!(merge(&mut into, b), joined != a);
            assert_eq!(into, joined);
        };
        check_merge(&merge);
        check_merge(&merge_by);
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has AVX-512F.
                check_merge(&|into, from| unsafe { merge_avx512(into, from) });
                // SAFETY: the processor has AVX-512F.
                assert_eq!(known(unsafe { differences_avx512(a, b) }), expected);
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                check_merge(&|into, from| unsafe { merge_avx2(into, from) });
                // SAFETY: the processor has AVX2.
                assert_eq!(known(unsafe { differences_avx2(a, b) }), expected);
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
