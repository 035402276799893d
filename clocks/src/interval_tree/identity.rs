use alloc::vec::Vec;

use super::{IntervalTreeError, MAX_DEPTH};
use crate::wire::{Malformed, Wire};

const NONE: u8 = 0;
const ALL: u8 = 1;
const FORK: u8 = 2;

/// What is owned of a part of the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    None,
    All,
    /// What the next two shares say of its halves.
    Fork,
}

/// A place in the preorder array, from which shares are read one after the other.
#[derive(Clone, Copy)]
pub(super) struct Owner<'i> {
    nodes: &'i [u8],
    at: usize,
}

impl<'i> Owner<'i> {
    pub(super) fn next(&mut self) -> Share {
        let share = self.peek();
        self.at += 1;
        share
    }

    pub(super) fn peek(&self) -> Share {
        match self.nodes[self.at] {
            NONE => Share::None,
            ALL => Share::All,
            _ => Share::Fork,
        }
    }

    /// Passes over `open` subtrees.
    pub(super) fn skip(&mut self, mut open: usize) {
        while open > 0 {
            open = if self.next() == Share::Fork { open + 1 } else { open - 1 };
        }
    }

    /// Passes over one subtree, and gives back its nodes.
    fn take(&mut self) -> &'i [u8] {
        let start = self.at;
        self.skip(1);
        &self.nodes[start..self.at]
    }

    /// How many nodes were read.
    pub(super) fn place(&self) -> usize {
        self.at
    }
}

/// Which share of the interval a clock owns: a binary tree in preorder. A fork is followed by what is owned of its left half and of its right half.
///
/// In normal form, no fork has two leaves that are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    nodes: Vec<u8>,
}

impl Identity {
    pub(super) fn whole() -> Self {
        Self { nodes: alloc::vec![ALL] }
    }

    pub(super) fn none() -> Self {
        Self { nodes: alloc::vec![NONE] }
    }

    /// Two identities that together own what this one does (section 5.3.2, split).
    pub(super) fn split(&self) -> Result<(Self, Self), IntervalTreeError> {
        let (mut at, mut depth) = (0, 0);
        loop {
            match self.nodes[at] {
                NONE => return Err(IntervalTreeError::Anonymous),
                ALL if depth == MAX_DEPTH => return Err(IntervalTreeError::TooDeep),
                ALL => return Ok((self.replaced(at, at + 1, &[FORK, ALL, NONE]), self.replaced(at, at + 1, &[FORK, NONE, ALL]))),
                _ => {}
            }
            let (left, right) = (at + 1, self.skip(at + 1));
            let end = self.skip(right);
            if self.nodes[left] == NONE {
                at = right;
            } else if self.nodes[right] == NONE {
                at = left;
            } else {
                return Ok((self.replaced(right, end, &[NONE]), self.replaced(left, right, &[NONE])));
            }
            depth += 1;
        }
    }

    /// What both own together (section 5.3.3, sum).
    pub(super) fn sum(&self, other: &Self) -> Result<Self, IntervalTreeError> {
        fn sum(one: &mut Owner<'_>, other: &mut Owner<'_>, out: &mut Vec<u8>) -> Result<(), IntervalTreeError> {
            match (one.peek(), other.peek()) {
                (Share::None, _) => {
                    one.next();
                    out.extend_from_slice(other.take());
                }
                (_, Share::None) => {
                    other.next();
                    out.extend_from_slice(one.take());
                }
                (Share::Fork, Share::Fork) => {
                    one.next();
                    other.next();
                    let root = out.len();
                    out.push(FORK);
                    sum(one, other, out)?;
                    sum(one, other, out)?;
                    if out[root + 1..] == [ALL, ALL] {
                        out.truncate(root);
                        out.push(ALL);
                    }
                }
                _ => return Err(IntervalTreeError::Overlap),
            }
            Ok(())
        }

        let mut nodes = Vec::new();
        sum(&mut self.reader(), &mut other.reader(), &mut nodes)?;
        Ok(Self { nodes })
    }

    pub(super) fn is_none(&self) -> bool {
        self.nodes[0] == NONE
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn reader(&self) -> Owner<'_> {
        Owner { nodes: &self.nodes, at: 0 }
    }

    /// The place behind the subtree at `at`.
    fn skip(&self, mut at: usize) -> usize {
        let mut open = 1;
        while open > 0 {
            open = if self.nodes[at] == FORK { open + 1 } else { open - 1 };
            at += 1;
        }
        at
    }

    /// A copy with `nodes` instead of those from `start` to `end`.
    fn replaced(&self, start: usize, end: usize, nodes: &[u8]) -> Self {
        Self { nodes: [&self.nodes[..start], nodes, &self.nodes[end..]].concat() }
    }

    #[cfg(test)]
    pub(super) fn is_normal(&self) -> bool {
        Self::decode(&self.nodes, usize::MAX).is_ok_and(|(_, rest)| rest.is_empty())
    }
}

impl Wire for Identity {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.nodes);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        // For each fork that is open: whether its left half was read, and if that is a leaf, which.
        let mut open: Vec<Option<u8>> = Vec::new();
        for (at, &node) in bytes.iter().enumerate() {
            if at == limit {
                return Err(Malformed::TooMany { entries: at as u64 + 1, limit });
            }
            match node {
                FORK if open.len() == MAX_DEPTH => return Err(Malformed::Contradiction),
                FORK => open.push(None),
                NONE | ALL => {
                    let mut done = node;
                    // What is done is the left half of the innermost fork that is open, or its right half, and then that is done.
                    loop {
                        match open.pop() {
                            None => return Ok((Self { nodes: bytes[..=at].to_vec() }, &bytes[at + 1..])),
                            Some(None) => {
                                open.push(Some(done));
                                break;
                            }
                            Some(Some(left)) if left == done && left != FORK => return Err(Malformed::Contradiction),
                            Some(Some(_)) => done = FORK,
                        }
                    }
                }
                _ => return Err(Malformed::Number),
            }
        }
        Err(Malformed::Truncated)
    }
}
