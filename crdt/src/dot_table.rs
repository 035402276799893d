#[cfg(test)]
mod audit;
mod buckets;
mod join;
mod order;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};

use buckets::{Buckets, hash};
use order::{Order, Walk};
use smallvec::SmallVec;
use tidings_clocks::Dot;

/// Elements, each under the dots of its additions: the store of an [`AddWinsSet`](crate::AddWinsSet).
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7: what a map from elements to sets of dots is there, is kept as a table of pairs here. Of more than a few
/// pairs two things lead to them: the hashes of the elements, in buckets of bounded size, with a tree of those for which both buckets are full; and the order of the dots, along which two
/// tables are joined. So whatever elements and dots a peer makes up, nothing takes more than O(log n) for each of them, and where nobody does that, a look-up is O(1).
#[derive(Clone)]
pub struct DotTable<A, T> {
    /// No dot twice. In the order of the dots while there is no index.
    rows: SmallVec<[Row<A, T>; 1]>,
    /// How many different elements.
    len: usize,
    /// There is none of a few rows.
    index: Option<Box<Index<A, T>>>,
}

/// An element and a dot of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row<A, T> {
    dot: Dot<A>,
    element: T,
}

/// Leads to the rows of a table, by their elements and by their dots.
#[derive(Clone, Debug)]
struct Index<A, T> {
    buckets: Buckets,
    /// The rows for which both buckets were full.
    crowded: BTreeMap<T, BTreeSet<u32>>,
    order: Order<A>,
}

/// So many rows are looked through, one by one; of more there is an index.
const FEW: usize = 8;
/// The numbers of a few rows.
const FIRST: [u32; FEW] = [0, 1, 2, 3, 4, 5, 6, 7];

impl<A, T> DotTable<A, T> {
    /// No elements. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: SmallVec::new_const(), len: 0, index: None }
    }

    /// One element under one dot; none if the dot names no event.
    #[must_use]
    pub fn of(element: T, dot: Dot<A>) -> Self {
        if dot.counter == 0 { Self::new() } else { Self { rows: SmallVec::from_buf([Row { dot, element }]), len: 1, index: None } }
    }

    /// How many different elements there are. O(1).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All dots that are alive and their elements, in the order of the dots. O(n).
    pub fn iter(&self) -> impl Iterator<Item = (&Dot<A>, &T)> {
        self.in_order().map(|row| (&row.dot, &row.element))
    }

    /// The different elements, in their order. Sorts them: O(n log n), of elements that came in order O(n).
    #[must_use]
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + use<'_, A, T>
    where
        T: Ord,
    {
        let mut elements: Vec<&T> = self.rows.iter().map(|row| &row.element).collect();
        elements.sort();
        elements.dedup();
        elements.into_iter()
    }
}

impl<A, T: Ord + Hash> DotTable<A, T> {
    /// Whether the element is there. O(1) expected, O(log n) of elements that somebody chose for their hashes.
    #[must_use]
    pub fn contains<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.first_row(element, self.hash_of(element)).is_some()
    }

    /// The dots of an element, in no order. O(1) expected to begin with, O(log n) of elements that somebody chose for their hashes.
    pub(crate) fn dots<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> impl Iterator<Item = &Dot<A>>
    where
        T: Borrow<Q>,
    {
        self.rows_of(element).into_iter().map(|row| &self.rows[row].dot)
    }

    /// What leads to the element, where an index does.
    fn hash_of<Q: Hash + ?Sized>(&self, element: &Q) -> u64 {
        if self.index.is_some() { hash(element) } else { 0 }
    }

    /// Some row of the element.
    fn first_row<Q: Ord + Hash + ?Sized>(&self, element: &Q, hash: u64) -> Option<usize>
    where
        T: Borrow<Q>,
    {
        let is = |row: &Row<A, T>| row.element.borrow() == element;
        match &self.index {
            None => self.rows.iter().position(is),
            Some(index) => index.buckets.find(hash, |row| is(&self.rows[row])).or_else(|| index.crowded(element).next()),
        }
    }

    /// All rows of the element.
    fn rows_of<Q: Ord + Hash + ?Sized>(&self, element: &Q) -> SmallVec<[usize; 2]>
    where
        T: Borrow<Q>,
    {
        let is = |row: &Row<A, T>| row.element.borrow() == element;
        let Some(index) = &self.index else {
            return (0..self.rows.len()).filter(|row| is(&self.rows[*row])).collect();
        };
        let mut found = SmallVec::new();
        index.buckets.find(hash(element), |row| {
            if is(&self.rows[row]) {
                found.push(row);
            }
            false
        });
        found.extend(index.crowded(element));
        // A row is met twice where both buckets of a hash are one.
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> DotTable<A, T> {
    /// Puts the element under a dot that is not there.
    pub(crate) fn put(&mut self, dot: Dot<A>, element: T) {
        let hash = self.hash_of(&element);
        self.len += usize::from(self.first_row(&element, hash).is_none());
        self.push(Row { dot, element }, hash);
    }

    /// Puts the element under a dot that is not there, in place of its other dots, which it gives.
    pub(crate) fn replace(&mut self, dot: Dot<A>, element: T) -> SmallVec<[Dot<A>; 1]> {
        let hash = self.hash_of(&element);
        let replaced = if self.first_row(&element, hash).is_some() { self.remove(&element) } else { SmallVec::new() };
        self.len += 1;
        self.push(Row { dot, element }, hash);
        replaced
    }

    /// Puts in a row whose element has this hash.
    fn push(&mut self, row: Row<A, T>, hash: u64) {
        match &mut self.index {
            Some(index) => {
                self.rows.push(row);
                index.link(&self.rows, self.rows.len() - 1, hash);
            }
            None => {
                let at = self.rows.partition_point(|other| other.dot < row.dot);
                self.rows.insert(at, row);
                if self.rows.len() > FEW {
                    self.index = Some(Box::new(Index::of(&self.rows)));
                }
            }
        }
    }

    /// Takes the element out, and gives its dots.
    pub(crate) fn remove<Q: Ord + Hash + ?Sized>(&mut self, element: &Q) -> SmallVec<[Dot<A>; 1]>
    where
        T: Borrow<Q>,
    {
        let rows = self.rows_of(element);
        let dots = rows.iter().map(|row| self.rows[*row].dot.clone()).collect();
        self.remove_rows(rows);
        dots
    }

    /// Takes out rows.
    fn remove_rows(&mut self, rows: impl IntoIterator<Item = usize>) {
        let mut rows: SmallVec<[usize; 2]> = rows.into_iter().collect();
        rows.sort_unstable();
        if self.index.is_none() || rows.len() > self.rows.len() / 4 {
            let (mut at, mut gone) = (0, rows.into_iter().peekable());
            self.rows.retain(|_| {
                at += 1;
                gone.next_if_eq(&(at - 1)).is_none()
            });
            self.rebuild();
        } else {
            // From the last one on, so that none of those to come is moved.
            rows.into_iter().rev().for_each(|row| self.remove_row(row));
            if self.rows.len() < self.rows.capacity() / 4 {
                self.rebuild();
            }
        }
    }

    /// Takes out one row, whose place the last one takes.
    fn remove_row(&mut self, row: usize) {
        let index = self.index.as_mut().expect("a table of few rows is not changed row by row");
        index.unlink(&self.rows, row);
        let last = self.rows.len() - 1;
        if row != last {
            index.renumber(&self.rows, last, row);
        }
        let gone = self.rows.swap_remove(row);
        self.len -= usize::from(self.first_row(&gone.element, self.hash_of(&gone.element)).is_none());
    }

    /// Sorts the rows by their dots, and makes all that leads to them anew. O(n log n), O(n) if they are sorted.
    fn rebuild(&mut self) {
        self.rows.sort_by(|row, other| row.dot.cmp(&other.dot));
        self.rows.shrink_to_fit();
        self.index = None;
        if self.rows.len() > FEW {
            self.index = Some(Box::new(Index::of(&self.rows)));
        }
        let is_first = |row: &usize| {
            let element = &self.rows[*row].element;
            self.first_row(element, self.hash_of(element)) == Some(*row)
        };
        self.len = (0..self.rows.len()).filter(is_first).count();
    }

    /// Room for so many further rows, if that is much more than there are.
    fn reserve(&mut self, more: usize) {
        self.rows.reserve(more);
        if let Some(index) = &mut self.index {
            index.reserve(&self.rows, self.rows.len() + more);
        }
    }
}

impl<A, T> DotTable<A, T> {
    /// The elements, each with its dots, both in order. Sorts them.
    fn by_element(&self) -> Vec<(&T, Vec<&Dot<A>>)>
    where
        A: Ord,
        T: Ord,
    {
        let mut rows: Vec<&Row<A, T>> = self.rows.iter().collect();
        rows.sort_unstable_by(|row, other| (&row.element, &row.dot).cmp(&(&other.element, &other.dot)));
        let same = |row: &&Row<A, T>, next: &&Row<A, T>| row.element == next.element;
        rows.chunk_by(same).map(|rows| (&rows[0].element, rows.iter().map(|row| &row.dot).collect())).collect()
    }

    /// All rows, in the order of their dots.
    fn in_order(&self) -> impl Iterator<Item = &Row<A, T>> {
        let few = if self.index.is_none() { &self.rows[..] } else { &[] };
        let many = self.index.iter().flat_map(|index| index.order.iter()).map(|row| &self.rows[row as usize]);
        few.iter().chain(many)
    }
}

impl<A: Ord + Clone, T> DotTable<A, T> {
    /// The element under a dot. O(log n).
    fn element(&self, dot: &Dot<A>) -> Option<&T> {
        let row = match &self.index {
            None => self.rows.binary_search_by(|row| row.dot.cmp(dot)).ok(),
            Some(index) => index.order.row(&self.rows, dot).map(|row| row as usize),
        };
        row.map(|row| &self.rows[row].element)
    }

    /// The rows of an actor from one counter to another one, in order, with their numbers. O(log n) to begin with.
    fn within(&self, actor: &A, first: u64, last: u64) -> impl Iterator<Item = (usize, &Row<A, T>)> {
        let walk = match &self.index {
            Some(index) => index.order.from(&self.rows, actor, first),
            None => {
                let from = self.rows.partition_point(|row| (&row.dot.actor, row.dot.counter) < (actor, first));
                let count = self.rows[from..].iter().take_while(|row| row.dot.actor == *actor).count();
                Walk::along(&FIRST[from..from + count])
            }
        };
        walk.map(|row| (row as usize, &self.rows[row as usize])).take_while(move |(_, row)| row.dot.counter <= last)
    }
}

impl<A, T: Ord> Index<A, T> {
    /// The rows of an element for which both buckets were full.
    fn crowded<Q: Ord + ?Sized>(&self, element: &Q) -> impl Iterator<Item = usize>
    where
        T: Borrow<Q>,
    {
        let rows = if self.crowded.is_empty() { None } else { self.crowded.get(element) };
        rows.into_iter().flatten().map(|row| *row as usize)
    }
}

impl<A: Ord + Clone, T: Ord + Clone + Hash> Index<A, T> {
    fn of(rows: &[Row<A, T>]) -> Self {
        let mut index = Self { buckets: Buckets::with_room(rows.len()), crowded: BTreeMap::new(), order: Order::new() };
        index.spread(rows);
        for row in 0..rows.len() {
            index.order.insert(rows, number(row));
        }
        index
    }

    /// Leads to a new row, too.
    fn link(&mut self, rows: &[Row<A, T>], row: usize, hash: u64) {
        self.order.insert(rows, number(row));
        if rows.len() > self.buckets.room() {
            self.buckets = Buckets::with_room(rows.len());
            self.spread(rows);
        } else if !self.buckets.put(hash, row) {
            // Mostly there are just many rows; if there are not, somebody chose them.
            if self.buckets.room() < 2 * rows.len() {
                self.buckets = Buckets::with_room(self.buckets.room() + 1);
                self.spread(rows);
            } else {
                self.crowd(rows, row);
            }
        }
    }

    /// Leads to a row no more.
    fn unlink(&mut self, rows: &[Row<A, T>], row: usize) {
        let Row { dot, element } = &rows[row];
        self.order.remove(rows, dot);
        if !self.buckets.take(hash(element), row) {
            let others = self.crowded.get_mut(element).expect("what is in no bucket is among the crowded");
            others.remove(&number(row));
            if others.is_empty() {
                self.crowded.remove(element);
            }
        }
    }

    /// Leads to a row under another number.
    fn renumber(&mut self, rows: &[Row<A, T>], from: usize, to: usize) {
        let Row { dot, element } = &rows[from];
        self.order.renumber(rows, dot, number(to));
        if !self.buckets.renumber(hash(element), from, to) {
            let numbers = self.crowded.get_mut(element).expect("what is in no bucket is among the crowded");
            numbers.remove(&number(from));
            numbers.insert(number(to));
        }
    }

    fn reserve(&mut self, rows: &[Row<A, T>], count: usize) {
        if count > self.buckets.room() {
            self.buckets = Buckets::with_room(count);
            self.spread(rows);
        }
    }

    /// Puts all rows into the buckets, which are empty.
    fn spread(&mut self, rows: &[Row<A, T>]) {
        self.crowded.clear();
        for (row, Row { element, .. }) in rows.iter().enumerate() {
            if !self.buckets.put(hash(element), row) {
                self.crowd(rows, row);
            }
        }
    }

    fn crowd(&mut self, rows: &[Row<A, T>], row: usize) {
        match self.crowded.get_mut(&rows[row].element) {
            Some(others) => drop(others.insert(number(row))),
            None => drop(self.crowded.insert(rows[row].element.clone(), BTreeSet::from([number(row)]))),
        }
    }
}

/// The number of a row as it is kept: there is no memory for more rows than it counts.
fn number(row: usize) -> u32 {
    u32::try_from(row).expect("2^32 rows")
}

impl<A, T> Default for DotTable<A, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: PartialEq, T: PartialEq> PartialEq for DotTable<A, T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows.len() == other.rows.len() && self.in_order().eq(other.in_order())
    }
}

impl<A: Eq, T: Eq> Eq for DotTable<A, T> {}

/// What replicas reconcile by, so it may not change: the elements, each with its dots, then the dots, each with its element.
impl<A: Ord + Hash, T: Ord + Hash> Hash for DotTable<A, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        for (element, dots) in self.by_element() {
            element.hash(state);
            dots.hash(state);
        }
        self.rows.len().hash(state);
        self.in_order().for_each(|row| row.hash(state));
    }
}

impl<A: fmt::Debug, T: fmt::Debug> fmt::Debug for DotTable<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A sequence of pairs of an element and its dots, in the order of the elements.
#[cfg(feature = "serde")]
impl<A: Ord + serde::Serialize, T: Ord + serde::Serialize> serde::Serialize for DotTable<A, T> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.by_element())
    }
}

/// Takes only what `Serialize` gives: elements in strict order, each under a dot, no dot twice.
#[cfg(feature = "serde")]
impl<'de, A, T> serde::Deserialize<'de> for DotTable<A, T>
where
    A: Ord + Clone + serde::Deserialize<'de>,
    T: Ord + Clone + Hash + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(T, crate::DotSet<A>)>::deserialize(deserializer)?;
        if !pairs.is_sorted_by(|(element, _), (next, _)| element < next) || pairs.iter().any(|(_, dots)| dots.iter().len() == 0) {
            return Err(serde::de::Error::custom("the keys of a map increase and each has a dot"));
        }
        let mut table = Self::new();
        table
            .rows
            .extend(pairs.iter().flat_map(|(element, dots)| dots.iter().map(|dot| Row { dot: dot.clone(), element: element.clone() })));
        table.rows.sort_by(|row, other| row.dot.cmp(&other.dot));
        if !table.rows.is_sorted_by(|row, next| row.dot < next.dot) {
            return Err(serde::de::Error::custom("a dot stands in two places"));
        }
        table.rebuild();
        Ok(table)
    }
}
