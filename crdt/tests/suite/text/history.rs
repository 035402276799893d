//! Undoing and redoing one's own edits while others edit.

use tidings_crdt::{HistoryLimits, Text, TextDelta, TextHistory};

use crate::text::random::Dice;

const LIMITS: HistoryLimits = HistoryLimits { steps: 1_000, bytes: 1 << 20 };

/// One edit at random; only insertions if nothing may go.
fn edit(dice: &mut Dice, length: usize, letters: &str, may_delete: bool) -> (std::ops::Range<usize>, String) {
    let at = dice.roll(length + 1);
    let gone = if may_delete && dice.roll(2) == 0 { dice.roll(length - at + 1).min(6) } else { 0 };
    let letters: Vec<char> = letters.chars().collect();
    let come = if gone == 0 || dice.roll(2) == 0 { 1 + dice.roll(4) } else { 0 };
    (at..at + gone, (0..come).map(|_| letters[dice.roll(letters.len())]).collect())
}

/// Alone, undoing goes back through the texts there were, and redoing forth again, whatever is undone and redone how often.
#[test]
fn undo_and_redo_go_through_the_texts_there_were() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let (mut text, mut copy) = (Text::new(), Text::new());
        let mut history = TextHistory::new(1_u32, LIMITS);
        let (mut texts, mut at) = (vec![String::new()], 0_usize);
        for _ in 0..60 {
            let delta = match dice.roll(5) {
                0 | 1 => {
                    let delta = history.undo(&mut text).expect("there is room");
                    assert_eq!(delta.is_some(), at > 0, "seed {seed}");
                    at = at.saturating_sub(1);
                    delta
                }
                2 => {
                    let delta = history.redo(&mut text).expect("there is room");
                    assert_eq!(delta.is_some(), at + 1 < texts.len(), "seed {seed}");
                    at = (at + 1).min(texts.len() - 1);
                    delta
                }
                _ => {
                    let (range, typed) = edit(&mut dice, text.len(), "abcé🦀", true);
                    let delta = history.splice(&mut text, range, &typed).expect("in range");
                    if !delta.is_empty() {
                        texts.truncate(at + 1);
                        texts.push(text.to_string());
                        at += 1;
                    }
                    Some(delta)
                }
            };
            assert_eq!(text.to_string(), texts[at], "seed {seed}");
            assert_eq!(history.steps(), (at, texts.len() - 1 - at), "seed {seed}");
            copy.apply(&delta.unwrap_or_default()).expect("in order");
            assert_eq!(copy, text, "seed {seed}: the deltas say what was done");
        }
    }
}

/// While another one types into the text, undoing everything leaves the start and what he typed, in its places; redoing everything and undoing it again too.
#[test]
fn what_others_typed_stays() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut text = Text::new();
        text.insert(0_u32, 0, "0123456789").expect("in range");
        let mut history = TextHistory::new(1_u32, LIMITS);
        let mut other = text.clone();
        let (mut sent, mut told) = (TextDelta::new(), TextDelta::new());
        for _ in 0..40 {
            let (range, typed) = edit(&mut dice, text.len(), "abc", true);
            sent.append(history.splice(&mut text, range, &typed).expect("in range"));
            let (range, typed) = edit(&mut dice, other.len(), "XYZ", false);
            told.append(other.splice(2, range, &typed).expect("in range"));
            if dice.roll(3) == 0 {
                text.apply(&std::mem::take(&mut told)).expect("in order");
                other.apply(&std::mem::take(&mut sent)).expect("in order");
            }
            if dice.roll(4) == 0 {
                sent.extend(history.undo(&mut text).expect("there is room"));
            }
        }
        text.apply(&told).expect("in order");
        other.apply(&sent).expect("in order");
        let of = |text: &Text<u32>, letters: &str| text.to_string().chars().filter(|&c| letters.contains(c)).collect::<String>();
        let theirs = text.known(&2);
        for _ in 0..2 {
            while let Some(delta) = history.undo(&mut text).expect("there is room") {
                other.apply(&delta).expect("in order");
            }
            assert_eq!(of(&text, "XYZ").len() as u64, theirs, "seed {seed}: what was deleted of it is back too");
            assert_eq!(of(&text, "0123456789"), "0123456789", "seed {seed}: {text}");
            assert_eq!(of(&text, "abc"), "", "seed {seed}: {text}");
            assert_eq!(other, text, "seed {seed}");
            while let Some(delta) = history.redo(&mut text).expect("there is room") {
                other.apply(&delta).expect("in order");
            }
            assert_eq!(other, text, "seed {seed}");
        }
    }
}

/// What another one has typed into a deleted range comes to stand inside of it again.
#[test]
fn deleted_text_comes_back_around_what_others_typed() {
    let mut text = Text::new();
    text.insert(1, 0, "one two three").expect("in range");
    let mut other = text.clone();
    let mut history = TextHistory::new(1, LIMITS);
    history.splice(&mut text, 3..8, "").expect("in range");
    text.apply(&other.insert(2, 5, "(!)").expect("in range")).expect("known");
    other.remove(0..1).map(|delta| text.apply(&delta)).expect("in range").expect("known");
    assert_eq!(text.to_string(), "ne(!)three");
    history.undo(&mut text).expect("there is room");
    assert_eq!(text.to_string(), "ne t(!)wo three", "what the other one has deleted stays deleted");
    history.redo(&mut text).expect("there is room");
    assert_eq!(text.to_string(), "ne(!)three");
}

/// What another one has typed behind a replacement stands behind what is restored in its place, however often it is undone and redone: it once came to stand before that.
#[test]
fn what_follows_a_replacement_follows_what_was_replaced() {
    let mut text = Text::new();
    let mut history = TextHistory::new(1, LIMITS);
    // What is replaced has been typed in two pieces, and edited.
    history.splice(&mut text, 0..0, "I say: Heo").expect("in range");
    history.splice(&mut text, 9..9, "ll").expect("in range");
    assert_eq!(text.to_string(), "I say: Hello");
    let mut other = text.clone();
    other.apply(&history.splice(&mut text, 7..12, "Goodbye").expect("in range")).expect("known");
    text.apply(&other.insert(2, 14, ", world").expect("in range")).expect("known");
    text.apply(&other.insert(2, 7, "(loudly) ").expect("in range")).expect("known");
    for _ in 0..3 {
        other.apply(&history.undo(&mut text).expect("there is room").expect("a step")).expect("known");
        assert_eq!(text.to_string(), "I say: (loudly) Hello, world");
        other.apply(&history.redo(&mut text).expect("there is room").expect("a step")).expect("known");
        assert_eq!(text.to_string(), "I say: (loudly) Goodbye, world");
    }
    for shown in ["I say: (loudly) Hello, world", "I say: (loudly) Heo, world", "(loudly) , world"] {
        other.apply(&history.undo(&mut text).expect("there is room").expect("a step")).expect("known");
        assert_eq!(text.to_string(), shown);
    }
    assert_eq!(other, text);
}

/// Steps can be put together, and are undone at once.
#[test]
fn united_steps_are_one() {
    let mut text = Text::new();
    let mut history = TextHistory::new(1, LIMITS);
    assert!(!history.unite());
    for (at, letter) in ["a", "b", "c", "d"].into_iter().enumerate() {
        history.splice(&mut text, at..at, letter).expect("in range");
        assert_eq!(history.unite(), at > 0);
    }
    history.splice(&mut text, 1..3, "").expect("in range");
    history.unite();
    assert_eq!((text.to_string().as_str(), history.steps()), ("ad", (1, 0)));
    history.undo(&mut text).expect("there is room");
    assert_eq!(text.to_string(), "");
    history.redo(&mut text).expect("there is room");
    assert_eq!(text.to_string(), "ad");
}

/// The history stays within its limits, and forgets the oldest first.
#[test]
fn memory_is_limited() {
    let mut text = Text::new();
    let limits = HistoryLimits { steps: 5, bytes: 2_000 };
    let mut history = TextHistory::new(1, limits);
    let mut dice = Dice(7);
    for step in 0..2_000 {
        let (range, typed) = edit(&mut dice, text.len(), "abc", step % 3 > 0);
        history.splice(&mut text, range, &typed).expect("in range");
        if step % 7 == 0 {
            history.undo(&mut text).expect("there is room");
        }
        let (done, undone) = history.steps();
        assert!(done + undone <= limits.steps && history.bytes() <= limits.bytes);
    }
    text.insert(2, 0, &"x".repeat(5_000)).expect("in range");
    history.splice(&mut text, 0..5_000, "").expect("in range");
    assert_eq!((history.steps(), history.bytes()), ((0, 0), 0), "it is too large to be undone");
    assert_eq!(history.undo(&mut text), Ok(None));
}
