use alloc::vec::Vec;

use tidings_clocks::{Rank, VectorClock};

use super::deliveries::Deliveries;
use super::replica::Entry;
use super::{Limits, Pure, Replica, Stale, Stamped, Stranger};

/// All that a replica knows, for one that lacks what is pruned.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "P: serde::Serialize, P::Operation: serde::Serialize")))]
pub struct Snapshot<P: Pure> {
    state: P,
    /// What is delivered and not stable, in causal order.
    log: Vec<Entry<P::Operation>>,
    delivered: VectorClock,
    stable: VectorClock,
}

impl<P: Pure> Snapshot<P> {
    /// How many operations of each replica it holds.
    #[must_use]
    pub const fn delivered(&self) -> &VectorClock {
        &self.delivered
    }

    /// Whether the log holds just what is delivered and not stable, in causal order.
    #[cfg(feature = "serde")]
    fn is_whole(&self) -> bool {
        let mut known = self.stable.clone();
        let in_order = self.log.iter().all(|Entry { stamped, .. }| {
            let dot = stamped.stamp.dot();
            let next = known.entry(dot.actor).checked_add(1) == Some(dot.counter);
            known.raise(dot.actor, dot.counter);
            next && *stamped.stamp.clock() <= known
        });
        in_order && known == self.delivered
    }
}

impl<P: Pure + Clone> Replica<P> {
    /// All that this replica knows. Costs a copy of it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<P> {
        let Deliveries { delivered, stable, .. } = self.deliveries.clone();
        Snapshot { state: self.state.clone(), log: self.log.clone(), delivered, stable }
    }
}

impl<P: Pure> Replica<P> {
    /// The replica of `me`, one of `members`, that knows what `snapshot` does: how one begins that comes anew.
    ///
    /// # Errors
    /// [`Stranger`] if `me` is none of them, or the snapshot knows of somebody who is none.
    pub fn from_snapshot(me: Rank, members: usize, limits: Limits, snapshot: Snapshot<P>) -> Result<Self, Stranger> {
        if snapshot.delivered.processes() > members {
            return Err(Stranger { rank: Rank::new(snapshot.delivered.processes() - 1), members });
        }
        let Snapshot { state, log, delivered, stable } = snapshot;
        Ok(Self { limits, deliveries: Deliveries { me, members, delivered, stable }.of(me)?, state, log })
    }

    /// Takes over what `snapshot` knows, after having been away, and then does what this replica had delivered that the snapshot does not know.
    ///
    /// Operations that the others can no longer take are returned: nobody had seen them when the others went on, and what they did is undone here. Those
    /// of this replica's own can be made anew, if they are still wanted. The snapshot must come from one who has delivered all of this replica's operations that anybody has: agreement of
    /// the broadcast gives that once an exclusion is settled. Otherwise a new operation gets the name of an old one, which whoever has that one finds out
    /// ([`TwoOperations`](super::Rejected::TwoOperations)). And nobody may have stabilised more than the snapshot's maker: otherwise operations are kept here that the others refuse as
    /// [`Late`](super::Rejected::Late), so that this replica must be resynchronised again.
    ///
    /// # Errors
    /// [`Stale`] if the snapshot lacks what is stable here, or is of a larger view; the replica is unchanged.
    pub fn resynchronise(&mut self, snapshot: Snapshot<P>) -> Result<Vec<Stamped<P::Operation>>, Stale> {
        self.deliveries.is_covered_by(&snapshot.delivered)?;
        let Deliveries { me, members, .. } = self.deliveries;
        let Ok(mut renewed) = Self::from_snapshot(me, members, self.limits, snapshot) else {
            let rank = Rank::new(members);
            return Err(Stale { missing: tidings_clocks::Dot::new(rank, 1) });
        };
        let mut lost = Vec::new();
        for Entry { stamped, .. } in core::mem::take(&mut self.log) {
            if stamped.stamp.is_known_to(&renewed.deliveries.delivered) {
                continue;
            }
            if let Err(late) = renewed.retake(stamped) {
                lost.push(late);
            }
        }
        *self = renewed;
        Ok(lost)
    }
}

/// Takes only a snapshot whose log holds just what is delivered and not stable, in causal order.
#[cfg(feature = "serde")]
impl<'de, P> serde::Deserialize<'de> for Snapshot<P>
where
    P: Pure + serde::Deserialize<'de>,
    P::Operation: serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Snapshot")]
        struct Parts<P, O> {
            state: P,
            log: Vec<Entry<O>>,
            delivered: VectorClock,
            stable: VectorClock,
        }

        let Parts { state, log, delivered, stable } = Parts::<P, P::Operation>::deserialize(deserializer)?;
        let snapshot = Self { state, log, delivered, stable };
        if snapshot.is_whole() {
            Ok(snapshot)
        } else {
            Err(serde::de::Error::custom("a snapshot's log holds what is delivered and not stable, in causal order"))
        }
    }
}
