//! Recovery is replay: whatever was persisted before a crash, at whichever effect it came, is there after it.

use tidings_protocol::{Effect, Effects, Outbox, Protocol, Rank, Recover, Refused, Time, To};

/// The acceptor of single-decree Paxos (Lamport, *Paxos Made Simple*, 2001, section 2.2), in as far as a promise must survive a crash.
#[derive(Clone, Debug, Default, PartialEq)]
struct Acceptor {
    promised: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum Message {
    Prepare(u64),
    Promise(u64),
}

impl Protocol for Acceptor {
    type Request = std::convert::Infallible;
    type Message = Message;
    type Indication = u64;
    type Record = u64;
    type Refused = std::convert::Infallible;
    type Rejected = &'static str;

    fn request(
        &mut self,
        _: Time,
        request: Self::Request,
        _: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Self::Request, Self::Refused>> {
        match request {}
    }

    fn receive(&mut self, _: Time, from: Rank, message: Message, effects: &mut impl Effects<Self>) -> Result<(), &'static str> {
        let Message::Prepare(ballot) = message else { return Err("an acceptor hears no promises") };
        if ballot > self.promised {
            self.promised = ballot;
            effects.persist(ballot);
            effects.send(To::One(from), Message::Promise(ballot));
        }
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl Recover for Acceptor {
    type Snapshot = u64;

    fn snapshot(&self) -> u64 {
        self.promised
    }

    fn restore(promised: u64) -> Self {
        Self { promised }
    }

    fn apply(&mut self, record: u64) {
        self.promised = record;
    }
}

/// A crash between any two effects: the process comes back from snapshot and records, and never goes back on a promise that left it.
#[test]
fn a_promise_that_was_sent_survives_a_crash_at_any_effect() {
    let ballots = [3, 1, 5, 4, 9];
    let effects_in_all = 6;
    for snapshot_after in 0..=ballots.len() {
        for crash_at in 0..=effects_in_all {
            let mut acceptor = Acceptor::default();
            let (mut snapshot, mut records, mut sent, mut carried_out) = (acceptor.snapshot(), Vec::new(), 0, 0);
            'life: for (index, ballot) in ballots.into_iter().enumerate() {
                let mut outbox = Outbox::new();
                acceptor.receive(Time::ZERO, Rank(0), Message::Prepare(ballot), &mut outbox).unwrap();
                for effect in outbox.drain() {
                    if carried_out == crash_at {
                        break 'life;
                    }
                    carried_out += 1;
                    match effect {
                        Effect::Persist(record) => records.push(record),
                        Effect::Send { message: Message::Promise(ballot), .. } => sent = ballot,
                        other => panic!("an acceptor does not {other:?}"),
                    }
                }
                if index + 1 == snapshot_after {
                    snapshot = acceptor.snapshot();
                    records.clear();
                }
            }
            let mut again = Acceptor::restore(snapshot);
            records.into_iter().for_each(|record| again.apply(record));
            assert!(again.promised >= sent, "promised {sent}, came back with {}", again.promised);
            if carried_out == effects_in_all {
                assert_eq!(again, Acceptor { promised: 9 });
            }
        }
    }
}
