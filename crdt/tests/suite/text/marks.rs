//! Rich text: the examples of the Peritext paper, and any histories against a naive twin.

use std::collections::BTreeMap;

use tidings_clocks::Dot;
use tidings_crdt::{Anchor, Expand, Join, Text, TextDelta, TextError, TextMark};

use crate::text::random::{Dice, Event, Replica};
use crate::text::twin::Twin;

/// The text with each range's marks after it, as "plain [bold: yes]".
fn rich(text: &Text<u32>) -> String {
    let chars: Vec<char> = text.to_string().chars().collect();
    let mut out = String::new();
    for marked in text.marked_ranges() {
        let piece: String = chars[marked.range].iter().collect();
        let marks: Vec<String> =
            marked.marks.iter().map(|(key, value)| if value.is_empty() { (*key).into() } else { format!("{key}={value}") }).collect();
        out += &if marks.is_empty() { piece } else { format!("<{piece}|{}>", marks.join(",")) };
    }
    out
}

/// Two copies of one text are edited apart, hear of each other in both orders, and are the same; the result.
fn together(start: &str, prepare: impl Fn(&mut Text<u32>), ada: impl Fn(&mut Text<u32>), bob: impl Fn(&mut Text<u32>)) -> String {
    let mut base = Text::new();
    base.insert(1, 0, start).expect("in range");
    prepare(&mut base);
    let (mut one, mut two) = (base.clone(), base.clone());
    ada(&mut one);
    bob(&mut two);
    let (to_two, to_one) = (one.difference(&base), two.difference(&base));
    one.apply(&to_one).expect("all is there");
    two.apply(&to_two).expect("all is there");
    assert_eq!(one, two);
    assert_eq!(rich(&one), rich(&two));
    assert_eq!(one.clone().joined(&two), one);
    rich(&one)
}

fn mark(text: &mut Text<u32>, actor: u32, words: &str, key: &str, value: &str, expand: Expand) -> TextDelta<u32> {
    let at = text.to_string().find(words).expect("the words are there");
    text.mark(actor, at..at + words.len(), key, value, expand).expect("in range")
}

/// Peritext, example 1: what is typed into a range that another one makes bold is bold.
#[test]
fn text_typed_into_a_marked_range_is_marked() {
    let result = together(
        "The fox jumped.",
        |_| {},
        |text| drop(mark(text, 1, "The fox jumped.", "bold", "", Expand::After)),
        |text| drop(text.insert(2, 4, "brown ").expect("in range")),
    );
    assert_eq!(result, "<The brown fox jumped.|bold>");
}

/// Example 2: overlapping ranges that both make bold are bold together.
#[test]
fn overlapping_marks_are_united() {
    let result = together(
        "The fox jumped.",
        |_| {},
        |text| drop(mark(text, 1, "The fox", "bold", "", Expand::After)),
        |text| drop(mark(text, 2, "fox jumped", "bold", "", Expand::After)),
    );
    assert_eq!(result, "<The fox jumped|bold>.");
}

/// Example 3: bold and italic are independent where they overlap.
#[test]
fn different_keys_overlap() {
    let result = together(
        "The fox jumped.",
        |_| {},
        |text| drop(mark(text, 1, "The fox", "bold", "", Expand::After)),
        |text| drop(mark(text, 2, "fox jumped", "italic", "", Expand::After)),
    );
    assert_eq!(result, "<The |bold><fox|bold,italic>< jumped|italic>.");
}

/// Examples 4 and 5: two colours, or bold and its removal, at once: where they overlap one of them counts, the same for all.
#[test]
fn conflicting_marks_are_settled() {
    let colours = together(
        "The fox jumped.",
        |_| {},
        |text| drop(mark(text, 1, "The fox", "colour", "red", Expand::After)),
        |text| drop(mark(text, 2, "fox jumped", "colour", "blue", Expand::After)),
    );
    assert_eq!(colours, "<The |colour=red><fox jumped|colour=blue>.");
    let removal = together(
        "The fox jumped.",
        |text| drop(mark(text, 1, "The fox jumped.", "bold", "", Expand::After)),
        |text| drop(text.unmark(1, 0..7, "bold", Expand::After).expect("in range")),
        |text| drop(mark(text, 2, "jumped.", "bold", "", Expand::After)),
    );
    assert_eq!(removal, "The fox< jumped.|bold>");
}

/// Example 6: comments overlap, each with a key of its own.
#[test]
fn comments_overlap() {
    let result = together(
        "The fox jumped.",
        |_| {},
        |text| drop(mark(text, 1, "The fox", "comment:1", "which?", Expand::Neither)),
        |text| drop(mark(text, 2, "fox jumped", "comment:2", "how far?", Expand::Neither)),
    );
    assert_eq!(result, "<The |comment:1=which?><fox|comment:1=which?,comment:2=how far?>< jumped|comment:2=how far?>.");
}

/// Examples 7 and 8: bold goes on at its end and a link does not, at the text's ends too.
#[test]
fn marks_expand_as_they_say() {
    for expand in [Expand::Neither, Expand::Before, Expand::After, Expand::Both] {
        let mut text = Text::new();
        text.insert(1, 0, "ab").expect("in range");
        mark(&mut text, 1, "ab", "key", "", expand);
        text.insert(2, 0, "(").expect("in range");
        text.insert(2, 3, ")").expect("in range");
        let expected = match expand {
            Expand::Neither => "(<ab|key>)",
            Expand::Before => "<(ab|key>)",
            Expand::After => "(<ab)|key>",
            Expand::Both => "<(ab)|key>",
        };
        assert_eq!(rich(&text), expected);
    }
    let result = together(
        "The fox jumped.",
        |text| {
            mark(text, 1, "fox", "bold", "", Expand::After);
            mark(text, 1, "jumped", "link", "a", Expand::Neither);
        },
        |text| drop(text.insert(1, 7, "es").expect("in range")),
        |text| drop(text.insert(2, 14, " high").expect("in range")),
    );
    assert_eq!(result, "The <foxes|bold> <jumped|link=a> high.");
}

/// A marked range that somebody deletes leaves nothing, and what was typed into it stays marked.
#[test]
fn deleted_ranges_stay_marked() {
    let result = together(
        "The fox jumped.",
        |text| drop(mark(text, 1, "fox", "bold", "", Expand::Neither)),
        |text| drop(text.remove(4..8).expect("in range")),
        |text| drop(text.insert(2, 5, "*").expect("in range")),
    );
    assert_eq!(result, "The <*|bold>jumped.");
}

/// What cannot be is refused, and nothing changes.
#[test]
fn impossible_marks_are_refused() {
    let mut text = Text::new();
    text.insert(1_u32, 0, "abc").expect("in range");
    assert_eq!(text.mark(1, 1..1, "bold", "", Expand::After), Ok(TextDelta::new()));
    assert_eq!(text.mark(1, 1..4, "bold", "", Expand::After), Err(TextError::OutOfRange { position: 4, length: 3 }));
    let mark = TextMark { stamp: Dot::new(1, 1), start: Anchor::Start, end: Anchor::After(Dot::new(1, 4)), key: "k".into(), value: None };
    let mut apply = |mark: &TextMark<u32>| {
        let before = text.clone();
        let result = text.apply(&TextDelta::new().with_marks([mark.clone()]));
        assert!(result.is_ok() || text == before);
        result
    };
    assert_eq!(apply(&mark), Err(TextError::Missing(Dot::new(1, 4))));
    let mark = TextMark { end: Anchor::End, ..mark };
    for counter in [0, u64::from(u32::MAX), u64::MAX] {
        let stamp = Dot::new(1, counter);
        assert_eq!(apply(&TextMark { stamp, ..mark.clone() }), Err(TextError::Malformed(stamp)));
    }
    assert_eq!((apply(&mark), apply(&mark)), (Ok(true), Ok(false)));
    assert_eq!(apply(&TextMark { value: Some(String::new()), ..mark.clone() }), Err(TextError::Reused(Dot::new(1, 1))));
    let last = Dot::new(7, u64::from(u32::MAX) - 1);
    assert_eq!(apply(&TextMark { stamp: last, ..mark }), Ok(true));
    assert_eq!(text.mark(1, 0..1, "bold", "", Expand::After), Err(TextError::Exhausted { actor: 1 }));
}

/// For each visible character what holds of it, by going through all marks for each.
fn naive(twin: &Twin, marks: &[TextMark<u32>]) -> Vec<BTreeMap<String, String>> {
    let walk = twin.walk();
    let place = |dot: &Dot<u32>| walk.iter().position(|id| id == dot).expect("known");
    // Places between characters: 2i is before character i, 2i + 1 the character, 2i + 2 after it.
    let edge = |anchor: &Anchor<u32>| match anchor {
        Anchor::Start => 0,
        Anchor::Before(dot) => 2 * place(dot),
        Anchor::After(dot) => 2 * place(dot) + 2,
        Anchor::End => usize::MAX,
    };
    let visible = twin.visible();
    visible
        .iter()
        .map(|id| {
            let at = 2 * place(id) + 1;
            let mut holding: Vec<&TextMark<u32>> = marks.iter().filter(|mark| edge(&mark.start) < at && at < edge(&mark.end)).collect();
            holding.sort_by_key(|mark| (mark.stamp.counter, mark.stamp.actor));
            let last: BTreeMap<&String, &Option<String>> = holding.iter().map(|mark| (&mark.key, &mark.value)).collect();
            last.into_iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
        })
        .collect()
}

fn check(replica: &Replica, seed: u64) {
    let marks: Vec<_> = replica.text.marks().collect();
    let mut found = Vec::new();
    for range in replica.text.marked_ranges() {
        assert!(!range.range.is_empty() && range.range.start == found.len(), "seed {seed}: ranges follow each other");
        let marks: BTreeMap<String, String> = range.marks.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        assert!(found.last() != Some(&marks), "seed {seed}: neighbours differ");
        found.extend(range.range.map(|_| marks.clone()));
    }
    assert_eq!(found, naive(&replica.twin, &marks), "seed {seed}");
}

/// Whatever is typed, deleted and marked, and in whatever order it comes: each character is marked as going through all marks says, and all converge, as deltas, as
/// states, as bytes.
#[test]
fn marks_equal_a_walk_and_converge() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut replicas = vec![Replica::new(3); 3];
        let mut events: Vec<Vec<Event>> = vec![Vec::new(); 3];
        let deliver = |replicas: &mut Vec<Replica>, events: &Vec<Vec<Event>>, me: usize, from: usize| {
            if let Some(event) = events[from].get(replicas[me].seen[from]).filter(|event| replicas[me].is_ready(event)) {
                replicas[me].deliver(event);
            }
        };
        for _ in 0..60 {
            let me = dice.roll(3);
            let replica = &mut replicas[me];
            let length = replica.text.len();
            match dice.roll(4) {
                0 if length > 0 => {
                    let start = dice.roll(length);
                    let range = start..start + 1 + dice.roll(length - start);
                    let key = ["bold", "link"][dice.roll(2)];
                    let expand = [Expand::Neither, Expand::Before, Expand::After, Expand::Both][dice.roll(4)];
                    let seen = replica.seen.clone();
                    let actor = u32::try_from(me).expect("small");
                    let delta = if dice.roll(3) == 0 {
                        replica.text.unmark(actor, range, key, expand)
                    } else {
                        replica.text.mark(actor, range, key, ["x", "y"][dice.roll(2)], expand)
                    };
                    replica.seen[me] += 1;
                    events[me].push(Event { author: me, delta: delta.expect("in range"), operations: Vec::new(), seen });
                }
                0 | 1 => {
                    let event = replica.edit(me, &mut dice);
                    events[me].push(event);
                }
                _ => deliver(&mut replicas, &events, me, dice.roll(3)),
            }
            check(&replicas[me], seed);
        }
        let apart = replicas.clone();
        while let Some(me) = (0..3).find(|&me| (0..3).any(|from| replicas[me].seen[from] < events[from].len())) {
            deliver(&mut replicas, &events, me, dice.roll(3));
        }
        let mut joined = apart[2].text.clone();
        for replica in &apart {
            joined.join(&replica.text);
        }
        for replica in &replicas {
            check(replica, seed);
            assert!(replica.text == replicas[0].text && replica.text == joined, "seed {seed}");
            let bytes = replica.text.save();
            assert_eq!(bytes, joined.save(), "seed {seed}");
            assert_eq!(Text::load(&bytes, 1 << 24).as_ref(), Ok(&joined), "seed {seed}");
            let part = joined.difference(&apart[0].text);
            assert_eq!(TextDelta::load(&part.save(), 1 << 24).as_ref(), Ok(&part), "seed {seed}");
            assert_eq!(apart[0].text.clone().apply(&part), Ok(apart[0].text != joined), "seed {seed}");
        }
    }
}
