//! Text in a column: as it is, or in the LZ4 block format (Collet, *LZ4 Block Format Description*, 2011).
//!
//! The column begins with the number 2 × bytes of text, plus 1 if what follows is compressed. The writer compresses where that is shorter, but never to less than
//! 1/32, so that a reader knows from the size of a document how much memory it may take. Compression is greedy with one candidate for each hash, and stays so
//! within a version: equal texts have equal bytes. That is why the writer is not a library's: what one release of it compresses, the next may compress otherwise, and
//! then two programs would write two forms of one document, of which a reader that asks for the one form takes only its own.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tidings_clocks::{Malformed, Wire};

use super::{Column, EncodingError};

/// A document's text is at most so many times as long as its compressed form.
const RATIO: usize = 32;
/// The shortest match.
const SHORTEST: usize = 4;
/// A match ends so many bytes before the end, and begins [`MARGIN`] before it.
const TAIL: usize = 5;
const MARGIN: usize = 12;
/// A match is at most so far back.
const WINDOW: usize = u16::MAX as usize;
const HASH_BITS: u32 = 14;

/// Writes a text that takes up the rest of a column.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    let packed = compress(text.as_bytes());
    let is_packed = packed.len() < text.len() && packed.len() * RATIO >= text.len();
    (text.len() as u64 * 2 + u64::from(is_packed)).encode(out);
    out.extend_from_slice(if is_packed { &packed } else { text.as_bytes() });
}

/// Reads a text of at most `limit` bytes. Reserves no more than the text's length, which is at most 32 times that of the column.
pub(super) fn read_text(mut column: Column<'_>, limit: usize) -> Result<String, EncodingError> {
    if column.is_empty() {
        return Ok(String::new());
    }
    let stated = column.number()?;
    let bytes = column.rest();
    let length = usize::try_from(stated >> 1).map_err(|_| column.error(Malformed::Number))?;
    let possible = if stated & 1 == 1 { length <= bytes.len().saturating_mul(RATIO) } else { length == bytes.len() };
    if !possible || length == 0 {
        return Err(column.contradiction());
    }
    if length > limit {
        return Err(EncodingError::TooLarge { needed: length, limit });
    }
    let text = if stated & 1 == 1 { decompress(bytes, length).ok_or(column.contradiction())? } else { bytes.to_vec() };
    String::from_utf8(text).map_err(|_| column.error(Malformed::Text))
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    // Where four bytes with this hash were seen last, plus 1.
    let mut seen = vec![0_usize; 1 << HASH_BITS];
    let (mut at, mut written) = (0, 0);
    while at + MARGIN <= bytes.len() {
        let slot = &mut seen[hash(four(bytes, at))];
        let candidate = core::mem::replace(slot, at + 1);
        let found = candidate.checked_sub(1).filter(|&found| at - found <= WINDOW && four(bytes, found) == four(bytes, at));
        let Some(found) = found else {
            at += 1;
            continue;
        };
        let limit = bytes.len() - TAIL - at;
        let length = SHORTEST + (SHORTEST..limit).take_while(|&offset| bytes[found + offset] == bytes[at + offset]).count();
        write_sequence(&bytes[written..at], Some((at - found, length)), &mut out);
        at += length;
        written = at;
        // The place two bytes before is the likeliest to be met again.
        seen[hash(four(bytes, at - 2))] = at - 1;
    }
    write_sequence(&bytes[written..], None, &mut out);
    out
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Knuth's multiplicative hash.
const fn hash(four: u32) -> usize {
    (four.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize
}

/// Literals, then a match of so many bytes so far back; the last sequence has none.
fn write_sequence(literals: &[u8], copy: Option<(usize, usize)>, out: &mut Vec<u8>) {
    let nibble = |length: usize| u8::try_from(length.min(15)).expect("four bits");
    let more = copy.map_or(0, |(_, length)| length - SHORTEST);
    out.push((nibble(literals.len()) << 4) | nibble(more));
    write_length(literals.len(), out);
    out.extend_from_slice(literals);
    if let Some((distance, _)) = copy {
        out.extend(u16::try_from(distance).expect("within the window").to_le_bytes());
        write_length(more, out);
    }
}

/// What four bits do not hold of a length.
fn write_length(length: usize, out: &mut Vec<u8>) {
    if let Some(mut rest) = length.checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(u8::try_from(rest).expect("below 255"));
    }
}

/// `None` if the bytes are not those of a text of this length.
fn decompress(mut bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(length);
    loop {
        let (&token, rest) = bytes.split_first()?;
        bytes = rest;
        let literals = read_length(token >> 4, &mut bytes)?;
        let (head, rest) = bytes.split_at_checked(literals)?;
        if head.len() > length - out.len() {
            return None;
        }
        out.extend_from_slice(head);
        let Some((distance, rest)) = rest.split_first_chunk() else {
            return (rest.is_empty() && token & 15 == 0 && out.len() == length).then_some(out);
        };
        bytes = rest;
        let distance = usize::from(u16::from_le_bytes(*distance));
        let mut copied = read_length(token & 15, &mut bytes)?.checked_add(SHORTEST)?;
        if copied > length - out.len() || distance == 0 {
            return None;
        }
        let start = out.len().checked_sub(distance)?;
        // What is copied may overlap what it is copied from: then that repeats.
        while copied > 0 {
            let piece = copied.min(out.len() - start);
            out.extend_from_within(start..start + piece);
            copied -= piece;
        }
    }
}

fn read_length(nibble: u8, bytes: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(nibble);
    if nibble == 15 {
        loop {
            let (&more, rest) = bytes.split_first()?;
            *bytes = rest;
            length = length.checked_add(usize::from(more))?;
            if more < 255 {
                break;
            }
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<String, EncodingError> {
        read_text(Column::new(bytes, 0), usize::MAX)
    }

    proptest! {
        /// Every text comes back: short and long, with and without repetition.
        #[test]
        fn texts_come_back(words in prop::collection::vec("[a-cé🦀]{1,6}", 1..9), picks in prop::collection::vec((any::<prop::sample::Index>(), 1..40_usize), 0..200)) {
            let text: String = picks.iter().map(|(pick, times)| pick.get(&words).repeat(*times)).collect();
            let mut column = Vec::new();
            write_text(&text, &mut column);
            prop_assert!(column.len() <= text.len() + 10);
            if !text.is_empty() {
                prop_assert_eq!(read(&column), Ok(text));
            }
        }

        /// Bytes that nobody has written give an error or a text within the limits, without a panic.
        #[test]
        fn any_bytes_are_read(stated in 0..4_000_u64, bytes: Vec<u8>) {
            let mut column = Vec::new();
            stated.encode(&mut column);
            column.extend(&bytes);
            if let Ok(text) = read(&column) {
                prop_assert!(text.len() as u64 == stated / 2 && text.len() <= RATIO * bytes.len());
            }
        }
    }

    /// Repetition is found, near and as far back as the window reaches; and never compressed beyond what a reader takes.
    #[test]
    fn repetition_is_short() {
        let words: String = (0..9_000_u32).map(|word| alloc::format!("{} ", word.wrapping_mul(2_654_435_761) >> 8)).collect();
        let mut column = Vec::new();
        write_text(&alloc::format!("{}{}", &words[..60_000], &words[..60_000]), &mut column);
        assert!(column.len() < 64_000, "{}", column.len());
        let same = "a".repeat(100_000);
        column.clear();
        write_text(&same, &mut column);
        assert_eq!(column.len(), 100_003);
        assert_eq!(read(&column), Ok(same));
    }
}
