use alloc::vec::Vec;

use smallvec::SmallVec;
use tidings_clocks::{CausalContext, Dot};

use crate::{Change, DotStore};

/// A set of dots, each of which says only that it is alive: the store of a flag, and of one element of a set.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7.1. A sorted array, inline while it has one dot: it is as
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

    /// O((n + m) log k) for contexts of k entries.
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
        let came: Vec<&Dot<A>> = theirs.dots.iter().filter(|dot| !known.contains(dot)).collect();
        let before = self.dots.len();
        self.dots.retain(|dot| {
            let stays = theirs.contains(dot) || !known_there.contains(dot);
            if !stays {
                changes(Change::Removed(dot));
            }
            stays
        });
        let changed = !came.is_empty() || self.dots.len() != before;
        for dot in came {
            if let Err(place) = self.dots.binary_search(dot) {
                self.dots.insert(place, dot.clone());
                changes(Change::Added(dot));
            }
        }
        changed
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
