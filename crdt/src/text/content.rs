use alloc::string::String;

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
    /// A piece of up to this many bytes is copied to the end so that its span can grow there.
    const MOVED: u32 = 64;
    /// So much waste is never worth a walk.
    const WASTE: usize = 1024;

    pub(super) const fn new() -> Self {
        Self { bytes: String::new(), dead: 0 }
    }

    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: String::with_capacity(bytes), dead: 0 }
    }

    /// Whether `more` bytes fit, counting what a moved piece may waste.
    #[inline]
    pub(super) fn fits(&self, more: usize) -> bool {
        more <= Self::LIMIT - (Self::MOVED as usize) && self.bytes.len() <= Self::LIMIT - (Self::MOVED as usize) - more
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
        self.bytes.push_str(text);
        Some(at)
    }

    /// The characters of a visible span, and nothing of a deleted one.
    #[inline]
    pub(super) fn of(&self, span: &Span) -> &str {
        if span.is_visible() { &self.bytes[span.at() as usize..][..span.bytes() as usize] } else { "" }
    }

    /// How many bytes the first `chars` characters of a span are. O(1) if all of them have one byte, else O(`chars`).
    #[inline]
    pub(super) fn bytes_of(&self, span: &Span, chars: u32) -> u16 {
        if !span.is_visible() {
            return 0;
        }
        if span.bytes() == span.chars() || chars == 0 {
            return u16::try_from(chars).expect("a span holds fewer characters");
        }
        let text = self.of(span);
        let bytes = text.char_indices().nth(chars as usize).map_or(text.len(), |(at, _)| at);
        u16::try_from(bytes).expect("a span's bytes are counted in 16 bits")
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
