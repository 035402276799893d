use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::vec::Vec;
use core::slice;

use tidings_clocks::Dot;

use super::Row;

/// The rows of a table in the order of their dots: for each actor a line of chunks.
///
/// It holds the numbers of the rows only, whose dots are looked up in the table.
#[derive(Clone, Debug)]
pub(super) struct Order<A> {
    lines: BTreeMap<A, Line>,
}

/// The rows of one actor.
#[derive(Clone, Debug)]
struct Line {
    /// Those before the tail, none of them empty, each under a counter that is not greater than any of its own, and greater than all before it.
    full: BTreeMap<u64, Vec<u32>>,
    /// Where new dots mostly go: the last chunk, never empty.
    tail: Vec<u32>,
}

/// A chunk has at most so many rows.
const CHUNK: usize = 128;

impl<A> Order<A> {
    pub(super) const fn new() -> Self {
        Self { lines: BTreeMap::new() }
    }

    /// All rows, in the order of their dots.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.lines.values().flat_map(|line| line.full.values().flatten().chain(&line.tail)).copied()
    }
}

impl<A: Ord + Clone> Order<A> {
    /// Puts in a row whose dot no other row has. O(log n).
    pub(super) fn insert<T>(&mut self, rows: &[Row<A, T>], row: u32) {
        let dot = &rows[row as usize].dot;
        match self.lines.get_mut(&dot.actor) {
            Some(line) => line.insert(rows, row, dot.counter),
            None => drop(self.lines.insert(dot.actor.clone(), Line { full: BTreeMap::new(), tail: Vec::from([row]) })),
        }
    }

    /// Takes out the row of a dot. O(log n).
    pub(super) fn remove<T>(&mut self, rows: &[Row<A, T>], dot: &Dot<A>) {
        let line = self.lines.get_mut(&dot.actor).expect("the actor of a row has a line");
        if !line.remove(rows, dot.counter) {
            self.lines.remove(&dot.actor);
        }
    }

    /// Gives the row of a dot another number. O(log n).
    pub(super) fn renumber<T>(&mut self, rows: &[Row<A, T>], dot: &Dot<A>, to: u32) {
        let line = self.lines.get_mut(&dot.actor).expect("the actor of a row has a line");
        let (_, chunk) = line.chunk_mut(rows, dot.counter);
        let at = place(rows, chunk, dot.counter);
        chunk[at] = to;
    }

    /// The row of a dot. O(log n).
    pub(super) fn row<T>(&self, rows: &[Row<A, T>], dot: &Dot<A>) -> Option<u32> {
        let row = self.from(rows, &dot.actor, dot.counter).next()?;
        (rows[row as usize].dot.counter == dot.counter).then_some(row)
    }

    /// The rows of an actor with this counter and greater ones, in order. O(log n) to begin with.
    pub(super) fn from<T>(&self, rows: &[Row<A, T>], actor: &A, first: u64) -> Walk<'_> {
        let Some(line) = self.lines.get(actor) else { return Walk::default() };
        let trimmed = |chunk: &'_ [u32]| place(rows, chunk, first);
        if first >= rows[line.tail[0] as usize].dot.counter {
            return Walk { chunk: line.tail[trimmed(&line.tail)..].iter(), ..Walk::default() };
        }
        let start = line.full.range(..=first).next_back().map_or(0, |(key, _)| *key);
        let mut full = line.full.range(start..);
        let chunk = full.next().map_or([].iter(), |(_, chunk)| chunk[trimmed(chunk)..].iter());
        Walk { chunk, full, tail: &line.tail }
    }
}

impl Line {
    fn insert<A, T>(&mut self, rows: &[Row<A, T>], row: u32, counter: u64) {
        let counter_of = |row: u32| rows[row as usize].dot.counter;
        if counter > counter_of(*self.tail.last().expect("no tail is empty")) {
            if self.tail.len() == CHUNK {
                let full = core::mem::replace(&mut self.tail, Vec::with_capacity(CHUNK));
                self.full.insert(counter_of(full[0]), full);
            }
            self.tail.push(row);
        } else if counter >= counter_of(self.tail[0]) || self.full.is_empty() {
            let at = place(rows, &self.tail, counter);
            self.tail.insert(at, row);
            if self.tail.len() > CHUNK {
                let rest = self.tail.split_off(CHUNK / 2);
                let full = core::mem::replace(&mut self.tail, rest);
                self.full.insert(counter_of(full[0]), full);
            }
        } else {
            self.insert_before_the_tail(rows, row, counter);
        }
    }

    fn insert_before_the_tail<A, T>(&mut self, rows: &[Row<A, T>], row: u32, counter: u64) {
        let (key, chunk) = self.chunk_mut(rows, counter);
        let at = place(rows, chunk, counter);
        chunk.insert(at, row);
        let rest = if chunk.len() > CHUNK { chunk.split_off(CHUNK / 2) } else { Vec::new() };
        if counter < key {
            let chunk = self.full.remove(&key).expect("just found");
            self.full.insert(counter, chunk);
        }
        if let Some(first) = rest.first() {
            self.full.insert(rows[*first as usize].dot.counter, rest);
        }
    }

    /// Says whether any row is left.
    fn remove<A, T>(&mut self, rows: &[Row<A, T>], counter: u64) -> bool {
        let (key, chunk) = self.chunk_mut(rows, counter);
        let at = place(rows, chunk, counter);
        chunk.remove(at);
        if chunk.is_empty() {
            self.full.remove(&key);
        }
        if self.tail.is_empty() {
            match self.full.pop_last() {
                Some((_, chunk)) => self.tail = chunk,
                None => return false,
            }
        }
        true
    }

    /// The chunk that a counter is in, or would be, and the counter it is under; that of the tail is greater than all.
    fn chunk_mut<A, T>(&mut self, rows: &[Row<A, T>], counter: u64) -> (u64, &mut Vec<u32>) {
        if self.full.is_empty() || counter >= rows[self.tail[0] as usize].dot.counter {
            return (u64::MAX, &mut self.tail);
        }
        let key = self.full.range(..=counter).next_back().or_else(|| self.full.first_key_value()).map(|(key, _)| *key);
        let key = key.expect("there is a chunk before the tail");
        (key, self.full.get_mut(&key).expect("just found"))
    }
}

/// How many rows of a chunk have smaller counters.
fn place<A, T>(rows: &[Row<A, T>], chunk: &[u32], counter: u64) -> usize {
    chunk.partition_point(|row| rows[*row as usize].dot.counter < counter)
}

/// Rows of one actor, in the order of their counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk<'o> {
    chunk: slice::Iter<'o, u32>,
    full: btree_map::Range<'o, u64, Vec<u32>>,
    tail: &'o [u32],
}

impl<'o> Walk<'o> {
    /// Along one chunk.
    pub(super) fn along(chunk: &'o [u32]) -> Self {
        Self { chunk: chunk.iter(), ..Self::default() }
    }
}

impl Iterator for Walk<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if let Some(row) = self.chunk.next() {
                return Some(*row);
            }
            let chunk = self.full.next().map_or_else(|| core::mem::take(&mut self.tail), |(_, chunk)| chunk);
            if chunk.is_empty() {
                return None;
            }
            self.chunk = chunk.iter();
        }
    }
}
