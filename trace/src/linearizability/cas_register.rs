use super::{Call, Specification, zones};

/// A register of whole numbers that can be compared and set. It is empty at the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct CasRegister;

/// A call of a [`CasRegister`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RegisterCall {
    /// Reads; the answer is the value, or `None` if the register is empty.
    Read(Option<i64>),
    /// Writes this value.
    Write(i64),
    /// Writes `new` if the value is `expected`. The answer is that it was; a call that was answered otherwise changes nothing and belongs in no history.
    CompareAndSet {
        /// What the value must be.
        expected: i64,
        /// What it becomes.
        new: i64,
    },
}

impl Specification for CasRegister {
    type State = Option<i64>;
    type Operation = RegisterCall;

    fn start(&self) -> Option<i64> {
        None
    }

    fn apply(&self, state: &Option<i64>, call: &RegisterCall, answered: bool) -> Option<Option<i64>> {
        match *call {
            RegisterCall::Read(value) => (!answered || value == *state).then_some(*state),
            RegisterCall::Write(value) => Some(Some(value)),
            RegisterCall::CompareAndSet { expected, new } => (*state == Some(expected)).then_some(Some(new)),
        }
    }

    /// Decides reads and writes of unique values.
    fn decide(&self, calls: &[Call<&RegisterCall>]) -> Option<bool> {
        zones::decide(calls)
    }
}
