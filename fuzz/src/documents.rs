//! Documents, lists and trees: bytes from anywhere, and changes at several replicas that must converge.

use arbitrary::Unstructured;
use tidings_crdt::{Document, DocumentError, Join, Kind, Move, MoveableTree, Path, Segment, Value};

const LIMIT: usize = 1 << 24;

type Tree = MoveableTree<u8, u64, u8, u8>;
type Step = Move<u8, u64, u8, u8>;

/// Any bytes as a saved document, with the right beginning and checksum: refused, or a document that has these bytes and can be changed and joined.
pub(crate) fn document_bytes(bytes: &[u8]) {
    let loaded = |bytes: &[u8]| -> Option<Document<u8>> {
        let mut sealed = [&[0x8b, b't', b'd', b'g', 1, 3], bytes].concat();
        sealed.extend(checksum(&sealed).to_le_bytes());
        let document = Document::load(&sealed, LIMIT).ok()?;
        assert_eq!(document.save(), sealed, "a document has one form");
        Some(document)
    };
    drop(Document::<u8>::load(bytes, LIMIT));
    let (one, other) = bytes.split_at(bytes.len() / 2);
    joins(&[loaded(bytes), loaded(one), loaded(other)].into_iter().flatten().collect::<Vec<_>>());
}

/// Any bytes as two states in a format that describes nothing.
pub(crate) fn document_states(bytes: &[u8]) {
    let Ok((one, rest)) = postcard::take_from_bytes::<Document<u8>>(bytes) else { return };
    let other = postcard::take_from_bytes::<Document<u8>>(rest).map(|(other, _)| other);
    joins(&[one].into_iter().chain(other).collect::<Vec<_>>());
}

fn joins(documents: &[Document<u8>]) {
    for one in documents {
        for other in documents {
            let (left, right) = (one.clone().joined(other), other.clone().joined(one));
            assert_eq!(left, right, "join commutes");
            assert!(!left.clone().join(one) && !left.clone().join(other), "join is idempotent and says so");
            assert_eq!(Document::load(&left.save(), LIMIT).as_ref(), Ok(&left));
        }
        let mut changed = one.clone();
        let before = changed.clone();
        match changed.put(1, "k", 1) {
            Ok(delta) => assert_eq!(before.joined(&delta), changed),
            Err(_) => assert_eq!(before, changed),
        }
    }
}

/// One bit at a time.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    })
}

/// Three replicas change one document in every way, and hear of each other's changes in any order, some twice: all end alike.
pub(crate) fn document_replicas(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut replicas: [Document<u8>; 3] = Default::default();
    let mut deltas: Vec<Document<u8>> = Vec::new();
    while !input.is_empty() && deltas.len() < 120 {
        if change(&mut input, &mut replicas, &mut deltas).is_err() {
            break;
        }
    }
    let all = replicas.iter().fold(Document::new(), Document::joined);
    let back = deltas.iter().rev().fold(Document::new(), Document::joined);
    assert_eq!(back, all, "the deltas make the states");
    assert_eq!(Document::load(&all.save(), LIMIT).as_ref(), Ok(&all));
    drop(all.value());
}

fn change(input: &mut Unstructured<'_>, replicas: &mut [Document<u8>; 3], deltas: &mut Vec<Document<u8>>) -> arbitrary::Result<()> {
    let at = input.choose_index(3)?;
    let actor = u8::try_from(at).expect("three replicas");
    if !deltas.is_empty() && input.ratio(2_u8, 5_u8)? {
        let which = input.choose_index(deltas.len())?;
        replicas[at].join(&deltas[which]);
        return Ok(());
    }
    let document = &mut replicas[at];
    let mut path = Path::default();
    for _ in 0..input.int_in_range(0..=3)? {
        let is_list = document.entry(&path).is_some_and(|entry| entry.kind() == Kind::List);
        path = path.then(if is_list {
            Segment::Index(input.int_in_range(0..=3)?)
        } else {
            Segment::Field(["a", "b"][input.choose_index(2)?].into())
        });
    }
    let len = document.entry(&path).map_or(0, |entry| entry.len());
    let (one, two) = (input.int_in_range(0..=len)?, input.int_in_range(0..=len)?);
    let before = document.clone();
    let result: Result<Document<u8>, DocumentError> = match input.int_in_range(0..=8)? {
        0 => document.put(actor, path, i64::from(input.arbitrary::<u8>()?)),
        1 => document.make(actor, path, [Kind::Map, Kind::List, Kind::Text, Kind::Counter][input.choose_index(4)?]),
        2 => document.count(actor, path, i64::from(input.arbitrary::<i8>()?)),
        3 | 4 => document.splice(actor, path, one.min(two)..one.max(two), ["", "x", "yz\u{e4}"][input.choose_index(3)?]),
        5 => document.insert(actor, path, one, i64::from(input.arbitrary::<u8>()?)),
        6 => document.move_to(actor, path, one, two),
        7 => document.assign(actor, path, &Value::List(vec![1.into(), Value::Text("hi".into())])),
        _ => document.remove(path),
    };
    match result {
        Ok(delta) => {
            assert_eq!(before.joined(&delta), *document, "the delta does what the change did");
            deltas.push(delta);
        }
        Err(_) => assert_eq!(before, *document, "a refused change changes nothing"),
    }
    Ok(())
}

/// Three replicas move the nodes of one tree about, prune what all have, and hear of each other's moves in any order: no cycle, and all end alike.
pub(crate) fn tree_replicas(bytes: &[u8]) {
    let mut replicas: [Tree; 3] = Default::default();
    let mut moves: Vec<Step> = Vec::new();
    for chunk in bytes.chunks_exact(4).take(300) {
        let [kind, one, two, three] = *chunk else { continue };
        let tree = &mut replicas[usize::from(one) % 3];
        match kind % 4 {
            0 | 1 => {
                let stamp = tree.moves().map(|step| step.stamp).max().unwrap_or(0) + u64::from(kind / 64);
                let step = Move { stamp, actor: one % 3, child: two % 9, parent: three % 9, meta: two / 128 };
                if tree.move_to(step.stamp, step.actor, step.child, step.parent, step.meta).is_ok() {
                    moves.push(step);
                }
            }
            2 if !moves.is_empty() => {
                let step = moves[(usize::from(two) * 256 + usize::from(three)) % moves.len()];
                assert!(tree.apply(step).is_ok());
            }
            _ => {
                let other = replicas[usize::from(two) % 3].clone();
                replicas[usize::from(one) % 3].join(&other);
            }
        }
        let tree = &replicas[usize::from(one) % 3];
        assert!(tree.iter().all(|(child, ..)| !tree.is_below(child, child)), "no node is below itself");
    }
    let all = replicas.iter().fold(Tree::new(), Tree::joined);
    let mut one_by_one = Tree::new();
    for step in moves.iter().rev() {
        assert_eq!(one_by_one.apply(*step), Ok(true));
    }
    assert_eq!(one_by_one, all, "the order in which moves come does not matter");
    let mut pruned = all.clone();
    if let Some(stable) = moves.first() {
        pruned.prune(&stable.stamp);
        assert!(pruned.iter().eq(all.iter()), "pruning moves nothing");
        assert_eq!(pruned.clone().joined(&all), pruned);
    }
}
