use tidings_clocks::Dot;

use super::unit::TextUnit;

/// Why a [`Text`](crate::Text) was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError<A> {
    /// A position or the end of a range lies beyond the text's end, or a range ends before it begins.
    #[error("position {position} is not in a text of length {length}")]
    OutOfRange {
        /// The position, in characters or the unit of the call.
        position: usize,
        /// How many visible characters there are, or how many units they are.
        length: usize,
    },
    /// An offset is not where a character begins.
    #[error("offset {offset} in {unit:?} is in the middle of a character")]
    InsideCharacter {
        /// The offset.
        offset: usize,
        /// What it is counted in.
        unit: TextUnit,
    },
    /// The actor's counter would pass its limit of 2³² − 2.
    #[error("actor {actor:?} has typed as many characters as can be counted")]
    Exhausted {
        /// Whose counter.
        actor: A,
    },
    /// More than 2³² − 2 characters, deleted ones too, or about as many bytes of visible ones, are not kept.
    #[error("the text is full")]
    Full,
    /// The delta builds on a character that is not known yet: apply it again when that one has come.
    #[error("character {} of {:?} is not known yet", .0.counter, .0.actor)]
    Missing(Dot<A>),
    /// The delta names a character that all have deleted, and that is forgotten: whoever made it did not know what is stable.
    #[error("character {} of {:?} is deleted and pruned", .0.counter, .0.actor)]
    Pruned(Dot<A>),
    /// The delta names a known character but gives it other content or other origins: two processes have used one actor id, or one forgot what it had typed.
    #[error("character {} of {:?} is already another one", .0.counter, .0.actor)]
    Reused(Dot<A>),
    /// The delta gives a character origins that never stood next to each other.
    #[error("character {} of {:?} has origins that never were neighbours", .0.counter, .0.actor)]
    Impossible(Dot<A>),
    /// The delta has an empty run or range, or a counter of zero or beyond all limits.
    #[error("character {} of {:?} begins a run or range that is empty or out of bounds", .0.counter, .0.actor)]
    Malformed(Dot<A>),
}
