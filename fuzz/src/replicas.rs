//! Replicated types: states and deltas from anywhere, and edits at several replicas that must converge.

use arbitrary::Unstructured;
use tidings_crdt::{AddWinsSet, GCounter, Join, LwwMap, LwwRegister, MvRegister, PnCounter, Text, TextDelta};

/// Joins two states decoded from any bytes, in both orders.
fn joins<T: Join + Clone + PartialEq + std::fmt::Debug + serde::de::DeserializeOwned>(bytes: &[u8]) {
    let Ok((one, rest)) = postcard::take_from_bytes::<T>(bytes) else { return };
    let Ok((other, _)) = postcard::take_from_bytes::<T>(rest) else { return };
    let (mut left, mut right) = (one.clone(), other.clone());
    left.join(&other);
    right.join(&one);
    assert_eq!(left, right, "join commutes");
    assert!(!left.clone().join(&one) && !left.clone().join(&other), "join is idempotent and says so");
}

/// Any bytes as two states of the type that the first byte names.
pub(crate) fn crdt_states(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 6 {
        0 => joins::<GCounter<u8>>(bytes),
        1 => joins::<PnCounter<u8>>(bytes),
        2 => joins::<MvRegister<u8, u8>>(bytes),
        3 => joins::<AddWinsSet<u8, u8>>(bytes),
        4 => joins::<LwwRegister<u8, u8, u8>>(bytes),
        _ => joins::<LwwMap<u8, u8, u8, u8>>(bytes),
    }
}

/// Any bytes as deltas to a text: taken or refused, and what is refused changes nothing.
pub(crate) fn text_deltas(mut bytes: &[u8]) {
    let mut text = Text::<u8>::new();
    text.insert(1, 0, "seed").expect("an empty text takes an insertion");
    for _ in 0..64 {
        let Ok((delta, rest)) = postcard::take_from_bytes::<TextDelta<u8>>(bytes) else { return };
        let before = text.clone();
        match text.apply(&delta) {
            Ok(changed) => assert_eq!(changed, text != before),
            Err(_) => assert_eq!(text, before, "a refused delta changes nothing"),
        }
        assert_eq!(text.to_string().chars().count(), text.len());
        bytes = rest;
    }
}

/// Three replicas edit one text, and hear of each other's edits in any causal order, some twice: all end alike.
pub(crate) fn text_replicas(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut log: Vec<TextDelta<u8>> = Vec::new();
    let mut replicas: [(Text<u8>, Vec<bool>); 3] = Default::default();
    let _ = edit(&mut input, &mut log, &mut replicas);
    for (text, _) in &mut replicas {
        for delta in &log {
            text.apply(delta).expect("in the order of the log every delta's past is there");
        }
    }
    let [one, two, three] = &replicas;
    assert_eq!((&one.0, &two.0), (&two.0, &three.0));
    let mut joined = Text::new();
    joined.join(&one.0);
    assert_eq!(joined, one.0);
}

fn edit(input: &mut Unstructured<'_>, log: &mut Vec<TextDelta<u8>>, replicas: &mut [(Text<u8>, Vec<bool>); 3]) -> arbitrary::Result<()> {
    while !input.is_empty() && log.len() < 200 {
        let at = input.choose_index(3)?;
        let (text, heard) = &mut replicas[at];
        heard.resize(log.len(), false);
        let actor = u8::try_from(at).expect("three replicas");
        let delta = match input.int_in_range(0..=3)? {
            0 => {
                let position = input.int_in_range(0..=text.len())?;
                let words = ["a", "bc", "d\u{e9}f", "\u{1f600}"][input.choose_index(4)?];
                text.insert(actor, position, words).expect("the position is in the text")
            }
            1 if !text.is_empty() => {
                let start = input.choose_index(text.len())?;
                let end = (start + input.int_in_range(1..=4)?).min(text.len());
                text.remove(start..end).expect("the range is in the text")
            }
            _ => {
                if !log.is_empty() {
                    let which = input.choose_index(log.len())?;
                    // What lacks its past is refused; in any case the log brings it again at the end.
                    heard[which] |= text.apply(&log[which]).is_ok();
                }
                continue;
            }
        };
        log.push(delta);
        replicas[at].1.push(true);
    }
    Ok(())
}
