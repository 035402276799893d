use alloc::vec;
use alloc::vec::Vec;

use super::span::Key;

/// Where each character is: from ids to the leaves that hold them. A sorted list, cut into pages.
///
/// An entry says that from its id on, up to the next entry's, characters of that actor are in its leaf. So spans that are cut in two, or take characters from
/// each other, need no change here as long as they are in one leaf: consecutive characters without an entry between them once were in one span, and stand in the
/// order of their ids for ever. What moves to another leaf gets entries.
///
/// Lookup O(log n); change O(log n + page) and, once in a page's worth of insertions, a shift of the list of pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// No page is empty.
    pages: Vec<Page>,
}

#[derive(Clone, Debug)]
struct Page {
    /// That of the first entry: pages are searched without looking into them.
    start: Key,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: Key,
    leaf: u32,
}

impl Index {
    /// Entries in a page at most.
    const PAGE: usize = 128;

    pub(super) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    /// The list of these entries, whose ids increase.
    pub(super) fn of(entries: impl Iterator<Item = (Key, u32)>) -> Self {
        let mut pages: Vec<Page> = Vec::new();
        for (start, leaf) in entries {
            match pages.last_mut() {
                // With room for some edits before it must be cut.
                Some(page) if page.entries.len() < Self::PAGE - Self::PAGE / 8 => page.entries.push(Entry { start, leaf }),
                _ => {
                    let mut entries = Vec::with_capacity(Self::PAGE);
                    entries.push(Entry { start, leaf });
                    pages.push(Page { start, entries });
                }
            }
        }
        Self { pages }
    }

    /// The leaf that holds the character `key`, provided that there is one.
    pub(super) fn leaf(&self, key: Key) -> u32 {
        let page = &self.pages[self.page(key)].entries;
        page[page.partition_point(|entry| entry.start <= key) - 1].leaf
    }

    /// The leaf that holds the character `key`, if any does.
    pub(super) fn leaf_if_any(&self, key: Key) -> Option<u32> {
        let page = &self.pages.get(self.page(key))?.entries;
        let before = page.partition_point(|entry| entry.start <= key).checked_sub(1)?;
        Some(page[before].leaf)
    }

    /// Notes that `start` and the characters after it are in `leaf`.
    pub(super) fn insert(&mut self, start: Key, leaf: u32) {
        let entry = Entry { start, leaf };
        if let Some(Page { entries: last, .. }) = self.pages.last_mut()
            && last.last().is_some_and(|last| last.start < start)
        {
            // The newest run of the newest actor, which is what a local edit inserts: no search.
            if last.len() < Self::PAGE {
                last.push(entry);
            } else {
                self.pages.push(Page::of(vec![entry]));
            }
            return;
        }
        if self.pages.is_empty() {
            self.pages.push(Page::of(vec![entry]));
            return;
        }
        let at = self.page(start);
        let page = &mut self.pages[at];
        match page.entries.binary_search_by_key(&start, |entry| entry.start) {
            Ok(found) => page.entries[found].leaf = leaf,
            Err(gap) if page.entries.len() < Self::PAGE => {
                page.entries.insert(gap, entry);
                page.start = page.entries[0].start;
            }
            Err(gap) => {
                // An actor's newest run begins a page of its own, which leaves full pages behind. Only where no page of the same actor follows: else
                // a falling sequence of ids would get a page for each.
                let newest = gap == page.entries.len() && self.pages.get(at + 1).is_none_or(|next| next.start.actor != start.actor);
                let page = &mut self.pages[at];
                let mut upper = page.entries.split_off(if newest { Self::PAGE } else { Self::PAGE / 2 });
                if gap <= page.entries.len() && !newest {
                    page.entries.insert(gap, entry);
                    page.start = page.entries[0].start;
                } else {
                    upper.insert(gap - page.entries.len(), entry);
                }
                self.pages.insert(at + 1, Page::of(upper));
            }
        }
    }

    /// Notes that the characters from `start` to before the counter `end`, which are one span, are in `leaf`.
    pub(super) fn assign(&mut self, start: Key, end: u32, leaf: u32) {
        // Most often there is an entry, and none inside of the span.
        let at = self.page(start);
        if let Some(Page { entries: page, .. }) = self.pages.get_mut(at)
            && let Ok(found) = page.binary_search_by_key(&start, |entry| entry.start)
        {
            page[found].leaf = leaf;
            if page.get(found + 1).is_some_and(|next| next.start >= Key::new(start.actor, end)) {
                return;
            }
        } else {
            self.insert(start, leaf);
        }
        self.clear(start.plus(1), end);
    }

    /// Forgets the entries from `start` to before the counter `end`.
    pub(super) fn clear(&mut self, start: Key, end: u32) {
        let end = Key::new(start.actor, end);
        let mut at = self.page(start);
        while let Some(page) = self.pages.get_mut(at) {
            let first = page.entries.partition_point(|entry| entry.start < start);
            let last = first + page.entries[first..].iter().take_while(|entry| entry.start < end).count();
            let goes_on = last == page.entries.len();
            page.entries.drain(first..last);
            if let Some(entry) = page.entries.first() {
                page.start = entry.start;
                at += 1;
            } else {
                self.pages.remove(at);
            }
            if !goes_on {
                break;
            }
        }
    }

    /// The page where `key` is or would be: the last one that does not begin after it, or the first.
    fn page(&self, key: Key) -> usize {
        self.pages.partition_point(|page| page.start <= key).saturating_sub(1)
    }

    /// How much memory is reserved, in bytes.
    pub(super) fn capacity(&self) -> usize {
        let entries: usize = self.pages.iter().map(|page| page.entries.capacity()).sum();
        entries * size_of::<Entry>() + self.pages.capacity() * size_of::<Page>()
    }
}

impl Page {
    /// The page of these entries, not none.
    fn of(entries: Vec<Entry>) -> Self {
        Self { start: entries[0].start, entries }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against an ordered map: the same leaf for every key, whatever is inserted, assigned and cleared.
        #[test]
        fn equals_an_ordered_map(steps in prop::collection::vec((0..3_u32, 1..400_u32, 1..20_u32, 0..9_u8), 1..800)) {
            let (mut index, mut map) = (Index::new(), BTreeMap::new());
            for (leaf, (actor, counter, length, kind)) in (0_u32..).zip(steps) {
                let (start, end) = (Key::new(actor, counter), counter + length);
                match kind {
                    0 => index.clear(start, end),
                    1 | 2 => index.assign(start, end, leaf),
                    _ => index.insert(start, leaf),
                }
                if kind < 3 {
                    map.retain(|&key, _| key < start || key >= Key::new(actor, end));
                }
                if kind > 0 {
                    map.insert(start, leaf);
                }
                prop_assert!(index.pages.iter().all(|page| (1..=Index::PAGE).contains(&page.entries.len()) && page.start == page.entries[0].start));
            }
            prop_assert!(index.pages.iter().flat_map(|page| &page.entries).map(|entry| (entry.start, entry.leaf)).eq(map.iter().map(|(&start, &leaf)| (start, leaf))));
            for (actor, counter) in (0..3).flat_map(|actor| (1..420).map(move |counter| (actor, counter))) {
                if let Some((_, &leaf)) = map.range(..=Key::new(actor, counter)).next_back() {
                    prop_assert_eq!(index.leaf(Key::new(actor, counter)), leaf);
                }
            }
        }
    }
}
