use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::{Site, Tape};

/// Makes a failing tape smaller, as long as it still fails: fewer choices, and calmer ones.
///
/// `fails` runs the world on a tape and says whether what was wrong is still wrong; it is asked at most `tries` times. The result fails, unless
/// `tape` itself does not: then it comes back as it is.
///
/// Choices are taken out or made calm in halves, quarters, … down to single ones (Zeller, Hildebrandt, *Simplifying and isolating failure-inducing
/// input*, 2002), on the choices and not on the run, so that every intermediate run is one that the world can make (MacIver, Donaldson, *Test-case
/// reduction via test-case generation*, 2020); then each choice left is made as small as it goes by halving. This is repeated until nothing changes.
///
/// ```
/// use tidings_sim::{Chooser, Recorded, Replay, Seeded, Site, shrink};
///
/// // Fails if any of 100 choices is above 40.
/// let fails = |mut chooser: &mut dyn Chooser| (0..100).fold(false, |fails, _| chooser.choose(Site::Delay, 50) > 40 || fails);
/// let mut recorded = Recorded::new(Seeded::new(1));
/// assert!(fails(&mut recorded));
/// let small = shrink(recorded.tape(), 10_000, |tape| fails(&mut Replay::new(tape.clone())));
/// assert_eq!(small.tracks.into_iter().collect::<Vec<_>>(), [(Site::Delay, vec![41])]);
/// ```
pub fn shrink(tape: &Tape, tries: u32, mut fails: impl FnMut(&Tape) -> bool) -> Tape {
    let mut shrinker = Shrinker { best: tape.clone(), left: tries, fails: &mut fails };
    if !shrinker.fails_still() {
        return tape.clone();
    }
    let sites: Vec<Site> = tape.tracks.keys().copied().collect();
    // What is wild in many places is calmed first: whole tracks, then parts of them.
    loop {
        let before = shrinker.best.clone();
        for &site in &sites {
            shrinker.calm(site);
        }
        for &site in &sites {
            shrinker.take_out(site);
            shrinker.make_small(site);
        }
        if shrinker.best == before || shrinker.left == 0 {
            return shrinker.best;
        }
    }
}

struct Shrinker<'f, F> {
    best: Tape,
    left: u32,
    fails: &'f mut F,
}

impl<F: FnMut(&Tape) -> bool> Shrinker<'_, F> {
    fn fails_still(&mut self) -> bool {
        self.left > 0 && {
            self.left -= 1;
            (self.fails)(&self.best)
        }
    }

    fn track(&self, site: Site) -> &[u32] {
        self.best.tracks.get(&site).map_or(&[], Vec::as_slice)
    }

    /// Puts another track in place of one, if that is another and still fails. Whether it did.
    fn try_track(&mut self, site: Site, mut track: Vec<u32>) -> bool {
        while track.pop_if(|choice| *choice == 0).is_some() {}
        if self.left == 0 || track == self.track(site) {
            return false;
        }
        let before = self.best.clone();
        if track.is_empty() {
            self.best.tracks.remove(&site);
        } else {
            self.best.tracks.insert(site, track);
        }
        let better = self.fails_still();
        if !better {
            self.best = before;
        }
        better
    }

    /// Makes wild choices calm, in ever smaller groups of those that are wild.
    fn calm(&mut self, site: Site) {
        let mut group = self.track(site).len();
        while group > 0 {
            let mut first = 0;
            loop {
                let wild: Vec<usize> = (0..self.track(site).len()).filter(|place| self.track(site)[*place] > 0).collect();
                let Some(places) = wild.get(first..wild.len().min(first + group)).filter(|places| !places.is_empty()) else { break };
                let places: BTreeSet<usize> = places.iter().copied().collect();
                let calmer =
                    self.track(site).iter().enumerate().map(|(place, choice)| if places.contains(&place) { 0 } else { *choice }).collect();
                if !self.try_track(site, calmer) {
                    first += group;
                }
            }
            group /= 2;
        }
    }

    /// Takes choices out, in ever smaller groups: what comes after them moves up.
    fn take_out(&mut self, site: Site) {
        let mut group = self.track(site).len() / 2;
        while group > 0 {
            let mut first = 0;
            while first < self.track(site).len() {
                let mut shorter = self.track(site).to_vec();
                shorter.drain(first..shorter.len().min(first + group));
                if !self.try_track(site, shorter) {
                    first += group;
                }
            }
            group /= 2;
        }
    }

    /// Makes each wild choice as small as it goes, by halving.
    fn make_small(&mut self, site: Site) {
        let mut place = 0;
        while let Some(&choice) = self.track(site).get(place) {
            let (mut fails_not, mut fails) = (0, choice);
            while fails - fails_not > 1 && self.left > 0 {
                let middle = fails_not + (fails - fails_not) / 2;
                let mut smaller = self.track(site).to_vec();
                smaller[place] = middle;
                if self.try_track(site, smaller) {
                    fails = middle;
                } else {
                    fails_not = middle;
                }
            }
            place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn tape(tracks: &[(Site, &[u32])]) -> Tape {
        Tape { tracks: tracks.iter().map(|(site, track)| (*site, track.to_vec())).collect() }
    }

    #[test]
    fn what_does_not_matter_goes() {
        let noisy = tape(&[(Site::Lose, &[1, 0, 1, 1, 0, 1]), (Site::Delay, &[9, 8, 7, 6]), (Site::Crash, &[3])]);
        let small = shrink(&noisy, 1_000, |tape| tape.tracks.get(&Site::Delay).is_some_and(|track| track.contains(&7)));
        assert_eq!(small, tape(&[(Site::Delay, &[7])]));
    }

    #[test]
    fn a_place_that_matters_stays() {
        let noisy = tape(&[(Site::Lose, &[1, 1, 1, 1, 1])]);
        let small = shrink(&noisy, 1_000, |tape| tape.tracks.get(&Site::Lose).is_some_and(|track| track.get(3) == Some(&1)));
        assert_eq!(small, tape(&[(Site::Lose, &[0, 0, 0, 1])]));
    }

    #[test]
    fn two_that_matter_together_stay() {
        let noisy = tape(&[(Site::Lose, &[1; 20]), (Site::Delay, &[50; 20])]);
        let wild = |tape: &Tape, site, at_least: u32| tape.tracks.get(&site).map_or(0, |track| track.iter().sum::<u32>()) >= at_least;
        let small = shrink(&noisy, 10_000, |tape| wild(tape, Site::Lose, 2) && wild(tape, Site::Delay, 60));
        assert_eq!(small.tracks[&Site::Lose], vec![1, 1]);
        assert_eq!(small.tracks[&Site::Delay].iter().sum::<u32>(), 60);
    }

    #[test]
    fn what_does_not_fail_comes_back_and_the_tries_are_kept() {
        let noisy = tape(&[(Site::Lose, &[1; 100])]);
        assert_eq!(shrink(&noisy, 100, |_| false), noisy);
        let mut asked = 0;
        let small = shrink(&noisy, 7, |_| {
            asked += 1;
            true
        });
        assert!(asked <= 7);
        assert_eq!(small, Tape::default());
        assert_eq!(shrink(&noisy, 0, |_| true), noisy);
    }
}
