//! `Text` against its naive twin, over random and all small histories, against hostile deltas, and on recorded editing.

mod exhaustive;
mod history;
mod hostile;
mod interleaving;
mod marks;
mod operated;
mod parts;
mod positions;
mod pruned;
mod random;
mod recorded;
mod saved;
mod saved_replica;
pub mod twin;
#[cfg(feature = "serde")]
mod wire;
