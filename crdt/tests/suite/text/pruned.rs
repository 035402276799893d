//! Replicas of a text that forget what is stable, beside ones that never forget.

use std::collections::VecDeque;

use tidings_clocks::{Dot, Rank, Stability, VectorClock};
use tidings_crdt::pure::{Limits, Rejected, Stamped};
use tidings_crdt::{Expand, Origins, Text, TextDelta, TextError, TextRange, TextReplica, TextRun};

use crate::text::random::Dice;

type Operation = Stamped<TextDelta<Rank>>;

/// What goes from one member to another, in this order.
#[derive(Clone)]
pub(crate) enum Sent {
    Edit(Operation),
    /// What the sender has delivered.
    Known(VectorClock),
}

/// One member: its replica, its text if it had never forgotten anything, and what it knows of what the others know.
pub(crate) struct Member {
    pub(crate) replica: TextReplica,
    pub(crate) twin: Text<Rank>,
    known: Stability,
    /// From each other member.
    inbox: Vec<VecDeque<Sent>>,
    cursor: usize,
}

pub(crate) fn members(count: usize) -> Vec<Member> {
    let member = |me| Member {
        replica: TextReplica::new(Rank::new(me), count, Limits::default()).expect("a member"),
        twin: Text::new(),
        known: Stability::new(count),
        inbox: vec![VecDeque::new(); count],
        cursor: 0,
    };
    (0..count).map(member).collect()
}

impl Member {
    /// Types, goes on typing, erases, replaces, marks.
    fn edit(&mut self, dice: &mut Dice) -> Operation {
        let len = self.replica.len();
        self.cursor = self.cursor.min(len);
        let at = if dice.roll(3) > 0 { self.cursor } else { dice.roll(len + 1) };
        let gone = match dice.roll(6) {
            0 => at..at + dice.roll(len - at + 1).min(8),
            1 | 2 => at.saturating_sub(1 + dice.roll(3))..at,
            _ => at..at,
        };
        let operation = if dice.roll(24) == 0 {
            match dice.roll(3) {
                0 => self.replica.unmark(gone.clone(), "bold", Expand::After),
                kind => self.replica.mark(gone.clone(), "bold", "yes", [Expand::Both, Expand::After][kind - 1]),
            }
        } else {
            let typed = if gone.is_empty() || dice.roll(4) == 0 { 1 + dice.roll(4) } else { 0 };
            let typed: String = (0..typed).map(|_| ['a', 'b', 'é', '🦀'][dice.roll(4)]).collect();
            self.cursor = gone.start + typed.chars().count();
            self.replica.splice(gone, &typed)
        };
        let operation = operation.expect("in range");
        self.twin.apply(&operation.operation).expect("it is its own");
        operation
    }

    /// Takes in what comes next from a member, if that can be taken now.
    fn hear(&mut self, from: usize) -> bool {
        match self.inbox[from].pop_front() {
            None => return false,
            Some(Sent::Known(clock)) => drop(self.known.learn(Rank::new(from), &clock).expect("a member")),
            Some(Sent::Edit(operation)) => match self.replica.deliver(operation.clone()) {
                Ok(()) => {
                    self.twin.apply(&operation.operation).expect("what it builds on has come");
                    self.known.learn(Rank::new(from), operation.stamp.clock()).expect("a member");
                }
                Err(refused) => {
                    assert!(matches!(refused.why, Rejected::Early { .. }), "{}", refused.why);
                    self.inbox[from].push_front(Sent::Edit(refused.request));
                    return false;
                }
            },
        }
        true
    }

    fn stabilise(&mut self) {
        let me = self.replica.me();
        self.known.learn(me, self.replica.delivered()).expect("a member");
        self.replica.stabilise(&self.known.stable()).expect("it was delivered");
    }

    pub(crate) fn check(&self, seed: u64) {
        assert_eq!(self.replica.to_string(), self.twin.to_string(), "seed {seed}");
        assert!((0..self.twin.len()).all(|at| self.replica.dot_at(at) == self.twin.dot_at(at)), "seed {seed}");
        assert_eq!(self.replica.marked_ranges(), self.twin.marked_ranges(), "seed {seed}");
    }
}

fn send(members: &mut [Member], from: usize, sent: &Sent) {
    for (_, member) in members.iter_mut().enumerate().filter(|(to, _)| *to != from) {
        member.inbox[from].push_back(sent.clone());
    }
}

/// Everybody hears everything, and that everybody did.
pub(crate) fn settle(members: &mut [Member]) {
    let count = members.len();
    for round in 0..2 {
        while (0..count).any(|to| (0..count).any(|from| members[to].hear(from))) {}
        for from in (0..count).filter(|_| round == 0) {
            let known = Sent::Known(members[from].replica.delivered().clone());
            send(members, from, &known);
        }
    }
    for member in members {
        assert!(member.inbox.iter().all(VecDeque::is_empty));
        member.stabilise();
    }
}

/// Some members of whom the last prunes now and then, the others more often, and the first never.
pub(crate) fn run(seed: u64, count: usize, steps: usize) -> Vec<Member> {
    let mut dice = Dice(seed);
    let mut members = members(count);
    let typing = 1 + dice.roll(4);
    go_on(&mut members, &mut dice, typing, steps, seed);
    members
}

/// The same members go on for so many steps.
pub(crate) fn go_on(members: &mut [Member], dice: &mut Dice, typing: usize, steps: usize, seed: u64) {
    let count = members.len();
    for _ in 0..steps {
        let me = dice.roll(count);
        match dice.roll(typing + 6) {
            0 => {
                let known = Sent::Known(members[me].replica.delivered().clone());
                send(members, me, &known);
            }
            1 if me > 0 => {
                members[me].stabilise();
                if me + 1 < count || dice.roll(4) == 0 {
                    members[me].replica.prune();
                }
            }
            choice if choice < 2 + typing => {
                let operation = members[me].edit(dice);
                send(members, me, &Sent::Edit(operation));
            }
            _ => {
                let from = dice.roll(count);
                members[me].hear(from);
            }
        }
        members[me].check(seed);
    }
}

/// Whatever is typed, deleted and marked where and whenever, whoever prunes how much how often: each shows what it would if nothing were ever pruned. Once all is stable, what is kept is
/// twice what is visible at most.
#[test]
fn pruning_changes_nothing_that_can_be_seen() {
    let (mut pruned, mut unstable) = (0, 0);
    for seed in 0..1_200 {
        let count = 3 + usize::try_from(seed % 2).expect("small");
        let mut members = run(seed, count, 120);
        for member in &mut members[1..] {
            unstable += member.replica.unstable();
            pruned += member.replica.prune();
            member.check(seed);
        }
        settle(&mut members);
        for member in &mut members {
            member.check(seed);
            pruned += member.replica.prune();
            member.check(seed);
            is_small(&member.replica, member.twin.marks().count());
            assert_eq!(member.replica.prune(), 0, "seed {seed}: nothing more is gone");
        }
        for member in &members[1..] {
            assert_eq!(member.twin, members[0].twin, "seed {seed}");
            assert_eq!(member.replica.stats().characters, members[0].replica.stats().characters, "seed {seed}: whoever pruned when");
        }
    }
    assert!(pruned > 20_000 && unstable > 10_000, "much is pruned, and much while things are under way: {pruned}, {unstable}");
}

/// Longer runs, in which leaves and nodes split, and spans reach their length.
#[test]
fn pruning_changes_nothing_in_long_texts() {
    for seed in 0..4 {
        let mut members = run(seed, 3, 3_000);
        settle(&mut members);
        for member in &mut members {
            member.replica.prune();
            member.check(seed);
            is_small(&member.replica, member.twin.marks().count());
        }
    }
}

/// After stability, for v visible characters and m marks: 2 v + 4 m + 1 characters and as many spans at most; and two clocks of one number for each replica.
fn is_small(replica: &TextReplica, marks: usize) {
    let stats = replica.stats();
    let most = 2 * stats.visible + 4 * marks + 1;
    assert_eq!((replica.unstable(), stats.marks), (0, marks));
    assert!(stats.characters <= most && stats.spans <= most, "{stats:?}");
    let clocks = size_of_val(replica.delivered().entries()) + size_of_val(replica.stable().entries());
    assert!(clocks <= 2 * size_of::<u64>() * 4);
}

/// A text that is typed and deleted over and over stays as small as what is visible of it.
#[test]
fn metadata_after_stability_is_that_of_what_is_visible() {
    let mut members = members(3);
    let mut dice = Dice(1);
    for round in 0..40 {
        for me in 0..3 {
            for _ in 0..20 {
                let len = members[me].replica.len();
                let at = dice.roll(len + 1);
                let gone = if len > 150 { at..at + (len - at).min(12) } else { at..at };
                let operation = members[me].replica.splice(gone, "abc").expect("in range");
                members[me].twin.apply(&operation.operation).expect("its own");
                send(&mut members, me, &Sent::Edit(operation));
            }
        }
        settle(&mut members);
        for member in &mut members {
            member.replica.prune();
            member.check(round);
            is_small(&member.replica, 0);
        }
    }
    let stats = members[0].replica.stats();
    let all = members[0].twin.stats();
    println!(
        "{} visible of {}: {} kept in {} spans, {} bytes; unpruned {} spans, {} bytes",
        stats.visible, all.characters, stats.characters, stats.spans, stats.reserved_bytes, all.spans, all.reserved_bytes
    );
    assert!(all.characters > 5_000);
    assert!(stats.reserved_bytes <= 160 * (stats.visible + 3), "{stats:?}");
}

/// Who is away while the others go on and prune is told so, by each way there is, and begins anew with what another one knows.
#[test]
fn who_was_away_is_told() {
    let mut members = members(3);
    let hello = members[0].replica.splice(0..0, "Hello world").expect("in range");
    members[1].replica.deliver(hello.clone()).expect("in order");
    members[2].replica.deliver(hello).expect("in order");
    // The third is away from here on, and types into what the others delete.
    let inside = members[2].replica.splice(8..8, "!").expect("in range");
    let beside = members[2].replica.splice(0..0, "?").expect("in range");
    let gone = members[0].replica.splice(5..11, "").expect("in range");
    members[1].replica.deliver(gone).expect("in order");
    for member in &mut members[..2] {
        let mut frontier = VectorClock::new();
        frontier.raise(Rank(0), 2);
        assert_eq!(member.replica.stabilise(&frontier), Ok(2));
        assert_eq!(member.replica.prune(), 5);
        let before = member.replica.to_string();
        for operation in [&inside, &beside] {
            let refused = member.replica.deliver(operation.clone()).expect_err("it does not know what is stable");
            assert_eq!((&refused.request, member.replica.to_string()), (operation, before.clone()));
            let late = matches!(refused.why, Rejected::Late { unseen, .. } if unseen == Dot::new(Rank(0), 2));
            assert!(late || operation == &beside && matches!(refused.why, Rejected::Early { .. }), "{}", refused.why);
        }
    }
    let frontier = members[0].replica.stable().clone();
    let behind = members[2].replica.stabilise(&frontier).expect_err("it lacks what is stable");
    assert_eq!((behind.missing, behind.stable), (Dot::new(Rank(0), 2), 2));
    let pruned = members[0].replica.since(members[2].replica.delivered()).map(Iterator::count).expect_err("it is pruned");
    assert_eq!((pruned.missing, pruned.stable), (Dot::new(Rank(0), 2), 2));
    let mut anew = members[0].replica.fork(Rank(2)).expect("a member");
    let there = anew.splice(5..5, " there").expect("in range");
    members[0].replica.deliver(there.clone()).expect("in order");
    members[1].replica.deliver(there).expect("in order");
    assert_eq!((members[0].replica.to_string(), members[1].replica.to_string()), ("Hello there".into(), anew.to_string()));
    assert!(members[0].replica.fork(Rank(3)).is_err() && TextReplica::new(Rank(3), 3, Limits::default()).is_err());
}

/// What no correct member sends is refused, whatever its stamp says, and names of what is gone harm nobody.
#[test]
fn lies_about_what_is_gone_are_refused() {
    let mut ann = TextReplica::new(Rank(0), 2, Limits::default()).expect("a member");
    let mut bob = TextReplica::new(Rank(1), 2, Limits::default()).expect("a member");
    bob.deliver(ann.splice(0..0, "abcdefgh").expect("in range")).expect("in order");
    bob.deliver(ann.splice(2..6, "").expect("in range")).expect("in order");
    ann.stabilise(bob.delivered()).expect("delivered");
    assert_eq!(ann.prune(), 3);
    let (dot, gone) = (|counter| Dot::new(Rank(0), counter), Dot::new(Rank(0), 5));
    let typed = |left, right| TextDelta::from_parts([TextRun::new(Dot::new(Rank(1), 1), Origins::Between { left, right }, "x")], []);
    let removed = |first, length| TextDelta::from_parts([], [TextRange { first: dot(first), length }]);
    let marked = {
        let mut other = Text::new();
        other
            .apply(&TextDelta::from_parts([TextRun::new(dot(1), Origins::Between { left: None, right: None }, "abcdefgh")], []))
            .expect("new");
        other.mark(Rank(1), 4..6, "k", "v", Expand::Both).expect("in range")
    };
    let stamp = bob.splice(0..0, "?").expect("in range").stamp;
    let before = ann.to_string();
    for (operation, named) in [
        (typed(Some(gone), None), gone),
        (typed(None, Some(gone)), gone),
        (removed(5, 1), gone),
        (removed(2, 3), dot(4)),
        (removed(1, 8), dot(4)),
        (marked, dot(4)),
    ] {
        let refused = ann.deliver(Stamped { stamp: stamp.clone(), operation: operation.clone() }).expect_err("it names what is gone");
        assert_eq!(refused.why, Rejected::Refused(TextError::Pruned(named)), "{operation:?}");
        assert_eq!((ann.to_string(), refused.request.operation), (before.clone(), operation));
    }
    let again = TextDelta::from_parts([TextRun::new(dot(1), Origins::Between { left: None, right: None }, "abcdefgh")], []);
    let refused = ann.deliver(Stamped { stamp: stamp.clone(), operation: again }).expect_err("not his own name");
    assert_eq!(refused.why, Rejected::Refused(TextError::Malformed(dot(1))));
    assert_eq!(ann.deliver(Stamped { stamp, operation: typed(Some(dot(2)), Some(dot(3))) }), Ok(()));
    assert_eq!(ann.to_string(), "abxgh");
}
