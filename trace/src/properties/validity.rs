use alloc::format;
use alloc::vec;

use crate::index::{Index, Life, Seen};
use crate::{Property, Violation};

/// If a correct process broadcasts m, it delivers m at last (RB1). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut seen = Seen::new(index);
    let mut earliest: Option<(usize, &Life, usize)> = None;
    for life in index.lives.iter().filter(|life| index.is_correct(life.rank)) {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            seen.mark(*step);
        }
        let undelivered = life.steps.iter().find(|step| !step.delivers && seen.at(step.message).is_none());
        if let Some(step) = undelivered
            && earliest.is_none_or(|(event, ..)| step.event < event)
        {
            earliest = Some((step.event, life, step.message));
        }
    }
    let Some((event, life, message)) = earliest else { return Ok(()) };
    Err(Violation {
        property: Property::Validity,
        events: vec![event],
        explanation: format!("{life} is correct and broadcasts {}, but never delivers it", index.messages[message]),
    })
}
