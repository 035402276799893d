//! Clocks that follow physical time: bounded, slewed, agreed on by several sources, and shared by threads.

use std::time::Duration;

use arbitrary::Unstructured;
use tidings_clocks::{
    Agreement, BoundedClock, ClockSource, Drift, HybridStamp, IntervalOrder, ManualClock, RoundTrip, SharedHybridClock, SlewedClock,
    Steady, Time, TimeInterval, UnixTime,
};

use crate::clocks::edge;

fn interval(input: &mut Unstructured<'_>) -> arbitrary::Result<TimeInterval> {
    let (one, other) = (edge(input)?, edge(input)?);
    Ok(TimeInterval::new(UnixTime::from_nanos(one.min(other)), UnixTime::from_nanos(one.max(other))).expect("in order"))
}

/// A bounded clock on a quartz that keeps to its stated drift: the true time is in its interval always, whatever true answers it gets.
pub(crate) fn bounded_clock(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = bounded_run(&mut input);
}

fn bounded_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    const MILLION: u128 = 1_000_000;
    let drift = input.int_in_range(0..=500_000)?;
    let (mut local, mut truth) = (edge(input)?, edge(input)?);
    // The true time of a reading that was asked at the true time `truth`, within bounds that hold.
    let around = |input: &mut Unstructured<'_>, truth: u64| -> arbitrary::Result<TimeInterval> {
        let (before, after) = (u64::from(input.arbitrary::<u32>()?), u64::from(input.arbitrary::<u32>()?));
        let (earliest, latest) = (truth.saturating_sub(before), truth.saturating_add(after));
        Ok(TimeInterval::new(UnixTime::from_nanos(earliest), UnixTime::from_nanos(latest)).expect("in order"))
    };
    let mut clock = BoundedClock::new(Time::from_nanos(local), around(input, truth)?, drift);
    while !input.is_empty() {
        match input.int_in_range(0..=3)? {
            0 => {
                // Between these two the local clock keeps to its drift.
                let step = input.arbitrary::<u64>()? >> input.int_in_range(16..=63)?;
                let (slow, fast) = (
                    u128::from(step) * MILLION / (MILLION + u128::from(drift)),
                    u128::from(step) * MILLION / (MILLION - u128::from(drift)),
                );
                let passed = if input.arbitrary()? { (slow + 1).min(fast) } else { fast };
                let (Some(next), Ok(passed)) = (local.checked_add(step), u64::try_from(passed)) else { return Ok(()) };
                let Some(now) = truth.checked_add(passed) else { return Ok(()) };
                (local, truth) = (next, now);
            }
            1 => clock.synchronise(Time::from_nanos(local), around(input, truth)?).expect("true statements do not contradict each other"),
            2 => {
                let (at, claimed, before) = (Time::from_nanos(edge(input)?), interval(input)?, clock);
                let mut liar = clock;
                match liar.synchronise(at, claimed) {
                    Ok(()) => {
                        let at = at.max(Time::from_nanos(local));
                        assert!(liar.now(at).intersection(&before.now(at)).is_some());
                    }
                    Err(error) => {
                        assert_eq!(liar, before);
                        assert_ne!(error.own.order(&error.source_says), IntervalOrder::Concurrent);
                    }
                }
            }
            _ => {
                let time = UnixTime::from_nanos(edge(input)?);
                match clock.passes(time) {
                    Some(reading) => {
                        assert!(clock.after(time, reading));
                        if let Some(before) = reading.as_nanos().checked_sub(1) {
                            assert!(!clock.after(time, Time::from_nanos(before)));
                        }
                    }
                    None => assert!(!clock.after(time, Time::MAX)),
                }
            }
        }
        let (now, reading) = (UnixTime::from_nanos(truth), Time::from_nanos(local));
        assert!(clock.now(reading).contains(now), "{now} is not in {}", clock.now(reading));
        assert!(!clock.after(now, reading) && !clock.before(now, reading));
    }
    Ok(())
}

/// Time servers, true and false: what follows from their answers is what can be counted at every end of an interval. And a clock that is corrected never runs back.
pub(crate) fn time_agreement(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = agreement_run(&mut input);
    let _ = round_trip_run(&mut input);
    let _ = slewed_run(&mut input);
}

fn agreement_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut sources = Vec::new();
    for _ in 0..input.int_in_range(0..=8)? {
        // Few different ends, so that some meet.
        let (one, other) = (input.int_in_range(0..=20)?, input.int_in_range(0..=20)?);
        let close = TimeInterval::new(UnixTime::from_nanos(u64::min(one, other)), UnixTime::from_nanos(one.max(other))).expect("in order");
        sources.push(if input.ratio(1, 4)? { interval(input)? } else { close });
    }
    let mut ends: Vec<_> = sources.iter().flat_map(|source| [source.earliest(), source.latest()]).collect();
    ends.sort();
    let agreeing = |time: UnixTime| sources.iter().filter(|source| source.contains(time)).count();
    let most = ends.iter().map(|end| agreeing(*end)).max();
    let largest = Agreement::largest(&sources);
    assert_eq!(largest.map(|agreement| agreement.sources), most);
    if let Some(Agreement { interval, sources }) = largest {
        let (earliest, latest) = (interval.earliest(), interval.latest());
        assert_eq!((agreeing(earliest), agreeing(latest)), (sources, sources));
        assert_eq!(ends.iter().find(|end| agreeing(**end) == sources), Some(&earliest));
        assert!(ends.iter().filter(|end| earliest < **end && **end < latest).all(|end| agreeing(*end) == sources));
    }
    for false_ones in 0..=sources.len() + 1 {
        let needed = sources.len().saturating_sub(false_ones);
        let first = ends.iter().copied().find(|end| needed > 0 && agreeing(*end) >= needed);
        let last = ends.iter().copied().rfind(|end| needed > 0 && agreeing(*end) >= needed);
        let expected = first.zip(last).and_then(|(first, last)| TimeInterval::new(first, last));
        assert_eq!(
            Agreement::tolerating(&sources, false_ones).map(|agreement| (agreement.interval, agreement.sources)),
            expected.map(|interval| (interval, needed))
        );
    }
    Ok(())
}

fn round_trip_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    // A true one, with any delays, on a local clock that runs true.
    let [there, served, back] =
        [u64::from(input.arbitrary::<u32>()?), u64::from(input.arbitrary::<u32>()?), u64::from(input.arbitrary::<u32>()?)];
    let (sent, asked) = (edge(input)? >> 2, edge(input)? >> 2);
    let trip = RoundTrip {
        sent: Time::from_nanos(sent),
        server_received: UnixTime::from_nanos(asked + there),
        server_sent: UnixTime::from_nanos(asked + there + served),
        received: Time::from_nanos(sent + there + served + back),
    };
    let least = Duration::from_nanos(there.min(back) / input.int_in_range(1..=4)?);
    let arrival = trip.arrival(least, input.int_in_range(0..=1_000_000)?).expect("it was so");
    assert!(arrival.contains(UnixTime::from_nanos(asked + there + served + back)));
    // A false one says nothing, but does not panic.
    let time = |input: &mut Unstructured<'_>| edge(input).map(Time::from_nanos);
    let unix = |input: &mut Unstructured<'_>| edge(input).map(UnixTime::from_nanos);
    let trip = RoundTrip { sent: time(input)?, server_received: unix(input)?, server_sent: unix(input)?, received: time(input)? };
    if let Ok(arrival) = trip.arrival(Duration::from_nanos(edge(input)?), input.arbitrary()?) {
        assert!(trip.sent <= trip.received && trip.server_received <= trip.server_sent && arrival.earliest() <= arrival.latest());
    }
    Ok(())
}

fn slewed_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let rate = input.arbitrary::<u32>()?;
    let mut local = edge(input)?;
    let mut clock = SlewedClock::new(Time::from_nanos(local), UnixTime::from_nanos(edge(input)?), rate);
    let most = u128::from(rate.min(500_000));
    while !input.is_empty() {
        let before = clock.now(Time::from_nanos(local)).as_nanos();
        if input.arbitrary()? {
            clock.correct(Time::from_nanos(edge(input)?.max(local)), UnixTime::from_nanos(edge(input)?));
        }
        let step = input.arbitrary::<u64>()? >> input.int_in_range(0..=63)?;
        local = local.saturating_add(step);
        let shown = clock.now(Time::from_nanos(local)).as_nanos();
        assert!(shown >= before, "{shown} after {before}");
        let passed = clock.now(Time::from_nanos(local.saturating_add(1_000_000))).as_nanos() - shown;
        assert!(u128::from(passed) <= 1_000_000 + most + 1);
    }
    Ok(())
}

/// A source that is never set back.
struct Forward(ManualClock);

impl ClockSource for Forward {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

impl Steady for Forward {}

/// A shared hybrid clock, its shards called one after the other, which is a hand-off each time: every stamp is greater than all before, within the bound and the floor.
pub(crate) fn shared_hybrid_clock(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = shared_run(&mut input);
}

fn shared_run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let bound = if input.arbitrary()? { Some(Duration::from_nanos(edge(input)?)) } else { None };
    let source = Forward(ManualClock::showing(UnixTime::from_nanos(edge(input)?)));
    let shards = input.int_in_range(0..=70)?;
    let (mut last, mut floor) = (HybridStamp::ZERO, HybridStamp::MAX);
    let clock = if input.arbitrary()? {
        (last, floor) = (HybridStamp::from_bits(edge(input)?), HybridStamp::ZERO);
        floor = floor.max(last);
        SharedHybridClock::restore(source, shards, bound, last)
    } else {
        SharedHybridClock::new(source, shards, bound)
    };
    let mut parts: Vec<_> = (0..3).map_while(|_| clock.shard()).collect();
    while !input.is_empty() {
        let remote = HybridStamp::from_bits(edge(input)?);
        let physical = clock.source().now();
        let lead =
            |stamp: HybridStamp| Duration::from_nanos(stamp.time().as_nanos().saturating_sub(HybridStamp::at(physical).time().as_nanos()));
        let within = |stamp| bound.is_none_or(|bound| lead(stamp) <= bound);
        let who = input.int_in_range(0..=3)?;
        let mut heard = HybridStamp::ZERO;
        let stamp = match (parts.get_mut(who), input.int_in_range(0..=6)?) {
            (_, 0) => {
                clock.source().0.advance(Duration::from_nanos(input.arbitrary::<u64>()? >> input.int_in_range(0..=63)?));
                continue;
            }
            (_, 1) => {
                let reserved = clock.floor_ahead(Duration::from_nanos(u64::from(input.arbitrary::<u32>()?)));
                clock.reserve(reserved);
                floor = floor.max(reserved);
                continue;
            }
            (Some(part), 2) => {
                let known = part.latest();
                match part.observe(remote) {
                    Ok(()) => {
                        assert!(remote <= known || within(remote));
                        last = last.max(remote);
                        assert_eq!(part.latest(), known.max(remote));
                    }
                    Err(error) => {
                        assert!(matches!(error, Drift::Remote { .. }) && !within(remote) && remote > known);
                        assert_eq!(part.latest(), known);
                    }
                }
                continue;
            }
            (Some(_), 3) => {
                // Its place may be taken by another; what it has issued stays below.
                parts.remove(who);
                parts.extend(clock.shard());
                continue;
            }
            (Some(part), 4) => part.now(),
            (Some(part), _) => {
                heard = remote;
                part.update(remote)
            }
            (None, 2..=4) => clock.now(),
            (None, _) => {
                heard = remote;
                clock.update(remote)
            }
        };
        match stamp {
            Ok(stamp) => {
                assert!(stamp > last && stamp > heard, "{stamp} after {last} and {heard}");
                assert!(stamp <= floor && within(stamp));
                last = stamp;
            }
            Err(Drift::Remote { .. }) => assert!(!within(heard)),
            Err(Drift::Local { lead, bound: most }) => assert!(Some(most) == bound && lead > most),
            Err(Drift::Unreserved { floor: reserved }) => assert_eq!(reserved, floor),
            Err(_) => assert!(last.max(heard).max(HybridStamp::at(physical)).to_bits() > u64::MAX - (1 << 16)),
        }
    }
    Ok(())
}
