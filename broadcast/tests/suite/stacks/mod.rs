//! What the tests of this crate run in a simulated world.

use std::time::Duration;

use tidings_broadcast::{Backoff, BestEffort, Cast, Delivery, Incoming, Outgoing, PerfectLink, Relay, Reliable};
use tidings_clocks::Rank;
use tidings_protocol::{Incarnation, Limits, Protocol, To, View};
use tidings_sim::{Chance, Chatter, Faults, Partitions, Seeded, Talk, World};
use tidings_trace::MessageId;

/// What the processes say: the name of the message, so that the trace can tell which one was delivered.
pub(crate) type Note = (u32, u64);

/// A link that carries notes.
pub(crate) type NoteLink = PerfectLink<Note>;
/// Best effort over a perfect link.
pub(crate) type NoteBestEffort = BestEffort<PerfectLink<Note>>;
/// Reliable broadcast over a perfect link.
pub(crate) type NoteReliable = Reliable<PerfectLink<Relay<Note>>, Note>;

/// Short waits, so that runs are short.
pub(crate) const BACKOFF: Backoff = Backoff { first: Duration::from_millis(60), most: Duration::from_millis(500) };

/// The smallest limits, some in between and the usual ones, by seed.
pub(crate) fn limits(seed: u64) -> Limits {
    match seed % 3 {
        0 => Limits::TINY,
        1 => Limits { window: 2, credit: 3, control_credit: 1, held: 8, payload_bytes: 1 << 10 },
        _ => Limits::default(),
    }
}

/// 2 to 5 processes, by seed.
pub(crate) fn processes(seed: u64) -> u32 {
    u32::try_from(seed / 3 % 4).unwrap() + 2
}

/// Loss, repetition, reordering and partitions that heal, for 3 s; some process crashes or none, by seed.
pub(crate) fn faults(seed: u64) -> Faults {
    Faults {
        chaos: Duration::from_secs(3),
        max_delay: Duration::from_millis(100),
        loss: Chance::percent(25),
        crashes: u32::from(seed.is_multiple_of(2)),
        partitions: Partitions { gap: Duration::from_millis(400), length: Duration::from_millis(400), ..Faults::wild().partitions },
        ..Faults::wild()
    }
}

/// The name that a note carries.
pub(crate) fn id(note: &Note) -> MessageId {
    MessageId { origin: Rank(note.0), number: note.1 }
}

/// The note that carries a name.
pub(crate) fn note(id: MessageId) -> Note {
    (id.origin.0, id.number)
}

pub(crate) fn link(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> NoteLink {
    move |me, incarnation| PerfectLink::new(&View::of(processes), me, incarnation, limits, BACKOFF)
}

pub(crate) fn best_effort(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> NoteBestEffort {
    move |me, incarnation| BestEffort::new(PerfectLink::new(&View::of(processes), me, incarnation, limits, BACKOFF))
}

pub(crate) fn reliable(processes: u32, limits: Limits) -> impl FnMut(Rank, Incarnation) -> NoteReliable {
    move |me, incarnation| Reliable::new(PerfectLink::new(&View::of(processes), me, incarnation, limits, BACKOFF), limits)
}

pub(crate) type Ask<P> = fn(MessageId) -> <P as Protocol>::Request;
pub(crate) type Hear<P> = fn(&<P as Protocol>::Indication) -> Option<MessageId>;
pub(crate) type Chat<P> = Chatter<P, Ask<P>, Hear<P>>;

/// Everybody sends to all others over a link.
pub(crate) fn over_link<P>(processes: u32, talk: Talk) -> Chat<P>
where
    P: Protocol<Request = Outgoing<Note>, Indication = Incoming<Note>>,
{
    Chatter::new(processes, talk, |id| Outgoing { to: To::Others, payload: note(id) }, |incoming| Some(id(&incoming.payload)))
}

/// Everybody broadcasts.
pub(crate) fn over_broadcast<P>(processes: u32, talk: Talk) -> Chat<P>
where
    P: Protocol<Request = Cast<Note>, Indication = Delivery<Note>>,
{
    Chatter::new(
        processes,
        talk,
        |id| if id.number % 4 == 3 { Cast::control(note(id)) } else { Cast::body(note(id)) },
        |delivery| {
            assert_eq!(delivery.origin, Rank(delivery.payload.0), "a message is delivered as another process's");
            Some(id(&delivery.payload))
        },
    )
}

/// A world of processes that chat, by seed.
pub(crate) fn world<P: Protocol, B: FnMut(Rank, Incarnation) -> P>(
    seed: u64,
    faults: Faults,
    chat: Chat<P>,
    build: B,
) -> World<P, Chat<P>, Seeded, B> {
    World::new(processes(seed), faults, Seeded::new(seed), chat, build)
}
