/// How much a stack may hold. Every buffer of every layer is bounded by these, in messages and in bytes.
///
/// All members of a view use the same limits: a peer that keeps within smaller ones is fine, one that sends beyond them is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Messages in flight from one process to another: sent and not yet acknowledged. At least 1.
    pub window: u32,
    /// Bodies of one origin that not every live member has relayed back yet. At least 1.
    pub credit: u32,
    /// Control messages of one origin likewise; they never compete with bodies. At least 1.
    pub control_credit: u32,
    /// Messages that an order holds back, of all origins together. What is deliverable at once is never refused for lack of this room.
    pub held: u32,
    /// Bytes of one payload.
    pub payload_bytes: u32,
}

impl Limits {
    /// The smallest that still works: every window and credit is 1.
    pub const TINY: Self = Self { window: 1, credit: 1, control_credit: 1, held: 1, payload_bytes: 1 << 10 };

    /// These limits with every count at least 1.
    #[must_use]
    pub fn at_least_one(self) -> Self {
        Self {
            window: self.window.max(1),
            credit: self.credit.max(1),
            control_credit: self.control_credit.max(1),
            held: self.held.max(1),
            payload_bytes: self.payload_bytes.max(1),
        }
    }
}

impl Default for Limits {
    /// 64 in flight, 64 + 8 in credit, 4,096 held back, payloads to 1 MiB.
    fn default() -> Self {
        Self { window: 64, credit: 64, control_credit: 8, held: 4_096, payload_bytes: 1 << 20 }
    }
}
