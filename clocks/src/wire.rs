use alloc::string::String;
use alloc::vec::Vec;

use crate::Rank;

/// Why bytes are not the wire form of anything. Nothing was allocated beyond what the bytes and the limit allow.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end in the middle of a value.
    #[error("the bytes end in the middle of a value")]
    Truncated,
    /// Bytes are left over after the value.
    #[error("{bytes} bytes are left over after the value")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A number is not in its shortest form, or too large for its type.
    #[error("a number is not in its shortest form, or too large")]
    Number,
    /// More entries than the reader wants to hold.
    #[error("{entries} entries are more than {limit}")]
    TooMany {
        /// How many the bytes claim.
        entries: u64,
        /// How many may be.
        limit: usize,
    },
    /// Ids that should increase do not.
    #[error("the ids do not increase")]
    Disorder,
    /// A zero where a correct writer leaves the entry out.
    #[error("an entry is zero that should have been left out")]
    Zero,
    /// Text that is not UTF-8.
    #[error("an id is not valid UTF-8")]
    Text,
    /// Parts that cannot belong together.
    #[error("the parts of the value contradict each other")]
    Contradiction,
}

/// A compact byte form, the same on every machine.
///
/// Every value has exactly one form, and a decoder takes no other: what decodes encodes to the same bytes again. Numbers are little-endian base 128 (one byte
/// up to 127), lists carry their length first. A decoder never allocates for more entries than there are bytes left, nor than `limit`: in memory
/// an entry takes several times what its shortest form does (a number 8 bytes for 1, an empty text 24), so it is the limit that bounds what a length can ask for.
pub trait Wire: Sized {
    /// Appends the value's form to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads a value from the front of `bytes` and gives back what follows it. No list in it may have more than `limit` entries.
    ///
    /// # Errors
    /// [`Malformed`] if no value was encoded so.
    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed>;

    /// The value's form.
    fn to_wire(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }

    /// Reads a value that takes up all of `bytes`.
    ///
    /// # Errors
    /// [`Malformed`] as in [`decode`](Wire::decode), or if bytes are left over.
    fn from_wire(bytes: &[u8], limit: usize) -> Result<Self, Malformed> {
        match Self::decode(bytes, limit)? {
            (value, []) => Ok(value),
            (_, rest) => Err(Malformed::Trailing { bytes: rest.len() }),
        }
    }
}

/// Writes how many entries follow.
pub(crate) fn encode_length(length: usize, out: &mut Vec<u8>) {
    (length as u64).encode(out);
}

/// Reads how many entries follow.
pub(crate) fn decode_length(bytes: &[u8], limit: usize) -> Result<(usize, &[u8]), Malformed> {
    let (entries, rest) = u64::decode(bytes, limit)?;
    match usize::try_from(entries) {
        // Every entry takes a byte at least.
        Ok(length) if length <= limit && length <= rest.len() => Ok((length, rest)),
        Ok(length) if length <= limit => Err(Malformed::Truncated),
        _ => Err(Malformed::TooMany { entries, limit }),
    }
}

impl Wire for u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the lowest seven bits are meant")]
    fn encode(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn decode(bytes: &[u8], _: usize) -> Result<(Self, &[u8]), Malformed> {
        let mut value = 0;
        for (place, &byte) in bytes.iter().enumerate().take(10) {
            value |= Self::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                // The tenth byte has room for one bit; a last byte of zero would be superfluous.
                let shortest = (byte != 0 || place == 0) && (place < 9 || byte == 1);
                return if shortest { Ok((value, &bytes[place + 1..])) } else { Err(Malformed::Number) };
            }
        }
        Err(if bytes.len() < 10 { Malformed::Truncated } else { Malformed::Number })
    }
}

impl Wire for u32 {
    fn encode(&self, out: &mut Vec<u8>) {
        u64::from(*self).encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (value, rest) = u64::decode(bytes, limit)?;
        Ok((Self::try_from(value).map_err(|_| Malformed::Number)?, rest))
    }
}

impl Wire for u8 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn decode(bytes: &[u8], _: usize) -> Result<(Self, &[u8]), Malformed> {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed::Truncated)?;
        Ok((byte, rest))
    }
}

impl Wire for Rank {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        u32::decode(bytes, limit).map(|(rank, rest)| (Self(rank), rest))
    }
}

impl<const N: usize> Wire for [u8; N] {
    /// The bytes as they are.
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn decode(bytes: &[u8], _: usize) -> Result<(Self, &[u8]), Malformed> {
        bytes.split_first_chunk().map(|(value, rest)| (*value, rest)).ok_or(Malformed::Truncated)
    }
}

impl Wire for String {
    /// The length in bytes, then the text; the limit is on the length.
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn decode(bytes: &[u8], limit: usize) -> Result<(Self, &[u8]), Malformed> {
        let (length, rest) = decode_length(bytes, limit)?;
        let (text, rest) = rest.split_at(length);
        Ok((core::str::from_utf8(text).map_err(|_| Malformed::Text)?.into(), rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    proptest! {
        #![proptest_config(laws::config(2_000))]

        #[test]
        fn numbers_and_texts_have_one_form(number: u64, small: u32, shift in 0_u32..64, text: String, bytes: [u8; 5]) {
            laws::wire(&(number >> shift), 0);
            laws::wire(&small, 0);
            laws::wire(&Rank(small), 0);
            laws::wire(&text, 1 << 10);
            laws::wire(&bytes, 0);
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_form_of_a_value(bytes in prop::collection::vec(any::<u8>(), 0..14)) {
            laws::decode::<u64>(&bytes, 0);
            laws::decode::<u32>(&bytes, 0);
            laws::decode::<u8>(&bytes, 0);
            laws::decode::<[u8; 3]>(&bytes, 0);
            laws::decode::<String>(&bytes, 8);
        }
    }

    #[test]
    fn numbers_have_no_second_form() {
        assert_eq!(u64::from_wire(&[0x80, 0x00], 0), Err(Malformed::Number));
        assert_eq!(u64::from_wire(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0), Ok(u64::MAX));
        assert_eq!(u64::from_wire(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], 0), Err(Malformed::Number));
        assert_eq!(u64::from_wire(&[0x80; 11], 0), Err(Malformed::Number));
        assert_eq!(u64::from_wire(&[0x80; 9], 0), Err(Malformed::Truncated));
        assert_eq!(u32::from_wire(&(1_u64 << 32).to_wire(), 0), Err(Malformed::Number));
        assert_eq!(u64::from_wire(&[7, 7], 0), Err(Malformed::Trailing { bytes: 1 }));
    }

    /// A length that the bytes cannot back, or that is beyond the limit, is refused before anything is reserved for it.
    #[test]
    fn a_length_is_not_believed() {
        assert_eq!(decode_length(&[5, 0, 0], 10), Err(Malformed::Truncated));
        assert_eq!(decode_length(&u64::MAX.to_wire(), 10), Err(Malformed::TooMany { entries: u64::MAX, limit: 10 }));
        assert_eq!(decode_length(&[3, 0, 0, 0], 3), Ok((3, &[0, 0, 0][..])));
        assert_eq!(decode_length(&[3, 0, 0, 0], 2), Err(Malformed::TooMany { entries: 3, limit: 2 }));
    }
}
