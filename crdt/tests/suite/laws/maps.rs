//! Maps of nested types: what is under a key is what the specification of the nested type makes of the visible operations there, of which a removal of the
//! key ends those that it has seen.

use std::collections::{BTreeMap, BTreeSet};

use tidings_crdt::pure::{self, MapOperation, PutOperation, Replica, SetOperation, WriteOperation};
use tidings_crdt::{AddWinsMap, AddWinsSet, LwwMap, MvRegister, RemoveWinsSet, Tally};

use crate::laws::dots::{self, Dots};
use crate::laws::operations::Operated;
use crate::laws::oracle::{Actor, History, Operations, Specification};

/// On a map of sets.
#[derive(Clone, Copy, Debug)]
pub enum OnSets {
    Add(char, u8),
    Take(char, u8),
    Remove(char),
}

impl OnSets {
    fn adds(&self) -> bool {
        matches!(self, Self::Add(..))
    }

    fn ends(&self, addition: &Self) -> bool {
        match (self, addition) {
            (Self::Add(key, element) | Self::Take(key, element), Self::Add(at, added)) => key == at && element == added,
            (Self::Remove(key), Self::Add(at, _)) => key == at,
            _ => false,
        }
    }
}

pub struct MapOfSets;

impl Specification for MapOfSets {
    type State = AddWinsMap<Actor, char, AddWinsSet<Actor, u8>>;
    type Update = OnSets;
    type Value = BTreeMap<char, BTreeSet<u8>>;
    type Context = Dots;
    const UPDATES: &'static [OnSets] =
        &[OnSets::Add('k', 1), OnSets::Add('k', 2), OnSets::Take('k', 1), OnSets::Remove('k'), OnSets::Add('l', 1)];

    fn update(state: &mut Self::State, actor: Actor, update: OnSets) -> Self::State {
        match update {
            OnSets::Add(key, element) => state.update(key, |set| set.add(actor, element)).expect("few dots"),
            OnSets::Take(key, element) => state.update(key, |set| Ok::<_, ()>(set.remove(&element))).expect("nothing to refuse"),
            OnSets::Remove(key) => state.remove(&key),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&key, set)| (key, set.iter().copied().collect())).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnSets>, visible: Operations) -> Self::Value {
        let mut sets = Self::Value::new();
        for operation in dots::alive(history, visible, OnSets::adds, OnSets::ends).iter() {
            if let OnSets::Add(key, element) = history[operation].update {
                sets.entry(key).or_default().insert(element);
            }
        }
        sets
    }

    fn specified_context(history: &History<OnSets>, visible: Operations) -> Dots {
        dots::known(history, visible, OnSets::adds, OnSets::ends)
    }
}

/// On a map of registers, or of tallies: a value put under a key, or the key removed.
#[derive(Clone, Copy, Debug)]
pub enum OnValues {
    Put(char, i64),
    Remove(char),
}

impl OnValues {
    fn puts(&self) -> bool {
        matches!(self, Self::Put(..))
    }

    const fn key(&self) -> char {
        match self {
            Self::Put(key, _) | Self::Remove(key) => *key,
        }
    }

    fn operation(self) -> MapOperation<char, Option<i64>> {
        match self {
            Self::Put(key, value) => MapOperation::Update(key, Some(value)),
            Self::Remove(key) => MapOperation::Remove(key),
        }
    }

    /// Under each key the visible values that nothing has ended, in the order of their dots.
    fn alive(history: &History<Self>, visible: Operations, ends: impl Fn(&Self, &Self) -> bool) -> BTreeMap<char, Vec<i64>> {
        let mut values = BTreeMap::<char, BTreeMap<_, i64>>::new();
        for operation in dots::alive(history, visible, Self::puts, ends).iter() {
            if let Self::Put(key, value) = history[operation].update {
                values.entry(key).or_default().insert(dots::dot(history, operation, Self::puts), value);
            }
        }
        values.into_iter().map(|(key, values)| (key, values.into_values().collect())).collect()
    }
}

pub struct MapOfRegisters;

impl MapOfRegisters {
    fn ends(by: &OnValues, put: &OnValues) -> bool {
        by.key() == put.key()
    }
}

impl Specification for MapOfRegisters {
    type State = AddWinsMap<Actor, char, MvRegister<Actor, i64>>;
    type Update = OnValues;
    type Value = BTreeMap<char, Vec<i64>>;
    type Context = Dots;
    const UPDATES: &'static [OnValues] = &[OnValues::Put('k', 1), OnValues::Put('k', 2), OnValues::Remove('k'), OnValues::Put('l', 1)];

    fn update(state: &mut Self::State, actor: Actor, update: OnValues) -> Self::State {
        match update {
            OnValues::Put(key, value) => state.update(key, |register| register.write(actor, value)).expect("few dots"),
            OnValues::Remove(key) => state.remove(&key),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&key, register)| (key, register.values().copied().collect())).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnValues>, visible: Operations) -> Self::Value {
        OnValues::alive(history, visible, Self::ends)
    }

    fn specified_context(history: &History<OnValues>, visible: Operations) -> Dots {
        dots::known(history, visible, OnValues::puts, Self::ends)
    }
}

pub struct MapOfTallies;

impl MapOfTallies {
    fn ends(by: &OnValues, put: &OnValues) -> bool {
        !by.puts() && by.key() == put.key()
    }
}

impl Specification for MapOfTallies {
    type State = AddWinsMap<Actor, char, Tally<Actor>>;
    type Update = OnValues;
    type Value = BTreeMap<char, i128>;
    type Context = Dots;
    const UPDATES: &'static [OnValues] = &[OnValues::Put('k', 1), OnValues::Put('k', -3), OnValues::Remove('k'), OnValues::Put('l', 1)];

    fn update(state: &mut Self::State, actor: Actor, update: OnValues) -> Self::State {
        match update {
            OnValues::Put(key, amount) => state.update(key, |tally| tally.count(actor, amount)).expect("few dots"),
            OnValues::Remove(key) => state.remove(&key),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&key, tally)| (key, tally.value())).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnValues>, visible: Operations) -> Self::Value {
        let alive = OnValues::alive(history, visible, Self::ends);
        alive.into_iter().map(|(key, amounts)| (key, amounts.into_iter().map(i128::from).sum())).collect()
    }

    fn specified_context(history: &History<OnValues>, visible: Operations) -> Dots {
        dots::known(history, visible, OnValues::puts, Self::ends)
    }
}

/// On a map of maps of registers: with the keys of both.
#[derive(Clone, Copy, Debug)]
pub enum OnMaps {
    Put(char, char),
    RemoveInner(char, char),
    RemoveOuter(char),
}

impl OnMaps {
    fn puts(&self) -> bool {
        matches!(self, Self::Put(..))
    }

    fn ends(&self, put: &Self) -> bool {
        match (self, put) {
            (Self::Put(outer, inner) | Self::RemoveInner(outer, inner), Self::Put(at, below)) => outer == at && inner == below,
            (Self::RemoveOuter(outer), Self::Put(at, _)) => outer == at,
            _ => false,
        }
    }
}

pub struct MapOfMaps;

impl Specification for MapOfMaps {
    type State = AddWinsMap<Actor, char, AddWinsMap<Actor, char, MvRegister<Actor, ()>>>;
    type Update = OnMaps;
    /// How many concurrent writes there are under each pair of keys.
    type Value = BTreeMap<char, BTreeMap<char, usize>>;
    type Context = Dots;
    const UPDATES: &'static [OnMaps] =
        &[OnMaps::Put('k', 'a'), OnMaps::Put('k', 'b'), OnMaps::RemoveInner('k', 'a'), OnMaps::RemoveOuter('k'), OnMaps::Put('l', 'a')];

    fn update(state: &mut Self::State, actor: Actor, update: OnMaps) -> Self::State {
        match update {
            OnMaps::Put(outer, inner) => {
                state.update(outer, |map| map.update(inner, |register| register.write(actor, ()))).expect("few dots")
            }
            OnMaps::RemoveInner(outer, inner) => state.update(outer, |map| Ok::<_, ()>(map.remove(&inner))).expect("nothing to refuse"),
            OnMaps::RemoveOuter(outer) => state.remove(&outer),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&outer, map)| (outer, map.iter().map(|(&inner, register)| (inner, register.values().len())).collect())).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnMaps>, visible: Operations) -> Self::Value {
        let mut maps = Self::Value::new();
        for operation in dots::alive(history, visible, OnMaps::puts, OnMaps::ends).iter() {
            if let OnMaps::Put(outer, inner) = history[operation].update {
                *maps.entry(outer).or_default().entry(inner).or_default() += 1;
            }
        }
        maps
    }

    fn specified_context(history: &History<OnMaps>, visible: Operations) -> Dots {
        dots::known(history, visible, OnMaps::puts, OnMaps::ends)
    }
}

/// Writes with a stamp one beyond the greatest that was seen.
pub struct LastWriterWins;

impl LastWriterWins {
    /// Of the visible writes under each key the one with the greatest stamp, and then actor.
    fn last(history: &History<OnValues>, visible: Operations) -> BTreeMap<char, (u64, Actor, Option<i64>)> {
        let mut stamps: Vec<u64> = Vec::new();
        for made in history {
            let below = made.seen.iter().map(|seen| stamps[seen]);
            stamps.push(below.max().unwrap_or(0) + 1);
        }
        let mut last = BTreeMap::new();
        for operation in visible.iter() {
            let value = match history[operation].update {
                OnValues::Put(_, value) => Some(value),
                OnValues::Remove(_) => None,
            };
            let write = (stamps[operation], history[operation].actor, value);
            let entry = last.entry(history[operation].update.key()).or_insert(write);
            *entry = write.max(*entry);
        }
        last
    }
}

impl Specification for LastWriterWins {
    type State = LwwMap<Actor, char, u64, i64>;
    type Update = OnValues;
    type Value = BTreeMap<char, i64>;
    type Context = BTreeMap<char, (u64, Actor, Option<i64>)>;
    const UPDATES: &'static [OnValues] = &[OnValues::Put('k', 1), OnValues::Remove('k'), OnValues::Put('l', 1)];
    const RENAMES: bool = false;

    fn update(state: &mut Self::State, actor: Actor, update: OnValues) -> Self::State {
        let stamp = state.writes().map(|(_, last)| last.stamp).max().unwrap_or(0) + 1;
        match update {
            OnValues::Put(key, value) => state.put(stamp, actor, key, value),
            OnValues::Remove(key) => state.remove(stamp, actor, key),
        }
        .expect("later than what is seen")
    }

    fn value(state: &Self::State) -> Self::Value {
        state.iter().map(|(&key, &value)| (key, value)).collect()
    }

    fn context(state: &Self::State) -> Self::Context {
        state.writes().map(|(&key, last)| (key, (last.stamp, last.actor, last.value))).collect()
    }

    fn specified_value(history: &History<OnValues>, visible: Operations) -> Self::Value {
        Self::last(history, visible).into_iter().filter_map(|(key, (_, _, value))| Some((key, value?))).collect()
    }

    fn specified_context(history: &History<OnValues>, visible: Operations) -> Self::Context {
        Self::last(history, visible)
    }
}

/// Sets in which removals win, under keys whose removal does not: it ends removals, too, and brings back what they had hidden and it has not seen.
pub struct MapOfRemoveWins;

impl MapOfRemoveWins {
    fn ends(by: &OnSets, change: &OnSets) -> bool {
        match (by, change) {
            (OnSets::Add(key, element) | OnSets::Take(key, element), OnSets::Add(at, other) | OnSets::Take(at, other)) => {
                key == at && element == other
            }
            (OnSets::Remove(key), OnSets::Add(at, _) | OnSets::Take(at, _)) => key == at,
            _ => false,
        }
    }

    const fn changes(update: &OnSets) -> bool {
        !matches!(update, OnSets::Remove(_))
    }
}

impl Specification for MapOfRemoveWins {
    type State = AddWinsMap<Actor, char, RemoveWinsSet<Actor, u8>>;
    type Update = OnSets;
    /// Those with an element: a key may also be there for the sake of a removal.
    type Value = BTreeMap<char, BTreeSet<u8>>;
    type Context = Dots;
    const UPDATES: &'static [OnSets] = &[OnSets::Add('k', 1), OnSets::Take('k', 1), OnSets::Remove('k')];

    fn update(state: &mut Self::State, actor: Actor, update: OnSets) -> Self::State {
        match update {
            OnSets::Add(key, element) => state.update(key, |set| set.add(actor, element)).expect("few dots"),
            OnSets::Take(key, element) => state.update(key, |set| set.remove(actor, element)).expect("few dots"),
            OnSets::Remove(key) => state.remove(&key),
        }
    }

    fn value(state: &Self::State) -> Self::Value {
        let sets = state.iter().map(|(&key, set)| (key, set.iter().copied().collect::<BTreeSet<_>>()));
        sets.filter(|(_, set)| !set.is_empty()).collect()
    }

    fn context(state: &Self::State) -> Dots {
        dots::listed(state.context())
    }

    fn specified_value(history: &History<OnSets>, visible: Operations) -> Self::Value {
        let (mut added, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for operation in dots::alive(history, visible, Self::changes, Self::ends).iter() {
            match history[operation].update {
                OnSets::Add(key, element) => added.insert((key, element)),
                OnSets::Take(key, element) => taken.insert((key, element)),
                OnSets::Remove(_) => unreachable!("is not kept"),
            };
        }
        let mut sets = Self::Value::new();
        for (key, element) in &added - &taken {
            sets.entry(key).or_default().insert(element);
        }
        sets
    }

    fn specified_context(history: &History<OnSets>, visible: Operations) -> Dots {
        dots::known(history, visible, Self::changes, Self::ends)
    }
}

impl Operated for MapOfSets {
    type Pure = pure::AddWinsMap<char, pure::AddWinsSet<u8>>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSets) -> Option<MapOperation<char, SetOperation<u8>>> {
        Some(match update {
            OnSets::Add(key, element) => MapOperation::Update(key, SetOperation::Add(element)),
            OnSets::Take(key, element) => MapOperation::Update(key, SetOperation::Remove(element)),
            OnSets::Remove(key) => MapOperation::Remove(key),
        })
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        let shown = replica.value();
        for key in ['k', 'l'] {
            assert_eq!(replica.entry(&key), shown.get(&key).cloned());
        }
        shown
    }
}

impl Operated for MapOfRemoveWins {
    type Pure = pure::AddWinsMap<char, pure::RemoveWinsSet<u8>>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnSets) -> Option<MapOperation<char, PutOperation<u8>>> {
        Some(match update {
            OnSets::Add(key, element) => MapOperation::Update(key, PutOperation::Add(element)),
            OnSets::Take(key, element) => MapOperation::Update(key, PutOperation::Remove(element)),
            OnSets::Remove(key) => MapOperation::Remove(key),
        })
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        replica.value()
    }
}

impl Operated for MapOfRegisters {
    type Pure = pure::AddWinsMap<char, pure::MvRegister<i64>>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnValues) -> Option<MapOperation<char, Option<i64>>> {
        Some(update.operation())
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        replica.value()
    }

    fn specified_shown(history: &History<OnValues>, visible: Operations) -> Self::Value {
        let mut values = Self::specified_value(history, visible);
        values.values_mut().for_each(|values| values.sort_unstable());
        values
    }
}

impl Operated for MapOfTallies {
    type Pure = pure::AddWinsMap<char, pure::Tally>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnValues) -> Option<MapOperation<char, Option<i64>>> {
        Some(update.operation())
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        replica.value().into_iter().filter_map(|(key, sum)| Some((key, sum?))).collect()
    }
}

impl Operated for MapOfMaps {
    type Pure = pure::AddWinsMap<char, pure::AddWinsMap<char, pure::MvRegister<()>>>;

    fn operation(_replica: &Replica<Self::Pure>, update: OnMaps) -> Option<MapOperation<char, MapOperation<char, Option<()>>>> {
        Some(match update {
            OnMaps::Put(outer, inner) => MapOperation::Update(outer, MapOperation::Update(inner, Some(()))),
            OnMaps::RemoveInner(outer, inner) => MapOperation::Update(outer, MapOperation::Remove(inner)),
            OnMaps::RemoveOuter(outer) => MapOperation::Remove(outer),
        })
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        let counted = |map: BTreeMap<char, Vec<()>>| map.into_iter().map(|(inner, writes)| (inner, writes.len())).collect();
        replica.value().into_iter().map(|(outer, map)| (outer, counted(map))).collect()
    }
}

impl Operated for LastWriterWins {
    type Pure = pure::LwwMap<char, u64, i64>;

    /// The stamp grows over the whole map.
    fn operation(replica: &Replica<Self::Pure>, update: OnValues) -> Option<WriteOperation<char, u64, i64>> {
        let stamp = replica.last_stamp().map_or(1, |last| last + 1);
        let value = if let OnValues::Put(_, value) = update { Some(value) } else { None };
        Some(WriteOperation { key: update.key(), stamp, value })
    }

    fn shown(replica: &Replica<Self::Pure>) -> Self::Value {
        replica.value()
    }
}
