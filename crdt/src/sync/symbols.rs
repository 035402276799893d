use alloc::vec::Vec;

use super::coded_symbol::Mapping;
use super::{CodedSymbol, Key};

/// The coded symbols of one set of parts: one endless stream, the same for whoever asks, of which a prefix is kept.
///
/// Yang, Gilad, Alizadeh, *Practical Rateless Set Reconciliation* (2024). Nothing in it depends on the other side or on how much differs. For n parts the first m
/// symbols take O(n log m); a longer prefix goes on where the shorter one ended, and a part put in or taken out changes O(log m) of those that are
/// there. 24 bytes for each part and for each symbol.
#[derive(Clone, Debug)]
pub struct Symbols {
    key: Key,
    /// Each part, and the first symbol beyond the prefix that it is mapped to.
    parts: Vec<(u64, Mapping)>,
    prefix: Vec<CodedSymbol>,
}

impl Symbols {
    /// The symbols of the parts with these hashes, of which each comes once.
    #[must_use]
    pub fn of(key: Key, hashes: impl IntoIterator<Item = u64>) -> Self {
        let parts = hashes.into_iter().map(|hash| (hash, Mapping::of(hash))).collect();
        Self { key, parts, prefix: Vec::new() }
    }

    /// Puts one more part in, which was not in. O(log m).
    pub fn insert(&mut self, hash: u64) {
        let (mut mapping, check) = (Mapping::of(hash), self.key.check(hash));
        while let Some(symbol) = usize::try_from(mapping.next()).ok().and_then(|next| self.prefix.get_mut(next)) {
            symbol.mix(hash, check, 1);
            mapping.advance();
        }
        self.parts.push((hash, mapping));
    }

    /// The first `count` symbols, or more. O(n log m) for those that are new.
    pub fn prefix(&mut self, count: usize) -> &[CodedSymbol] {
        let begin = self.prefix.len();
        if count > begin {
            // Twice as many, so that asking one by one does not walk through all parts each time.
            self.prefix.resize(count.max(begin.saturating_mul(2)).max(16), CodedSymbol::default());
            for (hash, mapping) in &mut self.parts {
                let check = self.key.check(*hash);
                while let Some(symbol) = usize::try_from(mapping.next()).ok().and_then(|next| self.prefix.get_mut(next)) {
                    symbol.mix(*hash, check, 1);
                    mapping.advance();
                }
            }
        }
        &self.prefix
    }

    /// How many parts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is no part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The hashes of the parts, as they were put in.
    pub fn hashes(&self) -> impl Iterator<Item = u64> + '_ {
        self.parts.iter().map(|(hash, _)| *hash)
    }
}
