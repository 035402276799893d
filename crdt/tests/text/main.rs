//! `Text` against its naive twin, over random and all small histories, against hostile deltas, and on recorded editing.

mod random;
mod recorded;
mod twin;
