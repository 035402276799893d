//! What travels until two replicas agree that differ in a few of very many elements, and neither remembers anything of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use tidings_benches::{Bound, Unit};
use tidings_clocks::{Rank, Time};
use tidings_crdt::sync::{Key, Pace, Reconcile, ReconcileMessage, Reconciler, Sketch, SyncLimits};
use tidings_crdt::{GSet, Join};
use tidings_protocol::{Effect, Outbox, Payload, Protocol, View};

use super::row;
use crate::Table;

const ELEMENTS: u64 = 1_000_000;
const KEY: Key = Key(17, 18);
/// Bytes of a hash, and of a coded symbol with its hash, its second hash and its count.
const HASH: usize = 8;
const SYMBOL: usize = 24;
/// How many children a node of the Merkle tree has.
const CHILDREN: usize = 16;

/// What travelled.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    symbols: usize,
    bytes: usize,
}

/// For each number of differences: the median and the worst of several sets of them.
pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    const ROW: &str = "reconcile 1,000,000 elements";
    if !super::wants(table, ROW) {
        return Ok(());
    }
    let common: Vec<u64> = (0..ELEMENTS).map(|index| KEY.hash(&index)).collect();
    for (differences, sets) in [(1_u64, 9_u64), (10, 9), (100, 9), (1_000, 9), (10_000, 5)] {
        // A symbol for each difference is the least there can be: it has to tell the difference.
        let target = if differences >= 1_000 { Bound::AtMost(1.5) } else { Bound::None };
        let mut runs: Vec<(Traffic, usize)> = (0..sets)
            .map(|set| {
                let new: Vec<u64> = (0..differences).map(|index| KEY.hash(&(set, index))).collect();
                (reconcile(&common, &new), merkle(&common, &new))
            })
            .collect();
        runs.sort_unstable_by_key(|(traffic, _)| traffic.symbols);
        let (size, limit) = (usize::try_from(differences).expect("few"), differences as f64);
        for (what, (traffic, walked)) in [("median", runs[runs.len() / 2]), ("worst", runs[runs.len() - 1])] {
            let name = |unit: &str| -> &'static str { Box::leak(format!("{ROW}, {unit}, {what}").into_boxed_str()) };
            let Traffic { symbols, bytes } = traffic;
            table.push(row(name("symbols"), size, "one each", target).count(Unit::Symbols, symbols as f64, limit))?;
            table.push(row(name("bytes"), size, "a Merkle walk", Bound::AtMost(1.0)).weigh(bytes as f64, walked as f64))?;
        }
        let whole = common.iter().map(Payload::bytes).sum::<usize>() as f64;
        let bytes = runs[runs.len() / 2].0.bytes as f64;
        table.push(row("reconcile 1,000,000 elements, bytes, median", size, "the whole state", Bound::AtMost(1.0)).weigh(bytes, whole))?;
    }
    Ok(())
}

/// Runs both replicas over a link that loses nothing; what is new is shared out between them.
fn reconcile(common: &[u64], new: &[u64]) -> Traffic {
    let mut states = [GSet::new(), GSet::new()];
    for state in &mut states {
        common.iter().for_each(|element| drop(state.add(*element)));
    }
    new.iter().enumerate().for_each(|(index, element)| drop(states[index % 2].add(*element)));
    let all = states[0].clone().joined(&states[1]);
    assert_eq!(all.len(), common.len() + new.len(), "what is new is in nothing else");
    let (mut at, mut traffic, mut outbox) = (0, Traffic::default(), Outbox::new());
    let limits = SyncLimits { state_bytes: usize::MAX, ..SyncLimits::default() };
    let mut ranks = [Rank(0), Rank(1)].into_iter();
    let mut replicas = states.map(|state| {
        let me = ranks.next().expect("there are two");
        Reconciler::new(&View::of(2), me, Sketch::Coded, KEY, state, limits, Pace::default())
    });
    replicas[0].wake(Time::ZERO, &mut outbox);
    while replicas[0].state() != replicas[1].state() {
        let sent = outbox.drain().find_map(|effect| if let Effect::Send { message, .. } = effect { Some(message) } else { None });
        let message = sent.expect("they talk until they agree");
        traffic.symbols += if let ReconcileMessage::Symbols { symbols, .. } = &message { symbols.len() } else { 0 };
        traffic.bytes += bytes(&message);
        at = 1 - at;
        replicas[at].receive(Time::ZERO, Rank::new(1 - at), message, &mut outbox).expect("an honest message");
    }
    assert!(*replicas[0].state() == all, "nothing is lost");
    traffic
}

fn bytes<S: Reconcile>(message: &ReconcileMessage<S, S::Summary>) -> usize {
    match message {
        ReconcileMessage::Ask { .. } | ReconcileMessage::Agree { .. } => HASH,
        ReconcileMessage::More { .. } => 3 * HASH,
        ReconcileMessage::Symbols { symbols, .. } => 2 * HASH + SYMBOL * symbols.len(),
        ReconcileMessage::Digest { hashes, .. } => HASH * (1 + hashes.len()),
        ReconcileMessage::Offer { wanted, delta, .. } => HASH * wanted.len() + delta.bytes(),
        ReconcileMessage::Answer { delta } => delta.bytes(),
    }
}

/// What it takes to walk down a tree of hashes with 16 children at each node, which both sides must keep: at each node that differs one side sends the hashes of its
/// children, down to nodes of few elements, whose own hashes it sends; then the elements.
fn merkle(common: &[u64], new: &[u64]) -> usize {
    let few = common.len() + new.len();
    let levels = (0..).find(|level| CHILDREN.pow(*level) * CHILDREN >= few).expect("the numbers go on");
    let prefix = |element: &u64, level: u32| element.checked_shr(64 - 4 * level).unwrap_or(0);
    let inner: usize = (0..levels).map(|level| new.iter().map(|element| prefix(element, level)).collect::<BTreeSet<u64>>().len()).sum();
    let mut leaves: BTreeMap<u64, usize> = new.iter().map(|element| (prefix(element, levels), 0)).collect();
    for element in common.iter().chain(new) {
        if let Some(count) = leaves.get_mut(&prefix(element, levels)) {
            *count += 1;
        }
    }
    HASH * (1 + CHILDREN * inner + leaves.values().sum::<usize>()) + HASH * new.len()
}
