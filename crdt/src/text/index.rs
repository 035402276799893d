use alloc::vec;
use alloc::vec::Vec;

use super::span::Key;

/// Where each span is: from the id of its first character to the leaf that holds it. A sorted list, cut into pages.
///
/// Lookup O(log n); change O(log n + page) and, once in a page's worth of insertions, a shift of the list of pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// No page is empty.
    pages: Vec<Vec<Entry>>,
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

    /// The leaf of the span that holds `key`, provided that any does.
    pub(super) fn leaf(&self, key: Key) -> u32 {
        let page = &self.pages[self.page(key)];
        page[page.partition_point(|entry| entry.start <= key) - 1].leaf
    }

    /// Notes that a span begins at `start`, in `leaf`; whatever was noted about the same start is replaced.
    pub(super) fn insert(&mut self, start: Key, leaf: u32) {
        let entry = Entry { start, leaf };
        if self.pages.is_empty() {
            self.pages.push(vec![entry]);
            return;
        }
        let at = self.page(start);
        let page = &mut self.pages[at];
        match page.binary_search_by_key(&start, |entry| entry.start) {
            Ok(found) => page[found].leaf = leaf,
            Err(gap) if page.len() < Self::PAGE => page.insert(gap, entry),
            Err(gap) => {
                // An actor's newest run begins a page of its own, which leaves full pages behind. Only where no page of the same actor follows: else
                // a falling sequence of ids would get a page for each.
                let newest = gap == page.len() && self.pages.get(at + 1).is_none_or(|next| next[0].start.actor != start.actor);
                let page = &mut self.pages[at];
                let mut upper = page.split_off(if newest { Self::PAGE } else { Self::PAGE / 2 });
                if gap <= page.len() && !newest {
                    page.insert(gap, entry);
                } else {
                    upper.insert(gap - page.len(), entry);
                }
                self.pages.insert(at + 1, upper);
            }
        }
    }

    /// Forgets the span that begins at `start`.
    pub(super) fn remove(&mut self, start: Key) {
        if self.pages.is_empty() {
            return;
        }
        let at = self.page(start);
        let page = &mut self.pages[at];
        if let Ok(found) = page.binary_search_by_key(&start, |entry| entry.start) {
            page.remove(found);
            if page.is_empty() {
                self.pages.remove(at);
            }
        }
    }

    /// The page where `key` is or would be: the last one that does not begin after it, or the first.
    fn page(&self, key: Key) -> usize {
        self.pages.partition_point(|page| page[0].start <= key).saturating_sub(1)
    }

    /// How much memory is reserved, in bytes.
    pub(super) fn capacity(&self) -> usize {
        let entries: usize = self.pages.iter().map(Vec::capacity).sum();
        entries * size_of::<Entry>() + self.pages.capacity() * size_of::<Vec<Entry>>()
    }
}
