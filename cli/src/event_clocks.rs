use std::cmp::Ordering;
use std::ops::Range;
use std::time::Duration;

use tidings_clocks::{HybridClock, HybridStamp, Rank, UnixTime, VectorClock};

use crate::{Chains, History, Reachability};

/// Recorded times before 1970 or after the year 2499 are taken as the nearest of these, which leaves the hybrid clock room to go on.
const LATEST: UnixTime = UnixTime::from_seconds(16_725_225_599);

/// Up to this many events, every pair of vector clocks is compared; beyond, each with [`SAMPLED`] others.
const ALL_PAIRS: usize = 4_000;

/// How many events of a long history are compared with each other one.
const SAMPLED: usize = 64;

/// How many words the ground truth may take at once; few in tests, so that it is taken in blocks.
const WORDS: usize = if cfg!(test) { 1 << 9 } else { 8 << 20 };

/// A pair of events that a clock gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// One event.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// What the clocks say of the one and the other: `None` is concurrent.
    pub clocks: Option<Ordering>,
    /// What the history says.
    pub history: Option<Ordering>,
}

/// How far recorded clocks and logical ones are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// Edges whose child says an earlier time than its parent.
    pub inversions: usize,
    /// The most that such a child is earlier.
    pub largest: Duration,
    /// The most that a hybrid stamp is ahead of the time that was recorded for its event.
    pub lead: Duration,
    /// Events without a recorded time; they have their latest parent's.
    pub untimed: usize,
}

/// Every event of a history stamped by the clocks under test: a vector clock by chain, and a hybrid clock for each chain, fed with the recorded times.
#[derive(Clone, Debug)]
pub struct EventClocks {
    vectors: Vec<VectorClock>,
    hybrids: Vec<HybridStamp>,
    skew: Skew,
}

impl EventClocks {
    /// Stamps every event, parents first. O(edges × chains) time, O(events × chains) memory.
    ///
    /// # Panics
    /// Never: a chain has fewer than 2⁶⁴ events, and recorded times are kept away from the last hybrid stamp.
    #[must_use]
    pub fn of(history: &History, chains: &Chains) -> Self {
        let mut hybrid_clocks = vec![HybridClock::unbounded(); chains.len()];
        let mut clocks =
            Self { vectors: Vec::with_capacity(history.len()), hybrids: Vec::with_capacity(history.len()), skew: Skew::default() };
        let mut times: Vec<UnixTime> = Vec::with_capacity(history.len());
        for (event, recorded) in history.events().iter().enumerate() {
            let parents = &recorded.parents;
            let chain = chains.chain_of(event);

            let mut vector = parents.first().map(|&first| clocks.vectors[first].clone()).unwrap_or_default();
            for &parent in parents.iter().skip(1) {
                vector.join(&clocks.vectors[parent]);
            }
            vector.tick(Rank::new(chain)).expect("a chain has fewer than 2^64 events");
            clocks.vectors.push(vector);

            let latest_parent = parents.iter().map(|&parent| times[parent]).max().unwrap_or_default();
            clocks.skew.untimed += usize::from(recorded.millis.is_none());
            let time = recorded.millis.map_or(latest_parent, UnixTime::from_millis).min(LATEST);
            for &parent in parents {
                let earlier = Duration::from_nanos(times[parent].as_nanos().saturating_sub(time.as_nanos()));
                clocks.skew.inversions += usize::from(!earlier.is_zero());
                clocks.skew.largest = clocks.skew.largest.max(earlier);
            }
            times.push(time);

            let hybrid = &mut hybrid_clocks[chain];
            let mut stamp = None;
            for &parent in parents.iter().filter(|&&parent| chains.chain_of(parent) != chain) {
                stamp = Some(hybrid.update(clocks.hybrids[parent], time));
            }
            let stamp = stamp.unwrap_or_else(|| hybrid.now(time)).expect("recorded times are far from the last stamp");
            clocks.skew.lead = clocks.skew.lead.max(hybrid.lead(time));
            clocks.hybrids.push(stamp);
        }
        clocks
    }

    /// The vector clock of `event`.
    #[must_use]
    pub fn vector(&self, event: usize) -> &VectorClock {
        &self.vectors[event]
    }

    /// The hybrid stamp of `event`.
    #[must_use]
    pub fn hybrid(&self, event: usize) -> HybridStamp {
        self.hybrids[event]
    }

    /// How far the recorded clocks are apart.
    #[must_use]
    pub const fn skew(&self) -> Skew {
        self.skew
    }

    /// Whether vector order is the history's order for *all* pairs of events.
    ///
    /// Entry c of an event's clock must be the number of events of chain c in its past, and these must be the first ones of the chain, as the ground truth
    /// says. Then one clock is below another exactly if the one past is within the other. Block by block, so that memory stays bounded; O(events × edges ÷ 64).
    ///
    /// # Errors
    /// The first pair that disagrees.
    pub fn check_all_pairs(&self, history: &History, chains: &Chains) -> Result<(), Disagreement> {
        let columns: Vec<usize> = (0..chains.len()).flat_map(|chain| chains.members(chain)).copied().collect();
        let mut starts = vec![0];
        starts.extend((0..chains.len()).scan(0, |end, chain| {
            *end += chains.members(chain).len();
            Some(*end)
        }));
        let block = (WORDS / Reachability::most_open(history)).max(1) * 64;
        for (number, chosen) in columns.chunks(block).enumerate() {
            let first = number * block;
            let within = chains.chain_of(chosen[0])..chains.chain_of(chosen[chosen.len() - 1]) + 1;
            Reachability::sweep(history, chosen, |event, row| {
                for chain in within.clone() {
                    let length = chains.members(chain).len();
                    let known = usize::try_from(self.vectors[event].entry(Rank::new(chain))).unwrap_or(usize::MAX).min(length);
                    let place = |position: usize| (starts[chain] + position).clamp(first, first + chosen.len()) - first;
                    let (from, to, end) = (place(0), place(known), place(length));
                    let wrong = first_bit(row, from..to, false).or_else(|| first_bit(row, to..end, true));
                    if let Some(place) = wrong {
                        return Err(self.disagreement(history, chosen[place], event));
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Whether comparing the clocks of two events says what the history says, pair by pair: of all pairs in a history of up to 4,000 events; beyond, of 64 events picked by `pick`, each with
    /// every one that stands after it. How many pairs were compared.
    ///
    /// # Errors
    /// The first pair that disagrees.
    pub fn compare_pairs(&self, history: &History, mut pick: impl FnMut(usize) -> usize) -> Result<usize, Disagreement> {
        let chosen: Vec<usize> =
            if history.len() <= ALL_PAIRS { (0..history.len()).collect() } else { (0..SAMPLED).map(|_| pick(history.len())).collect() };
        let truth = Reachability::of(history, &chosen);
        let mut compared = 0;
        for (place, &one) in chosen.iter().enumerate() {
            // Parents stand before their children, so no later event is in the past of this one.
            for other in one..history.len() {
                let said = truth.reaches(place, other).then_some(if one == other { Ordering::Equal } else { Ordering::Less });
                if self.vectors[one].partial_cmp(&self.vectors[other]) != said {
                    return Err(self.disagreement(history, one, other));
                }
                compared += 1;
            }
        }
        Ok(compared)
    }

    /// Whether hybrid stamps increase along every edge.
    ///
    /// # Errors
    /// The first edge along which they do not.
    pub fn check_edges(&self, history: &History) -> Result<(), Disagreement> {
        for event in 0..history.len() {
            for &parent in history.parents(event) {
                let order = self.hybrids[parent].cmp(&self.hybrids[event]);
                if order != Ordering::Less {
                    return Err(Disagreement { one: parent, other: event, clocks: Some(order), history: Some(Ordering::Less) });
                }
            }
        }
        Ok(())
    }

    fn disagreement(&self, history: &History, one: usize, other: usize) -> Disagreement {
        let truth = Reachability::of(history, &[one, other]);
        let order = match (truth.reaches(0, other), truth.reaches(1, one)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        };
        Disagreement { one, other, clocks: self.vectors[one].partial_cmp(&self.vectors[other]), history: order }
    }
}

/// The first bit in `places` that is `set`.
fn first_bit(words: &[u64], places: Range<usize>, set: bool) -> Option<usize> {
    if places.is_empty() {
        return None;
    }
    let flip = if set { 0 } else { u64::MAX };
    let (first, last) = (places.start / 64, (places.end - 1) / 64);
    let found = |word: usize| {
        let head = if word == first { u64::MAX << (places.start % 64) } else { u64::MAX };
        let tail = if word == last { u64::MAX >> (63 - (places.end - 1) % 64) } else { u64::MAX };
        let bits = (words[word] ^ flip) & head & tail;
        (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
    };
    // Almost always there is none, and words between the ends need no mask: look at them all at once.
    let between = words.get(first + 1..last).unwrap_or_default();
    if between.iter().fold(0, |any, word| any | (word ^ flip)) == 0 {
        return found(first).or_else(|| found(last));
    }
    (first..=last).find_map(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{history, random};
    use crate::history::{History, RecordedEvent};

    fn clocks(history: &History) -> (Chains, EventClocks) {
        let chains = Chains::of(history);
        let clocks = EventClocks::of(history, &chains);
        (chains, clocks)
    }

    #[test]
    fn vector_order_is_the_order_of_the_history() {
        for seed in 0..200 {
            let history = random(seed, 120, 10);
            let (chains, clocks) = clocks(&history);
            assert_eq!(clocks.check_all_pairs(&history, &chains), Ok(()), "seed {seed}");
            assert_eq!(clocks.compare_pairs(&history, |_| 0), Ok(120 * 121 / 2), "seed {seed}");
            assert_eq!(clocks.check_edges(&history), Ok(()), "seed {seed}");
        }
    }

    #[test]
    fn one_wrong_entry_is_found() {
        for seed in 0..200 {
            let history = random(seed, 60, 6);
            let (chains, mut clocks) = clocks(&history);
            let event = usize::try_from(seed * 7 % 60).unwrap();
            let rank = Rank::new(usize::try_from(seed).unwrap() % chains.len());
            let mut entries = clocks.vectors[event].entries().to_vec();
            entries.resize(entries.len().max(rank.index() + 1), 0);
            // One more or one fewer, but within the chain: a count beyond its end is no other event.
            let more = entries[rank.index()] < chains.members(rank.index()).len() as u64;
            entries[rank.index()] = if more { entries[rank.index()] + 1 } else { entries[rank.index()] - 1 };
            clocks.vectors[event] = entries.into_iter().collect();
            let found = clocks.check_all_pairs(&history, &chains).unwrap_err();
            assert_eq!(found.other, event, "seed {seed}");
            let in_the_past = matches!(found.history, Some(Ordering::Less | Ordering::Equal));
            assert_eq!(in_the_past, !more, "seed {seed}");
            // Comparing sees less: an entry too large need not put the whole other clock below this one.
            if !more && rank.index() != chains.chain_of(event) {
                assert!(clocks.compare_pairs(&history, |_| 0).is_err(), "seed {seed}");
            }
        }
    }

    #[test]
    fn the_first_bit_is_the_one_that_looking_at_each_finds() {
        let words = [u64::MAX, 0b1011, 0, 0, 0, u64::MAX << 7, u64::MAX];
        for set in [false, true] {
            for from in 0..words.len() * 64 {
                for to in (from..=words.len() * 64).step_by(5) {
                    let naive = (from..to).find(|&place| (words[place / 64] >> (place % 64) & 1 == 1) == set);
                    assert_eq!(first_bit(&words, from..to, set), naive, "{from}..{to} {set}");
                }
            }
        }
    }

    #[test]
    fn a_long_history_is_checked_in_blocks_and_compared_by_sample() {
        let history = random(5, 9_000, 30);
        let (chains, clocks) = clocks(&history);
        assert_eq!(clocks.check_all_pairs(&history, &chains), Ok(()));
        let mut next = 0;
        let compared = clocks.compare_pairs(&history, |n| {
            next += 7_919;
            next % n
        });
        assert!(compared.unwrap() > 100_000, "{compared:?}");
    }

    #[test]
    fn a_hybrid_clock_runs_ahead_by_as_much_as_the_recorded_ones_run_back() {
        let at = |parents: &[usize], seconds: i64| RecordedEvent { parents: parents.to_vec(), millis: Some(seconds * 1000), writer: None };
        let history =
            History::new(vec![at(&[], 1_000), at(&[0], 4_600), at(&[1], 1_000), at(&[2], 1_001), at(&[3], i64::MAX / 1000)]).unwrap();
        let (_, clocks) = clocks(&history);
        assert_eq!(clocks.check_edges(&history), Ok(()));
        let skew = clocks.skew();
        assert_eq!((skew.inversions, skew.largest, skew.untimed), (1, Duration::from_secs(3_600), 0));
        assert!(skew.lead.abs_diff(Duration::from_secs(3_600)) < Duration::from_millis(1), "{skew:?}");
    }

    #[test]
    fn without_recorded_times_there_is_no_skew() {
        let history = history(&[&[], &[0], &[0], &[1, 2]]);
        let (_, clocks) = clocks(&history);
        assert_eq!(clocks.check_edges(&history), Ok(()));
        assert_eq!(clocks.skew(), Skew { untimed: 4, ..Skew::default() });
    }
}
