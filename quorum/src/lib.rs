#![cfg_attr(not(feature = "std"), no_std)]
//! What a majority can be trusted with: quorums, votes, and the rule by which a cut network keeps at most one side writing.
//!
//! ```
//! use std::time::Duration;
//! use tidings_protocol::{Effect, Incarnation, Outbox, Protocol, Rank, Time, To, View};
//! use tidings_quorum::{PartitionRule, Probe, Probing};
//!
//! // Process 0 of 3, in a loop of one's own. The driver sends what it is told to, and wakes the rule when it wants to be woken.
//! let probing = Probing::new(Duration::from_secs(1), Duration::from_millis(200)).unwrap();
//! let mut rule = PartitionRule::new(&View::of(3), Rank(0), Incarnation::FIRST, probing);
//! let mut outbox = Outbox::new();
//!
//! rule.wake(Time::ZERO, &mut outbox);
//! let Some(Effect::Send { to: To::Others, message: Probe::Ping { incarnation, round } }) = outbox.pop() else { panic!() };
//! assert!(!rule.writable(Time::ZERO));
//!
//! // One answer makes two of three.
//! rule.receive(Time::from_millis(5), Rank(2), Probe::Pong { incarnation, round }, &mut outbox).unwrap();
//! assert!(rule.writable(Time::from_millis(5)));
//!
//! // No later round is answered: it lapses by itself, even if nobody wakes the rule.
//! assert!(rule.writable(Time::from_millis(1_199)) && !rule.writable(Time::from_millis(1_200)));
//! ```
//!
//! # What is here
//!
//! | type | guarantee | source | cost |
//! |---|---|---|---|
//! | [`majority`], [`Majority`] | any two majorities have a member in common | Thomas 1979; Gifford 1979 | O(1) |
//! | [`Tally`] | won or lost once and for good; a second vote of a member never counts | | O(1) for a vote, 2n bits |
//! | [`PartitionRule`], [`Probing`] | later than interval + timeout after a cut into sides, no two sides are writable | counting | 2 (n − 1) small messages for each process and interval |
//!
//! # Not here
//!
//! No network, clock or thread: a driver owns them. No single writer: the partition rule counts who answers, and [its documentation](PartitionRule) shows two ways in which
//! two processes are writable at once; what each write needs a quorum for is another protocol. No weights, no quorums other than majorities, no leader, no consensus.

#[cfg(test)]
extern crate alloc;

mod majority;
mod partition_rule;
mod rank_set;
mod tally;

pub use majority::{Majority, majority};
pub use partition_rule::{NotAProbing, PartitionRule, Probe, ProbeRejected, Probing, Standing};
pub use tally::{NotCounted, Outcome, Tally, Vote};
