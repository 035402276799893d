//! Uses every library without std, and links with an allocator and a panic handler of its own.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

use tidings_clocks::{Rank, Time};
use tidings_protocol::View;

const ARENA: usize = 1 << 20;

/// Hands out an arena from its start and never takes anything back.
#[repr(align(64))]
struct Bump {
    arena: UnsafeCell<[u8; ARENA]>,
    used: AtomicUsize,
}

// SAFETY: the arena is handed out in disjoint pieces, each claimed by one successful update of `used`.
unsafe impl Sync for Bump {}

// SAFETY: every piece lies within the arena, is aligned (the arena itself is aligned to 64), and is handed out once.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 64 {
            return null_mut();
        }
        let claim = |used: usize| {
            let start = used.checked_next_multiple_of(layout.align())?;
            start.checked_add(layout.size()).filter(|&end| end <= ARENA)
        };
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) {
            // SAFETY: `claim` has checked that the piece lies within the arena.
            Ok(used) => unsafe { self.arena.get().cast::<u8>().add(used.next_multiple_of(layout.align())) },
            Err(_) => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump { arena: UnsafeCell::new([0; ARENA]), used: AtomicUsize::new(0) };

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// What the prebuilt `alloc` names for unwinding, which never happens here: panics abort.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[link(name = "c")]
unsafe extern "C" {}

/// Exits with 0 if what it computed with each library is right.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let view = View::of(3);
    let ranks: Vec<Rank> = view.ranks().collect();
    let clocks = Time::from_millis(1) > Time::ZERO;
    i32::from(!(clocks && ranks.len() == 3))
}
