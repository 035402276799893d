use alloc::format;

use crate::index::Index;
use crate::{Property, Violation};

/// If a correct process delivers m, every correct process delivers m at last (RB4). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let partly = audiences.iter().enumerate().filter(|(_, audience)| !index.is_everybody(audience));
    let earliest = partly.filter_map(|(message, audience)| audience.first_correct.map(|event| (event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::Agreement,
        events: index.origins[message].map(|origin| origin.event).into_iter().chain([event]).collect(),
        explanation: format!("a correct process delivers {id}, but {missing}, correct too, never does"),
    })
}
