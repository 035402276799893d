//! The types of this crate in operation form: over causal broadcast the operations themselves travel, with a vector stamp and nothing else.
//!
//! Baquero, Almeida, Shoker, *Making Operation-based CRDTs Operation-based* (2014) and *Pure Operation-Based Replicated Data Types* (2017). A [`Replica`] holds
//! a partially ordered log of the operations that are not yet stable, and a sequential state that the stable ones have moved into, where they
//! have lost their stamps. What is concurrent is settled by the relations of a [`Pure`] type: which operations in the log a new one makes redundant.
//! So there are no dots, no contexts and no tombstones in the state, and once everything is stable it takes what the plain data take, and two vector clocks.
//!
//! ```
//! use tidings_clocks::{Rank, Stability};
//! use tidings_crdt::pure::{AddWinsSet, Limits, Replica, SetOperation};
//!
//! let mut ann: Replica<AddWinsSet<&str>> = Replica::new(Rank(0), 2, Limits::default())?;
//! let mut bob = Replica::new(Rank(1), 2, Limits::default())?;
//!
//! // What `operate` returns is what causal broadcast has to carry to the others.
//! let milk = ann.operate(SetOperation::Add("milk")).unwrap();
//! bob.deliver(milk).unwrap();
//! let off = ann.operate(SetOperation::Remove("milk")).unwrap();
//! let again = bob.operate(SetOperation::Add("milk")).unwrap(); // concurrently
//! bob.deliver(off).unwrap();
//! ann.deliver(again).unwrap();
//! assert!(ann.contains("milk") && bob.contains("milk"));
//!
//! // The frontier of what all have is a plain value. Below it nothing needs a stamp any more.
//! let mut known = Stability::new(2);
//! known.learn(Rank(0), ann.delivered())?;
//! known.learn(Rank(1), bob.delivered())?;
//! ann.stabilise(&known.stable())?;
//! assert_eq!(ann.unstable(), 0);
//! assert!(ann.contains("milk"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | type | its operations, and which of them are kept | after stability |
//! |---|---|---|
//! | [`GCounter`], [`PnCounter`] | amounts; they commute, so they go into the sum at once | one number |
//! | [`Tally`] | amounts, until a reset that has seen them | one number |
//! | [`BoundedCounter`] | additions, takings, gifts of rights; one without the right to it is refused by everybody | a number for each replica |
//! | [`GSet`] | additions; they commute | the elements |
//! | [`TwoPhaseSet`] | additions and removals; the second is for good | the elements, and those removed |
//! | [`AddWinsSet`] | additions, until something on the element has seen them; a removal is never kept | the elements |
//! | [`RemoveWinsSet`] | additions and removals, until something on the element has seen them | the elements |
//! | [`CausalLengthSet`] | changes with their length, until they are stable | the elements ever added, each with its length |
//! | [`EnableWinsFlag`], [`DisableWinsFlag`] | as the sets, of one element | one bit |
//! | [`LwwRegister`] | writes; the later one goes into the state at once | one write |
//! | [`MvRegister`] | writes, until something has seen them | the values |
//! | [`LwwMap`] | writes and removals, until they are stable | the keys that are there |
//! | [`AddWinsMap`] of any [`Resettable`] type, itself too | those of the values under a key, until a removal of the key has seen them | the values |
//!
//! To deliver an operation takes O(u) for u operations that are not stable, to stabilise O(u log n); [`Limits`] bound u.
//!
//! # What must hold of the broadcast
//!
//! Causal order, which [`Replica::deliver`] checks, and that everybody delivers the same operations. What a frontier says must have come in the order of the operations: a process may be taken to know an
//! event only when all that it broadcast before is delivered here, or else something concurrent may still come. It is refused then, and not taken wrongly.
//! `Stability` and `MatrixClock` of `tidings-clocks` give such frontiers if they learn from stamps as they are delivered.
//!
//! A rank means something within one view. Who is excluded, and away while the others go on, is told so by [`Replica::stabilise`] and [`Replica::since`], and
//! takes a [`Snapshot`].

mod add_wins_map;
mod add_wins_set;
mod bounded_counter;
mod causal_length_set;
mod counters;
mod deliveries;
mod disable_wins_flag;
mod enable_wins_flag;
mod error;
mod g_set;
mod lww_map;
mod lww_register;
mod mv_register;
mod remove_wins_set;
mod replica;
mod snapshot;
mod tally;
mod two_phase_set;

use core::convert::Infallible;

use tidings_clocks::{EventStamp, Rank};

pub use add_wins_map::{AddWinsMap, MapOperation};
pub use add_wins_set::{AddWinsSet, SetOperation};
pub use bounded_counter::{BoundedCounter, BoundedOperation, NoRight};
pub use causal_length_set::{CausalLengthSet, LengthOperation, WrongLength};
pub use counters::{GCounter, PnCounter};
pub(crate) use deliveries::Deliveries;
pub use disable_wins_flag::DisableWinsFlag;
pub use enable_wins_flag::EnableWinsFlag;
pub use error::{Behind, Pruned, Rejected, Stale, Stranger};
pub use g_set::GSet;
pub use lww_map::{LwwMap, NotLater, WriteOperation};
pub use lww_register::LwwRegister;
pub use mv_register::MvRegister;
pub use remove_wins_set::{PutOperation, RemoveWinsSet};
pub use replica::{Limits, NotTaken, Replica, Stamped};
pub use snapshot::Snapshot;
pub use tally::Tally;
pub use two_phase_set::{NoPhase, TwoPhaseSet};

/// A data type in operation form: its sequential state, which the implementor is, and the relations among its operations.
///
/// Baquero, Almeida, Shoker (2017), section 5, whose names the relations have. All functions must give the same on all replicas that have delivered the same
/// operations, in whatever causal order, and however many of them are stable.
pub trait Pure: Default + PartialEq {
    /// What is asked for, and all of what travels beside the stamp.
    type Operation: Clone + PartialEq + 'static;
    /// What is shown.
    type Value;
    /// Why an operation is not one that a correct replica makes.
    type Refused;

    /// Whether all operations commute, so that one goes into the state as soon as it is delivered and not when it is stable.
    const COMMUTES: bool = false;

    /// Says whether a correct replica, one of `members`, could have made `new`, by what that one had seen: the state and what in the log happened before `new`. Only by
    /// these, of which the log here holds all, those too that are not alive: then all replicas accept and refuse the same. What an operation that is made redundant was is gone once it is
    /// stable, so a type keeps what its check depends on.
    ///
    /// # Errors
    /// Why it could not.
    fn check<'l>(&self, members: usize, log: impl Log<'l, Self::Operation>, new: Logged<'_, Self::Operation>) -> Result<(), Self::Refused> {
        let _ = (members, log, new);
        Ok(())
    }

    /// R: whether an operation is never kept, because all it does is to make others redundant.
    fn is_redundant(operation: &Self::Operation) -> bool {
        let _ = operation;
        false
    }

    /// R₀ and R₁: whether `new` makes `old` redundant, which is in the log. (R₀ is for a `new` that is redundant itself, R₁ for one that is kept.)
    fn obsoletes(new: Logged<'_, Self::Operation>, old: Logged<'_, Self::Operation>) -> bool {
        let _ = (new, old);
        false
    }

    /// The same relation to the state: takes out of it what `new` makes redundant. All that is in it happened before `new`.
    fn supersede(&mut self, new: &Self::Operation) {
        let _ = new;
    }

    /// Takes in an operation of `maker` that is stable, or that [commutes](Pure::COMMUTES). They come in some order that extends happened-before.
    fn settle(&mut self, maker: Rank, operation: Self::Operation);

    /// Lets go of what is only kept because of concurrent operations that were still in the log, of which `log` shows those alive. Says whether any of that is left.
    fn prune<'l>(&mut self, log: impl Log<'l, Self::Operation>) -> bool {
        let _ = log;
        false
    }

    /// What is shown by the state and the operations in the log that are alive.
    fn value<'l>(&self, log: impl Log<'l, Self::Operation>) -> Self::Value;

    /// Whether that is more than nothing: a key of a map is there while its value shows something.
    fn shows(value: &Self::Value) -> bool {
        let _ = value;
        true
    }
}

/// A type that may stand in an [`AddWinsMap`], where a removal of its key may end some of its operations and not others concurrent to those.
///
/// So an operation may be made redundant by one that has seen it, and by no other: what a concurrent one would have hidden must show once a removal has ended that one.
pub trait Resettable: Pure<Refused = Infallible> {}

/// One operation of the log.
#[derive(Debug)]
pub struct Logged<'l, O> {
    /// When and by whom it was made.
    pub stamp: &'l EventStamp,
    /// What it does.
    pub operation: &'l O,
    /// Whether no other has made it redundant.
    pub alive: bool,
}

impl<O> Clone for Logged<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Logged<'_, O> {}

impl<O> Logged<'_, O> {
    /// Whether the maker of `new` had seen this one. O(1).
    #[must_use]
    pub fn is_seen_by<P>(&self, new: &Logged<'_, P>) -> bool {
        self.stamp.happened_before(new.stamp)
    }
}

/// The operations that are delivered and not yet stable, in the order of their delivery here.
pub trait Log<'l, O: 'l>: Iterator<Item = Logged<'l, O>> + Clone {}

impl<'l, O: 'l, I: Iterator<Item = Logged<'l, O>> + Clone> Log<'l, O> for I {}
