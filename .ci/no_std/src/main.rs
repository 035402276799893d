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

use tidings_broadcast::{Backoff, Cast, Delivery, causal_broadcast};
use tidings_clocks::{HybridClock, Rank, Time, UnixTime, VectorClock};
use tidings_crdt::{AddWinsSet, Join, Text};
use tidings_protocol::{Limits, View};
use tidings_quorum::Majority;
use tidings_sim::{Chatter, Ending, Faults, Seeded, Talk, World};
use tidings_trace::{MessageId, Property};

const ARENA: usize = 1 << 26;

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

/// Likewise.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[link(name = "c")]
unsafe extern "C" {}

/// Exits with 0 if what each library computed is right; the bits say which did not.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let right = [clocks(), quorums(), replicas(), broadcasts()];
    right.into_iter().enumerate().fold(0, |bits, (place, right)| bits | i32::from(!right) << place)
}

fn clocks() -> bool {
    let (mut one, mut other) = (VectorClock::new(), VectorClock::new());
    let ticked = one.tick(Rank(0)).is_ok() && other.tick(Rank(1)).is_ok();
    let mut hybrid = HybridClock::unbounded();
    let stamps: Vec<_> = (0..3).filter_map(|_| hybrid.now(UnixTime::from_seconds(1)).ok()).collect();
    ticked && one.partial_cmp(&other).is_none() && stamps.len() == 3 && stamps.is_sorted() && Time::from_millis(1) > Time::ZERO
}

fn quorums() -> bool {
    Majority::of(5).is_quorum(3) && !Majority::of(5).is_quorum(2)
}

fn replicas() -> bool {
    let (mut one, mut other) = (AddWinsSet::new(), AddWinsSet::new());
    let added = one.add(1_u8, "tea").is_ok() && other.add(2_u8, "milk").is_ok();
    let joined = one.join(&other);
    let mut text = Text::new();
    added && joined && one.len() == 2 && text.insert(1_u8, 0, "tea").is_ok() && text.len() == 3
}

/// Causal broadcast in a lossy world, judged by its checker.
fn broadcasts() -> bool {
    let build = |me, life| causal_broadcast(&View::of(3), me, life, Limits::default(), Backoff::default());
    let hear = |delivery: &Delivery<(u32, u64)>| Some(MessageId { origin: Rank(delivery.payload.0), number: delivery.payload.1 });
    let chatter = Chatter::new(3, Talk::of(4), |id: MessageId| Cast::body((id.origin.0, id.number)), hear);
    let mut world = World::new(3, Faults::lossy(), Seeded::new(1), chatter, build);
    let ending = world.run_until(Time::from_millis(600_000));
    ending == Ending::Quiescent
        && [Property::CausalDelivery, Property::Agreement].iter().all(|property| property.check(world.trace()).is_ok())
}
