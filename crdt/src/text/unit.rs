use core::ops::Range;

use super::Text;
use super::delta::TextDelta;
use super::error::TextError;

/// What a position in a text is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TextUnit {
    /// Characters: Unicode scalar values, as Rust's `char`.
    Char,
    /// Bytes of UTF-8, as Rust's `str` and many files.
    Utf8,
    /// Units of UTF-16, as JavaScript, Java, Windows and the language server protocol.
    Utf16,
}

/// Positions in other units than characters.
impl<A> Text<A> {
    /// How many units the visible characters are. O(1).
    #[must_use]
    pub fn len_in(&self, unit: TextUnit) -> usize {
        let sum = self.tree.sum();
        let length = match unit {
            TextUnit::Char => sum.chars,
            TextUnit::Utf8 => sum.bytes,
            // A character has at most two units, so that this may be more than 32 bits hold.
            TextUnit::Utf16 => return sum.chars as usize + sum.wide as usize,
        };
        length as usize
    }

    /// The offset in `unit` at which the character at `position` begins; at the text's end, its length. `None` beyond it. O(log n).
    #[must_use]
    pub fn offset_of(&self, unit: TextUnit, position: usize) -> Option<usize> {
        if position >= self.len() {
            return (position == self.len()).then(|| self.len_in(unit));
        }
        if unit == TextUnit::Char {
            return Some(position);
        }
        let (point, _) = self.tree.at_char(u32::try_from(position).ok()?);
        let (before, head) = (self.tree.before(point.place), self.content.head(self.tree.span(point.place), point.offset));
        Some(match unit {
            TextUnit::Utf8 => before.bytes as usize + head.bytes() as usize,
            _ => position + before.wide as usize + head.wide() as usize,
        })
    }

    /// The position of the character that begins at `offset` in `unit`; at the text's end, its length. `None` beyond it and inside of a character. O(log n).
    #[must_use]
    pub fn position_at(&self, unit: TextUnit, offset: usize) -> Option<usize> {
        if offset >= self.len_in(unit) {
            return (offset == self.len_in(unit)).then(|| self.len());
        }
        let (place, rest) = match unit {
            TextUnit::Char => return Some(offset),
            TextUnit::Utf8 => {
                let (place, rest) = self.tree.at_byte(u32::try_from(offset).ok()?);
                (place, rest as usize)
            }
            TextUnit::Utf16 => {
                let (place, rest) = self.tree.at_utf16(offset as u64);
                (place, usize::try_from(rest).ok()?)
            }
        };
        let span = self.tree.span(place);
        let inside = if span.extent().is_ascii() {
            rest
        } else {
            let width = |c: char| if unit == TextUnit::Utf8 { c.len_utf8() } else { c.len_utf16() };
            let (mut chars, mut left) = (0, rest);
            for c in self.content.of(span).chars() {
                if left == 0 {
                    break;
                }
                // Below 0: the offset is in the middle of this character.
                left = left.checked_sub(width(c))?;
                chars += 1;
            }
            chars
        };
        Some(self.tree.before(place).chars as usize + inside)
    }
}

impl<A: Clone + Ord> Text<A> {
    /// [`splice`](Self::splice) with a range that is counted in `unit`: deletes what is in it, and types `text` in its place. Costs as that, and O(log n) more.
    ///
    /// An insertion has an empty range, a deletion an empty text.
    ///
    /// # Errors
    /// Those of `splice`; [`OutOfRange`](TextError::OutOfRange) counts in `unit`; [`InsideCharacter`](TextError::InsideCharacter) if an end of the range is in the
    /// middle of a character. The text is unchanged.
    pub fn splice_in(&mut self, unit: TextUnit, actor: A, range: Range<usize>, text: &str) -> Result<TextDelta<A>, TextError<A>> {
        let length = self.len_in(unit);
        if range.end > length || range.start > range.end {
            return Err(TextError::OutOfRange { position: range.start.max(range.end), length });
        }
        let position = |offset| self.position_at(unit, offset).ok_or(TextError::InsideCharacter { offset, unit });
        let range = position(range.start)?..position(range.end)?;
        self.splice(actor, range, text)
    }
}
