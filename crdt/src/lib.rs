#![cfg_attr(not(feature = "std"), no_std)]
//! State that converges without asking anybody: each replica changes its own at once, and whoever has heard the same changes shows the same.
//!
//! There is one trait, [`Join`]. A state takes in another one; a mutator returns its delta, which is a small state; so states and deltas may be lost,
//! repeated, delayed, reordered and grouped on the way, and it comes out the same. How they travel is not this crate's business: any broadcast, file or
//! letter will do.
//!
//! ```
//! use tidings_crdt::{AddWinsSet, Join};
//!
//! let (mut ann, mut bob) = (AddWinsSet::new(), AddWinsSet::new());
//!
//! // Ann adds milk; only the delta travels, and it comes twice.
//! let milk = ann.add("ann", "milk")?;
//! bob.join(&milk);
//! assert!(!bob.join(&milk));
//!
//! // Both go on without the other: Ann takes the milk off the list, Bob asks for it once more.
//! let off = ann.remove("milk");
//! let more = bob.add("bob", "milk")?;
//! ann.join(&more);
//! bob.join(&off);
//!
//! // Ann's removal removes what she had seen. The addition that she had not seen stays, with both.
//! assert!(ann.contains("milk"));
//! assert_eq!(ann, bob);
//! # Ok::<(), tidings_clocks::Overflow>(())
//! ```
//!
//! | type | its value under concurrency | paper | cost: a change · a join · the state |
//! |---|---|---|---|
//! | [`GCounter`] | the sum of all additions | Shapiro and others 2011 (RR-7506), spec. 6 | O(log a) · O(a) · O(a) |
//! | [`PnCounter`] | the additions less the subtractions; may go below zero | the same, spec. 7 | O(log a) · O(a) · O(a) |
//! | [`LwwRegister`] | the write with the greatest stamp, then the greatest actor; the others are lost | the same, spec. 8 | O(1) · O(1) · one value |
//! | [`MvRegister`] | all writes that no other had seen | the same, spec. 10; Almeida and others 2018, 7.3 | O(c) · O(c) · O(c + a) |
//! | [`AddWinsSet`] | an element stays if an addition of it was not seen by any removal | Bieniusa and others 2012; Almeida and others 2018, 7.3 | O(log n) · O(d log n) · O(n + a) |
//!
//! a: actors that ever changed it; c: concurrent changes; n: elements; d: dots that the other side knows and this one holds or is given, so what a small delta
//! costs does not depend on n.
//!
//! Types made of dots ([`Causal`], with the stores [`DotSet`], [`DotFun`] and [`DotMap`]) have no tombstones. A delta's context holds exactly the dots
//! that it adds and removes, never a version vector that covers them. An actor id belongs to one incarnation of one process: a clone, or one that lost its state and goes on
//! under its old id, gives two events one name. Where that can be seen, `join_checked` tells of it; `join` lets all replicas agree on some value.
//!
//! Every type is run through *all* histories of 3 replicas and 5 events of its alphabet, and compared with what the visible operations specify (Burckhardt and
//! others 2014). A type of your own can be held to the same [`laws`].
//!
//! # Not here
//!
//! - Transport, anti-entropy and acknowledgements: deltas are plain values (`serde` under the feature of that name), and `tidings-broadcast` carries them.
//! - Defence against members who lie. A join believes what it is given: a forged dot of a victim's future hides what the victim does at that dot,
//!   and a stamp from the far future wins. Neither can make a state panic, wrap or take memory beyond the size of what was sent.
//! - Invariants over several replicas, such as "never below zero": nobody is asked, so nothing can be refused. That takes a quorum.

extern crate alloc;

mod add_wins_set;
mod causal;
mod dot_fun;
mod dot_map;
mod dot_set;
mod dot_store;
mod g_counter;
mod join;
pub mod laws;
mod lww_register;
mod mv_register;
mod pn_counter;
mod text;

pub use add_wins_set::AddWinsSet;
pub use causal::{Causal, TwoEvents};
pub use dot_fun::DotFun;
pub use dot_map::DotMap;
pub use dot_set::DotSet;
pub use dot_store::{Change, DotStore};
pub use g_counter::GCounter;
pub use join::Join;
pub use lww_register::{LwwRegister, NotLater, TwoWrites, Write};
pub use mv_register::MvRegister;
pub use pn_counter::PnCounter;
pub use text::{Origins, Text, TextDelta, TextError, TextRange, TextRun, TextStats};
