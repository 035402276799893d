use alloc::collections::{BinaryHeap, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

use tidings_clocks::Rank;

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
    /// Nobody who matters will say anything with a lesser stamp than this one, that of the process heard from least far.
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

impl<T> Streams<T> {
    pub(crate) fn new(me: Rank, processes: usize, under_way: usize) -> Self {
        let stream = |_| Stream {
            last: 0,
            heard: 0,
            accepted: 0,
            bodies: VecDeque::new(),
            aside: VecDeque::new(),
            marked: Vec::new(),
            standing: Standing::Live,
        };
        let streams = (0..processes).map(stream).collect();
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
        for rank in leaving {
            let stream = &mut self.streams[rank.index()];
            stream.standing = Standing::Gone;
            stream.aside = VecDeque::new();
        }
        self.leaving = 0;
        self.find_floor();
    }

    /// The undelivered body with the least stamp, if nothing with a lesser one can come.
    pub(crate) fn take_next(&mut self) -> Option<((u64, Rank), T)> {
        let Reverse(stamp) = *self.order.peek().filter(|Reverse(stamp)| *stamp <= self.floor)?;
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
        self.floor = waited_for.map(|(stream, rank)| (stream.heard, rank)).min().unwrap_or((u64::MAX, me));
    }
}
