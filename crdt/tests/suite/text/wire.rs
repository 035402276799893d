//! Deltas as bytes.

use proptest::prelude::*;
use tidings_crdt::{Expand, Text, TextDelta};

use crate::text::random::{Dice, Replica};

fn size(delta: &TextDelta<u32>) -> usize {
    postcard::to_allocvec(delta).expect("fits").len()
}

/// What is written is read again, in a compact and in a readable format.
#[test]
fn deltas_survive_the_wire() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut replica = Replica::new(1);
        let mut all = TextDelta::new();
        for _ in 0..30 {
            let delta = replica.edit(0, &mut dice).delta;
            let bytes = postcard::to_allocvec(&delta).expect("fits");
            assert_eq!(postcard::from_bytes::<TextDelta<u32>>(&bytes).as_ref(), Ok(&delta), "seed {seed}");
            all.append(delta);
        }
        for delta in [all, replica.text.since(&tidings_clocks::VersionVector::new())] {
            let json = serde_json::to_string(&delta).expect("strings and numbers");
            assert_eq!(serde_json::from_str::<TextDelta<u32>>(&json).expect("as written"), delta, "seed {seed}");
            let bytes = postcard::to_allocvec(&delta).expect("fits");
            let mut text = Text::new();
            text.apply(&postcard::from_bytes(&bytes).expect("as written")).expect("everything comes");
            assert_eq!(text, replica.text, "seed {seed}");
        }
    }
}

/// Marks are written with their delta.
#[test]
fn marks_survive_the_wire() {
    let mut text = Text::new();
    let mut delta = text.insert(7_u32, 0, "abc").expect("in range");
    delta.append(text.mark(7, 0..2, "bold", "", Expand::After).expect("in range"));
    delta.append(text.unmark(9, 1..3, "bold", Expand::Both).expect("in range"));
    let bytes = postcard::to_allocvec(&delta).expect("fits");
    assert_eq!(postcard::from_bytes::<TextDelta<u32>>(&bytes).as_ref(), Ok(&delta));
    let json = serde_json::to_string(&delta).expect("strings and numbers");
    assert_eq!(serde_json::from_str::<TextDelta<u32>>(&json).expect("as written"), delta);
}

/// A keystroke is 7 bytes once the actor has typed 16,384 characters, a deletion 6, a character typed elsewhere at most 17.
#[test]
fn keystrokes_are_small() {
    let mut text = Text::new();
    text.insert(7, 0, &"x".repeat(20_000)).expect("in range");
    assert_eq!(size(&text.insert(7, 20_000, "a").expect("in range")), 7);
    assert_eq!(size(&text.remove(20_000..20_001).expect("in range")), 6);
    assert!(size(&text.insert(7, 10_000, "b").expect("in range")) <= 17);
    assert_eq!(size(&text.insert(7, 10_001, "c").expect("in range")), 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Bytes that were changed on the way give a delta or an error, and the delta is believed or refused; nothing panics.
    #[test]
    fn changed_bytes_do_no_harm(seed in 0..64_u64, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut dice = Dice(seed);
        let mut replica = Replica::new(1);
        for _ in 0..12 {
            replica.edit(0, &mut dice);
        }
        let whole = replica.text.since(&tidings_clocks::VersionVector::new());
        let delta = replica.edit(0, &mut dice).delta;
        for (delta, mut text) in [(whole, Text::new()), (delta, replica.text)] {
            let mut bytes = postcard::to_allocvec(&delta).expect("fits");
            for (at, byte) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            if let Ok(delta) = postcard::from_bytes::<TextDelta<u32>>(&bytes) {
                let before = text.clone();
                if text.apply(&delta).is_err() {
                    prop_assert!(text == before);
                }
                prop_assert_eq!(text.to_string().chars().count(), text.len());
            }
        }
    }
}
