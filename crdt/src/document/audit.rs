//! The document against a set of dots, each with the way to it and what it stands for. For tests only.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use tidings_clocks::Dot;

use super::rows::Key;
use super::{Document, DocumentError, Kind, Path, Segment, Value};
use crate::{DotFun, Join, Position, laws};

type Doc = Document<u8>;

/// The naive twin: every dot that is alive with the way to it and what it stands for, and all dots that are known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Twin {
    live: BTreeMap<Dot<u8>, String>,
    known: BTreeSet<Dot<u8>>,
}

impl Twin {
    fn of(document: &Doc) -> Self {
        let (mut live, mut way) = (BTreeMap::new(), Vec::new());
        for row in document.rows() {
            way.truncate(usize::try_from(row.depth).unwrap());
            let (name, places) = match &row.key {
                Key::Root => (String::new(), None),
                Key::Field(name) => (name.clone(), None),
                Key::Element(name, places) => (format!("{name:?}"), Some(places)),
            };
            way.push(name);
            let at = |what: String| format!("{way:?} {what}");
            live.extend(row.atoms.iter().map(|(dot, atom)| (*dot, at(format!("{atom:?}")))));
            live.extend(places.into_iter().flat_map(DotFun::iter).map(|(dot, place)| (*dot, at(format!("{place:?}")))));
            for run in row.chars.each_run() {
                let place = |offset: usize| -> Position<u8> { run.start.forward(offset as u64).unwrap() };
                live.extend(
                    run.values.iter().enumerate().map(|(offset, value)| (place(offset).dot(), at(format!("{:?} {value}", place(offset))))),
                );
            }
        }
        let dots = |(&actor, first, last): (&u8, u64, u64)| (first..=last).map(move |counter| Dot { actor, counter });
        Self { live, known: crate::keyed::runs(document.context()).flat_map(dots).collect() }
    }

    /// (s ∩ s′) ∪ (s \ c′) ∪ (s′ \ c).
    fn join(&mut self, other: &Self) {
        let known = &self.known;
        self.live.retain(|dot, _| other.live.contains_key(dot) || !other.known.contains(dot));
        self.live.extend(other.live.iter().filter(|(dot, _)| !known.contains(dot)).map(|(dot, leaf)| (*dot, leaf.clone())));
        self.known.extend(&other.known);
    }
}

#[derive(Clone, Debug)]
struct Replica {
    document: Doc,
    twin: Twin,
}

impl Replica {
    /// What is kept beside the places is what they make, and the dots are those of the twin.
    fn check(&self) {
        assert_eq!(Twin::of(&self.document), self.twin);
        let again = Doc::from_rows(self.document.rows(), self.document.context().clone());
        assert_eq!(again.as_ref(), Ok(&self.document));
    }

    fn hear(&mut self, delta: &Doc) {
        self.document.join(delta);
        self.twin.join(&Twin::of(delta));
        self.check();
    }

    fn change(&mut self, actor: u8, change: &Change) -> Option<Doc> {
        let before = self.document.clone();
        match change.make(&mut self.document, actor) {
            Ok(delta) => {
                assert_eq!(laws::mutates(&before, &self.document, &delta), Ok(()));
                self.twin.join(&Twin::of(&delta));
                self.check();
                Some(delta)
            }
            Err(_) => {
                assert_eq!(self.document, before, "a refused change changes nothing");
                None
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Change {
    kind: u8,
    path: Vec<(u8, usize)>,
    one: usize,
    two: usize,
}

impl Change {
    /// A path down to what is there, mostly, and at its end sometimes to what is not.
    fn path(&self, document: &Doc) -> Path {
        let mut path = Path::default();
        for &(field, index) in &self.path {
            let is_list = document.entry(&path).is_some_and(|entry| entry.kind() == Kind::List);
            path = path.then(if is_list { Segment::Index(index % 3) } else { Segment::Field(["a", "b"][usize::from(field) % 2].into()) });
        }
        path
    }

    fn make(&self, document: &mut Doc, actor: u8) -> Result<Doc, DocumentError> {
        let path = self.path(document);
        let len = document.entry(&path).map_or(0, |entry| entry.len());
        let (one, two) = (self.one % (len + 1), self.two % (len + 1));
        match self.kind {
            0 => document.put(actor, path, i64::try_from(self.one).unwrap()),
            1 => document.make(actor, path, [Kind::Map, Kind::List, Kind::Text, Kind::Counter][self.one % 4]),
            2 => document.count(actor, path, i64::try_from(self.one).unwrap() - 3),
            3 | 4 => document.splice(actor, path, one.min(two)..one.max(two).min(one.min(two) + 2), ["", "x", "yz", "ä🦀b"][self.two % 4]),
            5 => document.insert(actor, path, one, i64::try_from(self.two).unwrap()),
            6 => document.insert(actor, path, one, Value::Map(BTreeMap::from([("a".into(), Value::Text("t".into()))]))),
            7 => document.move_to(actor, path, one, two),
            8 => document.assign(actor, path, &Value::List(vec![1.into(), Value::Count(4), Value::Text("hi".into())])),
            _ => document.remove(path),
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    let path = prop::collection::vec((0_u8..2, 0_usize..3), 0..4);
    (0_u8..11, path, 0_usize..9, 0_usize..9).prop_map(|(kind, path, one, two)| Change { kind, path, one, two })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Three replicas change everything in every way, and hear of deltas in any order and of states: all that is alive is what the dots say.
    #[test]
    fn equals_the_naive_twin_and_converges(steps in prop::collection::vec((0_usize..3, 0_u8..4, changes()), 0..60)) {
        let mut replicas = vec![Replica { document: Doc::new(), twin: Twin::default() }; 3];
        let mut deltas: Vec<Doc> = Vec::new();
        for (at, what, change) in steps {
            let other = replicas[change.one % 3].document.clone();
            let replica = &mut replicas[at];
            match what {
                0 | 1 => deltas.extend(replica.change(u8::try_from(at).unwrap(), &change)),
                2 if !deltas.is_empty() => replica.hear(&deltas[(change.one * 9 + change.two) % deltas.len()]),
                _ => replica.hear(&other),
            }
        }
        let [a, b, c] = &replicas[..] else { unreachable!() };
        prop_assert_eq!(laws::joins(&a.document, &b.document, &c.document), Ok(()));
        prop_assert!(a.document.clone().join_checked(&b.document).is_ok());
        prop_assert!(laws::decomposes(&a.document, &b.document).is_ok());
        let all = a.document.clone().joined(&b.document).joined(&c.document);
        prop_assert_eq!(&deltas.iter().fold(Doc::new(), Doc::joined), &all);
        prop_assert_eq!(&deltas.iter().rev().fold(Doc::new(), Doc::joined), &all);
        let there = deltas.iter().fold(Doc::new(), Doc::joined);
        let bytes = all.save();
        prop_assert_eq!(&there.save(), &bytes, "equal documents are equal bytes");
        prop_assert_eq!(&Doc::load(&bytes, 1 << 24), &Ok(all.clone()));
        // What the first one does not know, and the ends of all.
        let since = Doc::load(&all.save_since(a.document.context().vector()), 1 << 24).unwrap();
        prop_assert_eq!(&a.document.clone().joined(&since), &all);
    }
}
