use crate::{Chooser, Site};

/// Chooses by a fuzzer's bytes. What is past the end is 0, the calm choice.
///
/// A choice takes as few bytes as its options need (none for one option, one up to 256, then two, three, four; little-endian), so that a mutation of
/// one byte changes one choice. Probabilities are the fuzzer's business: [`happens`](Chooser::happens) is one byte, odd or even.
#[derive(Clone, Debug)]
pub struct Bytes<'a> {
    bytes: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// Reads from the beginning of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// What was not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Chooser for Bytes<'_> {
    fn choose(&mut self, _site: Site, options: u32) -> u32 {
        let mut value: u32 = 0;
        let mut shift = 0;
        let mut left = options.saturating_sub(1);
        while left > 0 {
            let Some((first, rest)) = self.bytes.split_first() else { break };
            value |= u32::from(*first) << shift;
            self.bytes = rest;
            shift += 8;
            left >>= 8;
        }
        value % options.max(1)
    }
}
