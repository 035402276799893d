use std::rc::Rc;

use tidings_clocks::Rank;

use crate::recording::bases;
use crate::{Chains, EventClocks, History};

/// Who replays what, and on top of what: chains are folded onto processes, and each event builds on one of its parents.
#[derive(Clone, Debug)]
pub struct Plan {
    history: Rc<History>,
    chains: Chains,
    processes: usize,
    bases: Vec<Option<usize>>,
    children: Vec<u32>,
}

impl Plan {
    /// Folds the chains onto `processes` processes: chain c goes to process c mod n.
    ///
    /// # Panics
    /// Never: there are fewer than 2³² events.
    #[must_use]
    pub fn new(history: &Rc<History>, chains: Chains, clocks: &EventClocks, processes: usize) -> Self {
        let bases = bases(history, &chains, |event, chain| clocks.vector(event).entry(Rank::new(chain)));
        let children = |event| u32::try_from(history.children(event).len()).expect("fewer than 2^32 events");
        Self { history: Rc::clone(history), chains, processes, bases, children: (0..history.len()).map(children).collect() }
    }

    /// What is replayed.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The chains.
    #[must_use]
    pub const fn chains(&self) -> &Chains {
        &self.chains
    }

    /// How many processes replay.
    #[must_use]
    pub const fn processes(&self) -> usize {
        self.processes
    }

    /// Who acts in the CRDTs at `event`.
    ///
    /// # Panics
    /// Never: there are fewer than 2³² chains.
    #[must_use]
    pub fn actor(&self, event: usize) -> u32 {
        u32::try_from(self.chains.chain_of(event)).expect("fewer than 2^32 chains")
    }

    /// Who broadcasts `event`.
    #[must_use]
    pub fn author(&self, event: usize) -> Rank {
        Rank::new(self.chains.chain_of(event) % self.processes)
    }

    /// The parent that `event` builds on; `None` for a root.
    #[must_use]
    pub fn base(&self, event: usize) -> Option<usize> {
        self.bases[event]
    }

    /// The bases of all events.
    #[must_use]
    pub fn bases(&self) -> &[Option<usize>] {
        &self.bases
    }

    /// How many events build on `event`.
    #[must_use]
    pub fn children(&self, event: usize) -> u32 {
        self.children[event]
    }
}
