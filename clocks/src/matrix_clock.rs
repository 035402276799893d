use alloc::vec::Vec;

use crate::wire::{self, Malformed, Wire};
use crate::{Dot, NotAMember, Overflow, Rank, Stability, VectorClock};

/// Why a matrix clock does not take a stamp. It is unchanged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The sender is no member of this view.
    #[error(transparent)]
    NotAMember(#[from] NotAMember),
    /// The stamp is of a view of another size.
    #[error("a matrix of {theirs} members does not fit one of {members}")]
    Size {
        /// Members here.
        members: usize,
        /// Members of the stamp's view.
        theirs: usize,
    },
    /// The counter of this process is at its limit, here or in the stamp.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// A matrix clock: what this process knows, and what it knows of what everybody else knows.
///
/// Row i says which events process i is known to know; the process's own row is its vector clock. What is in every row is [stable](Stability). A message carries
/// the whole [`matrix`](MatrixClock::matrix), n² counters for n members, so this is for small views or rare messages; where every process hears every vector clock anyway, a
/// [`Stability`] alone does. (Wuu, Bernstein 1984; Raynal, Singhal, *Logical Time: Capturing Causality in Distributed Systems*, 1996.) All operations are O(n²) but [`tick`](MatrixClock::tick), which is O(n).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixClock {
    me: Rank,
    rows: Stability,
}

/// The rows of a [`MatrixClock`], as a message carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    members: usize,
    /// As many times as there are members, as many entries.
    entries: Vec<u64>,
}

impl MatrixClock {
    /// The clock of `me`, one of `members`, before its first event.
    ///
    /// # Errors
    /// [`NotAMember`] if `me` is none of them.
    pub fn new(me: Rank, members: usize) -> Result<Self, NotAMember> {
        let rows = Stability::new(members);
        rows.check(me)?;
        Ok(Self { me, rows })
    }

    /// Counts one event here; returns the new count.
    ///
    /// # Errors
    /// [`Overflow`] if the counter of this process is `u64::MAX`; the clock is unchanged.
    pub fn tick(&mut self) -> Result<u64, Overflow> {
        let count = self.rows.row(self.me)[self.me.index()].checked_add(1).ok_or(Overflow)?;
        let mut own = self.vector();
        own.tick(self.me)?;
        self.rows.learn_row(self.me, own.entries());
        Ok(count)
    }

    /// Takes in the matrix that `from` sent, and counts the receipt as one event here; returns the new count.
    ///
    /// # Errors
    /// [`MatrixError`]; the clock is unchanged.
    pub fn receive(&mut self, from: Rank, matrix: &Matrix) -> Result<u64, MatrixError> {
        self.rows.check(from)?;
        let members = self.rows.members();
        if matrix.members != members {
            return Err(MatrixError::Size { members, theirs: matrix.members });
        }
        let of_sender = &matrix.entries[from.index() * members..][..members];
        if self.rows.row(self.me)[self.me.index()].max(of_sender[self.me.index()]) == u64::MAX {
            return Err(Overflow.into());
        }
        // What the sender claims of this process's own row is not believed: this process knows best what it knows.
        for (rank, row) in matrix.entries.chunks_exact(members).enumerate().filter(|(rank, _)| *rank != self.me.index()) {
            self.rows.learn_row(Rank::new(rank), row);
        }
        self.rows.learn_row(self.me, of_sender);
        Ok(self.tick()?)
    }

    /// Stops waiting for `rank`, as [`Stability::exclude`].
    ///
    /// # Errors
    /// [`NotAMember`] if it is none.
    pub fn exclude(&mut self, rank: Rank) -> Result<bool, NotAMember> {
        self.rows.exclude(rank)
    }

    /// What a message carries.
    #[must_use]
    pub fn matrix(&self) -> Matrix {
        let members = self.rows.members();
        Matrix { members, entries: (0..members).flat_map(|rank| self.rows.row(Rank::new(rank))).copied().collect() }
    }

    /// What this process knows: its vector clock.
    #[must_use]
    pub fn vector(&self) -> VectorClock {
        VectorClock::from(self.rows.row(self.me))
    }

    /// What everybody is known to know, and who.
    #[must_use]
    pub const fn stability(&self) -> &Stability {
        &self.rows
    }

    /// Whether everybody who is live is known to know the event. O(1).
    #[must_use]
    pub fn is_stable(&self, dot: &Dot) -> bool {
        self.rows.is_stable(dot)
    }
}

impl Matrix {
    /// How many members the view has.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members
    }

    /// What `rank` is said to know, by rank; empty if it is no member.
    #[must_use]
    pub fn row(&self, rank: Rank) -> &[u64] {
        let start = rank.index().saturating_mul(self.members);
        self.entries.get(start..start.saturating_add(self.members)).unwrap_or(&[])
    }
}

impl Wire for Matrix {
    /// The number of members, then the entries row by row.
    fn encode(&self, out: &mut Vec<u8>) {
        wire::encode_length(self.members, out);
        for entry in &self.entries {
            entry.encode(out);
        }
    }

    /// The limit is the number of members.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (members, mut rest) = wire::decode_length(bytes, limit)?;
        // A byte each, at least.
        let length = members.checked_mul(members).filter(|length| *length <= rest.len()).ok_or(Malformed::Truncated)?;
        let mut entries = Vec::with_capacity(length);
        for _ in 0..length {
            let (entry, after) = u64::decode(rest, limit)?;
            entries.push(entry);
            rest = after;
        }
        Ok((Self { members, entries }, rest))
    }
}

/// As the bytes of its wire form; of at most 65,536 members.
#[cfg(feature = "serde")]
impl serde::Serialize for Matrix {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::serial::serialize_bytes(serializer, self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Matrix {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::serial::deserialize_bytes(deserializer, crate::serial::MAX_ENTRIES)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    const MEMBERS: usize = 4;

    proptest! {
        #![proptest_config(laws::config(500))]

        /// The naive twin: every process's true knowledge, and what it could infer of everybody's. What is stable here is known to all in truth.
        #[test]
        fn stable_is_known_to_all(steps in prop::collection::vec((0..MEMBERS, prop::option::of(any::<prop::sample::Index>())), 1..60)) {
            let mut clocks: Vec<_> = (0..MEMBERS).map(|rank| MatrixClock::new(Rank::new(rank), MEMBERS).unwrap()).collect();
            let mut vectors = vec![VectorClock::new(); MEMBERS];
            // For each process: what it knows of each, by definition the join of all that they had when their messages' past came here.
            let mut inferred = vec![vec![VectorClock::new(); MEMBERS]; MEMBERS];
            let mut messages: Vec<(usize, Matrix, Vec<VectorClock>)> = Vec::new();
            for (me, message) in steps {
                let clock = &mut clocks[me];
                if let Some((from, matrix, knowledge)) = message.filter(|_| !messages.is_empty()).map(|index| index.get(&messages)) {
                    if *from == me {
                        continue;
                    }
                    clock.receive(Rank::new(*from), matrix).unwrap();
                    vectors[me].join(&knowledge[*from]);
                    for (known, theirs) in inferred[me].iter_mut().zip(knowledge) {
                        known.join(theirs);
                    }
                } else {
                    clock.tick().unwrap();
                }
                vectors[me].tick(Rank::new(me)).unwrap();
                inferred[me][me] = vectors[me].clone();
                prop_assert_eq!(clock.vector(), vectors[me].clone());
                for rank in 0..MEMBERS {
                    prop_assert_eq!(VectorClock::from(clock.stability().row(Rank::new(rank))), inferred[me][rank].clone());
                    prop_assert!(clock.stability().stable() <= vectors[rank]);
                }
                messages.push((me, clock.matrix(), inferred[me].clone()));
                laws::wire(&clock.matrix(), MEMBERS);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_matrix(bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..24)) {
            laws::decode::<Matrix>(&bytes, 4);
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut clock = MatrixClock::new(Rank(0), 2).unwrap();
        clock.tick().unwrap();
        let before = clock.clone();
        let other = MatrixClock::new(Rank(1), 3).unwrap();
        assert_eq!(clock.receive(Rank(1), &other.matrix()), Err(MatrixError::Size { members: 2, theirs: 3 }));
        assert_eq!(clock.receive(Rank(2), &clock.matrix()), Err(NotAMember { rank: Rank(2), members: 2 }.into()));
        let mut forged = clock.matrix();
        forged.entries[2] = u64::MAX;
        assert_eq!(clock.receive(Rank(1), &forged), Err(Overflow.into()));
        assert_eq!(clock, before);
        assert_eq!(MatrixClock::new(Rank(2), 2).err(), Some(NotAMember { rank: Rank(2), members: 2 }));
    }

    /// A process that crashed holds nothing back once it is excluded.
    #[test]
    fn an_excluded_process_holds_nothing_back() {
        let mut clocks: Vec<_> = (0..3).map(|rank| MatrixClock::new(Rank(rank), 3).unwrap()).collect();
        clocks[0].tick().unwrap();
        let to_one = clocks[0].matrix();
        clocks[1].receive(Rank(0), &to_one).unwrap();
        let back = clocks[1].matrix();
        clocks[0].receive(Rank(1), &back).unwrap();
        assert!(!clocks[0].is_stable(&Dot::new(Rank(0), 1)));
        assert_eq!(clocks[0].exclude(Rank(2)), Ok(true));
        assert!(clocks[0].is_stable(&Dot::new(Rank(0), 1)));
        assert!(!clocks[0].is_stable(&Dot::new(Rank(0), 2)));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_read_back_as_written() {
        let mut clock = MatrixClock::new(Rank(0), 3).unwrap();
        clock.tick().unwrap();
        let bytes = postcard::to_allocvec(&clock.matrix()).unwrap();
        assert_eq!(postcard::from_bytes::<Matrix>(&bytes), Ok(clock.matrix()));
        assert!(serde_json::from_str::<Matrix>("[2,0,0,0]").is_err());
    }
}
