use alloc::string::String;

use tidings_clocks::{Malformed, Wire};

use super::{EncodingError, compression};

/// The part of a column that is not read yet.
#[derive(Clone, Debug)]
pub(crate) struct Column<'a> {
    rest: &'a [u8],
    /// Which column it is, for errors.
    column: usize,
}

impl<'a> Column<'a> {
    pub(super) const fn new(rest: &'a [u8], column: usize) -> Self {
        Self { rest, column }
    }

    /// The next number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, EncodingError> {
        // Most numbers are small.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.value(0)
    }

    /// The next number, which must fit into 32 bits.
    #[inline]
    pub(crate) fn number32(&mut self) -> Result<u32, EncodingError> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.error(Malformed::Number))
    }

    /// The next signed number, as [`write_signed`](super::write_signed) writes it.
    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64, EncodingError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The next value in its wire form.
    pub(crate) fn value<T: Wire>(&mut self, limit: usize) -> Result<T, EncodingError> {
        let (value, rest) = T::decode(self.rest, limit).map_err(|why| self.error(why))?;
        self.rest = rest;
        Ok(value)
    }

    /// The text that takes up the rest of the column, at most `limit` bytes.
    pub(crate) fn text(self, limit: usize) -> Result<String, EncodingError> {
        compression::read_text(self, limit)
    }

    /// How many bytes are left.
    pub(crate) const fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether all is read.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All bytes that are left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether these are the bytes that are left.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        self.rest == bytes
    }

    /// Makes sure that all is read.
    pub(crate) fn finish(&self) -> Result<(), EncodingError> {
        if self.is_empty() { Ok(()) } else { Err(self.error(Malformed::Trailing { bytes: self.rest.len() })) }
    }

    /// Something in this column is wrong.
    pub(crate) const fn error(&self, why: Malformed) -> EncodingError {
        EncodingError::Column { column: self.column, why }
    }

    /// This column contradicts itself or another one.
    pub(crate) const fn contradiction(&self) -> EncodingError {
        self.error(Malformed::Contradiction)
    }
}
