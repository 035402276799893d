//! What a [`Join`] and its delta mutators must keep, as functions over given states: for the tests of whoever brings a type of his own.

use alloc::vec::Vec;

use crate::{Decompose, Join};

/// A law that does not hold for the states it was asked about.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// a ⊔ b is not b ⊔ a.
    #[error("join is not commutative")]
    Commutative,
    /// (a ⊔ b) ⊔ c is not a ⊔ (b ⊔ c).
    #[error("join is not associative")]
    Associative,
    /// a ⊔ a is not a.
    #[error("join is not idempotent")]
    Idempotent,
    /// a ⊔ ⊥ or ⊥ ⊔ a is not a, where ⊥ is `Default`.
    #[error("the default is not the bottom")]
    Bottom,
    /// A join said that it changed the state and did not, or changed it and did not say so.
    #[error("join does not say whether it changed the state")]
    Report,
    /// A mutator lost something: before ⊔ after is not after.
    #[error("the mutator does not inflate")]
    Inflating,
    /// A mutator and its delta differ: m(x) is not x ⊔ mδ(x).
    #[error("the delta does not do what the mutator did")]
    Delta,
    /// The join of the irreducibles is not the state.
    #[error("the irreducibles do not make the state")]
    Decomposition,
    /// The others make the state without one of the irreducibles.
    #[error("an irreducible is redundant")]
    Redundant,
    /// An irreducible is taken apart further, or is the bottom.
    #[error("what is said to be irreducible is not")]
    Reducible,
    /// Δ(a, b) ⊔ b is not a ⊔ b.
    #[error("the difference does not make up for what is missing")]
    Difference,
    /// Δ(a, b) is not the join of those irreducibles of a that are not below b.
    #[error("the difference is not the least one")]
    NotLeast,
}

/// All laws of a join over three states (Shapiro and others 2011, definition 2.4): some of them only need one or two of the three.
///
/// # Errors
/// The first law that does not hold.
pub fn joins<S: Join + Clone + Default + PartialEq>(a: &S, b: &S, c: &S) -> Result<(), Broken> {
    let ab = reported(a, b)?;
    let bc = reported(b, c)?;
    if ab != reported(b, a)? {
        return Err(Broken::Commutative);
    }
    if reported(&ab, c)? != reported(a, &bc)? {
        return Err(Broken::Associative);
    }
    if reported(a, a)? != *a || reported(&ab, b)? != ab {
        return Err(Broken::Idempotent);
    }
    if reported(a, &S::default())? != *a || reported(&S::default(), a)? != *a {
        return Err(Broken::Bottom);
    }
    Ok(())
}

/// What a delta mutator that took `before` to `after` and returned `delta` must keep: it inflates, and m(x) = x ⊔ mδ(x) (Almeida and others 2018,
/// definition 1).
///
/// # Errors
/// The first law that does not hold.
pub fn mutates<S: Join + Clone + PartialEq>(before: &S, after: &S, delta: &S) -> Result<(), Broken> {
    if reported(before, after)? != *after {
        return Err(Broken::Inflating);
    }
    if reported(before, delta)? != *after {
        return Err(Broken::Delta);
    }
    Ok(())
}

/// What taking `state` apart must keep (Enes and others 2019), and its difference to `known`, against their definitions. Irreducibles are
/// asked for what they are made of, which is themselves; that nothing else makes them, only a search through all smaller states can say. O(n²).
///
/// # Errors
/// The first law that does not hold.
pub fn decomposes<S: Decompose + PartialEq>(state: &S, known: &S) -> Result<(), Broken> {
    let parts: Vec<S> = state.irreducibles().collect();
    let all = |parts: &mut dyn Iterator<Item = &S>| parts.fold(S::default(), S::joined);
    if all(&mut parts.iter()) != *state {
        return Err(Broken::Decomposition);
    }
    for (place, part) in parts.iter().enumerate() {
        if all(&mut parts[..place].iter().chain(&parts[place + 1..])) == *state {
            return Err(Broken::Redundant);
        }
        if part.irreducibles().ne([part.clone()]) || *part == S::default() {
            return Err(Broken::Reducible);
        }
    }
    let difference = state.difference(known);
    if difference.clone().joined(known) != known.clone().joined(state) {
        return Err(Broken::Difference);
    }
    let is_news = |part: &&S| known.clone().join(part);
    if difference != all(&mut parts.iter().filter(is_news)) {
        return Err(Broken::NotLeast);
    }
    Ok(())
}

/// a ⊔ b, if the join tells the truth about whether it changed a.
fn reported<S: Join + Clone + PartialEq>(a: &S, b: &S) -> Result<S, Broken> {
    let mut joined = a.clone();
    let changed = joined.join(b);
    if changed == (joined != *a) { Ok(joined) } else { Err(Broken::Report) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joins with `F`: any function of two numbers and whether it claims to have changed the first.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct By<F>(u8, F);

    macro_rules! by {
        ($name:ident, $join:expr) => {
            #[derive(Clone, Copy, Debug, Default, PartialEq)]
            struct $name;
            impl Join for By<$name> {
                fn join(&mut self, other: &Self) -> bool {
                    let join: fn(u8, u8) -> u8 = $join;
                    let joined = join(self.0, other.0);
                    core::mem::replace(&mut self.0, joined) != joined
                }
            }
        };
    }

    by!(Maximum, u8::max);
    by!(Sum, u8::wrapping_add);
    by!(Mine, |mine, _| mine);
    by!(Minimum, u8::min);
    by!(Mean, |a, b| a.midpoint(b));

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Boastful(u8);

    impl Join for Boastful {
        fn join(&mut self, other: &Self) -> bool {
            self.0 = self.0.max(other.0);
            true
        }
    }

    #[test]
    fn each_law_catches_what_breaks_it() {
        assert_eq!(joins(&By(1, Maximum), &By(2, Maximum), &By(3, Maximum)), Ok(()));
        assert_eq!(joins(&By(1, Sum), &By(2, Sum), &By(3, Sum)), Err(Broken::Idempotent));
        assert_eq!(joins(&By(1, Mine), &By(2, Mine), &By(3, Mine)), Err(Broken::Commutative));
        assert_eq!(joins(&By(1, Minimum), &By(2, Minimum), &By(3, Minimum)), Err(Broken::Bottom));
        assert_eq!(joins(&By(0, Mean), &By(4, Mean), &By(8, Mean)), Err(Broken::Associative));
        assert_eq!(joins(&Boastful(1), &Boastful(2), &Boastful(3)), Err(Broken::Report));
    }

    #[test]
    fn a_mutator_must_grow_the_state_by_its_delta() {
        let max = |n| By(n, Maximum);
        assert_eq!(mutates(&max(1), &max(3), &max(3)), Ok(()));
        assert_eq!(mutates(&max(3), &max(1), &max(1)), Err(Broken::Inflating));
        assert_eq!(mutates(&max(1), &max(3), &max(2)), Err(Broken::Delta));
    }

    /// Sets of bits, taken apart rightly, or wrongly in one of five ways.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Bits<const HOW: u8>(u8);

    impl<const HOW: u8> Join for Bits<HOW> {
        fn join(&mut self, other: &Self) -> bool {
            let joined = self.0 | other.0;
            core::mem::replace(&mut self.0, joined) != joined
        }
    }

    impl<const HOW: u8> Decompose for Bits<HOW> {
        fn irreducibles(&self) -> impl Iterator<Item = Self> {
            let mut parts: Vec<u8> = (0..8).map(|bit| self.0 & 1 << bit).filter(|part| *part != 0).collect();
            match HOW {
                1 => drop(parts.pop()),
                2 if parts.len() > 1 => parts.push(self.0),
                3 if parts.len() > 2 => parts[1] |= parts.remove(0),
                _ => {}
            }
            parts.into_iter().map(Self)
        }

        fn difference(&self, known: &Self) -> Self {
            match HOW {
                4 => Self::default(),
                5 => self.clone(),
                _ => Self(self.0 & !known.0),
            }
        }
    }

    #[test]
    fn each_law_of_decomposition_catches_what_breaks_it() {
        fn kept<const HOW: u8>() -> Result<(), Broken> {
            decomposes(&Bits::<HOW>(0b111), &Bits(0b1001))
        }
        assert_eq!(kept::<0>(), Ok(()));
        assert_eq!(kept::<1>(), Err(Broken::Decomposition));
        assert_eq!(kept::<2>(), Err(Broken::Redundant));
        assert_eq!(kept::<3>(), Err(Broken::Reducible));
        assert_eq!(kept::<4>(), Err(Broken::Difference));
        assert_eq!(kept::<5>(), Err(Broken::NotLeast));
    }
}
