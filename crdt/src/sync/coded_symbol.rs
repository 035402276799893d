use super::Key;

/// One symbol of the endless stream that stands for a set: the sum of those parts that are mapped to it.
///
/// Yang, Gilad, Alizadeh, *Practical Rateless Set Reconciliation* (SIGCOMM 2024), section 3. Symbols are linear: the difference of those of two sets is that of
/// the sets' difference. 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CodedSymbol {
    /// The exclusive or of the hashes.
    pub sum: u64,
    /// The exclusive or of their second hashes.
    pub check: u64,
    /// How many there are, modulo 2⁶⁴: those of the other set count as −1.
    pub count: i64,
}

impl CodedSymbol {
    /// Puts a part in, or takes it out.
    pub(super) const fn mix(&mut self, hash: u64, check: u64, sign: i64) {
        self.sum ^= hash;
        self.check ^= check;
        self.count = self.count.wrapping_add(sign);
    }

    /// The symbol of the difference.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self { sum: self.sum ^ other.sum, check: self.check ^ other.check, count: self.count.wrapping_sub(other.count) }
    }

    /// Whether no part is left in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sum == 0 && self.check == 0 && self.count == 0
    }

    /// Whether just one part is left in it, on one side: by chance otherwise once in 2⁶⁴.
    pub(super) fn is_pure(&self, key: Key) -> bool {
        matches!(self.count, 1 | -1) && key.check(self.sum) == self.check
    }
}

/// The symbols that a part is mapped to: the first one, then ever fewer, so that the symbol at `index` has each part with probability 1 / (1 + index / 2)
/// (section 4.2 of the paper, with α = 0.5), or nearly so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mapping {
    next: u64,
    state: u64,
}

impl Mapping {
    pub(super) const fn of(hash: u64) -> Self {
        Self { next: 0, state: hash }
    }

    /// The index of the next symbol.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Goes on to the one after it.
    ///
    /// With a number r drawn uniformly from (0, 1], the gap is ⌈(index + 3/2) · (1/√r − 1)⌉: the inverse of the distribution of gaps, as in the paper. It is
    /// computed in whole numbers, so that all machines agree; at least 1, and it stops at the end of the numbers.
    pub(super) fn advance(&mut self) {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut draw = self.state;
        draw = (draw ^ (draw >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        draw = (draw ^ (draw >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        draw ^= draw >> 31;
        // √r in units of 2⁻³², from 1 to 2³².
        let root = u128::from(draw.isqrt()) + 1;
        let twice = 2 * u128::from(self.next) + 3;
        let gap = (twice * ((1 << 32) - root)).div_ceil(2 * root);
        self.next = self.next.saturating_add(u64::try_from(gap.max(1)).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over many parts, each symbol gets its share: 1 / (1 + index / 2), within a twentieth and four standard deviations; the gaps are whole numbers.
    #[test]
    fn a_symbol_gets_ever_fewer_parts() {
        const PARTS: u32 = 20_000;
        let mut counts = [0_u32; 400];
        for part in 0..PARTS {
            let mut mapping = Mapping::of(Key(3, 4).hash(&part));
            while let Some(count) = usize::try_from(mapping.next()).ok().and_then(|next| counts.get_mut(next)) {
                *count += 1;
                mapping.advance();
            }
        }
        for (index, count) in (0_u32..).zip(counts) {
            let share = 1.0 / (1.0 + f64::from(index) / 2.0);
            let (mean, deviation) = (share * f64::from(PARTS), (share * (1.0 - share) * f64::from(PARTS)).sqrt());
            assert!((f64::from(count) - mean).abs() <= 4.0 * deviation + mean / 20.0, "symbol {index} has {count} parts, not {mean}");
        }
    }

    #[test]
    fn the_numbers_end_without_wrapping() {
        let mut mapping = Mapping { next: u64::MAX - 1, state: 5 };
        mapping.advance();
        mapping.advance();
        assert_eq!(mapping.next(), u64::MAX);
    }
}
