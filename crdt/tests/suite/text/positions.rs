//! Positions in other units, and places that stay where they are.

use proptest::prelude::*;
use tidings_crdt::{Anchor, Bias, Join, Text, TextError, TextUnit};

use crate::text::random::{Dice, Replica};

const UNITS: [TextUnit; 3] = [TextUnit::Char, TextUnit::Utf8, TextUnit::Utf16];

fn width(unit: TextUnit, c: char) -> usize {
    match unit {
        TextUnit::Char => 1,
        TextUnit::Utf8 => c.len_utf8(),
        TextUnit::Utf16 => c.len_utf16(),
    }
}

/// Every offset of every unit, against a walk over the text.
fn check_units(text: &Text<u32>) {
    let read = text.to_string();
    for unit in UNITS {
        let mut starts = vec![0];
        for c in read.chars() {
            starts.push(starts[starts.len() - 1] + width(unit, c));
        }
        let length = starts[starts.len() - 1];
        assert_eq!(text.len_in(unit), length);
        for offset in 0..length + 2 {
            assert_eq!(text.position_at(unit, offset), starts.iter().position(|start| *start == offset), "{unit:?} {offset} of {read:?}");
        }
        for position in 0..starts.len() + 1 {
            assert_eq!(text.offset_of(unit, position), starts.get(position).copied(), "{unit:?} {position} of {read:?}");
        }
    }
}

/// Offsets in bytes and units of UTF-16 are those of a walk, whatever was typed and deleted.
#[test]
fn units_equal_a_walk() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut replica = Replica::new(1);
        for step in 0..120 {
            replica.edit(0, &mut dice);
            if step % 8 == 0 {
                check_units(&replica.text);
            }
        }
        check_units(&replica.text);
    }
    // Pieces longer than a span.
    let mut text = Text::new();
    text.insert(1, 0, &"z語🦀é".repeat(700)).expect("in range");
    text.remove(1_500..1_503).expect("in range");
    check_units(&text);
}

proptest! {
    /// An edit in any unit is the edit of a string there, or an error that says what is wrong, and then nothing changes.
    #[test]
    fn edits_in_any_unit(
        start in "[a🦀é語]{0,12}",
        edits in prop::collection::vec((0..3_usize, 0..30_usize, 0..12_usize, "[b🐙]{0,3}"), 0..12),
    ) {
        let mut text = Text::new();
        text.insert(1_u32, 0, &start).expect("in range");
        for (unit, from, length, typed) in edits {
            let unit = UNITS[unit];
            let read = text.to_string();
            let mut starts = vec![0];
            starts.extend(read.chars().scan(0, |at, c| { *at += width(unit, c); Some(*at) }));
            let position = |offset| starts.iter().position(|start| *start == offset);
            let all = starts[starts.len() - 1];
            let result = text.splice_in(unit, 1, from..from + length, &typed);
            match (position(from), position(from + length)) {
                (Some(first), Some(last)) => {
                    prop_assert!(result.is_ok());
                    let mut chars: Vec<char> = read.chars().collect();
                    chars.splice(first..last, typed.chars());
                    prop_assert_eq!(text.to_string(), chars.into_iter().collect::<String>());
                }
                _ if from + length > all => {
                    prop_assert_eq!(result, Err(TextError::OutOfRange { position: from + length, length: all }));
                    prop_assert_eq!(text.to_string(), read);
                }
                (first, _) => {
                    let offset = if first.is_none() { from } else { from + length };
                    prop_assert_eq!(result, Err(TextError::InsideCharacter { offset, unit }));
                    prop_assert_eq!(text.to_string(), read);
                }
            }
        }
    }
}

/// What is typed at an anchor comes after it or before it, as its bias says.
#[test]
fn anchors_have_a_side() {
    let mut text = Text::new();
    text.insert(1, 0, "ab").expect("in range");
    let (left, right) = (text.anchor(1, Bias::Left).expect("inside"), text.anchor(1, Bias::Right).expect("inside"));
    text.insert(2, 1, "--").expect("in range");
    assert_eq!((text.position_of_anchor(&left), text.position_of_anchor(&right)), (Some(1), Some(3)));
    let (start, end) = (text.anchor(0, Bias::Left), text.anchor(4, Bias::Right));
    assert_eq!((start, end), (Some(Anchor::Start), Some(Anchor::End)));
    text.insert(1, 0, "<").expect("in range");
    text.insert(1, 5, ">").expect("in range");
    assert_eq!(text.to_string(), "<a--b>");
    assert_eq!((text.position_of_anchor(&Anchor::Start), text.position_of_anchor(&Anchor::End)), (Some(0), Some(6)));
    assert_eq!(text.anchor(7, Bias::Left), None);
    assert_eq!(Text::new().position_of_anchor(&left), None);
}

/// Anchors stay between the characters that they were put between, however the text is edited around them, and are where these were when these are gone.
#[test]
fn anchors_survive_edits() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut replica = Replica::new(2);
        for _ in 0..20 {
            replica.edit(0, &mut dice);
        }
        let before = replica.clone();
        let anchors: Vec<_> = (0..=before.text.len())
            .flat_map(|at| [Bias::Left, Bias::Right].map(|bias| (at, bias, before.text.anchor(at, bias).expect("inside"))))
            .collect();
        let mut other = replica.clone();
        for _ in 0..20 {
            other.edit(1, &mut dice);
            replica.edit(0, &mut dice);
        }
        replica.text.join(&other.text);
        let names: Vec<_> = (0..replica.text.len()).map(|at| replica.text.dot_at(at).expect("visible")).collect();
        for (at, bias, anchor) in anchors {
            let now = replica.text.position_of_anchor(&anchor).expect("known");
            let survivors = |range: std::ops::Range<usize>| {
                range.filter(|&at| names.contains(&before.text.dot_at(at).expect("visible"))).collect::<Vec<_>>()
            };
            let place = |old: usize| names.iter().position(|name| Some(*name) == before.text.dot_at(old)).expect("it survived");
            assert!(survivors(0..at).into_iter().all(|old| place(old) < now), "seed {seed}: what was before is before");
            assert!(survivors(at..before.text.len()).into_iter().all(|old| place(old) >= now), "seed {seed}: what was after is after");
            let held = if bias == Bias::Left { at.checked_sub(1) } else { (at < before.text.len()).then_some(at) };
            if let Some(held) = held.filter(|&held| names.contains(&before.text.dot_at(held).expect("visible"))) {
                assert_eq!(now, place(held) + usize::from(bias == Bias::Left), "seed {seed}: it holds on to its neighbour");
            }
        }
    }
}
