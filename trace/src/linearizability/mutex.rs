use super::Specification;

/// A lock that one holder at a time has. It is free at the beginning. Who holds it is not asked: a release by another than the holder is one that the lock
/// allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex;

/// A call of a [`Mutex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum MutexCall {
    /// Takes the lock, which must be free. An attempt that was refused changes nothing and belongs in no history.
    Acquire,
    /// Gives it back, which must be held.
    Release,
}

impl Specification for Mutex {
    /// Whether it is held.
    type State = bool;
    type Operation = MutexCall;

    fn start(&self) -> bool {
        false
    }

    fn apply(&self, held: &bool, call: &MutexCall, _answered: bool) -> Option<bool> {
        match (call, held) {
            (MutexCall::Acquire, false) => Some(true),
            (MutexCall::Release, true) => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{History, check};
    use super::*;

    #[test]
    fn two_holders_at_once() {
        let mut history = History::new();
        let first = history.invoke(MutexCall::Acquire);
        let second = history.invoke(MutexCall::Acquire);
        history.answer(first, MutexCall::Acquire).unwrap();
        let release = history.invoke(MutexCall::Release);
        history.answer(second, MutexCall::Acquire).unwrap();
        // The release was under way, so that it may have come between the two.
        assert_eq!(check(&Mutex, &history, 1_000), Ok(()));
        history.answer(release, MutexCall::Release).unwrap();
        let third = history.invoke(MutexCall::Acquire);
        history.answer(third, MutexCall::Acquire).unwrap();
        assert!(check(&Mutex, &history, 1_000).is_err());
    }
}
