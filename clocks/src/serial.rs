//! What the `Serialize` and `Deserialize` of several types share.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Wire;

/// How many entries a clock may have that is serialised with `serde`, in either direction. (The decoders of the wire forms take a limit instead.)
pub(crate) const MAX_ENTRIES: usize = 1 << 16;

/// A list of at most [`MAX_ENTRIES`], none of which is allocated before it was read.
pub(crate) struct Bounded<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries(PhantomData)).map(Self)
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX_ENTRIES} entries")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Vec<T>, S::Error> {
        // What the input says of its own length is not to be trusted with much memory.
        let mut entries = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(64));
        while let Some(entry) = sequence.next_element()? {
            if entries.len() == MAX_ENTRIES {
                return Err(S::Error::invalid_length(MAX_ENTRIES + 1, &self));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Writes the wire form as a sequence of bytes.
pub(crate) fn serialize_bytes<S: Serializer, T: Wire>(serializer: S, value: &T) -> Result<S::Ok, S::Error> {
    let bytes = value.to_wire();
    let mut sequence = serializer.serialize_seq(Some(bytes.len()))?;
    for byte in bytes {
        sequence.serialize_element(&byte)?;
    }
    sequence.end()
}

/// Reads a wire form whose lists have at most `limit` entries.
pub(crate) fn deserialize_bytes<'de, D: Deserializer<'de>, T: Wire>(deserializer: D, limit: usize) -> Result<T, D::Error> {
    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the bytes of a clock")
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Vec<u8>, S::Error> {
            // As long as the input itself, at most: every byte of it was read.
            let mut bytes = Vec::new();
            while let Some(byte) = sequence.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }

    let bytes = deserializer.deserialize_seq(Bytes)?;
    T::from_wire(&bytes, limit).map_err(D::Error::custom)
}

/// Writes at most [`MAX_ENTRIES`] entries.
pub(crate) fn serialize<S: Serializer, T: Serialize>(serializer: S, entries: impl ExactSizeIterator<Item = T>) -> Result<S::Ok, S::Error> {
    if entries.len() > MAX_ENTRIES {
        return Err(S::Error::custom(format_args!("more than {MAX_ENTRIES} entries")));
    }
    let mut sequence = serializer.serialize_seq(Some(entries.len()))?;
    for entry in entries {
        sequence.serialize_element(&entry)?;
    }
    sequence.end()
}
