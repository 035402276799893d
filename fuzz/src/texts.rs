//! Texts as documents, and rich texts that several edit, mark, undo and redo at once.

use arbitrary::Unstructured;
use tidings_clocks::VersionVector;
use tidings_crdt::{Bias, Expand, HistoryLimits, Join, Text, TextDelta, TextHistory, TextUnit};

/// No document of a fuzzer's input takes more memory.
pub(crate) const LIMIT: usize = 1 << 22;

/// A document with these bytes after its magic number, version and kind, and with the right checksum: without that nothing behind it would be reached.
pub(crate) fn sealed(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut document = vec![0x8b, b't', b'd', b'g', 1, kind];
    document.extend(bytes);
    let crc = document.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    });
    document.extend((!crc).to_le_bytes());
    document
}

/// Any bytes as a saved text: refused, or a text that edits can have led to, which is as good as any other.
pub(crate) fn text_document(bytes: &[u8]) {
    assert!(bytes.starts_with(&[0x8b, b't', b'd', b'g']) || Text::<u8>::load(bytes, LIMIT).is_err(), "every document begins alike");
    let _ = Text::<u8>::load(bytes, LIMIT);
    let Ok(mut text) = Text::<u8>::load(&sealed(1, bytes), LIMIT) else { return };
    let stats = text.stats();
    assert!(stats.reserved_bytes <= 160 * bytes.len() + 4_096, "{} bytes for {}", stats.reserved_bytes, bytes.len());
    let mut told = Text::new();
    assert_eq!(told.apply(&text.since(&VersionVector::new())), Ok(text != Text::new()), "it can be told to another one");
    assert_eq!(told, text);
    let saved = text.save();
    assert_eq!(saved, told.save());
    assert_eq!(Text::load(&saved, LIMIT).as_ref(), Ok(&text));
    assert_eq!(text.to_string().chars().count(), text.len());
    // Deleted characters may be as many as can be counted; then nothing more can be typed.
    if let Ok(delta) = text.insert(1, text.len() / 2, "more") {
        assert_eq!(told.apply(&delta), Ok(true));
        assert_eq!(told, text);
    }
}

/// Any bytes as a saved delta: refused, or a delta that is saved and loaded again, and that a text takes or refuses.
pub(crate) fn text_delta_document(bytes: &[u8]) {
    let _ = TextDelta::<u8>::load(bytes, LIMIT);
    let Ok(delta) = TextDelta::<u8>::load(&sealed(2, bytes), LIMIT) else { return };
    assert_eq!(TextDelta::load(&delta.save(), LIMIT).as_ref(), Ok(&delta));
    let mut text = Text::new();
    text.insert(1_u8, 0, "seed").expect("an empty text takes an insertion");
    let before = text.clone();
    match text.apply(&delta) {
        Ok(changed) => {
            assert_eq!(changed, text != before);
            assert_eq!(text.apply(&delta), Ok(false), "again it is nothing new");
        }
        Err(_) => assert_eq!(text, before, "a refused delta changes nothing"),
    }
}

struct Replica {
    text: Text<u8>,
    history: TextHistory<u8>,
    /// What an editor shows, kept by what it is told of changes.
    shown: Vec<char>,
}

/// Three replicas edit, mark, undo and redo in one text, save and load it, and hear of each other's edits in any causal order, some twice: all end alike.
pub(crate) fn text_rich(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut log: Vec<TextDelta<u8>> = Vec::new();
    let mut replicas = [0, 1, 2].map(|actor| Replica {
        text: Text::new(),
        history: TextHistory::new(actor, HistoryLimits { steps: 20, bytes: 4_000 }),
        shown: Vec::new(),
    });
    while !input.is_empty() && log.len() < 150 {
        if step(&mut input, &mut log, &mut replicas).is_err() {
            break;
        }
    }
    for replica in &mut replicas {
        for delta in &log {
            hear(replica, delta).expect("in the order of the log every delta's past is there");
        }
    }
    let [one, two, three] = replicas.map(|replica| replica.text);
    assert_eq!((&one, &two), (&two, &three));
    assert_eq!(one.marked_ranges(), two.marked_ranges());
    let mut joined = Text::new();
    joined.join(&three);
    assert_eq!((&joined, joined.save()), (&one, one.save()));
    assert_eq!(Text::load(&one.save(), LIMIT), Ok(one));
}

fn hear(replica: &mut Replica, delta: &TextDelta<u8>) -> Result<(), tidings_crdt::TextError<u8>> {
    for splice in replica.text.apply_splices(delta)? {
        replica.shown.splice(splice.position..splice.position + splice.removed, splice.inserted.chars());
    }
    assert_eq!(replica.shown.iter().collect::<String>(), replica.text.to_string());
    Ok(())
}

fn step(input: &mut Unstructured<'_>, log: &mut Vec<TextDelta<u8>>, replicas: &mut [Replica; 3]) -> arbitrary::Result<()> {
    let at = input.choose_index(3)?;
    let actor = u8::try_from(at).expect("three replicas");
    let replica = &mut replicas[at];
    let Replica { text, history, .. } = replica;
    let start = input.int_in_range(0..=text.len())?;
    let end = (start + input.int_in_range(0..=5)?).min(text.len());
    let words = ["", "a", "bc", "d\u{e9}f", "\u{1f600}"][input.choose_index(5)?];
    let expand = [Expand::Neither, Expand::Before, Expand::After, Expand::Both][input.choose_index(4)?];
    let delta = match input.int_in_range(0..=9)? {
        0 | 1 => history.splice(text, start..end, words).expect("the range is in the text"),
        2 => text.splice(actor, start..end, words).expect("the range is in the text"),
        3 => {
            let [start, end] = [start, end].map(|position| text.offset_of(TextUnit::Utf16, position).expect("in the text"));
            text.splice_in(TextUnit::Utf16, actor, start..end, words).expect("no character is cut")
        }
        4 => history.undo(text).expect("there is room").unwrap_or_default(),
        5 => history.redo(text).expect("there is room").unwrap_or_default(),
        6 => text.mark(actor, start..end, "key", words, expand).expect("the range is in the text"),
        7 => text.unmark(actor, start..end, "key", expand).expect("the range is in the text"),
        8 => {
            let anchors = [Bias::Left, Bias::Right].map(|bias| text.anchor(start, bias).expect("in the text"));
            assert!(anchors.iter().all(|anchor| text.position_of_anchor(anchor) == Some(start)));
            *text = Text::load(&text.save(), LIMIT).expect("as saved");
            return Ok(());
        }
        _ if log.is_empty() => return Ok(()),
        _ => {
            let which = input.choose_index(log.len())?;
            // What lacks its past is refused; in any case the log brings it again at the end.
            let _ = hear(replica, &log[which]);
            return Ok(());
        }
    };
    if history.steps().0 > 2 && words == "bc" {
        history.unite();
    }
    replica.shown = replica.text.to_string().chars().collect();
    log.push(delta);
    Ok(())
}
