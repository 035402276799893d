use alloc::vec::Vec;

use tidings_clocks::Rank;

use crate::Chance;

/// Processes that do not keep to their protocol, for protocols that claim to bear that (Cachin, Guerraoui, Rodrigues 2011, 2.2.6).
///
/// A liar runs the protocol, and what it sends is then changed or withheld, packet by packet: also between the packets of one fan-out, which is
/// equivocation. It lies all through the run. It cannot speak in another's name: links that let that happen are
/// [`Links::forge`](crate::Links::forge).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Byzantine {
    /// Who lies. Ranks outside of the world mean nobody.
    pub liars: Vec<Rank>,
    /// How likely a liar does not send a packet that it should send.
    pub silence: Chance,
    /// How likely a packet that it sends holds what [`Application::lie`](crate::Application::lie) makes of the message, for this destination only.
    pub lie: Chance,
}

impl Byzantine {
    /// Nobody lies.
    pub const NOBODY: Self = Self { liars: Vec::new(), silence: Chance::NEVER, lie: Chance::NEVER };
}
