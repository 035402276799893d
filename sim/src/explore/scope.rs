use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

/// How much is explored: everything that can happen within these numbers.
///
/// As text `3x2,losses=1,crashes=1`: three processes of two messages each, one loss and one crash; what is not named is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scope {
    /// How many processes there are.
    pub processes: u32,
    /// How many messages each of them may broadcast, whenever it likes.
    pub messages: u32,
    /// How many packets may be lost, of those that the [`Links`](super::Links) may lose.
    pub losses: u32,
    /// How many packets may arrive once more.
    pub duplicates: u32,
    /// How many processes may crash, each between any two effects.
    pub crashes: u32,
    /// How many times a process that has a deadline may be woken.
    pub wakes: u32,
}

/// Why a text is no scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAScope(String);

impl Scope {
    /// The most processes of a scope.
    pub const MOST_PROCESSES: u32 = 8;
    /// The most messages of all processes of a scope together.
    pub const MOST_MESSAGES: u32 = 64;

    /// So many processes that broadcast so many messages each, and no faults.
    #[must_use]
    pub const fn of(processes: u32, messages: u32) -> Self {
        Self { processes, messages, losses: 0, duplicates: 0, crashes: 0, wakes: 0 }
    }

    /// Whether there are 1 to 8 processes, at most 64 messages in all, and at most 255 of each fault.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        let counts = [self.losses, self.duplicates, self.crashes, self.wakes];
        let few = counts[0] <= 255 && counts[1] <= 255 && counts[2] <= 255 && counts[3] <= 255;
        let messages = self.messages.saturating_mul(self.processes);
        few && self.processes >= 1 && self.processes <= Self::MOST_PROCESSES && messages <= Self::MOST_MESSAGES
    }

    const fn named(&self) -> [(&'static str, u32); 4] {
        [("losses", self.losses), ("duplicates", self.duplicates), ("crashes", self.crashes), ("wakes", self.wakes)]
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.processes, self.messages)?;
        for (name, count) in self.named().into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ",{name}={count}")?;
        }
        Ok(())
    }
}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let wrong = || NotAScope(text.to_string());
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let mut parts = text.split(',');
        let (processes, messages) = parts.next().and_then(|first| first.split_once('x')).ok_or_else(wrong)?;
        let mut scope = Self::of(number(processes)?, number(messages)?);
        for part in parts {
            let (name, count) = part.split_once('=').ok_or_else(wrong)?;
            *match name {
                "losses" => &mut scope.losses,
                "duplicates" => &mut scope.duplicates,
                "crashes" => &mut scope.crashes,
                "wakes" => &mut scope.wakes,
                _ => return Err(wrong()),
            } = number(count)?;
        }
        if scope.is_sound() { Ok(scope) } else { Err(wrong()) }
    }
}

impl fmt::Display for NotAScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no scope: it reads as 3x2,losses=1,duplicates=1,crashes=1,wakes=2, with 1 to {} processes of at most {} messages in all",
            self.0,
            Scope::MOST_PROCESSES,
            Scope::MOST_MESSAGES
        )
    }
}

impl core::error::Error for NotAScope {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for text in ["3x2", "2x1,losses=2", "8x8,losses=1,duplicates=2,crashes=3,wakes=4"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for wrong in ["", "3", "3x", "0x1", "9x1", "8x9", "3x2,", "3x2,losses", "3x2,losses=-1", "3x2,losses=256", "3x2,gains=1"] {
            assert!(wrong.parse::<Scope>().unwrap_err().to_string().starts_with(&alloc::format!("{wrong:?} is no scope")), "{wrong}");
        }
    }
}
