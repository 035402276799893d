use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::index::Index;
use crate::{Trace, Violation, properties};

/// A property of a broadcast, by its textbook name (Cachin, Guerraoui, Rodrigues, *Introduction to Reliable and Secure Distributed Programming*, 2011:
/// modules 3.1 to 3.9, 6.1, 6.2 and 6.8).
///
/// In all of them *process* means one life of a process: what it did between two restarts. A *correct* process is one that never crashes or restarts
/// in the trace and that nobody excludes. Every checker looks at its own property alone: a second delivery of the same message, say, is nothing to
/// `fifo_delivery`, which asks about first deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Property {
    /// A correct process delivers what it broadcasts (RB1). Judged at quiescence.
    Validity,
    /// What a correct process broadcasts, every correct process delivers (BEB1). Judged at quiescence.
    BestEffortValidity,
    /// No process delivers a message twice (RB2).
    NoDuplication,
    /// No process delivers a message that its origin has not broadcast before (RB3).
    NoCreation,
    /// What one correct process delivers, every correct process delivers (RB4). Judged at quiescence.
    Agreement,
    /// What any process delivers, even one that crashes then, every correct process delivers (URB4). Judged at quiescence.
    UniformAgreement,
    /// If a process broadcasts m1 before m2, no process delivers m2 unless it has delivered m1 (FRB5).
    FifoDelivery,
    /// If m1 is in the causal past of m2, no process delivers m2 unless it has delivered m1 (CRB5).
    CausalDelivery,
    /// No two processes deliver two messages in opposite orders (TOB5, asked of crashed processes too).
    TotalOrder,
    /// The deliveries of all processes, also of those that crash, are prefixes of one sequence.
    UniformTotalOrder,
    /// `total_order` and `fifo_delivery`.
    FifoTotal,
    /// No process delivers a message twice, nor one that its origin has not broadcast before (Hadzilacos and Toueg 1994, uniform integrity): RB2 and RB3.
    Integrity,
    /// No process knows a message to be stable before every process that it has not excluded has delivered it.
    Stability,
    /// Numbers of views only grow; a message is delivered in the view in which it was broadcast (VS1); and processes that go from one view to the same
    /// next one have delivered the same messages in it (Birman and Joseph 1987).
    ViewSynchrony,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Validity,
        Self::BestEffortValidity,
        Self::NoDuplication,
        Self::NoCreation,
        Self::Agreement,
        Self::UniformAgreement,
        Self::FifoDelivery,
        Self::CausalDelivery,
        Self::TotalOrder,
        Self::UniformTotalOrder,
        Self::FifoTotal,
        Self::Integrity,
        Self::Stability,
        Self::ViewSynchrony,
    ];

    /// Its textbook name, in snake case: what `Display` writes and `FromStr` reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validity => "validity",
            Self::BestEffortValidity => "best_effort_validity",
            Self::NoDuplication => "no_duplication",
            Self::NoCreation => "no_creation",
            Self::Agreement => "agreement",
            Self::UniformAgreement => "uniform_agreement",
            Self::FifoDelivery => "fifo_delivery",
            Self::CausalDelivery => "causal_delivery",
            Self::TotalOrder => "total_order",
            Self::UniformTotalOrder => "uniform_total_order",
            Self::FifoTotal => "fifo_total",
            Self::Integrity => "integrity",
            Self::Stability => "stability",
            Self::ViewSynchrony => "view_synchrony",
        }
    }

    /// Whether it says that something happens at last, so that it can be judged only on a trace that ended quiescent: nothing in flight, nothing due.
    #[must_use]
    pub const fn is_liveness(self) -> bool {
        matches!(self, Self::Validity | Self::BestEffortValidity | Self::Agreement | Self::UniformAgreement)
    }

    /// Judges a trace. A liveness property is judged as if the trace ended quiescent: whether it did, the caller knows.
    ///
    /// For e events: O(e log e), but O(e × lives) for `causal_delivery`, `total_order` and `fifo_total`; O(e) memory.
    /// It never fails on a trace that is no execution, as [`Trace::verify`] would say; what is recorded is judged for what it says.
    ///
    /// # Errors
    /// [`Violation`], with the events that show it: the one that the trace shows first; of a total order, any one.
    pub fn check(self, trace: &Trace) -> Result<(), Violation> {
        self.judge(&Index::of(trace))
    }

    fn judge(self, index: &Index) -> Result<(), Violation> {
        match self {
            Self::Validity => properties::validity::check(index),
            Self::BestEffortValidity => properties::best_effort_validity::check(index),
            Self::NoDuplication => properties::no_duplication::check(index),
            Self::NoCreation => properties::no_creation::check(index),
            Self::Agreement => properties::agreement::check(index),
            Self::UniformAgreement => properties::uniform_agreement::check(index),
            Self::FifoDelivery => properties::fifo_delivery::check(index),
            Self::CausalDelivery => properties::causal_delivery::check(index),
            Self::TotalOrder => properties::total_order::check(index),
            Self::UniformTotalOrder => properties::uniform_total_order::check(index),
            Self::FifoTotal => properties::fifo_total::check(index),
            Self::Integrity => properties::integrity::check(index),
            Self::Stability => properties::stability::check(index),
            Self::ViewSynchrony => properties::view_synchrony::check(index),
        }
    }
}

/// Judges a trace by several properties, reading it once. The violations, in the order of `properties`: none if all hold.
#[must_use]
pub fn check_all(trace: &Trace, properties: &[Property]) -> Vec<Violation> {
    let index = Index::of(trace);
    properties.iter().filter_map(|property| property.judge(&index).err()).collect()
}

/// A name that is no property's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no property {name:?}; there are {known}", known = Known)]
pub struct UnknownProperty {
    /// The name that was asked for.
    pub name: String,
}

/// The names of all properties, for a sentence.
struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, property) in Property::ALL.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{property}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Property {
    type Err = UnknownProperty;

    fn from_str(name: &str) -> Result<Self, UnknownProperty> {
        Self::ALL.into_iter().find(|property| property.name() == name).ok_or_else(|| UnknownProperty { name: name.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for property in Property::ALL {
            assert_eq!(property.to_string().parse(), Ok(property));
        }
        let unknown = "Total_order".parse::<Property>().unwrap_err();
        assert!(unknown.to_string().starts_with("there is no property \"Total_order\"; there are validity, best_effort"));
    }
}
