use core::fmt;

/// Why a text is no log: where it stops to be one, and what should have stood there.
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

/// What a log needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// Any event: the log has none.
    Event,
    /// A line with nothing but a host and its clock.
    HostAndClock,
    /// The line with the text of the event whose clock stands on the line before.
    Text,
    /// A time stamp.
    Timestamp,
    /// A host that has an entry in the clock beside it.
    HostInClock,
    /// A host of the clock.
    HostName,
    /// The end of a host's name.
    Quote,
    /// One of JSON's escapes in a host's name.
    Escape,
    /// A host that the clock has not named before.
    NewHostName,
    /// Between a host and its entry.
    Colon,
    /// An entry.
    Number,
    /// An own entry that is not 0.
    OwnEntry,
    /// Between two entries, or at the end of the clock.
    CommaOrBrace,
    /// The end of the line after the clock.
    EndOfLine,
    /// The empty line after a header. What stands there tells several executions apart; read them one at a time.
    NoDelimiter,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "an event with a host and a clock",
            Self::HostAndClock => "a host and its clock, as in: host {\"host\":1}",
            Self::Text => "the text of the event whose clock is on the line before",
            Self::Timestamp => "a whole number as the time, then a space",
            Self::HostInClock => "a host that has an entry in its clock",
            Self::HostName => "a host's name in double quotes",
            Self::Quote => "a double quote at the end of the host's name",
            Self::Escape => "an escape of JSON",
            Self::NewHostName => "a host that the clock does not name twice",
            Self::Colon => "a colon",
            Self::Number => "a whole number below 2^64",
            Self::OwnEntry => "an own entry of at least 1",
            Self::CommaOrBrace => "a comma or a closing brace",
            Self::EndOfLine => "the end of the line",
            Self::NoDelimiter => "an empty line after the header, since one execution is read at a time",
        })
    }
}
