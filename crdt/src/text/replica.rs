use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use tidings_clocks::{Dot, Rank, VectorClock};
use tidings_protocol::Refused;

use super::anchor::{Anchor, Bias};
use super::delta::TextDelta;
use super::error::TextError;
use super::mark::{Expand, MarkedRange, TextMark};
use super::prune::Stable;
use super::span::Key;
use super::{Text, TextStats};
use crate::pure::{Behind, Deliveries, Limits, Pruned, Rejected, Stamped, Stranger};

/// A [`Text`] in operation form, which forgets what all have deleted: one member's replica, over causal broadcast.
///
/// A text by itself keeps the name of every character that was ever typed, since an insertion that is still to come may name it. Whoever knows what is *stable*, delivered by
/// everybody, knows better. Edits travel with a vector stamp. A [stability frontier](Self::stabilise) says which of them need none any more, and
/// [`prune`](Self::prune) then forgets the origins of what is stable and nearly all that was deleted: when everything is stable, there are no more than 2 v + 4 m + 1 characters and spans for v visible
/// characters and m marks; and two vector clocks. What was made without knowing what is stable is refused, as are operations out of causal order.
///
/// What a replica makes means the same whether it has pruned or not, and what it shows is the same (see `prune.rs` for why). It is [saved](Self::save) as a document, so that a process can restart. That takes members who tell the truth of what they have seen: one who lies in its stamps
/// can let those who have pruned and those who have not disagree, though it cannot harm either otherwise.
///
/// ```
/// use tidings_clocks::{Rank, Stability};
/// use tidings_crdt::TextReplica;
///
/// let mut ann = TextReplica::new(Rank(0), 2, Default::default())?;
/// let mut bob = TextReplica::new(Rank(1), 2, Default::default())?;
/// bob.deliver(ann.splice(0..0, "Hello big wide world")?).unwrap();
/// bob.deliver(ann.splice(5..14, "")?).unwrap();
///
/// let mut known = Stability::new(2);
/// known.learn(Rank(0), ann.delivered())?;
/// known.learn(Rank(1), bob.delivered())?;
/// ann.stabilise(&known.stable())?;
/// assert_eq!(ann.stats().characters, 20);
/// ann.prune();
/// assert_eq!(ann.stats().characters, 12, "one of nine deleted characters is kept");
///
/// let planet = bob.splice(6..11, "planet")?; // Bob has pruned nothing.
/// ann.deliver(planet).unwrap();
/// assert_eq!(ann.to_string(), "Hello planet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TextReplica {
    pub(super) limits: Limits,
    pub(super) deliveries: Deliveries,
    pub(super) text: Text<Rank>,
    /// All that is delivered and not stable, in an order that extends happened-before.
    pub(super) log: Vec<Stamped<TextDelta<Rank>>>,
    /// How many characters each member has typed in stable operations.
    pub(super) typed: Vec<u32>,
}

/// An edit that a replica does not take, handed back with the reason. Boxed: an edit is large, and to be refused is rare.
type NotTaken = Box<Refused<Stamped<TextDelta<Rank>>, Rejected<TextError<Rank>>>>;

impl TextReplica {
    /// The replica of `me`, one of `members`, of the empty text.
    ///
    /// # Errors
    /// [`Stranger`] if `me` is none of them.
    pub fn new(me: Rank, members: usize, limits: Limits) -> Result<Self, Stranger> {
        let deliveries = Deliveries::new(me, members)?;
        Ok(Self { limits, deliveries, text: Text::new(), log: Vec::new(), typed: alloc::vec![0; members] })
    }

    /// The replica of another member, or of this one begun anew, that knows all that this one does: for whoever comes new, or was away while the others pruned. A copy.
    ///
    /// # Errors
    /// [`Stranger`] if `me` is no member.
    pub fn fork(&self, me: Rank) -> Result<Self, Stranger> {
        Ok(Self { deliveries: self.deliveries.clone().of(me)?, ..self.clone() })
    }

    /// Deletes the characters in `range`, types `text` in their place, and returns what is to be broadcast. Costs as [`Text::splice`], and O(members).
    ///
    /// # Errors
    /// [`Rejected::Refused`] with what `Text::splice` says, [`Rejected::Full`] if too many operations of this replica are not yet stable, [`Rejected::Overflow`] if it has made
    /// `u64::MAX`. It is unchanged.
    pub fn splice(&mut self, range: Range<usize>, text: &str) -> Result<Stamped<TextDelta<Rank>>, Rejected<TextError<Rank>>> {
        self.edit(|mine, me| mine.splice(me, range, text))
    }

    /// [Marks](Text::mark) a range, and returns what is to be broadcast. Costs as that, and O(members).
    ///
    /// # Errors
    /// As [`splice`](Self::splice). The replica is unchanged.
    pub fn mark(
        &mut self,
        range: Range<usize>,
        key: &str,
        value: &str,
        expand: Expand,
    ) -> Result<Stamped<TextDelta<Rank>>, Rejected<TextError<Rank>>> {
        self.edit(|mine, me| mine.mark(me, range, key, value, expand))
    }

    /// Takes marks [off](Text::unmark) a range, and returns what is to be broadcast. Costs as that, and O(members).
    ///
    /// # Errors
    /// As [`splice`](Self::splice). The replica is unchanged.
    pub fn unmark(
        &mut self,
        range: Range<usize>,
        key: &str,
        expand: Expand,
    ) -> Result<Stamped<TextDelta<Rank>>, Rejected<TextError<Rank>>> {
        self.edit(|mine, me| mine.unmark(me, range, key, expand))
    }

    /// Takes in an edit of another replica. They come in causal order: that, and that nothing comes twice, is checked here. Costs as [`Text::apply`], and O(members); O(u)
    /// for one of u unstable ones that comes again.
    ///
    /// # Errors
    /// [`Rejected`], with what is wrong; the replica is unchanged and the edit comes back.
    pub fn deliver(&mut self, stamped: Stamped<TextDelta<Rank>>) -> Result<(), NotTaken> {
        match self.place(&stamped).and_then(|()| self.text.apply(&stamped.operation).map_err(Rejected::Refused)) {
            Err(why) => Err(Box::new(Refused { request: stamped, why })),
            Ok(_) => {
                self.log(stamped);
                Ok(())
            }
        }
    }

    /// Notes that everybody has delivered the operations that `frontier` counts, so that whatever still comes has seen them. Returns of how many this is news. O(u) for u
    /// unstable operations.
    ///
    /// # Errors
    /// [`Behind`] if it counts what was never delivered here: this replica was away. It is unchanged, and needs a [`fork`](Self::fork) of another one.
    pub fn stabilise(&mut self, frontier: &VectorClock) -> Result<usize, Behind> {
        let before = self.log.len();
        if self.deliveries.stabilise(frontier)? {
            let (stable, typed) = (&self.deliveries.stable, &mut self.typed);
            self.log.retain(|Stamped { stamp, operation }| {
                let is_stable = stamp.is_known_to(stable);
                for end in operation.runs().iter().filter(|_| is_stable).filter_map(|run| u32::try_from(run.end()? - 1).ok()) {
                    let typed = &mut typed[stamp.rank().index()];
                    *typed = end.max(*typed);
                }
                !is_stable
            });
        }
        Ok(before - self.log.len())
    }

    /// Forgets what nobody can need any more who knows what is stable, and returns how many characters that are. O(n log n) for all that is kept: worth it when [`stats`](Self::stats) say that
    /// there is twice as much as after the last time.
    pub fn prune(&mut self) -> usize {
        let before = self.text.stats().characters;
        let insertions = self.insertions();
        let held = self.held();
        self.text.prune(&Stable { insertions: &insertions, held });
        before - self.text.stats().characters
    }

    /// The edits that another replica lacks which has delivered what `known` counts, in an order in which it can take them. O(u).
    ///
    /// # Errors
    /// [`Pruned`] if it lacks some that are stable here: it was away too long, and needs a [`fork`](Self::fork).
    pub fn since<'r>(&'r self, known: &'r VectorClock) -> Result<impl Iterator<Item = &'r Stamped<TextDelta<Rank>>>, Pruned> {
        self.deliveries.suffices(known)?;
        Ok(self.log.iter().filter(move |stamped| !stamped.stamp.is_known_to(known)))
    }

    /// Who this is.
    #[must_use]
    pub const fn me(&self) -> Rank {
        self.deliveries.me
    }

    /// How many operations of each replica have been delivered here, this one's own too.
    #[must_use]
    pub const fn delivered(&self) -> &VectorClock {
        &self.deliveries.delivered
    }

    /// How many operations of each replica are known to be stable.
    #[must_use]
    pub const fn stable(&self) -> &VectorClock {
        &self.deliveries.stable
    }

    /// How many operations are delivered and not known to be stable.
    #[must_use]
    pub const fn unstable(&self) -> usize {
        self.log.len()
    }

    /// How many characters are visible. O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether no character is visible. O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The visible characters in pieces, none of them empty: together they are the text.
    pub fn chunks(&self) -> impl Iterator<Item = &str> {
        self.text.chunks()
    }

    /// The name of the visible character at `position`, which stays its name whatever is edited. O(log n).
    #[must_use]
    pub fn dot_at(&self, position: usize) -> Option<Dot<Rank>> {
        self.text.dot_at(position)
    }

    /// A [place](Text::anchor) that stays between its characters. O(log n).
    #[must_use]
    pub fn anchor(&self, position: usize, bias: Bias) -> Option<Anchor<Rank>> {
        self.text.anchor(position, bias)
    }

    /// Where the place is now; `None` if its character is not known here, or was deleted and is pruned. O(log n).
    #[must_use]
    pub fn position_of_anchor(&self, anchor: &Anchor<Rank>) -> Option<usize> {
        self.text.position_of_anchor(anchor)
    }

    /// The whole text in [ranges](Text::marked_ranges) that are marked alike.
    #[must_use]
    pub fn marked_ranges(&self) -> Vec<MarkedRange<'_>> {
        self.text.marked_ranges()
    }

    /// How much of the text is kept. O(n).
    #[must_use]
    pub fn stats(&self) -> TextStats {
        self.text.stats()
    }

    fn edit(
        &mut self,
        edit: impl FnOnce(&mut Text<Rank>, Rank) -> Result<TextDelta<Rank>, TextError<Rank>>,
    ) -> Result<Stamped<TextDelta<Rank>>, Rejected<TextError<Rank>>> {
        let (me, stamp) = (self.deliveries.me, self.deliveries.stamp()?);
        self.deliveries.has_room(me, self.limits.own.max(1))?;
        let operation = edit(&mut self.text, me).map_err(Rejected::Refused)?;
        let stamped = Stamped { stamp, operation };
        self.log(stamped.clone());
        Ok(stamped)
    }

    fn log(&mut self, stamped: Stamped<TextDelta<Rank>>) {
        self.deliveries.note(&stamped.stamp);
        self.log.push(stamped);
    }

    /// Whether `stamped` is the next operation of its maker that can be delivered here: all that it has seen is, it has seen all that is stable, and it types in nobody else's name.
    fn place(&self, stamped: &Stamped<TextDelta<Rank>>) -> Result<(), Rejected<TextError<Rank>>> {
        let maker = stamped.stamp.rank();
        self.deliveries.place(stamped, self.log.iter())?;
        self.deliveries.has_room(maker, self.limits.each)?;
        match stamped.operation.runs().iter().find(|run| run.first.actor != maker) {
            Some(run) => Err(Rejected::Refused(TextError::Malformed(run.first))),
            None => Ok(()),
        }
    }

    /// How many insertions of each who has typed are stable.
    pub(super) fn insertions(&self) -> Vec<u32> {
        self.text.actors.iter().map(|actor| self.typed[actor.id.index()]).collect()
    }

    /// The characters that are kept though they may be deleted: those that an unstable operation deletes, and those that marks hold on to.
    pub(super) fn held(&self) -> BTreeMap<Key, u32> {
        let removed = self.log.iter().flat_map(|stamped| stamped.operation.removed()).map(|range| (range.first, range.length));
        let marks = self.text.marks().flat_map(|TextMark { start, end, .. }| [start, end]);
        let ends = marks.filter_map(|anchor| Some((*anchor.dot()?, 1)));
        let mut ranges: Vec<(Key, u32)> = removed
            .chain(ends)
            .filter_map(|(first, length)| {
                let actor = self.text.look_up(&first.actor)?;
                Some((Key::new(actor, u32::try_from(first.counter).ok()?), u32::try_from(length).ok()?))
            })
            .collect();
        ranges.sort_unstable();
        let mut held: Vec<(Key, u32)> = Vec::with_capacity(ranges.len());
        for (first, length) in ranges {
            match held.last_mut() {
                Some((before, known)) if before.actor == first.actor && first.counter <= before.counter + *known => {
                    *known = (*known).max(first.counter + length - before.counter);
                }
                _ => held.push((first, length)),
            }
        }
        held.into_iter().collect()
    }
}

impl fmt::Display for TextReplica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
