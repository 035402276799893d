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
        let words = words_for(chosen.len());
        let mut rows = vec![0; history.len() * words];
        for (place, &event) in chosen.iter().enumerate() {
            rows[event * words + place / 64] |= 1 << (place % 64);
        }
        for event in 0..history.len() {
            let (before, from_here) = rows.split_at_mut(event * words);
            let row = &mut from_here[..words];
            for &parent in history.parents(event) {
                unite(row, &before[parent * words..][..words]);
            }
        }
        Self { words, rows }
    }

    /// As [`of`](Self::of), but shows the row of each event once, parents first, and keeps it only while it is needed: at most
    /// [`most_open`](Self::most_open) rows at once. No event is chosen twice.
    ///
    /// # Errors
    /// What `visit` says; the sweep ends there.
    pub fn sweep<E>(history: &History, chosen: &[usize], mut visit: impl FnMut(usize, &[u64]) -> Result<(), E>) -> Result<(), E> {
        let words = words_for(chosen.len());
        let mut place_of = vec![usize::MAX; history.len()];
        for (place, &event) in chosen.iter().enumerate() {
            place_of[event] = place;
        }
        let mut rows: Vec<Vec<u64>> = vec![Vec::new(); history.len()];
        let mut unborn: Vec<usize> = (0..history.len()).map(|event| history.children(event).len()).collect();
        let mut free: Vec<Vec<u64>> = Vec::new();
        for event in 0..history.len() {
            let mut row: Option<Vec<u64>> = None;
            for &parent in history.parents(event) {
                unborn[parent] -= 1;
                match &mut row {
                    None if unborn[parent] == 0 => row = Some(std::mem::take(&mut rows[parent])),
                    None => {
                        let mut copy = free.pop().unwrap_or_default();
                        copy.clone_from(&rows[parent]);
                        row = Some(copy);
                    }
                    Some(row) => {
                        unite(row, &rows[parent]);
                        if unborn[parent] == 0 {
                            free.push(std::mem::take(&mut rows[parent]));
                        }
                    }
                }
            }
            let mut row = row.unwrap_or_else(|| {
                let mut row = free.pop().unwrap_or_default();
                row.clear();
                row.resize(words, 0);
                row
            });
            if let Some(word) = row.get_mut(place_of[event] / 64) {
                *word |= 1 << (place_of[event] % 64);
            }
            visit(event, &row)?;
            if unborn[event] == 0 {
                free.push(row);
            } else {
                rows[event] = row;
            }
        }
        Ok(())
    }

    /// The most rows that a sweep keeps at once. O(events + edges).
    #[must_use]
    pub fn most_open(history: &History) -> usize {
        let mut unborn: Vec<usize> = (0..history.len()).map(|event| history.children(event).len()).collect();
        let (mut open, mut most) = (0, 0);
        for event in 0..history.len() {
            open += 1;
            most = most.max(open);
            for &parent in history.parents(event) {
                unborn[parent] -= 1;
                open -= usize::from(unborn[parent] == 0);
            }
            open -= usize::from(unborn[event] == 0);
        }
        most
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

fn words_for(chosen: usize) -> usize {
    chosen.div_ceil(64).max(1)
}

fn unite(row: &mut [u64], known: &[u64]) {
    for (word, known) in row.iter_mut().zip(known) {
        *word |= known;
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

    #[test]
    fn a_sweep_shows_the_same_rows() {
        for seed in 0..300 {
            let history = random(seed, 150, 1 + usize::try_from(seed % 12).unwrap());
            let chosen: Vec<usize> = (0..history.len()).filter(|event| event % 3 != 1).rev().collect();
            let truth = Reachability::of(&history, &chosen);
            let mut next = 0;
            let swept = Reachability::sweep(&history, &chosen, |event, row| {
                assert_eq!((event, row), (next, truth.row(event)), "seed {seed}");
                next += 1;
                Ok::<(), ()>(())
            });
            assert_eq!((swept, next), (Ok(()), history.len()));
        }
    }

    #[test]
    fn a_chain_keeps_two_rows_open_and_a_fan_as_many_as_it_has_ends() {
        let chain: Vec<Vec<usize>> = (0..9).map(|event: usize| event.checked_sub(1).into_iter().collect()).collect();
        let fan: Vec<Vec<usize>> = (0..9)
            .map(|event| {
                if event == 0 {
                    vec![]
                } else if event < 8 {
                    vec![0]
                } else {
                    (1..8).collect()
                }
            })
            .collect();
        let most = |parents: &[Vec<usize>]| {
            let parents: Vec<&[usize]> = parents.iter().map(Vec::as_slice).collect();
            Reachability::most_open(&crate::history::tests::history(&parents))
        };
        assert_eq!((most(&chain), most(&fan)), (2, 8));
    }
}
