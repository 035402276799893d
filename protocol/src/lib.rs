#![cfg_attr(not(feature = "std"), no_std)]
//! The vocabulary of transport-agnostic protocols: inputs in, effects out.
//!
//! A protocol is a plain value. Its driver calls it with a request, a message, the time; it answers by pushing effects, in order, into whatever
//! the driver lent it. Nothing here opens a socket, reads a clock, starts a task or draws a random number, so that the same value runs over UDP, in
//! a browser, in a simulator, and in an exhaustive search.
//!
//! ```
//! use std::convert::Infallible;
//! use tidings_protocol::{Effect, Effects, Outbox, Protocol, Rank, Refused, Time, To};
//!
//! /// Says hello to everybody, and tells who said hello.
//! struct Hello;
//!
//! impl Protocol for Hello {
//!     type Request = String;
//!     type Message = String;
//!     type Indication = (Rank, String);
//!     type Record = Infallible;
//!     type Refused = Infallible;
//!     type Rejected = &'static str;
//!
//!     fn request(&mut self, _: Time, words: String, effects: &mut impl Effects<Self>) -> Result<(), Refused<String, Infallible>> {
//!         effects.send(To::Others, words);
//!         Ok(())
//!     }
//!     fn receive(&mut self, _: Time, from: Rank, words: String, effects: &mut impl Effects<Self>) -> Result<(), &'static str> {
//!         if words.is_empty() {
//!             return Err("nobody says nothing");
//!         }
//!         effects.indicate((from, words)).map_err(|_| "no room above")
//!     }
//!     fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}
//!     fn deadline(&self) -> Option<Time> { None }
//!     fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
//! }
//!
//! // A driver: two processes, and a network that is a plain function call.
//! let (mut alice, mut bob) = (Hello, Hello);
//! let mut outbox = Outbox::new();
//! alice.request(Time::ZERO, "hello".into(), &mut outbox).unwrap();
//! let Some(Effect::Send { to: To::Others, message }) = outbox.pop() else { panic!() };
//! bob.receive(Time::ZERO, Rank(0), message, &mut outbox).unwrap();
//! assert!(matches!(outbox.pop(), Some(Effect::Indicate((Rank(0), words))) if words == "hello"));
//! ```
//!
//! | item | what it is |
//! |---|---|
//! | [`Protocol`] | the five inputs: request, receive, wake, exclude, and the deadline to be woken at |
//! | [`Effects`], [`Lent`] | where the answers go; how an upper layer lends them to the layer below, without a buffer between |
//! | [`Outbox`], [`Effect`] | the ordered buffer that a driver drains |
//! | [`Refused`] | a request handed back, with the reason |
//! | [`Order`], [`Offer`] | a pure hold-back structure, to put on any dissemination |
//! | [`View`], [`ViewId`], [`Incarnation`], [`InView`] | who takes part; which life of a process; one stack for one view |
//! | [`Recover`] | recovery as replay: state = fold(snapshot, records) |
//! | [`Fingerprint`], [`Digest`] | what an exhaustive search tells states by |
//! | [`Limits`], [`Payload`] | what bounds every buffer, in messages and in bytes |
//! | [`Rank`], [`Time`], [`To`] | a process, an instant, a destination |
//!
//! # Eight rules for a layer's author
//!
//! 1. *Guard, offer upward, then commit.* A link acknowledges only after the layer above has taken the indication: what that layer persists comes
//!    before the acknowledgement.
//! 2. *A reaction is a debt.* A layer that answers an indication with a request downward cannot re-enter the layer that it lent itself to. It notes
//!    the debt in bounded state and pays it after the lower call returns, and again in `wake` and `exclude`.
//! 3. *Peek, ask, commit.* Peek the stamp, ask the layer below, commit on `Ok`. A refusal has emitted nothing: ask whether all destinations admit
//!    before the first effect.
//! 4. *Flow control is by origin credit*, not by refusing in the middle; control messages have a credit of their own.
//! 5. *What is deliverable now is never refused* for lack of room to hold it back.
//! 6. *Malformed means consumed, acknowledged and reported.* Left unacknowledged it would block an honest relayer's window.
//! 7. *The edge never refuses in the middle of a cascade.* A slow application is met by the driver reading no further.
//! 8. *Frames carry the sender's and the receiver's incarnation*, or a restarted receiver stalls its peers for ever.
//!
//! Effects are carried out in order, and a [`persist`](Effects::persist) is durable before any later effect is carried out. That is the whole
//! durability contract; one fsync covers all the records of a batch.
//!
//! # Not here
//!
//! Any behaviour: links and broadcasts are in `tidings-broadcast`, detectors and quorums in `tidings-quorum`, a world to run them in is `tidings-sim`.
//! No transport, no encoding of messages (use serde), no async.

extern crate alloc;

mod effects;
mod fingerprint;
mod in_view;
mod limits;
mod order;
mod outbox;
mod payload;
mod protocol;
mod recover;
mod to;
mod view;

pub use effects::{Effects, Lent};
pub use fingerprint::{Digest, Fingerprint};
pub use in_view::{InView, NotInView, OfView};
pub use limits::Limits;
pub use order::{Offer, Order};
pub use outbox::{Effect, Outbox};
pub use payload::Payload;
pub use protocol::{Protocol, Refused};
pub use recover::Recover;
pub use tidings_clocks::{Rank, Time};
pub use to::To;
pub use view::{Incarnation, NotAView, View, ViewId};
