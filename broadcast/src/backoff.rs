use core::time::Duration;

/// How long a sender waits before it sends again: `first`, then twice as long each time, up to `most`.
///
/// The wait starts over once the receiver is heard to have taken something. `first` should be above the usual round trip, or everything is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Backoff {
    /// The wait before the first repetition.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Backoff {
    /// The wait after `attempts` repetitions: `first` · 2^`attempts`, at most `most`, and never zero, so that time passes between two of them.
    #[must_use]
    pub fn after(self, attempts: u32) -> Duration {
        self.first.saturating_mul(1 << attempts.min(31)).min(self.most).max(Duration::from_nanos(1))
    }
}

impl Default for Backoff {
    /// 50 ms, then up to 2 s.
    fn default() -> Self {
        Self { first: Duration::from_millis(50), most: Duration::from_secs(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_most_and_is_never_zero() {
        let backoff = Backoff { first: Duration::from_millis(3), most: Duration::from_millis(20) };
        let waits = [0, 1, 2, 3, 40, u32::MAX].map(|attempts| backoff.after(attempts).as_millis());
        assert_eq!(waits, [3, 6, 12, 20, 20, 20]);
        assert_eq!(Backoff { first: Duration::ZERO, most: Duration::ZERO }.after(0), Duration::from_nanos(1));
        assert_eq!(Backoff { first: Duration::MAX, most: Duration::MAX }.after(9), Duration::MAX);
    }
}
