//! How many bytes of memory something holds.
//!
//! An allocator that always counts would tax each side of a comparison by its number of allocations. This one counts only while [`held`] runs; at other times it costs the
//! look at one flag. To forward to the system's allocator takes the only unsafe code here.

#![allow(unsafe_code, reason = "an allocator forwards to another one")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

static COUNTS: AtomicBool = AtomicBool::new(false);
/// Signed: what is freed while this counts may be older.
static LIVE: AtomicIsize = AtomicIsize::new(0);

/// What `build` makes, and how many bytes of it are live then: those asked for, without what the allocator adds to each block.
pub(crate) fn held<T>(build: impl FnOnce() -> T) -> (T, f64) {
    LIVE.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let built = build();
    COUNTS.store(false, Relaxed);
    (built, LIVE.load(Relaxed) as f64)
}

/// The system's allocator, which counts while it is told to.
pub(crate) struct Counting;

impl Counting {
    #[inline]
    fn count(bytes: usize, sign: isize) {
        if COUNTS.load(Relaxed) {
            // A layout's size is at most isize::MAX.
            LIVE.fetch_add(sign * bytes.cast_signed(), Relaxed);
        }
    }
}

// SAFETY: every call goes to the system's allocator as it came, so all its promises hold.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(layout.size(), -1);
        Self::count(size, 1);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}
