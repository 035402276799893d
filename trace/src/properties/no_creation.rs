use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// If a process delivers m with origin s, then s has broadcast m before (RB3). O(steps).
///
/// The order of a trace agrees with happened-before, so that *before* is earlier in the trace.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let created = |step: &&crate::index::Step| step.delivers && index.origins[step.message].is_none_or(|origin| origin.event > step.event);
    let first = index.lives.iter().filter_map(|life| life.steps.iter().find(created).map(|step| (step, life)));
    let Some((step, life)) = first.min_by_key(|(step, _)| step.event) else { return Ok(()) };
    let id = index.messages[step.message];
    let (events, explanation) = match index.origins[step.message] {
        Some(origin) => (vec![origin.event, step.event], format!("{life} delivers {id} before {} broadcasts it", id.origin)),
        None => (vec![step.event], format!("{life} delivers {id}, which {} never broadcasts", id.origin)),
    };
    Err(Violation { property: Property::NoCreation, events, explanation })
}
