//! Operation forms that are wrong on purpose: the oracle must find all of them, or it proves nothing of the right ones.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use tidings_clocks::Rank;
use tidings_crdt::pure::{AddWinsSet, Log, Logged, Pure, PutOperation, RemoveWinsSet, Replica, SetOperation};

use crate::laws::dots::Dots;
use crate::laws::operations::{Operated, exhaust};
use crate::laws::oracle::{Actor, History, Operations, Specification};
use crate::laws::sets::{AddWins, OnSet, RemoveWins};

/// How an operation form of a set goes wrong.
trait Slip: Clone + Default + PartialEq + fmt::Debug + 'static {
    type Of: Operated<Update = OnSet, Value = BTreeSet<char>, Context = Dots>;
    const EAGER: bool = false;

    fn obsoletes(new: Logged<'_, OperationOf<Self>>, old: Logged<'_, OperationOf<Self>>) -> bool {
        PureOf::<Self>::obsoletes(new, old)
    }

    fn supersede(state: &mut PureOf<Self>, new: &OperationOf<Self>) {
        state.supersede(new);
    }

    fn prune<'l>(state: &mut PureOf<Self>, log: impl Log<'l, OperationOf<Self>>) -> bool {
        state.prune(log)
    }
}

type PureOf<M> = <<M as Slip>::Of as Operated>::Pure;
type OperationOf<M> = <PureOf<M> as Pure>::Operation;

/// No slip: so what is found in the others is theirs.
#[derive(Clone, Debug, Default, PartialEq)]
struct NoSlip;

impl Slip for NoSlip {
    type Of = AddWins;
}

/// R₀ is missing: a removal is not kept, and makes nothing redundant either.
#[derive(Clone, Debug, Default, PartialEq)]
struct NoRedundancy;

impl Slip for NoRedundancy {
    type Of = AddWins;

    fn obsoletes(new: Logged<'_, SetOperation<char>>, old: Logged<'_, SetOperation<char>>) -> bool {
        matches!(new.operation, SetOperation::Add(_)) && AddWinsSet::obsoletes(new, old)
    }
}

/// A removal does not look at stamps: it takes concurrent additions, too, if they came first.
#[derive(Clone, Debug, Default, PartialEq)]
struct Timeless;

impl Slip for Timeless {
    type Of = AddWins;

    fn obsoletes(new: Logged<'_, SetOperation<char>>, old: Logged<'_, SetOperation<char>>) -> bool {
        match (new.operation, old.operation) {
            (SetOperation::Add(element) | SetOperation::Remove(element), SetOperation::Add(added)) => element == added,
            (SetOperation::Clear, _) => true,
            _ => false,
        }
    }
}

/// A removal looks through the log alone: what is stable stays for ever.
#[derive(Clone, Debug, Default, PartialEq)]
struct StableStays;

impl Slip for StableStays {
    type Of = AddWins;

    fn supersede(_state: &mut AddWinsSet<char>, _new: &SetOperation<char>) {}
}

/// Prunes what is delivered here, whether or not it is stable.
#[derive(Clone, Debug, Default, PartialEq)]
struct Impatient;

impl Slip for Impatient {
    type Of = AddWins;
    const EAGER: bool = true;
}

/// Forgets a stable removal although additions that it beats are in the log.
#[derive(Clone, Debug, Default, PartialEq)]
struct Forgetful;

impl Slip for Forgetful {
    type Of = RemoveWins;

    fn prune<'l>(state: &mut RemoveWinsSet<char>, _log: impl Log<'l, PutOperation<char>>) -> bool {
        state.prune(std::iter::empty())
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Slipped<M: Slip> {
    state: PureOf<M>,
}

impl<M: Slip> Default for Slipped<M> {
    fn default() -> Self {
        Self { state: PureOf::<M>::default() }
    }
}

impl<M: Slip> Pure for Slipped<M>
where
    PureOf<M>: Pure<Value = BTreeSet<char>, Refused = Infallible>,
{
    type Operation = OperationOf<M>;
    type Value = BTreeSet<char>;
    type Refused = Infallible;

    fn is_redundant(operation: &Self::Operation) -> bool {
        PureOf::<M>::is_redundant(operation)
    }

    fn obsoletes(new: Logged<'_, Self::Operation>, old: Logged<'_, Self::Operation>) -> bool {
        M::obsoletes(new, old)
    }

    fn supersede(&mut self, new: &Self::Operation) {
        M::supersede(&mut self.state, new);
    }

    fn settle(&mut self, maker: Rank, operation: Self::Operation) {
        self.state.settle(maker, operation);
    }

    fn prune<'l>(&mut self, log: impl Log<'l, Self::Operation>) -> bool {
        M::prune(&mut self.state, log)
    }

    fn value<'l>(&self, log: impl Log<'l, Self::Operation>) -> BTreeSet<char> {
        self.state.value(log)
    }
}

/// The specification of the right type, whose operation form is the wrong one.
struct With<M>(PhantomData<M>);

impl<M: Slip> Specification for With<M> {
    type State = <M::Of as Specification>::State;
    type Update = OnSet;
    type Value = BTreeSet<char>;
    type Context = Dots;
    const UPDATES: &'static [OnSet] = M::Of::UPDATES;

    fn update(state: &mut Self::State, actor: Actor, update: OnSet) -> Self::State {
        M::Of::update(state, actor, update)
    }

    fn value(state: &Self::State) -> BTreeSet<char> {
        M::Of::value(state)
    }

    fn context(state: &Self::State) -> Dots {
        M::Of::context(state)
    }

    fn specified_value(history: &History<OnSet>, visible: Operations) -> BTreeSet<char> {
        M::Of::specified_value(history, visible)
    }

    fn specified_context(history: &History<OnSet>, visible: Operations) -> Dots {
        M::Of::specified_context(history, visible)
    }
}

impl<M: Slip> Operated for With<M>
where
    PureOf<M>: Pure<Value = BTreeSet<char>, Refused = Infallible>,
{
    type Pure = Slipped<M>;
    const EAGER: bool = M::EAGER;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSet) -> Option<OperationOf<M>> {
        let fresh = Replica::new(Rank(0), 1, tidings_crdt::pure::Limits::default()).expect("it is one of them");
        M::Of::operation(&fresh, update)
    }

    fn shown(replica: &Replica<Self::Pure>) -> BTreeSet<char> {
        replica.value()
    }
}

/// The length of the shortest history that shows the slip, with the history; it takes at most 5 events.
fn shortest<S: Operated>() -> Option<(usize, String)> {
    (1..=5).find_map(|events| Some((events, exhaust::<S>(3, events).err()?.to_string())))
}

#[test]
fn every_slip_is_found() {
    fn found<M: Slip>(slip: &str, events: usize)
    where
        PureOf<M>: Pure<Value = BTreeSet<char>, Refused = Infallible>,
    {
        let (length, story) = shortest::<With<M>>().unwrap_or_else(|| panic!("{slip}: not found"));
        println!("{slip}: {story}");
        assert_eq!(length, events, "{slip}: {story}");
    }
    assert_eq!(shortest::<With<NoSlip>>(), None);
    found::<NoRedundancy>("a removal that makes nothing redundant", 2);
    found::<Timeless>("a removal that does not look at stamps", 3);
    found::<StableStays>("a removal that does not reach what is stable", 4);
    found::<Impatient>("pruning before stability", 3);
    found::<Forgetful>("a stable removal forgotten too early", 4);
}

/// The relations alone, without the check that the operations come in causal order: where they do the result is right, and otherwise some results are wrong.
#[test]
fn delivery_out_of_causal_order_is_found() {
    let x = |adds: bool| if adds { OnSet::Add('x') } else { OnSet::Remove('x') };
    let (mut wrong, mut orders) = (0, 0);
    for updates in [[true, false, true], [true, true, false], [true, false, false]].map(|updates| updates.map(x)) {
        let mut maker: Replica<AddWinsSet<char>> = Replica::new(Rank(0), 1, tidings_crdt::pure::Limits::default()).unwrap();
        let made: Vec<_> = updates.iter().map(|&update| maker.operate(AddWins::operation(&maker, update).unwrap()).unwrap()).collect();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut log = Vec::new();
            for &next in &order {
                let new = Logged { stamp: &made[next].stamp, operation: &made[next].operation, alive: true };
                log.retain(|old| !AddWinsSet::obsoletes(new, *old));
                if !AddWinsSet::is_redundant(new.operation) {
                    log.push(new);
                }
            }
            let shown = AddWinsSet::default().value(log.into_iter());
            orders += 1;
            if shown != maker.value() {
                assert_ne!(order, [0, 1, 2]);
                wrong += 1;
            }
        }
    }
    assert_eq!((wrong, orders), (6, 18));
}
