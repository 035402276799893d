use alloc::string::String;

use super::extent::Extent;
use super::span::Span;

/// The characters of all visible spans, each span's in one piece, in the order in which they came; and what deletions have left between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    bytes: String,
    /// How many bytes belong to no visible span.
    dead: usize,
}

impl Content {
    /// More is never held: offsets have 32 bits, and one value is kept for "deleted".
    const LIMIT: usize = u32::MAX as usize - 1;
    /// So many bytes at once fit into the empty one.
    pub(super) const MOST: usize = Self::LIMIT - Self::MOVED as usize;
    /// A piece of up to this many bytes is copied to the end so that its span can grow there.
    const MOVED: u32 = 64;
    /// So much waste is never worth a walk.
    const WASTE: usize = 1024;

    pub(super) const fn new() -> Self {
        Self { bytes: String::new(), dead: 0 }
    }

    /// That of spans which together take up all of `bytes`, which fits.
    pub(super) const fn from_text(bytes: String) -> Self {
        Self { bytes, dead: 0 }
    }

    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: String::with_capacity(bytes), dead: 0 }
    }

    /// Whether `more` bytes fit, counting what a moved piece may waste.
    #[inline]
    pub(super) fn fits(&self, more: usize) -> bool {
        more <= Self::MOST && self.bytes.len() <= Self::MOST - more
    }

    /// Appends and says where. The caller has asked whether it [fits](Self::fits).
    #[inline]
    pub(super) fn push(&mut self, text: &str) -> u32 {
        let at = self.bytes.len();
        self.bytes.push_str(text);
        u32::try_from(at).expect("fits was asked")
    }

    /// Appends to a span's characters, if they are the last ones held or few enough to move, and says where they are then.
    #[inline]
    pub(super) fn extend(&mut self, span: &Span, text: &str) -> Option<u32> {
        let mut at = span.at();
        let end = span.at() as usize + span.bytes() as usize;
        if end != self.bytes.len() {
            if span.bytes() > Self::MOVED {
                return None;
            }
            at = u32::try_from(self.bytes.len()).expect("fits was asked");
            self.bytes.extend_from_within(span.at() as usize..end);
            self.dead += span.bytes() as usize;
        }
        match text.as_bytes() {
            // A keystroke, without a call to copy one byte.
            [byte] => self.bytes.push(char::from(*byte)),
            _ => self.bytes.push_str(text),
        }
        Some(at)
    }

    /// The characters of a visible span, and nothing of a deleted one.
    #[inline]
    pub(super) fn of(&self, span: &Span) -> &str {
        if span.is_visible() { &self.bytes[span.at() as usize..][..span.bytes() as usize] } else { "" }
    }

    /// How much the first `chars` characters of a span are. O(1) if all of them have one byte, else O(`chars`).
    #[inline]
    pub(super) fn head(&self, span: &Span, chars: u32) -> Extent {
        if !span.is_visible() {
            return Extent::NONE;
        }
        if span.extent().is_ascii() {
            return Extent::ascii(chars);
        }
        let text = self.of(span);
        let bytes = text.char_indices().nth(chars as usize).map_or(text.len(), |(at, _)| at);
        Extent::of(&text[..bytes], chars)
    }

    /// Forgets `bytes` bytes at `at`.
    #[inline]
    pub(super) fn forget(&mut self, at: u32, bytes: u32) {
        if at as usize + bytes as usize == self.bytes.len() {
            self.bytes.truncate(at as usize);
        } else {
            self.dead += bytes as usize;
        }
    }

    /// Whether more is wasted than used, and enough to be worth a walk over `spans` spans.
    #[inline]
    pub(super) fn is_wasteful(&self, spans: usize) -> bool {
        self.dead > Self::WASTE.max(self.bytes.len() - self.dead).max(spans)
    }

    /// How many bytes are held, used or not.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How much memory is reserved, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
