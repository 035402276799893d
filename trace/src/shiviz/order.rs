use alloc::vec;
use alloc::vec::Vec;

use super::{Contradiction, Entry, Log};

/// A message that the clocks of a log imply: positions of two events at different hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// The event that was heard of.
    pub from: usize,
    /// The event that heard of it.
    pub to: usize,
}

/// The order of the events of a log whose clocks do not contradict each other. Made by [`Log::verify`].
#[derive(Clone, Debug)]
pub struct LogOrder<'l> {
    log: &'l Log,
    /// The events of each host, by their own entries.
    events: Vec<Vec<usize>>,
    messages: Vec<Message>,
}

impl Log {
    /// Whether the clocks can have happened. They can if
    ///
    /// 1. the own entries of each host are 1, 2, 3, …, each once, in whatever order they stand in the log;
    /// 2. every entry of a clock is an event of the log;
    /// 3. an event knows all that the event before it at its host knew;
    /// 4. an event knows all that the events which its clock names knew, and they do not know of it.
    ///
    /// Then *a happened before b* is *b's clock knows of a*, and is the transitive closure of the order at each host and the [messages](LogOrder::messages).
    ///
    /// O((events + messages) × hosts) time, O(events) memory.
    ///
    /// # Errors
    /// [`Contradiction`]: one, with the events that show it.
    pub fn verify(&self) -> Result<LogOrder<'_>, Contradiction> {
        let mut order = LogOrder { log: self, events: self.by_own_entry()?, messages: Vec::new() };
        self.nothing_missing(&order.events)?;
        let mut learned = Vec::new();
        for own in &order.events {
            for (place, &event) in own.iter().enumerate() {
                let entry = &self.entries[event];
                let before = place.checked_sub(1).map(|before| own[before]);
                if let Some(before) = before {
                    self.contains(before, event)?;
                }
                let known = |host| before.map_or(0, |before| self.entries[before].knows(host));
                learned.clear();
                learned.extend(
                    entry
                        .clock
                        .iter()
                        .filter(|(host, count)| *host != entry.host && *count > known(*host))
                        .map(|(host, count)| order.event(*host, *count)),
                );
                // What knows more comes first, so that each that is not covered when its turn comes is covered by none.
                learned.sort_by_key(|&from| {
                    core::cmp::Reverse(self.entries[from].clock.iter().map(|(_, count)| u128::from(*count)).sum::<u128>())
                });
                let mut direct: Vec<usize> = Vec::new();
                for &from in &learned {
                    let Entry { host, .. } = self.entries[from];
                    if direct.iter().any(|&other| self.entries[other].knows(host) >= self.entries[from].own()) {
                        continue;
                    }
                    if self.entries[from].knows(entry.host) >= entry.own() {
                        return Err(Contradiction::Circle { first: from, first_line: self.entries[from].line, event, line: entry.line });
                    }
                    self.contains(from, event)?;
                    direct.push(from);
                }
                order.messages.extend(direct.into_iter().map(|from| Message { from, to: event }));
            }
        }
        order.messages.sort_unstable_by_key(|message| (message.to, message.from));
        Ok(order)
    }

    /// The events of each host in the order of their own entries, which are 1, 2, 3, ….
    fn by_own_entry(&self) -> Result<Vec<Vec<usize>>, Contradiction> {
        let mut events = vec![Vec::new(); self.hosts.len()];
        for (event, entry) in self.entries.iter().enumerate() {
            events[entry.host].push(event);
        }
        for (host, events) in events.iter_mut().enumerate() {
            events.sort_by_key(|&event| self.entries[event].own());
            let mut before: Option<usize> = None;
            for (&event, expected) in events.iter().zip(1..) {
                let Entry { line, .. } = self.entries[event];
                let found = self.entries[event].own();
                if let Some(first) = before.filter(|&before| self.entries[before].own() == found) {
                    let (host, first_line) = (self.hosts[host].clone(), self.entries[first].line);
                    return Err(Contradiction::Twice { host, first, first_line, event, line, own: found });
                }
                if found != expected {
                    return Err(Contradiction::Gap { host: self.hosts[host].clone(), event, line, found, expected });
                }
                before = Some(event);
            }
        }
        Ok(events)
    }

    /// Every entry of every clock is an event.
    fn nothing_missing(&self, events: &[Vec<usize>]) -> Result<(), Contradiction> {
        for (event, entry) in self.entries.iter().enumerate() {
            for &(host, count) in &entry.clock {
                let there = events[host].len() as u64;
                if count > there {
                    return Err(Contradiction::Missing {
                        event,
                        line: entry.line,
                        host: self.hosts[host].clone(),
                        entry: count,
                        events: there,
                    });
                }
            }
        }
        Ok(())
    }

    /// What `cause` knows, `event` knows.
    fn contains(&self, cause: usize, event: usize) -> Result<(), Contradiction> {
        let mut known = self.entries[event].clock.iter().copied().peekable();
        for &(host, lost) in &self.entries[cause].clock {
            while known.next_if(|(other, _)| *other < host).is_some() {}
            let known = known.peek().filter(|(other, _)| *other == host).map_or(0, |(_, count)| *count);
            if known < lost {
                let [cause_line, line] = [cause, event].map(|event| self.entries[event].line);
                return Err(Contradiction::Forgotten { cause, cause_line, event, line, host: self.hosts[host].clone(), lost, known });
            }
        }
        Ok(())
    }
}

impl LogOrder<'_> {
    /// Whether event `a` happened before event `b`; positions in [`Log::entries`]. O(log n) for n hosts. No event happened before itself.
    ///
    /// # Panics
    /// If the log has no such event.
    #[must_use]
    pub fn before(&self, a: usize, b: usize) -> bool {
        let [first, second] = [a, b].map(|event| &self.log.entries[event]);
        a != b && second.knows(first.host) >= first.own()
    }

    /// Whether neither happened before the other, and they are not the same. O(log n).
    ///
    /// # Panics
    /// If the log has no such event.
    #[must_use]
    pub fn concurrent(&self, a: usize, b: usize) -> bool {
        a != b && !self.before(a, b) && !self.before(b, a)
    }

    /// The messages that the clocks imply, by the event that hears, then the event that was heard of.
    ///
    /// A log does not say who sent what. An event *hears of* the latest event of another host that its clock knows and the event before it at its own
    /// host did not. It hears of it *directly*, by a message, unless it hears of another event that knew of it already. So a message is an edge of the
    /// transitive reduction of happened-before between two hosts: the least that must have passed between them. One receipt of several messages
    /// at once counts as several; a message that told nothing new leaves no trace and is not counted.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The events of a host, in their order.
    ///
    /// # Panics
    /// If the log has no such host.
    #[must_use]
    pub fn events_of(&self, host: usize) -> &[usize] {
        &self.events[host]
    }

    /// The event that is this entry of a clock.
    fn event(&self, host: usize, count: u64) -> usize {
        let place = usize::try_from(count - 1).expect("an event of the log is a position in it");
        self.events[host][place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::any_passes;
    use crate::shiviz::{Form, read, write};
    use crate::{HappenedBefore, Trace};
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn log(text: &str) -> Log {
        read(text, Some(Form::OneLine)).unwrap()
    }

    fn contradiction(text: &str) -> Contradiction {
        log(text).verify().unwrap_err()
    }

    fn of_trace(trace: &Trace) -> Log {
        let mut text = String::new();
        write(trace, &mut text).unwrap();
        read(&text, None).unwrap()
    }

    /// The conditions of [`Log::verify`], each asked of every event and every entry, with no short cut.
    fn contradicts(log: &Log) -> bool {
        let entries = log.entries();
        let find = |host: usize, own: u64| entries.iter().find(|entry| entry.host == host && entry.own() == own);
        let counts = |host: usize| entries.iter().filter(|entry| entry.host == host).count() as u64;
        let contains = |cause: &Entry, entry: &Entry| (0..log.hosts().len()).all(|host| cause.knows(host) <= entry.knows(host));
        !entries.iter().all(|entry| {
            let once = entries.iter().filter(|other| other.host == entry.host && other.own() == entry.own()).count() == 1;
            let before = entry.own() == 1 || find(entry.host, entry.own() - 1).is_some_and(|before| contains(before, entry));
            once && entry.own() <= counts(entry.host)
                && before
                && entry.clock.iter().filter(|(host, _)| *host != entry.host).all(|(host, count)| {
                    find(*host, *count).is_some_and(|cause| contains(cause, entry) && cause.knows(entry.host) < entry.own())
                })
        })
    }

    #[test]
    fn contradictory_logs() {
        let a = |name: &str| String::from(name);
        let cases = [
            ("a {\"a\":2} x", Contradiction::Gap { host: a("a"), event: 0, line: 1, found: 2, expected: 1 }),
            ("a {\"a\":1} x\na {\"a\":3} y", Contradiction::Gap { host: a("a"), event: 1, line: 2, found: 3, expected: 2 }),
            ("a {\"a\":1} x\n\na {\"a\":1} y", Contradiction::Twice { host: a("a"), first: 0, first_line: 1, event: 1, line: 3, own: 1 }),
            ("a {\"a\":1, \"b\":2} x\nb {\"b\":1} y", Contradiction::Missing { event: 0, line: 1, host: a("b"), entry: 2, events: 1 }),
            ("a {\"a\":1, \"c\":1} x", Contradiction::Missing { event: 0, line: 1, host: a("c"), entry: 1, events: 0 }),
            (
                "b {\"b\":1} w\na {\"a\":1, \"b\":1} x\na {\"a\":2} y",
                Contradiction::Forgotten { cause: 1, cause_line: 2, event: 2, line: 3, host: a("b"), lost: 1, known: 0 },
            ),
            (
                "c {\"c\":1} v\nb {\"b\":1, \"c\":1} w\na {\"a\":1, \"b\":1} x",
                Contradiction::Forgotten { cause: 1, cause_line: 2, event: 2, line: 3, host: a("c"), lost: 1, known: 0 },
            ),
            ("a {\"a\":1, \"b\":1} x\nb {\"a\":1, \"b\":1} y", Contradiction::Circle { first: 1, first_line: 2, event: 0, line: 1 }),
        ];
        for (text, expected) in cases {
            assert_eq!(contradiction(text), expected, "{text}");
            assert!(contradicts(&log(text)), "{text}");
        }
        let sentence = contradiction("b {\"b\":1} y\na {\"a\":1, \"b\":5} x").to_string();
        assert_eq!(sentence, "line 2: the clock knows of event 5 of b, which has 1");
    }

    /// The events of a host may stand in the log in any order.
    #[test]
    fn a_log_need_not_be_sorted() {
        let log = log("a {\"a\":2, \"b\":1} late\nb {\"b\":1} y\na {\"a\":1} early");
        let order = log.verify().unwrap();
        assert_eq!(order.events_of(0), [2, 0]);
        assert!(order.before(2, 0) && order.before(1, 0) && order.concurrent(1, 2));
        assert_eq!(order.messages(), [Message { from: 1, to: 0 }]);
    }

    /// c hears of b, and through it of a: one message. d hears of a and of b, of which neither knew the other: two.
    #[test]
    fn what_is_known_through_another_is_no_message() {
        let log = log(
            "a {\"a\":1} 0\nb {\"a\":1, \"b\":1} 1\nc {\"a\":1, \"b\":1, \"c\":1} 2\nb {\"a\":1, \"b\":2} 3\nc {\"a\":1, \"b\":1, \"c\":2} 4\nd {\"a\":1, \"b\":2, \"c\":2, \"d\":1} 5",
        );
        let messages: Vec<(usize, usize)> = log.verify().unwrap().messages().iter().map(|message| (message.from, message.to)).collect();
        assert_eq!(messages, [(0, 1), (1, 2), (3, 5), (4, 5)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Order at each host and messages, closed transitively, are the order of the clocks; and no message follows from the rest.
        #[test]
        fn messages_are_the_least_that_explains_the_order(trace in any_passes()) {
            prop_assume!(!trace.events.is_empty());
            let log = of_trace(&trace);
            prop_assert!(!contradicts(&log));
            let order = log.verify().unwrap();
            let truth = HappenedBefore::of(&trace).unwrap();
            let count = trace.events.len();
            let reach = |without: Option<usize>| {
                let mut reaches = vec![vec![false; count]; count];
                for host in 0..log.hosts().len() {
                    for pair in order.events_of(host).windows(2) {
                        reaches[pair[0]][pair[1]] = true;
                    }
                }
                for (place, message) in order.messages().iter().enumerate() {
                    reaches[message.from][message.to] |= Some(place) != without;
                }
                for middle in 0..count {
                    let onward = reaches[middle].clone();
                    for row in reaches.iter_mut().filter(|row| row[middle]) {
                        row.iter_mut().zip(&onward).for_each(|(reached, further)| *reached |= further);
                    }
                }
                reaches
            };
            let reaches = reach(None);
            for (a, row) in reaches.iter().enumerate() {
                for (b, reached) in row.iter().enumerate() {
                    prop_assert_eq!(*reached, truth.before(a, b));
                    prop_assert_eq!(order.before(a, b), truth.before(a, b));
                }
            }
            for (place, message) in order.messages().iter().enumerate() {
                prop_assert!(!reach(Some(place))[message.from][message.to], "{:?} follows from the rest", message);
            }
        }

        /// A good log with one entry changed: the fast check says what the plain one says.
        #[test]
        fn one_entry_changed(trace in any_passes(), at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), count in 0..6_u64) {
            prop_assume!(!trace.events.is_empty());
            let mut log = of_trace(&trace);
            let host = which.index(log.hosts.len());
            let event = at.index(log.entries.len());
            let entry = &mut log.entries[event];
            prop_assume!(host != entry.host || count > 0);
            entry.clock.retain(|(other, _)| *other != host);
            if count > 0 {
                let place = entry.clock.partition_point(|(other, _)| *other < host);
                entry.clock.insert(place, (host, count));
            }
            prop_assert_eq!(log.verify().is_err(), contradicts(&log));
        }
    }
}
