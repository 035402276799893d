//! Texts as documents.

use proptest::prelude::*;
use tidings_clocks::{Dot, VersionVector};
use tidings_crdt::{EncodingError, Expand, Join, Origins, Text, TextDelta, TextRange, TextRun};

use crate::text::random::{Dice, Event, run, settle};

const LIMIT: usize = 1 << 24;

/// One bit at a time: the checksum at the end of a document.
pub(crate) fn seal(document: &mut [u8]) {
    let (bytes, checksum) = document.split_last_chunk_mut::<4>().expect("a document");
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    });
    *checksum = (!crc).to_le_bytes();
}

/// Where the column of the content begins. Only this one has other forms, which nobody writes: a text can be compressed in many ways.
fn content(document: &[u8]) -> usize {
    (0..6).fold(6, |at, _| at + 1 + usize::from(document[at]))
}

/// That a text is one that edits can have led to: what it tells others makes the same text of an empty one.
fn assert_sound(text: &Text<u32>) {
    let mut copy = Text::new();
    copy.apply(&text.since(&VersionVector::new())).expect("it can be told");
    assert_eq!(copy, *text);
    assert_eq!(copy.save(), text.save());
    let read = text.to_string();
    assert_eq!((read.chars().count(), read.len()), (text.len(), text.len_bytes()));
}

/// What is saved is loaded; equal texts are equal bytes, in whatever order their edits came; and a loaded text goes on as the saved one would have.
#[test]
fn saved_texts_are_loaded() {
    for seed in 0..600 {
        let (mut replicas, events) = run(seed, 60, 1 + usize::try_from(seed % 4).expect("small"));
        for replica in &mut replicas {
            let bytes = replica.text.save();
            let loaded = Text::load(&bytes, LIMIT).unwrap_or_else(|error| panic!("seed {seed}: {error} {:?}", replica.text));
            assert_eq!(loaded, replica.text, "seed {seed}");
            assert_eq!(loaded.save(), bytes, "seed {seed}");
            assert_sound(&loaded);
            replica.text = loaded;
        }
        settle(&mut replicas, &events, &mut Dice(seed));
        for replica in &mut replicas {
            replica.check(seed);
        }
        let mut dice = Dice(seed);
        for _ in 0..20 {
            replicas[0].edit(0, &mut dice);
            replicas[0].check(seed);
        }
        let [_, one, two] = &replicas[..] else { panic!("three replicas") };
        assert_eq!(one.text.save(), two.text.save(), "seed {seed}");
    }
}

/// The same for texts with several levels of nodes, and of long runs.
#[test]
fn large_texts_are_loaded() {
    for seed in 0..4 {
        let (mut replicas, events) = run(seed, 700, 3);
        settle(&mut replicas, &events, &mut Dice(seed));
        let mut text = replicas.swap_remove(0).text;
        text.insert(5, 3, &"a long run of é and 🦀 ".repeat(300)).expect("in range");
        text.insert(6, 1_000, &"plain ".repeat(2_000)).expect("in range");
        text.remove(500..4_000).expect("in range");
        let loaded = Text::load(&text.save(), LIMIT).expect("as saved");
        assert_eq!(loaded, text);
        assert_sound(&loaded);
        let mut other = loaded.clone();
        let delta = other.splice(7, 2_000..2_100, "here").expect("in range");
        assert_eq!(text.apply(&delta), Ok(true));
        assert_eq!(text, other);
    }
}

/// The least and the smallest.
#[test]
fn small_texts_are_small() {
    let mut text = Text::<u32>::new();
    assert_eq!(text.save().len(), 12);
    assert_eq!(Text::load(&text.save(), 0), Ok(text.clone()));
    text.insert(1, 0, "Hello world").expect("in range");
    assert_eq!(text.save().len(), 34);
}

/// A document that would take more memory than is allowed is refused before it is taken.
#[test]
fn memory_is_limited() {
    let mut text = Text::new();
    text.insert(1_u32, 0, &"0123456789".repeat(1_000)).expect("in range");
    let bytes = text.save();
    assert!(bytes.len() < 10_100, "it repeats itself too much to be compressed");
    assert!(matches!(Text::<u32>::load(&bytes, 10_000), Err(EncodingError::TooLarge { limit, .. }) if limit < 10_000));
    assert_eq!(Text::load(&bytes, 20_000), Ok(text));
    assert!(matches!(Text::<u32>::load(&bytes, 100), Err(EncodingError::TooLarge { limit: 100, .. })));
}

fn sample(seed: u64) -> Text<u32> {
    let (mut replicas, events) = run(seed, 40, 1);
    settle(&mut replicas, &events, &mut Dice(seed));
    replicas.swap_remove(0).text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Changed bytes are refused, or are another text that edits can have led to, which is saved as these bytes.
    #[test]
    fn changed_documents_do_no_harm(seed in 0..64_u64, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4)) {
        let text = sample(seed);
        let mut bytes = text.save();
        for (at, byte, kind) in changes {
            let at = 6 + at.index(bytes.len() - 10);
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] = bytes[at].wrapping_add(1),
                2 => bytes[at] ^= 1 << (byte % 8),
                _ => bytes[at] = bytes[6 + usize::from(byte) % (bytes.len() - 10)],
            }
        }
        seal(&mut bytes);
        if let Ok(loaded) = Text::<u32>::load(&bytes, LIMIT) {
            assert_sound(&loaded);
            let mut joined = loaded.clone();
            joined.join(&text);
            prop_assert_eq!(joined.to_string().chars().count(), joined.len());
        }
    }
}

/// Documents that only somebody who means harm has written: origins in a circle, characters twice, siblings in the wrong order.
#[test]
fn impossible_documents_are_refused() {
    let mut found = [0, 0];
    for seed in 0..64 {
        let bytes = sample(seed).save();
        for at in 6..bytes.len() - 4 {
            for change in [1, 2, 4, 255, 3, 8] {
                let mut bytes = bytes.clone();
                bytes[at] = bytes[at].wrapping_add(change);
                seal(&mut bytes);
                match Text::<u32>::load(&bytes, LIMIT) {
                    Ok(text) => {
                        assert_sound(&text);
                        assert!(at >= content(&bytes) || text.save() == bytes, "seed {seed}: there is one form");
                        found[0] += 1;
                    }
                    Err(_) => found[1] += 1,
                }
            }
        }
    }
    assert!(found[0] > 100 && found[1] > 1_000, "both are reached: {found:?}");
}

/// Several thousand who type at one place at once are loaded in their order; in another order they are not.
#[test]
fn siblings_are_loaded() {
    let mut text = Text::new();
    text.insert(1, 0, "()").expect("in range");
    let origins = Origins::Between { left: text.dot_at(0), right: text.dot_at(1) };
    for actor in (2..3_000_u32).rev() {
        let run = TextRun::new(Dot::new(actor, 1), origins.clone(), "x");
        text.apply(&TextDelta::from_parts([run], [])).expect("possible");
    }
    assert_eq!(Text::load(&text.save(), LIMIT), Ok(text));
}

/// Deltas are saved and loaded: parts of a text since a version, single edits, and values that no text would take.
#[test]
fn saved_deltas_are_loaded() {
    for seed in 0..300 {
        let (replicas, events) = run(seed, 40, 2);
        for Event { delta, .. } in events.iter().flatten() {
            assert_eq!(TextDelta::load(&delta.save(), LIMIT).as_ref(), Ok(delta), "seed {seed}");
        }
        for (mine, theirs) in [(0, 1), (1, 2), (2, 0)].map(|(mine, theirs)| (&replicas[mine].text, &replicas[theirs].text)) {
            let part = mine.since(&theirs.version());
            let loaded = TextDelta::load(&part.save(), LIMIT).expect("as saved");
            assert_eq!(loaded, part, "seed {seed}");
            let mut joined = theirs.clone();
            joined.apply(&loaded).expect("it is what the version lacks");
            assert_eq!(joined, theirs.clone().joined(mine), "seed {seed}");
        }
    }
    let odd = TextRun::deleted(Dot::new(3_u32, u64::MAX), Origins::Between { left: Some(Dot::new(7, 0)), right: None }, 9);
    let odd = TextDelta::from_parts([odd.clone(), odd], [TextRange { first: Dot::new(1, u64::MAX), length: u64::MAX }; 2]);
    assert_eq!(TextDelta::load(&odd.save(), LIMIT).as_ref(), Ok(&odd));
    assert_eq!(TextDelta::<u32>::load(&TextDelta::<u32>::new().save(), 0), Ok(TextDelta::new()));
    let text = Text::<u32>::new().save();
    assert!(matches!(TextDelta::<u32>::load(&text, LIMIT), Err(EncodingError::Kind { .. })));
}

/// A text of two actors with siblings, deletions, characters of all widths and marks, which will be read as long as there is this library.
fn golden() -> Text<u32> {
    let mut ada = Text::new();
    ada.insert(1, 0, "The quick fox 🦊 jumps; the quick fox rests. ").expect("in range");
    let mut bob = ada.clone();
    ada.splice(1, 4..9, "agile").expect("in range");
    ada.insert(1, 0, "¶ ").expect("in range");
    bob.insert(2, 10, "brown ").expect("in range");
    bob.insert(2, 10, "red and ").expect("in range");
    ada.insert(1, 12, "grey ").expect("in range");
    bob.remove(30..38).expect("in range");
    ada.join(&bob);
    ada.insert(2, 3, "語").expect("in range");
    ada.mark(1, 3..14, "bold", "", Expand::After).expect("in range");
    ada.mark(3, 8..20, "link", "https://example.org", Expand::Neither).expect("in range");
    ada.unmark(2, 0..5, "bold", Expand::Both).expect("in range");
    ada
}

/// Version 1 is read as it was written, and is written so still.
#[test]
fn version_one_is_read() {
    let text = golden();
    let part = text.since(&[(1_u32, 40_u64)].into_iter().collect());
    let golden: [&[u8]; 2] = [include_bytes!("../golden/text-1.bin"), include_bytes!("../golden/text-delta-1.bin")];
    assert_eq!(Text::load(golden[0], LIMIT).as_ref(), Ok(&text));
    assert_eq!(TextDelta::load(golden[1], LIMIT).as_ref(), Ok(&part));
    assert_eq!([text.save(), part.save()], golden);
}
