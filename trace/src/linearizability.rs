//! Linearizability: whether concurrent calls can have taken effect one by one, each at some moment between its invocation and its answer, so that a
//! sequential specification explains every answer (Herlihy and Wing, *Linearizability: a correctness condition for concurrent objects*, 1990).
//!
//! ```
//! use tidings_trace::linearizability::{CasRegister, History, RegisterCall, check};
//!
//! let mut history = History::new();
//! let write = history.invoke(RegisterCall::Write(1));
//! let read = history.invoke(RegisterCall::Read(None));
//! history.answer(read, RegisterCall::Read(Some(1)))?; // it saw the write, which is still under way
//! let again = history.invoke(RegisterCall::Read(None));
//! history.answer(again, RegisterCall::Read(None))?; // so this read cannot see the register empty
//! history.answer(write, RegisterCall::Write(1))?;
//! assert!(check(&CasRegister, &history, 1_000).is_err());
//! # Ok::<(), tidings_trace::linearizability::AlreadyAnswered>(())
//! ```

mod append;
mod cas_register;
mod check;
mod history;

pub use append::{Append, AppendCall};
pub use cas_register::{CasRegister, RegisterCall};
pub use check::{Refuted, check, check_by};
pub use history::{AlreadyAnswered, Call, History};

/// A sequential specification: what a call does to the state, if it happens alone.
pub trait Specification {
    /// The state of the object.
    type State: Clone + Ord;
    /// A call with its arguments and, once it was answered, its answer.
    type Operation;

    /// The state at the beginning.
    fn start(&self) -> Self::State;

    /// The state after this call, `None` if the call cannot have its answer in this state. A call that was never `answered` may have any answer.
    fn apply(&self, state: &Self::State, operation: &Self::Operation, answered: bool) -> Option<Self::State>;
}
