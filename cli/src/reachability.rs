use crate::History;

/// Which of some chosen events are in the past of which event: the ground truth that clocks are compared with.
///
/// One bit for each pair, spread from parents to children; no clock takes part. An event counts as in its own past.
#[derive(Clone, Debug)]
pub struct Reachability {
    words: usize,
    rows: Vec<u64>,
}

impl Reachability {
    /// Spreads the `chosen` events over a history. O(edges × chosen ÷ 64) time, events × chosen ÷ 8 bytes.
    #[must_use]
    pub fn of(history: &History, chosen: &[usize]) -> Self {
        let mut reachability = Self { words: 0, rows: Vec::new() };
        reachability.choose(history, chosen);
        reachability
    }

    /// Chooses other events, in the memory that is there.
    pub fn choose(&mut self, history: &History, chosen: &[usize]) {
        self.words = chosen.len().div_ceil(64).max(1);
        self.rows.clear();
        self.rows.resize(history.len() * self.words, 0);
        for (place, &event) in chosen.iter().enumerate() {
            self.rows[event * self.words + place / 64] |= 1 << (place % 64);
        }
        for event in 0..history.len() {
            let (before, from_here) = self.rows.split_at_mut(event * self.words);
            let row = &mut from_here[..self.words];
            for &parent in history.parents(event) {
                let known = &before[parent * self.words..][..self.words];
                for (word, known) in row.iter_mut().zip(known) {
                    *word |= known;
                }
            }
        }
    }

    /// Whether the event chosen at `place` is `event` or in its past.
    #[must_use]
    pub fn reaches(&self, place: usize, event: usize) -> bool {
        self.row(event)[place / 64] >> (place % 64) & 1 == 1
    }

    /// One bit for each chosen event, the first in the lowest bit of the first word.
    #[must_use]
    pub fn row(&self, event: usize) -> &[u64] {
        &self.rows[event * self.words..][..self.words]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::random;

    #[test]
    fn as_walking_back_says() {
        for seed in 0..100 {
            let history = random(seed, 90, 8);
            let all: Vec<usize> = (0..history.len()).rev().collect();
            let reachability = Reachability::of(&history, &all);
            for event in 0..history.len() {
                let mut past = vec![false; history.len()];
                let mut unseen = vec![event];
                while let Some(seen) = unseen.pop() {
                    past[seen] = true;
                    unseen.extend(history.parents(seen));
                }
                for (place, &ancestor) in all.iter().enumerate() {
                    assert_eq!(reachability.reaches(place, event), past[ancestor], "seed {seed}: {ancestor} before {event}");
                }
            }
        }
    }
}
