use core::ops::Range;

/// The seeds of a property test of `count` runs: 0, 1, … count − 1.
///
/// ```
/// for seed in tidings_sim::seeds(3) {
///     let _ = tidings_sim::Seeded::new(seed);
/// }
/// ```
#[must_use]
pub const fn seeds(count: u64) -> Range<u64> {
    0..count
}

/// Runs `property` for `count` seeds. A panic in it comes out with the seed that replays it.
///
/// # Panics
/// If the property does, with `seed N: ` before its message.
#[cfg(feature = "std")]
pub fn for_each_seed(count: u64, mut property: impl FnMut(u64)) {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    for seed in seeds(count) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| property(seed))) {
            let message = panic
                .downcast_ref::<std::string::String>()
                .map(std::string::String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            panic!("seed {seed}: {}", message.unwrap_or("the property panicked"));
        }
    }
}
