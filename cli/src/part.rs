use std::sync::Arc;

/// The head of a message: which event it is of, and which part of that event's delta follows.
///
/// A delta travels whole if it can. One that is larger than [`Part::MOST`] (a whole tree that is imported at once) goes in parts, so that no
/// buffer has to be made for the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which event.
    pub event: usize,
    /// Which part of its delta, from 0.
    pub part: usize,
    /// How many parts there are; at least 1.
    pub parts: usize,
}

impl Part {
    /// The most bytes of a delta in one message.
    pub const MOST: usize = 64 << 10;

    /// The most bytes of a message.
    pub const MESSAGE: usize = Self::MOST + 15;

    /// The messages that carry the delta of `event`; at least one.
    ///
    /// # Panics
    /// Never: there are fewer than 2³² events and parts.
    #[must_use]
    pub fn messages(event: usize, delta: &[u8]) -> Vec<Arc<[u8]>> {
        let parts = delta.len().div_ceil(Self::MOST).max(1);
        let number = |number: usize| u32::try_from(number).expect("fewer than 2^32 events and parts");
        let message = |part: usize| {
            let from = part * Self::MOST;
            let head = (number(event), number(part), number(parts - 1));
            let mut message = postcard::to_allocvec(&head).expect("numbers can be written");
            message.extend_from_slice(&delta[from..delta.len().min(from + Self::MOST)]);
            Arc::from(message)
        };
        (0..parts).map(message).collect()
    }

    /// Reads the head of a message, and says where the delta's bytes begin; `None` if no process wrote it.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<(Self, usize)> {
        let ((event, part, last), rest): ((u32, u32, u32), _) = postcard::take_from_bytes(message).ok()?;
        let part = Self { event: event as usize, part: part as usize, parts: last as usize + 1 };
        (part.part < part.parts).then_some((part, message.len() - rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_delta_are_the_delta() {
        for length in [0, 1, 300, Part::MOST - 1, Part::MOST, Part::MOST + 1, 5 * Part::MOST + 7] {
            let delta: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let messages = Part::messages(70_000, &delta);
            let mut whole = Vec::new();
            for (number, message) in messages.iter().enumerate() {
                let (part, start) = Part::read(message).unwrap();
                assert_eq!(part, Part { event: 70_000, part: number, parts: messages.len() });
                assert!(message.len() <= Part::MESSAGE);
                whole.extend_from_slice(&message[start..]);
            }
            assert_eq!(whole, delta);
        }
    }

    #[test]
    fn what_no_process_wrote_is_not_read() {
        assert_eq!(Part::read(&[]), None);
        assert_eq!(Part::read(&[0x80, 0x80]), None);
        assert_eq!(Part::read(&[1, 2, 1]), None);
    }
}
