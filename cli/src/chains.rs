use crate::History;

/// A decomposition of a history into chains: within a chain, each event is a descendant of the one before it.
///
/// A chain is what a sequential process would have been: it gives the vector clock an entry, the CRDTs an actor and, folded, the network a process.
/// Greedy on the topological order: an event goes on with the chain that ends in one of its parents, else with any chain that ends in its past,
/// else it starts one. So a side branch takes up the chain of an earlier one that was merged before it began, and there are about as
/// many chains as there were branches alive at once (Dilworth's minimum needs a matching; greedy is linear and good enough here).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chains {
    chain_of: Vec<u32>,
    position: Vec<u32>,
    members: Vec<Vec<usize>>,
}

impl Chains {
    /// Decomposes a history. O(events × chains) time; rows are kept for events with unborn children only.
    ///
    /// # Panics
    /// Never: a history has fewer than 2³² events.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let mut chains =
            Self { chain_of: Vec::with_capacity(history.len()), position: Vec::with_capacity(history.len()), members: Vec::new() };
        // rows[event][chain] = how many events of the chain are the event or in its past
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); history.len()];
        let mut unborn: Vec<usize> = (0..history.len()).map(|event| history.children(event).len()).collect();
        for event in 0..history.len() {
            let mut row: Vec<u32> = Vec::new();
            for &parent in history.parents(event) {
                unborn[parent] -= 1;
                let known = if unborn[parent] == 0 { std::mem::take(&mut rows[parent]) } else { rows[parent].clone() };
                row = pointwise_maximum(row, known);
            }
            let chain = chains.chain_for(history, event, &row);
            chains.append(chain, event);
            if unborn[event] > 0 {
                row.resize(row.len().max(chain + 1), 0);
                row[chain] = chains.length(chain);
                rows[event] = row;
            }
        }
        chains
    }

    fn chain_for(&self, history: &History, event: usize, past: &[u32]) -> usize {
        let same_writer = |chain: usize| history.events()[self.members[chain][0]].writer == history.events()[event].writer;
        let ends_in_a_parent = history.parents(event).iter().find_map(|&parent| {
            let chain = self.chain_of(parent);
            (self.members[chain].last() == Some(&parent) && same_writer(chain)).then_some(chain)
        });
        ends_in_a_parent
            .or_else(|| (0..past.len()).find(|&chain| past[chain] == self.length(chain) && same_writer(chain)))
            .unwrap_or(self.members.len())
    }

    fn append(&mut self, chain: usize, event: usize) {
        if chain == self.members.len() {
            self.members.push(Vec::new());
        }
        self.chain_of.push(u32::try_from(chain).expect("fewer chains than events"));
        self.position.push(self.length(chain));
        self.members[chain].push(event);
    }

    fn length(&self, chain: usize) -> u32 {
        u32::try_from(self.members[chain].len()).expect("a history has fewer than 2^32 events")
    }

    /// How many chains there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a history is never empty")]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The chain of `event`.
    #[must_use]
    pub fn chain_of(&self, event: usize) -> usize {
        self.chain_of[event] as usize
    }

    /// How many events of its chain stand before `event`.
    #[must_use]
    pub fn position(&self, event: usize) -> usize {
        self.position[event] as usize
    }

    /// The events of `chain`, oldest first.
    #[must_use]
    pub fn members(&self, chain: usize) -> &[usize] {
        &self.members[chain]
    }
}

fn pointwise_maximum(one: Vec<u32>, other: Vec<u32>) -> Vec<u32> {
    let (mut long, short) = if one.len() < other.len() { (other, one) } else { (one, other) };
    for (entry, other) in long.iter_mut().zip(short) {
        *entry = (*entry).max(other);
    }
    long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::RecordedEvent;
    use crate::history::tests::{history, random};

    /// The naive twin of reachability: walk back.
    fn is_ancestor(history: &History, ancestor: usize, event: usize) -> bool {
        ancestor == event || history.parents(event).iter().any(|&parent| parent >= ancestor && is_ancestor(history, ancestor, parent))
    }

    #[test]
    fn each_event_of_a_chain_descends_from_the_one_before_it() {
        for seed in 0..300 {
            let history = random(seed, 40, 6);
            let chains = Chains::of(&history);
            let mut seen = 0;
            for chain in 0..chains.len() {
                for (position, &event) in chains.members(chain).iter().enumerate() {
                    assert_eq!((chains.chain_of(event), chains.position(event)), (chain, position), "seed {seed}");
                    assert!(position == 0 || is_ancestor(&history, chains.members(chain)[position - 1], event), "seed {seed}");
                    seen += 1;
                }
            }
            assert_eq!(seen, history.len(), "seed {seed}");
        }
    }

    #[test]
    fn a_branch_takes_up_the_chain_of_one_that_was_merged_before() {
        // 0 - 1 - 3 - 4 - 6      two side branches, one after the other
        //  \ 2 /    \ 5 /
        let chains = Chains::of(&history(&[&[], &[0], &[0], &[1, 2], &[3], &[3], &[4, 5]]));
        assert_eq!(chains.len(), 2);
        assert_eq!(chains.members(1), [2, 5]);
    }

    #[test]
    fn writers_never_share_a_chain() {
        let by = |parents: &[usize], writer| RecordedEvent { parents: parents.to_vec(), writer: Some(writer), millis: None };
        let history = History::new(vec![by(&[], 7), by(&[0], 9), by(&[1], 7), by(&[0], 7)]).unwrap();
        let chains = Chains::of(&history);
        assert_eq!((0..4).map(|event| chains.chain_of(event)).collect::<Vec<_>>(), [0, 1, 0, 2]);
    }
}
