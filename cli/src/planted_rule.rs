use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tidings_broadcast::Rule;
use tidings_crdt::sync::SyncRule;

/// A rule that can be broken on purpose in some experiment, to see that its judge notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlantedRule {
    /// Messages wait for those that happened before them at other processes.
    Causal,
    /// Messages of one process are delivered in the order in which it broadcast them.
    Fifo,
    /// Nothing is delivered twice.
    Dedupe,
    /// All processes deliver in one and the same order.
    Total,
    /// More than half of the members must answer.
    Majority,
    /// A floor is durable before any stamp below it is used.
    Floor,
    /// What counts as acknowledged, or as agreed, is not only sent.
    Acknowledge,
    /// Who is too far behind for the deltas that are left gets the whole state.
    Whole,
    /// What is acknowledged is durable.
    Persist,
}

impl PlantedRule {
    /// The same, if layers of broadcast enforce it.
    #[must_use]
    pub const fn in_broadcast(self) -> Option<Rule> {
        match self {
            Self::Causal => Some(Rule::Causal),
            Self::Fifo => Some(Rule::Fifo),
            Self::Dedupe => Some(Rule::Dedupe),
            Self::Total => Some(Rule::Total),
            Self::Majority | Self::Floor | Self::Acknowledge | Self::Whole | Self::Persist => None,
        }
    }

    /// The same, if replicas that synchronise keep it.
    #[must_use]
    pub const fn in_synchronisation(self) -> Option<SyncRule> {
        match self {
            Self::Acknowledge => Some(SyncRule::Acknowledge),
            Self::Whole => Some(SyncRule::Whole),
            Self::Persist => Some(SyncRule::Persist),
            Self::Causal | Self::Fifo | Self::Dedupe | Self::Total | Self::Majority | Self::Floor => None,
        }
    }

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
