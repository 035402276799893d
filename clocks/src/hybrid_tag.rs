use alloc::vec::Vec;
use core::fmt;

use crate::wire::{Malformed, Wire};
use crate::{HybridStamp, Rank};

/// A hybrid stamp together with the process that issued it: unique in the whole system, and totally ordered.
///
/// Two processes may issue the same [`HybridStamp`]; the process id breaks the tie. The order respects happened-before and is close to that of physical time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HybridTag<P = Rank> {
    /// When.
    pub stamp: HybridStamp,
    /// Whose clock issued it.
    pub process: P,
}

impl HybridTag<Rank> {
    /// The bytes of the tag, most significant first: they order as the tags do, so they can be keys of a sorted store.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 12] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l]) = (self.stamp.to_bytes(), self.process.0.to_be_bytes());
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The tag with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        Self { stamp: HybridStamp::from_bytes([a, b, c, d, e, f, g, h]), process: Rank(u32::from_be_bytes([i, j, k, l])) }
    }
}

impl<P: fmt::Display> fmt::Display for HybridTag<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.stamp, self.process)
    }
}

impl<P: Wire> Wire for HybridTag<P> {
    /// The stamp, then the process. The order of these bytes is that of the tags if that of the process ids' is theirs, as it is for fixed-length bytes.
    fn encode(&self, out: &mut Vec<u8>) {
        self.stamp.encode(out);
        self.process.encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (stamp, rest) = HybridStamp::decode(bytes, limit)?;
        let (process, rest) = P::decode(rest, limit)?;
        Ok((Self { stamp, process }, rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    fn tag() -> impl Strategy<Value = HybridTag> {
        (prop_oneof![0_u64..4, any::<u64>()], prop_oneof![0_u32..3, any::<u32>()])
            .prop_map(|(bits, process)| HybridTag { stamp: HybridStamp::from_bits(bits), process: Rank(process) })
    }

    proptest! {
        #![proptest_config(laws::config(1_000))]

        #[test]
        fn bytes_order_as_tags(a in tag(), b in tag()) {
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
            prop_assert_eq!(HybridTag::from_bytes(a.to_bytes()), a);
            laws::wire(&a, 0);
            let fixed = |tag: HybridTag| HybridTag { stamp: tag.stamp, process: tag.process.0.to_be_bytes() };
            prop_assert_eq!(fixed(a).to_wire().cmp(&fixed(b).to_wire()), a.cmp(&b));
        }
    }
}
