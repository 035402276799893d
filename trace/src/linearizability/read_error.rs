use core::fmt;

/// Why a text is no history: where it stops to be one, and what should have stood there.
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

/// What a history needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// Any call: the history has none.
    Call,
    /// A map, or the end of the list of maps.
    Map,
    /// A form of EDN.
    Form,
    /// The bracket that closes what was opened.
    Closing,
    /// The quote at the end of a text.
    Quote,
    /// One of EDN's escapes in a text.
    Escape,
    /// Less nesting than this.
    LessNesting,
    /// A value for the last key of a map.
    Value,
    /// A number of a process, or a keyword.
    Process,
    /// What kind of entry it is.
    Type,
    /// A function that is known, of the same object as those before.
    Function,
    /// A whole number, or nil.
    Number,
    /// A pair of whole numbers.
    Pair,
    /// A text.
    Text,
    /// An answer to the call before, not another call of the same process.
    Answer,
    /// A call to answer.
    Invocation,
    /// The same function as that of the call which is answered.
    SameFunction,
    /// The same key as that of the call which is answered.
    SameKey,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "a call, as in {:process 0, :type :invoke, :f :read, :value nil}",
            Self::Map => "a map, as in {:process 0, :type :invoke, :f :read, :value nil}",
            Self::Form => "a value of EDN",
            Self::Closing => "the bracket that closes the last one open",
            Self::Quote => "a double quote at the end of the text",
            Self::Escape => "an escape of EDN",
            Self::LessNesting => "less nesting",
            Self::Value => "a value for the key before it",
            Self::Process => ":process with a whole number or a keyword",
            Self::Type => ":type with :invoke, :ok, :fail or :info",
            Self::Function => {
                ":f with :read, :write, :cas; or :get, :put, :append; or :enqueue, :dequeue; or :acquire, :release; all of one object"
            }
            Self::Number => ":value with a whole number below 2^63, or nil",
            Self::Pair => ":value with two whole numbers, as in [1 2]",
            Self::Text => ":value with a text in double quotes",
            Self::Answer => "the answer of this process to its last call",
            Self::Invocation => "a call of this process before its answer",
            Self::SameFunction => "the function that this process was called with",
            Self::SameKey => "the key that this process was called with",
        })
    }
}
