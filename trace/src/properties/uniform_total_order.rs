use alloc::format;
use alloc::vec;

use crate::index::Index;
use crate::{Property, Violation};

/// The sequences of deliveries of all processes, those that crash included, are prefixes of one sequence. O(steps).
///
/// Stronger than UTOB5: it forbids gaps as well as opposite orders. If there is such a sequence, the longest of them is one.
pub(crate) fn check(index: &Index) -> Result<(), Violation> {
    let sequences = index.sequences();
    let Some((longest, whole)) = sequences.iter().enumerate().max_by_key(|(_, sequence)| sequence.len()) else { return Ok(()) };
    let parted = sequences.iter().enumerate().filter_map(|(life, sequence)| {
        let place = sequence.iter().zip(whole).position(|(a, b)| a.message != b.message)?;
        Some((whole[place], sequence[place], life, place))
    });
    let earliest = parted.min_by_key(|(a, b, ..)| a.event.max(b.event));
    let Some((expected, found, life, place)) = earliest else { return Ok(()) };
    let [expected_id, found_id] = [expected.message, found.message].map(|message| index.messages[message]);
    Err(Violation {
        property: Property::UniformTotalOrder,
        events: vec![expected.event, found.event],
        explanation: format!(
            "delivery {} of {} is {expected_id}, but that of {} is {found_id}",
            place + 1,
            index.lives[longest],
            index.lives[life]
        ),
    })
}
