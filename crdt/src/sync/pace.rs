use core::time::Duration;

/// How long a replica waits for an answer before it asks again: `first`, then twice as long each time, up to `most`.
///
/// `first` should be above the usual round trip, or everything is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pace {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Pace {
    /// The wait after `attempts` repetitions: `first` · 2^`attempts`, at most `most`, and never zero, so that time passes between two of them.
    #[must_use]
    pub fn after(self, attempts: u32) -> Duration {
        self.first.saturating_mul(1 << attempts.min(31)).min(self.most).max(Duration::from_nanos(1))
    }
}

impl Default for Pace {
    /// 100 ms, then up to 5 s.
    fn default() -> Self {
        Self { first: Duration::from_millis(100), most: Duration::from_secs(5) }
    }
}
