use crate::LinkRejected;

/// What a link did since it was made. Counts, which stop at their end instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinkStats {
    /// Messages given to the network for the first time, one for each destination.
    pub sent: u64,
    /// Messages given to it again.
    pub retransmitted: u64,
    /// Messages that their destination acknowledged.
    pub acknowledged: u64,
    /// Messages indicated.
    pub received: u64,
    /// Copies of messages that had been received before.
    pub duplicates: u64,
    /// Messages that the layer above did not take when they came; they come again.
    pub not_taken: u64,
    /// Frames for a former life of this process, answered by a hello.
    pub misaddressed: u64,
    /// Times that a peer was heard to have begun another life.
    pub reborn: u64,
    /// Frames of a sender's former life, or of an excluded sender.
    pub stale: u64,
    /// Messages the window or more ahead.
    pub too_far_ahead: u64,
    /// Other frames that no correct peer could have sent.
    pub malformed: u64,
}

impl LinkStats {
    pub(crate) fn reject(&mut self, rejected: &LinkRejected) {
        count(match rejected {
            LinkRejected::Stale { .. } | LinkRejected::Excluded { .. } => &mut self.stale,
            LinkRejected::TooFarAhead { .. } => &mut self.too_far_ahead,
            _ => &mut self.malformed,
        });
    }
}

/// Counts one more; stops at the end.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
