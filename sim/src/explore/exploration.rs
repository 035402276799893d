use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_protocol::Digest;
use tidings_trace::Property;

use super::Scope;

/// What is explored, and by which model it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exploration {
    /// How much.
    pub scope: Scope,
    /// What may be lost.
    pub links: Links,
    /// Whether what one process sends to another arrives in the order in which it was sent, as over a stream. A packet that stays under way after a copy of it
    /// has arrived keeps its place.
    pub ordered: bool,
    /// Whether each live process is told of each crash at last, at any time after it ([`exclude`](tidings_protocol::Protocol::exclude)): a perfect
    /// failure detector.
    pub detection: bool,
    /// Processes that never crash.
    pub protected: Vec<Rank>,
    /// What must hold, of those that can be [judged](Exploration::JUDGED): safety at every transition, liveness whenever nothing can go on.
    pub promises: Vec<Property>,
    /// Whether every request must be taken at last.
    pub progress: bool,
    /// What is left out of the search.
    pub reductions: Reductions,
}

/// What a network may lose. Every network may be late and reorder, without bounds, and repeat as often as the scope says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Links {
    /// Nothing but what a process sent that has crashed: between correct processes everything arrives (Cachin et al. 2011, module 2.3, PL1).
    Reliable,
    /// Anything (module 2.1).
    FairLoss,
    /// A FIFO reliable broadcast, as its specification (modules 3.2 and 3.8): everything is sent to all others, and arrives everywhere once and in the order in
    /// which it was sent, unless the sender crashes and nobody alive has taken it. Of those broadcasts the last may be lost, to all, each for one of the scope's losses. Nothing is
    /// repeated. For what stands on such a broadcast, which is explored by itself. Asks for [`ordered`](Exploration::ordered).
    Broadcast,
}

/// What is left out of the search because it brings nothing new. With each of them on or off the verdict is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reductions {
    /// A packet that its destination would take without any change or effect is forgotten at once.
    ///
    /// That is sound if such a packet would change nothing later either: what has been received stays received. A packet that would be rejected is
    /// not forgotten, for it may be in time later. Not used over [`Links::Broadcast`], where it counts who has taken what.
    pub stale: bool,
    /// Of what came before a message, what has been delivered by all live processes that lack the message is forgotten, and so is the order among what all
    /// have delivered: no property asks for it any more, since a process that has delivered something never lacks it again.
    pub delivered: bool,
    /// Vector clocks are left out of what tells states apart: what a message's stamp says is known from what its origin had broadcast and delivered before,
    /// and is forgotten together with that.
    ///
    /// That is sound if the vector clocks of a protocol are stamps of the scope's messages, and count what their origins had broadcast and delivered; and if they
    /// are compared only with what a process that lacks the message has delivered itself. The first is checked in every step: where the same message after
    /// the same past is stamped in two ways, that is a [breach](super::Breach::Ambiguous).
    pub stamps: bool,
    /// States that differ only in what the processes are called are one. That is sound if the protocol treats all processes alike, but for those that are
    /// [protected](Exploration::protected), which keep their names. Not used for more than 5 processes.
    pub symmetry: bool,
    /// Where a packet, or the news of a crash, may as well come first as later, whatever else its process is given before, nothing else is tried (ample sets of one
    /// step: Peled, *All from one, one for all: on model checking using representatives*, 1993). Requests and faults are tried at all times.
    ///
    /// Whether a step may come first is found out from the protocol itself: in every local state that is met, the two orders are both carried out and
    /// compared. A search that relied on what turns out not to hold begins anew without that. Interleavings are not counted then. Not used together
    /// with [`stamps`](Reductions::stamps), and used in the place of [`symmetry`](Reductions::symmetry): what was carried out by one process says
    /// nothing of another.
    pub ample: bool,
    /// Of two steps at different processes that do not touch each other, only one order is tried (sleep sets: Godefroid, *Using partial orders to
    /// improve automatic verification methods*, 1990, with the correction for stored states of 1996, section 5.3). All states are reached, by fewer
    /// transitions. Interleavings are not counted then.
    pub sleep: bool,
}

/// What the print of a state is a sum of. Each print begins with which part it is of, for what is in it may be the same numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Faults,
    Cell,
    Packet,
    Order,
    Past,
}

impl Exploration {
    /// The properties that can be promised: those of what is broadcast and delivered.
    pub const JUDGED: [Property; 12] = [
        Property::Validity,
        Property::BestEffortValidity,
        Property::NoDuplication,
        Property::NoCreation,
        Property::Agreement,
        Property::UniformAgreement,
        Property::FifoDelivery,
        Property::CausalDelivery,
        Property::TotalOrder,
        Property::UniformTotalOrder,
        Property::FifoTotal,
        Property::Integrity,
    ];

    /// Explores `scope` over reliable links, with crashes detected, and these promises. Of the reductions those are on that ask nothing of a protocol
    /// but that it is not changed by what it knows already: [`stale`](Reductions::stale) and [`delivered`](Reductions::delivered).
    #[must_use]
    pub fn of(scope: Scope, promises: &[Property]) -> Self {
        Self {
            scope,
            links: Links::Reliable,
            ordered: false,
            detection: true,
            protected: vec![],
            promises: promises.to_vec(),
            progress: true,
            reductions: Reductions { stale: true, delivered: true, ..Reductions::NONE },
        }
    }

    /// The same exploration with these reductions.
    #[must_use]
    pub fn with(mut self, reductions: Reductions) -> Self {
        self.reductions = reductions;
        self
    }

    /// Whether the order of deliveries is needed to judge.
    pub(super) fn needs_order(&self) -> bool {
        use Property::{FifoTotal, TotalOrder, UniformTotalOrder};
        self.promises.iter().any(|property| matches!(property, TotalOrder | UniformTotalOrder | FifoTotal))
    }

    /// Whether [ample](Reductions::ample) sets are used.
    pub(super) const fn uses_ample(&self) -> bool {
        self.reductions.ample && !self.reductions.stamps
    }

    /// Whether it is needed what a process had delivered when it broadcast.
    pub(super) fn needs_pasts(&self) -> bool {
        self.reductions.stamps || self.promises.contains(&Property::CausalDelivery)
    }

    /// A digest of a part of a state, in which processes have these names, and which takes in what tells states apart.
    pub(super) fn digest<'n>(&self, names: &'n [Rank], part: Part) -> Digest<'n> {
        let digest = Digest::renaming(names);
        let mut digest = if self.reductions.stamps { digest.without_stamps() } else { digest };
        digest.number(part as u64);
        digest
    }

    /// All permutations of the ranks that the search makes no difference between, the identity first.
    pub(super) fn renamings(&self) -> Vec<Vec<Rank>> {
        let ranks: Vec<Rank> = (0..self.scope.processes).map(Rank).collect();
        let mut all = vec![ranks.clone()];
        if self.reductions.symmetry && !self.uses_ample() && ranks.len() <= 5 {
            all.clear();
            permute(&mut ranks.clone(), 0, &mut all);
            all.retain(|names| self.protected.iter().all(|rank| names.get(rank.index()).is_none_or(|name| name == rank)));
        }
        all
    }
}

impl Reductions {
    /// Nothing is left out.
    pub const NONE: Self = Self { stale: false, delivered: false, stamps: false, symmetry: false, ample: false, sleep: false };
    /// All of them.
    pub const ALL: Self = Self { stale: true, delivered: true, stamps: true, symmetry: true, ample: true, sleep: true };
}

/// Puts all permutations of what is behind `fixed` into `all`, the present one first.
fn permute(ranks: &mut Vec<Rank>, fixed: usize, all: &mut Vec<Vec<Rank>>) {
    if fixed + 1 >= ranks.len() {
        return all.push(ranks.clone());
    }
    for chosen in fixed..ranks.len() {
        ranks.swap(fixed, chosen);
        permute(ranks, fixed + 1, all);
        ranks.swap(fixed, chosen);
    }
}
