//! What holds of a text's inside after every change. For tests only.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::prune::Stable;
use super::span::Key;
use super::tree::Point;
use super::{Text, TextDelta};

impl<A: Clone + Ord + core::fmt::Debug> Text<A> {
    /// Walks over everything and compares it with what is kept of it.
    fn audit(&self) {
        self.tree.audit();
        let (mut place, mut known, mut bytes) = (self.tree.first(), vec![Vec::new(); self.actors.len()], 0);
        // The chain of left origins of the last character walked over: a preorder walk of a tree of depths.
        let mut origins: Vec<Key> = Vec::new();
        // Characters, bytes, wide characters, and deleted ones too, before the place.
        let mut stands = [0; 4];
        while let Some(at) = place {
            let span = *self.tree.span(at);
            assert!(span.len() > 0 && span.depth as usize <= origins.len() + 1, "nothing is deeper than one below the one before");
            assert_eq!(self.content.of(&span).chars().count(), span.chars() as usize, "the content is that of the visible characters");
            for offset in 0..span.len() {
                let (point, key) = (Point { place: at, offset }, span.id.plus(offset));
                origins.truncate((span.depth + offset) as usize - 1);
                assert_eq!(self.tree.left_of(point), origins.last().copied().unwrap_or(Key::NONE));
                origins.push(key);
                known[span.id.actor as usize].push(key.counter);
                assert_eq!(self.tree.find(key), point, "the index leads there");
            }
            let before = self.tree.before(at);
            assert_eq!(
                [before.chars, before.bytes, before.wide, before.all],
                stands,
                "the nodes know what stands before a span, or how far they lag behind"
            );
            if span.is_visible() {
                assert_eq!(self.tree.at_char(stands[0] + span.chars() - 1), (Point { place: at, offset: span.chars() - 1 }, stands[0]));
                assert_eq!(self.tree.at_byte(stands[1]), (at, 0));
                assert_eq!(self.tree.at_utf16(u64::from(stands[0] + stands[2])), (at, 0));
            }
            let counts = [span.chars(), span.bytes(), span.extent().wide(), span.len()];
            stands = core::array::from_fn(|at| stands[at] + counts[at]);
            let level = match span.right {
                Key::NONE => 0,
                right => {
                    let parent = self.tree.find(right);
                    let is_child = self.tree.left_of(parent) == self.tree.left_of(Point { place: at, offset: 0 });
                    let level = if parent.offset > 0 { 0 } else { self.tree.span(parent.place).level };
                    if is_child { level + 1 } else { 0 }
                }
            };
            assert_eq!(span.level, level, "the level is one above the right origin's, if that has the same left origin");
            bytes += span.bytes() as usize;
            place = self.tree.next(at);
        }
        for (mut counters, actor) in known.into_iter().zip(&self.actors) {
            counters.sort_unstable();
            assert!(counters.is_sorted_by(|one, next| one < next), "no character of {:?} is there twice", actor.id);
            let stable = counters.partition_point(|&counter| counter <= actor.stable);
            assert!(actor.stable > 0 || stable == 0);
            assert!(counters.split_off(stable).into_iter().eq(actor.stable + 1..=actor.known), "all others of {:?} are there", actor.id);
        }
        assert!(bytes <= self.content.len());
    }
}

/// One step of an edit: which of two copies, where, how many go, how many come; or an exchange.
type Step = (bool, prop::sample::Index, usize, usize, bool);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// After every edit on two copies, every delta received and every one refused, all that is kept inside is what a walk finds.
    #[test]
    fn sums_index_and_rungs_are_right(steps in prop::collection::vec(any::<(bool, prop::sample::Index, u8, u8, bool)>(), 1..120)) {
        let steps = steps.into_iter().map(|(copy, at, gone, come, exchange)| -> Step { (copy, at, usize::from(gone % 4), usize::from(come % 5), exchange) });
        let (mut texts, mut sent) = ([Text::new(), Text::new()], [TextDelta::new(), TextDelta::new()]);
        for (at, (copy, position, gone, come, exchange)) in steps.enumerate() {
            let me = usize::from(copy);
            let position = position.index(texts[me].len() + 1);
            let gone = gone.min(texts[me].len() - position);
            let delta = texts[me].splice(me, position..position + gone, &"aé語🦀z"[..[0, 1, 3, 6, 10][come]]).expect("in range");
            texts[me].audit();
            sent[me].append(delta);
            if exchange || at % 16 == 15 {
                let delta = core::mem::take(&mut sent[me]);
                let broken = TextDelta::from_parts(delta.runs().iter().cloned(), [super::TextRange { first: tidings_clocks::Dot::new(7, 1), length: 1 }]);
                let other = &mut texts[1 - me];
                let before = other.to_string();
                prop_assert!(other.apply(&broken).is_err());
                other.audit();
                prop_assert_eq!(other.to_string(), before);
                prop_assert!(other.apply(&delta).is_ok());
                other.audit();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Two copies are edited, exchange all they know, are edited again, and one of them is pruned to what it knew then, again and again: what is kept inside is right, and the text is the same.
    #[test]
    fn what_is_kept_after_pruning_is_right(rounds in prop::collection::vec(prop::collection::vec(any::<(bool, prop::sample::Index, u8, u8)>(), 0..20), 1..8)) {
        let mut texts = [Text::new(), Text::new()];
        let mut unpruned = Text::new();
        for round in rounds {
            let (mut sent, mut known) = ([TextDelta::new(), TextDelta::new()], Vec::new());
            let half = round.len() / 2;
            for (at, (copy, position, gone, come)) in round.into_iter().enumerate() {
                if at == half {
                    for me in 0..2 {
                        let delta = core::mem::take(&mut sent[me]);
                        prop_assert!(texts[1 - me].apply(&delta).is_ok() && unpruned.apply(&delta).is_ok());
                    }
                    known = texts[0].actors.iter().map(|actor| actor.known).collect();
                }
                let me = usize::from(copy);
                let position = position.index(texts[me].len() + 1);
                let gone = usize::from(gone % 4).min(texts[me].len() - position);
                sent[me].append(texts[me].splice(me, position..position + gone, &"aé語🦀z"[..[0, 1, 3, 6, 10][usize::from(come % 5)]]).expect("in range"));
            }
            known.resize(texts[0].actors.len(), 0);
            let removed = sent[0].removed().iter();
            let held = removed.map(|range| (texts[0].key(&range.first).expect("its own"), u32::try_from(range.length).expect("small")));
            let stable = Stable { insertions: &known, held: held.collect() };
            let before = texts[0].to_string();
            texts[0].prune(&stable);
            texts[0].audit();
            prop_assert_eq!(texts[0].to_string(), before);
            for me in 0..2 {
                prop_assert!(texts[1 - me].apply(&sent[me]).is_ok() && unpruned.apply(&sent[me]).is_ok());
            }
            texts[0].audit();
            prop_assert_eq!(texts[0].to_string(), unpruned.to_string());
            prop_assert_eq!(texts[1].to_string(), unpruned.to_string());
        }
    }
}

/// The sums, the index and the rungs of a text of several levels of nodes.
#[test]
fn deep_trees_are_right() {
    let mut text = Text::new();
    let mut at = 0;
    for step in 0..6_000_usize {
        at = (at + 7_919) % (text.len() + 1);
        text.insert(step % 3, at, "ab").expect("in range");
        if step % 3 == 0 {
            text.remove(at..at + 1).expect("in range");
        }
    }
    text.audit();
    // Typing on and erasing on, of which the nodes above have not been told yet.
    for at in [1, text.len() / 3, text.len() / 2, text.len()] {
        for typed in 0..3 {
            text.insert(0, at + typed, "é").expect("in range");
        }
        text.audit();
        for erased in (0..3).rev() {
            text.remove(at + erased..at + erased + 1).expect("in range");
        }
        text.audit();
    }
    let mut copy = Text::new();
    copy.merge(&text).expect("new");
    copy.audit();
    assert_eq!(copy, text);
}
