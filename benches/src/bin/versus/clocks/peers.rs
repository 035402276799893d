//! The peers' vectors with given entries. All are maps from an id to a counter, but for `vec_clock`, which is dense.

use std::collections::BTreeMap;

use crdts::CmRDT;
use loro::{ID, VersionVector};
use threshold::{EventSet, MaxSet};
use vec_clock::{VecClock, VecTime};
use yrs::{ClientID, StateVector};

/// Ids and counters; the counters fit in 31 bits, and the ids in 53, which is all that some of the peers have.
pub(crate) type Entries = [(u64, u64)];

pub(crate) fn crdts(entries: &Entries) -> crdts::VClock<u64> {
    crdts::VClock { dots: entries.iter().copied().collect::<BTreeMap<_, _>>() }
}

/// What its `merge` does, without the copy of `other` that it takes by value.
pub(crate) fn crdts_merge(into: &mut crdts::VClock<u64>, other: &crdts::VClock<u64>) -> usize {
    for dot in other.iter() {
        into.apply(crdts::Dot::new(*dot.actor, dot.counter));
    }
    into.dots.len()
}

#[expect(clippy::disallowed_types, reason = "the peer is made from it")]
pub(crate) fn vclock(entries: &Entries) -> vclock::VClock<u64, u64> {
    entries.iter().copied().collect::<std::collections::HashMap<_, _>>().into()
}

pub(crate) fn vec_clock(entries: &Entries) -> VecClock<u64> {
    VecClock::new(VecTime::new(entries.iter().map(|(_, counter)| *counter).collect()), 0).expect("there is an entry of its own")
}

pub(crate) fn loro(entries: &Entries) -> VersionVector {
    let mut vector = VersionVector::new();
    for (peer, counter) in entries {
        vector.set_end(ID::new(*peer, i32::try_from(*counter).expect("counters of 31 bits")));
    }
    vector
}

pub(crate) fn yrs(entries: &Entries) -> StateVector {
    entries.iter().map(|(client, counter)| (ClientID::new(*client), u32::try_from(*counter).expect("counters of 31 bits"))).collect()
}

/// What its `merge` does, without the copy of `other` that it takes by value.
pub(crate) fn yrs_merge(into: &mut StateVector, other: &StateVector) -> usize {
    for (client, clock) in other.iter() {
        into.set_max(*client, *clock);
    }
    into.len()
}

pub(crate) fn threshold(entries: &Entries) -> threshold::VClock<u64> {
    threshold::VClock::from(entries.iter().map(|(actor, counter)| (*actor, MaxSet::from_event(*counter))))
}
