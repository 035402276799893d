//! The columns of a saved text, version 1. A run is as long as it can be, so that equal texts give equal columns.
//!
//! | column | for | what |
//! |---|---|---|
//! | actors | each actor, in the order of the ids | its id; their number comes first |
//! | lengths | each run, in the order of the text | 2 × characters, plus 1 if they are deleted |
//! | shapes | each run | 4 × steps plus a [`Shape`] |
//! | authors | each run that does not continue its left origin, if there are several actors | which actor |
//! | counters | the same runs | the first character's counter, less what follows on that actor's previous run in the text; signed |
//! | rare | runs of shape `Rare` | how much less deep than possible; then 2 × level, or 1 and how many characters before its right origin (0: the end) |
//! | content | | the visible characters |
//! | marks | each mark, in the order of the stamps | see `save_marks.rs` |
//!
//! Steps are how many runs a walk leaves to come to where this one begins: 0 if it comes from the character before, else the last one left has the same
//! left origin. Left origins follow from that. Right origins do, but for rare ones, from the levels: on a level above 0, the next run with the same left origin one
//! level lower; on level 0, what follows on all that comes from the left origin.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::Wire;

use super::run::{Path, Run};
use super::span::Key;
use super::{Text, save_marks};
use crate::DocumentKind;
use crate::encoding::{Writer, write_signed, write_text};

/// How a run stands to its left origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It goes on where its left origin ends: the same actor's next character, with the same right origin.
    Continued = 0,
    /// A right child, typed before what follows on all that comes from its left origin.
    Right = 1,
    /// A left child of a right child.
    Left = 2,
    /// Anything else.
    Rare = 3,
}

impl Shape {
    pub(super) const fn of(number: u32) -> Self {
        match number & 3 {
            0 => Self::Continued,
            1 => Self::Right,
            2 => Self::Left,
            _ => Self::Rare,
        }
    }
}

#[derive(Default)]
struct Columns {
    actors: Vec<u8>,
    lengths: Vec<u8>,
    shapes: Vec<u8>,
    authors: Vec<u8>,
    counters: Vec<u8>,
    rare: Vec<u8>,
    content: Vec<u8>,
}

impl<A: Clone + Ord + Wire> Text<A> {
    /// The whole text as a document: compact, checked by a checksum, and the same bytes for equal texts, whatever way they came about. O(n log n).
    ///
    /// A keystroke takes about a third of a byte in a long text by one actor; deleted characters take no content. The format has a version, and
    /// [`load`](Self::load) reads all versions there were.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut columns = Columns::default();
        // Ids in their order, whoever was met first here.
        let mut ranks = vec![0; self.actors.len()];
        (ranks.len() as u64).encode(&mut columns.actors);
        for (rank, (id, actor)) in self.interned.iter().enumerate() {
            ranks[*actor as usize] = rank;
            id.encode(&mut columns.actors);
        }
        self.save_runs(&ranks, &mut columns);
        if !self.is_empty() {
            write_text(&String::from(self), &mut columns.content);
        }
        let mut writer = Writer::new(DocumentKind::Text);
        let Columns { actors, lengths, shapes, authors, counters, rare, content } = columns;
        let marks = save_marks::write(&Vec::from_iter(self.marks()));
        for column in [actors, lengths, shapes, authors, counters, rare, content, marks] {
            writer.column(&column);
        }
        writer.finish()
    }

    fn save_runs(&self, ranks: &[usize], columns: &mut Columns) {
        let runs = self.whole_runs();
        let followers = followers(&runs);
        let mut next = vec![1; ranks.len()];
        let mut path = Path::default();
        for (index, run) in runs.iter().enumerate() {
            (u64::from(run.len) * 2 + u64::from(!run.is_visible)).encode(&mut columns.lengths);
            let below = path.below();
            let steps = path.leave(run.depth);
            let left = path.left(run.depth);
            let shape = match steps {
                Some(_) if left.is_some_and(|(left, origin, _)| run.continues(left, origin)) => Shape::Continued,
                Some(_) if run.level == 0 && run.right == followers[index] => Shape::Right,
                Some(_) if run.level == 1 => Shape::Left,
                _ => Shape::Rare,
            };
            if shape == Shape::Rare {
                u64::from(below - run.depth).encode(&mut columns.rare);
                self.save_right(run, followers[index], &mut columns.rare);
            }
            let steps = if shape == Shape::Rare { 0 } else { steps.unwrap_or(0) };
            (steps as u64 * 4 + shape as u64).encode(&mut columns.shapes);
            let actor = run.id.actor as usize;
            if shape != Shape::Continued {
                if ranks.len() > 1 {
                    (ranks[actor] as u64).encode(&mut columns.authors);
                }
                write_signed(i64::from(run.id.counter) - next[actor], &mut columns.counters);
            }
            next[actor] = i64::from(run.id.counter) + i64::from(run.len);
            path.enter(*run, index);
        }
    }

    fn save_right(&self, run: &Run, follower: Key, out: &mut Vec<u8>) {
        if run.level > 0 || run.right == follower {
            return (u64::from(run.level) * 2).encode(out);
        }
        let rank = |key| u64::from(self.tree.rank(self.tree.find(key)));
        let distance = if run.right == Key::NONE { 0 } else { rank(run.right) - rank(run.id) };
        1_u64.encode(out);
        distance.encode(out);
    }
}

impl Run {
    /// Whether this is what the actor of `left`, the last character of `origin`, typed next.
    pub(super) fn continues(&self, left: Key, origin: &Self) -> bool {
        self.id == left.plus(1) && self.level == 0 && self.right == origin.right
    }
}

/// What follows on all that comes from each run's left origin.
fn followers(runs: &[Run]) -> Vec<Key> {
    let mut followers = vec![Key::NONE; runs.len()];
    let mut open: Vec<usize> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        while let Some(before) = open.pop_if(|before| runs[*before].depth > run.depth) {
            followers[before] = run.id;
        }
        open.push(index);
    }
    followers
}
