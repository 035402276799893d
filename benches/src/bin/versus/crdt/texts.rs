//! Texts that are written together, on recorded sessions.

mod automerge;
mod cola;
mod diamond_types;
mod editor;
mod loro;
mod ours;
mod rope;
mod session;
mod yrs;

use std::io;

use tidings_benches::Bound;

use self::automerge::Automerge;
use self::cola::{Cola, ColaBytes};
use self::diamond_types::DiamondTypes;
use self::loro::Loro;
use self::session::{Rows, Session, few, first};
use self::yrs::Yrs;
use super::traces::Trace;
use crate::Table;

const PAPER: Rows = Rows {
    typed: "text, a paper, typed edit by edit",
    received: "text, a paper, received edit by edit",
    message: "text, a paper, bytes of a message",
    batch: "text, a paper, received in one batch",
    memory: "text, a paper, bytes of memory once typed",
    file: "text, a paper, bytes of the file",
    loaded: "text, a paper, loaded from the file",
};

const FRIENDS: Rows = Rows {
    typed: "text, two friends, typed as one heard it",
    received: "text, two friends, received edit by edit",
    message: "text, two friends, bytes of a message",
    batch: "text, two friends, received in one batch",
    memory: "text, two friends, bytes of memory, one batch",
    file: "text, two friends, bytes of the file",
    loaded: "text, two friends, loaded from the file",
};

pub(super) fn measure(table: &mut Table) -> io::Result<()> {
    let (Some(paper), Some(friends)) = (Trace::load("automerge-paper")?, Trace::load("friendsforever")?) else {
        return table.note("no rows of texts: TIDINGS_DATA must name the folder of the recorded sessions");
    };
    a_paper(table, &Session::new(paper, PAPER))?;
    two_friends(table, &Session::new(friends, FRIENDS))
}

/// One person types 259,778 times. Those who take seconds are measured few times or on the first part only.
fn a_paper(table: &mut Table, session: &Session) -> io::Result<()> {
    let diamond_types = session.peer::<DiamondTypes>("diamond-types");
    let (cola, cola_bytes) = (session.peer::<Cola>("cola, no bytes"), session.peer::<ColaBytes>("cola"));
    let (loro, yrs, automerge) = (session.peer::<Loro>("loro"), session.peer::<Yrs>("yrs"), session.peer::<Automerge>("automerge"));

    session.typed_beside_a_rope(table, Bound::AtMost(2.0))?;
    cola.typed(table, few(5))?;
    diamond_types.typed(table, few(5))?;
    loro.typed(table, few(3))?;
    automerge.typed(table, few(1))?;
    yrs.typed(table, few(1))?;

    session.received_beside_a_rope(table, Bound::AtMost(9.0))?;
    cola.received(table, few(5), Bound::None)?;
    cola_bytes.received(table, few(3), Bound::None)?;
    diamond_types.received(table, few(3), Bound::None)?;
    yrs.received(table, few(3), Bound::None)?;
    loro.received(table, first(20_000), Bound::None)?;
    automerge.received(table, first(20_000), Bound::None)?;

    cola_bytes.message(table, Bound::None)?;
    diamond_types.message(table, Bound::None)?;
    yrs.message(table, Bound::Bytes(8.0))?;
    loro.message(table, Bound::None)?;
    automerge.message(table, Bound::None)?;

    session.batch_beside_a_rope(table, Bound::Below { nanos: 3e6, beside: 2.2e6 })?;
    diamond_types.batch(table, few(5))?;
    yrs.batch(table, few(3))?;
    loro.batch(table, few(3))?;
    automerge.batch(table, few(1))?;

    diamond_types.file(table, Bound::Bytes(106_000.0))?;
    yrs.file(table, Bound::None)?;
    loro.file(table, Bound::None)?;
    automerge.file(table, Bound::None)?;

    session.loaded_beside_a_rope(table, Bound::Below { nanos: 1e6, beside: 2.2e6 })?;
    diamond_types.loaded(table, few(5))?;
    yrs.loaded(table, few(3))?;
    loro.loaded(table, few(5))?;
    automerge.loaded(table, few(3))?;

    cola.memory_as_typed(table)?;
    diamond_types.memory_as_typed(table)?;
    yrs.memory_as_typed(table)?;
    loro.memory_as_typed(table)?;
    automerge.memory_as_typed(table)
}

/// Two people type into one text at once, 26,078 times.
fn two_friends(table: &mut Table, session: &Session) -> io::Result<()> {
    let diamond_types = session.peer::<DiamondTypes>("diamond-types");
    let (cola, cola_bytes) = (session.peer::<Cola>("cola, no bytes"), session.peer::<ColaBytes>("cola"));
    let (loro, yrs, automerge) = (session.peer::<Loro>("loro"), session.peer::<Yrs>("yrs"), session.peer::<Automerge>("automerge"));

    session.received_beside_a_rope(table, Bound::None)?;
    cola.received(table, few(15), Bound::AtMost(1.0))?;
    cola_bytes.received(table, few(15), Bound::None)?;
    yrs.received(table, few(5), Bound::None)?;
    diamond_types.received(table, few(5), Bound::None)?;
    loro.received(table, few(3), Bound::None)?;
    automerge.received(table, first(2_000), Bound::None)?;

    cola_bytes.message(table, Bound::None)?;
    diamond_types.message(table, Bound::None)?;
    yrs.message(table, Bound::None)?;
    loro.message(table, Bound::None)?;
    automerge.message(table, Bound::None)?;

    session.batch_beside_a_rope(table, Bound::None)?;
    diamond_types.batch(table, few(5))?;
    yrs.batch(table, few(5))?;
    loro.batch(table, few(3))?;
    automerge.batch(table, few(1))?;

    diamond_types.file(table, Bound::None)?;
    yrs.file(table, Bound::None)?;
    loro.file(table, Bound::None)?;
    automerge.file(table, Bound::None)?;

    session.loaded_beside_a_rope(table, Bound::None)?;
    diamond_types.loaded(table, few(5))?;
    yrs.loaded(table, few(5))?;
    loro.loaded(table, few(5))?;
    automerge.loaded(table, few(3))?;

    cola.memory_as_received(table)?;
    diamond_types.memory_from_a_batch(table)?;
    yrs.memory_from_a_batch(table)?;
    loro.memory_from_a_batch(table)?;
    automerge.memory_from_a_batch(table)
}
