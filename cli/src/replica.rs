use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidings_clocks::Rank;

use crate::FilePath;
use crate::plan::Plan;
use crate::version::{Delta, Version, VersionError};

/// Why a replica has no version of an event, though its message came.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The bytes are no delta.
    #[error("the delta cannot be read: {why}")]
    Unreadable {
        /// What the decoder says.
        why: String,
    },
    /// The delta does not fit the version of the parents.
    #[error("the delta does not fit: {0}")]
    Misfit(#[from] VersionError),
}

/// The delta of one event as it came: the end of a message, shared by all who received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    message: Arc<[u8]>,
    start: usize,
}

impl Received {
    /// The delta that begins at `start` of `message`.
    #[must_use]
    pub const fn new(message: Arc<[u8]>, start: usize) -> Self {
        Self { message, start }
    }

    /// Its bytes.
    #[must_use]
    pub fn delta(&self) -> &[u8] {
        self.message.get(self.start..).unwrap_or_default()
    }
}

/// One replica: a version for each event that events still to come build on, and the deltas that merging will need.
#[derive(Debug)]
pub struct Replica {
    versions: BTreeMap<usize, Version>,
    /// What was received of each event.
    log: Vec<Option<Received>>,
    /// How many children of each event are not applied here yet.
    unborn: Vec<u32>,
    /// How many parents of each event are not applied here yet.
    missing: Vec<u32>,
}

impl Replica {
    /// A replica that has heard of nothing.
    ///
    /// # Panics
    /// Never: there are fewer than 2³² events.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let missing = |event| u32::try_from(plan.history().parents(event).len()).expect("fewer than 2^32 events");
        Self {
            versions: BTreeMap::new(),
            log: vec![None; plan.history().len()],
            unborn: (0..plan.history().len()).map(|event| plan.children(event)).collect(),
            missing: (0..plan.history().len()).map(missing).collect(),
        }
    }

    /// Joins the versions of the parents of `event`: to the base's are applied the deltas that it lacks, oldest first. Also the files that these touched.
    ///
    /// Joining the states would give the same; this costs only what is new. The parents' versions are given up if no other child needs them.
    ///
    /// # Errors
    /// [`Unusable`] if an older delta does not fit.
    ///
    /// # Panics
    /// If a parent has not been applied here.
    pub fn join_parents(&mut self, event: usize, plan: &Plan) -> Result<(Version, BTreeSet<FilePath>), Unusable> {
        let mut touched = BTreeSet::new();
        let Some(base) = plan.base(event) else { return Ok((Version::new(), touched)) };
        let mut wanted = None;
        for &parent in plan.history().parents(event).iter().filter(|&&parent| parent != base) {
            let known = self.versions[&parent].known();
            wanted.get_or_insert_with(|| known.clone()).join(known);
            self.release(parent);
        }
        self.unborn[base] -= 1;
        let mut version =
            if self.unborn[base] == 0 { self.versions.remove(&base).expect("a parent's version") } else { self.versions[&base].clone() };
        if let Some(wanted) = wanted {
            let chains = plan.chains();
            let mut lacking: Vec<usize> = Vec::new();
            for chain in 0..wanted.processes() {
                let count = |clock: &tidings_clocks::VectorClock| usize::try_from(clock.entry(Rank::new(chain))).unwrap_or(usize::MAX);
                if let Some(lacks) = chains.members(chain).get(count(version.known())..count(&wanted)) {
                    lacking.extend(lacks);
                }
            }
            lacking.sort_unstable();
            for older in lacking {
                let delta = decode(self.log[older].as_ref().expect("a version holds what was received").delta())?;
                touched.extend(delta.paths().cloned());
                version.apply(&delta)?;
                version.note(plan.actor(older));
            }
        }
        Ok((version, touched))
    }

    /// Applies what was received of `event`, and returns its version and the files that joining its parents touched.
    ///
    /// # Errors
    /// [`Unusable`] if the delta cannot be read or does not fit.
    ///
    /// # Panics
    /// If a parent has not been applied here, or `event` has.
    pub fn apply(&mut self, event: usize, received: &Received, plan: &Plan) -> Result<(&Version, BTreeSet<FilePath>), Unusable> {
        let delta = decode(received.delta())?;
        let (mut version, touched) = self.join_parents(event, plan)?;
        version.apply(&delta)?;
        self.log(event, received, plan);
        Ok((self.keep(event, version, plan), touched))
    }

    /// Keeps the version that was made here of `event`, which builds on [`join_parents`](Self::join_parents).
    pub fn keep(&mut self, event: usize, mut version: Version, plan: &Plan) -> &Version {
        version.note(plan.actor(event));
        self.versions.entry(event).insert_entry(version).into_mut()
    }

    /// Notes what travels of `event`, whose version is kept: from now on its children can be applied.
    pub fn log(&mut self, event: usize, received: &Received, plan: &Plan) {
        self.log[event] = Some(received.clone());
        for &child in plan.history().children(event) {
            self.missing[child] -= 1;
        }
    }

    /// Whether every parent of `event` has been applied here.
    #[must_use]
    pub fn is_ready(&self, event: usize) -> bool {
        self.missing[event] == 0
    }

    /// Whether `event` has been applied here.
    #[must_use]
    pub fn has(&self, event: usize) -> bool {
        self.log[event].is_some()
    }

    /// The version of `event`, as long as events still to come build on it; that of a head for ever.
    #[must_use]
    pub fn version(&self, event: usize) -> Option<&Version> {
        self.versions.get(&event)
    }

    /// How many versions are kept.
    #[must_use]
    pub fn versions(&self) -> usize {
        self.versions.len()
    }

    fn release(&mut self, event: usize) {
        self.unborn[event] -= 1;
        if self.unborn[event] == 0 {
            self.versions.remove(&event);
        }
    }
}

/// The bytes of a delta.
///
/// # Panics
/// Never: deltas hold nothing that cannot be written.
#[must_use]
pub(crate) fn encode(delta: &Delta) -> Vec<u8> {
    postcard::to_allocvec(delta).expect("a delta can be written")
}

/// The delta of some bytes.
///
/// # Errors
/// [`Unusable::Unreadable`] for all bytes that are none.
pub(crate) fn decode(bytes: &[u8]) -> Result<Delta, Unusable> {
    postcard::from_bytes(bytes).map_err(|why| Unusable::Unreadable { why: why.to_string() })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tidings_crdt::Join;

    use super::*;
    use crate::history::tests::random;
    use crate::{Chains, Edit, EventClocks};

    fn plan(seed: u64) -> Plan {
        let history = Rc::new(random(seed, 60, 7));
        let chains = Chains::of(&history);
        let clocks = EventClocks::of(&history, &chains);
        Plan::new(&history, chains, &clocks, 3)
    }

    /// What an event does to the version it is made on: types somewhere, deletes somewhere, and now and then a file comes or goes.
    fn work(event: usize, version: &mut Version, actor: u32) -> Delta {
        let mut delta = Delta::default();
        let path = FilePath::from(["a", "b/c", "größe"][event % 3]);
        let length = version.text(&path).map_or(0, tidings_crdt::Text::len);
        let at = event * 7 % (length + 1);
        let edits = [Edit { at, delete: (length - at).min(event % 4), insert: ["xy", "z", "", "word "][event % 4] }];
        version.set_present(actor, &path, event % 5 != 4, &mut delta).unwrap();
        version.set_executable(actor, &path, event % 7 == 3, &mut delta).unwrap();
        version.edit(actor, &path, &edits, &mut delta).unwrap();
        delta
    }

    #[test]
    fn joining_by_deltas_is_joining_states() {
        for seed in 0..300 {
            let plan = plan(seed);
            let history = plan.history();
            let mut author = Replica::new(&plan);
            let mut reader = Replica::new(&plan);
            // The naive twin keeps every state and joins whole states.
            let mut states: Vec<Version> = Vec::new();
            for event in 0..history.len() {
                let (mut version, touched) = author.join_parents(event, &plan).unwrap();
                let mut state = Version::new();
                for &parent in history.parents(event) {
                    state.join(&states[parent]);
                }
                assert!(version == state, "seed {seed}: event {event} joins its parents otherwise");
                assert_eq!(version.known(), state.known(), "seed {seed}: event {event}");

                let delta = work(event, &mut version, plan.actor(event));
                let received = Received::new(encode(&delta).into(), 0);
                author.keep(event, version, &plan);
                author.log(event, &received, &plan);
                let (version, also_touched) = reader.apply(event, &received, &plan).unwrap();
                assert_eq!(touched, also_touched, "seed {seed}: event {event}");
                state.apply(&delta).unwrap();
                state.note(plan.actor(event));
                assert!(*version == state, "seed {seed}: event {event} is applied otherwise");
                states.push(state);
            }
            let heads = history.heads().count();
            assert_eq!((author.versions(), reader.versions()), (heads, heads), "seed {seed}: only heads are kept at the end");
        }
    }

    #[test]
    fn bytes_that_are_no_delta_change_nothing() {
        let plan = plan(1);
        let mut replica = Replica::new(&plan);
        let root = plan.history().roots().next().unwrap();
        let wrong = Received::new(vec![9, 9, 9].into(), 0);
        assert!(matches!(replica.apply(root, &wrong, &plan), Err(Unusable::Unreadable { .. })));
        assert!(!replica.has(root) && replica.versions() == 0);
        let right = Received::new(encode(&Delta::default()).into(), 0);
        assert!(replica.apply(root, &right, &plan).is_ok());
    }

    #[test]
    fn no_truncated_or_altered_delta_panics() {
        let plan = plan(2);
        let mut version = Version::new();
        let delta = (0..30).map(|event| work(event, &mut version, 0)).last().unwrap();
        let bytes = encode(&delta);
        for at in 0..bytes.len() {
            let _ = decode(&bytes[..at]);
            for value in [0, 1, 0x7f, 0xff] {
                let mut altered = bytes.clone();
                altered[at] = value;
                if let Ok(delta) = decode(&altered) {
                    let _ = version.clone().apply(&delta);
                }
            }
        }
        assert_eq!(decode(&bytes), Ok(delta));
        assert!(plan.processes() == 3);
    }
}
