//! The container of saved documents: what all kinds of them have in common.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `8b 74 64 67` |
//! | 1 | the version of the format: 1 |
//! | 1 | the [`DocumentKind`] of document |
//! | any | columns: each its length, then so many bytes. What is in which is the kind's affair. Empty columns at the end are left out |
//! | 4 | CRC-32C of all bytes before, little-endian |
//!
//! Numbers are those of [`Wire`](tidings_clocks::Wire): little-endian base 128, in their shortest form.

mod checksum;
mod column;
mod compression;
mod reader;
mod writer;

use tidings_clocks::Malformed;

pub(crate) use column::Column;
pub(crate) use compression::write_text;
pub(crate) use reader::Reader;
pub(crate) use writer::{Writer, write_signed};

const MAGIC: [u8; 4] = [0x8b, b't', b'd', b'g'];
const VERSION: u8 = 1;

/// What a document is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A [`Text`](crate::Text), all of it.
    Text,
    /// A [`TextDelta`](crate::TextDelta): a part of a text.
    TextDelta,
    /// A [`Document`](crate::Document), all of it or a delta.
    Document,
    /// A [`TextReplica`](crate::TextReplica).
    TextReplica,
}

impl DocumentKind {
    const ALL: [Self; 4] = [Self::Text, Self::TextDelta, Self::Document, Self::TextReplica];

    /// The byte that stands for it in a document.
    const fn byte(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::TextDelta => 2,
            Self::Document => 3,
            Self::TextReplica => 4,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Why bytes are not a document that can be loaded.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// The bytes do not begin as documents do, or are too few for one.
    #[error("these bytes are no document of this library")]
    NotADocument,
    /// The document is of a version that this library does not know.
    #[error("the document has version {found} of the format, and only version {known} is known")]
    Version {
        /// The document's version.
        found: u8,
        /// The one that is known.
        known: u8,
    },
    /// The document is of another kind; `None` if of one that this library does not know.
    #[error("the document is of kind {found:?}, not {expected:?}")]
    Kind {
        /// What was asked for.
        expected: DocumentKind,
        /// What the document is.
        found: Option<DocumentKind>,
    },
    /// The bytes were changed, or some are missing or too many.
    #[error("the document's checksum is {stated:#010x}, but its bytes have {computed:#010x}")]
    Checksum {
        /// The checksum in the document.
        stated: u32,
        /// That of its bytes.
        computed: u32,
    },
    /// The checksum is right, but a column holds what no correct writer has written.
    #[error("column {column} of the document: {why}")]
    Column {
        /// Which column, from 0.
        column: usize,
        /// What is wrong with it.
        why: Malformed,
    },
    /// The document would take more memory than is allowed.
    #[error("the document takes {needed} bytes of memory, and {limit} are allowed")]
    TooLarge {
        /// About how many bytes it takes.
        needed: usize,
        /// How many it may take.
        limit: usize,
    },
}
