use core::fmt;

/// Why a text is no trace of raft: where it stops to be one, and what should have stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What should have stood there.
    pub expected: Expected,
}

/// What a trace of raft needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// Any event: the log has none.
    Event,
    /// A JSON object on a line of its own.
    Object,
    /// A value of JSON.
    Value,
    /// A name in an object.
    Name,
    /// Between a name and its value.
    Colon,
    /// Between two values, or at the end of an array or object.
    CommaOrEnd,
    /// The quote at the end of a text.
    Quote,
    /// One of JSON's escapes in a text.
    Escape,
    /// Less nesting than this.
    LessNesting,
    /// The end of the line after the object.
    EndOfLine,
    /// This field, with a text.
    Text(&'static str),
    /// This field, with a whole number.
    Number(&'static str),
    /// This field, with an object.
    Fields(&'static str),
    /// The process of the event as the one that sends or receives the message.
    OwnMessage,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Event => "an event: a line with \"tag\":\"trace\"",
            Self::Object => "an object of JSON",
            Self::Value => "a value of JSON",
            Self::Name => "a name in double quotes",
            Self::Colon => "a colon",
            Self::CommaOrEnd => "a comma or the closing bracket",
            Self::Quote => "a double quote at the end of the text",
            Self::Escape => "an escape of JSON",
            Self::LessNesting => "less nesting",
            Self::EndOfLine => "the end of the line",
            Self::Text(field) => return write!(f, "a text as {field:?}"),
            Self::Number(field) => return write!(f, "a whole number below 2^64 as {field:?}"),
            Self::Fields(field) => return write!(f, "an object as {field:?}"),
            Self::OwnMessage => "a message that the process of the event sends or receives",
        };
        f.write_str(text)
    }
}
