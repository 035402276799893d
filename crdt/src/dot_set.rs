#[cfg(feature = "serde")]
use alloc::vec::Vec;

use smallvec::SmallVec;
use tidings_clocks::{CausalContext, Dot};

use crate::{Change, DotStore};

/// A set of dots, each of which says only that it is alive: the store of a flag, and of one element of a set.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. A sorted array, inline while it has one dot: it is as
/// long as there were concurrent additions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotSet<A> {
    /// Strictly increasing.
    dots: SmallVec<[Dot<A>; 1]>,
}

impl<A> DotSet<A> {
    /// The empty set. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { dots: SmallVec::new_const() }
    }

    /// The set of one dot.
    #[must_use]
    pub fn of(dot: Dot<A>) -> Self {
        Self { dots: SmallVec::from_iter([dot]) }
    }

    /// The set of these dots, which strictly increase.
    pub(crate) fn of_sorted(dots: impl IntoIterator<Item = Dot<A>>) -> Self {
        Self { dots: dots.into_iter().collect() }
    }

    /// The dots, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Dot<A>> + ExactSizeIterator {
        self.dots.iter()
    }
}

impl<A: Ord> DotSet<A> {
    /// Whether `dot` is alive. O(log n).
    #[must_use]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.dots.binary_search(dot).is_ok()
    }
}

impl<A> Default for DotSet<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone> DotStore<A> for DotSet<A> {
    fn is_empty(&self) -> bool {
        self.dots.is_empty()
    }

    fn each_dot(&self, visit: &mut dyn FnMut(&Dot<A>)) {
        self.dots.iter().for_each(visit);
    }

    /// O(n log m + m log n) and the look-ups in the contexts, O((n + m) log k) for k entries.
    fn join(
        &mut self,
        known: &CausalContext<A>,
        theirs: &Self,
        known_there: &CausalContext<A>,
        changes: &mut dyn FnMut(Change<'_, A>),
    ) -> bool {
        if *self == *theirs {
            return false;
        }
        let before = self.dots.len();
        self.dots.retain(|dot| {
            let stays = theirs.contains(dot) || !known_there.contains(dot);
            if !stays {
                changes(Change::Removed(dot));
            }
            stays
        });
        let kept = self.dots.len();
        for dot in &theirs.dots {
            if !known.contains(dot) && self.dots[..kept].binary_search(dot).is_err() {
                self.dots.push(dot.clone());
                changes(Change::Added(dot));
            }
        }
        // Two sorted runs: inserted one by one, many dots from a peer would cost their square. The stable sort merges them in O(n + m).
        if kept != 0 && kept != self.dots.len() {
            self.dots.sort();
        }
        kept != before || kept != self.dots.len()
    }

    /// A dot stands for nothing else here: never.
    fn clash(&self, _theirs: &Self) -> Option<Dot<A>> {
        None
    }
}

/// A sequence of dots, in order.
#[cfg(feature = "serde")]
impl<A: serde::Serialize> serde::Serialize for DotSet<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.dots)
    }
}

/// Takes only what `Serialize` gives: dots in strict order, with counters from 1 on.
#[cfg(feature = "serde")]
impl<'de, A: Ord + serde::Deserialize<'de>> serde::Deserialize<'de> for DotSet<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dots = Vec::<Dot<A>>::deserialize(deserializer)?;
        if dots.is_sorted_by(|dot, next| dot < next) && dots.iter().all(|dot| dot.counter != 0) {
            Ok(Self { dots: dots.into() })
        } else {
            Err(serde::de::Error::custom("the dots of a set increase and count from 1"))
        }
    }
}
