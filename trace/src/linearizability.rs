//! Linearizability: whether concurrent calls can have taken effect one by one, each at some moment between its invocation and its answer, so that a
//! sequential specification explains every answer (Herlihy and Wing, *Linearizability: a correctness condition for concurrent objects*, 1990).
//!
//! ```
//! use tidings_trace::linearizability::{CasRegister, History, RegisterCall, check, counterexample};
//!
//! let mut history = History::new();
//! let write = history.invoke(RegisterCall::Write(1));
//! let read = history.invoke(RegisterCall::Read(None));
//! history.answer(read, RegisterCall::Read(Some(1)))?; // it saw the write, which is still under way
//! let again = history.invoke(RegisterCall::Read(None));
//! history.answer(again, RegisterCall::Read(None))?; // so this read cannot see the register empty
//! history.answer(write, RegisterCall::Write(1))?;
//! assert!(check(&CasRegister, &history, 1_000).is_err());
//! assert_eq!(counterexample(&CasRegister, &history, 1_000), Some(vec![read, again]));
//! # Ok::<(), tidings_trace::linearizability::AlreadyAnswered>(())
//! ```
//!
//! | specification | calls | near-linear for |
//! |---|---|---|
//! | [`CasRegister`] | read, write, compare-and-set | reads and writes of unique values (Gibbons and Korach 1997) |
//! | [`Append`] | get, put, append: one key of a store | |
//! | [`Queue`] | enqueue, dequeue, first in, first out | |
//! | [`Mutex`] | acquire, release | |
//!
//! A history of many objects is checked object by object, with [`check_by`]. [`read()`] takes histories as Knossos and Porcupine keep them.

mod append;
mod cas_register;
mod check;
mod counterexample;
mod edn;
mod history;
mod mutex;
mod queue;
mod read;
mod read_error;
mod recording;
mod zones;

pub use append::{Append, AppendCall};
pub use cas_register::{CasRegister, RegisterCall};
pub use check::{Refuted, check, check_by};
pub use counterexample::{counterexample, counterexample_by};
pub use history::{AlreadyAnswered, Call, History};
pub use mutex::{Mutex, MutexCall};
pub use queue::{Queue, QueueCall};
pub use read::read;
pub use read_error::{Expected, ReadError};
pub use recording::{Calls, NotLinearizable, Place, Recording, Verdict};

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

    /// Whether these calls are linearizable, if there is a faster way to know than trying what may have been; `None` if there is not.
    ///
    /// It must say what the general search would, and must not fall silent when a history that it decides is cut short.
    fn decide(&self, calls: &[Call<&Self::Operation>]) -> Option<bool> {
        let _ = calls;
        None
    }
}
