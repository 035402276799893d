//! Finds a run that breaks a broadcast, shrinks it, and prints what is left of it.
//!
//! The broadcast relays every message once, in the hope that some copy gets through. It looks reliable, and mostly is.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use tidings_protocol::{Effects, Protocol, Rank, Refused, Time, To};
use tidings_sim::{Chance, Chatter, Chooser, Faults, Property, Recorded, Recording, Replay, Seeded, Talk, World, seeds, shrink};
use tidings_trace::{MessageId, Trace};

/// The name of a message: its origin, and a number of the origin's.
type Name = (u32, u64);

/// Tells all others, who tell all others once: reliable if links were.
#[derive(Default)]
struct Gossip {
    heard: BTreeSet<Name>,
}

impl Gossip {
    fn hear(&mut self, name: Name, effects: &mut impl Effects<Self>) {
        if self.heard.insert(name) {
            effects.send(To::Others, name);
            // The outermost layer always takes.
            let _ = effects.indicate(name);
        }
    }
}

impl Protocol for Gossip {
    type Request = Name;
    type Message = Name;
    type Indication = Name;
    type Record = Infallible;
    type Refused = Infallible;
    type Rejected = Infallible;

    fn request(&mut self, _: Time, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Refused<Name, Infallible>> {
        self.hear(name, effects);
        Ok(())
    }

    fn receive(&mut self, _: Time, _: Rank, name: Name, effects: &mut impl Effects<Self>) -> Result<(), Infallible> {
        self.hear(name, effects);
        Ok(())
    }

    fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
}

/// One run of four processes that broadcast three messages each, with one packet in ten lost.
fn run(chooser: impl Chooser, recording: Recording) -> Trace {
    let faults = Faults { loss: Chance::percent(10), max_delay: Duration::from_millis(5), ..Faults::calm() };
    let chatter =
        Chatter::new(4, Talk::of(3), |id| (id.origin.0, id.number), |&(origin, number)| Some(MessageId { origin: Rank(origin), number }));
    let mut world = World::new(4, faults, chooser, chatter, |_, _| Gossip::default()).recording(recording);
    let _ = world.run_until(Time::MAX);
    world.into_parts().2
}

fn main() {
    let disagrees = |chooser: &mut dyn Chooser| Property::Agreement.check(&run(chooser, Recording::Deliveries)).is_err();
    let failing = seeds(10_000).find_map(|seed| {
        let mut recorded = Recorded::new(Seeded::new(seed));
        disagrees(&mut recorded).then(|| (seed, recorded.into_parts().1))
    });
    let Some((seed, tape)) = failing else {
        println!("No run in 10,000 breaks agreement.");
        return;
    };
    println!("Seed {seed} breaks agreement: {} choices, {} of them not the calm one.", tape.len(), tape.wild());

    let small = shrink(&tape, 10_000, |tape| disagrees(&mut Replay::new(tape.clone())));
    println!("It shrinks to {} that are not the calm one: {small}", small.wild());

    let trace = run(Replay::new(small), Recording::Everything);
    if let Err(violation) = Property::Agreement.check(&trace) {
        println!("{}", violation.show(&trace));
    }
}
