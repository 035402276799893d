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
    /// More states had to be kept apart than the caller allows. The history may be linearizable or not.
    #[error("undecided at the answer of call {call}: more than {limit} states are possible")]
    Undecided {
        /// The call whose answer was looked at.
        call: usize,
        /// The limit that was given.
        limit: usize,
    },
}

/// Checks a history against a specification.
///
/// The calls are gone through in the order of the history with all states that may be, as in the just-in-time linearization of Lowe, *Testing for
/// linearizability* (2017): a call is made to take effect only when it, or another that needs it, is answered. States that can do no more than
/// another one are left out: of two equal states in which different calls without an answer have taken effect, the one with fewer of them.
///
/// The problem is NP-complete (Gibbons and Korach 1997). Cost: near-linear in the calls if few are under way at once; at worst exponential in how many are. It never keeps more than
/// `limit` states.
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

fn explain<S: Specification>(specification: &S, calls: &[Call<S::Operation>], chosen: &[usize], limit: usize) -> Result<(), Refuted> {
    let mut moments: Vec<(usize, usize, bool)> = Vec::with_capacity(2 * chosen.len());
    for &number in chosen {
        moments.push((calls[number].invoked, number, false));
        moments.extend(calls[number].answered.map(|answered| (answered, number, true)));
    }
    moments.sort_unstable();
    let mut under_way: BTreeSet<usize> = BTreeSet::new();
    let mut possible = Possible::default();
    possible.admit(calls, specification.start(), &[]);
    for (_, call, answer) in moments {
        if !answer {
            under_way.insert(call);
            continue;
        }
        let explained = after(specification, calls, &under_way, possible, call, limit)?;
        under_way.remove(&call);
        if explained.count == 0 {
            return Err(Refuted::NotLinearizable { call, concurrent: under_way.into_iter().collect() });
        }
        possible = explained;
    }
    Ok(())
}

/// All that may be when `call` is answered. Breadth first, so that fewer calls in effect come before more.
fn after<S: Specification>(
    specification: &S,
    calls: &[Call<S::Operation>],
    under_way: &BTreeSet<usize>,
    mut seen: Possible<S::State>,
    call: usize,
    limit: usize,
) -> Result<Possible<S::State>, Refuted> {
    let mut explained = Possible::default();
    let mut rest: VecDeque<(S::State, Vec<usize>)> = seen.iter().collect();
    while let Some((state, mut effective)) = rest.pop_front() {
        if let Ok(place) = effective.binary_search(&call) {
            effective.remove(place);
            explained.admit(calls, state, &effective);
            continue;
        }
        for &next in under_way {
            let Err(place) = effective.binary_search(&next) else { continue };
            let Some(reached) = specification.apply(&state, &calls[next].operation, calls[next].answered.is_some()) else { continue };
            if next == call {
                explained.admit(calls, reached, &effective);
                continue;
            }
            let mut more = effective.clone();
            more.insert(place, next);
            if seen.admit(calls, reached.clone(), &more) {
                rest.push_back((reached, more));
            }
        }
        if seen.count + explained.count > limit {
            return Err(Refuted::Undecided { call, limit });
        }
    }
    Ok(explained)
}

/// What may be: states, and which of the calls under way have taken effect in each.
///
/// A call that is never answered may take effect later or not at all. So of two that differ in nothing but such calls, one having taken effect in all
/// those of the other and more, the one with more is dominated: it can do nothing that the other cannot.
struct Possible<S> {
    /// By state and calls in effect that will be answered: the sets of those in effect that never are, none within another.
    sets: BTreeMap<(S, Vec<usize>), Vec<Vec<usize>>>,
    count: usize,
}

impl<S: Clone + Ord> Possible<S> {
    /// Adds a state in which these calls, in order, have taken effect, unless it is dominated. Leaves out those that it dominates. Whether it was added.
    fn admit<O>(&mut self, calls: &[Call<O>], state: S, effective: &[usize]) -> bool {
        let (answered, never): (Vec<usize>, Vec<usize>) = effective.iter().partition(|call| calls[**call].answered.is_some());
        let others = self.sets.entry((state, answered)).or_default();
        let within = |one: &[usize], other: &[usize]| one.iter().all(|call| other.binary_search(call).is_ok());
        if others.iter().any(|other| within(other, &never)) {
            return false;
        }
        self.count -= others.extract_if(.., |other| within(&never, other)).count();
        others.push(never);
        self.count += 1;
        true
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
        Self { sets: BTreeMap::new(), count: 0 }
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
            assert_eq!(check(&CasRegister, &history, 200).is_ok(), explained);
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
