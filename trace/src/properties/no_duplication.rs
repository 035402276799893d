use alloc::format;
use alloc::vec;

use crate::index::{Index, Life, Seen};
use crate::{Property, Violation};

/// No process delivers a message twice (RB2). O(steps).
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let mut seen = Seen::new(index);
    let mut earliest: Option<(usize, usize, &Life, usize)> = None;
    for life in &index.lives {
        seen.next_life();
        for step in life.steps.iter().filter(|step| step.delivers) {
            if let Some(first) = seen.mark(*step) {
                if earliest.is_none_or(|(_, again, ..)| step.event < again) {
                    earliest = Some((first, step.event, life, step.message));
                }
                break;
            }
        }
    }
    let Some((first, again, life, message)) = earliest else { return Ok(()) };
    Err(Violation {
        property: Property::NoDuplication,
        events: vec![first, again],
        explanation: format!("{life} delivers {} twice", index.messages[message]),
    })
}
