use alloc::format;
use alloc::vec;

use crate::index::{Index, Seen};
use crate::{Property, Violation};

/// If a process broadcasts m1 before m2, no process delivers m2 unless it has delivered m1 (FRB5). O(steps).
///
/// It is enough to ask for the broadcast just before: the one before that is then asked for when that one is delivered.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    judge(index, Property::FifoDelivery)
}

/// The same, reported as a part of another property.
pub(crate) fn judge(index: &Index, property: Property) -> Result<(), Violation> {
    let mut before = vec![None; index.messages.len()];
    for life in &index.lives {
        let mut last = None;
        for step in life.steps.iter().filter(|step| !step.delivers) {
            before[step.message] = last.replace(*step);
        }
    }
    let mut seen = Seen::new(index);
    let mut earliest = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if let Some(cause) = before[step.message]
                && seen.at(cause.message).is_none()
                && seen.at(step.message).is_none()
            {
                if earliest.is_none_or(|(_, effect, _): (_, crate::index::Step, _)| step.event < effect.event) {
                    earliest = Some((cause, *step, life));
                }
                break;
            }
            seen.mark(*step);
        }
    }
    let Some((cause, effect, life)) = earliest else { return Ok(()) };
    let [first, second] = [cause.message, effect.message].map(|message| index.messages[message]);
    let origin = index.origins[effect.message].map(|origin| origin.event);
    Err(Violation {
        property,
        events: [Some(cause.event), origin, Some(effect.event)].into_iter().flatten().collect(),
        explanation: format!("{life} delivers {second} without having delivered {first}, which {} broadcasts first", second.origin),
    })
}
