use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::{Call, History, Specification};

/// Why a history is not known to be linearizable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refuted {
    /// No order of the calls explains this answer. The history up to it is the shortest one that cannot be explained.
    #[error("no order of the calls explains the answer of call {call}, given {concurrent} that were under way", concurrent = concurrent.len())]
    NotLinearizable {
        /// The call whose answer cannot be.
        call: usize,
        /// The calls that were under way when it was answered.
        concurrent: Vec<usize>,
    },
    /// More steps would have been needed than the caller allows. The history may be linearizable or not.
    #[error("undecided at the answer of call {call}: {limit} steps were not enough")]
    Undecided {
        /// The call whose answer was looked at.
        call: usize,
        /// The limit that was given.
        limit: usize,
    },
}

/// Checks a history against a specification.
///
/// If the specification [decides](Specification::decide) such histories by itself, it is asked; a register of unique values is decided in O(c log c) for c
/// calls. Otherwise the calls are gone through in the order of the history with all states that may be, as in the just-in-time linearization of Lowe,
/// *Testing for linearizability* (2017): a call is made to take effect only when it, or another that needs it, is answered. States that can do no more than
/// another one are left out: of two equal states in which different calls without an answer have taken effect, the one with fewer of them.
///
/// The problem is NP-complete (Gibbons and Korach, *Testing shared memories*, 1997). Cost: near-linear in the calls if few are under way at once; at worst
/// exponential in how many are, but never more than `limit` steps, each of which takes up one state, makes one call take effect in it, or compares two states. It keeps
/// at most as many states.
///
/// # Errors
/// [`Refuted`], with the first answer that cannot be explained, or at which the limit was reached.
pub fn check<S: Specification>(specification: &S, history: &History<S::Operation>, limit: usize) -> Result<(), Refuted> {
    let all: Vec<usize> = (0..history.calls().len()).collect();
    explain(specification, history.calls(), &all, limit)
}

/// Checks a history of many objects, each by itself: a history is linearizable if and only if it is for each object (Herlihy and Wing 1990, theorem 1).
/// `object` says of which object a call is. The numbers in an error are those of the whole history; `limit` is for each object.
///
/// # Errors
/// [`Refuted`] for the first object, in their order, that is not explained.
pub fn check_by<S: Specification, K: Ord>(
    specification: &S,
    history: &History<S::Operation>,
    object: impl Fn(usize, &S::Operation) -> K,
    limit: usize,
) -> Result<(), Refuted> {
    let mut objects: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (number, call) in history.calls().iter().enumerate() {
        objects.entry(object(number, &call.operation)).or_default().push(number);
    }
    objects.values().try_for_each(|calls| explain(specification, history.calls(), calls, limit))
}

/// Checks the chosen calls, as if there were no others. The numbers in an error are those of the whole history.
pub(super) fn explain<S: Specification>(
    specification: &S,
    calls: &[Call<S::Operation>],
    chosen: &[usize],
    limit: usize,
) -> Result<(), Refuted> {
    let lent: Vec<Call<&S::Operation>> = chosen.iter().map(|number| calls[*number].lend()).collect();
    judge(specification, &lent, limit).map_err(|refuted| match refuted {
        Refuted::NotLinearizable { call, concurrent } => {
            Refuted::NotLinearizable { call: chosen[call], concurrent: concurrent.into_iter().map(|call| chosen[call]).collect() }
        }
        Refuted::Undecided { call, limit } => Refuted::Undecided { call: chosen[call], limit },
    })
}

/// Checks these calls, by the fastest way there is.
pub(super) fn judge<S: Specification>(specification: &S, calls: &[Call<&S::Operation>], limit: usize) -> Result<(), Refuted> {
    match specification.decide(calls) {
        Some(true) => Ok(()),
        Some(false) => first_answer(specification, calls).map_or_else(|| search(specification, calls, &[], limit), Err),
        None => search(specification, calls, &[], limit),
    }
}

/// The answer up to which the history is refuted, where the specification decides. What was linearizable never was not before, so that halving finds it.
fn first_answer<S: Specification>(specification: &S, calls: &[Call<&S::Operation>]) -> Option<Refuted> {
    let mut answers: Vec<(usize, usize)> =
        calls.iter().enumerate().filter_map(|(number, call)| call.answered.map(|answered| (answered, number))).collect();
    answers.sort_unstable();
    let (mut explained, mut refuted) = (0, answers.len());
    while explained < refuted {
        let middle = explained.midpoint(refuted);
        if specification.decide(&until(calls, answers[middle].0))? {
            explained = middle + 1;
        } else {
            refuted = middle;
        }
    }
    let (moment, call) = *answers.get(refuted)?;
    let under_way = |other: &Call<&S::Operation>| other.invoked < moment && other.answered.is_none_or(|answered| answered > moment);
    let concurrent = calls.iter().enumerate().filter(|(_, other)| under_way(other)).map(|(number, _)| number).collect();
    Some(Refuted::NotLinearizable { call, concurrent })
}

/// What is seen of these calls if the history ends with this moment.
pub(super) fn until<'c, O>(calls: &[Call<&'c O>], moment: usize) -> Vec<Call<&'c O>> {
    let begun = calls.iter().filter(|call| call.invoked <= moment);
    begun.map(|call| Call { answered: call.answered.filter(|answered| *answered <= moment), ..*call }).collect()
}

/// The general way: every state that may be. What is `free` may take effect at any moment, again and again, or never.
pub(super) fn search<S: Specification>(
    specification: &S,
    calls: &[Call<&S::Operation>],
    free: &[&S::Operation],
    limit: usize,
) -> Result<(), Refuted> {
    let mut moments: Vec<(usize, usize, bool)> = Vec::with_capacity(2 * calls.len());
    for (number, call) in calls.iter().enumerate() {
        moments.push((call.invoked, number, false));
        moments.extend(call.answered.map(|answered| (answered, number, true)));
    }
    moments.sort_unstable();
    let mut under_way: BTreeSet<usize> = BTreeSet::new();
    let mut possible = Possible::default();
    possible.admit(calls, specification.start(), &[]);
    let mut searching = Searching { specification, calls, free, limit, steps: 0 };
    for (_, call, answer) in moments {
        if !answer {
            under_way.insert(call);
            continue;
        }
        let explained = searching.after(&under_way, possible, call).ok_or(Refuted::Undecided { call, limit })?;
        under_way.remove(&call);
        if explained.sets.is_empty() {
            return Err(Refuted::NotLinearizable { call, concurrent: under_way.into_iter().collect() });
        }
        possible = explained;
    }
    Ok(())
}

struct Searching<'c, S: Specification> {
    specification: &'c S,
    calls: &'c [Call<&'c S::Operation>],
    free: &'c [&'c S::Operation],
    limit: usize,
    steps: usize,
}

impl<S: Specification> Searching<'_, S> {
    /// All that may be when `call` is answered; `None` if that takes too many steps. Breadth first, so that fewer calls in effect come before more.
    fn after(&mut self, under_way: &BTreeSet<usize>, mut seen: Possible<S::State>, call: usize) -> Option<Possible<S::State>> {
        let calls = self.calls;
        let mut explained = Possible::default();
        let mut rest: VecDeque<(S::State, Vec<usize>)> = seen.iter().collect();
        while let Some((state, mut effective)) = rest.pop_front() {
            self.steps += 1;
            if let Ok(place) = effective.binary_search(&call) {
                effective.remove(place);
                self.steps += explained.admit(calls, state, &effective).compared;
                continue;
            }
            for &next in under_way {
                let Err(place) = effective.binary_search(&next) else { continue };
                let Some(reached) = self.apply(&state, calls[next].operation, calls[next].answered.is_some()) else { continue };
                if next == call {
                    self.steps += explained.admit(calls, reached, &effective).compared;
                    continue;
                }
                let mut more = effective.clone();
                more.insert(place, next);
                self.reach(&mut seen, &mut rest, reached, more);
            }
            for operation in self.free {
                if let Some(reached) = self.apply(&state, operation, false) {
                    self.reach(&mut seen, &mut rest, reached, effective.clone());
                }
            }
            if self.steps > self.limit {
                return None;
            }
        }
        Some(explained)
    }

    fn apply(&mut self, state: &S::State, operation: &S::Operation, answered: bool) -> Option<S::State> {
        self.steps += 1;
        self.specification.apply(state, operation, answered)
    }

    /// Adds what is new to what was seen and what is left to do.
    fn reach(
        &mut self,
        seen: &mut Possible<S::State>,
        rest: &mut VecDeque<(S::State, Vec<usize>)>,
        state: S::State,
        effective: Vec<usize>,
    ) {
        let admitted = seen.admit(self.calls, state.clone(), &effective);
        self.steps += admitted.compared;
        if admitted.added {
            rest.push_back((state, effective));
        }
    }
}

/// What may be: states, and which of the calls under way have taken effect in each.
///
/// A call that is never answered may take effect later or not at all. So of two that differ in nothing but such calls, one having taken effect in all
/// those of the other and more, the one with more is dominated: it can do nothing that the other cannot.
struct Possible<S> {
    /// By state and calls in effect that will be answered: the sets of those in effect that never are, none within another.
    sets: BTreeMap<(S, Vec<usize>), Vec<Vec<usize>>>,
}

/// What came of adding a state.
struct Admitted {
    /// Whether it was, because no other dominates it.
    added: bool,
    /// With how many others it was compared.
    compared: usize,
}

impl<S: Clone + Ord> Possible<S> {
    /// Adds a state in which these calls, in order, have taken effect, unless it is dominated. Leaves out those that it dominates.
    fn admit<O>(&mut self, calls: &[Call<O>], state: S, effective: &[usize]) -> Admitted {
        let (answered, never): (Vec<usize>, Vec<usize>) = effective.iter().partition(|call| calls[**call].answered.is_some());
        let others = self.sets.entry((state, answered)).or_default();
        let within = |one: &[usize], other: &[usize]| one.iter().all(|call| other.binary_search(call).is_ok());
        let compared = others.len();
        if others.iter().any(|other| within(other, &never)) {
            return Admitted { added: false, compared };
        }
        others.retain(|other| !within(&never, other));
        others.push(never);
        Admitted { added: true, compared }
    }

    fn iter(&self) -> impl Iterator<Item = (S, Vec<usize>)> + '_ {
        self.sets.iter().flat_map(|((state, answered), sets)| {
            sets.iter().map(move |never| {
                let mut effective = [answered.as_slice(), never].concat();
                effective.sort_unstable();
                (state.clone(), effective)
            })
        })
    }
}

impl<S> Default for Possible<S> {
    fn default() -> Self {
        Self { sets: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Append, AppendCall, CasRegister, RegisterCall};
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec;
    use proptest::prelude::*;

    /// Whether some order of the calls explains the answers, by trying all of them.
    fn some_order(calls: &[Call<RegisterCall>], done: &mut Vec<usize>, state: Option<i64>) -> bool {
        let open = |number: &usize| !done.contains(number);
        let rest: Vec<usize> = (0..calls.len()).filter(open).collect();
        if rest.iter().all(|number| calls[*number].answered.is_none()) {
            return true;
        }
        for &next in &rest {
            let preceded = rest.iter().any(|other| calls[*other].answered.is_some_and(|answered| answered < calls[next].invoked));
            if preceded {
                continue;
            }
            if let Some(reached) = CasRegister.apply(&state, &calls[next].operation, calls[next].answered.is_some()) {
                done.push(next);
                let found = some_order(calls, done, reached);
                done.pop();
                if found {
                    return true;
                }
            }
        }
        false
    }

    /// Up to 7 calls by 3 processes on a register of few values, some never answered.
    fn any_history() -> impl Strategy<Value = History<RegisterCall>> {
        let step = (0..3_usize, 0..6, 0..3_i64, 0..3_i64);
        prop::collection::vec(step, 0..16).prop_map(|steps| {
            let mut history = History::new();
            let mut open = [None; 3];
            for (process, kind, a, b) in steps {
                let read = RegisterCall::Read((a > 0).then_some(a));
                if let Some((call, operation)) = open[process] {
                    // A process whose call is never answered makes no other.
                    if kind < 5 {
                        let answer = if matches!(operation, RegisterCall::Read(_)) { read } else { operation };
                        history.answer(call, answer).unwrap();
                        open[process] = None;
                    }
                } else if history.calls().len() < 7 {
                    let operation = match kind {
                        0..3 => RegisterCall::Read(None),
                        3 | 4 => RegisterCall::Write(a),
                        _ => RegisterCall::CompareAndSet { expected: a, new: b },
                    };
                    open[process] = Some((history.invoke(operation), operation));
                }
            }
            history
        })
    }

    /// What was invoked and answered before this moment.
    fn until(history: &History<RegisterCall>, moment: usize) -> Vec<Call<RegisterCall>> {
        let before = history.calls().iter().filter(|call| call.invoked < moment);
        before.map(|call| Call { answered: call.answered.filter(|answered| *answered < moment), ..*call }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn as_trying_all_orders_says(history in any_history()) {
            let explained = some_order(history.calls(), &mut Vec::new(), None);
            match check(&CasRegister, &history, 100_000) {
                Ok(()) => prop_assert!(explained),
                Err(Refuted::NotLinearizable { call, concurrent }) => {
                    prop_assert!(!explained);
                    let at = history.calls()[call].answered.unwrap();
                    prop_assert!(some_order(&until(&history, at), &mut Vec::new(), None));
                    prop_assert!(!some_order(&until(&history, at + 1), &mut Vec::new(), None));
                    let under_way = |call: &Call<RegisterCall>| call.invoked < at && call.answered.is_none_or(|answered| answered > at);
                    prop_assert!(concurrent.iter().all(|other| under_way(&history.calls()[*other])));
                }
                Err(undecided) => prop_assert!(false, "{}", undecided),
            }
        }
    }

    #[test]
    fn many_states_are_undecided_and_not_endless() {
        let mut history = History::new();
        for letter in 'a'..='z' {
            history.invoke(AppendCall::Append(letter.to_string()));
        }
        let read = history.invoke(AppendCall::Get(String::new()));
        history.answer(read, AppendCall::Get("!".to_string())).unwrap();
        assert_eq!(check(&Append, &history, 10_000), Err(Refuted::Undecided { call: read, limit: 10_000 }));
    }

    /// Of writes that are never answered only the last one matters, so that any number of them costs little.
    #[test]
    fn many_calls_without_an_answer() {
        let mut history = History::new();
        for value in 0..40 {
            history.invoke(RegisterCall::Write(value));
        }
        for (value, explained) in [(7, true), (9, true), (7, false)] {
            let read = history.invoke(RegisterCall::Read(None));
            history.answer(read, RegisterCall::Read(Some(value))).unwrap();
            assert_eq!(check(&CasRegister, &history, 10_000).is_ok(), explained);
        }
    }

    /// A call that is never answered may have happened, at any moment, or not at all.
    #[test]
    fn a_call_without_an_answer() {
        let mut history = History::new();
        history.invoke(RegisterCall::Write(1));
        for (value, explained) in [(None, true), (Some(1), true), (None, false)] {
            let read = history.invoke(RegisterCall::Read(None));
            history.answer(read, RegisterCall::Read(value)).unwrap();
            assert_eq!(check(&CasRegister, &history, 100).is_ok(), explained);
        }
    }

    #[test]
    fn each_object_by_itself() {
        let mut history = History::new();
        for value in [1, 2] {
            let write = history.invoke(RegisterCall::Write(value));
            history.answer(write, RegisterCall::Write(value)).unwrap();
        }
        let read = history.invoke(RegisterCall::Read(None));
        history.answer(read, RegisterCall::Read(Some(1))).unwrap();
        let refuted = Err(Refuted::NotLinearizable { call: read, concurrent: vec![] });
        assert_eq!(check(&CasRegister, &history, 100), refuted);
        // The first write and the read are of one register, the second write is of another.
        assert_eq!(check_by(&CasRegister, &history, |number, _| number % 2, 100), Ok(()));
        assert_eq!(check_by(&CasRegister, &history, |_, _| 0, 100), refuted);
    }

    #[test]
    fn answered_twice() {
        let mut history = History::new();
        let write = history.invoke(RegisterCall::Write(1));
        history.answer(write, RegisterCall::Write(1)).unwrap();
        let before = history.clone();
        assert!(history.answer(write, RegisterCall::Write(2)).is_err() && history.answer(9, RegisterCall::Write(2)).is_err());
        assert_eq!(history, before);
    }
}
