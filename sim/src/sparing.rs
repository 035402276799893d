use crate::{Chance, Chooser, Site};

/// Lets another engine leave the calm course, but only so often in a run: most bugs need few deviations, and a run with few is easy to read.
///
/// The idea is delay-bounded scheduling (Emmi, Qadeer, Rakamarić, *Delay-bounded scheduling*, 2011): a deterministic schedule, and at most so many
/// departures from it. What the application does is not counted: at [`Site::Application`] and [`Site::Strength`] the other engine chooses freely.
#[derive(Clone, Debug)]
pub struct Sparing<C> {
    chooser: C,
    left: u32,
    often: Chance,
}

impl<C: Chooser> Sparing<C> {
    /// At most `budget` choices of the world are not the calm one. At each choice it is `often` likely that one of the budget is spent.
    #[must_use]
    pub const fn new(chooser: C, budget: u32, often: Chance) -> Self {
        Self { chooser, left: budget, often }
    }

    /// How many deviations are left.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }
}

impl<C: Chooser> Chooser for Sparing<C> {
    fn choose(&mut self, site: Site, options: u32) -> u32 {
        if matches!(site, Site::Application | Site::Strength) {
            return self.chooser.choose(site, options);
        }
        if options <= 1 || self.left == 0 || !self.chooser.happens(site, self.often) {
            return 0;
        }
        self.left -= 1;
        1 + self.chooser.choose(site, options - 1)
    }

    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        if matches!(site, Site::Application | Site::Strength) {
            return self.chooser.happens(site, chance);
        }
        chance > Chance::NEVER && self.choose(site, 2) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seeded;

    #[test]
    fn the_budget_is_kept_and_spent() {
        let mut spent = 0;
        for seed in crate::seeds(100) {
            let mut sparing = Sparing::new(Seeded::new(seed), 3, Chance::percent(10));
            let wild = (0..100).filter(|_| sparing.choose(Site::Delay, 50) > 0).count();
            assert!(wild <= 3 && wild + sparing.left() as usize == 3, "seed {seed}");
            spent += wild;
        }
        assert!(spent > 250, "{spent}");
    }

    #[test]
    fn the_application_is_free() {
        let mut sparing = Sparing::new(Seeded::new(1), 0, Chance::ALWAYS);
        let chosen: u32 = (0..100).map(|_| sparing.choose(Site::Application, 1_000)).sum();
        assert!(chosen > 30_000, "{chosen}");
        assert!(sparing.happens(Site::Application, Chance::ALWAYS));
        assert!(!sparing.happens(Site::Lose, Chance::ALWAYS));
    }
}
