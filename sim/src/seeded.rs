use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{Chance, Chooser, Site};

/// Chooses by a seeded generator: the same seed makes the same choices on every machine.
///
/// Xoshiro256++ (Blackman and Vigna, *Scrambled linear pseudorandom number generators*, 2021), seeded from 64 bits through SplitMix64, so that
/// neighbouring seeds are unrelated. Not for secrets. A choice costs one draw and one multiplication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    generator: Xoshiro256PlusPlus,
}

impl Seeded {
    /// The generator of this seed. Every seed is a good one.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { generator: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }
}

impl Chooser for Seeded {
    /// Uniform to within 2⁻³² (the high half of a product; Lemire, *Fast random integer generation in an interval*, 2019, without the rejection).
    fn choose(&mut self, _site: Site, options: u32) -> u32 {
        debug_assert!(options > 0, "a choice has at least one option");
        let product = u64::from(self.generator.next_u32()) * u64::from(options);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// By its probability, to within 2⁻³².
    fn happens(&mut self, site: Site, chance: Chance) -> bool {
        chance > Chance::NEVER && self.choose(site, Chance::ALWAYS.0) < chance.0
    }
}
