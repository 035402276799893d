use core::convert::Infallible;

use tidings_protocol::Payload;

use crate::{Decompose, Text, TextDelta, TextError};

/// A state as [`DeltaSync`](super::DeltaSync) sees it: something that deltas are taken into. Every [`Decompose`] type is one, and so is [`Text`].
pub trait Replica: Payload {
    /// What travels.
    type Delta: Payload;
    /// Why a delta does not fit the state.
    type Unfit;

    /// What of a delta is not known yet: all of it, some of it, or nothing. Changes nothing.
    ///
    /// # Errors
    /// What is wrong with the delta.
    fn news(&self, delta: &Self::Delta) -> Result<Option<Self::Delta>, Self::Unfit>;

    /// Takes in what [`news`](Replica::news) gave.
    fn take(&mut self, news: &Self::Delta);

    /// Appends a later delta to one: taking in the whole is taking in one after the other.
    fn append(delta: &mut Self::Delta, later: &Self::Delta);

    /// All that is known, as a delta.
    fn whole(&self) -> Self::Delta;
}

impl<S: Decompose + Payload + PartialEq> Replica for S {
    type Delta = S;
    type Unfit = Infallible;

    /// The difference: redundant parts are removed (Enes and others 2019, "RR").
    fn news(&self, delta: &S) -> Result<Option<S>, Infallible> {
        let news = delta.difference(self);
        Ok((news != S::default()).then_some(news))
    }

    fn take(&mut self, news: &S) {
        self.join(news);
    }

    fn append(delta: &mut S, later: &S) {
        delta.join(later);
    }

    fn whole(&self) -> S {
        self.clone()
    }
}

impl<A: Payload + Ord> Replica for Text<A> {
    type Delta = TextDelta<A>;
    type Unfit = TextError<A>;

    /// All of it or nothing. Tried on a copy: O(n), a copy of a few flat arrays.
    fn news(&self, delta: &TextDelta<A>) -> Result<Option<TextDelta<A>>, TextError<A>> {
        Ok(self.clone().apply(delta)?.then(|| delta.clone()))
    }

    fn take(&mut self, news: &TextDelta<A>) {
        // It was tried before. Only a record whose past was never made durable does not fit; then the text stays as it is.
        let _ = self.apply(news);
    }

    fn append(delta: &mut TextDelta<A>, later: &TextDelta<A>) {
        delta.append(later.clone());
    }

    fn whole(&self) -> TextDelta<A> {
        self.since(&tidings_clocks::VersionVector::new())
    }
}
