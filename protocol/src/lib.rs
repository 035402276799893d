#![cfg_attr(not(feature = "std"), no_std)]
//! The vocabulary of transport-agnostic protocols: inputs in, effects out.
//!
//! A protocol is a plain value. Its driver calls it; it answers by pushing effects into whatever the driver lent it.

extern crate alloc;

mod effects;
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
