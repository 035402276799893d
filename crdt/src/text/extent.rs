use core::ops::{AddAssign, Sub, SubAssign};

/// How much visible text a span holds: characters, bytes of UTF-8 and units of UTF-16, packed so that a span needs no more room for it.
///
/// 10 bits for characters, 12 for bytes, 10 for the characters that are two units of UTF-16: as many as [`CHARS`](Self::CHARS) characters can have. Sums and
/// differences are those of the packed number, as long as the result is the extent of some text of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent(u32);

impl Extent {
    /// So many characters at most are in one visible span: finding a character inside costs a walk over at most four times as many bytes.
    pub(super) const CHARS: u32 = (1 << Self::BYTES) - 1;
    pub(super) const NONE: Self = Self(0);

    /// The bit at which the count of bytes begins, and that of characters of two units.
    const BYTES: u32 = 10;
    const WIDE: u32 = 22;

    /// So many characters of one byte.
    #[inline]
    pub(super) const fn ascii(chars: u32) -> Self {
        Self(chars | (chars << Self::BYTES))
    }

    /// That of a text of `chars` characters, at most [`CHARS`](Self::CHARS).
    #[inline]
    pub(super) fn of(text: &str, chars: u32) -> Self {
        debug_assert!(chars <= Self::CHARS, "it fits into a span");
        if text.len() == chars as usize {
            return Self::ascii(chars);
        }
        let bytes = u32::try_from(text.len()).expect("a character has at most four bytes");
        Self(chars | (bytes << Self::BYTES) | (wide(text) << Self::WIDE))
    }

    #[inline]
    pub(super) const fn chars(self) -> u32 {
        self.0 & Self::CHARS
    }

    #[inline]
    pub(super) const fn bytes(self) -> u32 {
        (self.0 >> Self::BYTES) & 0xfff
    }

    /// The characters beyond the basic multilingual plane: those of four bytes, which are two units of UTF-16.
    #[inline]
    pub(super) const fn wide(self) -> u32 {
        self.0 >> Self::WIDE
    }

    #[inline]
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether every character is one byte.
    #[inline]
    pub(super) const fn is_ascii(self) -> bool {
        self.chars() == self.bytes()
    }
}

/// How many characters of a text are two units of UTF-16.
fn wide(text: &str) -> u32 {
    // A byte of at least 0xf0 begins four bytes, and stands nowhere else in UTF-8.
    u32::try_from(text.bytes().filter(|&byte| byte >= 0xf0).count()).expect("it fits into a span")
}

impl AddAssign for Extent {
    #[inline]
    fn add_assign(&mut self, more: Self) {
        self.0 += more.0;
    }
}

impl SubAssign for Extent {
    #[inline]
    fn sub_assign(&mut self, less: Self) {
        self.0 -= less.0;
    }
}

impl Sub for Extent {
    type Output = Self;

    #[inline]
    fn sub(mut self, less: Self) -> Self {
        self -= less;
        self
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Counts what the standard library counts, of whole texts and of their parts.
        #[test]
        fn counts_as_the_standard_library(chars in prop::collection::vec(any::<char>(), 0..=1023), cut: prop::sample::Index) {
            let text: String = chars.iter().collect();
            let head: String = chars[..cut.index(chars.len() + 1)].iter().collect();
            let count = |text: &str| u32::try_from(text.chars().count()).expect("small");
            let (all, first) = (Extent::of(&text, count(&text)), Extent::of(&head, count(&head)));
            for (extent, text) in [(all, text.as_str()), (first, head.as_str()), (all - first, &text[head.len()..])] {
                prop_assert_eq!((extent.chars(), extent.bytes() as usize), (count(text), text.len()));
                prop_assert_eq!((extent.chars() + extent.wide()) as usize, text.encode_utf16().count());
                prop_assert_eq!((extent.is_none(), extent.is_ascii()), (text.is_empty(), text.is_ascii()));
            }
        }
    }
}
