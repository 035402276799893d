//! Documents as their users see them: what holds under concurrency, what is refused, and what is written and read.

use tidings_clocks::{Dot, Overflow, VersionVector};
use tidings_crdt::{Document, DocumentError, DocumentKind, EncodingError, Join, Kind, OutOfRange, Path, Scalar, Segment, Text, Value};

const LIMIT: usize = 1 << 24;

fn map(fields: &[(&str, Value)]) -> Value {
    Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// Two copies change at once, and hear of each other.
fn at_once<T>(
    document: &Document<&'static str>,
    one: impl FnOnce(&mut Document<&'static str>) -> Result<T, DocumentError>,
    two: impl FnOnce(&mut Document<&'static str>) -> Result<T, DocumentError>,
) -> Document<&'static str> {
    let (mut ann, mut bob) = (document.clone(), document.clone());
    one(&mut ann).unwrap();
    two(&mut bob).unwrap();
    let both = ann.clone().joined(&bob);
    assert_eq!(bob.joined(&ann), both);
    both
}

/// Counters, registers, texts and lists below a field that is removed: what the removal has seen is gone, what it has not seen is all there is.
#[test]
fn a_reset_ends_what_it_has_seen_and_nothing_else() {
    let mut document = Document::new();
    document.put("ann", ("a", "name"), "old").unwrap();
    document.count("ann", ("a", "count"), 10).unwrap();
    document.splice("ann", ("a", "text"), 0..0, "hello world").unwrap();
    document.assign("ann", ("a", "list"), &Value::List(vec![1.into(), map(&[("x", 2.into()), ("y", 3.into())])])).unwrap();
    let both = at_once(
        &document,
        |ann| ann.remove("a"),
        |bob| {
            bob.count("bob", ("a", "count"), 1)?;
            bob.splice("bob", ("a", "text"), 5..5, ", big")?;
            bob.put("bob", ("a", "list", 1, "x"), 4)
        },
    );
    let due =
        map(&[("count", Value::Count(1)), ("text", Value::Text(", big".into())), ("list", Value::List(vec![map(&[("x", 4.into())])]))]);
    assert_eq!(both.value(), Some(map(&[("a", due)])));
}

/// A counter that was reset does not bring back its old amounts with the next one, in whatever order the deltas come.
#[test]
fn a_reset_counter_forgets_for_good() {
    let mut ann = Document::new();
    let mut deltas = vec![ann.count("ann", ("a", "n"), 5).unwrap(), ann.count("ann", ("a", "n"), 2).unwrap()];
    deltas.push(ann.remove("a").unwrap());
    deltas.push(ann.count("ann", ("a", "n"), 1).unwrap());
    for turn in 0..deltas.len() {
        let mut bob = Document::new();
        for at in 0..deltas.len() {
            bob.join(&deltas[(at * 3 + turn) % deltas.len()]);
        }
        assert_eq!(bob.entry(("a", "n")).unwrap().count(), 1);
        assert_eq!(bob, ann);
    }
}

/// Concurrent writes are all kept; the one shown is the same for all; the next write replaces both.
#[test]
fn a_register_keeps_concurrent_values() {
    let mut both = at_once(&Document::new(), |ann| ann.put("ann", "k", 1), |bob| bob.put("bob", "k", "two"));
    let entry = both.entry("k").unwrap();
    assert_eq!(entry.scalars().collect::<Vec<_>>(), [&Scalar::Integer(1), &Scalar::String("two".into())]);
    assert_eq!(entry.scalar(), Some(&Scalar::String("two".into())));
    both.put("ann", "k", true).unwrap();
    assert_eq!(both.entry("k").unwrap().scalars().collect::<Vec<_>>(), [&Scalar::Bool(true)]);
}

/// Two kinds at one place are both kept: the map is shown, and what is put there next replaces all.
#[test]
fn two_kinds_at_one_place_are_both_kept() {
    let mut both = at_once(&Document::new(), |ann| ann.put("ann", "k", 1), |bob| bob.put("bob", ("k", "x"), 2));
    let entry = both.entry("k").unwrap();
    assert_eq!(entry.kinds().collect::<Vec<_>>(), [Kind::Map, Kind::Scalar]);
    assert_eq!((entry.value(), entry.scalar()), (map(&[("x", 2.into())]), Some(&Scalar::Integer(1))));
    both.put("ann", "k", 3).unwrap();
    assert_eq!(both.value(), Some(map(&[("k", 3.into())])));
}

/// A list's element is in one place after two moves, and has what was changed in it at the same time.
#[test]
fn elements_move_once_and_keep_their_changes() {
    let mut document = Document::new();
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        document.insert("ann", "list", index, map(&[("name", name.into())])).unwrap();
    }
    let moved = at_once(&document, |ann| ann.move_to("ann", "list", 0, 2), |bob| bob.move_to("bob", "list", 0, 1));
    let mut other = document.clone();
    other.put("eve", ("list", 0, "name"), "A").unwrap();
    let all = moved.joined(&other);
    let names: Vec<Value> = all.entry("list").unwrap().elements().map(|element| element.value().field("name").unwrap().clone()).collect();
    assert_eq!(names, ["b", "A", "c"].map(Value::from));
}

/// A text is edited by both, moved about within its list, and stays one text.
#[test]
fn texts_in_lists_are_edited_while_they_move() {
    let mut document = Document::new();
    document.insert("ann", "notes", 0, Value::Text("milk".into())).unwrap();
    document.insert("ann", "notes", 1, Value::Text("bread".into())).unwrap();
    let both = at_once(
        &document,
        |ann| ann.splice("ann", ("notes", 0), 4..4, " (oat)"),
        |bob| {
            bob.move_to("bob", "notes", 0, 1)?;
            bob.splice("bob", ("notes", 1), 0..0, "fresh ")
        },
    );
    let texts: Vec<String> = both.entry("notes").unwrap().elements().map(|note| note.text()).collect();
    assert_eq!(texts, ["bread", "fresh milk (oat)"]);
}

/// What is asked of the wrong thing, of nothing, or beyond an end is refused with what is there, and changes nothing.
#[test]
fn what_cannot_be_done_is_refused() {
    let mut document = Document::new();
    document.put("ann", "name", "x").unwrap();
    document.make("ann", "list", Kind::List).unwrap();
    document.splice("ann", "text", 0..0, "abc").unwrap();
    let before = document.clone();
    let wrong = |segments, found, needed| DocumentError::WrongKind { segments, found, needed };
    let out = |index, length| DocumentError::OutOfRange(OutOfRange { index, length });
    assert_eq!(document.put("ann", ("name", "x"), 1), Err(wrong(1, Kind::Scalar, Kind::Map)));
    assert_eq!(document.put("ann", ("text", 0), 1), Err(wrong(1, Kind::Text, Kind::List)));
    assert_eq!(document.put("ann", ("none", 0), 1), Err(DocumentError::Missing { segments: 1 }));
    assert_eq!(document.put("ann", ("list", 0), 1), Err(out(0, 0)));
    assert_eq!(document.insert("ann", "list", 1, 1), Err(out(1, 0)));
    assert_eq!(document.move_to("ann", "list", 0, 0), Err(out(0, 0)));
    assert_eq!(document.move_to("ann", "none", 0, 0), Err(DocumentError::Missing { segments: 1 }));
    assert_eq!(document.splice("ann", "text", 1..4, ""), Err(out(4, 3)));
    assert_eq!(document.splice("ann", "name", 0..0, "y"), Err(wrong(1, Kind::Scalar, Kind::Text)));
    assert_eq!(document.count("ann", "text", 1), Err(wrong(1, Kind::Text, Kind::Counter)));
    assert_eq!(document.make("ann", "text", Kind::Map), Err(wrong(1, Kind::Text, Kind::Map)));
    assert_eq!(document.remove("none"), Err(DocumentError::Missing { segments: 1 }));
    assert_eq!(document.remove(("list", 0)), Err(out(0, 0)));
    assert_eq!(document.remove(("name", "x")), Err(wrong(1, Kind::Scalar, Kind::Map)));
    let deep = |levels: usize| Path::from(vec![Segment::Field("x".into()); levels]);
    assert_eq!(document.put("ann", deep(65), 1), Err(DocumentError::TooDeep { limit: 64 }));
    assert_eq!(document.assign("ann", deep(64), &map(&[("y", 1.into())])), Err(DocumentError::TooDeep { limit: 64 }));
    assert_eq!(document, before);
    assert!(document.put("ann", deep(64), 1).is_ok());
}

/// An actor whose counter is at its end is refused, and all others go on.
#[test]
fn overflow_leaves_the_document_unchanged() {
    let forged = forged();
    let mut document = Document::<u8>::load(&forged, LIMIT).unwrap();
    assert_eq!(document.context().latest(&1), u64::MAX);
    let before = document.clone();
    for change in [
        document.put(1, "k", 1),
        document.insert(1, "l", 0, 1),
        document.splice(1, "t", 0..0, "x"),
        document.count(1, "c", 1),
        document.make(1, "m", Kind::Map),
    ] {
        assert_eq!(change, Err(DocumentError::Overflow(Overflow)));
    }
    assert_eq!(document, before);
    assert!(document.put(2, "k", 1).is_ok());
}

/// A document that knows the last event of actor 1, and nothing else.
fn forged() -> Vec<u8> {
    let mut bytes = vec![0x8b, b't', b'd', b'g', 1, 3];
    // One actor; nothing without a gap, then a run of one event at the end of the counters; the root, with no atoms and no runs.
    let gap = u64::MAX - 2;
    let number = |number: u64| tidings_clocks::Wire::to_wire(&number);
    let context = [number(0), number(0), number(gap), number(0)].concat();
    let columns: [&[u8]; 9] = [&[1, 1], &context, &[0], &[], &[], &[], &[0], &[], &[0]];
    for column in columns {
        bytes.extend(number(column.len() as u64));
        bytes.extend(column);
    }
    seal(&mut bytes);
    bytes
}

/// One bit at a time: the checksum at the end.
fn seal(bytes: &mut Vec<u8>) {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    bytes.extend((!crc).to_le_bytes());
}

/// A document with one of everything.
fn everything() -> Document<u32> {
    let mut document = Document::new();
    let list = Value::List(vec![1.into(), (-2.5).into(), Value::Scalar(Scalar::Null), Value::Text("e\u{301}\u{1f980}".into())]);
    document.assign(1, "list", &list).unwrap();
    document.count(1, ("map", "count"), -7).unwrap();
    document.put(2, ("map", "name"), "tidings").unwrap();
    document.make(2, ("map", "empty"), Kind::List).unwrap();
    document.splice(3, "text", 0..0, "hello").unwrap();
    document.splice(2, "text", 1..4, "ipp").unwrap();
    document.move_to(3, "list", 0, 2).unwrap();
    document.remove(("list", 0)).unwrap();
    let mut other = document.clone();
    other.put(4, ("map", "name"), true).unwrap();
    document.put(3, ("map", "name"), false).unwrap();
    document.joined(&other)
}

/// The bytes of version 1, which every later version must read.
#[test]
fn golden_file() {
    let golden: &[u8] = include_bytes!("golden/document-1.bin");
    assert_eq!(everything().save(), golden);
    assert_eq!(Document::load(golden, LIMIT), Ok(everything()));
}

/// What one lacks is a delta by itself; it does not matter how much more is in it.
#[test]
fn what_is_new_since_a_version_is_enough() {
    let whole = everything();
    let mut old = Document::new();
    old.assign(1, "list", &Value::List(vec![1.into(), 2.into()])).unwrap();
    let version: VersionVector<u32> = [(1, 4)].into_iter().collect();
    for known in [VersionVector::new(), version, whole.context().vector().clone()] {
        let delta = Document::load(&whole.save_since(&known), LIMIT).unwrap();
        assert_eq!(whole.clone().joined(&delta), whole);
        assert_eq!(delta.clone().joined(&whole), whole);
    }
    assert!(whole.save_since(whole.context().vector()).len() < whole.save().len() / 2);
}

/// Whatever is changed in the bytes, a document or an error comes of it, and a document has one form.
#[test]
fn changed_bytes_are_refused_or_have_one_form() {
    let bytes = everything().save();
    for cut in 0..bytes.len() {
        assert!(Document::<u32>::load(&bytes[..cut], LIMIT).is_err());
    }
    let body = bytes.len() - 4;
    let (mut loaded, mut refused) = (0, 0);
    for at in 6..body {
        for change in [1, 2, 0x40, 0x80, 0xff] {
            let mut changed = bytes[..body].to_vec();
            changed[at] ^= change;
            seal(&mut changed);
            match Document::<u32>::load(&changed, LIMIT) {
                Ok(document) => {
                    assert_eq!(document.save(), changed);
                    assert_eq!(document.clone().joined(&everything()), everything().joined(&document));
                    loaded += 1;
                }
                Err(EncodingError::Column { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(loaded > 20 && refused > 500, "{loaded} loaded, {refused} refused");
    assert_eq!(Document::<u32>::load(&bytes, 1_000), Err(EncodingError::TooLarge { needed: bytes.len() * 512, limit: 1_000 }));
}

/// A text is no document, and neither is a part of one.
#[test]
fn what_is_of_another_type_is_refused() {
    let mut text: Text<u32> = Text::new();
    let delta = text.insert(1, 0, "x").unwrap();
    for (bytes, found) in [(text.save(), DocumentKind::Text), (delta.save(), DocumentKind::TextDelta)] {
        let error = EncodingError::Kind { expected: DocumentKind::Document, found: Some(found) };
        assert_eq!(Document::<u32>::load(&bytes, LIMIT), Err(error));
    }
    let document = everything().save();
    let found = Some(DocumentKind::Document);
    assert_eq!(Text::<u32>::load(&document, LIMIT).err(), Some(EncodingError::Kind { expected: DocumentKind::Text, found }));
}

/// A cloned actor gives one dot to two things: it is told, and all agree anyhow.
#[test]
fn a_cloned_actor_is_told() {
    let (mut one, mut two) = (Document::new(), Document::new());
    one.put("ann", "a", 1).unwrap();
    two.put("ann", "b", 1).unwrap();
    let before = one.clone();
    // The first dot of either is that of the map at the root, and says the same; the second stands under two names.
    assert_eq!(one.join_checked(&two).unwrap_err().dot, Dot::new("ann", 2));
    assert_eq!(one, before);
    assert_eq!(one.clone().joined(&two), two.joined(&one));
}

#[cfg(feature = "serde")]
mod written {
    use proptest::prelude::*;

    use super::*;

    /// A value comes from JSON, is changed, and is shown as JSON again.
    #[test]
    fn json_in_and_out() {
        let text = r#"{"a":[1,-2.5,null,true,"x"],"b":{"c":{}},"d":"text"}"#;
        let mut document = Document::new();
        document.assign("ann", (), &serde_json::from_str::<Value>(text).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&document.entry(()).unwrap()).unwrap(), text);
        assert_eq!(serde_json::to_string(&document.value().unwrap()).unwrap(), text);
        document.count("ann", "n", 3).unwrap();
        document.splice("ann", "t", 0..0, "typed").unwrap();
        document.remove(("a", 1)).unwrap();
        let shown = r#"{"a":[1,null,true,"x"],"b":{"c":{}},"d":"text","n":3,"t":"typed"}"#;
        assert_eq!(serde_json::to_string(&document.entry(()).unwrap()).unwrap(), shown);
        assert!(serde_json::from_str::<Value>("18446744073709551615").unwrap_err().to_string().contains("beyond"));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Scalar(Scalar::Null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-4_000..4_000).prop_map(|quarters: i32| Value::from(f64::from(quarters) / 4.0)),
            "[a-c\"\\\\\u{0}-\u{20}é\u{1F600}]{0,4}".prop_map(|text| Value::from(text.as_str())),
        ];
        scalar.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map("[a-c]{0,2}", inner, 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// What JSON says is what the document holds and what it says again, saved and loaded too.
        #[test]
        fn any_json_comes_back(value in any_value()) {
            let text = serde_json::to_string(&value).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &value);
            let mut document = Document::new();
            document.assign(1_u32, "at", &read).unwrap();
            let loaded = Document::<u32>::load(&document.save(), LIMIT).unwrap();
            for document in [&document, &loaded] {
                let entry = document.entry("at").unwrap();
                prop_assert_eq!(entry.value(), value.clone());
                prop_assert_eq!(serde_json::to_string(&entry).unwrap(), text.clone());
            }
        }
    }

    /// As deep as a document may be a value is read and put there, one level deeper neither is done.
    #[test]
    fn the_limit_of_levels_is_the_same_for_reading_and_putting() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let value: Value = serde_json::from_str(&nested(64)).unwrap();
        let mut document = Document::new();
        document.assign("ann", (), &value).unwrap();
        assert_eq!(serde_json::to_string(&document.entry(()).unwrap()).unwrap(), nested(64));
        let before = document.clone();
        assert_eq!(
            document.assign("ann", "x", &value),
            Err(DocumentError::WrongKind { segments: 0, found: Kind::List, needed: Kind::Map })
        );
        assert_eq!(document.assign("ann", (), &Value::List(vec![value])), Err(DocumentError::TooDeep { limit: 64 }));
        assert_eq!(document, before);
        let error = serde_json::from_str::<Value>(&nested(65)).unwrap_err().to_string();
        assert!(error.contains("64 levels"), "{error}");
    }

    /// The whole state comes back, through a format that describes itself and one that does not.
    #[test]
    fn states_come_back() {
        let document = everything();
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<Document<u32>>(&text).unwrap(), document);
        let bytes = postcard::to_allocvec(&document).unwrap();
        assert_eq!(postcard::from_bytes::<Document<u32>>(&bytes).unwrap(), document);
    }

    /// A value nested a million levels deep is refused before the stack is, by whatever format it comes.
    #[test]
    fn a_million_levels_are_refused() {
        const LEVELS: usize = 1_000_000;
        let mut deep = serde_json::Deserializer::from_slice(&[b'['; LEVELS]).into_iter::<Value>();
        assert!(deep.next().unwrap().is_err());
        let error = serde::de::Deserialize::deserialize(Deep(LEVELS)).map(|_: Value| ()).unwrap_err();
        assert!(error.to_string().contains("64 levels"), "{error}");
        // A document's places are a flat list.
        let place = |depth: usize| format!(r#"{{"depth":{depth},"key":{{"Field":"x"}},"atoms":[],"chars":[]}}"#);
        let places: Vec<String> = (1..LEVELS / 10).map(place).collect();
        let root = r#"{"depth":0,"key":"Root","atoms":[],"chars":[]}"#;
        let text = format!(r#"{{"places":[{root},{}],"context":[[],[]]}}"#, places.join(","));
        let error = serde_json::from_str::<Document<u32>>(&text).unwrap_err().to_string();
        assert!(error.contains("too deep"), "{error}");
    }

    /// Lists in lists, without any bytes.
    struct Deep(usize);

    impl<'de> serde::de::Deserializer<'de> for Deep {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            visitor.visit_seq(self)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
            tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> serde::de::SeqAccess<'de> for Deep {
        type Error = serde::de::value::Error;

        fn next_element_seed<T: serde::de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Self::Error> {
            let Some(levels) = self.0.checked_sub(1) else { return Ok(None) };
            seed.deserialize(Deep(levels)).map(Some)
        }
    }

    #[test]
    fn what_no_correct_peer_writes_is_refused() {
        let root = r#"{"depth":0,"key":"Root","atoms":[],"chars":[]}"#;
        let field = |name: &str, dot: u64| {
            format!(r#"{{"depth":1,"key":{{"Field":"{name}"}},"atoms":[[{{"actor":1,"counter":{dot}}},{{"Scalar":"Null"}}]],"chars":[]}}"#)
        };
        let refused = |places: &[&str], why: &str| {
            let text = format!(r#"{{"places":[{}],"context":[[[1,2]],[]]}}"#, places.join(","));
            let error = serde_json::from_str::<Document<u32>>(&text).expect_err(&text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        };
        refused(&[], "below nothing");
        refused(&[root, root], "below nothing");
        refused(&[&field("a", 1)], "below nothing");
        refused(&[root, &field("b", 1), &field("a", 2)], "increase");
        refused(&[root, &field("a", 1), &field("b", 1)], "two places");
        refused(&[root, &field("a", 3)], "does not know");
        refused(&[&root.replace("\"atoms\":[]", r#""atoms":[[{"actor":1,"counter":1},{"Made":"Scalar"}]]"#)], "no value");
        refused(&[root, r#"{"depth":1,"key":{"Field":"a"},"atoms":[],"chars":[]}"#], "nothing");
        refused(&[root, r#"{"depth":1,"key":{"Element":[{"actor":1,"counter":1},[]]},"atoms":[],"chars":[]}"#], "nothing");
    }
}
