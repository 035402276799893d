use tidings_clocks::{Rank, Time};

use crate::{Effects, Protocol, Refused, To, ViewId};

/// A message of one view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OfView<M> {
    /// The view in which it was sent.
    pub view: ViewId,
    /// What was sent.
    pub message: M,
}

/// Why a stack of one view does not take a message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInView<R> {
    /// The message belongs to an earlier view; it is never merged into this one. Nothing changed.
    #[error("a message of view {of} came to view {view}, which is later")]
    Stale {
        /// This stack's view.
        view: ViewId,
        /// The message's.
        of: ViewId,
    },
    /// The message belongs to a view that this process has not installed yet. Nothing changed; the sender's link will offer it again.
    #[error("a message of view {of} came to view {view}, which is earlier")]
    Early {
        /// This stack's view.
        view: ViewId,
        /// The message's.
        of: ViewId,
    },
    /// The stack inside rejects it.
    #[error(transparent)]
    Inside(R),
}

/// One stack for one view: ranks mean something within it only, so every message carries the view's number.
#[derive(Clone, Debug)]
pub struct InView<P> {
    view: ViewId,
    inside: P,
}

impl<P: Protocol> InView<P> {
    /// Runs `inside` in `view` alone.
    pub const fn new(view: ViewId, inside: P) -> Self {
        Self { view, inside }
    }

    /// The stack inside.
    pub const fn inside(&self) -> &P {
        &self.inside
    }

    /// The view.
    pub const fn view(&self) -> ViewId {
        self.view
    }
}

/// Puts the view's number on what goes out.
struct Labelled<'e, E> {
    view: ViewId,
    effects: &'e mut E,
}

impl<P: Protocol, E: Effects<InView<P>>> Effects<P> for Labelled<'_, E> {
    fn send(&mut self, to: To, message: P::Message) {
        self.effects.send(to, OfView { view: self.view, message });
    }

    fn persist(&mut self, record: P::Record) {
        self.effects.persist(record);
    }

    fn indicate(&mut self, indication: P::Indication) -> Result<(), P::Indication> {
        self.effects.indicate(indication)
    }
}

impl<P: Protocol> Protocol for InView<P> {
    type Request = P::Request;
    type Message = OfView<P::Message>;
    type Indication = P::Indication;
    type Record = P::Record;
    type Refused = P::Refused;
    type Rejected = NotInView<P::Rejected>;

    fn request(&mut self, now: Time, request: P::Request, effects: &mut impl Effects<Self>) -> Result<(), Refused<P::Request, P::Refused>> {
        self.inside.request(now, request, &mut Labelled { view: self.view, effects })
    }

    fn receive(
        &mut self,
        now: Time,
        from: Rank,
        message: OfView<P::Message>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Self::Rejected> {
        let (view, of) = (self.view, message.view);
        if of < view {
            return Err(NotInView::Stale { view, of });
        }
        if of > view {
            return Err(NotInView::Early { view, of });
        }
        self.inside.receive(now, from, message.message, &mut Labelled { view, effects }).map_err(NotInView::Inside)
    }

    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>) {
        self.inside.wake(now, &mut Labelled { view: self.view, effects });
    }

    fn deadline(&self) -> Option<Time> {
        self.inside.deadline()
    }

    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>) {
        self.inside.exclude(now, rank, &mut Labelled { view: self.view, effects });
    }
}
