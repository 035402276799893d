/// One recorded event: a commit, or a transaction of an editing trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedEvent {
    /// What it was made on top of, by index; each is smaller than the event's own. Empty at a root.
    pub parents: Vec<usize>,
    /// When its maker's clock said it was made, in milliseconds since 1970; `None` if that is not recorded.
    pub millis: Option<i64>,
    /// Who made it, where the recording numbers its writers. Events of two writers never share a chain.
    pub writer: Option<u32>,
}

/// Why a list of events is no history.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAHistory {
    /// Nothing happened.
    #[error("there is no event")]
    Empty,
    /// A parent must come earlier in the list than its child.
    #[error("parent {parent} of event {event} does not come before it")]
    ParentNotBefore {
        /// The child.
        event: usize,
        /// What it names as its parent.
        parent: usize,
    },
    /// The same parent twice.
    #[error("event {event} names parent {parent} twice")]
    ParentTwice {
        /// The child.
        event: usize,
        /// What it names twice.
        parent: usize,
    },
    /// Events are numbered in 32 bits.
    #[error("{events} events are more than {limit}", limit = u32::MAX)]
    TooLong {
        /// How many there were.
        events: usize,
    },
}

/// Recorded work as a graph: which event was made on top of which. Parents stand before their children.
#[derive(Clone, Debug)]
pub struct History {
    events: Vec<RecordedEvent>,
    children: Vec<Vec<usize>>,
}

impl History {
    /// Takes events in topological order. O(events + edges).
    ///
    /// # Errors
    /// [`NotAHistory`] names the first event that is out of place.
    pub fn new(events: Vec<RecordedEvent>) -> Result<Self, NotAHistory> {
        if events.is_empty() {
            return Err(NotAHistory::Empty);
        }
        if u32::try_from(events.len()).is_err() {
            return Err(NotAHistory::TooLong { events: events.len() });
        }
        let mut children = vec![Vec::new(); events.len()];
        for (event, recorded) in events.iter().enumerate() {
            for (place, &parent) in recorded.parents.iter().enumerate() {
                if parent >= event {
                    return Err(NotAHistory::ParentNotBefore { event, parent });
                }
                if recorded.parents[..place].contains(&parent) {
                    return Err(NotAHistory::ParentTwice { event, parent });
                }
                children[parent].push(event);
            }
        }
        Ok(Self { events, children })
    }

    /// How many events there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a history is never empty")]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// All events, parents before children.
    #[must_use]
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// What `event` was made on top of.
    #[must_use]
    pub fn parents(&self, event: usize) -> &[usize] {
        &self.events[event].parents
    }

    /// What was made on top of `event`.
    #[must_use]
    pub fn children(&self, event: usize) -> &[usize] {
        &self.children[event]
    }

    /// Events that nothing was made on top of.
    pub fn heads(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&event| self.children[event].is_empty())
    }

    /// Events that were made on top of nothing.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&event| self.events[event].parents.is_empty())
    }

    /// Events with more than one parent.
    pub fn merges(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&event| self.events[event].parents.len() > 1)
    }

    /// How many edges the graph has.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.events.iter().map(|event| event.parents.len()).sum()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A history given by parents alone.
    pub(crate) fn history(parents: &[&[usize]]) -> History {
        let events = parents.iter().map(|parents| RecordedEvent { parents: parents.to_vec(), ..RecordedEvent::default() });
        History::new(events.collect()).unwrap()
    }

    /// A random history of `events` events: mostly one parent among the `near` latest, sometimes none, two or three.
    pub(crate) fn random(seed: u64, events: usize, near: usize) -> History {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut below = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % n
        };
        let mut recorded: Vec<RecordedEvent> = Vec::new();
        for event in 0..events {
            let wanted = [1, 1, 1, 1, 1, 2, 2, 3, 0][below(9)].min(event).max(usize::from(event > 0 && below(8) > 0));
            let mut parents = Vec::new();
            for _ in 0..wanted {
                let parent = event - 1 - below(near.min(event));
                if !parents.contains(&parent) {
                    parents.push(parent);
                }
            }
            recorded.push(RecordedEvent { parents, ..RecordedEvent::default() });
        }
        History::new(recorded).unwrap()
    }

    #[test]
    fn children_are_the_other_side_of_parents() {
        let history = history(&[&[], &[0], &[0], &[], &[2, 1, 3]]);
        assert_eq!(history.children(0), [1, 2]);
        assert_eq!(history.heads().collect::<Vec<_>>(), [4]);
        assert_eq!(history.roots().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(history.merges().collect::<Vec<_>>(), [4]);
        assert_eq!(history.edges(), 5);
    }

    #[test]
    fn no_history_of_nothing_or_with_a_parent_that_comes_later() {
        let event = |parents: &[usize]| RecordedEvent { parents: parents.to_vec(), ..RecordedEvent::default() };
        assert_eq!(History::new(vec![]).unwrap_err(), NotAHistory::Empty);
        assert_eq!(History::new(vec![event(&[0])]).unwrap_err(), NotAHistory::ParentNotBefore { event: 0, parent: 0 });
        assert_eq!(History::new(vec![event(&[]), event(&[7])]).unwrap_err(), NotAHistory::ParentNotBefore { event: 1, parent: 7 });
        assert_eq!(History::new(vec![event(&[]), event(&[0, 0])]).unwrap_err(), NotAHistory::ParentTwice { event: 1, parent: 0 });
    }
}
