use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// The characters of a run: a string that needs no memory of its own while it is short, as keystrokes are, and knows how many characters it is.
#[derive(Clone)]
pub(super) enum Chars {
    /// `bytes[..len]` is valid UTF-8, of `count` characters.
    Short {
        len: u8,
        count: u8,
        bytes: [u8; Chars::SHORT],
    },
    Long(Box<Long>),
    /// So many, but nobody knows what they were.
    Deleted(u64),
}

#[derive(Clone)]
pub(super) struct Long {
    text: String,
    count: u64,
}

impl Chars {
    const SHORT: usize = 13;

    #[inline]
    pub(super) fn new(text: &str) -> Self {
        match text.as_bytes() {
            // A keystroke, without a call to count and to copy one byte.
            [byte] => {
                let mut bytes = [0; Self::SHORT];
                bytes[0] = *byte;
                Self::Short { len: 1, count: 1, bytes }
            }
            _ => Self::of(text),
        }
    }

    fn of(text: &str) -> Self {
        let count = text.chars().count();
        if text.len() > Self::SHORT {
            return Self::Long(Box::new(Long { text: String::from(text), count: count as u64 }));
        }
        let mut bytes = [0; Self::SHORT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let small = |length: usize| u8::try_from(length).expect("it is short");
        Self::Short { len: small(text.len()), count: small(count), bytes }
    }

    /// The characters; none if they are deleted.
    #[inline]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Short { len, bytes, .. } => core::str::from_utf8(&bytes[..usize::from(*len)]).expect("copied from a string"),
            Self::Long(long) => &long.text,
            Self::Deleted(_) => "",
        }
    }

    /// How many they are, or were.
    #[inline]
    pub(super) const fn count(&self) -> u64 {
        match self {
            Self::Short { count, .. } => *count as u64,
            Self::Long(long) => long.count,
            Self::Deleted(count) => *count,
        }
    }

    /// Appends to characters that are not deleted. O(length of `more`), amortised.
    pub(super) fn push_str(&mut self, more: &str) {
        match self {
            Self::Deleted(_) => debug_assert!(more.is_empty(), "deleted characters cannot be continued"),
            Self::Long(long) => {
                long.text.push_str(more);
                long.count += more.chars().count() as u64;
            }
            Self::Short { len, count, bytes } => {
                let (start, end) = (usize::from(*len), usize::from(*len) + more.len());
                if end <= Self::SHORT {
                    bytes[start..end].copy_from_slice(more.as_bytes());
                    *len = u8::try_from(end).expect("it is short");
                    *count += u8::try_from(more.chars().count()).expect("it is short");
                } else {
                    *self = Self::of(&[self.as_str(), more].concat());
                }
            }
        }
    }
}

impl PartialEq for Chars {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Deleted(mine), Self::Deleted(other)) => mine == other,
            (Self::Deleted(_), _) | (_, Self::Deleted(_)) => false,
            _ => self.as_str() == other.as_str(),
        }
    }
}

impl Eq for Chars {}

impl fmt::Debug for Chars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted(length) => write!(f, "{length} deleted"),
            chars => chars.as_str().fmt(f),
        }
    }
}
