//! Deltas that no correct replica has sent, and texts that somebody has made hard.

use proptest::prelude::*;
use tidings_clocks::Dot;
use tidings_crdt::{Join, Origins, Text, TextDelta, TextError, TextRange, TextRun, TextUnit};

use crate::text::random::Dice;

/// Three actors' small common text, with a deletion and with siblings.
fn base() -> Text<u32> {
    let mut text = Text::new();
    text.insert(1, 0, &letters(Dot::new(1, 1), 6)).expect("in range");
    let mut other = text.clone();
    text.insert(2, 3, &letters(Dot::new(2, 1), 2)).expect("in range");
    other.insert(3, 3, &letters(Dot::new(3, 1), 2)).expect("in range");
    other.insert(1, 0, &letters(Dot::new(1, 7), 2)).expect("in range");
    text.join(&other);
    text.remove(4..6).expect("in range");
    text
}

fn dots() -> impl Strategy<Value = Dot<u32>> {
    let counter = prop_oneof![20 => 1..12_u64, 1 => Just(0), 1 => Just(u64::from(u32::MAX)), 1 => Just(u64::MAX)];
    (1..6_u32, counter).prop_map(|(actor, counter)| Dot::new(actor, counter))
}

/// The letters that a run has where everybody tells the same of each dot.
fn letters(first: Dot<u32>, length: usize) -> String {
    (first.counter % 26..)
        .take(length)
        .map(|counter| char::from(b'a' + u8::try_from((counter + u64::from(first.actor)) % 26).expect("small")))
        .collect()
}

/// Runs of any content, or of the content that goes with their dots.
fn runs(honest: bool) -> impl Strategy<Value = TextRun<u32>> {
    let origins = prop_oneof![
        1 => Just(Origins::Typed),
        4 => (prop::option::weighted(0.9, dots()), prop::option::weighted(0.7, dots())).prop_map(|(left, right)| Origins::Between { left, right }),
    ];
    let length = prop_oneof![5 => 1..4_u64, 1 => Just(0), 1 => Just(u64::MAX)];
    prop_oneof![
        4 => (dots(), origins.clone(), "[a-cé]{0,4}").prop_map(move |(first, origins, text)| {
            let text = if honest { letters(first, text.chars().count()) } else { text };
            TextRun::new(first, origins, &text)
        }),
        1 => (dots(), origins, length).prop_map(|(first, origins, length)| TextRun::deleted(first, origins, length)),
    ]
}

fn deltas(honest: bool, runs_at_most: usize) -> impl Strategy<Value = TextDelta<u32>> {
    let length = prop_oneof![9 => 1..4_u64, 1 => Just(0), 1 => Just(u64::MAX)];
    let ranges = (dots(), length).prop_map(|(first, length)| TextRange { first, length });
    (prop::collection::vec(runs(honest), 0..=runs_at_most), prop::collection::vec(ranges, 0..3))
        .prop_map(|(runs, removed)| TextDelta::from_parts(runs, removed))
}

/// That all queries agree with each other.
fn assert_sound(text: &Text<u32>) {
    let read = text.to_string();
    assert_eq!(read.chars().count(), text.len());
    assert_eq!(read.len(), text.len_bytes());
    assert_eq!(text.version().iter().map(|(_, known)| known).sum::<u64>(), text.stats().characters as u64);
    assert_eq!(text.removed().map(|range| range.length).sum::<u64>(), (text.stats().characters - text.len()) as u64);
    for (position, (offset, _)) in read.char_indices().enumerate() {
        assert_eq!(text.offset_of(TextUnit::Utf8, position), Some(offset));
        assert_eq!(text.position_at(TextUnit::Utf8, offset), Some(position));
        assert_eq!(text.position_of(&text.dot_at(position).expect("visible")), Some(position));
    }
    let mut copy = Text::new();
    assert!(copy.join(text) && copy == *text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// A delta that is refused leaves the text as it was, and no delta leaves it unsound.
    #[test]
    fn refused_deltas_change_nothing(deltas in prop::collection::vec(deltas(false, 4), 1..8)) {
        let mut text = base();
        for delta in &deltas {
            let before = text.clone();
            match text.apply(delta) {
                Ok(changed) => {
                    prop_assert_eq!(changed, text != before);
                    prop_assert_eq!(text.apply(delta), Ok(false), "again it is nothing new");
                }
                Err(_) => {
                    prop_assert!(text == before);
                    prop_assert_eq!(text.version(), before.version());
                }
            }
        }
        assert_sound(&text);
    }

    /// What one replica believes, all believe, and they converge, in whatever order it comes: even if nobody can have typed it. (Two contents of one dot are found
    /// out only where it is not deleted yet; here each dot has one.)
    #[test]
    fn believed_deltas_converge(deltas in prop::collection::vec(deltas(true, 1), 1..24), seed: u64) {
        let mut text = base();
        let mut believed: Vec<_> = deltas.iter().filter(|delta| text.apply(delta).is_ok()).collect();
        let mut other = base();
        let mut dice = Dice(seed);
        while !believed.is_empty() {
            let at = dice.roll(believed.len());
            match other.apply(believed[at]) {
                Ok(_) => { believed.swap_remove(at); }
                Err(TextError::Missing(_)) => {}
                Err(error) => prop_assert!(false, "{error} though another replica took it"),
            }
        }
        prop_assert!(text == other);
        prop_assert_eq!(text.to_string(), other.to_string());
    }
}

fn run(actor: u32, counter: u64, left: Option<Dot<u32>>, right: Option<Dot<u32>>, text: &str) -> TextDelta<u32> {
    TextDelta::from_parts([TextRun::new(Dot::new(actor, counter), Origins::Between { left, right }, text)], [])
}

/// A dot that was used for another character is refused, and the error names it.
#[test]
fn a_reused_dot_is_refused() {
    let mut text = Text::new();
    text.insert(1, 0, "abc").expect("in range");
    let other = |counter, left, text: &str| run(1, counter, left, None, text);
    assert_eq!(text.apply(&other(1, None, "abc")), Ok(false));
    assert_eq!(text.apply(&other(2, Some(Dot::new(1, 1)), "bcd")), Ok(true), "the rest is new");
    assert_eq!(text.apply(&other(1, None, "aXc")), Err(TextError::Reused(Dot::new(1, 1))));
    assert_eq!(text.apply(&other(2, None, "b")), Err(TextError::Reused(Dot::new(1, 2))));
    assert_eq!(text.apply(&run(1, 1, None, Some(Dot::new(1, 3)), "a")), Err(TextError::Reused(Dot::new(1, 1))));
    assert_eq!(text.to_string(), "abcd");

    // Two copies go on under one id: each refuses the other's character, and neither changes.
    let (mut one, mut two) = (text.clone(), text.clone());
    let mine = one.insert(1, 4, "!").expect("in range");
    let theirs = two.insert(1, 4, "?").expect("in range");
    assert_eq!(one.apply(&theirs), Err(TextError::Reused(Dot::new(1, 5))));
    assert_eq!(two.apply(&mine), Err(TextError::Reused(Dot::new(1, 5))));
    assert_eq!((one.to_string(), two.to_string()), ("abcd!".into(), "abcd?".into()));
}

/// A run that comes as deleted, after it has come as visible by another way, deletes it.
#[test]
fn a_deleted_run_deletes() {
    let mut text = Text::new();
    text.insert(1, 0, "abc").expect("in range");
    let mut other = text.clone();
    other.remove(0..2).expect("in range");
    let late = other.since(&tidings_clocks::VersionVector::new());
    let runs = TextDelta::from_parts(late.runs().iter().cloned(), []);
    assert_eq!(text.apply(&runs), Ok(true));
    assert_eq!(text.to_string(), "c");
    assert_eq!(text, other);
}

/// What is missing is named: a gap in an actor's characters, an origin, a deleted character.
#[test]
fn missing_dependencies_are_named() {
    let mut text = Text::new();
    text.insert(1, 0, "ab").expect("in range");
    let missing = |actor, counter| Err(TextError::Missing(Dot::new(actor, counter)));
    assert_eq!(text.apply(&run(1, 4, Some(Dot::new(1, 2)), None, "d")), missing(1, 3));
    assert_eq!(text.apply(&run(2, 1, Some(Dot::new(3, 7)), None, "x")), missing(3, 7));
    assert_eq!(text.apply(&run(2, 1, None, Some(Dot::new(1, 3)), "x")), missing(1, 3));
    let removal = |first, length| TextDelta::from_parts([], [TextRange { first, length }]);
    assert_eq!(text.apply(&removal(Dot::new(1, 2), 2)), missing(1, 3));
    assert_eq!(text.apply(&removal(Dot::new(2, 5), 1)), missing(2, 5));
    assert_eq!(text.known(&2), 0);
}

/// Origins that never were neighbours are refused: in the wrong order, or with what they were typed next to between them.
#[test]
fn impossible_origins_are_refused() {
    let mut text = Text::new();
    text.insert(1, 0, "abc").expect("in range");
    let (a, b, c) = (Some(Dot::new(1, 1)), Some(Dot::new(1, 2)), Some(Dot::new(1, 3)));
    let impossible = Err(TextError::Impossible(Dot::new(2, 1)));
    for (left, right) in [(b, a), (a, a), (c, a), (a, c), (None, b), (None, c)] {
        assert_eq!(text.apply(&run(2, 1, left, right, "x")), impossible, "{left:?} {right:?}");
    }
    // Typed when only a and b were there, the end was next to b: possible. Nobody has seen a next to the end once c was there, but before.
    assert_eq!(text.clone().apply(&run(2, 1, b, None, "x")), Ok(true));
    assert_eq!(text.clone().apply(&run(2, 1, a, None, "x")), Ok(true));
    assert_eq!(
        text.apply(&TextDelta::from_parts([TextRun::new(Dot::new(2, 1), Origins::Typed, "x")], [])),
        Err(TextError::Malformed(Dot::new(2, 1)))
    );
}

/// Counters end where they end, without wrapping, for those who type here and for those who claim to.
#[test]
fn counters_at_their_limits() {
    let limit = u64::from(u32::MAX) - 1;
    let mut text = Text::new();
    let claimed =
        |length| TextDelta::from_parts([TextRun::deleted(Dot::new(1, 1), Origins::Between { left: None, right: None }, length)], []);
    for length in [0, limit + 1, limit + 2, u64::MAX] {
        assert_eq!(text.apply(&claimed(length)), Err(TextError::Malformed(Dot::new(1, 1))));
    }
    assert_eq!(text.apply(&claimed(limit - 1)), Ok(true));
    assert_eq!(text.insert(1, 0, "ab"), Err(TextError::Exhausted { actor: 1 }));
    assert_eq!(text.insert(2, 0, "ab"), Err(TextError::Full));
    assert_eq!(text.apply(&run(2, 1, None, Some(Dot::new(1, 1)), "ab")), Err(TextError::Full));
    assert_eq!(text.insert(1, 0, "a").map(|_| text.to_string()), Ok("a".into()));
    assert_eq!(text.insert(1, 0, "b"), Err(TextError::Exhausted { actor: 1 }));
    assert_eq!(text.insert(2, 1, "b"), Err(TextError::Full));
    assert_eq!(text.known(&1), limit);
}

/// However many type at one place at once, each arrival costs a search and not a walk: 3 × 40,000 siblings, which a walk would not finish in this suite's time.
#[test]
fn many_siblings_at_one_place() {
    const MANY: u32 = 40_000;
    let mut dice = Dice(1);
    let mut actors: Vec<u32> = (10..10 + MANY).collect();
    for at in (1..actors.len()).rev() {
        actors.swap(at, dice.roll(at + 1));
    }
    let mut base = Text::new();
    base.insert(1, 0, "(").expect("in range");
    base.insert(2, 0, "<").expect("in range");
    let (bracket, angle) = (Some(Dot::new(1, 1)), Some(Dot::new(2, 1)));
    // Right children of the bracket; left children of it; and right children of the angle with the end as their right origin.
    for (left, right) in [(bracket, None), (angle, bracket), (None, angle)] {
        let mut text = base.clone();
        for &actor in &actors {
            let letter = char::from(b'a' + u8::try_from(actor % 26).expect("small"));
            text.apply(&run(actor, 1, left, right, &letter.to_string())).expect("possible");
        }
        let start = left.map_or(0, |left| text.position_of(&left).expect("known") + 1);
        let ids: Vec<u32> = (start..start + actors.len()).map(|at| text.dot_at(at).expect("visible").actor).collect();
        assert!(ids.is_sorted(), "siblings stand in the order of their ids");
    }
}

/// A chain as deep as the text, typed backward by two in turn, is joined and walked without recursion.
#[test]
fn deep_chains() {
    const DEEP: usize = 100_000;
    let mut text = Text::new();
    for at in 0..DEEP {
        text.insert(1 + u32::from(at % 2 == 0), 0, "x").expect("in range");
    }
    let mut copy = Text::new();
    assert!(copy.join(&text));
    assert_eq!(copy, text);
    assert_eq!(copy.since(&tidings_clocks::VersionVector::new()).runs().len(), DEEP);
}

/// Deltas that fail do not leave memory behind.
#[test]
fn failing_deltas_leave_no_memory() {
    let mut text = Text::new();
    for at in 0..200 {
        text.insert(at % 7, 0, "x").expect("in range");
    }
    let run = |actor, origins, text: &str| TextRun::new(Dot::new(actor, 1), origins, text);
    let start = Origins::Between { left: None, right: text.dot_at(0) };
    let good = (100..160).map(|actor| run(actor, start.clone(), "good"));
    let bad = run(99, Origins::Between { left: text.dot_at(5), right: text.dot_at(2) }, "bad");
    let delta = TextDelta::from_parts(good.chain([bad]), []);
    let before = text.clone();
    assert_eq!(text.apply(&delta), Err(TextError::Impossible(Dot::new(99, 1))));
    let reserved = text.stats().reserved_bytes;
    for _ in 0..1_000 {
        assert_eq!(text.apply(&delta), Err(TextError::Impossible(Dot::new(99, 1))));
    }
    assert_eq!(text.stats().reserved_bytes, reserved);
    assert_eq!(text, before);
}
