use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};

/// One edit of a text: at `at`, take out `delete` characters and put in `insert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit<'a> {
    /// Where, in characters of the text before any edit of the list.
    pub at: usize,
    /// How many characters go.
    pub delete: usize,
    /// What comes in their place.
    pub insert: &'a str,
}

/// How many bytes of `old` these edits, in order and disjoint, take out, and how many they put in. O(old).
#[must_use]
pub(crate) fn edited_bytes(old: &str, edits: &[Edit<'_>]) -> usize {
    let mut rest = old.chars();
    let mut next = 0;
    let mut bytes = 0;
    for edit in edits {
        let skipped = edit.at.saturating_sub(next);
        if skipped > 0 {
            rest.nth(skipped - 1);
        }
        bytes += edit.insert.len() + rest.by_ref().take(edit.delete).map(char::len_utf8).sum::<usize>();
        next = edit.at + edit.delete;
    }
    bytes
}

/// The fine edits that make `new` out of `old`, in increasing and disjoint places of `old`. Empty if they are equal.
///
/// Lines first (histogram), then within each changed hunk words, numbers and single signs (Myers), then what two such tokens have in common at
/// their ends. So what a person did not touch is not touched: two people who change two words of one line do not undo each other.
#[must_use]
pub fn edits<'a>(old: &str, new: &'a str) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    let mut at = Characters::default();
    for lines in hunks(Algorithm::Histogram, old, new, |text| text) {
        let (before, after) = (&old[lines.old.clone()], &new[lines.new.clone()]);
        for words in hunks(Algorithm::Myers, before, after, Words) {
            let (gone, came) = (&before[words.old.clone()], &after[words.new]);
            let prefix = common_prefix(gone, came);
            let suffix = common_suffix(&gone[prefix..], &came[prefix..]);
            let (start, gone) = (lines.old.start + words.old.start + prefix, &gone[prefix..gone.len() - suffix]);
            edits.push(Edit { at: at.of(old, start), delete: gone.chars().count(), insert: &came[prefix..came.len() - suffix] });
        }
    }
    edits
}

/// Two ranges of bytes, of which the second replaces the first.
struct Replaced {
    old: Range<usize>,
    new: Range<usize>,
}

fn hunks<'a, S>(algorithm: Algorithm, old: &'a str, new: &'a str, tokens: impl Fn(&'a str) -> S) -> Vec<Replaced>
where
    S: TokenSource<Token = &'a str>,
{
    let input = InternedInput::new(tokens(old), tokens(new));
    let diff = Diff::compute(algorithm, &input);
    let ends = |tokens: &[imara_diff::Token]| {
        let mut end = 0;
        let mut ends = vec![0];
        ends.extend(tokens.iter().map(|&token| {
            end += input.interner[token].len();
            end
        }));
        ends
    };
    let (old_ends, new_ends) = (ends(&input.before), ends(&input.after));
    let bytes = |ends: &[usize], tokens: Range<u32>| ends[tokens.start as usize]..ends[tokens.end as usize];
    diff.hunks().map(|hunk| Replaced { old: bytes(&old_ends, hunk.before), new: bytes(&new_ends, hunk.after) }).collect()
}

/// A text as a source of words (letters, digits and underscores), runs of blanks, and single other characters.
#[derive(Clone, Copy)]
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let kind = |c: char| {
            if c.is_alphanumeric() || c == '_' { Some('w') } else { (c == ' ').then_some(' ') }
        };
        let first = self.0.chars().next()?;
        let end = match kind(first) {
            None => first.len_utf8(),
            of => self.0.find(|c| kind(c) != of).unwrap_or(self.0.len()),
        };
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(word)
    }
}

impl<'a> TokenSource for Words<'a> {
    type Token = &'a str;
    type Tokenizer = Self;

    fn tokenize(&self) -> Self {
        *self
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.len() / 3).unwrap_or(u32::MAX)
    }
}

/// Counts characters up to a byte, from where it last counted.
#[derive(Default)]
struct Characters {
    byte: usize,
    characters: usize,
}

impl Characters {
    fn of(&mut self, text: &str, byte: usize) -> usize {
        self.characters += text[self.byte..byte].chars().count();
        self.byte = byte;
        self.characters
    }
}

fn common_prefix(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

fn common_suffix(one: &str, other: &str) -> usize {
    one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The naive twin: rebuild the text character by character.
    fn apply(old: &str, edits: &[Edit<'_>]) -> String {
        let old: Vec<char> = old.chars().collect();
        let (mut new, mut next) = (String::new(), 0);
        for edit in edits {
            assert!(edit.at >= next, "edits are in order and disjoint");
            new.extend(&old[next..edit.at]);
            new.push_str(edit.insert);
            next = edit.at + edit.delete;
        }
        new.extend(&old[next..]);
        new
    }

    proptest! {
        #[test]
        fn the_edits_make_the_new_text(old in "[ab \n,é🙂]{0,60}", new in "[ab \n,é🙂]{0,60}") {
            prop_assert_eq!(apply(&old, &edits(&old, &new)), new);
        }

        /// Sharing most lines, as versions of a file do.
        #[test]
        fn the_edits_of_a_few_lines_leave_the_others_alone(lines in prop::collection::vec("[a-c]{0,3} [a-c]{1,3}\n", 1..40), at in 0usize..40, line in "[x-z]{1,4}\n") {
            let old = lines.concat();
            let mut changed = lines.clone();
            changed.insert(at.min(lines.len()), line.clone());
            let new = changed.concat();
            let edits = edits(&old, &new);
            prop_assert_eq!(apply(&old, &edits), new.clone());
            prop_assert_eq!(edits.iter().map(|edit| edit.delete).sum::<usize>(), 0);
            prop_assert_eq!(edits.iter().map(|edit| edit.insert.len()).sum::<usize>(), line.len());
        }
    }

    #[test]
    fn equal_texts_need_no_edit() {
        assert_eq!(edits("", ""), []);
        assert_eq!(edits("fn main() {}\n", "fn main() {}\n"), []);
    }

    #[test]
    fn two_changed_words_of_a_line_are_two_edits() {
        let found = edits("let window = held + 64;\n", "let credit = held + 65;\n");
        assert_eq!(found, [Edit { at: 4, delete: 6, insert: "credit" }, Edit { at: 21, delete: 1, insert: "5" }]);
    }

    #[test]
    fn places_are_characters_not_bytes() {
        assert_eq!(edits("größe = 1\n", "größe = 12\n"), [Edit { at: 9, delete: 0, insert: "2" }]);
        let two = [Edit { at: 0, delete: 1, insert: "" }, Edit { at: 2, delete: 2, insert: "🙂" }];
        assert_eq!(edited_bytes("größe", &two), 1 + 4 + 4);
    }
}
