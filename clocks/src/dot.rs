use alloc::vec::Vec;

use crate::Rank;
use crate::wire::{Malformed, Wire};

/// The name of one event: the `counter`-th of `actor`.
///
/// Counters begin at 1; a dot with counter 0 names no event, and whatever knows dots knows it already. (Almeida, Baquero, Gonçalves, Preguiça,
/// Fonte, *Scalable and Accurate Causality Tracking for Eventually Consistent Stores*, 2014.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dot<A = Rank> {
    /// Whose event.
    pub actor: A,
    /// Which one, counted from 1.
    pub counter: u64,
}

impl<A> Dot<A> {
    /// The `counter`-th event of `actor`.
    pub const fn new(actor: A, counter: u64) -> Self {
        Self { actor, counter }
    }
}

impl<A: Wire> Wire for Dot<A> {
    /// The actor, then the counter.
    fn encode(&self, out: &mut Vec<u8>) {
        self.actor.encode(out);
        self.counter.encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (actor, rest) = A::decode(bytes, limit)?;
        let (counter, rest) = u64::decode(rest, limit)?;
        Ok((Self { actor, counter }, rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn has_one_form(actor: u32, counter: u64, bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            laws::wire(&Dot::new(Rank(actor), counter), 0);
            laws::decode::<Dot>(&bytes, 0);
        }
    }
}
