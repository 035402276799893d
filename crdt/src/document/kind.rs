use core::fmt;

/// What can be at a place of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// Fields with values.
    Map,
    /// Values in an order, which can be moved.
    List,
    /// Characters.
    Text,
    /// A sum of amounts.
    Counter,
    /// A register: one value, or several concurrent ones.
    Scalar,
}

impl Kind {
    /// In the order in which one of several is shown.
    pub(super) const ALL: [Self; 5] = [Self::Map, Self::List, Self::Text, Self::Counter, Self::Scalar];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "map",
            Self::List => "list",
            Self::Text => "text",
            Self::Counter => "counter",
            Self::Scalar => "scalar",
        })
    }
}
