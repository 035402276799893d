use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Malformed;

use super::grounds::Chain;
use super::integrate::LAST;
use super::run::{Path, Run};
use super::save::Shape;
use super::span::{Key, Span};
use crate::EncodingError;
use crate::encoding::{Column, Reader};

/// No run.
const NONE: usize = usize::MAX;

/// A run, with what its columns say of it and what follows from that.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) run: Run,
    /// Whether it goes on where its left origin ends.
    pub(super) continues: bool,
    /// Whether a later run does so with this one.
    is_continued: bool,
    /// Its left origin, and which run that is in.
    pub(super) left: Key,
    pub(super) origin: usize,
}

/// A run whose right origin or next sibling may be still to come.
struct Open {
    depth: u32,
    level: u32,
    index: usize,
    /// Whether its right origin is what follows on all that comes from its left origin.
    is_followed: bool,
}

/// The columns of runs, and what was read of them.
pub(super) struct Loader<'a> {
    lengths: Column<'a>,
    shapes: Column<'a>,
    authors: Column<'a>,
    pub(super) counters: Column<'a>,
    pub(super) rare: Column<'a>,
    pub(super) runs: Vec<Read>,
    path: Path,
    open: Vec<Open>,
    /// What follows on each actor's last run in the text.
    next: Vec<u32>,
    /// How many characters.
    total: u64,
    /// Siblings on level 0, one after the other, whose order depends on more than their ids.
    pub(super) siblings: Vec<(Key, Key)>,
    /// Runs whose right origin stands so many characters after their beginning, or at the end if 0.
    pub(super) distant: Vec<(usize, u64)>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(reader: &mut Reader<'a>, actors: usize) -> Result<Self, EncodingError> {
        Ok(Self {
            lengths: reader.column()?,
            shapes: reader.column()?,
            authors: reader.column()?,
            counters: reader.column()?,
            rare: reader.column()?,
            runs: Vec::new(),
            path: Path::default(),
            open: Vec::new(),
            next: vec![1; actors],
            total: 0,
            siblings: Vec::new(),
            distant: Vec::new(),
        })
    }

    /// No more runs than this are there: each has a byte at least in each of two columns.
    fn runs_at_most(&self) -> usize {
        self.lengths.len().min(self.shapes.len())
    }

    /// How much memory is needed at most while the runs are read and put into a tree.
    pub(super) fn needed(&self) -> usize {
        self.runs_at_most().saturating_mul(size_of::<Read>() + 3 * size_of::<Span>() + 3 * size_of::<Chain>())
    }

    /// Reads all runs.
    pub(super) fn read(&mut self) -> Result<(), EncodingError> {
        self.runs.reserve(self.runs_at_most());
        while !self.lengths.is_empty() {
            self.read_run()?;
        }
        for column in [&self.shapes, &self.authors, &self.counters, &self.rare] {
            column.finish()?;
        }
        if self.open.iter().any(|open| open.level > 0) {
            return Err(self.shapes.contradiction());
        }
        self.settle().ok_or(self.rare.contradiction())
    }

    fn read_run(&mut self) -> Result<(), EncodingError> {
        let number = self.lengths.number()?;
        let (len, is_visible) = (number >> 1, number & 1 == 0);
        self.total = self.total.saturating_add(len);
        if len == 0 || self.total > LAST {
            return Err(self.lengths.error(Malformed::Number));
        }
        let len = u32::try_from(len).expect("below the last");
        let number = self.shapes.number32()?;
        let (shape, steps) = (Shape::of(number), number >> 2);
        let index = self.runs.len();
        let (depth, level) = match shape {
            Shape::Rare => self.read_rare(steps)?,
            _ => (self.path.leave_some(steps as usize).ok_or(self.shapes.contradiction())?, u32::from(shape == Shape::Left)),
        };
        let (left, origin) = self.path.left(depth).map_or((Key::NONE, NONE), |(left, _, origin)| (left, origin));
        let continues = shape == Shape::Continued;
        let id = if continues { self.continued(left, origin, is_visible)? } else { self.read_id()? };
        let end = u64::from(id.counter) + u64::from(len);
        if end > LAST + 1 {
            return Err(self.counters.error(Malformed::Number));
        }
        self.next[id.actor as usize] = u32::try_from(end).expect("one more than the last at most");
        let run = Run { id, right: Key::NONE, depth, level, len, is_visible };
        let is_distant = self.distant.last().is_some_and(|(distant, _)| *distant == index);
        let is_followed = level == 0 && !continues && !is_distant;
        self.runs.push(Read { run, continues, is_continued: false, left, origin });
        self.arrive(Open { depth, level, index, is_followed }).ok_or(self.shapes.contradiction())?;
        self.path.enter(run, index);
        Ok(())
    }

    /// The depth and the level of a run that is written out.
    fn read_rare(&mut self, steps: u32) -> Result<(u32, u32), EncodingError> {
        let rise = self.rare.number32()?;
        let depth = self.path.below().checked_sub(rise).filter(|&depth| depth > 0 && steps == 0).ok_or(self.rare.contradiction())?;
        let is_regular = self.path.leave(depth).is_some();
        let number = self.rare.number()?;
        if number == 1 {
            let distance = self.rare.number()?;
            self.distant.push((self.runs.len(), distance));
            return Ok((depth, 0));
        }
        let level = u32::try_from(number / 2).map_err(|_| self.rare.error(Malformed::Number))?;
        // What has a shape of its own is not rare.
        if number % 2 == 1 || (is_regular && level <= 1) { Err(self.rare.contradiction()) } else { Ok((depth, level)) }
    }

    /// The id of a run that goes on where its left origin ends.
    fn continued(&mut self, left: Key, origin: usize, is_visible: bool) -> Result<Key, EncodingError> {
        let index = self.runs.len();
        let contradiction = self.shapes.contradiction();
        let before = self.runs.get_mut(origin).ok_or(contradiction)?;
        let is_last = left == before.run.id.plus(before.run.len - 1);
        // Directly after it and alike, it would be a part of it.
        let is_part = origin + 1 == index && before.run.is_visible == is_visible;
        if !is_last || is_part || core::mem::replace(&mut before.is_continued, true) {
            return Err(contradiction);
        }
        Ok(left.plus(1))
    }

    fn read_id(&mut self) -> Result<Key, EncodingError> {
        let actor = if self.next.len() > 1 { self.authors.number32()? } else { 0 };
        let next = self.next.get(actor as usize).ok_or(self.authors.contradiction())?;
        let counter = i64::from(*next).checked_add(self.counters.signed()?).and_then(|counter| u32::try_from(counter).ok());
        let counter = counter.filter(|&counter| counter > 0 && u64::from(counter) <= LAST).ok_or(self.counters.error(Malformed::Number))?;
        Ok(Key::new(actor, counter))
    }

    /// Goes on to a run: those that are deeper, or above it on its depth, have their right origin now. `None` if it cannot stand here.
    fn arrive(&mut self, arrived: Open) -> Option<()> {
        let id = self.runs[arrived.index].run.id;
        while let Some(open) = self.open.pop_if(|open| open.depth > arrived.depth) {
            if open.level > 0 {
                return None;
            }
            if open.is_followed {
                self.runs[open.index].run.right = id;
            }
        }
        while let Some(open) = self.open.pop_if(|open| open.depth == arrived.depth && open.level > arrived.level) {
            if open.level > arrived.level + 1 {
                return None;
            }
            self.runs[open.index].run.right = id;
        }
        if let Some(before) = self.open.last().filter(|before| (before.depth, before.level) == (arrived.depth, arrived.level)) {
            // Siblings with one right origin stand in the order of their ids.
            if arrived.level > 0 || (before.is_followed && arrived.is_followed) {
                if self.runs[before.index].run.id >= id {
                    return None;
                }
            } else {
                self.siblings.push((self.runs[before.index].run.id, id));
            }
        } else if let Some(before) = self.path.inside(arrived.depth).filter(|_| arrived.level == 0) {
            // Its left origin is not the last of a run: the next one of that run is the sibling before.
            self.siblings.push((before, id));
        }
        self.open.push(arrived);
        Some(())
    }

    /// Finds the right origins that are not next to what they are told by.
    fn settle(&mut self) -> Option<()> {
        if !self.distant.is_empty() {
            let mut start = 0;
            let starts: Vec<u64> = self
                .runs
                .iter()
                .map(|read| {
                    start += u64::from(read.run.len);
                    start - u64::from(read.run.len)
                })
                .collect();
            for &(index, distance) in self.distant.iter().filter(|(_, distance)| *distance > 0) {
                let rank = starts[index].checked_add(distance).filter(|&rank| rank < self.total)?;
                let found = starts.partition_point(|&start| start <= rank) - 1;
                let offset = u32::try_from(rank - starts[found]).expect("within a run");
                self.runs[index].run.right = self.runs[found].run.id.plus(offset);
            }
        }
        for index in 0..self.runs.len() {
            let Read { run, continues, left, origin, .. } = self.runs[index];
            let Some(before) = self.runs.get(origin) else { continue };
            let right = before.run.right;
            if continues {
                self.runs[index].run.right = right;
            } else if run.id == left.plus(1) && run.level == 0 && run.right == right {
                // It would have been told to go on.
                return None;
            }
        }
        Some(())
    }
}
