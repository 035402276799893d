use alloc::collections::btree_map;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hint::select_unpredictable;
use core::mem;

use smallvec::SmallVec;

use super::chunk::room;
use super::{CHUNK, Chunk, ChunkMap, FILLED};

/// Of a map with so many times fewer keys each is looked up; otherwise the two are walked through.
const FAR_SMALLER: usize = 64;

impl<K: Ord + Clone, V: Ord + Clone> ChunkMap<K, V> {
    /// Takes in what another map has, and of two values of one key the greater one. Says whether anything changed. The order of values is first that of their `stamp`s.
    ///
    /// O(n + m) where the two are of a size, O(m log n) where the other one is far smaller.
    pub(crate) fn join<S: Ord>(&mut self, other: &Self, stamp: impl Fn(&V) -> &S) -> bool {
        if self.len == 0 {
            self.clone_from(other);
            return other.len > 0;
        }
        if other.len < self.len / FAR_SMALLER {
            return other.iter().fold(false, |changed, (key, theirs)| self.join_entry(key, theirs) || changed);
        }
        let (mut theirs, mut joining) = (Pieces::of(other), Joining::new());
        let (mut chunk, mut rest) = (&mut self.first, self.rest.iter_mut());
        loop {
            let next = rest.next();
            let end = next.as_ref().map(|(key, _)| *key);
            let mut from = 0;
            while let Some(piece) = theirs.next_before(end) {
                from = joining.join_piece(chunk, from, &piece, &stamp);
            }
            joining.put_new(chunk);
            let Some((_, next)) = next else { break };
            chunk = next;
        }
        let Joining { further, later, count, .. } = joining;
        self.len += count;
        let further = further.into_iter().map(Chunk::under_its_first);
        if further.len() < self.rest.len() / FAR_SMALLER {
            self.rest.extend(further);
        } else {
            self.rest.append(&mut further.collect());
        }
        later || count > 0
    }

    fn join_entry(&mut self, key: &K, theirs: &V) -> bool {
        let greater = |mine: &mut V, theirs: V| {
            let is_greater = theirs > *mine;
            if is_greater {
                *mine = theirs;
            }
            is_greater
        };
        self.put(key.clone(), theirs.clone(), greater).unwrap_or(true)
    }
}

/// What is left of a map that is walked through.
struct Pieces<'o, K, V> {
    piece: Piece<'o, K, V>,
    rest: btree_map::Values<'o, K, Chunk<K, V>>,
}

/// A part of a chunk.
struct Piece<'o, K, V> {
    keys: &'o [K],
    values: &'o [V],
}

impl<'o, K: Ord, V> Pieces<'o, K, V> {
    fn of(map: &'o ChunkMap<K, V>) -> Self {
        Self { piece: Piece::of(&map.first), rest: map.rest.values() }
    }

    /// The next entries, all of one chunk and under keys less than `end`, if there are any.
    fn next_before(&mut self, end: Option<&K>) -> Option<Piece<'o, K, V>> {
        if self.piece.keys.is_empty() {
            self.piece = Piece::of(self.rest.next()?);
        }
        let is_before = |key: &K| end.is_none_or(|end| key < end);
        let count = match self.piece.keys.last() {
            Some(last) if is_before(last) => self.piece.keys.len(),
            _ => self.piece.keys.partition_point(is_before),
        };
        let (before, after) = self.piece.split(count);
        self.piece = after;
        (count > 0).then_some(before)
    }
}

impl<'o, K, V> Piece<'o, K, V> {
    fn of(chunk: &'o Chunk<K, V>) -> Self {
        Self { keys: &chunk.keys, values: &chunk.values }
    }

    fn split(&self, at: usize) -> (Self, Self) {
        let ((keys, more), (values, others)) = (self.keys.split_at(at), self.values.split_at(at));
        (Self { keys, values }, Self { keys: more, values: others })
    }
}

/// A join under way.
struct Joining<K, V> {
    /// What is new to the chunk at hand.
    new: Chunk<K, V>,
    /// For each of these, how many of the chunk's own entries are before it.
    places: Vec<usize>,
    /// Of the entries that the chunk is to have, which are new.
    is_new: Vec<bool>,
    /// Room that a chunk has left.
    room: Chunk<K, V>,
    /// Chunks beside the old ones, in order.
    further: Vec<Chunk<K, V>>,
    /// How many entries were new.
    count: usize,
    /// Whether a value was replaced.
    later: bool,
}

impl<K: Ord + Clone, V: Ord + Clone> Joining<K, V> {
    fn new() -> Self {
        let [new, room] = [Chunk::new(), Chunk::new()];
        Self { new, places: Vec::new(), is_new: Vec::new(), room, further: Vec::new(), count: 0, later: false }
    }

    /// Joins a piece with the entries of a chunk from a place on, and says from which on the next piece is to be joined.
    fn join_piece<S: Ord>(&mut self, chunk: &mut Chunk<K, V>, from: usize, piece: &Piece<'_, K, V>, stamp: &impl Fn(&V) -> &S) -> usize {
        let (keys, values) = (&chunk.keys[from..], &mut chunk.values[from..]);
        let count = number(piece.keys.len());
        if keys.get(..piece.keys.len()) == Some(piece.keys) {
            self.later |= join_pairs(values, piece.values, (0..count).map(|at| (at, at)), stamp);
            return from + piece.keys.len();
        }
        // Which entry is the next one is as if drawn by lot: so nothing here is a branch for the processor to guess.
        let (mut both, mut pairs, mut new, mut only) = ([(0, 0); CHUNK], 0, [(0, 0); CHUNK], 0);
        let (mut here, mut there, end) = (0_u8, 0_u8, number(keys.len()));
        while here < end && there < count {
            let order = keys[usize::from(here)].cmp(&piece.keys[usize::from(there)]);
            both[pairs % CHUNK] = (here, there);
            new[only % CHUNK] = (here, there);
            pairs += usize::from(order == Ordering::Equal);
            only += usize::from(order == Ordering::Greater);
            here += u8::from(order != Ordering::Greater);
            there += u8::from(order != Ordering::Less);
        }
        self.later |= join_pairs(values, piece.values, both[..pairs].iter().copied(), stamp);
        let (new, here, rest) = (&new[..only], from + usize::from(here), piece.split(there.into()).1);
        self.places.extend(new.iter().map(|(here, _)| from + usize::from(*here)));
        self.places.extend(rest.keys.iter().map(|_| here));
        self.new.keys.extend(new.iter().map(|(_, there)| piece.keys[usize::from(*there)].clone()));
        self.new.keys.extend_from_slice(rest.keys);
        self.new.values.extend(new.iter().map(|(_, there)| piece.values[usize::from(*there)].clone()));
        self.new.values.extend_from_slice(rest.values);
        here
    }

    /// Puts what is new into its chunk, which may make several of it.
    fn put_new(&mut self, chunk: &mut Chunk<K, V>) {
        if self.places.is_empty() {
            return;
        }
        self.count += self.places.len();
        let total = chunk.len() + self.places.len();
        self.is_new.clear();
        self.is_new.resize(total, false);
        for (before, place) in self.places.drain(..).enumerate() {
            self.is_new[before + place] = true;
        }
        let parts = if total <= CHUNK { 1 } else { total.div_ceil(FILLED) };
        let mut of_parts = SmallVec::<[&[bool]; 4]>::new();
        of_parts.extend((0..parts).map(|part| &self.is_new[total * part / parts..total * (part + 1) / parts]));
        let keys = mix(&mut chunk.keys, &mut self.new.keys, &of_parts, &mut self.room.keys);
        let values = mix(&mut chunk.values, &mut self.new.values, &of_parts, &mut self.room.values);
        let mut chunks = keys.into_iter().zip(values).map(|(keys, values)| Chunk { keys, values });
        if let Some(first) = chunks.next() {
            *chunk = first;
        }
        self.further.extend(chunks);
    }
}

/// Of each pair of places the greater value comes here. Says whether that changed anything.
fn join_pairs<V: Ord + Clone, S: Ord>(
    mine: &mut [V],
    theirs: &[V],
    pairs: impl Iterator<Item = (u8, u8)>,
    stamp: &impl Fn(&V) -> &S,
) -> bool {
    // First which are later, without a branch; then what there is to do.
    let (mut later, mut count, mut ties, mut equal) = ([(0, 0); CHUNK], 0, [(0, 0); CHUNK], 0);
    for (here, there) in pairs {
        let order = stamp(&theirs[usize::from(there)]).cmp(stamp(&mine[usize::from(here)]));
        later[count % CHUNK] = (here, there);
        ties[equal % CHUNK] = (here, there);
        count += usize::from(order == Ordering::Greater);
        equal += usize::from(order == Ordering::Equal);
    }
    let mut changed = count > 0;
    for (here, there) in &later[..count] {
        mine[usize::from(*here)].clone_from(&theirs[usize::from(*there)]);
    }
    for (here, there) in &ties[..equal] {
        let (mine, theirs) = (&mut mine[usize::from(*here)], &theirs[usize::from(*there)]);
        // Mostly they are equal, which is told sooner.
        if *theirs != *mine && *theirs > *mine {
            mine.clone_from(theirs);
            changed = true;
        }
    }
    changed
}

/// Mixes what is new into a column of a chunk, in parts, and leaves nothing of the two but room.
fn mix<T: Clone>(old: &mut Vec<T>, new: &mut Vec<T>, of_parts: &[&[bool]], free: &mut Vec<T>) -> SmallVec<[Vec<T>; 4]> {
    let mut part_of = |is_new: &[bool]| {
        let mut part = mem::take(free);
        part.reserve_exact(room(is_new.len()));
        part
    };
    let mut parts = SmallVec::new();
    if mem::needs_drop::<T>() {
        let (mut old, mut new) = (old.drain(..), new.drain(..));
        for is_new in of_parts {
            let mut part = part_of(is_new);
            part.extend(is_new.iter().filter_map(|is_new| if *is_new { new.next() } else { old.next() }));
            parts.push(part);
        }
    } else {
        // What needs no drop may as well be copied, and that without a branch.
        let (mut from_old, mut from_new) = (0, 0);
        for is_new in of_parts {
            let mut part = part_of(is_new);
            part.extend(is_new.iter().map(|is_new| {
                let (column, at): (&[T], usize) = select_unpredictable(*is_new, (new, from_new), (old, from_old));
                from_new += usize::from(*is_new);
                from_old += usize::from(!*is_new);
                column[at].clone()
            }));
            parts.push(part);
        }
        old.clear();
        new.clear();
    }
    mem::swap(old, free);
    parts
}

/// A place in a chunk, as it is kept.
fn number(place: usize) -> u8 {
    u8::try_from(place).expect("a chunk has fewer than 256 entries")
}
