use tidings_clocks::Dot;

use super::Text;

/// A place between two characters that stays where it is whatever is edited: a cursor, an end of a selection or of a
/// [mark](crate::TextMark).
///
/// It holds on to one side of one character, or to an end of the text. When that character is deleted, it is where the character was. A value that everybody
/// understands who knows the character: a cursor that others shall see is sent as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Anchor<A> {
    /// Before everything.
    Start,
    /// Directly before this character.
    Before(Dot<A>),
    /// Directly after this character.
    After(Dot<A>),
    /// After everything.
    End,
}

impl<A> Anchor<A> {
    /// The character that it holds on to; none at the ends of the text.
    #[must_use]
    pub const fn dot(&self) -> Option<&Dot<A>> {
        match self {
            Self::Before(dot) | Self::After(dot) => Some(dot),
            Self::Start | Self::End => None,
        }
    }
}

/// Which of its two neighbours a place between two characters belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// The character before: what is typed at the place comes after it.
    Left,
    /// The character after: what is typed at the place comes before it, as before one's own cursor.
    Right,
}

impl<A: Clone + Ord> Text<A> {
    /// The place before the visible character at `position`, or at the end of the text, held by the neighbour that `bias` says. `None` beyond the end. O(log n).
    #[must_use]
    pub fn anchor(&self, position: usize, bias: Bias) -> Option<Anchor<A>> {
        if position > self.len() {
            return None;
        }
        Some(match bias {
            Bias::Left => position.checked_sub(1).and_then(|before| self.dot_at(before)).map_or(Anchor::Start, Anchor::After),
            Bias::Right => self.dot_at(position).map_or(Anchor::End, Anchor::Before),
        })
    }

    /// Where the place is now: how many visible characters stand before it. `None` if its character is not known here. O(log n).
    #[must_use]
    pub fn position_of_anchor(&self, anchor: &Anchor<A>) -> Option<usize> {
        match anchor {
            Anchor::Start => Some(0),
            Anchor::End => Some(self.len()),
            Anchor::Before(dot) => self.position_of(dot),
            Anchor::After(dot) => {
                let point = self.tree.find(self.key(dot)?);
                let inside = if self.tree.span(point.place).is_visible() { point.offset as usize + 1 } else { 0 };
                Some(self.tree.before(point.place).chars as usize + inside)
            }
        }
    }
}
