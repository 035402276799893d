//! Guarded states among deltas that overtake each other, forged ones, and replicas that lost their memory.

use std::fmt::Debug;

use arbitrary::Unstructured;
use serde::de::DeserializeOwned;
use tidings_crdt::{
    AddWinsMap, AddWinsSet, Guarded, Join, MoveableList, MvRegister, Nested, NotBelieved, RemoveWinsSet, Sequence, Tally, View,
};

type Actor = u8;

/// The actors 0 to 2 are replicas, 3 is admitted and never heard of, 4 is a stranger.
const REPLICAS: u8 = 3;
const SILENT: Actor = 3;

/// No delta makes anybody believe events that their maker has not made, of a stranger or of itself; what is not believed changes nothing, and what honest replicas made arrives whole.
pub(crate) fn guarded_replicas(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = run(&mut input);
}

fn run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    match input.int_in_range(0..=5)? {
        0 => Group::<AddWinsSet<Actor, u8>>::drive(input, |set, actor, number| match number % 4 {
            3 => Some(set.remove(&(number / 4 % 3))),
            _ => set.add(actor, number / 4 % 3).ok(),
        }),
        1 => Group::<AddWinsMap<Actor, u8, MvRegister<Actor, u8>>>::drive(input, |map, actor, number| match number % 4 {
            3 => Some(map.remove(&(number / 4 % 3))),
            _ => map.update(number / 4 % 3, |register| register.write(actor, number)).ok(),
        }),
        2 => Group::<RemoveWinsSet<Actor, u8>>::drive(input, |set, actor, number| match number % 2 {
            0 => set.remove(actor, number / 2 % 3).ok(),
            _ => set.add(actor, number / 2 % 3).ok(),
        }),
        3 => Group::<Tally<Actor>>::drive(input, |tally, actor, number| match number % 4 {
            3 => Some(tally.clear()),
            _ => tally.count(actor, i64::from(number)).ok(),
        }),
        4 => Group::<Sequence<Actor, u8>>::drive(input, |sequence, actor, number| {
            let length = sequence.iter().count();
            match number % 3 {
                2 if length > 0 => sequence.remove(usize::from(number) % length..length).ok(),
                _ => sequence.insert(actor, usize::from(number) % (length + 1), [number, number / 2]).ok(),
            }
        }),
        _ => Group::<MoveableList<Actor, MvRegister<Actor, u8>>>::drive(input, |list, actor, number| {
            let (length, index) = (list.iter().len(), usize::from(number / 4));
            match number % 4 {
                1 if length > 0 => list.move_to(actor, index % length, length - 1).ok(),
                2 if length > 0 => list.remove(index % length).ok(),
                3 if length > 0 => list.update(actor, index % length, |register| register.write(actor, number)).ok(),
                _ => list.insert(actor, index % (length + 1), |register| register.write(actor, number)).ok(),
            }
        }),
    }
}

/// A change by its number, if it can be made.
type Change<V> = fn(View<'_, Actor, V>, Actor, u8) -> Option<V>;

struct Group<V: Nested<Actor>> {
    replicas: Vec<Guarded<Actor, V>>,
    /// What each has made, in order.
    made: Vec<Vec<V>>,
    /// Whether somebody was believed who lied about itself, which cannot be seen.
    lied: bool,
}

impl<V: Nested<Actor> + Clone + Default + PartialEq + Debug + DeserializeOwned> Group<V> {
    fn drive(input: &mut Unstructured<'_>, change: Change<V>) -> arbitrary::Result<()> {
        let replica = |me| {
            let mut replica = Guarded::new(me, V::default());
            (0..=SILENT).for_each(|actor| replica.admit(actor));
            replica
        };
        let replicas = (0..REPLICAS).map(replica).collect();
        let mut group = Self { replicas, made: vec![Vec::new(); usize::from(REPLICAS)], lied: false };
        for _ in 0..60 {
            if input.is_empty() {
                break;
            }
            let (what, at, from) = (input.int_in_range(0..=15)?, input.choose_index(3)?, input.int_in_range(0..=4)?);
            match what {
                0..=4 => group.change(at, change, input.arbitrary()?),
                5..=9 => group.deliver(at, usize::from(from) % 3, input.arbitrary()?),
                10 | 11 => {
                    let state = group.replicas[usize::from(from) % 3].state().clone();
                    group.tell(at, None, &state);
                }
                12 => {
                    let state = group.replicas[at].state().clone();
                    group.amnesia(at, from % 3, change, input.arbitrary()?, &state);
                }
                _ => {
                    let length = input.int_in_range(0..=60)?.min(input.len());
                    if let Ok((forged, _)) = postcard::take_from_bytes::<V>(input.bytes(length)?) {
                        let from = (what != 15).then_some(from);
                        group.lied |= group.tell(at, from, &forged);
                    }
                }
            }
        }
        group.settle();
        Ok(())
    }

    fn change(&mut self, at: usize, change: Change<V>, number: u8) {
        let me = *self.replicas[at].me();
        if let Ok(delta) = self.replicas[at].update(|view| change(view, me, number).ok_or(())) {
            self.made[at].push(delta);
        }
    }

    /// One of the deltas of another, in its turn or not.
    fn deliver(&mut self, at: usize, from: usize, which: u8) {
        if from != at && !self.made[from].is_empty() {
            let delta = self.made[from][usize::from(which) % self.made[from].len()].clone();
            self.tell(at, Some(u8::try_from(from).expect("of three")), &delta);
        }
    }

    /// Whether it was news.
    fn tell(&mut self, at: usize, from: Option<Actor>, what: &V) -> bool {
        let before = self.replicas[at].clone();
        let replica = &mut self.replicas[at];
        let told = match from {
            Some(from) => replica.apply(&from, what),
            None => replica.merge(what),
        };
        let (known, was) = (replica.state().causal().context(), before.state().causal().context());
        assert_eq!(told.is_ok_and(|news| news), *replica != before, "it is news, or nothing changes: {told:?}");
        assert_eq!(known.exceptions().count(), 0, "there is never a gap");
        assert_eq!(known.latest(before.me()), was.latest(before.me()), "nobody tells a replica what it did");
        for (actor, last) in known.vector().iter() {
            assert!(*actor <= SILENT, "a stranger was believed");
            let of_another = from.is_some_and(|from| from != *actor && from != *before.me());
            assert!(!of_another || last == was.latest(actor), "events of {actor} are believed from {from:?}");
        }
        if let (Err(why), false, Some(from)) = (&told, self.lied, from)
            && usize::from(from) < self.made.len()
            && self.made[usize::from(from)].contains(what)
        {
            assert!(matches!(why, NotBelieved::Ahead { .. }), "an honest delta is refused: {why:?}");
        }
        told.is_ok_and(|news| news)
    }

    /// A process comes back with nothing under its old name: where its events are known, what it now says of them changes nothing.
    fn amnesia(&mut self, at: usize, name: Actor, change: Change<V>, number: u8, known: &V) {
        let mut reborn = Guarded::new(name, V::default());
        let Ok(delta) = reborn.update(|view| change(view, name, number).ok_or(())) else { return };
        let last = known.causal().context().latest(&name);
        let made = delta.causal().context().latest(&name);
        if made > last || *self.replicas[at].me() == name {
            return;
        }
        assert!(!self.tell(at, Some(name), &delta), "what is known is not news");
        let before = reborn.clone();
        let hears = reborn.merge(known);
        let of_its_past = matches!(hears, Err(NotBelieved::Mine { .. } | NotBelieved::Stranger { .. } | NotBelieved::TwoEvents(_)));
        assert!(of_its_past || made == last, "it hears of events that it does not remember: {hears:?}");
        assert!(hears.is_ok() || reborn == before, "what is not believed changes nothing");
    }

    /// All hear all deltas of each maker in order: they are alike, and lack nothing.
    fn settle(mut self) {
        if self.lied {
            return;
        }
        for _ in 0..=self.made.iter().map(Vec::len).sum() {
            for at in 0..3 {
                for from in (0..3).filter(|from| *from != at) {
                    for delta in self.made[from].clone() {
                        self.tell(at, Some(u8::try_from(from).expect("of three")), &delta);
                    }
                }
            }
            if self.replicas.iter().all(|replica| replica.state() == self.replicas[0].state()) {
                break;
            }
        }
        let all = self.made.iter().flatten().fold(V::default(), Join::joined);
        for replica in &self.replicas {
            assert_eq!(*replica.state(), all, "what honest replicas made arrives");
        }
    }
}
