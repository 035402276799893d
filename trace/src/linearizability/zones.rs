use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Call, RegisterCall};

/// When the calls of one value must be in effect together.
#[derive(Clone, Copy)]
struct Zone {
    /// The first answer of any of them.
    first_answer: usize,
    /// The last invocation of any of them.
    last_invocation: usize,
}

/// Whether reads and writes of a register are linearizable, if no two writes write the same value and nothing is compared and set; `None` otherwise.
///
/// A write and the reads of its value are a *cluster*, and must take effect one right after the other. If some of them is answered before another one is
/// invoked, the cluster must be in effect from the first answer to the last invocation (a *forward zone*), and no other may come between. Otherwise all
/// of them were under way together, from the last invocation to the first answer (a *backward zone*), and the cluster may take effect at any one moment
/// then. So the history is linearizable if and only if nothing is read that was not written before, no two forward zones overlap and no backward zone lies
/// within a forward one (Gibbons and Korach, *Testing shared memories*, 1997, section 4). The empty register is a cluster whose write comes before all.
///
/// A read without an answer says nothing. A write without an answer has taken effect if its value is read, and otherwise need not have. O(c log c) for c
/// calls.
pub(super) fn decide(calls: &[Call<&RegisterCall>]) -> Option<bool> {
    // Moments are counted from 1 here, so that the register is empty from moment 0.
    let mut zones = BTreeMap::from([(None, Zone { first_answer: 0, last_invocation: 0 })]);
    let mut begun = BTreeMap::from([(None, 0)]);
    for call in calls {
        match call.operation {
            RegisterCall::CompareAndSet { .. } => return None,
            RegisterCall::Read(_) => {}
            RegisterCall::Write(value) => {
                let invoked = call.invoked + 1;
                if begun.insert(Some(*value), invoked).is_some() {
                    return None;
                }
                let first_answer = call.answered.map_or(usize::MAX, |answered| answered + 1);
                zones.insert(Some(*value), Zone { first_answer, last_invocation: invoked });
            }
        }
    }
    for call in calls {
        if let (RegisterCall::Read(value), Some(answered)) = (call.operation, call.answered) {
            let Some(zone) = zones.get_mut(value) else { return Some(false) };
            if answered + 1 < begun[value] {
                return Some(false);
            }
            zone.first_answer = zone.first_answer.min(answered + 1);
            zone.last_invocation = zone.last_invocation.max(call.invoked + 1);
        }
    }
    let (mut forward, backward): (Vec<Zone>, Vec<Zone>) = zones.into_values().partition(|zone| zone.first_answer < zone.last_invocation);
    forward.sort_unstable_by_key(|zone| zone.first_answer);
    if forward.windows(2).any(|pair| pair[1].first_answer < pair[0].last_invocation) {
        return Some(false);
    }
    let within = |zone: &Zone| {
        let before = forward.partition_point(|other| other.first_answer < zone.last_invocation);
        before.checked_sub(1).is_some_and(|place| zone.first_answer < forward[place].last_invocation)
    };
    Some(!backward.iter().any(within))
}

#[cfg(test)]
mod tests {
    use super::super::{CasRegister, History, Refuted, Specification, check};
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// A [`CasRegister`] that knows no shortcut.
    struct Plain;

    impl Specification for Plain {
        type State = Option<i64>;
        type Operation = RegisterCall;

        fn start(&self) -> Option<i64> {
            CasRegister.start()
        }

        fn apply(&self, state: &Option<i64>, call: &RegisterCall, answered: bool) -> Option<Option<i64>> {
            CasRegister.apply(state, call, answered)
        }
    }

    /// Reads and writes of unique values by up to 5 processes. If `honest`, reads mostly see what a real register holds.
    fn any_history() -> impl Strategy<Value = History<RegisterCall>> {
        let step = (0..5_usize, 0..8, 0..12_i64);
        (any::<bool>(), prop::collection::vec(step, 0..60)).prop_map(|(honest, steps)| {
            let mut history = History::new();
            let mut open: Vec<Option<(usize, RegisterCall)>> = vec![None; 5];
            let (mut next, mut held) = (0, None);
            for (process, kind, value) in steps {
                let Some((call, operation)) = open[process].take() else {
                    let operation = if kind < 4 {
                        RegisterCall::Read(held)
                    } else {
                        next += 1;
                        RegisterCall::Write(next)
                    };
                    if let (RegisterCall::Write(value), 0..6) = (operation, kind) {
                        held = Some(value);
                    }
                    open[process] = Some((history.invoke(operation), operation));
                    continue;
                };
                match operation {
                    // Never answered: the process makes no other call.
                    _ if kind == 7 => open[process] = Some((call, operation)),
                    RegisterCall::Read(seen) => {
                        let seen = if honest && kind > 0 { if kind > 3 { held } else { seen } } else { (value > 0).then_some(value) };
                        history.answer(call, RegisterCall::Read(seen)).unwrap();
                    }
                    _ => {
                        if let RegisterCall::Write(value) = operation {
                            held = Some(value);
                        }
                        history.answer(call, operation).unwrap();
                    }
                }
            }
            history
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6_000))]
        /// The same verdict, the same first answer, the same calls under way.
        #[test]
        fn as_the_general_search_says(history in any_history()) {
            let general = check(&Plain, &history, 1_000_000);
            prop_assume!(!matches!(general, Err(Refuted::Undecided { .. })));
            prop_assert_eq!(check(&CasRegister, &history, 0), general);
        }
    }

    /// A writer that overlaps with everything: thousands of calls under way at once cost no more than one after the other.
    #[test]
    fn many_calls_at_once() {
        let mut history = History::new();
        let writes: Vec<usize> = (0..20_000).map(|value| history.invoke(RegisterCall::Write(value))).collect();
        for (value, write) in (0..).zip(&writes) {
            let read = history.invoke(RegisterCall::Read(None));
            history.answer(read, RegisterCall::Read(Some(value))).unwrap();
            history.answer(*write, RegisterCall::Write(value)).unwrap();
        }
        assert_eq!(check(&CasRegister, &history, 0), Ok(()));
        let read = history.invoke(RegisterCall::Read(None));
        history.answer(read, RegisterCall::Read(Some(19_998))).unwrap();
        assert_eq!(check(&CasRegister, &history, 0), Err(Refuted::NotLinearizable { call: read, concurrent: vec![] }));
    }

    #[test]
    fn what_is_not_decided() {
        let mut history = History::new();
        history.invoke(RegisterCall::Write(1));
        history.invoke(RegisterCall::Write(1));
        let lent = |history: &History<RegisterCall>| decide(&history.calls().iter().map(Call::lend).collect::<Vec<_>>());
        assert_eq!(lent(&history), None);
        let mut history = History::new();
        history.invoke(RegisterCall::CompareAndSet { expected: 1, new: 2 });
        assert_eq!(lent(&history), None);
        assert_eq!(lent(&History::new()), Some(true));
    }
}
