//! Whatever is heard from below, the total orders and the ordered broadcast bear it: nothing panics, nothing grows beyond its stated limit, what is rejected changes nothing.

use std::fmt::Debug;
use std::time::Duration;

use crate::loose::{Loose, ME, PROCESSES};
use proptest::prelude::*;
use smallvec::SmallVec;
use tidings_broadcast::{
    Acknowledged, AllAcknowledge, AllAcknowledgeRejected, Arrived, Broadcast, Cast, CausalOrder, Class, Delivery, FifoOrder, Ordered,
    OrderedRejected, Run, SequenceOrder, Sequenced, Sequencer, SequencerRejected, Stamped,
};
use tidings_clocks::{Rank, Time, VectorClock};
use tidings_protocol::{Effect, Limits, Order, Outbox, Payload, Refused};

#[derive(Clone, Debug)]
enum Input<M> {
    Request(Class),
    Hear(Rank, M),
    Wake,
    Exclude(Rank),
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![16 => 0..12_u64, 1 => (0..3_u64).prop_map(|back| u64::MAX - back), 1 => any::<u64>()]
}

fn rank() -> impl Strategy<Value = Rank> {
    prop_oneof![16 => 0..4_u32, 1 => any::<u32>()].prop_map(Rank)
}

fn inputs<M: Clone + Debug>(message: impl Strategy<Value = M>) -> impl Strategy<Value = Vec<Input<M>>> {
    let input = prop_oneof![
        4 => prop_oneof![Just(Class::Body), Just(Class::Control)].prop_map(Input::Request),
        30 => (rank(), message).prop_map(|(from, message)| Input::Hear(from, message)),
        2 => Just(Input::Wake),
        1 => rank().prop_map(Input::Exclude),
    ];
    prop::collection::vec(input, 0..150)
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..4_u32, 1..3_u32, 1..9_u32).prop_map(|(credit, control_credit, held)| Limits { credit, control_credit, held, ..Limits::TINY })
}

/// Gives the protocol all inputs. The names of messages are numbers; those delivered must have been heard or asked for.
fn suffer<P, M>(
    mut protocol: P,
    inputs: Vec<Input<M>>,
    mut to_message: impl FnMut(Rank, M, u64) -> P::Message,
    held: impl Fn(&P) -> (usize, usize),
    is_mine: impl Fn(&P::Rejected) -> bool,
) -> Result<(), TestCaseError>
where
    P: Broadcast<Payload = u64> + Clone + Debug,
{
    let mut outbox = Outbox::new();
    let (mut now, mut name) = (Time::ZERO, 0);
    // No broadcast says of this process that it broadcast what it did not. If one does, it need not take requests that it admits.
    let mut forged = false;
    for input in inputs {
        now = now + Duration::from_millis(3);
        name += 1;
        let before = format!("{protocol:?}");
        match input {
            Input::Request(class) => {
                let request = Cast { class, payload: name };
                let admitted = protocol.admits(class, name.bytes());
                if let Err(Refused { request: back, .. }) = protocol.request(now, request.clone(), &mut outbox) {
                    prop_assert!((!admitted || forged) && back == request && outbox.is_empty());
                    prop_assert_eq!(format!("{protocol:?}"), before);
                }
            }
            Input::Hear(from, message) => {
                forged |= from == ME;
                if let Err(why) = protocol.receive(now, from, to_message(from, message, name), &mut outbox)
                    && is_mine(&why)
                {
                    prop_assert_eq!(format!("{protocol:?}"), before);
                    prop_assert!(outbox.is_empty());
                }
            }
            Input::Wake => protocol.wake(now, &mut outbox),
            Input::Exclude(rank) => protocol.exclude(now, rank, &mut outbox),
        }
        let (held, most) = held(&protocol);
        prop_assert!(held <= most, "{held} held of {most}");
        for effect in outbox.drain() {
            if let Effect::Indicate(Delivery { origin, payload }) = effect {
                prop_assert!(origin.index() < PROCESSES && payload <= name);
            }
        }
    }
    Ok(())
}

/// The number is how far it goes beyond the last counter of the same origin, but for great ones, which are absolute.
#[derive(Clone, Debug)]
enum Said {
    Body(u64),
    Acknowledge(u64),
    Excluded(Rank, u64),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => number().prop_map(Said::Body),
        3 => number().prop_map(Said::Acknowledge),
        2 => (rank(), number()).prop_map(|(rank, heard)| Said::Excluded(rank, heard)),
    ]
}

fn assignment() -> impl Strategy<Value = Option<Vec<(Rank, u32)>>> {
    let run = || (rank(), prop_oneof![8 => 1..4_u32, 1 => Just(0), 1 => Just(u32::MAX)]);
    let sorted = prop::collection::vec(run(), 0..3).prop_map(|mut runs| {
        runs.sort_unstable();
        runs
    });
    prop_oneof![2 => Just(None), 1 => sorted.prop_map(Some), 1 => prop::collection::vec(run(), 0..3).prop_map(Some)]
}

fn order<O: Order<Payload = Arrived<u64>>>(order: &O) -> (usize, usize) {
    (order.held(), order.most_held())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_acknowledge(limits in limits(), closed in any::<bool>(), inputs in inputs(said())) {
        let mut last = [0_u64; PROCESSES];
        let to_message = |origin: Rank, said, name| {
            let mut counter = |number: u64| match last.get_mut(origin.index()).filter(|_| number < 1 << 20) {
                Some(last) => {
                    *last += number;
                    *last
                }
                None => number,
            };
            let payload = match said {
                Said::Body(number) => Acknowledged::Body { counter: counter(number), body: name },
                Said::Acknowledge(number) => Acknowledged::Acknowledge { counter: counter(number) },
                Said::Excluded(rank, heard) => Acknowledged::Excluded { rank, heard },
            };
            Delivery { origin, payload }
        };
        let protocol = AllAcknowledge::new(Loose::new(closed), limits);
        suffer(protocol, inputs, to_message, |protocol| (protocol.held(), protocol.most_held()), |why| *why != AllAcknowledgeRejected::Below(()))?;
    }

    #[test]
    fn sequencer(limits in limits(), closed in any::<bool>(), inputs in inputs(assignment())) {
        let to_message = |origin, assignment: Option<Vec<(Rank, u32)>>, name| {
            let runs = |runs: Vec<(Rank, u32)>| runs.into_iter().map(|(origin, bodies)| Run { origin, bodies }).collect::<SmallVec<_>>();
            Delivery { origin, payload: assignment.map_or(Sequenced::Body(name), |assignment| Sequenced::Assign(runs(assignment))) }
        };
        let protocol = Sequencer::new(Loose::new(closed), limits);
        suffer(protocol, inputs, to_message, |protocol| (protocol.held(), protocol.most_held()), |why| *why != SequencerRejected::Below(()))?;
    }

    /// What is malformed is counted, and changes nothing else.
    #[test]
    fn fifo(limits in limits(), closed in any::<bool>(), inputs in inputs(number())) {
        let to_message = |origin, stamp, name| Delivery { origin, payload: Stamped { stamp, payload: name } };
        let protocol = Ordered::new(FifoOrder::new(ME, PROCESSES, limits), Loose::new(closed), limits);
        suffer(protocol, inputs, to_message, |protocol| order(protocol.order()), |why| *why == OrderedRejected::Below(()))?;
    }

    #[test]
    fn sequence(limits in limits(), closed in any::<bool>(), inputs in inputs(number())) {
        let to_message = |origin, stamp, name| Delivery { origin, payload: Stamped { stamp, payload: name } };
        let protocol = Ordered::new(SequenceOrder::new(ME, PROCESSES, limits), Loose::new(closed), limits);
        suffer(protocol, inputs, to_message, |protocol| order(protocol.order()), |why| *why == OrderedRejected::Below(()))?;
    }

    #[test]
    fn causal(limits in limits(), closed in any::<bool>(), inputs in inputs(prop::collection::vec(number(), 0..6))) {
        let to_message = |origin, entries: Vec<u64>, name| {
            let stamp = entries.into_iter().collect::<VectorClock>();
            Delivery { origin, payload: Stamped { stamp, payload: name } }
        };
        let protocol = Ordered::new(CausalOrder::new(ME, PROCESSES, limits), Loose::new(closed), limits);
        suffer(protocol, inputs, to_message, |protocol| order(protocol.order()), |why| *why == OrderedRejected::Below(()))?;
    }
}
