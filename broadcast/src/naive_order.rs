//! The orders as their definitions say them: a list, scanned as a whole again and again. The oracle of the fast ones.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use tidings_clocks::{Rank, VectorClock};
use tidings_protocol::{Limits, Offer, Order};

use crate::{CausalOrder, FifoOrder, Malformed, SequenceOrder};

/// What a stamp means.
trait Meaning: Clone {
    /// Which of the messages of its stream this is.
    fn number(&self, from: Rank) -> u64;

    /// Whether the message may be delivered, given how many of each stream were.
    fn is_due(&self, from: Rank, delivered: &[u64]) -> bool;
}

impl Meaning for u64 {
    fn number(&self, _: Rank) -> u64 {
        *self
    }

    fn is_due(&self, from: Rank, delivered: &[u64]) -> bool {
        *self == delivered[from.index()] + 1
    }
}

impl Meaning for VectorClock {
    fn number(&self, from: Rank) -> u64 {
        self.entry(from)
    }

    fn is_due(&self, from: Rank, delivered: &[u64]) -> bool {
        (0..delivered.len()).all(|other| {
            let claimed = self.entry(Rank::new(other));
            if other == from.index() { claimed == delivered[other] + 1 } else { claimed <= delivered[other] }
        })
    }
}

/// Which stream of the naive order a message belongs to: its origin's own, or the only one there is.
type Stream = fn(Rank) -> Rank;

struct NaiveOrder<S> {
    stream: Stream,
    delivered: Vec<u64>,
    held: Vec<(Rank, S, u32)>,
}

impl<S: Meaning> NaiveOrder<S> {
    fn new(processes: usize, stream: Stream) -> Self {
        Self { stream, delivered: vec![0; processes], held: vec![] }
    }

    fn is_due(&self, from: Rank, stamp: &S) -> bool {
        stamp.is_due((self.stream)(from), &self.delivered)
    }

    /// Whether it was delivered or is held.
    fn knows(&self, from: Rank, stamp: &S) -> bool {
        let (stream, number) = ((self.stream)(from), stamp.number((self.stream)(from)));
        let same = |(other, held, _): &(Rank, S, u32)| (self.stream)(*other) == stream && held.number(stream) == number;
        number <= self.delivered[stream.index()] || self.held.iter().any(same)
    }

    fn offer(&mut self, from: Rank, stamp: S, payload: u32) -> Vec<u32> {
        if self.knows(from, &stamp) {
            return vec![];
        }
        self.held.push((from, stamp, payload));
        let mut delivered = vec![];
        while let Some(next) = self.held.iter().position(|(from, stamp, _)| self.is_due(*from, stamp)) {
            let (from, _, payload) = self.held.remove(next);
            self.delivered[(self.stream)(from).index()] += 1;
            delivered.push(payload);
        }
        delivered
    }
}

/// One process: the fast order, the naive one, and what the fast one delivered.
struct Process<O, S> {
    fast: O,
    naive: NaiveOrder<S>,
    delivered: Vec<u32>,
}

/// Runs `processes` with messages that arrive in any order and more than once, as `choices` say; `refuse` in a hundred deliveries are given back first.
fn run<O>(processes: usize, make: impl Fn(Rank) -> O, stream: Stream, speakers: usize, choices: &[u32], refuse: u32)
where
    O: Order<Payload = u32, Malformed = Malformed>,
    O::Stamp: Meaning + core::fmt::Debug,
{
    let mut all: Vec<Process<O, O::Stamp>> = (0..processes)
        .map(|rank| Process { fast: make(Rank::new(rank)), naive: NaiveOrder::new(processes, stream), delivered: vec![] })
        .collect();
    let mut stamps: Vec<(Rank, O::Stamp)> = vec![];
    let mut network: Vec<(usize, u32)> = vec![];
    let mut choices = choices.iter().copied();
    let mut random = 1_u32;
    loop {
        let choice = choices.next();
        random = random.wrapping_mul(747_796_405).wrapping_add(choice.unwrap_or(1));
        let (to, payload) = match choice {
            Some(choice) if choice % 3 == 0 => {
                let me = choice as usize / 3 % speakers;
                let payload = u32::try_from(stamps.len()).unwrap();
                stamps.push((Rank::new(me), all[me].fast.stamp()));
                network.extend((0..processes).filter(|to| *to != me).map(|to| (to, payload)));
                (me, payload)
            }
            _ if network.is_empty() => match choice {
                Some(_) => continue,
                None => break,
            },
            _ => {
                let at = random as usize / 64 % network.len();
                // Some arrive again.
                if choice.is_some_and(|choice| choice % 3 == 1) { network[at] } else { network.swap_remove(at) }
            }
        };
        let (from, stamp) = stamps[payload as usize].clone();
        let process = &mut all[to];
        let (was_known, is_due) = (process.naive.knows(from, &stamp), process.naive.is_due(from, &stamp));
        let mut came = vec![];
        let mut gave_back = false;
        let offered = process.fast.offer(from, stamp.clone(), payload, &mut |origin, payload| {
            assert_eq!(origin, stamps[payload as usize].0);
            random = random.wrapping_mul(747_796_405).wrapping_add(1);
            if random / 64 % 100 < refuse {
                gave_back = true;
                return Err(payload);
            }
            came.push(payload);
            Ok(())
        });
        if from.index() == to && stamp.number(stream(from)) == process.fast.stamp().number(stream(from)) {
            process.fast.sent();
        }
        match offered {
            Offer::Taken => assert!(!was_known),
            Offer::Stale => assert!(was_known),
            Offer::Malformed(malformed) => panic!("{malformed}"),
            Offer::Full((stamp, payload)) => {
                assert!(!is_due, "what is due is never refused");
                assert_eq!(stamp.number(stream(from)), stamps[payload as usize].1.number(stream(from)));
                network.push((to, payload));
                continue;
            }
        }
        while core::mem::take(&mut gave_back) {
            process.fast.release(&mut |_, payload| {
                random = random.wrapping_mul(747_796_405).wrapping_add(1);
                if random / 64 % 100 < refuse {
                    gave_back = true;
                    return Err(payload);
                }
                came.push(payload);
                Ok(())
            });
        }
        // Each was due when it was delivered, whichever of several that are due the fast one takes first ...
        let mut counts = process.naive.delivered.clone();
        for payload in &came {
            let (from, stamp) = &stamps[*payload as usize];
            assert!(stamp.is_due(stream(*from), &counts), "{stamp:?} of {from} was delivered at {counts:?}");
            counts[stream(*from).index()] += 1;
        }
        // ... and in the end it is the same ones.
        let mut expected = process.naive.offer(from, stamp, payload);
        process.delivered.extend(&came);
        came.sort_unstable();
        expected.sort_unstable();
        assert_eq!(came, expected);
        assert_eq!(process.fast.held(), process.naive.held.len());
        assert!(process.fast.held() <= process.fast.most_held());
    }
    for process in &all {
        assert_eq!((process.delivered.len(), process.fast.held()), (stamps.len(), 0));
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![
        Just(Limits::default()),
        Just(Limits::TINY),
        (1..20_u32, 1..4_u32, 1..3_u32).prop_map(|(held, credit, control_credit)| Limits {
            held,
            credit,
            control_credit,
            ..Limits::default()
        }),
    ]
}

fn choices() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn fifo_is_the_naive_one(processes in 1..6_usize, limits in limits(), choices in choices(), refuse in prop_oneof![Just(0), 0..60_u32]) {
        run(processes, |me| FifoOrder::new(me, processes, limits), |from| from, processes, &choices, refuse);
    }

    #[test]
    fn causal_is_the_naive_one(processes in 1..12_usize, limits in limits(), choices in choices(), refuse in prop_oneof![Just(0), 0..60_u32]) {
        run(processes, |me| CausalOrder::new(me, processes, limits), |from| from, processes, &choices, refuse);
    }

    /// Only one process numbers, or numbers would be given twice.
    #[test]
    fn sequence_is_the_naive_one(processes in 1..6_usize, limits in limits(), choices in choices(), refuse in prop_oneof![Just(0), 0..60_u32]) {
        run(processes, |me| SequenceOrder::new(me, processes, limits), |_| Rank(0), 1, &choices, refuse);
    }
}

/// Any stamp at all: nothing panics, what is malformed changes nothing, and no more is held than the order says.
fn bear<O: Order<Payload = u32, Malformed = Malformed> + Clone + core::fmt::Debug>(mut order: O, offers: Vec<(u32, O::Stamp)>)
where
    O::Stamp: Clone,
{
    for (payload, (from, stamp)) in offers.into_iter().enumerate() {
        if payload % 7 == 0 {
            order.sent();
        }
        let before = alloc::format!("{order:?}");
        let taken = order.offer(Rank(from), stamp, u32::try_from(payload).unwrap(), &mut |_, payload| {
            if payload % 5 == 0 { Err(payload) } else { Ok(()) }
        });
        match taken {
            Offer::Malformed(_) | Offer::Full(_) | Offer::Stale => assert_eq!(before, alloc::format!("{order:?}")),
            Offer::Taken => {}
        }
        if payload % 11 == 0 {
            order.release(&mut |_, _| Ok(()));
        }
        assert!(order.held() <= order.most_held());
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..12_u64, 2 => (0..3_u64).prop_map(|back| u64::MAX - back), 1 => any::<u64>()]
}

fn origin() -> impl Strategy<Value = u32> {
    prop_oneof![9 => 0..3_u32, 1 => any::<u32>()]
}

proptest! {
    #[test]
    fn fifo_bears_any_stamp(limits in limits(), offers in prop::collection::vec((origin(), number()), 0..100)) {
        bear(FifoOrder::new(Rank(1), 3, limits), offers);
    }

    #[test]
    fn sequence_bears_any_stamp(limits in limits(), offers in prop::collection::vec((origin(), number()), 0..100)) {
        bear(SequenceOrder::new(Rank(1), 3, limits), offers);
    }

    #[test]
    fn causal_bears_any_stamp(limits in limits(), offers in prop::collection::vec((origin(), prop::collection::vec(number(), 0..5)), 0..100)) {
        bear(CausalOrder::new(Rank(1), 3, limits), offers.into_iter().map(|(from, entries)| (from, entries.into_iter().collect())).collect());
    }
}
