use alloc::format;

use crate::index::Index;
use crate::{Property, Violation};

/// If any process delivers m, whether it crashes or not, every correct process delivers m at last (URB4). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let partly = audiences.iter().enumerate().filter(|(_, audience)| !index.is_everybody(audience));
    let earliest = partly.filter_map(|(message, audience)| audience.first.map(|event| (event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::UniformAgreement,
        events: index.origins[message].map(|origin| origin.event).into_iter().chain([event]).collect(),
        explanation: format!("some process delivers {id}, but {missing}, which is correct, never does"),
    })
}
