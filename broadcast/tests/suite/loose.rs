//! A broadcast that a test plays.

use std::convert::Infallible;

use tidings_broadcast::{Broadcast, Cast, Class, Delivery};
use tidings_clocks::{Rank, Time};
use tidings_protocol::{Effects, Payload, Protocol, Refused};

/// A broadcast without a network: delivers whatever it is told, from whomever, any number of times. It takes no requests if it is closed.
#[derive(Clone, Debug)]
pub(crate) struct Loose<T> {
    closed: bool,
    /// What it was asked to broadcast.
    pub(crate) said: Vec<T>,
}

pub(crate) const PROCESSES: usize = 4;
pub(crate) const ME: Rank = Rank(1);

impl<T> Loose<T> {
    pub(crate) const fn new(closed: bool) -> Self {
        Self { closed, said: vec![] }
    }
}

impl<T: Payload> Protocol for Loose<T> {
    type Request = Cast<T>;
    type Message = Delivery<T>;
    type Indication = Delivery<T>;
    type Record = Infallible;
    type Refused = ();
    type Rejected = ();

    fn request(&mut self, _: Time, request: Cast<T>, effects: &mut impl Effects<Self>) -> Result<(), Refused<Cast<T>, ()>> {
        if self.closed || effects.indicate(Delivery { origin: ME, payload: request.payload.clone() }).is_err() {
            return Err(Refused { request, why: () });
        }
        self.said.push(request.payload);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, message: Delivery<T>, effects: &mut impl Effects<Self>) -> Result<(), ()> {
        effects.indicate(message).map_err(|_| ())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

impl<T: Payload> Broadcast for Loose<T> {
    type Payload = T;

    fn admits(&self, _: Class, _: usize) -> bool {
        !self.closed
    }

    fn me(&self) -> Rank {
        ME
    }

    fn processes(&self) -> usize {
        PROCESSES
    }

    fn max_bytes(&self) -> usize {
        0
    }
}
