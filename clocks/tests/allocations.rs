//! How much memory a decoder takes at most, whatever the bytes claim; counted by the allocator of this test.

use peak_alloc::PeakAlloc;
use tidings_clocks::{
    BloomClock, CausalContext, DifferentialClock, DifferentialSender, Dot, DottedVersionVector, EventStamp, ExceptionVector, HybridStamp,
    HybridTag, IntervalTree, LamportStamp, MatrixClock, Rank, SiblingSet, TimeInterval, UnixTime, VectorClock, VersionVector, Wire,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What may be taken besides what depends on the input: the limit's entries, the largest of which takes 40 bytes, and what the test itself does meanwhile.
const CONSTANT: usize = 1024 + LIMIT * 64;
const LIMIT: usize = 64;

/// A decoder, and what to feed it.
struct Decoder {
    name: &'static str,
    decode: fn(&[u8], usize),
    /// The form of a value with thousands of entries, each in as few bytes as there can be.
    dense: Vec<u8>,
    /// How many bytes of memory one byte takes at most, if no limit says less: a number of one byte becomes one of eight, an empty text of one byte a string of 24.
    most: usize,
}

fn decoder<T: Wire>(name: &'static str, most: usize, dense: &T) -> Decoder {
    // What it decodes is kept until the peak was noted.
    Decoder { name, decode: |bytes, limit| drop(T::from_wire(bytes, limit)), dense: dense.to_wire(), most }
}

fn decoders() -> Vec<Decoder> {
    const MANY: u32 = 5_000;
    let vector: VectorClock = (0..MANY).map(|_| 1).collect();
    let mut siblings = SiblingSet::<u32, String>::new();
    let mut exceptions = ExceptionVector::<u32>::new();
    let mut context = CausalContext::<u32>::new();
    for actor in 0..MANY {
        siblings.write(actor, String::new(), &VersionVector::new()).unwrap();
        exceptions.insert(Dot::new(actor, 2));
        context.insert(Dot::new(actor, 2));
    }
    let mut differential = DifferentialClock::new(Rank(0), MANY as usize).unwrap();
    for rank in 1..MANY {
        let mut other = DifferentialClock::new(Rank(rank), MANY as usize).unwrap();
        other.tick().unwrap();
        differential.receive(&DifferentialSender::new().stamp(&other)).unwrap();
    }
    let mut clocks = vec![IntervalTree::seed()];
    while clocks.len() < 1024 {
        let given: Vec<_> = clocks.iter_mut().map(|clock| clock.fork().unwrap()).collect();
        clocks.extend(given);
    }
    for at in (0..clocks.len()).step_by(2) {
        clocks[at].event().unwrap();
        let message = clocks[at].peek();
        clocks[0].join(&message).unwrap();
    }
    let versions: VersionVector<u32> = (0..MANY).map(|actor| (actor, 1)).collect();
    vec![
        decoder("vector clock", 8, &vector),
        decoder("event stamp", 8, &EventStamp::new(Rank(0), vector).unwrap()),
        decoder("version vector", 6, &versions),
        decoder("dotted version vector", 6, &DottedVersionVector::new(Dot::new(MANY, 1), versions).unwrap()),
        decoder("causal context", 8, &context),
        decoder("exception vector", 22, &exceptions),
        decoder("sibling set", 38, &siblings),
        decoder("differential stamp", 8, &DifferentialSender::new().stamp(&differential)),
        decoder("matrix", 8, &MatrixClock::new(Rank(0), 70).unwrap().matrix()),
        decoder("bloom clock", 8, &BloomClock::new(MANY, 1)),
        decoder("interval tree", 24, &clocks[0]),
        decoder("text", 1, &"a text ".repeat(700)),
        decoder("dot", 1, &Dot::new(7_u32, 9)),
        decoder("Lamport stamp", 1, &LamportStamp { counter: 7, process: Rank(9) }),
        decoder("hybrid stamp", 1, &HybridStamp::from_bits(77)),
        decoder("hybrid tag", 1, &HybridTag { stamp: HybridStamp::from_bits(77), process: Rank(9) }),
        decoder("time interval", 1, &TimeInterval::new(UnixTime::from_nanos(7), UnixTime::from_nanos(9)).unwrap()),
    ]
}

/// The most memory that is in use while `bytes` are decoded, beyond what was before.
fn peak(decoder: &Decoder, bytes: &[u8], limit: usize) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    (decoder.decode)(bytes, limit);
    ALLOCATOR.peak_usage().saturating_sub(before)
}

/// Valid forms, short and long; forms cut off, with claims of any length put in at any place; and noise.
fn hostile(dense: &[u8]) -> Vec<Vec<u8>> {
    let mut inputs = vec![dense.to_vec(), dense[..dense.len() / 2].to_vec(), vec![0; 20_000], vec![1; 20_000], vec![0xff; 20_000]];
    for claim in [40, 64, 65, 5_000, 20_000, 1 << 20, 1 << 32, u64::MAX] {
        for place in 0..dense.len().min(12) {
            for rest in [0, 10, 20_000] {
                for filling in [0, 1, 2, 3] {
                    let mut bytes = dense[..place].to_vec();
                    claim.encode(&mut bytes);
                    bytes.resize(bytes.len() + rest, filling);
                    inputs.push(bytes);
                }
            }
        }
    }
    let mut noise = 1_u64;
    for length in [1, 10, 100, 1_000] {
        for _ in 0..200 {
            let mut bytes = dense[..dense.len().min(length)].to_vec();
            for byte in &mut bytes {
                // Numerical Recipes' generator; its high bits are good enough to place mistakes.
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if noise >> 60 == 0 {
                    *byte = noise.to_be_bytes()[1];
                }
            }
            inputs.push(bytes);
        }
    }
    inputs
}

/// A length bomb gets nobody more than four times what was sent, and a constant for the limit's own entries; without a limit no more than numbers take that are eight bytes here
/// and one there. All in one test: the allocator counts for the whole process.
#[test]
fn a_decoder_takes_little_more_memory_than_it_was_sent() {
    for decoder in decoders() {
        for bytes in hostile(&decoder.dense) {
            let name = decoder.name;
            let limited = peak(&decoder, &bytes, LIMIT);
            assert!(
                limited <= 4 * bytes.len() + CONSTANT,
                "{name}: {limited} for {} bytes that begin {:?}",
                bytes.len(),
                &bytes[..20.min(bytes.len())]
            );
            let unlimited = peak(&decoder, &bytes, usize::MAX);
            assert!(
                unlimited <= decoder.most * bytes.len() + 1024,
                "{name}: {unlimited} for {} bytes that begin {:?}, without a limit",
                bytes.len(),
                &bytes[..20.min(bytes.len())]
            );
        }
    }
}
