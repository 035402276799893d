use alloc::vec::Vec;
use core::hash::Hash;

use tidings_protocol::{Digest, Fingerprint};

use super::{CodedSymbol, Key};

/// What travels between two [`Reconciler`](super::Reconciler)s. A root is the hash of all parts and of the summary: equal states have equal roots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ReconcileMessage<S, M> {
    /// Is your state this one? If not, send symbols of yours.
    Ask {
        /// The root of the sender's.
        root: u64,
    },
    /// It is this one.
    Agree {
        /// The root of both.
        root: u64,
    },
    /// Send more symbols of this state of yours.
    More {
        /// Its root.
        of: u64,
        /// How many came so far.
        from: u64,
        /// How many there should be then. It may be fewer.
        until: u64,
    },
    /// Some coded symbols of a state.
    Symbols {
        /// The state's root.
        of: u64,
        /// The number of the first one.
        from: u64,
        /// As many as there are.
        symbols: Vec<CodedSymbol>,
        /// What is said beside, with the first of them.
        summary: Option<M>,
    },
    /// All of the sender's state, by its hashes.
    Digest {
        /// Its root.
        root: u64,
        /// What is said beside.
        summary: M,
        /// One hash for each part, strictly increasing.
        hashes: Vec<u64>,
    },
    /// What the receiver of this lacks, and what the sender does.
    Offer {
        /// What the sender knew when it compared.
        summary: M,
        /// The parts that it did not have.
        wanted: Vec<u64>,
        /// What the receiver did not have.
        delta: S,
    },
    /// What was wanted.
    Answer {
        /// All of it, or the first of it.
        delta: S,
    },
}

impl<S: Hash, M: Hash> Fingerprint for ReconcileMessage<S, M> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        Key::print(self, digest);
    }
}
