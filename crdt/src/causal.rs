use alloc::vec::Vec;

use tidings_clocks::{CausalContext, Dot};

use crate::{DotStore, Join};

/// A dot store and the causal context it is understood in: what every add-wins type is made of.
///
/// Almeida, Shoker, Baquero, *Delta state replicated data types* (2018), section 7. The context is exactly the set of events whose
/// effects are in the store or were in it. A delta has the same shape, and its context holds exactly the dots that it adds and those that it removes. A
/// version vector that covers them would also name events whose effects the delta does not hold, and so remove what they added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Causal<A, S> {
    store: S,
    /// Knows every dot of the store.
    context: CausalContext<A>,
}

/// Up to so many dots are put into a context one by one, which then mostly takes no memory of its own.
const FEW: usize = 2;

/// One dot stands for two different things: its actor was cloned, or lost its memory, or lies. The state is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one dot names two different events")]
pub struct TwoEvents<A> {
    /// The dot. What it stands for on either side is the evidence.
    pub dot: Dot<A>,
}

impl<A, S: Default> Causal<A, S> {
    /// The state that knows of no event: the bottom.
    #[must_use]
    pub fn new() -> Self {
        Self { store: S::default(), context: CausalContext::new() }
    }
}

impl<A: Ord + Clone, S: DotStore<A>> Causal<A, S> {
    /// A delta: it brings what is in `store` to life, and kills `removed`. O(d log d) for d dots.
    #[must_use]
    pub fn delta(store: S, removed: impl IntoIterator<Item = Dot<A>>) -> Self {
        let (mut context, mut few, mut more) = (CausalContext::new(), 0, Vec::new());
        let mut know = |dot| {
            if few < FEW {
                few += 1;
                context.insert(dot);
            } else {
                more.push(dot);
            }
        };
        removed.into_iter().for_each(&mut know);
        store.each_dot(&mut |dot| know(dot.clone()));
        if !more.is_empty() {
            context.extend(more);
        }
        Self { store, context }
    }

    /// Joins, unless that shows an equivocation: one dot that stands for two different things.
    ///
    /// [`Join::join`] lets all replicas agree then: of two values the greater stays, of two keys neither. This one tells. It is seen only while the dot
    /// is alive on both sides. O(n + m).
    ///
    /// # Errors
    /// [`TwoEvents`] with the dot; the state is unchanged.
    pub fn join_checked(&mut self, other: &Self) -> Result<bool, TwoEvents<A>> {
        match self.store.clash(&other.store) {
            Some(dot) => Err(TwoEvents { dot }),
            None => Ok(self.join(other)),
        }
    }
}

impl<A, S> Causal<A, S> {
    /// The same dots in another store: what stood by itself under the key of a map, or in no store at all if they are dead.
    pub(crate) fn map<T>(self, store: impl FnOnce(S) -> T) -> Causal<A, T> {
        Causal { store: store(self.store), context: self.context }
    }

    /// The state of these parts; the context knows every dot of the store.
    pub(crate) const fn from_parts(store: S, context: CausalContext<A>) -> Self {
        Self { store, context }
    }

    /// The store and the context, taken apart.
    pub(crate) fn into_parts(self) -> (S, CausalContext<A>) {
        (self.store, self.context)
    }

    /// The store and the context, to be changed together.
    pub(crate) const fn parts_mut(&mut self) -> (&mut S, &mut CausalContext<A>) {
        (&mut self.store, &mut self.context)
    }

    /// What is alive.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Exactly the events that are known.
    #[must_use]
    pub const fn context(&self) -> &CausalContext<A> {
        &self.context
    }
}

impl<A, S: Default> Default for Causal<A, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Ord + Clone, S: DotStore<A>> Join for Causal<A, S> {
    /// The join of the store, and the union of the contexts.
    fn join(&mut self, other: &Self) -> bool {
        let changed = self.store.join(&self.context, &other.store, &other.context, &mut |_| {});
        self.context.join(&other.context) || changed
    }
}

/// Takes only a store whose dots the context knows.
#[cfg(feature = "serde")]
impl<'de, A, S> serde::Deserialize<'de> for Causal<A, S>
where
    A: Ord + serde::Deserialize<'de>,
    S: DotStore<A> + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Causal", bound(deserialize = "A: Ord + serde::Deserialize<'de>, S: serde::Deserialize<'de>"))]
        struct Unchecked<A, S> {
            store: S,
            context: CausalContext<A>,
        }

        let Unchecked { store, context } = Unchecked::<A, S>::deserialize(deserializer)?;
        let mut known = true;
        store.each_dot(&mut |dot| known &= context.contains(dot));
        if known { Ok(Self { store, context }) } else { Err(serde::de::Error::custom("the context does not know every dot of the store")) }
    }
}
