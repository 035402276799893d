use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// If a correct process broadcasts m, every correct process delivers m at last (BEB1). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let audiences = index.audiences();
    let neglected = |message: &usize| !index.is_everybody(&audiences[*message]);
    let by_correct = (0..index.messages.len()).filter(|&message| index.is_correct(index.messages[message].origin)).filter(neglected);
    let earliest = by_correct.filter_map(|message| index.origins[message].map(|origin| (origin.event, message))).min();
    let Some((event, message)) = earliest else { return Ok(()) };
    let Some(missing) = index.missing(message) else { return Ok(()) };
    let id = index.messages[message];
    Err(Violation {
        property: Property::BestEffortValidity,
        events: vec![event],
        explanation: format!("{} and {missing} are correct, but {missing} never delivers {id}", id.origin),
    })
}
