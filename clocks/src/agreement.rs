use alloc::vec::Vec;

use crate::{TimeInterval, UnixTime};

/// What several time sources say of one moment together, of which some may be false.
///
/// Marzullo, *Maintaining the Time in a Distributed System*, 1984, section 4.2; with a number of falsetickers as in RFC 5905, section 11.2.1. O(n log n).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The time agreed on.
    pub interval: TimeInterval,
    /// How many sources agree at each end of the interval, at least.
    pub sources: usize,
}

impl Agreement {
    /// The first of the smallest intervals on which the most sources agree; `None` without sources. It need not contain the true time if the sources that agree are false.
    #[must_use]
    pub fn largest(sources: &[TimeInterval]) -> Option<Self> {
        let mut edges = edges(sources).into_iter().peekable();
        let (mut count, mut best) = (0, None);
        while let Some((time, edge)) = edges.next() {
            match edge {
                Edge::Begin => {
                    count += 1;
                    // The next edge ends what begins here: were it a beginning, more would agree from there on.
                    let last = edges.peek().map_or(time, |(next, _)| *next);
                    if best.is_none_or(|Self { sources, .. }| count > sources) {
                        best = TimeInterval::new(time, last).map(|interval| Self { interval, sources: count });
                    }
                }
                Edge::End => count -= 1,
            }
        }
        best
    }

    /// All that at least `sources.len() - false_ones` sources allow, from the first to the last such moment; `None` if they never agree, so that more must be false.
    ///
    /// If at most so many are false, the true time is in it.
    #[must_use]
    pub fn tolerating(sources: &[TimeInterval], false_ones: usize) -> Option<Self> {
        let needed = sources.len().checked_sub(false_ones).filter(|needed| *needed > 0)?;
        let (mut count, mut first, mut last) = (0, None, None);
        for (time, edge) in edges(sources) {
            match edge {
                Edge::Begin => {
                    count += 1;
                    if count >= needed {
                        first = first.or(Some(time));
                    }
                }
                Edge::End => {
                    if count >= needed {
                        last = Some(time);
                    }
                    count -= 1;
                }
            }
        }
        Some(Self { interval: TimeInterval::new(first?, last?)?, sources: needed })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    /// Before an end at the same time: intervals that touch agree on that moment.
    Begin,
    End,
}

fn edges(sources: &[TimeInterval]) -> Vec<(UnixTime, Edge)> {
    let mut edges: Vec<_> = sources.iter().flat_map(|source| [(source.earliest(), Edge::Begin), (source.latest(), Edge::End)]).collect();
    edges.sort_unstable();
    edges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::laws;

    fn at(nanos: u64) -> UnixTime {
        UnixTime::from_nanos(nanos)
    }

    fn intervals() -> impl Strategy<Value = Vec<TimeInterval>> {
        prop::collection::vec(
            (0_u64..16, 0_u64..8).prop_map(|(start, length)| TimeInterval::new(at(start), at(start + length)).unwrap()),
            0..7,
        )
    }

    proptest! {
        #![proptest_config(laws::config(2_000))]

        /// The naive twin: count at every moment how many sources allow it.
        #[test]
        fn agrees_with_counting_at_every_moment(sources in intervals(), false_ones in 0_usize..4) {
            let counts: Vec<usize> = (0..24).map(|nanos| sources.iter().filter(|source| source.contains(at(nanos))).count()).collect();
            let most = counts.iter().copied().max().unwrap();
            let largest = Agreement::largest(&sources);
            prop_assert_eq!(largest.map_or(0, |agreement| agreement.sources), most);
            if let Some(Agreement { interval, .. }) = largest {
                let first = counts.iter().position(|&count| count == most).unwrap() as u64;
                prop_assert_eq!(interval.earliest(), at(first));
                let last = (first..24).take_while(|&nanos| counts[usize::try_from(nanos).unwrap()] == most).last().unwrap();
                prop_assert!(interval.latest() <= at(last));
                // Two sets of as many sources may follow each other without a gap; the first ends where the first of its sources does.
                let agreeing = sources.iter().filter(|source| source.contains(at(first)));
                prop_assert_eq!(Some(interval.latest()), agreeing.map(TimeInterval::latest).min());
            }
            let needed = sources.len().saturating_sub(false_ones);
            let allowed: Vec<u64> = (0..24).filter(|&nanos| needed > 0 && counts[usize::try_from(nanos).unwrap()] >= needed).collect();
            let tolerating = Agreement::tolerating(&sources, false_ones);
            prop_assert_eq!(
                tolerating.map(|agreement| (agreement.interval.earliest(), agreement.interval.latest())),
                allowed.first().zip(allowed.last()).map(|(first, last)| (at(*first), at(*last))),
            );
        }

        /// With any number of true sources and at most f false ones that say anything, the true time is in the interval.
        #[test]
        fn the_true_time_is_in_it_in_spite_of_falsetickers(
            truth in 8_u64..12,
            errors in prop::collection::vec((0_u64..8, 0_u64..8), 1..6),
            false_ones in intervals(),
        ) {
            let true_ones = errors.iter().map(|(before, after)| TimeInterval::new(at(truth - before), at(truth + after)).unwrap());
            let sources: Vec<_> = false_ones.iter().copied().chain(true_ones).collect();
            let agreement = Agreement::tolerating(&sources, false_ones.len()).unwrap();
            prop_assert!(agreement.interval.contains(at(truth)));
        }
    }

    /// The example of the paper's algorithm as it is usually given: 10 ± 2, 12 ± 1, 11 ± 1 agree on 11 to 12; with 14.5 ± 0.5 instead of the last, two agree.
    #[test]
    fn marzullos_example() {
        let around = |low, high| TimeInterval::new(at(low), at(high)).unwrap();
        let three = Agreement::largest(&[around(80, 120), around(110, 130), around(100, 120)]).unwrap();
        assert_eq!((three.interval, three.sources), (around(110, 120), 3));
        let two = Agreement::largest(&[around(80, 120), around(110, 130), around(140, 150)]).unwrap();
        assert_eq!((two.interval, two.sources), (around(110, 120), 2));
        assert_eq!(Agreement::largest(&[]), None);
        assert_eq!(Agreement::tolerating(&[around(1, 2), around(4, 5)], 0), None);
        assert_eq!(Agreement::tolerating(&[around(1, 2)], 1), None);
    }
}
