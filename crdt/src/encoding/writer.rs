use alloc::vec::Vec;

use tidings_clocks::Wire;

use super::checksum::crc32c;
use super::{DocumentKind, MAGIC, VERSION};

/// A document in the making, column by column.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Columns without content that were not followed by one with content yet.
    empty: usize,
}

impl Writer {
    /// A document of this kind, without columns.
    pub(crate) fn new(kind: DocumentKind) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, kind.byte()]);
        Self { bytes, empty: 0 }
    }

    /// Writes the next column.
    pub(crate) fn column(&mut self, column: &[u8]) {
        if column.is_empty() {
            self.empty += 1;
            return;
        }
        self.bytes.resize(self.bytes.len() + core::mem::take(&mut self.empty), 0);
        (column.len() as u64).encode(&mut self.bytes);
        self.bytes.extend_from_slice(column);
    }

    /// The whole document.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let checksum = crc32c(&self.bytes);
        self.bytes.extend(checksum.to_le_bytes());
        self.bytes
    }
}

/// Writes a number that may be negative: 0, −1, 1, −2 and so on as 0, 1, 2, 3.
pub(crate) fn write_signed(number: i64, out: &mut Vec<u8>) {
    ((number << 1) ^ (number >> 63)).cast_unsigned().encode(out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidings_clocks::Malformed;

    use super::super::{EncodingError, Reader};
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, EncodingError> {
        let mut reader = Reader::open(bytes, DocumentKind::Text)?;
        let mut columns = Vec::new();
        for _ in 0..4 {
            columns.push(reader.column()?.rest().to_vec());
        }
        reader.finish().map(|()| columns)
    }

    fn document(columns: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = Writer::new(DocumentKind::Text);
        columns.iter().for_each(|column| writer.column(column));
        writer.finish()
    }

    proptest! {
        /// Columns come back, empty ones too; and a document with one bit changed, or cut short, is none.
        #[test]
        fn columns_come_back(columns in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 4), flip: prop::sample::Index) {
            let mut bytes = document(&columns);
            prop_assert_eq!(read(&bytes), Ok(columns));
            let cut = flip.index(bytes.len());
            prop_assert!(read(&bytes[..cut]).is_err());
            let bit = flip.index(8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(read(&bytes).is_err());
        }

        /// Signed numbers come back, small ones in one byte.
        #[test]
        fn signed_numbers_come_back(number: i64, small in -64..64_i64) {
            let mut column = Vec::new();
            write_signed(number, &mut column);
            write_signed(small, &mut column);
            let bytes = document(&[column.clone()]);
            let mut reader = Reader::open(&bytes, DocumentKind::Text).expect("a document");
            let mut column = reader.column().expect("there is one");
            prop_assert_eq!(column.signed(), Ok(number));
            prop_assert_eq!(column.len(), 1);
            prop_assert_eq!(column.signed(), Ok(small));
            prop_assert_eq!(column.finish(), Ok(()));
            prop_assert_eq!(column.number(), Err(column.error(Malformed::Truncated)));
        }
    }

    /// What is wrong is named.
    #[test]
    fn errors_say_what_is_wrong() {
        let whole = document(&[alloc::vec![1, 2, 3]]);
        let sealed = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.len() - 4);
            let checksum = crc32c(&bytes).to_le_bytes();
            bytes.extend(checksum);
            bytes
        };
        let with = |at: usize, byte| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            bytes
        };
        assert_eq!(read(b""), Err(EncodingError::NotADocument));
        assert_eq!(read(&with(0, 7)), Err(EncodingError::NotADocument));
        assert_eq!(read(&with(4, 9)), Err(EncodingError::Version { found: 9, known: 1 }));
        assert!(matches!(read(&with(8, 7)), Err(EncodingError::Checksum { .. })));
        assert_eq!(
            read(&sealed(with(5, 2))),
            Err(EncodingError::Kind { expected: DocumentKind::Text, found: Some(DocumentKind::TextDelta) })
        );
        assert_eq!(read(&sealed(with(5, 77))), Err(EncodingError::Kind { expected: DocumentKind::Text, found: None }));
        assert_eq!(read(&sealed(with(6, 4))), Err(EncodingError::Column { column: 0, why: Malformed::Truncated }));
        let many = document(&[alloc::vec![1], alloc::vec![1], alloc::vec![1], alloc::vec![1], alloc::vec![1]]);
        assert_eq!(read(&many), Err(EncodingError::Column { column: 4, why: Malformed::Trailing { bytes: 2 } }));
    }
}
