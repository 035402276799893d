use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::check::{explain, search, until};
use super::{Call, History, Refuted, Specification};

/// The few calls that show that a history is not linearizable, in order: even if every other call that was invoked by then had taken effect at any moment
/// whatever, again and again, or never, no order would explain these. (Where the specification [decides](Specification::decide) by itself, each at most once.)
/// `None` if the history is not refuted within `limit` steps.
///
/// *By then* is at the first answer that cannot be explained, which [`check`](super::check()) names. What comes after it is no part of this.
///
/// It is locally minimal: without any one of them, the rest can be explained, or could not be refuted within `limit` steps. (A call is not simply left out,
/// because then a read would be left without the write that it saw, which shows nothing.)
///
/// O(k log c) checks for k calls left of c, each of at most `limit` steps: where the search is hard, a low limit keeps the time in bounds and leaves more
/// calls.
#[must_use]
pub fn counterexample<S: Specification>(specification: &S, history: &History<S::Operation>, limit: usize) -> Option<Vec<usize>> {
    counterexample_by(specification, history, |_, _| (), limit)
}

/// The same for a history of many objects: the calls are all of one, the first that is refuted in their order.
#[must_use]
pub fn counterexample_by<S: Specification, K: Ord>(
    specification: &S,
    history: &History<S::Operation>,
    object: impl Fn(usize, &S::Operation) -> K,
    limit: usize,
) -> Option<Vec<usize>> {
    let mut objects: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (number, call) in history.calls().iter().enumerate() {
        objects.entry(object(number, &call.operation)).or_default().push(number);
    }
    objects.into_values().find_map(|chosen| match explain(specification, history.calls(), &chosen, limit) {
        Err(Refuted::NotLinearizable { call, .. }) => Some(shrink(specification, history.calls(), &chosen, call, limit)),
        _ => None,
    })
}

/// The same for the chosen calls, as if there were no others, of which the answer of `call` is the first that cannot be explained.
pub(super) fn shrink<S: Specification>(
    specification: &S,
    calls: &[Call<S::Operation>],
    chosen: &[usize],
    call: usize,
    limit: usize,
) -> Vec<usize> {
    let lent: Vec<Call<&S::Operation>> = chosen.iter().map(|number| calls[*number].lend()).collect();
    let moment = calls[call].answered.unwrap_or(usize::MAX);
    let begun: Vec<usize> = (0..lent.len()).filter(|number| lent[*number].invoked <= moment).collect();
    let mut shrinking = Shrinking { specification, needed: vec![true; begun.len()], calls: until(&lent, moment), limit };
    shrinking.loosen(0..begun.len());
    begun.iter().zip(shrinking.needed).filter(|(_, needed)| *needed).map(|(number, _)| chosen[*number]).collect()
}

struct Shrinking<'c, S: Specification> {
    specification: &'c S,
    calls: Vec<Call<&'c S::Operation>>,
    needed: Vec<bool>,
    limit: usize,
}

impl<S: Specification> Shrinking<'_, S> {
    /// Gives up as many calls in this range as can be: all at once, or else each half by itself.
    ///
    /// A call that was needed once stays needed when others are given up, since that only allows more. So each is tried once.
    fn loosen(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.needed[range.clone()].fill(false);
        if self.is_refuted() {
            return;
        }
        self.needed[range.clone()].fill(true);
        if range.len() > 1 {
            let middle = range.start.midpoint(range.end);
            // What happened long before has mostly been overwritten.
            self.loosen(range.start..middle);
            self.loosen(middle..range.end);
        }
    }

    /// Whether it is refuted by what is needed, if everything else may have happened at any time or not at all.
    fn is_refuted(&self) -> bool {
        let both = || self.calls.iter().zip(&self.needed);
        let loosened = both().map(|(call, needed)| if *needed { *call } else { Call { invoked: 0, answered: None, ..*call } });
        if let Some(explained) = self.specification.decide(&loosened.collect::<Vec<_>>()) {
            return !explained;
        }
        let needed: Vec<Call<&S::Operation>> = both().filter(|(_, needed)| **needed).map(|(call, _)| *call).collect();
        let free: Vec<&S::Operation> = both().filter(|(_, needed)| !**needed).map(|(call, _)| call.operation).collect();
        matches!(search(self.specification, &needed, &free, self.limit), Err(Refuted::NotLinearizable { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CasRegister, RegisterCall, check};
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 100_000;

    /// The history up to `end` in which all but these calls may have happened at any time or not at all: they come first and are never answered.
    fn only(history: &History<RegisterCall>, needed: &[usize], end: usize) -> History<RegisterCall> {
        let mut only = History::new();
        for (number, call) in history.calls().iter().enumerate() {
            if !needed.contains(&number) && call.invoked <= end {
                only.invoke(call.operation);
            }
        }
        let mut moments: Vec<(usize, usize)> = Vec::new();
        for number in needed {
            let call = &history.calls()[*number];
            moments.push((call.invoked, *number));
            moments.extend(call.answered.filter(|answered| *answered <= end).map(|answered| (answered, *number)));
        }
        moments.sort_unstable();
        let mut open = BTreeMap::new();
        for (_, number) in moments {
            let operation = history.calls()[number].operation;
            match open.remove(&number) {
                None => {
                    open.insert(number, only.invoke(operation));
                }
                Some(call) => only.answer(call, operation).unwrap(),
            }
        }
        only
    }

    /// Whether some order explains the calls, if what is free may happen again and again, by trying all of them.
    fn some_order(calls: &[Call<RegisterCall>], free: &[RegisterCall], done: &mut Vec<usize>, state: Option<i64>) -> bool {
        let rest: Vec<usize> = (0..calls.len()).filter(|number| !done.contains(number)).collect();
        if rest.iter().all(|number| calls[*number].answered.is_none()) {
            return true;
        }
        let mut states = vec![state];
        let mut place = 0;
        while place < states.len() {
            let reached: Vec<_> = free.iter().filter_map(|call| CasRegister.apply(&states[place], call, false)).collect();
            states.extend(reached.iter().filter(|state| !states.contains(state)).copied().collect::<alloc::collections::BTreeSet<_>>());
            place += 1;
        }
        let preceded = |next: usize| rest.iter().any(|other| calls[*other].answered.is_some_and(|answered| answered < calls[next].invoked));
        rest.iter().filter(|next| !preceded(**next)).any(|&next| {
            states.iter().any(|state| {
                let Some(reached) = CasRegister.apply(state, &calls[next].operation, calls[next].answered.is_some()) else { return false };
                done.push(next);
                let found = some_order(calls, free, done, reached);
                done.pop();
                found
            })
        })
    }

    /// Whether these calls, up to `end`, show that the history is not linearizable, by trying everything.
    fn show(history: &History<RegisterCall>, needed: &[usize], end: usize) -> bool {
        let lent: Vec<Call<&RegisterCall>> = history.calls().iter().map(Call::lend).collect();
        if CasRegister.decide(&until(&lent, end)).is_some() {
            return check(&CasRegister, &only(history, needed, end), LIMIT).is_err();
        }
        let begun = history.calls().iter().enumerate().filter(|(_, call)| call.invoked <= end);
        let (kept, free): (Vec<_>, Vec<_>) = begun.partition(|(number, _)| needed.contains(number));
        let kept: Vec<Call<RegisterCall>> =
            kept.into_iter().map(|(_, call)| Call { answered: call.answered.filter(|answered| *answered <= end), ..*call }).collect();
        let free: Vec<RegisterCall> = free.into_iter().map(|(_, call)| call.operation).collect();
        !some_order(&kept, &free, &mut Vec::new(), None)
    }

    fn any_history() -> impl Strategy<Value = History<RegisterCall>> {
        let step = (0..3_usize, 0..7, 0..4_i64, 0..4_i64);
        prop::collection::vec(step, 4..24).prop_map(|steps| {
            let mut history = History::new();
            let mut open = [None; 3];
            for (process, kind, a, b) in steps {
                if let Some((call, operation)) = open[process].take() {
                    let read = RegisterCall::Read((a > 0).then_some(a));
                    history.answer(call, if matches!(operation, RegisterCall::Read(_)) { read } else { operation }).unwrap();
                } else if history.calls().len() < 8 {
                    let operation = match kind {
                        0..3 => RegisterCall::Read(None),
                        3..6 => RegisterCall::Write(a),
                        _ => RegisterCall::CompareAndSet { expected: a, new: b },
                    };
                    open[process] = Some((history.invoke(operation), operation));
                }
            }
            history
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn what_is_left_shows_it_and_nothing_less_does(history in any_history()) {
            let refuted = check(&CasRegister, &history, LIMIT);
            let found = counterexample(&CasRegister, &history, LIMIT);
            prop_assert_eq!(found.is_some(), refuted.is_err());
            if let (Some(needed), Err(Refuted::NotLinearizable { call, .. })) = (found, refuted) {
                let end = history.calls()[call].answered.unwrap();
                prop_assert!(needed.contains(&call));
                prop_assert!(show(&history, &needed, end));
                for left_out in &needed {
                    let less: Vec<usize> = needed.iter().copied().filter(|number| number != left_out).collect();
                    prop_assert!(!show(&history, &less, end), "call {} is not needed", left_out);
                }
            }
        }
    }

    /// A stale read among ten thousand calls: it, and the two writes that make it one.
    #[test]
    fn a_stale_read() {
        let mut history = History::new();
        let mut call = |operation| {
            let number = history.invoke(operation);
            history.answer(number, operation).unwrap();
            number
        };
        for value in 0..5_000 {
            call(RegisterCall::Write(value));
            call(RegisterCall::Read(Some(value)));
        }
        let stale = call(RegisterCall::Read(Some(4_321)));
        let needed = counterexample(&CasRegister, &history, LIMIT).unwrap();
        assert!(needed.len() == 3 && needed[2] == stale, "{needed:?}");
        let about = |number: usize, value| matches!(history.calls()[number].operation, RegisterCall::Write(v) | RegisterCall::Read(Some(v)) if v == value);
        assert!(about(needed[0], 4_321) && !about(needed[1], 4_321), "{needed:?}");
    }

    #[test]
    fn nothing_to_show() {
        assert_eq!(counterexample(&CasRegister, &History::new(), LIMIT), None);
    }
}
