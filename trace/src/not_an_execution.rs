use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;

use tidings_clocks::Rank;

use crate::{MessageId, Trace, What};

/// Why a trace is no record of an execution. Events are named by their positions.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnExecution {
    /// An event names a process that did not take part.
    #[error("event {event} names {process}, but there are {processes} processes")]
    NoSuchProcess {
        /// Which event.
        event: usize,
        /// The process it names.
        process: Rank,
        /// How many there are.
        processes: usize,
    },
    /// The world's clock runs back.
    #[error("event {event} is earlier than the one before it")]
    TimeRunsBack {
        /// The event with the earlier time.
        event: usize,
    },
    /// A process does something while it is crashed.
    #[error("event {event} happens at a process that crashed at event {crash} and has not restarted")]
    AfterCrash {
        /// What it does.
        event: usize,
        /// Where it crashed.
        crash: usize,
    },
    /// A process restarts that has not crashed.
    #[error("event {event} restarts a process that has not crashed")]
    NotCrashed {
        /// The restart.
        event: usize,
    },
    /// A process broadcasts a message whose origin is another.
    #[error("event {event} broadcasts {message} at {process}, which is not its origin")]
    NotItsOrigin {
        /// The broadcast.
        event: usize,
        /// What it broadcasts.
        message: MessageId,
        /// Where.
        process: Rank,
    },
    /// The same message is broadcast twice.
    #[error("event {again} broadcasts what event {first} has broadcast")]
    BroadcastTwice {
        /// The first broadcast.
        first: usize,
        /// The second.
        again: usize,
    },
    /// The same packet is sent twice.
    #[error("event {again} sends what event {first} has sent")]
    SentTwice {
        /// The first sending.
        first: usize,
        /// The second.
        again: usize,
    },
    /// A packet is received that nobody has sent yet.
    #[error("event {event} receives packet {packet}, which nobody has sent")]
    NeverSent {
        /// The receipt.
        event: usize,
        /// The packet's number.
        packet: u64,
    },
    /// A packet is received by another process than it was sent to, or from another than sent it.
    #[error("event {receive} does not receive packet {packet} as event {send} sent it")]
    Astray {
        /// The sending.
        send: usize,
        /// The receipt.
        receive: usize,
        /// The packet's number.
        packet: u64,
    },
}

impl Trace {
    /// Whether this can be a record of an execution: what every world that records honestly keeps to. O(e log e) for e events.
    ///
    /// The checkers do not need it, but what they say of a trace that is no execution means little.
    ///
    /// # Errors
    /// [`NotAnExecution`] for the first event that cannot have happened.
    pub fn verify(&self) -> Result<(), NotAnExecution> {
        let mut crashed: BTreeMap<Rank, usize> = BTreeMap::new();
        let mut broadcast: BTreeMap<MessageId, usize> = BTreeMap::new();
        let mut sent: BTreeMap<u64, (usize, Rank, Rank)> = BTreeMap::new();
        let mut now = None;
        for (event, happened) in self.events.iter().enumerate() {
            let process = happened.process;
            let named = match happened.what {
                What::Broadcast(id) | What::Deliver(id) | What::Stable(id) => id.origin,
                What::Send { to: other, .. } | What::Receive { from: other, .. } | What::Exclude(other) => other,
                What::Crash | What::Restart | What::Internal(_) | What::Install(_) => process,
            };
            if let Some(process) = [process, named].into_iter().find(|process| process.index() >= self.processes) {
                return Err(NotAnExecution::NoSuchProcess { event, process, processes: self.processes });
            }
            if now.replace(happened.time).is_some_and(|before| happened.time < before) {
                return Err(NotAnExecution::TimeRunsBack { event });
            }
            match (happened.what, crashed.get(&process)) {
                (What::Restart, None) => return Err(NotAnExecution::NotCrashed { event }),
                (What::Restart, Some(_)) => {
                    crashed.remove(&process);
                }
                (_, Some(&crash)) => return Err(NotAnExecution::AfterCrash { event, crash }),
                (What::Crash, None) => {
                    crashed.insert(process, event);
                }
                (What::Broadcast(message), None) => {
                    if message.origin != process {
                        return Err(NotAnExecution::NotItsOrigin { event, message, process });
                    }
                    if let Some(first) = broadcast.insert(message, event) {
                        return Err(NotAnExecution::BroadcastTwice { first, again: event });
                    }
                }
                (What::Send { packet, to }, None) => match sent.entry(packet) {
                    Entry::Occupied(first) => return Err(NotAnExecution::SentTwice { first: first.get().0, again: event }),
                    Entry::Vacant(vacant) => {
                        vacant.insert((event, process, to));
                    }
                },
                (What::Receive { packet, from }, None) => match sent.get(&packet) {
                    None => return Err(NotAnExecution::NeverSent { event, packet }),
                    Some(&(send, sender, to)) if (sender, to) != (from, process) => {
                        return Err(NotAnExecution::Astray { send, receive: event, packet });
                    }
                    Some(_) => {}
                },
                (What::Deliver(_) | What::Exclude(_) | What::Internal(_) | What::Stable(_) | What::Install(_), None) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_clocks::Time;

    const ID: MessageId = MessageId { origin: Rank(0), number: 1 };

    fn trace(events: &[(u32, What)]) -> Trace {
        let mut trace = Trace::new(2);
        for (process, what) in events {
            trace.push(Time::ZERO, Rank(*process), *what);
        }
        trace
    }

    #[test]
    fn an_execution_with_a_crash_and_a_duplicated_packet() {
        let packet = What::Receive { packet: 3, from: Rank(0) };
        let all = [
            (0, What::Broadcast(ID)),
            (0, What::Send { packet: 3, to: Rank(1) }),
            (1, packet),
            (1, packet),
            (1, What::Deliver(ID)),
            (0, What::Crash),
            (1, What::Exclude(Rank(0))),
            (0, What::Restart),
            (0, What::Internal(9)),
        ];
        assert_eq!(trace(&all).verify(), Ok(()));
    }

    #[test]
    fn what_cannot_have_happened() {
        let send = (0, What::Send { packet: 3, to: Rank(1) });
        let receive = |process, from| (process, What::Receive { packet: 3, from: Rank(from) });
        let cases: &[(&[(u32, What)], NotAnExecution)] = &[
            (&[(2, What::Crash)], NotAnExecution::NoSuchProcess { event: 0, process: Rank(2), processes: 2 }),
            (&[(0, What::Exclude(Rank(7)))], NotAnExecution::NoSuchProcess { event: 0, process: Rank(7), processes: 2 }),
            (&[(0, What::Crash), (0, What::Internal(1))], NotAnExecution::AfterCrash { event: 1, crash: 0 }),
            (&[(0, What::Crash), (0, What::Crash)], NotAnExecution::AfterCrash { event: 1, crash: 0 }),
            (&[(0, What::Restart)], NotAnExecution::NotCrashed { event: 0 }),
            (&[(1, What::Broadcast(ID))], NotAnExecution::NotItsOrigin { event: 0, message: ID, process: Rank(1) }),
            (&[(0, What::Broadcast(ID)), (0, What::Broadcast(ID))], NotAnExecution::BroadcastTwice { first: 0, again: 1 }),
            (&[send, send], NotAnExecution::SentTwice { first: 0, again: 1 }),
            (&[receive(1, 0), send], NotAnExecution::NeverSent { event: 0, packet: 3 }),
            (&[send, receive(0, 0)], NotAnExecution::Astray { send: 0, receive: 1, packet: 3 }),
            (&[send, receive(1, 1)], NotAnExecution::Astray { send: 0, receive: 1, packet: 3 }),
        ];
        for (events, why) in cases {
            assert_eq!(trace(events).verify(), Err(*why), "{events:?}");
        }
        let mut back = trace(&[(0, What::Internal(1))]);
        back.events[0].time = Time::from_millis(1);
        back.push(Time::ZERO, Rank(1), What::Internal(1));
        assert_eq!(back.verify(), Err(NotAnExecution::TimeRunsBack { event: 1 }));
    }
}
