use alloc::format;
use alloc::vec;

use crate::index::{Index, Seen, Step};
use crate::{Property, Violation};

/// If m1 is in the causal past of m2, no process delivers m2 unless it has delivered m1 (CRB5). O(steps × lives) time, O(steps) memory.
///
/// m1 is in the causal past of m2 if the process that broadcast m2 had broadcast or delivered m1 before, or through a chain of these. What a link
/// received and held back does not count.
///
/// It is enough to ask for what the origin broadcast or delivered since its broadcast before: what is further back is asked for when those are
/// delivered. That is a range of the origin's own steps, so that no clock is needed.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut starts = vec![0; index.messages.len()];
    for life in &index.lives {
        let mut last = 0;
        for (place, step) in life.steps.iter().enumerate().filter(|(_, step)| !step.delivers) {
            starts[step.message] = core::mem::replace(&mut last, place);
        }
    }
    let mut seen = Seen::new(index);
    let mut earliest: Option<(Step, Step, _)> = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if seen.at(step.message).is_some() {
                continue;
            }
            if let Some(origin) = index.origins[step.message] {
                let causes = &index.lives[origin.life].steps[starts[step.message]..origin.step];
                if let Some(cause) = causes.iter().find(|cause| seen.at(cause.message).is_none() && cause.message != step.message) {
                    if earliest.is_none_or(|(_, effect, _)| step.event < effect.event) {
                        earliest = Some((*cause, *step, life));
                    }
                    break;
                }
            }
            seen.mark(*step);
        }
    }
    let Some((cause, effect, life)) = earliest else { return Ok(()) };
    let [first, second] = [cause.message, effect.message].map(|message| index.messages[message]);
    let knew = if cause.delivers { "delivers" } else { "broadcasts" };
    let origin = index.origins[effect.message].map(|origin| origin.event);
    Err(Violation {
        property: Property::CausalDelivery,
        events: [Some(cause.event), origin, Some(effect.event)].into_iter().flatten().collect(),
        explanation: format!(
            "{life} delivers {second} without having delivered {first}, which {} {knew} before it broadcasts {second}",
            second.origin
        ),
    })
}
