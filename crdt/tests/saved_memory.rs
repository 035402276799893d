//! How much memory loading a text takes at most, counted by the allocator of this test.

use peak_alloc::PeakAlloc;
use tidings_crdt::{EncodingError, Text};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What loading takes beyond what was there before.
fn peak(bytes: &[u8], limit: usize) -> (usize, Result<usize, EncodingError>) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let result = Text::<u32>::load(bytes, limit).map(|text| text.stats().spans);
    (ALLOCATOR.peak_usage() - before, result)
}

/// Documents of as many runs as there can be in so few bytes, and of text that is compressed as far as text may be: a document of a megabyte does not take a gigabyte, and the
/// limit that is asked for holds.
#[test]
fn loading_takes_a_bounded_multiple_of_the_document() {
    // Every second character is deleted: a run is little more than two bytes.
    let mut runs = Text::new();
    runs.insert(1_u32, 0, &"xy".repeat(20_000)).expect("in range");
    for at in 0..20_000 {
        runs.remove(at..at + 1).expect("in range");
    }
    let mut long = Text::new();
    long.insert(1_u32, 0, &"the same words over and over again, ".repeat(20_000)[..500_000]).expect("in range");
    for text in [runs, long] {
        let (bytes, spans) = (text.save(), text.stats().spans);
        let (taken, result) = peak(&bytes, usize::MAX);
        assert_eq!(result, Ok(spans));
        assert!(taken <= 160 * bytes.len() + 4_096, "{taken} for a document of {}", bytes.len());
        for limit in [0, 1_000, taken / 100, taken / 10] {
            let (taken, result) = peak(&bytes, limit);
            assert!(matches!(result, Err(EncodingError::TooLarge { .. })), "{result:?}");
            assert!(taken <= limit + 4_096, "{taken} though {limit} are allowed");
        }
    }
}
