#![cfg_attr(not(feature = "std"), no_std)]
//! Who hears what, and in which order.

extern crate alloc;

mod broadcast;
mod link;
mod rule;

pub use broadcast::{Broadcast, Cast, Class, Delivery};
pub use link::{Incoming, Link, Outgoing};
pub use rule::Rule;
