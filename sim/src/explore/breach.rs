use core::fmt;

use tidings_trace::Property;

/// What an exploration can find to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// A promised property is broken.
    Property(Property),
    /// Nothing can happen any more, and a request of a live process is still refused.
    Stuck,
    /// Without any further fault, the processes go on for ever.
    Restless,
    /// A request was refused, and something was emitted or has changed.
    RefusalActs,
    /// A message was stamped in two ways after the same past, so that [stamps](super::Reductions::stamps) must not be left out of the search.
    Ambiguous,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(property) => property.fmt(f),
            Self::Stuck => f.write_str("nothing can happen any more, and a request is still refused"),
            Self::Restless => f.write_str("without any further fault the processes do not come to rest"),
            Self::RefusalActs => f.write_str("a refused request changed something"),
            Self::Ambiguous => f.write_str("after the same past a message is stamped in two ways"),
        }
    }
}
