//! A text taken apart: characters that are known, visible or deleted, and marks.

use tidings_crdt::{Decompose, Expand, Join, Text, TextParts, laws};

use crate::text::random::{Dice, run, settle};

/// Three replicas that edit one text, exchange some edits and mark some ranges; what they know and what each edit added.
fn some_parts(seed: u64, steps: usize) -> Vec<TextParts<u32>> {
    let mut dice = Dice(seed);
    let (replicas, events) = run(seed, steps, 1 + dice.roll(3));
    let mut all: Vec<TextParts<u32>> = Vec::new();
    for (actor, replica) in (0_u32..).zip(replicas) {
        let mut text = replica.text;
        for event in &events[actor as usize] {
            all.push(text.parts_of(&event.delta).expect("its own"));
        }
        let length = text.len();
        if length > 0 {
            let at = dice.roll(length);
            let delta = text.mark(actor, at..length, "bold", "yes", Expand::After).expect("in range");
            all.push(text.parts_of(&delta).expect("its own"));
        }
        all.push(text.parts());
    }
    all
}

/// The states and deltas of one history: each is the join of its irreducibles, none of them too many, and differences are the least.
#[test]
fn parts_are_taken_apart_into_irreducibles_and_back() {
    for seed in 0..200 {
        let all = some_parts(seed, 10);
        for a in &all {
            for b in &all {
                assert_eq!(laws::decomposes(a, b), Ok(()), "seed {seed}: {a:?} to {b:?}");
                assert_eq!(laws::joins(a, b, &all[0]), Ok(()), "seed {seed}");
            }
        }
        // No irreducible is the join of what is strictly below it, of all that there is in its history.
        let parts: Vec<TextParts<u32>> = all.iter().flat_map(|state| state.irreducibles().collect::<Vec<_>>()).collect();
        for part in &parts {
            let below = |state: &&TextParts<u32>| *state != part && !part.clone().join(state);
            let made = all.iter().chain(&parts).filter(below).fold(TextParts::new(), TextParts::joined);
            assert!(made != *part, "seed {seed}: {part:?} is the join of what is below it");
        }
    }
}

/// What an edit adds to the parts is what the edit's delta says: m(x) = x ⊔ mδ(x).
#[test]
fn the_parts_of_an_edit_are_what_it_adds() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut text = Text::new();
        for actor in 0..20_u32 {
            let before = text.parts();
            let at = dice.roll(text.len() + 1);
            let gone = dice.roll(text.len() - at + 1).min(3);
            let delta = match dice.roll(4) {
                0 => text.mark(actor % 3, at..at + gone, "k", "v", Expand::Both),
                1 => text.remove(at..at + gone),
                _ => text.splice(actor % 3, at..at + gone, &"aé🦀"[..[1, 3, 7][dice.roll(3)]]),
            };
            let delta = text.parts_of(&delta.expect("in range")).expect("known");
            assert_eq!(laws::mutates(&before, &text.parts(), &delta), Ok(()), "seed {seed}");
            assert_eq!(text.parts().difference(&before), delta, "seed {seed}: and no more");
        }
    }
}

/// Parts make of one text what they make of another: the join of both. What `Text::difference` says is the same.
#[test]
fn a_difference_of_parts_makes_up_for_what_a_text_lacks() {
    for seed in 0..300 {
        let (replicas, events) = run(seed, 60, 2);
        let mut all = replicas.clone();
        settle(&mut all, &events, &mut Dice(seed));
        for (one, other) in [(0, 1), (1, 2), (2, 0)] {
            let (one, other) = (&replicas[one].text, &replicas[other].text);
            let news = one.parts().difference(&other.parts());
            let mut joined = other.clone();
            assert_eq!(joined.apply(&news.delta()), Ok(!news.is_empty()), "seed {seed}");
            let mut due = other.clone();
            due.merge(one).expect("no contradiction");
            assert_eq!(joined, due, "seed {seed}");
            assert_eq!(one.parts_of(&one.difference(other)), Ok(news), "seed {seed}");
        }
        let all = &all[0].text;
        let mut whole = Text::new();
        whole.apply(&all.parts().delta()).expect("nothing is missing");
        assert_eq!(whole, *all, "seed {seed}");
        assert_eq!(whole.parts(), all.parts(), "seed {seed}: whatever the spans");
        let parts = replicas.iter().fold(TextParts::new(), |parts, replica| parts.joined(&replica.text.parts()));
        assert_eq!(parts, all.parts(), "seed {seed}");
    }
}

/// Where an actor's name was used twice the laws hold all the same: all agree on one of the two.
#[test]
fn reused_names_keep_the_laws() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let forked: Vec<TextParts<u32>> = (0..3)
            .map(|_| {
                let mut text = Text::new();
                for _ in 0..6 {
                    let at = dice.roll(text.len() + 1);
                    let gone = dice.roll(text.len() - at + 1).min(1);
                    text.splice(7, at..at + gone, &"abab"[..1 + dice.roll(4)]).expect("in range");
                }
                if dice.roll(2) == 0 {
                    text.mark(7, 0..text.len(), ["k", "l"][dice.roll(2)], "v", Expand::Both).expect("in range");
                }
                text.parts()
            })
            .collect();
        assert_eq!(laws::joins(&forked[0], &forked[1], &forked[2]), Ok(()), "seed {seed}");
        assert_eq!(laws::decomposes(&forked[0], &forked[1]), Ok(()), "seed {seed}");
    }
}

/// The parts of a long text that differ all along are compared in time that grows with the text, not with its square: this would take minutes.
#[test]
fn fragments_cost_no_more_than_they_are() {
    let mut text = Text::new();
    text.insert(1, 0, &"a".repeat(60_000)).expect("in range");
    let whole = text.parts();
    for at in 0..30_000 {
        text.remove(at..at + 1).expect("in range");
    }
    let holes = text.parts();
    assert_eq!(holes.runs().len(), 60_000);
    let (news, known) = (holes.difference(&whole), whole.difference(&holes));
    assert_eq!((news.runs().len(), known.is_empty()), (30_000, true));
    assert_eq!(whole.joined(&holes), holes);
}

/// Parts with a gap are refused by a text that lacks what is in it, and taken once that has come.
#[test]
fn a_gap_is_missing() {
    let mut text = Text::new();
    text.insert(1, 0, "ab").expect("in range");
    let parts: Vec<TextParts<u32>> = text.parts().irreducibles().collect();
    let mut copy = Text::new();
    assert!(copy.apply(&parts[1].delta()).is_err());
    assert_eq!(copy.apply(&parts[0].clone().joined(&parts[1]).delta()), Ok(true));
    assert_eq!(copy, text);
    assert!(Text::new().parts_of(&text.since(&copy.version())).is_ok_and(|parts| parts.is_empty()));
    assert!(Text::new().parts_of(&text.parts().delta()).is_err());
}
