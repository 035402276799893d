use alloc::collections::VecDeque;

use super::Specification;

/// A queue of whole numbers, first in, first out. It is empty at the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Queue;

/// A call of a [`Queue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum QueueCall {
    /// Adds this value at the end.
    Enqueue(i64),
    /// Takes the first value away; the answer is the value, or `None` if the queue is empty.
    Dequeue(Option<i64>),
}

impl Specification for Queue {
    type State = VecDeque<i64>;
    type Operation = QueueCall;

    fn start(&self) -> VecDeque<i64> {
        VecDeque::new()
    }

    fn apply(&self, state: &VecDeque<i64>, call: &QueueCall, answered: bool) -> Option<VecDeque<i64>> {
        let mut after = state.clone();
        match call {
            QueueCall::Enqueue(value) => after.push_back(*value),
            QueueCall::Dequeue(value) => {
                let first = after.pop_front();
                if answered && first != *value {
                    return None;
                }
            }
        }
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{History, check};
    use super::*;

    fn call(history: &mut History<QueueCall>, call: QueueCall) {
        let number = history.invoke(call);
        history.answer(number, call).unwrap();
    }

    #[test]
    fn first_in_first_out() {
        let mut history = History::new();
        call(&mut history, QueueCall::Dequeue(None));
        // Two at once: either may come first, but both are there.
        let [one, two] = [1, 2].map(|value| history.invoke(QueueCall::Enqueue(value)));
        history.answer(one, QueueCall::Enqueue(1)).unwrap();
        history.answer(two, QueueCall::Enqueue(2)).unwrap();
        call(&mut history, QueueCall::Enqueue(3));
        call(&mut history, QueueCall::Dequeue(Some(2)));
        let mut lost = history.clone();
        call(&mut history, QueueCall::Dequeue(Some(1)));
        call(&mut history, QueueCall::Dequeue(Some(3)));
        call(&mut history, QueueCall::Dequeue(None));
        assert_eq!(check(&Queue, &history, 1_000), Ok(()));
        call(&mut lost, QueueCall::Dequeue(Some(3)));
        assert!(check(&Queue, &lost, 1_000).is_err());
    }

    /// Who crashed in a dequeue may have taken a value with it.
    #[test]
    fn a_dequeue_without_an_answer() {
        let mut history = History::new();
        call(&mut history, QueueCall::Enqueue(1));
        call(&mut history, QueueCall::Enqueue(2));
        history.invoke(QueueCall::Dequeue(None));
        let mut one = history.clone();
        call(&mut one, QueueCall::Dequeue(Some(1)));
        assert_eq!(check(&Queue, &one, 1_000), Ok(()));
        call(&mut history, QueueCall::Dequeue(Some(2)));
        assert_eq!(check(&Queue, &history, 1_000), Ok(()));
        call(&mut history, QueueCall::Dequeue(Some(1)));
        assert!(check(&Queue, &history, 1_000).is_err());
    }
}
