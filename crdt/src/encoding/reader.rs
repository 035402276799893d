use tidings_clocks::{Malformed, Wire};

use super::checksum::crc32c;
use super::{Column, DocumentKind, EncodingError, MAGIC, VERSION};

/// A document whose checksum is right, column by column. Allocates nothing.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    column: usize,
}

impl<'a> Reader<'a> {
    /// Opens a document of this kind.
    pub(crate) fn open(bytes: &'a [u8], kind: DocumentKind) -> Result<Self, EncodingError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(EncodingError::NotADocument)?;
        let ([version, found, ..], Some((_, checksum))) = (rest, bytes.split_last_chunk::<4>()) else {
            return Err(EncodingError::NotADocument);
        };
        if *version != VERSION {
            return Err(EncodingError::Version { found: *version, known: VERSION });
        }
        let (stated, computed) = (u32::from_le_bytes(*checksum), crc32c(&bytes[..bytes.len() - 4]));
        if stated != computed {
            return Err(EncodingError::Checksum { stated, computed });
        }
        let found = DocumentKind::of(*found);
        if found != Some(kind) {
            return Err(EncodingError::Kind { expected: kind, found });
        }
        let rest = bytes.get(MAGIC.len() + 2..bytes.len() - 4).ok_or(EncodingError::NotADocument)?;
        Ok(Self { rest, column: 0 })
    }

    /// The next column; an empty one if there are no more.
    pub(crate) fn column(&mut self) -> Result<Column<'a>, EncodingError> {
        let column = self.column;
        self.column += 1;
        if self.rest.is_empty() {
            return Ok(Column::new(&[], column));
        }
        let error = |why| EncodingError::Column { column, why };
        let (length, rest) = u64::decode(self.rest, 0).map_err(error)?;
        let length = usize::try_from(length).map_err(|_| error(Malformed::Truncated))?;
        let (bytes, rest) = rest.split_at_checked(length).ok_or(error(Malformed::Truncated))?;
        if rest.is_empty() && bytes.is_empty() {
            return Err(error(Malformed::Zero));
        }
        self.rest = rest;
        Ok(Column::new(bytes, column))
    }

    /// Makes sure that there are no more columns.
    pub(crate) fn finish(&self) -> Result<(), EncodingError> {
        Column::new(self.rest, self.column).finish()
    }
}
