//! The tree against the sorted replay of all moves, however they come.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidings_crdt::{Decompose, Join, Move, MoveError, MoveableTree, laws};

type Tree = MoveableTree<u8, u64, u8, u8>;
type Step = Move<u8, u64, u8, u8>;

/// The naive twin: all moves, done in the order of their stamps, with a walk up for each.
fn replay(moves: &BTreeSet<Step>) -> BTreeMap<u8, (u8, u8)> {
    let mut places: BTreeMap<u8, (u8, u8)> = BTreeMap::new();
    for &Move { child, parent, meta, .. } in moves {
        let mut above = vec![parent];
        while let Some(&(next, _)) = places.get(&above[above.len() - 1]) {
            above.push(next);
            assert!(above.len() <= 256, "no cycles");
        }
        if !above.contains(&child) {
            places.insert(child, (parent, meta));
        }
    }
    places
}

fn places(tree: &Tree) -> BTreeMap<u8, (u8, u8)> {
    tree.iter().map(|(&child, &parent, &meta)| (child, (parent, meta))).collect()
}

/// Both ways to look at the tree say the same, and siblings are in order.
fn is_sound(tree: &Tree) {
    let mut from_above = BTreeMap::new();
    for parent in 0..=u8::MAX {
        let children: Vec<(u8, u8)> = tree.children(&parent).map(|(&child, &meta)| (meta, child)).collect();
        assert!(children.is_sorted_by(|one, next| one < next));
        from_above.extend(children.into_iter().map(|(meta, child)| (child, (parent, meta))));
    }
    assert_eq!(from_above, places(tree));
    assert!(tree.iter().all(|(child, ..)| !tree.is_below(child, child)), "no node is below itself");
}

fn permutations(items: usize) -> Vec<Vec<usize>> {
    if items == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(items - 1);
    shorter.iter().flat_map(|order| (0..items).map(|at| [&order[..at], &[items - 1], &order[at..]].concat())).collect()
}

/// All ways to move one of three nodes below another or below the root four times, heard in each of the 24 orders: 12⁴ × 24.
#[test]
fn all_small_histories_equal_the_sorted_replay() {
    let orders = permutations(4);
    let mut histories = 0;
    for choice in 0..12_usize.pow(4) {
        let moves: Vec<Step> = (0_u8..4)
            .map(|at| {
                let choice = u8::try_from(choice / 12_usize.pow(u32::from(at)) % 12).unwrap();
                Move { stamp: u64::from(at / 2), actor: at % 2, child: 1 + choice % 3, parent: choice / 3, meta: 0 }
            })
            .collect();
        let due = replay(&moves.iter().copied().collect());
        let mut first: Option<Tree> = None;
        for order in &orders {
            let mut tree = Tree::new();
            for &at in order {
                assert_eq!(tree.apply(moves[at]), Ok(true));
            }
            assert_eq!(places(&tree), due, "{moves:?} in the order {order:?}");
            assert_eq!(*first.get_or_insert_with(|| tree.clone()), tree);
            histories += 1;
        }
    }
    assert_eq!(histories, 497_664);
}

/// What a replica does next: who, and with what.
fn events() -> impl Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    prop::collection::vec((0_u8..8, 0_u8..4, any::<u8>(), any::<u8>()), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Four replicas move twelve nodes about and exchange single moves, deltas that come twice, and whole states.
    #[test]
    fn random_histories_equal_the_sorted_replay(events in events()) {
        let mut replicas = vec![(Tree::new(), BTreeSet::<Step>::new()); 4];
        let mut deltas: Vec<(Step, Tree)> = Vec::new();
        for (kind, at, one, two) in events {
            let other = replicas[usize::from(one) % 4].clone();
            let (tree, known) = &mut replicas[usize::from(at)];
            match kind {
                0..4 => {
                    let step = Move { stamp: 1 + known.iter().map(|step| step.stamp).max().unwrap_or(0), actor: at, child: 1 + one % 12, parent: two % 13, meta: two / 64 };
                    let before = tree.clone();
                    match tree.move_to(step.stamp, step.actor, step.child, step.parent, step.meta) {
                        Ok(delta) => {
                            prop_assert_eq!(laws::mutates(&before, tree, &delta), Ok(()));
                            known.insert(step);
                            deltas.push((step, delta));
                        }
                        Err(error) => {
                            prop_assert_eq!(error, MoveError::Cycle { child: step.child, parent: step.parent });
                            prop_assert_eq!(&*tree, &before);
                        }
                    }
                }
                4..6 if !deltas.is_empty() => {
                    let (step, delta) = &deltas[usize::from(two) % deltas.len()];
                    let news = !known.contains(step);
                    prop_assert_eq!(if kind == 4 { tree.join(delta) } else { tree.apply(*step).unwrap() }, news);
                    known.insert(*step);
                }
                _ => {
                    tree.join(&other.0);
                    known.extend(other.1);
                }
            }
            is_sound(tree);
            prop_assert_eq!(places(tree), replay(known));
        }
        let [(a, _), (b, _), (c, _), _] = &replicas[..] else { unreachable!() };
        prop_assert_eq!(laws::joins(a, b, c), Ok(()));
        prop_assert!(laws::decomposes(a, b).is_ok());
        let all = replicas.iter().fold(Tree::new(), |all, (tree, _)| all.joined(tree));
        for (step, _) in &deltas {
            prop_assert!(replicas.iter().any(|(_, known)| known.contains(step)));
        }
        prop_assert_eq!(places(&all), replay(&deltas.iter().map(|(step, _)| *step).collect()));
    }

    /// Whoever prunes what everybody has goes on as if he had not, with states, deltas and moves from those who prune elsewhere or not at all.
    #[test]
    fn pruning_what_is_stable_changes_nothing_else(before in steps(40), after in steps(40), stable in 0_usize..40, further in 0_usize..40) {
        let whole: Tree = before.iter().fold(Tree::new(), |tree, step| tree.joined(&Tree::from(*step)));
        let last = before.len() as u64;
        let frontier = |at: usize| (at as u64).min(last);
        let (mut one, mut two, mut none) = (whole.clone(), whole.clone(), whole);
        one.prune(&frontier(stable));
        two.prune(&frontier(further));
        prop_assert_eq!(places(&one), places(&none));
        for (at, step) in after.iter().enumerate() {
            let step = Move { stamp: step.stamp + last, ..*step };
            let delta = Tree::from(step);
            none.join(&delta);
            match at % 3 {
                0 => prop_assert!(one.join(&delta)),
                1 => prop_assert!(one.apply(step).unwrap()),
                _ => prop_assert!(one.join_checked(&none).unwrap()),
            }
            two.join_checked(&one).unwrap();
            prop_assert_eq!((places(&one), places(&two)), (places(&none), places(&none)));
        }
        prop_assert_eq!(laws::joins(&one, &two, &none), Ok(()));
        for (state, known) in [(&one, &two), (&two, &one), (&one, &none), (&none, &two)] {
            prop_assert_eq!(state.difference(known).joined(known), state.clone().joined(known));
        }
        prop_assert_eq!(laws::joins(&Tree::new(), &none, &two), Ok(()));
        none.prune(&frontier(stable.max(further)));
        prop_assert_eq!(one.joined(&two), none);
    }
}

/// Moves of two actors with increasing stamps.
fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u8..2, 1_u8..8, 0_u8..8), 1..most).prop_map(|moves| {
        let step = |(at, (actor, child, parent))| Move { stamp: 1 + at as u64, actor, child, parent, meta: 0 };
        moves.into_iter().enumerate().map(step).collect()
    })
}

/// A replica that was away while the others pruned is told, by each way that its moves can come.
#[test]
fn who_was_away_for_longer_than_the_log_is_told() {
    let mut here = Tree::new();
    here.move_to(1, 0, 1, 0, 0).unwrap();
    let mut away = here.clone();
    let late = Move { stamp: 2, actor: 1, child: 1, parent: 9, meta: 0 };
    away.apply(late).unwrap();
    here.move_to(2, 0, 2, 0, 0).unwrap();
    assert_eq!(here.prune(&2), 2);
    let before = here.clone();
    let told = Err(MoveError::Pruned { stamp: 2, floor: 2 });
    assert_eq!(here.apply(late), told);
    assert_eq!(here.join_checked(&away), Err(MoveError::Pruned { stamp: 1, floor: 2 }));
    assert_eq!(here.move_to(2, 1, 3, 0, 0).map(|_| true), told);
    assert_eq!(here, before);
    assert_eq!(away.join_checked(&here), Err(MoveError::Pruned { stamp: 1, floor: 2 }));
    // A new replica has nothing to lose.
    let mut fresh = Tree::new();
    assert_eq!(fresh.join_checked(&here), Ok(true));
    assert_eq!(fresh, here);
}

#[test]
fn a_cloned_actor_is_told_and_all_agree_anyhow() {
    let one = Move { stamp: 1, actor: 0, child: 1, parent: 0, meta: 0 };
    let two = Move { parent: 2, ..one };
    let mut tree = Tree::from(one);
    let error = Err(MoveError::TwoMoves { stamp: 1, actor: 0 });
    assert_eq!((tree.apply(two), tree.join_checked(&Tree::from(two))), (error, error));
    assert_eq!(tree, Tree::from(one));
    assert_eq!(Tree::from(one).joined(&Tree::from(two)), Tree::from(two).joined(&Tree::from(one)));
}

#[test]
fn a_move_from_the_past_is_refused_where_it_is_made() {
    let mut tree = Tree::from(Move { stamp: 5, actor: 1, child: 1, parent: 0, meta: 0 });
    for (stamp, actor) in [(4, 9), (5, 0), (5, 1)] {
        assert_eq!(tree.move_to(stamp, actor, 2, 0, 0), Err(MoveError::NotLater { stamp, actor }));
    }
    assert!(tree.move_to(5, 2, 2, 0, 0).is_ok());
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    #[test]
    fn is_read_back_as_written() {
        let mut tree = Tree::new();
        tree.move_to(1, 0, 1, 0, 7).unwrap();
        tree.move_to(2, 0, 2, 1, 7).unwrap();
        tree.move_to(3, 1, 2, 0, 8).unwrap();
        tree.prune(&1);
        let text = r#"{"floor":1,"pruned":[[1,0,7]],"log":[{"stamp":2,"actor":0,"child":2,"parent":1,"meta":7},{"stamp":3,"actor":1,"child":2,"parent":0,"meta":8}]}"#;
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
        assert_eq!(serde_json::from_str::<Tree>(text).unwrap(), tree);
    }

    #[test]
    fn what_no_correct_peer_writes_is_refused() {
        let refused = |text: &str, why: &str| {
            let error = serde_json::from_str::<Tree>(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        };
        refused(r#"{"floor":1,"pruned":[[1,2,0],[2,1,0]],"log":[]}"#, "below itself");
        refused(r#"{"floor":1,"pruned":[[1,1,0]],"log":[]}"#, "below itself");
        refused(r#"{"floor":1,"pruned":[[2,0,0],[1,0,0]],"log":[]}"#, "increase");
        refused(r#"{"floor":null,"pruned":[[1,0,0]],"log":[]}"#, "floor");
        refused(r#"{"floor":1,"pruned":[],"log":[{"stamp":1,"actor":0,"child":2,"parent":1,"meta":7}]}"#, "floor");
        let one = r#"{"stamp":1,"actor":0,"child":2,"parent":1,"meta":7}"#;
        refused(&format!(r#"{{"floor":null,"pruned":[],"log":[{one},{one}]}}"#), "increase");
    }
}
