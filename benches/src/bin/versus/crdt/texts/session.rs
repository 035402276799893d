use std::cell::OnceCell;
use std::io;

use tidings_benches::{Bound, Comparison};

use super::cola::Cola;
use super::editor::{Archive, Batch, Editor, Told, heard, typed};
use super::ours::Ours;
use super::rope::Rope;
use crate::crdt::traces::{Edit, Patch, Trace};
use crate::{Table, crdt, memory};

/// A recorded session, which rows are taken of it, and our side of them.
pub(crate) struct Session {
    trace: Trace,
    rows: Rows,
    ours: OnceCell<Told<Ours>>,
    /// The edits as they come to the text of one who hears of them, as a plain rope is given them.
    flat: OnceCell<Vec<Patch>>,
}

/// How the rows of a session are called.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// Nanoseconds of an edit, locally.
    pub(crate) typed: &'static str,
    /// Nanoseconds of an edit of another writer, from the bytes of its message on.
    pub(crate) received: &'static str,
    /// Bytes of the message of an edit.
    pub(crate) message: &'static str,
    /// Nanoseconds of all edits in one message.
    pub(crate) batch: &'static str,
    /// Bytes live in memory.
    pub(crate) memory: &'static str,
    /// Bytes of a file with all that is known.
    pub(crate) file: &'static str,
    /// Nanoseconds until the text of that file can be read.
    pub(crate) loaded: &'static str,
}

/// How often something is measured, and on how many edits of the session, where all of them would take minutes.
#[derive(Clone, Copy)]
pub(crate) struct Few {
    samples: usize,
    edits: usize,
}

/// So many samples of the whole session.
pub(crate) const fn few(samples: usize) -> Few {
    Few { samples, edits: usize::MAX }
}

/// One sample of the first so many edits.
pub(crate) const fn first(edits: usize) -> Few {
    Few { samples: 1, edits }
}

/// Of what takes milliseconds.
const SAMPLES: Few = few(15);

impl Session {
    pub(crate) fn new(trace: Trace, rows: Rows) -> Self {
        Self { trace, rows, ours: OnceCell::new(), flat: OnceCell::new() }
    }

    pub(crate) fn peer<E: Editor>(&self, name: &'static str) -> Peer<'_, E> {
        Peer { session: self, name, told: OnceCell::new() }
    }

    pub(crate) fn typed_beside_a_rope(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        // Both are given the same list: to look an edit up in the recording takes as long as to type it.
        self.beside_a_rope(table, self.rows.typed, self.trace.edits.len(), bound, || typed::<Ours>(self.flat()))
    }

    pub(crate) fn received_beside_a_rope(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        let count = self.trace.edits.len();
        self.beside_a_rope(table, self.rows.received, count, bound, || heard::<Ours>(&self.ours().messages))
    }

    pub(crate) fn batch_beside_a_rope(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        let whole = OnceCell::new();
        self.beside_a_rope(table, self.rows.batch, 1, bound, || heard::<Ours>(whole.get_or_init(|| [self.ours().all.whole()])))
    }

    pub(crate) fn loaded_beside_a_rope(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        let file = OnceCell::new();
        self.beside_a_rope(table, self.rows.loaded, 1, bound, || Ours::load(file.get_or_init(|| self.ours().all.save())))
    }

    /// Our work, of which one call does `many` operations, beside a plain rope that is given the whole session.
    fn beside_a_rope(
        &self,
        table: &mut Table,
        name: &'static str,
        many: usize,
        bound: Bound,
        mut ours: impl FnMut() -> Ours,
    ) -> io::Result<()> {
        if !crdt::wants(table, name) {
            return Ok(());
        }
        let edits = &self.trace.edits;
        let flat = self.flat();
        // What is made once is made before the first sample.
        self.check(edits, &ours(), &Rope::typed(flat).text());
        let check = |ours: Ours, rope: Rope| self.check(edits, &ours, &rope.text());
        table.push(row(name, edits, "jumprope", bound).measure_few(SAMPLES.samples, whole_number(many), ours, || Rope::typed(flat), check))
    }

    fn flat(&self) -> &[Patch] {
        self.flat.get_or_init(|| Cola::flattened(&Told::<Cola>::of(&self.trace).messages))
    }

    fn ours(&self) -> &Told<Ours> {
        self.ours.get_or_init(|| Told::of(&self.trace))
    }

    /// Both sides must show the same, and what was recorded once all is known.
    fn check(&self, edits: &[Edit], ours: &Ours, theirs: &str) {
        let text = ours.text();
        assert_eq!(text, theirs, "both sides show the same text");
        if edits.len() == self.trace.edits.len() {
            assert_eq!(text, self.trace.end_content, "the session ends as recorded");
        }
    }
}

/// A system that is compared with ours on a session.
pub(crate) struct Peer<'s, E: Editor> {
    session: &'s Session,
    name: &'static str,
    told: OnceCell<Told<E>>,
}

impl<E: Editor> Peer<'_, E> {
    pub(crate) fn typed(&self, table: &mut Table, few: Few) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.typed) {
            return Ok(());
        }
        let edits = self.session.trace.prefix(few.edits);
        let row = row(self.session.rows.typed, edits, self.name, Bound::None);
        let check = |ours: Ours, theirs: E| self.session.check(edits, &ours, &theirs.text());
        table.push(row.measure_few(
            few.samples,
            whole_number(edits.len()),
            || typed::<Ours>(patches(edits)),
            || typed::<E>(patches(edits)),
            check,
        ))
    }

    pub(crate) fn received(&self, table: &mut Table, few: Few, bound: Bound) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.received) {
            return Ok(());
        }
        let edits = self.session.trace.prefix(few.edits);
        let (ours, theirs) = (&self.session.ours().messages[..edits.len()], &self.told().messages[..edits.len()]);
        let row = row(self.session.rows.received, edits, self.name, bound);
        let check = |ours: Ours, theirs: E| self.session.check(edits, &ours, &theirs.text());
        table.push(row.measure_few(few.samples, whole_number(edits.len()), || heard::<Ours>(ours), || heard::<E>(theirs), check))
    }

    pub(crate) fn message(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.message) {
            return Ok(());
        }
        let (ours, theirs) = (&self.session.ours().messages, &self.told().messages);
        let each = |bytes: usize| bytes as f64 / ours.len() as f64;
        let (our_bytes, their_bytes) = (ours.iter().map(Ours::bytes).sum(), theirs.iter().map(E::bytes).sum());
        let row = row(self.session.rows.message, &self.session.trace.edits, self.name, bound);
        table.push(row.weigh(each(our_bytes), each(their_bytes)))
    }

    /// What is live when everything was typed here.
    pub(crate) fn memory_as_typed(&self, table: &mut Table) -> io::Result<()> {
        let edits = &self.session.trace.edits;
        self.memory(table, || typed::<Ours>(patches(edits)), || typed::<E>(patches(edits)))
    }

    /// What is live when the edits have come one by one.
    pub(crate) fn memory_as_received(&self, table: &mut Table) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.memory) {
            return Ok(());
        }
        let (ours, theirs) = (&self.session.ours().messages, &self.told().messages);
        self.memory(table, || heard::<Ours>(ours), || heard::<E>(theirs))
    }

    fn memory(&self, table: &mut Table, ours: impl Fn() -> Ours, theirs: impl Fn() -> E) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.memory) {
            return Ok(());
        }
        let ((_, ours), (_, theirs)) = (memory::held(ours), memory::held(theirs));
        table.push(row(self.session.rows.memory, &self.session.trace.edits, self.name, Bound::None).weigh(ours, theirs))
    }

    fn told(&self) -> &Told<E> {
        self.told.get_or_init(|| Told::of(&self.session.trace))
    }
}

impl<E: Batch> Peer<'_, E> {
    pub(crate) fn batch(&self, table: &mut Table, few: Few) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.batch) {
            return Ok(());
        }
        let edits = &self.session.trace.edits;
        let (ours, theirs) = ([self.session.ours().all.whole()], [self.told().all.whole()]);
        let row = row(self.session.rows.batch, edits, self.name, Bound::None);
        let check = |ours: Ours, theirs: E| self.session.check(edits, &ours, &theirs.text());
        table.push(row.measure_few(few.samples, 1, || heard::<Ours>(&ours), || heard::<E>(&theirs), check))
    }

    /// What is live when everything has come at once.
    pub(crate) fn memory_from_a_batch(&self, table: &mut Table) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.memory) {
            return Ok(());
        }
        let (ours, theirs) = ([self.session.ours().all.whole()], [self.told().all.whole()]);
        self.memory(table, || heard::<Ours>(&ours), || heard::<E>(&theirs))
    }
}

impl<E: Archive> Peer<'_, E> {
    pub(crate) fn file(&self, table: &mut Table, bound: Bound) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.file) {
            return Ok(());
        }
        let bytes = |file: Vec<u8>| file.len() as f64;
        let row = row(self.session.rows.file, &self.session.trace.edits, self.name, bound);
        table.push(row.weigh(bytes(self.session.ours().all.save()), bytes(self.told().all.save())))
    }

    /// Until the text can be read: some open a file and put off the work.
    pub(crate) fn loaded(&self, table: &mut Table, few: Few) -> io::Result<()> {
        if !crdt::wants(table, self.session.rows.loaded) {
            return Ok(());
        }
        let edits = &self.session.trace.edits;
        let (ours, theirs) = (self.session.ours().all.save(), self.told().all.save());
        let row = row(self.session.rows.loaded, edits, self.name, Bound::None);
        let check = |(ours, _): (Ours, usize), (theirs, _): (E, usize)| self.session.check(edits, &ours, &theirs.text());
        table.push(row.measure_few(few.samples, 1, || read(Ours::load(&ours)), || read(E::load(&theirs)), check))
    }
}

/// What the edits of one writer are, one after the other.
fn patches(edits: &[Edit]) -> impl Iterator<Item = &Patch> {
    edits.iter().flat_map(|edit| &edit.patches)
}

/// A text that was read.
fn read<E: Editor>(editor: E) -> (E, usize) {
    let length = editor.text().len();
    (editor, length)
}

fn row(row: &'static str, edits: &[Edit], peer: &'static str, bound: Bound) -> Comparison {
    crdt::row(row, edits.len(), peer, bound)
}

fn whole_number(many: usize) -> u32 {
    u32::try_from(many).expect("less than four thousand million edits")
}
