//! Clocks: decoders of every wire form, and sequences of operations against naive twins.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use arbitrary::Unstructured;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings_clocks::{
    BloomClock, CausalContext, DifferentialStamp, Dot, DottedVersionVector, EventStamp, ExceptionVector, HybridClock, HybridStamp,
    HybridTag, IntervalTree, LamportClock, LamportStamp, Matrix, Rank, RoundTrip, SiblingSet, TimeInterval, UnixTime, VectorClock,
    VersionVector, Wire,
};

const LIMIT: usize = 64;

/// What decodes, encodes to the very same bytes; anything else is an error.
pub(crate) fn one_form<T: Wire + Debug + PartialEq>(bytes: &[u8]) {
    if let Ok((value, rest)) = T::decode(bytes, LIMIT) {
        let used = &bytes[..bytes.len() - rest.len()];
        assert_eq!(value.to_wire(), used, "{value:?} has two forms");
        assert_eq!(T::from_wire(used, LIMIT).as_ref(), Ok(&value));
    }
}

/// Any bytes, to the decoder of the type that the first byte names.
pub(crate) fn clocks_wire(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 18 {
        0 => one_form::<VectorClock>(bytes),
        1 => one_form::<VersionVector<u64>>(bytes),
        2 => one_form::<VersionVector<String>>(bytes),
        3 => one_form::<CausalContext<u32>>(bytes),
        4 => one_form::<Dot<u64>>(bytes),
        5 => one_form::<LamportStamp>(bytes),
        6 => one_form::<HybridStamp>(bytes),
        7 => one_form::<String>(bytes),
        8 => one_form::<EventStamp>(bytes),
        9 => one_form::<ExceptionVector<u32>>(bytes),
        10 => one_form::<DottedVersionVector<u32>>(bytes),
        11 => one_form::<SiblingSet<u32, String>>(bytes),
        12 => one_form::<IntervalTree>(bytes),
        13 => one_form::<Matrix>(bytes),
        14 => one_form::<BloomClock>(bytes),
        15 => one_form::<DifferentialStamp>(bytes),
        16 => one_form::<HybridTag<[u8; 4]>>(bytes),
        _ => one_form::<TimeInterval>(bytes),
    }
}

/// What `Deserialize` takes, `Serialize` gives back, and that is taken again.
fn read_back<T: Serialize + DeserializeOwned + Debug + PartialEq>(bytes: &[u8]) {
    if let Ok(value) = postcard::from_bytes::<T>(bytes) {
        let written = postcard::to_allocvec(&value).expect("what was read can be written");
        assert_eq!(postcard::from_bytes::<T>(&written).as_ref(), Ok(&value));
        assert_eq!(postcard::to_allocvec(&postcard::from_bytes::<T>(&written).expect("as before")).as_ref(), Ok(&written));
    }
}

/// Any bytes, to the `Deserialize` of the type that the first byte names: what has invariants checks them.
pub(crate) fn clocks_serde(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 16 {
        0 => read_back::<VectorClock>(bytes),
        1 => read_back::<VersionVector<u8>>(bytes),
        2 => read_back::<CausalContext<u8>>(bytes),
        3 => read_back::<ExceptionVector<u8>>(bytes),
        4 => read_back::<DottedVersionVector<u8>>(bytes),
        5 => read_back::<SiblingSet<u8, String>>(bytes),
        6 => read_back::<IntervalTree>(bytes),
        7 => read_back::<Matrix>(bytes),
        8 => read_back::<BloomClock>(bytes),
        9 => read_back::<DifferentialStamp>(bytes),
        10 => read_back::<EventStamp>(bytes),
        11 => read_back::<TimeInterval>(bytes),
        12 => read_back::<HybridClock>(bytes),
        13 => read_back::<LamportClock>(bytes),
        14 => read_back::<RoundTrip>(bytes),
        _ => read_back::<HybridTag>(bytes),
    }
}

/// A number that is often near an end of its range.
pub(crate) fn edge(input: &mut Unstructured<'_>) -> arbitrary::Result<u64> {
    Ok(match input.int_in_range(0..=5)? {
        0 => input.int_in_range(0..=4)?,
        1 => u64::MAX - input.int_in_range(0..=4)?,
        2 => (1 << 63) - input.int_in_range(0..=4)?,
        3 => 0xFFFF - input.int_in_range(0..=4)?,
        4 => 1_700_000_000_000_000_000 + input.int_in_range(0..=0xFF_FFFF)?,
        _ => input.arbitrary()?,
    })
}

/// A bounded hybrid clock among lying clocks and lying peers: its stamps increase, and never lead its own physical clock by more than the bound.
pub(crate) fn hybrid_clock(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = hybrid_run(&mut input);
}

fn hybrid_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let bound = Duration::from_nanos(edge(input)?);
    let mut clock = HybridClock::bounded(bound);
    while !input.is_empty() {
        let physical = UnixTime::from_nanos(edge(input)?);
        let before = clock.latest();
        let remote = HybridStamp::from_bits(edge(input)?);
        let (stamp, above) =
            if input.arbitrary()? { (clock.now(physical), before) } else { (clock.update(remote, physical), before.max(remote)) };
        match stamp {
            Ok(stamp) => {
                assert!(stamp > above, "{stamp:?} is not after {above:?}");
                assert_eq!(clock.latest(), stamp);
                assert!(clock.lead(physical) <= bound, "leads by {:?}, bound {bound:?}", clock.lead(physical));
            }
            Err(_) => assert_eq!(clock.latest(), before, "an error moves nothing"),
        }
    }
    Ok(())
}

/// Vector clocks against maps from process to counter, with entries near the end of their range.
pub(crate) fn vector_clock(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = vector_run(&mut input);
}

fn vector_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    const PROCESSES: usize = 20;
    let mut clocks = vec![(VectorClock::new(), BTreeMap::<Rank, u64>::new()); 3];
    while !input.is_empty() {
        let (at, other) = (input.choose_index(3)?, input.choose_index(3)?);
        let me = Rank::new(input.choose_index(PROCESSES)?);
        let (stamp, twin_stamp) = clocks[other].clone();
        let (clock, twin) = &mut clocks[at];
        let before = clock.clone();
        match input.int_in_range(0..=3)? {
            0 => match clock.tick(me) {
                Ok(counter) => assert_eq!(Some(counter), bump(twin, me)),
                Err(_) => assert_eq!((&*clock, twin.get(&me)), (&before, Some(&u64::MAX))),
            },
            1 => {
                let changed = clock.join(&stamp);
                merge(twin, &twin_stamp);
                assert_eq!(changed, *clock != before);
            }
            2 => {
                let mut merged = twin.clone();
                merge(&mut merged, &twin_stamp);
                match (clock.receive(me, &stamp), bump(&mut merged, me)) {
                    (Ok(counter), Some(expected)) => {
                        assert_eq!(counter, expected);
                        *twin = merged;
                    }
                    (Err(_), None) => assert_eq!(*clock, before),
                    (got, expected) => panic!("{got:?} where the twin has {expected:?}"),
                }
            }
            _ => {
                let mut bytes = vec![u8::try_from(me.index() + 1).expect("few processes")];
                bytes.extend(std::iter::repeat_n(0, me.index()));
                let value = edge(input)?.max(1);
                value.encode(&mut bytes);
                if let Ok(forged) = VectorClock::from_wire(&bytes, PROCESSES) {
                    clock.join(&forged);
                    let entry = twin.entry(me).or_default();
                    *entry = (*entry).max(value);
                }
            }
        }
        let (clock, twin) = &clocks[at];
        for rank in (0..PROCESSES).map(Rank::new) {
            assert_eq!(clock.entry(rank), twin.get(&rank).copied().unwrap_or(0));
        }
        for (other, other_twin) in &clocks {
            let below = twin.iter().all(|(rank, count)| other_twin.get(rank).unwrap_or(&0) >= count);
            let above = other_twin.iter().all(|(rank, count)| twin.get(rank).unwrap_or(&0) >= count);
            assert_eq!((clock <= other, clock >= other, clock == other), (below, above, below && above));
        }
    }
    Ok(())
}

fn bump(twin: &mut BTreeMap<Rank, u64>, me: Rank) -> Option<u64> {
    let next = twin.get(&me).unwrap_or(&0).checked_add(1)?;
    twin.insert(me, next);
    Some(next)
}

fn merge(twin: &mut BTreeMap<Rank, u64>, other: &BTreeMap<Rank, u64>) {
    for (rank, count) in other {
        let entry = twin.entry(*rank).or_default();
        *entry = (*entry).max(*count);
    }
}

/// Causal contexts against plain sets of dots, with dots far ahead of what is known.
pub(crate) fn causal_context(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = context_run(&mut input);
}

fn context_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut contexts = vec![(CausalContext::<u8>::new(), BTreeSet::<(u8, u64)>::new()); 2];
    while !input.is_empty() {
        let at = input.choose_index(2)?;
        let actor = input.int_in_range(0..=2)?;
        match input.int_in_range(0..=4)? {
            0 => {
                let (other, other_twin) = contexts[1 - at].clone();
                let (context, twin) = &mut contexts[at];
                let before = twin.len();
                twin.extend(other_twin);
                assert_eq!(context.join(&other), twin.len() > before);
            }
            kind => {
                let counter = if kind == 1 { edge(input)? } else { input.int_in_range(1..=12)? };
                let (context, twin) = &mut contexts[at];
                let fresh = counter > 0 && twin.insert((actor, counter));
                assert_eq!(context.insert(Dot::new(actor, counter)), fresh);
            }
        }
        let (context, twin) = &contexts[at];
        assert!(twin.iter().all(|(actor, counter)| context.contains(&Dot::new(*actor, *counter))));
        for actor in 0..=2 {
            let latest = twin.iter().filter(|(of, _)| *of == actor).map(|(_, counter)| *counter).max().unwrap_or(0);
            assert_eq!(context.latest(&actor), latest);
            let known = (0..=13).filter(|counter| context.contains(&Dot::new(actor, *counter))).count();
            assert_eq!(known - usize::from(context.contains(&Dot::new(actor, 0))), twin.range((actor, 1)..=(actor, 13)).count());
        }
        one_form::<CausalContext<u8>>(&context.to_wire());
    }
    Ok(())
}
