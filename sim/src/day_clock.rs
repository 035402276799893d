use alloc::sync::Arc;

use tidings_clocks::{ClockSource, ManualClock, UnixTime};

/// A handle that shows one process's time of day, for a protocol or an application that reads one.
///
/// Make one for each process, give clones of them to what `build` makes, and hand them to [`World::showing`](crate::World::showing). The world sets
/// each to what the clock of its process shows, right before every input of that process, and leaves it there. Before that it shows 1970.
///
/// It is no [`Steady`](tidings_clocks::Steady) source: it jumps and runs back as [`TimeOfDay`](crate::TimeOfDay) and scripts say.
///
/// ```
/// use std::time::Duration;
/// use tidings_clocks::{ClockSource, UnixTime};
/// use tidings_protocol::{Rank, Time};
/// use tidings_sim::{DayClock, Faults, Seeded, World};
/// # use std::convert::Infallible;
/// # use tidings_protocol::{Effects, Protocol, Refused, To};
/// # struct Reader { clock: DayClock, read: Vec<UnixTime> }
/// # impl Protocol for Reader {
/// #     type Request = ();
/// #     type Message = ();
/// #     type Indication = ();
/// #     type Record = Infallible;
/// #     type Refused = Infallible;
/// #     type Rejected = Infallible;
/// #     fn request(&mut self, _: Time, (): (), _: &mut impl Effects<Self>) -> Result<(), Refused<(), Infallible>> {
/// #         self.read.push(self.clock.now());
/// #         Ok(())
/// #     }
/// #     fn receive(&mut self, _: Time, _: Rank, (): (), _: &mut impl Effects<Self>) -> Result<(), Infallible> { Ok(()) }
/// #     fn wake(&mut self, _: Time, _: &mut impl Effects<Self>) {}
/// #     fn deadline(&self) -> Option<Time> { None }
/// #     fn exclude(&mut self, _: Time, _: Rank, _: &mut impl Effects<Self>) {}
/// # }
///
/// let clocks = vec![DayClock::new()];
/// let build = |rank: Rank, _| Reader { clock: clocks[rank.index()].clone(), read: Vec::new() };
/// let mut world = World::new(1, Faults::calm(), Seeded::new(1), (), build).showing(clocks.clone());
/// let noon = UnixTime::from_seconds(1_800_000_000);
/// world.set_time_of_day(Rank(0), noon);
/// world.request(Rank(0), ()).unwrap();
/// let _ = world.run_for(Duration::from_secs(5));
/// world.set_time_of_day(Rank(0), noon);
/// world.request(Rank(0), ()).unwrap();
/// // Five seconds passed, and yet it is noon again.
/// assert_eq!((world.now(), &world.process(Rank(0)).read), (Time::from_millis(5_000), &vec![noon, noon]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct DayClock {
    shown: Arc<ManualClock>,
}

impl DayClock {
    /// A handle of no process yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn show(&self, time: UnixTime) {
        self.shown.set(time);
    }
}

impl ClockSource for DayClock {
    fn now(&self) -> UnixTime {
        self.shown.now()
    }
}
