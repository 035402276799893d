use alloc::collections::{BinaryHeap, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

use tidings_clocks::Rank;

use tidings_protocol::{Digest, Fingerprint};

use crate::Acknowledged;

/// What every process was heard to say, in its own order, as far as it counts.
///
/// A message counts (is *accepted*) as soon as it is heard, with two exceptions. What an excluded process said is kept aside: it counts only if some
/// process that goes on says that it heard it. And a marker, by which a process says how much it heard of an excluded one, counts together with all
/// that it speaks of, or not yet; what its origin said later waits behind it. So whatever a correct process accepts, all correct processes do.
#[derive(Clone, Debug)]
pub(crate) struct Streams<T> {
    me: Rank,
    streams: Vec<Stream<T>>,
    /// Bodies that are accepted and not delivered, the least stamp first.
    order: BinaryHeap<Reverse<(u64, Rank)>>,
    /// Nobody who matters will broadcast a body with a lesser stamp than this one, that of the process heard from least far.
    floor: (u64, Rank),
    /// Streams of processes that are not excluded and have something kept aside, behind a marker.
    stalled: usize,
    /// Excluded processes whose end is not agreed on.
    leaving: usize,
    /// Streams with more undelivered bodies than an origin may have under way.
    crowded: usize,
    /// How many undelivered bodies an origin may have under way.
    under_way: usize,
}

#[derive(Clone, Debug)]
struct Stream<T> {
    /// The counter of the last stamped message that came, accepted or not.
    last: u64,
    /// The counter of the last stamped message that is accepted.
    heard: u64,
    /// How many messages are accepted.
    accepted: u64,
    bodies: VecDeque<T>,
    /// What came and is not accepted, oldest first.
    aside: VecDeque<Acknowledged<T>>,
    /// Of which processes this one has said how much it heard.
    marked: Vec<Rank>,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Live,
    /// Excluded here.
    Leaving,
    /// Excluded everywhere; its last message is agreed on and accepted.
    Gone,
}

impl<T> Stream<T> {
    const fn new() -> Self {
        Self {
            last: 0,
            heard: 0,
            accepted: 0,
            bodies: VecDeque::new(),
            aside: VecDeque::new(),
            marked: Vec::new(),
            standing: Standing::Live,
        }
    }
}

impl<T> Streams<T> {
    pub(crate) fn new(me: Rank, processes: usize, under_way: usize) -> Self {
        let streams = (0..processes).map(|_| Stream::new()).collect();
        let mut new = Self { me, streams, order: BinaryHeap::new(), floor: (0, me), stalled: 0, leaving: 0, crowded: 0, under_way };
        new.find_floor();
        new
    }

    /// The bytes of what does not depend on messages, at most: for each process a stream and whom it marked.
    pub(crate) fn fixed_bytes(processes: usize) -> usize {
        processes.saturating_mul(size_of::<Stream<T>>().saturating_add(processes.saturating_mul(2 * size_of::<Rank>())))
    }

    pub(crate) fn processes(&self) -> usize {
        self.streams.len()
    }

    /// The counter of the last stamped message of `rank` that came.
    pub(crate) fn last(&self, rank: Rank) -> u64 {
        self.streams[rank.index()].last
    }

    /// How many messages of `rank` are accepted.
    pub(crate) fn accepted(&self, rank: Rank) -> u64 {
        self.streams[rank.index()].accepted
    }

    /// How many messages of `rank` are kept here.
    pub(crate) fn kept(&self, rank: Rank) -> usize {
        let stream = &self.streams[rank.index()];
        stream.bodies.len() + stream.aside.len()
    }

    /// How many bodies of `rank` are accepted and not delivered.
    pub(crate) fn undelivered(&self, rank: Rank) -> usize {
        self.streams[rank.index()].bodies.len()
    }

    /// Whether some origin has more undelivered here than it may have under way, so that this process must not let it go on.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.crowded > 0
    }

    /// Whether nothing that `rank` says counts any more.
    pub(crate) fn is_gone(&self, rank: Rank) -> bool {
        self.streams[rank.index()].standing == Standing::Gone
    }

    /// Whether `rank` said before how much it heard of `of`.
    pub(crate) fn has_marked(&self, rank: Rank, of: Rank) -> bool {
        let stream = &self.streams[rank.index()];
        let is_marker = |message: &Acknowledged<T>| matches!(message, Acknowledged::Excluded { rank, .. } if *rank == of);
        stream.marked.contains(&of) || stream.aside.iter().any(is_marker)
    }

    /// Takes the next message of `from`. What can be delivered may have changed.
    pub(crate) fn hear(&mut self, from: Rank, message: Acknowledged<T>) {
        let stream = &mut self.streams[from.index()];
        if let Acknowledged::Body { counter, .. } | Acknowledged::Acknowledge { counter } = &message {
            stream.last = *counter;
        }
        match stream.standing {
            Standing::Gone => return,
            Standing::Live if stream.aside.is_empty() && !matches!(message, Acknowledged::Excluded { .. }) => self.accept(from, message),
            Standing::Live => {
                self.stalled += usize::from(stream.aside.is_empty());
                stream.aside.push_back(message);
            }
            Standing::Leaving => stream.aside.push_back(message),
        }
        if self.stalled > 0 {
            self.accept_stalled();
        }
    }

    /// Excludes `rank`: what it says from here on is kept aside. Whether that is news.
    pub(crate) fn exclude(&mut self, rank: Rank) -> bool {
        let Some(stream) = self.streams.get_mut(rank.index()).filter(|stream| stream.standing == Standing::Live && rank != self.me) else {
            return false;
        };
        stream.standing = Standing::Leaving;
        self.leaving += 1;
        self.stalled -= usize::from(!stream.aside.is_empty());
        true
    }

    /// If every process that goes on has said of every excluded one how much it heard: forgets what else those said, and waits for them no longer.
    pub(crate) fn complete(&mut self) {
        if self.leaving == 0 {
            return;
        }
        let leaving: Vec<Rank> = self.standing(Standing::Leaving).collect();
        if self.standing(Standing::Live).any(|live| leaving.iter().any(|rank| !self.streams[live.index()].marked.contains(rank))) {
            return;
        }
        for stream in &mut self.streams {
            stream.marked.retain(|rank| !leaving.contains(rank));
        }
        for rank in leaving {
            let stream = &mut self.streams[rank.index()];
            // Nobody asks any more how far it came.
            *stream = Stream { bodies: core::mem::take(&mut stream.bodies), standing: Standing::Gone, ..Stream::new() };
        }
        self.leaving = 0;
        self.find_floor();
    }

    /// The undelivered body with the least stamp, if nothing with a lesser one can come.
    pub(crate) fn take_next(&mut self) -> Option<((u64, Rank), T)> {
        let Reverse(stamp) = *self.order.peek().filter(|Reverse(stamp)| *stamp < self.floor)?;
        self.order.pop();
        self.take_body(stamp.1).map(|body| (stamp, body))
    }

    /// Puts back what [`take_next`](Streams::take_next) gave.
    pub(crate) fn put_back(&mut self, stamp: (u64, Rank), body: T) {
        self.order.push(Reverse(stamp));
        let stream = &mut self.streams[stamp.1.index()];
        stream.bodies.push_front(body);
        self.crowded += usize::from(stream.bodies.len() == self.under_way + 1);
    }

    /// Broken on purpose: any undelivered body of the first origin that has one.
    pub(crate) fn take_any(&mut self) -> Option<(Rank, T)> {
        let rank = (0..self.streams.len()).map(Rank::new).find(|rank| !self.streams[rank.index()].bodies.is_empty())?;
        self.order.clear();
        self.take_body(rank).map(|body| (rank, body))
    }

    fn take_body(&mut self, rank: Rank) -> Option<T> {
        let stream = &mut self.streams[rank.index()];
        let body = stream.bodies.pop_front();
        self.crowded -= usize::from(body.is_some() && stream.bodies.len() == self.under_way);
        body
    }

    fn standing(&self, standing: Standing) -> impl Iterator<Item = Rank> + '_ {
        self.streams.iter().enumerate().filter(move |(_, stream)| stream.standing == standing).map(|(index, _)| Rank::new(index))
    }

    fn accept(&mut self, from: Rank, message: Acknowledged<T>) {
        let stream = &mut self.streams[from.index()];
        stream.accepted += 1;
        match message {
            Acknowledged::Body { counter, body } => {
                stream.heard = counter;
                stream.bodies.push_back(body);
                self.crowded += usize::from(stream.bodies.len() == self.under_way + 1);
                self.order.push(Reverse((counter, from)));
            }
            Acknowledged::Acknowledge { counter } => stream.heard = counter,
            Acknowledged::Excluded { rank, .. } => return stream.marked.push(rank),
        }
        if self.floor.1 == from {
            self.find_floor();
        }
    }

    /// Accepts what waits behind markers, as far as what they speak of is here.
    fn accept_stalled(&mut self) {
        let mut from = 0;
        while from < self.streams.len() {
            let stream = &self.streams[from];
            let goals = if stream.standing == Standing::Live && !stream.aside.is_empty() { self.goals(Rank::new(from)) } else { None };
            let Some(goals) = goals else {
                from += 1;
                continue;
            };
            for (index, goal) in goals.into_iter().enumerate() {
                while self.streams[index].accepted < goal
                    && let Some(message) = self.streams[index].aside.pop_front()
                {
                    self.accept(Rank::new(index), message);
                    let stream = &self.streams[index];
                    self.stalled -= usize::from(stream.standing == Standing::Live && stream.aside.is_empty());
                }
            }
            from = 0;
        }
    }

    /// How much of every process must be accepted together with the next message of `from`, if all of it is here.
    fn goals(&self, from: Rank) -> Option<Vec<u64>> {
        let mut goals: Vec<u64> = self.streams.iter().map(|stream| stream.accepted).collect();
        let mut looked: Vec<u64> = goals.clone();
        goals[from.index()] += 1;
        let mut to_look = alloc::vec![from.index()];
        while let Some(index) = to_look.pop() {
            let stream = &self.streams[index];
            while looked[index] < goals[index] {
                let message = stream.aside.get(usize::try_from(looked[index] - stream.accepted).ok()?)?;
                looked[index] += 1;
                if let Acknowledged::Excluded { rank, heard } = message
                    && *heard > goals[rank.index()]
                    && self.streams[rank.index()].standing != Standing::Gone
                {
                    goals[rank.index()] = *heard;
                    to_look.push(rank.index());
                }
            }
        }
        Some(goals)
    }

    fn find_floor(&mut self) {
        let me = self.me;
        let others = self.streams.iter().enumerate().map(|(index, stream)| (stream, Rank::new(index)));
        let waited_for = others.filter(|(stream, rank)| stream.standing != Standing::Gone && *rank != me);
        self.floor = waited_for.map(|(stream, rank)| floor(stream.heard, rank)).min().unwrap_or((u64::MAX, me));
    }
}

/// The least stamp that the next body of a process can have, which last named a counter.
pub(crate) const fn floor(said: u64, rank: Rank) -> (u64, Rank) {
    (said.saturating_add(1), rank)
}

/// What waits for delivery, in its order, and who is ahead of whom follow from the streams.
impl<T: Fingerprint> Fingerprint for Streams<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        digest.by_rank(self.streams.len(), |index, digest| self.streams[index].fingerprint(digest));
        let mut order: Vec<(u64, Rank)> = self.order.iter().map(|Reverse(stamp)| *stamp).collect();
        order.sort_unstable();
        order.fingerprint(digest);
    }
}

impl<T: Fingerprint> Fingerprint for Stream<T> {
    fn fingerprint(&self, digest: &mut Digest<'_>) {
        [self.last, self.heard, self.accepted, self.standing as u64].fingerprint(digest);
        self.bodies.fingerprint(digest);
        self.aside.fingerprint(digest);
        self.marked.fingerprint(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    const PROCESSES: usize = 4;
    const ME: usize = 1;
    const UNDER_WAY: usize = 2;

    /// The same from the definition: everything that was heard is kept, and everything is gone through again each time.
    #[derive(Default)]
    struct Naive {
        said: [Vec<Acknowledged<u32>>; PROCESSES],
        accepted: [usize; PROCESSES],
        leaving: Vec<usize>,
        gone: Vec<usize>,
        delivered: Vec<u32>,
    }

    impl Naive {
        fn hear(&mut self, from: usize, message: Acknowledged<u32>) {
            if self.gone.contains(&from) {
                return;
            }
            self.said[from].push(message);
            // A process that is not excluded goes on as long as all that its next message speaks of can be accepted with it.
            while let Some(goals) =
                (0..PROCESSES).filter(|from| !self.leaving.contains(from) && !self.gone.contains(from)).find_map(|from| {
                    let mut goals = self.accepted;
                    goals[from] += 1;
                    self.close(goals)
                })
            {
                self.accepted = goals;
            }
        }

        /// The least that must be accepted with these, if it is all here.
        fn close(&self, mut goals: [usize; PROCESSES]) -> Option<[usize; PROCESSES]> {
            loop {
                let before = goals;
                for from in 0..PROCESSES {
                    for message in self.said[from].get(self.accepted[from]..goals[from])? {
                        if let Acknowledged::Excluded { rank, heard } = message
                            && !self.gone.contains(&rank.index())
                        {
                            goals[rank.index()] = goals[rank.index()].max(usize::try_from(*heard).unwrap());
                        }
                    }
                }
                if goals == before {
                    return Some(goals);
                }
            }
        }

        fn accepted(&self, from: usize) -> &[Acknowledged<u32>] {
            &self.said[from][..self.accepted[from]]
        }

        fn complete(&mut self) {
            let has_marked = |from: usize, of: &usize| {
                self.accepted(from).iter().any(|message| matches!(message, Acknowledged::Excluded { rank, .. } if rank.index() == *of))
            };
            let live = (0..PROCESSES).filter(|from| !self.leaving.contains(from) && !self.gone.contains(from));
            if live.into_iter().all(|from| self.leaving.iter().all(|of| has_marked(from, of))) {
                self.gone.append(&mut self.leaving);
            }
        }

        fn heard(&self, from: usize) -> u64 {
            let stamp = |message: &Acknowledged<u32>| match message {
                Acknowledged::Body { counter, .. } | Acknowledged::Acknowledge { counter } => Some(*counter),
                Acknowledged::Excluded { .. } => None,
            };
            self.accepted(from).iter().rev().find_map(stamp).unwrap_or(0)
        }

        fn undelivered(&self, from: usize) -> Vec<(u64, usize, u32)> {
            let body = |message: &Acknowledged<u32>| match message {
                Acknowledged::Body { counter, body } if !self.delivered.contains(body) => Some((*counter, from, *body)),
                _ => None,
            };
            self.accepted(from).iter().filter_map(body).collect()
        }

        fn deliver(&mut self) {
            loop {
                let next = (0..PROCESSES).flat_map(|from| self.undelivered(from)).min();
                let Some((counter, origin, body)) = next else { return };
                // A body that one of the others may still broadcast, and that would come before this one.
                let earlier = |from: &usize| (self.heard(*from) + 1, *from) < (counter, origin);
                if (0..PROCESSES).any(|from| from != ME && !self.gone.contains(&from) && earlier(&from)) {
                    return;
                }
                self.delivered.push(body);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Body(u64),
        Acknowledge(u64),
        /// Of whom, and how many more or fewer than are accepted here.
        Mark(usize, i32),
        Exclude,
    }

    fn step() -> impl Strategy<Value = (usize, Step)> {
        let step = prop_oneof![
            6 => (1..4_u64).prop_map(Step::Body),
            4 => (1..6_u64).prop_map(Step::Acknowledge),
            4 => (0..PROCESSES, -2..3_i32).prop_map(|(of, more)| Step::Mark(of, more)),
            1 => Just(Step::Exclude),
        ];
        (0..PROCESSES, step)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn agrees_with_going_through_everything_again(steps in prop::collection::vec(step(), 0..60)) {
            let mut streams = Streams::new(Rank::new(ME), PROCESSES, UNDER_WAY);
            let mut naive = Naive::default();
            let mut delivered = vec![];
            for (name, (from, step)) in (0_u32..).zip(steps) {
                let rank = Rank::new(from);
                let counter = |by: u64| streams.last(rank) + by;
                let message = match step {
                    Step::Body(by) => Acknowledged::Body { counter: counter(by), body: name },
                    Step::Acknowledge(by) => Acknowledged::Acknowledge { counter: counter(by) },
                    Step::Mark(of, _) if of == from || streams.has_marked(rank, Rank::new(of)) => continue,
                    Step::Mark(of, more) => {
                        let heard = streams.accepted(Rank::new(of)).saturating_add_signed(more.into());
                        Acknowledged::Excluded { rank: Rank::new(of), heard }
                    }
                    Step::Exclude => {
                        if streams.exclude(rank) {
                            naive.leaving.push(from);
                        }
                        continue;
                    }
                };
                if from == ME && naive.said[ME].len() > naive.accepted[ME] {
                    // A process never says what it cannot accept itself.
                    continue;
                }
                streams.hear(rank, message.clone());
                streams.complete();
                while let Some((_, body)) = streams.take_next() {
                    delivered.push(body);
                }
                naive.hear(from, message);
                naive.complete();
                naive.deliver();
                prop_assert_eq!(&delivered, &naive.delivered);
                for from in 0..PROCESSES {
                    let is_gone = naive.gone.contains(&from);
                    prop_assert_eq!(streams.is_gone(Rank::new(from)), is_gone);
                    prop_assert!(is_gone || streams.accepted(Rank::new(from)) == naive.accepted[from] as u64);
                }
                let crowded = (0..PROCESSES).any(|from| naive.undelivered(from).len() > UNDER_WAY);
                prop_assert_eq!(streams.is_crowded(), crowded);
            }
        }
    }
}
