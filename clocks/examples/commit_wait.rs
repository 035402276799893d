//! Commit wait: transactions on machines whose clocks disagree get stamps in the order in which they really happened.
//!
//! Each machine bounds the true time by asking a time server now and then. It stamps a transaction with the latest that it could be, and shows it to nobody until that has
//! certainly passed. Who sees it and goes on elsewhere therefore gets a later stamp, without a word between the machines. The world here is simulated, and its true time known.

use std::time::Duration;

use tidings_clocks::{BoundedClock, Implausible, RoundTrip, Time, UnixTime};

/// The worst quartz that is allowed here, in millionths.
const DRIFT_PPM: u32 = 200;

/// A machine whose clock was started at some time and runs too fast or too slow.
struct Machine {
    name: &'static str,
    started: u64,
    drift_ppm: i64,
    clock: BoundedClock,
}

impl Machine {
    /// Starts a machine, which asks the time server at once. `there` and `back` are the delays of the question and the answer.
    fn start(name: &'static str, now: u64, drift_ppm: i64, there: u64, back: u64) -> Result<Self, Implausible> {
        let local = |passed: u64| local(passed, drift_ppm);
        let trip = RoundTrip {
            sent: local(0),
            server_received: UnixTime::from_nanos(now + there),
            server_sent: UnixTime::from_nanos(now + there),
            received: local(there + back),
        };
        let arrival = trip.arrival(Duration::ZERO, DRIFT_PPM)?;
        println!("{name}: at {} it is {} ± {:?}", trip.received, arrival.middle(), arrival.error());
        Ok(Self { name, started: now, drift_ppm, clock: BoundedClock::new(trip.received, arrival, DRIFT_PPM) })
    }

    /// Its own reading at the true time `now`.
    fn reading(&self, now: u64) -> Time {
        local(now - self.started, self.drift_ppm)
    }

    /// Commits a transaction at the true time `now`: its stamp, and the true time at which it is shown.
    fn commit(&self, now: u64) -> (UnixTime, u64) {
        let stamp = self.clock.now(self.reading(now)).latest();
        let mut shown = now;
        while !self.clock.after(stamp, self.reading(shown)) {
            shown += 10_000;
        }
        println!("{}: stamped {stamp}, shown after {:?}", self.name, Duration::from_nanos(shown - now));
        (stamp, shown)
    }
}

fn local(passed: u64, drift_ppm: i64) -> Time {
    let gained = i128::from(passed) * i128::from(drift_ppm) / 1_000_000;
    Time::from_nanos(u64::try_from(i128::from(passed) + gained).expect("drift is small"))
}

fn main() -> Result<(), Implausible> {
    let start = 1_700_000_000_000_000_000;
    let millis = |count: u64| count * 1_000_000;
    // One clock runs fast and the answer came slowly; the other runs slow and the question went slowly: they err in opposite directions.
    let north = Machine::start("north", start, 150, millis(1), millis(9))?;
    let south = Machine::start("south", start, -150, millis(9), millis(1))?;

    let mut now = start + millis(60_000);
    let mut last = UnixTime::EPOCH;
    for round in 0..6 {
        let machine = if round % 2 == 0 { &north } else { &south };
        let (stamp, shown) = machine.commit(now);
        assert!(stamp > last, "it happened later, so its stamp is later");
        // Somebody sees it, and commits on the other machine a moment later.
        (last, now) = (stamp, shown + 1_000);
    }
    Ok(())
}
