//! Replicas of a text that forget what is stable, beside texts that never forget, and what liars send them.

use arbitrary::Unstructured;
use tidings_clocks::{Dot, EventStamp, Rank, Stability, VectorClock};
use tidings_crdt::pure::{Limits, Rejected, Stamped};
use tidings_crdt::{Expand, Origins, Text, TextDelta, TextRange, TextReplica, TextRun};

use crate::texts::{LIMIT, sealed};

const MEMBERS: usize = 3;

type Operation = Stamped<TextDelta<Rank>>;

struct Member {
    replica: TextReplica,
    twin: Text<Rank>,
    known: Stability,
}

enum Sent {
    Edit(Operation),
    Known(Rank, VectorClock),
}

/// What can be seen of a replica is what it would be if it never forgot anything; and a lie changes nothing, or does no harm to who sent it no lies.
pub(crate) fn text_pruned(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let member = |me| Member {
        replica: TextReplica::new(Rank::new(me), MEMBERS, Limits::default()).expect("a member"),
        twin: Text::new(),
        known: Stability::new(MEMBERS),
    };
    let mut members: Vec<Member> = (0..MEMBERS).map(member).collect();
    let mut log = Vec::new();
    let _ = live(&mut input, &mut members, &mut log);
    while members.iter_mut().any(|member| log.iter().any(|sent| member.hear(sent))) {}
    let last = members[0].twin.clone();
    for member in &mut members {
        assert_eq!(member.twin, last);
        member.replica.prune();
        member.check();
    }
}

fn live(input: &mut Unstructured<'_>, members: &mut [Member], log: &mut Vec<Sent>) -> arbitrary::Result<()> {
    while !input.is_empty() && log.len() < 200 {
        let member = &mut members[input.choose_index(MEMBERS)?];
        match input.int_in_range(0..=7)? {
            0..=2 => log.push(Sent::Edit(member.edit(input)?)),
            3 => log.push(Sent::Known(member.replica.me(), member.replica.delivered().clone())),
            4 => {
                let me = member.replica.me();
                member.known.learn(me, member.replica.delivered()).expect("a member");
                member.replica.stabilise(&member.known.stable()).expect("it was delivered");
                member.replica.prune();
            }
            5 => member.hear_a_lie(input)?,
            _ if !log.is_empty() => drop(member.hear(&log[input.choose_index(log.len())?])),
            _ => {}
        }
        member.check();
    }
    Ok(())
}

impl Member {
    fn edit(&mut self, input: &mut Unstructured<'_>) -> arbitrary::Result<Operation> {
        let length = self.replica.len();
        let start = input.int_in_range(0..=length)?;
        let end = (start + input.int_in_range(0..=4)?).min(length);
        let operation = if input.ratio(1_u8, 16)? {
            self.replica.mark(start..end, "bold", "yes", Expand::After)
        } else {
            self.replica.splice(start..end, ["", "a", "bc", "d\u{e9}\u{1f600}"][input.choose_index(4)?])
        };
        let operation = operation.expect("in range");
        self.twin.apply(&operation.operation).expect("it was made here");
        Ok(operation)
    }

    /// Takes in what can be taken in now. Says whether that was news.
    fn hear(&mut self, sent: &Sent) -> bool {
        match sent {
            Sent::Known(from, clock) => {
                // Only once all that its sender made before has come.
                self.replica.delivered().entry(*from) >= clock.entry(*from) && self.known.learn(*from, clock).expect("a member")
            }
            Sent::Edit(operation) => match self.replica.deliver(operation.clone()) {
                Ok(()) => {
                    self.twin.apply(&operation.operation).expect("it came in causal order");
                    self.known.learn(operation.stamp.rank(), operation.stamp.clock()).expect("a member");
                    true
                }
                Err(refused) => {
                    let is_due = matches!(refused.why, Rejected::Early { .. } | Rejected::Duplicate { .. });
                    assert!(is_due, "{}", refused.why);
                    false
                }
            },
        }
    }

    /// What another member could say, with the right stamp: refused without a trace, or taken, to the liar's own harm.
    fn hear_a_lie(&self, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        let mut liar = Rank::new(input.choose_index(MEMBERS)?);
        if liar == self.replica.me() {
            liar = Rank::new((liar.index() + 1) % MEMBERS);
        }
        let mut clock = self.replica.delivered().clone();
        clock.tick(liar).expect("few operations");
        let mut dot = || Ok(Dot::new(Rank::new(input.choose_index(MEMBERS)?), input.int_in_range(0..=40)?));
        let (left, right, gone) = (dot()?, dot()?, dot()?);
        let origins = match input.choose_index(5)? {
            0 => Origins::Typed,
            1 => Origins::Between { left: None, right: Some(right) },
            2 => Origins::Between { left: Some(left), right: None },
            _ => Origins::Between { left: Some(left), right: Some(right) },
        };
        let runs = input.ratio(2_u8, 3)?.then(|| TextRun::new(Dot::new(liar, self.twin.known(&liar) + 1), origins, "lie"));
        let removed = input.ratio(1_u8, 3)?.then_some(TextRange { first: gone, length: input.int_in_range(0..=40)? });
        let operation =
            Stamped { stamp: EventStamp::new(liar, clock).expect("just counted"), operation: TextDelta::from_parts(runs, removed) };
        let mut victim = self.replica.clone();
        if victim.deliver(operation).is_err() {
            assert_eq!(victim.to_string(), self.replica.to_string());
        }
        let end = victim.len();
        victim.splice(end..end, "still here").expect("in range");
        let frontier = victim.delivered().clone();
        victim.stabilise(&frontier).expect("delivered");
        victim.prune();
        assert!(victim.to_string().ends_with("still here"));
        Ok(())
    }

    fn check(&self) {
        assert_eq!(self.replica.to_string(), self.twin.to_string());
        assert_eq!(self.replica.marked_ranges(), self.twin.marked_ranges());
    }
}

/// Any bytes as a saved replica: refused, or one that is saved as these bytes, that goes on, and that another member's copy keeps up with.
pub(crate) fn text_replica_document(bytes: &[u8]) {
    let _ = TextReplica::load(bytes, Limits::default(), LIMIT);
    let document = sealed(4, bytes);
    let Ok(mut replica) = TextReplica::load(&document, Limits::default(), LIMIT) else { return };
    assert_eq!(replica.save(), document, "a replica has one form");
    let stats = replica.stats();
    assert!(stats.reserved_bytes <= 200 * bytes.len() + 4_096, "{} bytes for {}", stats.reserved_bytes, bytes.len());
    let shown = replica.to_string();
    replica.prune();
    assert_eq!(replica.to_string(), shown);
    let frontier = replica.delivered().clone();
    replica.stabilise(&frontier).expect("all of it is delivered");
    replica.prune();
    assert_eq!(replica.to_string(), shown);
    let members = (0..8).map(Rank).filter(|rank| *rank != replica.me());
    let Some(mut other) = members.filter_map(|rank| replica.fork(rank).ok()).next() else { return };
    let end = replica.len().min(3);
    // Characters may be as many as can be counted; then nothing more can be typed.
    if let Ok(edit) = replica.splice(end / 2..end, "more") {
        assert_eq!(other.deliver(edit), Ok(()));
        assert_eq!(other.to_string(), replica.to_string());
    }
}
