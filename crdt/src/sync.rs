//! How deltas travel: three ways to bring replicas together over links that lose, repeat and reorder.
//!
//! | protocol | what travels | when it fits | paper |
//! |---|---|---|---|
//! | [`DeltaSync`] | what the other has not acknowledged; the whole state to one far behind | few replicas that hear each other often | Almeida and others 2018, alg. 2; Enes and others 2019 |

mod coded_symbol;
mod delta_message;
mod delta_sync;
mod held;
mod key;
mod learned;
mod pace;
mod peeler;
mod reconcile;
mod reconcile_message;
mod reconciler;
mod replica;
mod snapshot;
mod symbols;
mod sync_limits;
mod sync_refused;
mod sync_rule;

pub use coded_symbol::CodedSymbol;
pub use delta_message::DeltaMessage;
pub use delta_sync::{DeltaSnapshot, DeltaStats, DeltaSync};
pub use key::Key;
pub use learned::Learned;
pub use pace::Pace;
pub use peeler::{Garbled, Peeler};
pub use reconcile::Reconcile;
pub use reconcile_message::ReconcileMessage;
pub use reconciler::{Reconciler, ReconcilerSnapshot, Sketch};
pub use replica::Replica;
pub use symbols::Symbols;
pub use sync_limits::SyncLimits;
pub use sync_refused::{SyncRefused, SyncRejected};
pub use sync_rule::SyncRule;
