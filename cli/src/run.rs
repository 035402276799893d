use std::sync::Arc;
use std::time::Duration;

use tidings_broadcast::{Backoff, CausalBroadcast, CausalOrder, Ordered, PerfectLink, Reliable, Rule};
use tidings_protocol::{Incarnation, Limits, Rank, Time, View};
use tidings_sim::{Ending, Faults, Seeded, Stats, World};
use tidings_trace::Trace;

use crate::contents::Census;
use crate::part::Part;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::recording::Recording;
use crate::replication::{Figures, Replication, Wrong};
use crate::{Error, Replay};

/// The shortest and the longest delay of a packet: packets overtake each other within these.
pub(crate) const DELAY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// So much virtual time the network goes on losing and repeating: in the least case, and more for each event. Then it heals, and after as much time again a run
/// that has not come to rest is given up.
const CHAOS: (Duration, Duration) = (Duration::from_secs(3_600), Duration::from_secs(10));

/// What a message's stamp and headers may add to its part of a delta.
const HEADERS: usize = 16 << 10;

/// What the simulated run gave.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What happened, as the world saw it.
    pub(crate) trace: Trace,
    /// The world's figures.
    pub(crate) stats: Stats,
    /// The replicas' figures.
    pub(crate) figures: Figures,
    /// The files at the end, as recorded.
    pub(crate) files: Census,
    /// The first version that was not as recorded.
    pub(crate) first_wrong: Option<Wrong>,
    /// The first state at the end that was not as recorded.
    pub(crate) end: Result<(), Wrong>,
    /// Whether the world came to rest.
    pub(crate) ending: Ending,
    /// Messages that links sent again.
    pub(crate) retransmitted: u64,
    /// The most messages that one process held back at once.
    pub(crate) held_most: usize,
    /// The longest that one was held back.
    pub(crate) held_longest: Duration,
}

impl Run {
    /// Runs every process of the plan in a simulated world until nothing more happens, and judges what they end with.
    pub(crate) fn of(replay: &Replay, plan: &Plan, recording: &mut Recording, progress: &mut dyn Progress) -> Result<Self, Error> {
        let processes = replay.replicas.max(1);
        progress.begin("replicating", plan.history().len() as u64 * u64::from(processes));
        let mut applied = 0;
        let mut note = |more| {
            applied += more;
            progress.done(applied);
        };
        let events = u32::try_from(plan.history().len()).unwrap_or(u32::MAX);
        let chaos = CHAOS.0.saturating_add(CHAOS.1.saturating_mul(events));
        let faults =
            Faults { loss: replay.loss, duplicate: replay.duplicate, min_delay: DELAY.0, max_delay: DELAY.1, chaos, ..Faults::calm() };
        let view = View::of(processes);
        let build = |rank: Rank, incarnation: Incarnation| stack(&view, rank, incarnation, replay.broken);
        let replication = Replication::new(plan, recording, &mut note);
        let mut world = World::new(processes, faults, Seeded::new(replay.seed), replication, build);
        let ending = world.run_until(Time::ZERO + chaos.saturating_mul(2));

        if let Some(failed) = world.application().failed() {
            return Err(failed.clone());
        }
        let (mut retransmitted, mut held_most, mut held_longest) = (0, 0, Duration::ZERO);
        for rank in world.ranks() {
            let process = world.process(rank);
            retransmitted += process.below().link().stats().retransmitted;
            held_most = held_most.max(process.stats().held_most);
            held_longest = held_longest.max(process.stats().held_longest);
        }
        let (mut replication, _, trace, stats) = world.into_parts();
        let (files, end) = replication.judge_end()?;
        let (figures, first_wrong) = (replication.figures().clone(), replication.first_wrong().cloned());
        Ok(Self { trace, stats, figures, files, first_wrong, end, ending, retransmitted, held_most, held_longest })
    }
}

/// Causal order over eager reliable broadcast over perfect links, with a rule broken in every layer that enforces it.
fn stack(view: &View, me: Rank, incarnation: Incarnation, broken: Option<Rule>) -> CausalBroadcast<Arc<[u8]>> {
    let payload_bytes = u32::try_from(Part::MESSAGE + HEADERS).expect("a message is small");
    let limits = Limits { payload_bytes, ..Limits::default() };
    let mut link = PerfectLink::new(view, me, incarnation, limits, Backoff::default());
    let mut order = CausalOrder::new(me, view.len(), limits);
    if let Some(rule) = broken {
        link = link.without(rule);
        order = order.without(rule);
    }
    let mut reliable = Reliable::new(link, limits);
    if let Some(rule) = broken {
        reliable = reliable.without(rule);
    }
    Ordered::new(order, reliable, limits)
}
