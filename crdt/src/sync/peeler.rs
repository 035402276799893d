use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::coded_symbol::Mapping;
use super::{CodedSymbol, Key};

/// Finds the parts that only one of two sets has, from the differences of their coded symbols, taken in one after the other until it is done.
///
/// Yang, Gilad, Alizadeh, *Practical Rateless Set Reconciliation* (2024), section 3: a symbol with one part in it tells that part, which is then taken out of all
/// others. A test holds the mean to 1.5 d symbols for d differences where d is a thousand or more, and to 1.9 d where it is ten.
///
/// *Hostile symbols.* Each part is found once at most and each finding empties a symbol for good, or the symbols are no difference of sets, and
/// [`push`](Peeler::push) says so: so it never goes round in circles, and all that m symbols cost is O(m log m) in the mean and O(m²) at the very worst.
/// Memory is 24 bytes for each symbol and 32 for each part found.
#[derive(Clone, Debug, Hash)]
pub struct Peeler {
    key: Key,
    symbols: Vec<CodedSymbol>,
    /// How many symbols are not empty.
    full: usize,
    /// The parts found: on which side, and the next symbol to take each out of.
    found: BTreeMap<u64, (i64, Mapping)>,
    /// The parts found, by the next symbol that they are in: what comes is relieved of them at once.
    due: BTreeMap<u64, Vec<u64>>,
}

/// Symbols that are no difference of two sets under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the symbols are not those of two sets")]
pub struct Garbled;

impl Peeler {
    /// How many of the last symbols an [`estimate`](Self::estimate) looks at.
    pub const SPREAD: usize = 1_024;

    /// The peeler that has seen no symbol.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, symbols: Vec::new(), full: 0, found: BTreeMap::new(), due: BTreeMap::new() }
    }

    /// Takes in the next symbol of the difference: what the one set has counts as 1, what the other one has as −1. Whether all is found.
    ///
    /// # Errors
    /// [`Garbled`] if no two sets have this difference; then the peeler is of no more use.
    pub fn push(&mut self, mut symbol: CodedSymbol) -> Result<bool, Garbled> {
        let index = self.symbols.len() as u64;
        for hash in self.due.remove(&index).unwrap_or_default() {
            if let Some((sign, mapping)) = self.found.get_mut(&hash) {
                symbol.mix(hash, self.key.check(hash), -*sign);
                mapping.advance();
                self.due.entry(mapping.next()).or_default().push(hash);
            }
        }
        self.full += usize::from(!symbol.is_empty());
        self.symbols.push(symbol);
        let mut pure: Vec<usize> = symbol.is_pure(self.key).then_some(self.symbols.len() - 1).into_iter().collect();
        while let Some(index) = pure.pop() {
            let CodedSymbol { sum: hash, count: sign, .. } = self.symbols[index];
            // An earlier one may have told the same part.
            if self.symbols[index].is_pure(self.key) {
                self.take_out(hash, sign, &mut pure)?;
            }
        }
        Ok(self.is_done())
    }

    /// Takes a part out of all symbols so far.
    fn take_out(&mut self, hash: u64, sign: i64, pure: &mut Vec<usize>) -> Result<(), Garbled> {
        if self.found.contains_key(&hash) || self.found.len() >= self.symbols.len() {
            return Err(Garbled);
        }
        let (mut mapping, check) = (Mapping::of(hash), self.key.check(hash));
        while let Some(index) = usize::try_from(mapping.next()).ok().filter(|index| *index < self.symbols.len()) {
            let symbol = &mut self.symbols[index];
            let before = symbol.is_empty();
            symbol.mix(hash, check, -sign);
            match (before, symbol.is_empty()) {
                (false, true) => self.full -= 1,
                (true, false) => self.full += 1,
                _ => {}
            }
            if symbol.is_pure(self.key) {
                pure.push(index);
            }
            mapping.advance();
        }
        self.due.entry(mapping.next()).or_default().push(hash);
        self.found.insert(hash, (sign, mapping));
        Ok(())
    }

    /// Whether all differences are found: there is a symbol, and none has anything left in it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.full == 0 && !self.symbols.is_empty()
    }

    /// About how many parts differ in all: those found, and as many more as the spread of the counts tells. O([`SPREAD`](Self::SPREAD)).
    ///
    /// Of r parts that are not found yet, of which one side has c more than the other, the symbol at `index` has each with probability p = 2 / (index + 2), so its count has the mean
    /// p c and the variance p (1 − p) r; and c is what the first symbol counts. The mean of w squared deviations, each over its p (1 − p), is r within √(3 / w) of itself or so, one
    /// standard deviation.
    #[must_use]
    pub fn estimate(&self) -> usize {
        // Hostile counts are cut off, so that nothing overflows; what is estimated only says how much to ask for.
        let count = |index: usize| i128::from(self.symbols[index].count.clamp(-(1 << 31), 1 << 31));
        let first = self.symbols.len().saturating_sub(Self::SPREAD).max(1);
        let looked_at = first..self.symbols.len();
        let (mut squares, symbols) = (0_u128, looked_at.len() as u128);
        for index in looked_at {
            // Both multiplied by (index + 2)².
            let deviation = (count(index) * (index as i128 + 2) - 2 * count(0)).unsigned_abs();
            squares = squares.saturating_add(deviation.saturating_mul(deviation) / (2 * index as u128));
        }
        let left = usize::try_from(squares / symbols.max(1)).unwrap_or(usize::MAX);
        self.found.len().saturating_add(left)
    }

    /// How many symbols were taken in.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.symbols.len()
    }

    /// The parts that only the one set has (1), or only the other one (−1), as far as they are found, in the order of their hashes.
    pub fn found(&self) -> impl Iterator<Item = (u64, i64)> + '_ {
        self.found.iter().map(|(hash, (sign, _))| (*hash, *sign))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;

    use proptest::prelude::*;

    use super::super::Symbols;
    use super::*;

    const KEY: Key = Key(11, 12);

    /// How many symbols it takes to find what differs, and what that is.
    fn reconcile(one: &mut Symbols, other: &mut Symbols) -> (usize, Vec<(u64, i64)>) {
        let mut peeler = Peeler::new(KEY);
        for index in 0.. {
            let symbol = one.prefix(index + 1)[index].less(other.prefix(index + 1)[index]);
            if peeler.push(symbol).unwrap() {
                break;
            }
        }
        (peeler.taken(), peeler.found().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn finds_the_symmetric_difference(
            one in proptest::collection::btree_set(0_u16..600, 0..300),
            other in proptest::collection::btree_set(0_u16..600, 0..300),
        ) {
            let hashed = |set: &BTreeSet<u16>| set.iter().map(|part| KEY.hash(part)).collect::<BTreeSet<u64>>();
            let (a, b) = (hashed(&one), hashed(&other));
            let (symbols, found) = reconcile(&mut Symbols::of(KEY, a.iter().copied()), &mut Symbols::of(KEY, b.iter().copied()));
            let due: Vec<(u64, i64)> = a.symmetric_difference(&b).map(|hash| (*hash, if a.contains(hash) { 1 } else { -1 })).collect();
            prop_assert!(symbols <= 8 + 3 * due.len(), "{} symbols for {}", symbols, due.len());
            prop_assert_eq!(found, due);
        }

        #[test]
        fn a_part_put_in_later_is_as_if_it_had_been_there(parts in proptest::collection::btree_set(any::<u64>(), 1..40), early in 0_usize..40) {
            let parts: Vec<u64> = parts.into_iter().collect();
            let early = early.min(parts.len());
            let mut grown = Symbols::of(KEY, parts[..early].iter().copied());
            grown.prefix(20);
            parts[early..].iter().for_each(|part| grown.insert(*part));
            let mut whole = Symbols::of(KEY, parts.iter().copied());
            prop_assert_eq!(&grown.prefix(50)[..50], &whole.prefix(50)[..50]);
        }

        /// Whatever comes, it ends, finds no more than there were symbols, and says so if it was nonsense.
        #[test]
        fn any_symbols_end(symbols in proptest::collection::vec((0_u64..6, any::<bool>(), -2_i64..3), 0..60)) {
            let mut peeler = Peeler::new(KEY);
            for (sum, honest, count) in symbols {
                let hash = KEY.hash(&sum);
                if peeler.push(CodedSymbol { sum: hash, check: if honest { KEY.check(hash) } else { 0 }, count }).is_err() {
                    break;
                }
            }
            prop_assert!(peeler.found().count() <= peeler.taken());
        }
    }

    /// From a quarter as many symbols as there are differences: within five standard deviations, however the parts are shared between the sides.
    #[test]
    fn the_estimate_is_near_what_differs() {
        for (mine, theirs) in [(400_u32, 0), (200, 200), (0, 4_000), (3_000, 1_000)] {
            for seed in 0..20 {
                let mut one = Symbols::of(KEY, (0..mine).map(|part| KEY.hash(&(seed, part))));
                let mut other = Symbols::of(KEY, (mine..mine + theirs).map(|part| KEY.hash(&(seed, part))));
                let (mut peeler, differences) = (Peeler::new(KEY), f64::from(mine + theirs));
                for index in 0..(mine + theirs) as usize / 4 {
                    assert_eq!(peeler.push(one.prefix(index + 1)[index].less(other.prefix(index + 1)[index])), Ok(false));
                }
                let estimate = f64::from(u32::try_from(peeler.estimate()).unwrap());
                let deviation = (3.0 / (differences / 4.0).min(1_024.0)).sqrt();
                assert!((estimate / differences - 1.0).abs() < 5.0 * deviation, "{estimate} for {mine} and {theirs}, seed {seed}");
            }
        }
    }

    #[test]
    fn no_counts_overflow_the_estimate() {
        for counts in [[i64::MAX; 3], [i64::MIN; 3], [i64::MAX, i64::MIN, 0]] {
            let mut peeler = Peeler::new(KEY);
            assert_eq!(peeler.estimate(), 0);
            for (sum, count) in (1..).zip(counts.repeat(1_000)) {
                assert_eq!(peeler.push(CodedSymbol { sum, check: 0, count }), Ok(false));
                let _ = peeler.estimate();
            }
        }
    }

    /// Symbols that tell a part where it is not: taken out there it would be found again, and again.
    #[test]
    fn a_part_is_found_once() {
        let hash = KEY.hash(&1);
        let pure = CodedSymbol { sum: hash, check: KEY.check(hash), count: 1 };
        let mut peeler = Peeler::new(KEY);
        let result = vec![pure; 64].into_iter().map(|symbol| peeler.push(symbol)).find(Result::is_err);
        assert_eq!(result, Some(Err(Garbled)));
    }

    /// The mean of many sets that differ in d parts: what both have cancels out, so that only d counts.
    #[test]
    fn a_large_difference_takes_at_most_three_symbols_for_two_parts() {
        for (differences, sets, most) in [(10_u32, 400, 1.9), (100, 100, 1.55), (1_000, 20, 1.5), (10_000, 3, 1.5)] {
            let mut symbols = 0;
            for set in 0..sets {
                let mut one = Symbols::of(KEY, (0..differences).map(|part| KEY.hash(&(set, part))));
                symbols += reconcile(&mut one, &mut Symbols::of(KEY, [])).0;
            }
            let each = f64::from(u32::try_from(symbols).unwrap()) / f64::from(sets) / f64::from(differences);
            assert!(each <= most, "{each} symbols for each of {differences}");
        }
    }
}
