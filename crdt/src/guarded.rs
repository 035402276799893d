use alloc::collections::BTreeMap;

use tidings_clocks::Dot;

use crate::{DotStore, Nested, TwoEvents, View};

/// A state made of dots, and who may say what about which dot: what comes from others is checked before it is joined, and there is no way around that.
///
/// A bare [`join`](crate::Join::join) believes what it is given. A forged dot of a victim's future then hides what the victim does at that dot later: others hold it for known
/// and so for dead. Here an actor must be [admitted](Guarded::admit) before its dots are taken; a delta [straight from its maker](Guarded::apply) may make new dots of that maker only, the next ones
/// without a gap, and may end only what is known here; and nobody tells this replica of events of its own that it has not made, which would be how it learns that it lost its memory. So the
/// context never has gaps, and takes one entry for each actor, whatever is sent.
///
/// An actor id stands for one incarnation: a process that lost its state comes back under a new id, and the old one is [retired](Guarded::retire).
///
/// ```
/// use tidings_clocks::Dot;
/// use tidings_crdt::{AddWinsSet, Causal, DotTable, Guarded, Nested, NotBelieved};
///
/// let mut here = Guarded::new("here", AddWinsSet::new());
/// let mut there = Guarded::new("there", AddWinsSet::new());
/// here.admit("there");
/// let milk = there.update(|set| set.add("there", "milk"))?;
///
/// // Somebody says that an addition which is yet to come was removed already.
/// let forged = AddWinsSet::from_causal(Causal::delta(DotTable::new(), [Dot::new("there", 2)]));
/// assert_eq!(here.apply(&"there", &forged), Err(NotBelieved::Ahead { dot: Dot::new("there", 2), expected: 1 }));
/// here.apply(&"there", &milk)?;
/// assert!(here.state().contains("milk"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded<A: Ord, V> {
    me: A,
    state: V,
    /// The others that are known, and up to which of its events one that is retired had come.
    others: BTreeMap<A, Option<u64>>,
}

/// Why something is not joined. The state is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved<A> {
    /// It names an event that cannot be taken yet: one before it is missing, or its own maker has not told of it. Correct peers cause this when messages overtake each other: offer it again later.
    #[error("event {} is ahead of event {expected}, the next one of its actor", dot.counter)]
    Ahead {
        /// The event.
        dot: Dot<A>,
        /// The next one of that actor that can be taken.
        expected: u64,
    },
    /// It names an event of this replica that it has not made: it lost its memory and goes on under its old id, or it was cloned, or somebody lies.
    #[error("event {} of this replica, which has made {made}", dot.counter)]
    Mine {
        /// The event.
        dot: Dot<A>,
        /// How many this replica has made.
        made: u64,
    },
    /// Its actor was never admitted.
    #[error("an event of an actor that was not admitted")]
    Stranger {
        /// The event.
        dot: Dot<A>,
    },
    /// Its actor was retired before it.
    #[error("event {} of an actor that was retired after event {last}", dot.counter)]
    Retired {
        /// The event.
        dot: Dot<A>,
        /// The last one of that actor that is taken.
        last: u64,
    },
    /// It has another content for an event that is known here.
    #[error(transparent)]
    TwoEvents(#[from] TwoEvents<A>),
}

/// Why a replica did not change its own state, which is as it was.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged<A, E> {
    /// The change itself was refused.
    #[error("{0}")]
    Refused(E),
    /// The change was made in somebody else's name, or names events that are not known.
    #[error(transparent)]
    NotBelieved(NotBelieved<A>),
}

impl<A: Ord + Clone, V: Nested<A>> Guarded<A, V> {
    /// Guards the state of `me`. What it knows already is believed, and its actors are admitted.
    ///
    /// A process that cannot prove that this is all that it ever did under the id `me` must take a new id.
    #[must_use]
    pub fn new(me: A, state: V) -> Self {
        let context = state.causal().context();
        let actors = context.vector().iter().map(|(actor, _)| actor).chain(context.exceptions().map(|(actor, _)| actor));
        let others = actors.filter(|actor| **actor != me).map(|actor| (actor.clone(), None)).collect();
        Self { me, state, others }
    }

    /// Takes events of `actor` from now on. One that was retired stays so.
    pub fn admit(&mut self, actor: A) {
        if actor != self.me {
            self.others.entry(actor).or_default();
        }
    }

    /// Takes no further events of `actor`: another incarnation has taken its place. What is known of it stays. Nothing is done to this replica's own id.
    pub fn retire(&mut self, actor: &A) {
        let last = self.state.causal().context().latest(actor);
        if let Some(retired) = self.others.get_mut(actor) {
            retired.get_or_insert(last);
        }
    }

    /// Changes the state here, and returns the delta.
    ///
    /// # Errors
    /// [`NotChanged::Refused`] with the error of `change`, [`NotChanged::NotBelieved`] if it does not act in the name of this replica; the state is unchanged.
    pub fn update<E>(&mut self, change: impl FnOnce(View<'_, A, V>) -> Result<V, E>) -> Result<V, NotChanged<A, E>> {
        let delta = change(self.state.view()).map_err(NotChanged::Refused)?;
        self.check(Some(&self.me), &delta).map_err(NotChanged::NotBelieved)?;
        self.state.join(&delta);
        Ok(delta)
    }

    /// Joins a delta that comes straight from its maker, as the link says, never the message. Says whether it changed anything.
    ///
    /// O(d log n) for a delta of d dots, and what the join costs.
    ///
    /// # Errors
    /// [`NotBelieved`], with the dot that shows why; the state is unchanged.
    pub fn apply(&mut self, from: &A, delta: &V) -> Result<bool, NotBelieved<A>> {
        if *from == self.me {
            // Its own deltas come back: nothing in them may be new.
            return self.merge(delta);
        }
        self.check(Some(from), delta)?;
        Ok(self.state.join(delta))
    }

    /// Joins a state, or deltas, that somebody passes on who is trusted to pass on what is true. Says whether it changed anything.
    ///
    /// Here the dots of all that are admitted may be new, the next ones of each without a gap. Who passes on could make up the next event of somebody else, which is found out as
    /// [`NotBelieved::TwoEvents`] once that one's own comes, while it is alive.
    ///
    /// # Errors
    /// [`NotBelieved`], with the dot that shows why; the state is unchanged.
    pub fn merge(&mut self, passed: &V) -> Result<bool, NotBelieved<A>> {
        self.check(None, passed)?;
        Ok(self.state.join(passed))
    }

    /// What is guarded.
    #[must_use]
    pub const fn state(&self) -> &V {
        &self.state
    }

    /// In whose name this replica acts.
    #[must_use]
    pub const fn me(&self) -> &A {
        &self.me
    }

    /// What was guarded, unguarded.
    #[must_use]
    pub fn into_state(self) -> V {
        self.state
    }

    /// Whether `delta` may be joined, if it comes from `maker`, or from anybody.
    fn check(&self, maker: Option<&A>, delta: &V) -> Result<(), NotBelieved<A>> {
        let context = delta.causal().context();
        let vector = context.vector().iter().map(|(actor, last)| (actor, 1, last));
        let beyond = context.exceptions().map(|(actor, run)| (actor, *run.start(), *run.end()));
        for (actor, first, last) in vector.chain(beyond) {
            self.check_run(maker, actor, first, last)?;
        }
        match delta.causal().store().clash(self.state.causal().store()) {
            Some(dot) => Err(TwoEvents { dot }.into()),
            None => Ok(()),
        }
    }

    /// Whether these consecutive events of `actor` are known, or may become so.
    fn check_run(&self, maker: Option<&A>, actor: &A, first: u64, last: u64) -> Result<(), NotBelieved<A>> {
        let known = self.state.causal().context().latest(actor);
        if last <= known {
            return Ok(());
        }
        let dot = Dot::new(actor.clone(), first.max(known + 1));
        if *actor == self.me {
            if maker != Some(&self.me) {
                return Err(NotBelieved::Mine { dot, made: known });
            }
        } else {
            match self.others.get(actor) {
                None => return Err(NotBelieved::Stranger { dot }),
                Some(Some(last)) => return Err(NotBelieved::Retired { dot, last: *last }),
                Some(None) => {}
            }
        }
        // The counters up to `known` have no gap: whatever was taken followed without one.
        if maker.is_none_or(|maker| maker == actor) && first <= known + 1 {
            Ok(())
        } else {
            Err(NotBelieved::Ahead { dot, expected: known + 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::{AddWinsMap, AddWinsSet, Causal, DotFun, DotMap, DotTable, Join, MvRegister, Tally};

    type Set = AddWinsSet<char, u8>;

    fn set(causal: Causal<char, DotTable<char, u8>>) -> Set {
        Set::from_causal(causal)
    }

    fn pair() -> (Guarded<char, Set>, Guarded<char, Set>) {
        let (mut a, mut b) = (Guarded::new('a', Set::new()), Guarded::new('b', Set::new()));
        a.admit('b');
        b.admit('a');
        (a, b)
    }

    /// A peer silently loses the real actor's later additions: whoever believes that an addition which is yet to come was made and removed holds it for dead.
    #[test]
    fn a_forged_future_does_not_hide_what_comes() {
        let forged = set(Causal::delta(DotTable::new(), [Dot::new('b', 1), Dot::new('b', 2)]));
        let (mut a, mut b) = pair();
        a.admit('x');
        let mut believing = Set::new();
        believing.join(&forged);
        let milk = b.update(|set| set.add('b', 1)).unwrap();
        believing.join(&milk);
        assert!(believing.is_empty(), "that is what the guard is for");
        assert_eq!(a.apply(&'x', &forged), Err(NotBelieved::Ahead { dot: Dot::new('b', 1), expected: 1 }));
        assert_eq!(a.apply(&'b', &milk), Ok(true));
        assert_eq!(a.apply(&'b', &milk), Ok(false));
        assert!(a.state().contains(&1));
    }

    /// A process lost its memory and goes on under its old id: its first new dot is an old one, and others tell it of events that it does not remember.
    #[test]
    fn dots_reused_after_amnesia_are_told() {
        let (mut a, mut b) = pair();
        let before = b.update(|set| set.add('b', 1)).unwrap();
        a.apply(&'b', &before).unwrap();
        let mut amnesic = Guarded::new('b', Set::new());
        let again = amnesic.update(|set| set.add('b', 2)).unwrap();
        let unchanged = a.clone();
        assert_eq!(a.apply(&'b', &again), Err(NotBelieved::TwoEvents(TwoEvents { dot: Dot::new('b', 1) })));
        assert_eq!(a, unchanged);
        let mut amnesic = Guarded::new('b', Set::new());
        assert_eq!(amnesic.merge(a.state()), Err(NotBelieved::Mine { dot: Dot::new('b', 1), made: 0 }));
        assert_eq!(amnesic.state(), &Set::new());
        // Under a new id it gets all back, and the old one is retired.
        let mut renewed = Guarded::new('c', Set::new());
        renewed.admit('b');
        assert_eq!(renewed.merge(a.state()), Ok(true));
        a.admit('c');
        a.retire(&'b');
        let late = b.update(|set| set.add('b', 3)).unwrap();
        assert_eq!(a.apply(&'b', &late), Err(NotBelieved::Retired { dot: Dot::new('b', 2), last: 1 }));
        a.admit('b');
        assert!(a.apply(&'b', &late).is_err(), "who is retired stays so");
        let fresh = renewed.update(|set| set.add('c', 3)).unwrap();
        assert_eq!(a.apply(&'c', &fresh), Ok(true));
    }

    #[test]
    fn what_overtakes_is_taken_in_its_turn() {
        let (mut a, mut b) = pair();
        let one = b.update(|set| set.add('b', 1)).unwrap();
        let two = b.update(|set| set.add('b', 2)).unwrap();
        let off = b.update(|set| Ok::<_, ()>(set.remove(&1))).unwrap();
        assert_eq!(a.apply(&'b', &two), Err(NotBelieved::Ahead { dot: Dot::new('b', 2), expected: 1 }));
        for delta in [&one, &two, &off] {
            a.apply(&'b', delta).unwrap();
        }
        assert_eq!(a.state(), b.state());
        let mine = a.update(|set| set.add('a', 9)).unwrap();
        assert_eq!(b.apply(&'a', &mine), Ok(true));
        assert_eq!(a.apply(&'a', &mine), Ok(false), "its own delta comes back");
    }

    #[test]
    fn nobody_acts_in_the_name_of_another() {
        let (mut a, _) = pair();
        let unchanged = a.clone();
        assert_eq!(
            a.update(|set| set.add('b', 1)),
            Err(NotChanged::NotBelieved(NotBelieved::Ahead { dot: Dot::new('b', 1), expected: 1 }))
        );
        assert_eq!(a.update(|_| Err("no")), Err(NotChanged::Refused("no")));
        let stranger = Set::new().add('z', 1).unwrap();
        assert_eq!(a.apply(&'z', &stranger), Err(NotBelieved::Stranger { dot: Dot::new('z', 1) }));
        assert_eq!(a, unchanged);
    }

    /// Dots at the end of the range, gaps, and values changed in place, in every store.
    #[test]
    fn every_store_is_guarded() {
        fn refuses<V: Nested<char> + Clone + PartialEq + core::fmt::Debug>(honest: &V, forged: &[V]) {
            let mut guarded = Guarded::new('a', V::from_causal(Causal::new()));
            guarded.admit('b');
            guarded.apply(&'b', honest).unwrap();
            let unchanged = guarded.clone();
            for delta in forged {
                assert!(guarded.apply(&'b', delta).is_err() && guarded.merge(delta).is_err(), "{delta:?}");
                assert_eq!(guarded, unchanged);
            }
        }
        let (first, last) = (Dot::new('b', 1), Dot::new('b', u64::MAX));
        let dead = |dot| Causal::delta(DotFun::new(), [dot]);
        refuses(
            &MvRegister::new().write('b', 1).unwrap(),
            &[
                MvRegister::from_causal(Causal::delta(DotFun::of(first, 2), [])),
                MvRegister::from_causal(Causal::delta(DotFun::of(last, 2), [])),
                MvRegister::from_causal(dead(Dot::new('b', 3))),
            ],
        );
        refuses(
            &Tally::new().count('b', 1).unwrap(),
            &[
                Tally::from_causal(Causal::delta(DotFun::of(first, i64::MIN), [])),
                Tally::from_causal(Causal::delta(DotFun::of(Dot::new('a', 1), 1), [])),
            ],
        );
        type Map = AddWinsMap<char, u8, Tally<char>>;
        refuses(
            &Map::new().update(1, |tally| tally.count('b', 1)).unwrap(),
            &[
                Map::from_causal(Causal::delta(DotMap::of(2, DotFun::of(first, 1)), [])),
                Map::from_causal(Causal::delta(DotMap::of(1, DotFun::of(first, 2)), [])),
                Map::from_causal(Causal::delta(DotMap::new(), [Dot::new('c', 1)])),
            ],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// Two correct replicas and one who forges any dots at all: the two end alike, with all that each of them did and the other has not removed, and without a gap.
        #[test]
        fn honest_replicas_converge_beside_a_forger(steps in prop::collection::vec((0_u8..4, 0_u8..6, any::<[u8; 3]>()), 1..60)) {
            let (mut a, mut b) = pair();
            a.admit('x');
            b.admit('x');
            let (mut twin, mut deltas) = (Set::new(), Vec::new());
            for (kind, element, [actor, counter, run]) in steps {
                let one = if kind % 2 == 0 { &mut a } else { &mut b };
                let me = *one.me();
                match kind {
                    0 | 1 if run % 3 == 0 => deltas.push((me, one.update(|set| Ok::<_, ()>(set.remove(&element))).unwrap())),
                    0 | 1 => deltas.push((me, one.update(|set| set.add(me, element)).unwrap())),
                    _ => {
                        let first = Dot::new(['a', 'b', 'z'][usize::from(actor) % 3], u64::from(counter % 8) + 1);
                        let invented = run % 2 == 0;
                        let forged = if invented {
                            Causal::delta(DotTable::of(element, first), [])
                        } else {
                            let counters = first.counter..=first.counter + u64::from(run % 4);
                            Causal::delta(DotTable::new(), counters.map(|counter| Dot::new(first.actor, counter)))
                        };
                        let (forged, before) = (set(forged), one.clone());
                        if one.apply(&'x', &forged).is_err() || invented {
                            prop_assert_eq!(&*one, &before);
                        } else {
                            // It may end what is known here: that is what removing is.
                            deltas.push(('x', forged));
                        }
                    }
                }
            }
            for (from, delta) in deltas.iter().chain(&deltas) {
                twin.join(delta);
                for replica in [&mut a, &mut b] {
                    let _ = replica.apply(from, delta);
                }
            }
            prop_assert_eq!(a.state(), b.state());
            prop_assert_eq!(a.state(), &twin);
            prop_assert_eq!(a.state().context().exceptions().len(), 0);
        }
    }
}
