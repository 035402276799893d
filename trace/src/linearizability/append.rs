use alloc::string::String;

use super::Specification;

/// A text that can be put and appended to: one key of a key-value store. It is empty at the beginning. A whole store is checked key by key, with
/// [`check_by`](super::check_by).
#[derive(Clone, Copy, Debug, Default)]
pub struct Append;

/// A call of an [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AppendCall {
    /// Reads; the answer is the text.
    Get(String),
    /// Writes this text.
    Put(String),
    /// Writes this behind what is there.
    Append(String),
}

impl Specification for Append {
    type State = String;
    type Operation = AppendCall;

    fn start(&self) -> String {
        String::new()
    }

    fn apply(&self, state: &String, call: &AppendCall, answered: bool) -> Option<String> {
        match call {
            AppendCall::Get(text) => (!answered || text == state).then(|| state.clone()),
            AppendCall::Put(text) => Some(text.clone()),
            AppendCall::Append(text) => Some([state.as_str(), text].concat()),
        }
    }
}
