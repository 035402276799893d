use core::time::Duration;

use crate::chooser::{STEPS, fraction};
use crate::{Chance, Chooser, Site};

/// How links are, beyond losing, repeating and delaying packets.
///
/// The default is links without bounds that deliver what was sent, from whom it says. What is lost, altered, replayed or forged here is so during the
/// chaos phase only; bandwidth and the distribution of delays last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Links {
    /// How many packets in a row one link, in one direction, may lose by [`Faults::loss`](crate::Faults::loss); `None`: any number. What partitions
    /// and full queues eat is not counted.
    pub losses_in_a_row: Option<u32>,
    /// How many copies may be under way on one link, in one direction, those that wait for their receiver too; for one more one is dropped. `None`: any
    /// number. This is a capacity and no choice: it drops in a run of calm choices too.
    pub queue: Option<u32>,
    /// Which copy a full queue drops.
    pub overflow: Overflow,
    /// How many bytes, as the application weighs them, one link carries in a second, in one direction: a packet leaves when those before it have
    /// left. `None`: any number.
    pub bytes_per_second: Option<u64>,
    /// How delays are distributed between the shortest and the longest.
    pub spread: Spread,
    /// How likely a copy is altered on the way, as [`Application::corrupt`](crate::Application::corrupt) does it; what that cannot alter is lost.
    pub corrupt: Chance,
    /// How likely one of the last eight packets of a link is delivered once more, after another packet was sent on it.
    pub replay: Chance,
    /// How likely a packet arrives also under the name of another process than its sender.
    pub forge: Chance,
}

impl Links {
    /// Without bounds, and honest.
    pub const PERFECT: Self = Self {
        losses_in_a_row: None,
        queue: None,
        overflow: Overflow::Newest,
        bytes_per_second: None,
        spread: Spread::Uniform,
        corrupt: Chance::NEVER,
        replay: Chance::NEVER,
        forge: Chance::NEVER,
    };
}

/// Which copy a full queue drops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Overflow {
    /// The one that comes too late.
    #[default]
    Newest,
    /// The one that was sent first.
    Oldest,
    /// Any, as chosen; the calm choice is the newest.
    Any,
}

/// How delays are distributed between the shortest and the longest, both of which can be.
///
/// A delay is the inverse of the distribution function, cut off at the longest delay, at one of 65,536 evenly spaced places, in integers: a greater
/// choice is never a shorter delay, and choice 0 is the shortest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Spread {
    /// All are as likely.
    #[default]
    Uniform,
    /// Exponential: beyond the shortest, the mean is about an eleventh of the span, and one in 65,536 takes the longest.
    Exponential,
    /// Pareto's with exponent 2, from its scale on: half are within a five-hundredth of the span, and yet one in a hundred takes more than a
    /// thirtieth, one in ten thousand more than a third.
    HeavyTail,
}

impl Spread {
    /// Chooses a delay from zero to `span`.
    pub(crate) fn draw(self, chooser: &mut impl Chooser, site: Site, span: Duration) -> Duration {
        match self {
            Self::Uniform => crate::chooser::draw(chooser, site, span),
            _ if span.is_zero() => Duration::ZERO,
            _ => self.place(span, chooser.choose(site, STEPS)),
        }
    }

    /// The delay that choice number `choice` of [`STEPS`] stands for.
    fn place(self, span: Duration, choice: u32) -> Duration {
        let left = u64::from(STEPS - choice.min(STEPS - 1));
        match self {
            Self::Uniform => fraction(span, choice, STEPS),
            // −log2(1 − u) of at most 16.
            Self::Exponential => part(span, (16 << 16) - log2(left), 16 << 16),
            // 1 / √(1 − u) − 1 of at most 255.
            Self::HeavyTail => part(span, ((1 << 48) / left).isqrt() - (1 << 16), (1 << 24) - (1 << 16)),
        }
    }
}

/// `span` · `part` / `whole`, rounded down.
fn part(span: Duration, part: u64, whole: u64) -> Duration {
    let nanos = span.as_nanos().min(u128::from(u64::MAX)) * u128::from(part) / u128::from(whole);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The binary logarithm of 1 to 2¹⁶ in units of 2⁻¹⁶, rounded down: by repeated squaring.
fn log2(number: u64) -> u64 {
    let whole = u64::from(number.max(1).ilog2());
    let mut mantissa = number.max(1) << (31 - whole);
    let mut log = whole;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        log <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            log |= 1;
        }
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(1);

    #[test]
    fn a_greater_choice_is_never_a_shorter_delay_and_both_ends_are_reached() {
        for spread in [Spread::Uniform, Spread::Exponential, Spread::HeavyTail] {
            let mut before = Duration::ZERO;
            for choice in 0..STEPS {
                let delay = spread.place(SPAN, choice);
                assert!(delay >= before, "{spread:?} {choice}");
                before = delay;
            }
            assert_eq!((spread.place(SPAN, 0), before), (Duration::ZERO, SPAN), "{spread:?}");
            assert!(spread.place(Duration::MAX, STEPS - 1) <= Duration::MAX);
        }
    }

    /// The naive twin: the inverse in floating point.
    #[test]
    fn delays_are_the_inverse_of_the_distribution() {
        for choice in (0..STEPS).step_by(7) {
            let left = f64::from(STEPS - choice) / f64::from(STEPS);
            for (spread, expected) in [(Spread::Exponential, -left.log2() / 16.0), (Spread::HeavyTail, (1.0 / left.sqrt() - 1.0) / 255.0)] {
                let delay = spread.place(SPAN, choice).as_secs_f64();
                assert!((delay - expected).abs() < 1e-5, "{spread:?} {choice}: {delay} for {expected}");
            }
        }
    }

    #[test]
    fn tails_are_as_heavy_as_they_are_said_to_be() {
        let at = |spread: Spread, per_million: u64| {
            spread.place(SPAN, u32::try_from(u64::from(STEPS) * per_million / 1_000_000).unwrap()).as_secs_f64()
        };
        assert!(at(Spread::HeavyTail, 500_000) < 1.0 / 500.0);
        assert!(at(Spread::HeavyTail, 990_000) > 1.0 / 30.0);
        assert!(at(Spread::HeavyTail, 999_900) > 1.0 / 3.0);
        let mean: f64 = (0..STEPS).map(|choice| Spread::Exponential.place(SPAN, choice).as_secs_f64()).sum::<f64>() / f64::from(STEPS);
        assert!((0.085..0.095).contains(&mean), "{mean}");
    }
}
