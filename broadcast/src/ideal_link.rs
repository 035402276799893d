use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::marker::PhantomData;

use tidings_clocks::{Rank, Time};
use tidings_protocol::{Digest, Effects, Fingerprint, Payload, Protocol, Refused, To};

use crate::{Incoming, Link, LinkRefused, LinkRejected, Outgoing};

/// A link that trusts its network to be a perfect one: the specification of a link, to explore or to simulate what stands above it.
///
/// It sends and indicates what it is given as it is: nothing is numbered, acknowledged or repeated, and its only state is whom it excluded. Over a
/// network that loses nothing between correct processes and repeats nothing it keeps the promises of perfect links (Cachin, Guerraoui and Rodrigues
/// 2011, module 2.3), so that an exhaustive search of a broadcast need not go through every repetition and acknowledgement that the broadcast cannot see.
/// Over a network that loses or repeats, it does too. It is no link for production. O(1) for each message.
#[derive(Clone, Debug, PartialEq)]
pub struct IdealLink<T> {
    me: Rank,
    excluded: Vec<bool>,
    payload: PhantomData<fn(T) -> T>,
}

impl<T: Payload> IdealLink<T> {
    /// The link of `me`, one of `processes`.
    ///
    /// # Panics
    /// If `me` is not below `processes`.
    #[must_use]
    pub fn new(me: Rank, processes: usize) -> Self {
        assert!(me.index() < processes, "{me} is one of {processes} processes");
        Self { me, excluded: vec![false; processes], payload: PhantomData }
    }

    fn check(&self, to: To) -> Result<(), LinkRefused> {
        match to {
            To::Others => Ok(()),
            To::One(to) if to == self.me => Err(LinkRefused::ToOneself),
            To::One(to) => match self.excluded.get(to.index()) {
                None => Err(LinkRefused::NotAMember { to }),
                Some(true) => Err(LinkRefused::Excluded { to }),
                Some(false) => Ok(()),
            },
        }
    }
}

impl<T: Payload> Protocol for IdealLink<T> {
    type Request = Outgoing<T>;
    type Message = T;
    type Indication = Incoming<T>;
    type Record = Infallible;
    type Refused = LinkRefused;
    type Rejected = LinkRejected;

    fn request(
        &mut self,
        _now: Time,
        request: Outgoing<T>,
        effects: &mut impl Effects<Self>,
    ) -> Result<(), Refused<Outgoing<T>, LinkRefused>> {
        if let Err(why) = self.check(request.to) {
            return Err(Refused { request, why });
        }
        let Outgoing { to, payload } = request;
        match to {
            To::Others if self.excluded.contains(&true) => {
                for to in (0..self.excluded.len()).filter(|to| !self.excluded[*to]).map(Rank::new).filter(|to| *to != self.me) {
                    effects.send(To::One(to), payload.clone());
                }
            }
            to => effects.send(to, payload),
        }
        Ok(())
    }

    /// What the layer above does not take is lost: only a driver whose edge refuses (rule 7) brings that about.
    fn receive(&mut self, _now: Time, from: Rank, payload: T, effects: &mut impl Effects<Self>) -> Result<(), LinkRejected> {
        if from == self.me {
            return Err(LinkRejected::FromOneself);
        }
        match self.excluded.get(from.index()) {
            None => Err(LinkRejected::NotAMember { from }),
            Some(true) => Err(LinkRejected::Excluded { from }),
            Some(false) => {
                let _ = effects.indicate(Incoming { from, payload });
                Ok(())
            }
        }
    }

    fn wake(&mut self, _now: Time, _effects: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _now: Time, rank: Rank, _effects: &mut impl Effects<Self>) {
        if let Some(excluded) = self.excluded.get_mut(rank.index()).filter(|_| rank != self.me) {
            *excluded = true;
        }
    }
}

impl<T: Payload> Link for IdealLink<T> {
    type Payload = T;

    fn admits(&self, to: To, _bytes: usize) -> bool {
        self.check(to).is_ok()
    }

    fn me(&self) -> Rank {
        self.me
    }

    fn processes(&self) -> usize {
        self.excluded.len()
    }

    fn max_bytes(&self) -> usize {
        size_of::<Self>() + self.excluded.len()
    }
}

impl<T> Fingerprint for IdealLink<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.by_rank(self.excluded.len(), |index, digest| digest.flag(self.excluded[index]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::{Effect, Outbox};

    fn sent(link: &mut IdealLink<u32>, to: To) -> Result<Vec<To>, LinkRefused> {
        let mut outbox = Outbox::new();
        link.request(Time::ZERO, Outgoing { to, payload: 7 }, &mut outbox).map_err(|refused| refused.why)?;
        let sends = outbox.drain().map(|effect| if let Effect::Send { to, message: 7 } = effect { to } else { panic!("{effect:?}") });
        Ok(sends.collect())
    }

    #[test]
    fn sends_and_indicates_what_it_is_given() {
        let mut link = IdealLink::new(Rank(1), 3);
        assert_eq!(sent(&mut link, To::Others), Ok(vec![To::Others]));
        assert_eq!(sent(&mut link, To::One(Rank(2))), Ok(vec![To::One(Rank(2))]));
        let mut outbox = Outbox::new();
        assert_eq!(link.receive(Time::ZERO, Rank(0), 9, &mut outbox), Ok(()));
        assert!(matches!(outbox.pop(), Some(Effect::Indicate(Incoming { from: Rank(0), payload: 9 }))));
    }

    #[test]
    fn refuses_and_rejects_whom_it_does_not_serve() {
        let mut link = IdealLink::new(Rank(1), 3);
        link.exclude(Time::ZERO, Rank(0), &mut Outbox::new());
        link.exclude(Time::ZERO, Rank(1), &mut Outbox::new());
        assert_eq!(sent(&mut link, To::Others), Ok(vec![To::One(Rank(2))]));
        assert_eq!(sent(&mut link, To::One(Rank(0))), Err(LinkRefused::Excluded { to: Rank(0) }));
        assert_eq!(sent(&mut link, To::One(Rank(1))), Err(LinkRefused::ToOneself));
        assert_eq!(sent(&mut link, To::One(Rank(3))), Err(LinkRefused::NotAMember { to: Rank(3) }));
        let mut outbox = Outbox::new();
        assert_eq!(link.receive(Time::ZERO, Rank(0), 9, &mut outbox), Err(LinkRejected::Excluded { from: Rank(0) }));
        assert_eq!(link.receive(Time::ZERO, Rank(1), 9, &mut outbox), Err(LinkRejected::FromOneself));
        assert_eq!(link.receive(Time::ZERO, Rank(3), 9, &mut outbox), Err(LinkRejected::NotAMember { from: Rank(3) }));
        assert!(outbox.is_empty());
    }
}
