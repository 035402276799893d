#![cfg_attr(not(feature = "std"), no_std)]
//! State that converges without asking anybody: each replica changes its own at once, and whoever has heard the same changes shows the same.
//!
//! There is one trait, [`Join`]. A state takes in another one; a mutator returns its delta, which is a small state; so states and deltas may be lost,
//! repeated, delayed, reordered and grouped on the way, and it comes out the same. Any broadcast, file or letter will
//! do, and [`sync`] has protocols of its own.
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
//! | [`ResettableCounter`] | what no reset has seen of the additions and subtractions | a pair of the former | O(log a) · O(a) · O(a) |
//! | [`BoundedCounter`] | the additions less the subtractions; never below zero, since each actor spends only rights it holds | Balegas and others 2015 | O(p) · O(p) · O(p) |
//! | [`Tally`] | what no reset has seen of all amounts, also under a key of a map | Baquero and others 2016 | O(m) · O(m) · O(m + a) |
//! | [`LwwRegister`] | the write with the greatest stamp, then the greatest actor; the others are lost | the same, spec. 8 | O(1) · O(1) · one value |
//! | [`MvRegister`] | all writes that no other had seen | the same, spec. 10; Almeida and others 2018, sec. 7 | O(c) · O(c) · O(c + a) |
//! | [`EnableWinsFlag`] | on if some enable was not seen by any disable | Almeida and others 2018, sec. 7 | O(c) · O(c) · O(c + a) |
//! | [`DisableWinsFlag`] | on if it was enabled and every disable was seen by an enable | the same | O(c) · O(c) · O(c + a) |
//! | [`GSet`] | all that anybody added | Shapiro and others 2011, spec. 11 | O(log n) · O(m log n) · O(n) |
//! | [`TwoPhaseSet`] | all that was added and never removed | the same, spec. 12 | O(log n) · O(m log n) · elements ever added |
//! | [`CausalLengthSet`] | an element is there if its longest chain of changes is odd | Yu, Rostad 2020 | O(log n) · O(m log n) · elements ever added |
//! | [`AddWinsSet`] | an element is there if some addition of it was not seen by any removal | Bieniusa and others 2012; Almeida and others 2018, sec. 7 | O(log a), at worst O(log n) · O(d) to O(d log n) · O(n + a) |
//! | [`RemoveWinsSet`] | an element is there if it was added and every removal of it was seen by an addition | Almeida and others 2018, sec. 7 | O(log n) · O(d log n) · O(elements ever touched + a) |
//! | [`LwwMap`] | under each key the write with the greatest stamp, then the greatest actor | Shapiro and others 2011, spec. 8 | O(log n) · O(m log n) · keys ever written |
//! | [`AddWinsMap`] of any type made of dots, itself too | of what was done under a key, all that no removal of it has seen | Almeida and others 2018, sec. 7 | O(log n) and the value's · O(d log n) · what is alive + a |
//! | [`Document`], as JSON has it | of each place as its type says: maps, lists, texts, counters, registers | Rinberg and others 2022 | O(depth × log n) and the value's · O(d log n) and the value's · what is alive + a |
//! | [`Sequence`] | both insertions, whole runs side by side and never interleaved; what anybody deleted is gone | Weidner, Kleppmann 2023, alg. 1 | O(r) · O(m log n) · what is alive + a |
//! | [`MoveableList`] of any type made of dots | each element in one place, that of the last move; its value as its type says | Kleppmann 2020 | O(n) · O(m log n + n) · what is alive + a |
//! | [`MoveableTree`] | all moves in the order of their stamps, but those that would make a cycle | Kleppmann and others 2022 | O(d log n) · the same for each move from the first new one on · O(n + moves not yet stable) |
//! | [`Text`] | both insertions, whole runs side by side and never interleaved; what anybody deleted is gone; of marks with one key the greatest stamp's | Weidner, Kleppmann 2023, alg. 1; Litt and others 2022 | O(log s) · O(log s) for each run · O(s) |
//!
//! a: actors that ever changed it; c: concurrent changes; p: pairs of actors of whom one gave to the other; n: elements or keys here; m: those of the other side, or the
//! amounts since the last reset; r, s: runs of values, characters inserted together; d: dots that the other side knows and this one holds or is given, so what a small delta costs does not
//! depend on n (of a tree: its depth).
//!
//! Types made of dots are a [`Causal`] with one of the stores [`DotSet`], [`DotFun`], [`DotTable`] and [`DotMap`], and are [`Nested`]; none of them needs tombstones. A
//! delta's context holds exactly the dots that it adds and removes, never a version vector that covers them. An actor id belongs to one incarnation of one
//! process: a clone, or one that lost its state and goes on under its old id, gives two events one name. Where that can be seen, `join_checked` tells of it; `join` lets all
//! replicas agree on some value. What comes from outside goes through a [`Guarded`], which also refuses dots that are forged, or reused after a loss of memory.
//!
//! Anti-entropy is in [`sync`]: delta intervals with acknowledgements, and reconciliation by rateless coded symbols or by digests.
//! What one replica knows and another does not is the join of irreducible parts: [`Decompose`] takes every type apart, a [`Text`] as its [`TextParts`], and gives the least
//! [difference](Decompose::difference) of two states (Enes and others 2019).
//!
//! Over causal broadcast counters, registers, flags, sets and maps can also travel as bare operations, whose log a stability frontier prunes: see [`pure`].
//! Of a text, which otherwise keeps the name of each deleted character, a [`TextReplica`] then keeps no more than twice what is visible; it is saved and loaded as the text is.
//!
//! Every counter, register, flag, set and map, the moveable tree, sequence, moveable list and document are run through *all* histories of 3 replicas and up to 6 events of their alphabets, and their values and
//! contexts compared with what the visible operations specify (Burckhardt and others 2014); under causal delivery the state, delta and operation forms must show the same, where there is an operation form. Text, whose deltas are no texts, is
//! held to the paper's tree in all histories of 3 replicas and 6 insertions, removals and deliveries in causal order, and, with marks, pruned and not, in all its forms. A type of your own can be held to the same [`laws`].
//!
//! # Not here
//!
//! - Transport: deltas are plain values (`serde` under the feature of that name). [`sync`] says what to send to whom, again and again, until replicas agree, over
//!   links that lose, repeat and reorder, and leaves the sending to a driver; `tidings-broadcast` carries deltas as well.
//! - Defence against members who lie, in a bare `join`: it believes what it is given. A forged dot of a victim's future hides what the victim does at that dot, and a stamp from the far future wins. Neither
//!   can make a state panic, wrap or take memory beyond the size of what was sent. [`Guarded`] checks whose dots may come before it joins; a stamp's drift is for its clock to check.
//! - Invariants over several replicas, other than that of [`BoundedCounter`]: nobody is asked, so nothing can be refused. That takes a quorum.

extern crate alloc;

mod add_wins_map;
mod add_wins_set;
mod bounded_counter;
mod causal;
mod causal_length_set;
mod chunk_map;
mod decompose;
mod disable_wins_flag;
mod document;
mod dot_fun;
mod dot_map;
mod dot_runs;
mod dot_set;
mod dot_store;
mod dot_table;
mod enable_wins_flag;
mod encoding;
mod g_counter;
mod g_set;
mod guarded;
mod join;
mod keyed;
pub mod laws;
mod lww_map;
mod lww_register;
mod moveable_list;
mod moveable_tree;
mod mv_register;
mod nested;
mod out_of_range;
mod payload;
mod pn_counter;
mod position;
pub mod pure;
mod remove_wins_set;
mod resettable_counter;
mod sequence;
#[cfg(feature = "serde")]
mod serial;
pub mod sync;
mod tally;
mod text;
mod two_phase_set;

pub use add_wins_map::AddWinsMap;
pub use add_wins_set::AddWinsSet;
pub use bounded_counter::{BoundedCounter, NoRight};
pub use causal::{Causal, TwoEvents};
pub use causal_length_set::CausalLengthSet;
pub use decompose::{Decompose, Divide};
pub use disable_wins_flag::DisableWinsFlag;
pub use document::{Document, DocumentError, Entry, Kind, Path, Real, Scalar, Segment, Value};
pub use dot_fun::DotFun;
pub use dot_map::DotMap;
pub use dot_runs::DotRuns;
pub use dot_set::DotSet;
pub use dot_store::{Change, DotStore};
pub use dot_table::DotTable;
pub use enable_wins_flag::EnableWinsFlag;
pub use encoding::{DocumentKind, EncodingError};
pub use g_counter::GCounter;
pub use g_set::GSet;
pub use guarded::{Guarded, NotBelieved, NotChanged};
pub use join::Join;
pub use lww_map::LwwMap;
pub use lww_register::{LwwRegister, NotLater, TwoWrites, Write};
pub use moveable_list::{DotList, ListError, MoveableList};
pub use moveable_tree::{Move, MoveError, MoveableTree};
pub use mv_register::MvRegister;
pub use nested::{Nested, View};
pub use out_of_range::OutOfRange;
pub use pn_counter::PnCounter;
pub use position::Position;
pub use remove_wins_set::RemoveWinsSet;
pub use resettable_counter::ResettableCounter;
pub use sequence::{Sequence, SequenceError};
pub use tally::Tally;
pub use text::{
    Anchor, Bias, Expand, HistoryLimits, MarkedRange, Origins, Text, TextDelta, TextError, TextHistory, TextMark, TextParts, TextRange,
    TextReplica, TextRun, TextSplice, TextStats, TextUnit,
};
pub use two_phase_set::{Gone, TwoPhaseSet};
