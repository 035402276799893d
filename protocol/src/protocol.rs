use tidings_clocks::{Rank, Time};

use crate::Effects;

/// A request that could not be taken, handed back with the reason.
///
/// The protocol that refuses is unchanged and has emitted nothing, so the caller may ask again later with the very same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<R, W> {
    /// The request, as it was given.
    pub request: R,
    /// Why it cannot be taken now.
    pub why: W,
}

/// A protocol as a plain value: inputs in, effects out.
///
/// The five inputs are calls; the answers are pushed, in order, into the [`Effects`] that the caller lends. A protocol never opens a socket, reads a
/// clock, spawns a task or draws a random number by itself: `now` comes as an argument, randomness is a seed given at construction.
///
/// The vocabulary (request, indication) is that of Cachin, Guerraoui and Rodrigues, *Introduction to Reliable and Secure Distributed Programming*
/// (2011), section 1.4. Eight rules for a layer's author stand at the root of this crate.
pub trait Protocol: Sized {
    /// What the layer above asks for.
    type Request;
    /// What travels between processes.
    type Message: Clone;
    /// What it tells the layer above: a delivery, a suspicion, a decision.
    type Indication;
    /// What must survive a crash; [`Infallible`](core::convert::Infallible) where nothing must.
    type Record;
    /// Why a request cannot be taken.
    type Refused;
    /// Why a message must not be believed.
    type Rejected;

    /// Takes a request from the layer above.
    ///
    /// # Errors
    /// [`Refused`] hands the request back; the protocol is unchanged and nothing was emitted.
    fn request(
        &mut self,
        now: Time,
        request: Self::Request,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Self::Request, Self::Refused>>;

    /// Takes a message that the network says came from `from`. The sender is what the transport knows, never what the message claims.
    ///
    /// # Errors
    /// Whatever a correct peer could not have sent, or what is out of date. The layer that rejects is unchanged; the driver may report it and goes on.
    fn receive(&mut self, now: Time, from: Rank, message: Self::Message, effects: &mut impl Effects<Self>) -> Result<(), Self::Rejected>;

    /// Does what is due at `now`. May be called at any time, also when nothing is due.
    fn wake(&mut self, now: Time, effects: &mut impl Effects<Self>);

    /// When [`wake`](Protocol::wake) wants to be called next. May be early, never late. O(1): a cached value.
    fn deadline(&self) -> Option<Time>;

    /// Stops waiting for `rank`, which is known to have crashed: by a failure detector, a view or an operator. Final within this view.
    fn exclude(&mut self, now: Time, rank: Rank, effects: &mut impl Effects<Self>);
}
