use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Rank;
use tidings_trace::Property;

use super::Scope;

/// What is explored, and by which model it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// How much.
    pub scope: Scope,
    /// What may be lost.
    pub links: Links,
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
pub enum Links {
    /// Nothing but what a process sent that has crashed: between correct processes everything arrives (Cachin et al. 2011, module 2.3, PL1).
    Reliable,
    /// Anything (module 2.1).
    FairLoss,
}

/// What is left out of the search because it brings nothing new. With each of them on or off the verdict is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reductions {
    /// A packet that its destination would take without any change or effect is forgotten at once.
    ///
    /// That is sound if such a packet would change nothing later either: what has been received stays received. A packet that would be rejected is
    /// not forgotten, for it may be in time later.
    pub stale: bool,
    /// What came before a message is forgotten once every live process has delivered it, and so is the order among what all have delivered: no property
    /// asks for it any more.
    pub delivered: bool,
    /// States that differ only in what the processes are called are one. That is sound if the protocol treats all processes alike, and is not used
    /// where processes are [protected](Exploration::protected) or may crash, since a fan-out goes to the processes one after the other, nor for more than 5
    /// processes.
    pub symmetry: bool,
    /// Of two steps at different processes that do not touch each other, only one order is tried (sleep sets: Godefroid, *Using partial orders to
    /// improve automatic verification methods*, 1990, with the correction for stored states of 1996, section 5.3). All states are reached, by fewer
    /// transitions. Interleavings are not counted then.
    pub sleep: bool,
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

    /// Explores `scope` over reliable links, with crashes detected, all reductions but symmetry and sleep sets on, and these promises.
    #[must_use]
    pub fn of(scope: Scope, promises: &[Property]) -> Self {
        Self {
            scope,
            links: Links::Reliable,
            detection: true,
            protected: vec![],
            promises: promises.to_vec(),
            progress: true,
            reductions: Reductions { stale: true, delivered: true, symmetry: false, sleep: false },
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

    /// Whether it is needed what a process had delivered when it broadcast.
    pub(super) fn needs_pasts(&self) -> bool {
        self.promises.contains(&Property::CausalDelivery)
    }

    /// All permutations of the ranks that the search makes no difference between, the identity first.
    pub(super) fn renamings(&self) -> Vec<Vec<Rank>> {
        let ranks: Vec<Rank> = (0..self.scope.processes).map(Rank).collect();
        let mut all = vec![ranks.clone()];
        if self.reductions.symmetry && self.protected.is_empty() && self.scope.crashes == 0 && ranks.len() <= 5 {
            all.clear();
            permute(&mut ranks.clone(), 0, &mut all);
        }
        all
    }
}

impl Reductions {
    /// Nothing is left out.
    pub const NONE: Self = Self { stale: false, delivered: false, symmetry: false, sleep: false };
    /// All of them.
    pub const ALL: Self = Self { stale: true, delivered: true, symmetry: true, sleep: true };
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
