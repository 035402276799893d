use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::span::Key;

/// Consecutive characters of one actor of which only the first has origins of its own: each of the others comes from the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) first: Key,
    pub(super) len: u32,
    pub(super) left: Key,
    pub(super) right: Key,
}

/// Whether these chains, sorted and without gaps, can have been typed in some order in which each comes after its origins and after what its actor typed before.
/// O(n log n), and O(n) for one actor.
pub(super) fn are_grounded(chains: &[Chain], actors: usize) -> bool {
    let origins = |chain: &Chain| [chain.left, chain.right].into_iter().filter(|origin| *origin != Key::NONE);
    let own_are_earlier = |chain: &Chain| origins(chain).all(|origin| origin.actor != chain.first.actor || origin < chain.first);
    if !chains.iter().all(own_are_earlier) {
        return false;
    }
    let others: usize = chains.iter().map(|chain| origins(chain).filter(|origin| origin.actor != chain.first.actor).count()).sum();
    others == 0 || can_be_ordered(chains, actors)
}

/// Kahn's topological sort (1962): each actor types on until something is missing, and again when that is there.
fn can_be_ordered(chains: &[Chain], actors: usize) -> bool {
    let mut known = vec![0; actors];
    let mut waiting: BTreeSet<(Key, u32)> = BTreeSet::new();
    let mut ready: Vec<u32> = (0..).take(actors).collect();
    let mut next: Vec<usize> = (0..).take(actors).map(|actor| chains.partition_point(|chain| chain.first.actor < actor)).collect();
    let mut done = 0;
    while let Some(actor) = ready.pop() {
        while let Some(chain) = chains.get(next[actor as usize]).filter(|chain| chain.first.actor == actor) {
            let is_missing = |origin: &Key| *origin != Key::NONE && origin.counter > known[origin.actor as usize];
            if let Some(missing) = [chain.left, chain.right].into_iter().find(is_missing) {
                waiting.insert((missing, actor));
                break;
            }
            known[actor as usize] += chain.len;
            next[actor as usize] += 1;
            done += 1;
        }
        let met = (Key::new(actor, 0), 0)..=(Key::new(actor, known[actor as usize]), u32::MAX);
        while let Some(woken) = waiting.range(met.clone()).next().copied() {
            waiting.remove(&woken);
            ready.push(woken.1);
        }
    }
    done == chains.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(actor: u32, counter: u32, len: u32, left: Key, right: Key) -> Chain {
        Chain { first: Key::new(actor, counter), len, left, right }
    }

    /// Origins in the future of what comes from them are found: by the same actor, and in a circle of two.
    #[test]
    fn circles_are_found() {
        let none = Key::NONE;
        let first = [chain(0, 1, 3, none, none), chain(0, 4, 1, Key::new(0, 2), Key::new(0, 3))];
        assert!(are_grounded(&first, 1));
        assert!(!are_grounded(&[chain(0, 1, 3, Key::new(0, 4), none), first[1]], 1));
        let two = |right| [chain(0, 1, 2, none, right), chain(0, 3, 1, none, Key::new(1, 2)), chain(1, 1, 2, none, Key::new(0, 1))];
        assert!(are_grounded(&two(none), 2));
        assert!(!are_grounded(&two(Key::new(1, 1)), 2));
    }
}
