//! How much memory loading a document takes at most, counted by the allocator of this test.

use peak_alloc::PeakAlloc;
use tidings_crdt::{Document, EncodingError, Kind, Value};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What may be taken besides what depends on the input.
const CONSTANT: usize = 16 * 1024;
/// How much memory is counted for a byte.
const FOR_A_BYTE: usize = 512;

/// Documents of many things, each as small as can be: what takes the most memory for its bytes.
fn dense() -> Vec<(&'static str, Document<u8>)> {
    const MANY: usize = 3_000;
    let name = |at: usize| format!("{at:x}");
    let mut one = Vec::new();
    let empty = || Value::Map([(String::new(), Value::Text(String::new()))].into());
    let fields = Value::Map((0..MANY).map(|at| (name(at), empty())).collect());
    one.push(("maps of one field", fields));
    one.push(("lists of one element", Value::List((0..MANY).map(|_| Value::List(vec![false.into()])).collect())));
    one.push(("scalars", Value::List(vec![true.into(); MANY])));
    one.push(("strings", Value::List(vec!["".into(); MANY])));
    one.push(("texts", Value::List(vec![Value::Text("a".into()); MANY])));
    let mut documents: Vec<(&str, Document<u8>)> = Vec::new();
    for (what, value) in one {
        let mut document = Document::new();
        document.assign(1, (), &value).unwrap();
        documents.push((what, document));
    }
    let mut counted = Document::new();
    let mut pieces = Document::new();
    let mut levels = Document::new();
    for at in 0..MANY {
        counted.count(1, "n", 1).unwrap();
        let place = at * 7_919 % (at + 1);
        pieces.splice(u8::try_from(at % 3).unwrap(), "t", place..place, "a").unwrap();
        if at < 64 {
            let path: Vec<_> = (0..=at).map(|_| tidings_crdt::Segment::Field(String::new())).collect();
            levels.make(1, path, Kind::Map).unwrap();
        }
    }
    let mut chains = Document::new();
    for chain in 0..50 {
        let path: Vec<_> = (0..60).map(|at| tidings_crdt::Segment::Field(if at == 0 { name(chain) } else { String::new() })).collect();
        for depth in 1..=path.len() {
            chains.make(1, path[..depth].to_vec(), Kind::Map).unwrap();
        }
    }
    let mut compressed = Document::new();
    compressed.splice(1, "t", 0..0, &"0123456789abcdef".repeat(10_000)).unwrap();
    documents.extend([
        ("amounts", counted),
        ("pieces of text", pieces),
        ("levels", levels),
        ("chains of levels", chains),
        ("repeated text", compressed),
    ]);
    documents
}

/// A document is loaded within what is counted for its bytes, and is not loaded if that is more than is allowed.
#[test]
fn loading_takes_no_more_than_is_counted() {
    for (what, document) in dense() {
        let bytes = document.save();
        let counted = bytes.len() * FOR_A_BYTE;
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let loaded = Document::<u8>::load(&bytes, counted);
        let peak = ALLOCATOR.peak_usage() - before;
        assert_eq!(loaded.as_ref(), Ok(&document), "{what}");
        println!("{what}: {} bytes, {peak} at the peak: {:.1} for each", bytes.len(), peak as f64 / bytes.len() as f64);
        assert!(peak <= counted + CONSTANT, "{what}: {} bytes took {peak}", bytes.len());
        drop(loaded);
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        assert_eq!(Document::<u8>::load(&bytes, counted - 1), Err(EncodingError::TooLarge { needed: counted, limit: counted - 1 }));
        assert!(ALLOCATOR.peak_usage() - before <= bytes.len() + CONSTANT, "{what}: refused before it was read");
    }
}
