use alloc::vec::Vec;

use crate::{Chooser, Site};

/// Makes every choice in turn: one run after the other, until all have been.
///
/// A run is replayed from the beginning with its last choice changed, so nothing of the world is ever copied (Godefroid, *Model checking for
/// programming languages using VeriSoft*, 1997). To keep that finite, only the first [`depth`](Exhaustive::new) choices of a run vary, the rest are
/// calm; and a choice of many options, such as a delay, is tried at few of them.
///
/// ```
/// use tidings_sim::{Chooser, Exhaustive, Site};
///
/// let mut all = Exhaustive::new(2, 3);
/// let mut runs = Vec::new();
/// while all.begin() {
///     runs.push((all.choose(Site::Lose, 2), all.choose(Site::Delay, 101), all.choose(Site::Lose, 2)));
/// }
/// assert_eq!(runs, [(0, 0, 0), (0, 50, 0), (0, 100, 0), (1, 0, 0), (1, 50, 0), (1, 100, 0)]);
/// ```
#[derive(Clone, Debug)]
pub struct Exhaustive {
    depth: usize,
    steps: u32,
    /// The choices of this run, and how many options each had.
    path: Vec<(u32, u32)>,
    /// How many of them were made again in this run.
    made: usize,
    runs: u64,
}

impl Exhaustive {
    /// Varies the first `depth` choices that have more than one option, each among at most `steps` evenly spaced options: the first and the last are
    /// always among them. `steps` is at least 2.
    #[must_use]
    pub const fn new(depth: usize, steps: u32) -> Self {
        Self { depth, steps: if steps < 2 { 2 } else { steps }, path: Vec::new(), made: 0, runs: 0 }
    }

    /// Begins the next run. Whether there is one: after `false` all runs have been.
    pub fn begin(&mut self) -> bool {
        self.made = 0;
        if self.runs > 0 {
            while self.path.pop_if(|(choice, options)| *choice + 1 == *options).is_some() {}
            let Some((choice, _)) = self.path.last_mut() else { return false };
            *choice += 1;
        }
        self.runs += 1;
        true
    }

    /// How many runs have begun.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.runs
    }
}

impl Chooser for Exhaustive {
    fn choose(&mut self, _site: Site, options: u32) -> u32 {
        if options <= 1 || self.made == self.depth {
            return 0;
        }
        if self.made == self.path.len() {
            self.path.push((0, options.min(self.steps)));
        }
        let (choice, steps) = self.path[self.made];
        self.made += 1;
        let spread = u64::from(choice) * u64::from(options - 1) / u64::from(steps - 1);
        u32::try_from(spread).unwrap_or(u32::MAX).min(options - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_run_is_made_once() {
        let mut all = Exhaustive::new(10, 100);
        let mut runs = BTreeSet::new();
        while all.begin() {
            // How many choices there are depends on the choices: 1, 2 or 3 more.
            let first = all.choose(Site::Crash, 3);
            let rest: Vec<u32> = (0..=first).map(|_| all.choose(Site::Delay, 4)).collect();
            assert!(runs.insert((first, rest)), "twice");
        }
        assert_eq!(runs.len(), 4 + 16 + 64);
        assert_eq!(all.runs(), 84);
        assert!(!all.begin());
    }

    #[test]
    fn no_choice_is_one_run() {
        let mut all = Exhaustive::new(0, 2);
        assert!(all.begin());
        assert_eq!(all.choose(Site::Lose, 2), 0);
        assert!(!all.begin());
    }
}
