//! Interval tree clocks against sets of events.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use arbitrary::Unstructured;
use tidings_clocks::{IntervalTree, IntervalTreeError, Wire};

use crate::clocks::one_form;

/// Clocks that are forked, joined, copied as messages and misused; the order of what is there at one time is inclusion.
pub(crate) fn interval_tree(bytes: &[u8]) {
    match bytes.split_first() {
        Some((first, rest)) if first % 4 == 0 => hostile(rest),
        Some((_, rest)) => {
            let _ = interval_run(&mut Unstructured::new(rest));
        }
        None => {}
    }
}

fn interval_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    const MOST: usize = 12;
    let mut clocks = vec![(IntervalTree::seed(), BTreeSet::<u32>::new())];
    let mut events = 0;
    while !input.is_empty() {
        let (at, other) = (input.choose_index(clocks.len())?, input.choose_index(clocks.len())?);
        let (theirs, their_events) = clocks[other].clone();
        let full = clocks.len() == MOST;
        let (clock, known) = &mut clocks[at];
        let (before, mut gone) = (clock.to_wire(), None);
        match input.int_in_range(0..=6)? {
            0 if !full => match clock.fork() {
                Ok(given) => {
                    assert!(given == *clock && !clock.is_anonymous() && !given.is_anonymous());
                    let known = known.clone();
                    clocks.push((given, known));
                }
                Err(error) => {
                    assert!(error == IntervalTreeError::TooDeep || clock.is_anonymous());
                    assert_eq!(clock.to_wire(), before);
                }
            },
            1 | 2 => match clock.event() {
                Ok(()) => {
                    events += 1;
                    known.insert(events);
                }
                Err(error) => {
                    assert!(error == IntervalTreeError::Anonymous && clock.is_anonymous());
                    assert_eq!(clock.to_wire(), before);
                }
            },
            // A message, which others may still receive later.
            3 if !full => {
                let message = (clock.peek(), known.clone());
                assert!(message.0.is_anonymous());
                clocks.push(message);
            }
            4 => {
                let changed = clock.join(&theirs.peek()).expect("a message owns no share");
                assert_eq!(changed, !their_events.is_subset(known));
                known.extend(their_events);
            }
            // Somebody retires, or a message is received for the last time.
            5 if at != other => {
                clock.join(&theirs).expect("no two own the same");
                known.extend(their_events);
                gone = Some(other);
            }
            6 => match clock.join(&theirs.clone()) {
                // Joined but not gone: only a message may be.
                Ok(_) if theirs.is_anonymous() => known.extend(their_events),
                Ok(_) => {
                    // It is one clock now; the other one's share is not to be used by both.
                    assert_ne!(at, other, "a clock overlaps itself");
                    known.extend(their_events);
                    gone = Some(other);
                }
                Err(error) => {
                    assert!(error == IntervalTreeError::Overlap && at == other);
                    assert_eq!(clock.to_wire(), before);
                }
            },
            _ => {}
        }
        // Only one has changed, and one may be gone.
        let at = at - usize::from(gone.is_some_and(|gone| gone < at));
        gone.map(|gone| clocks.remove(gone));
        let (clock, known) = &clocks[at];
        for (other, other_known) in &clocks {
            let order = match (known.is_subset(other_known), other_known.is_subset(known)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            };
            assert_eq!(clock.partial_cmp(other), order, "{clock:?} and {other:?}");
        }
        one_form::<IntervalTree>(&clock.to_wire());
    }
    Ok(())
}

/// Whatever two trees decode from the bytes can be worked with: every operation either does its work or changes nothing.
fn hostile(bytes: &[u8]) {
    const LIMIT: usize = 256;
    let Ok((mut clock, rest)) = IntervalTree::decode(bytes, LIMIT) else { return };
    let other = IntervalTree::decode(rest, LIMIT).map_or_else(|_| IntervalTree::seed(), |(other, _)| other);
    for step in 0..6 {
        let before = clock.clone();
        let changed = match step % 3 {
            0 => clock.event().map(|()| true),
            1 => clock.fork().map(|given| given != clock),
            _ => clock.join(&other),
        };
        match changed {
            Ok(changed) => assert!(before <= clock && changed == (before != clock), "step {step} of {before:?}"),
            Err(_) => assert_eq!(clock.to_wire(), before.to_wire()),
        }
        assert_eq!(IntervalTree::from_wire(&clock.to_wire(), 1 << 16).map(|read| read.to_wire()), Ok(clock.to_wire()));
        assert_eq!(clock.partial_cmp(&other), other.partial_cmp(&clock).map(Ordering::reverse));
    }
}
