//! How many bytes the states and deltas of this crate hold: what the limits of the protocols in [`sync`](crate::sync) are counted in.

use alloc::string::String;
use core::hash::Hash;

use tidings_clocks::{CausalContext, Dot};
use tidings_protocol::Payload;

use crate::{
    AddWinsMap, AddWinsSet, Anchor, BoundedCounter, Causal, CausalLengthSet, DisableWinsFlag, DotFun, DotMap, DotSet, DotStore, DotTable,
    EnableWinsFlag, GCounter, GSet, LwwMap, LwwRegister, MvRegister, Nested, Origins, PnCounter, RemoveWinsSet, ResettableCounter, Tally,
    Text, TextDelta, TextMark, TextParts, TextRun, TwoPhaseSet, Write,
};

/// A number of 64 bits: a counter, a length.
const NUMBER: usize = size_of::<u64>();

fn dot<A: Payload>(dot: &Dot<A>) -> usize {
    dot.actor.bytes() + NUMBER
}

pub(crate) fn context<A: Payload>(context: &CausalContext<A>) -> usize {
    let vector = context.vector().iter().map(|(actor, _)| actor.bytes() + NUMBER);
    vector.chain(context.exceptions().map(|(actor, _)| actor.bytes() + 2 * NUMBER)).sum()
}

impl<A: Payload> Payload for GCounter<A> {
    fn bytes(&self) -> usize {
        self.iter().map(|(actor, _)| actor.bytes() + NUMBER).sum()
    }
}

impl<A: Payload> Payload for PnCounter<A> {
    fn bytes(&self) -> usize {
        self.added().bytes() + self.taken().bytes()
    }
}

impl<A: Payload> Payload for ResettableCounter<A> {
    fn bytes(&self) -> usize {
        self.counted().bytes() + self.floor().bytes()
    }
}

impl<A: Payload> Payload for BoundedCounter<A> {
    fn bytes(&self) -> usize {
        self.given().map(|(from, to, _)| from.bytes() + to.bytes() + NUMBER).sum::<usize>() + self.taken().bytes()
    }
}

impl<T: Payload> Payload for GSet<T> {
    fn bytes(&self) -> usize {
        self.iter().map(Payload::bytes).sum()
    }
}

impl<T: Payload> Payload for TwoPhaseSet<T> {
    fn bytes(&self) -> usize {
        self.iter().chain(self.removed()).map(Payload::bytes).sum()
    }
}

impl<T: Payload> Payload for CausalLengthSet<T> {
    fn bytes(&self) -> usize {
        self.lengths().map(|(element, _)| element.bytes() + NUMBER).sum()
    }
}

impl<A: Payload, S: Payload, T: Payload> Payload for LwwRegister<A, S, T> {
    fn bytes(&self) -> usize {
        self.last().map_or(0, |write| write.actor.bytes() + write.stamp.bytes() + write.value.bytes())
    }
}

impl<A: Payload, K: Payload, S: Payload, T: Payload> Payload for LwwMap<A, K, S, T> {
    fn bytes(&self) -> usize {
        let written = |(key, write): (&K, &Write<A, S, Option<T>>)| {
            key.bytes() + write.actor.bytes() + write.stamp.bytes() + write.value.as_ref().map_or(1, Payload::bytes)
        };
        self.writes().map(written).sum()
    }
}

impl<A: Payload> Payload for DotSet<A> {
    fn bytes(&self) -> usize {
        self.iter().map(dot).sum()
    }
}

impl<A: Payload, T: Payload> Payload for DotFun<A, T> {
    fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| dot(name) + value.bytes()).sum()
    }
}

/// Each element as often as it has dots; what leads to them counts as the constant.
impl<A: Payload, T: Payload> Payload for DotTable<A, T> {
    fn bytes(&self) -> usize {
        self.iter().map(|(name, element)| dot(name) + element.bytes()).sum()
    }
}

/// What is under the keys; the index from the dots to the keys is as large again, and counts as the constant.
impl<A: Payload, K: Payload, S: Payload> Payload for DotMap<A, K, S> {
    fn bytes(&self) -> usize {
        self.iter().map(|(key, store)| key.bytes() + store.bytes()).sum()
    }
}

impl<A: Payload + Ord, S: DotStore<A> + Payload> Payload for Causal<A, S> {
    fn bytes(&self) -> usize {
        self.store().bytes() + context(self.context())
    }
}

macro_rules! nested {
    ($([$($bounds:tt)*] $nested:ty;)*) => {
        $(impl<A: Payload + Ord, $($bounds)*> Payload for $nested {
            fn bytes(&self) -> usize {
                self.causal().bytes()
            }
        })*
    };
}

nested! {
    [] Tally<A>;
    [] EnableWinsFlag<A>;
    [] DisableWinsFlag<A>;
    [T: Payload + Ord] MvRegister<A, T>;
    [T: Payload + Ord + Hash] AddWinsSet<A, T>;
    [T: Payload + Ord] RemoveWinsSet<A, T>;
    [K: Payload + Ord, V: Nested<A, Store: Payload> + Clone] AddWinsMap<A, K, V>;
}

impl<A: Payload> Payload for TextRun<A> {
    fn bytes(&self) -> usize {
        let origin = |origin: &Option<Dot<A>>| origin.as_ref().map_or(1, dot);
        let origins = match &self.origins {
            Origins::Typed => 1,
            Origins::Between { left, right } => origin(left) + origin(right),
        };
        dot(&self.first) + origins + if self.is_deleted() { NUMBER } else { self.text().len() }
    }
}

impl<A: Payload> Payload for TextMark<A> {
    fn bytes(&self) -> usize {
        let anchor = |anchor: &Anchor<A>| 1 + anchor.dot().map_or(0, dot);
        let said = self.key.len() + self.value.as_ref().map_or(1, String::len);
        dot(&self.stamp) + anchor(&self.start) + anchor(&self.end) + said
    }
}

impl<A: Payload> Payload for TextDelta<A> {
    fn bytes(&self) -> usize {
        let removed = self.removed().iter().map(|range| dot(&range.first) + NUMBER).sum::<usize>();
        self.runs().iter().map(Payload::bytes).sum::<usize>() + removed + self.marks().iter().map(Payload::bytes).sum::<usize>()
    }
}

impl<A: Payload + Ord> Payload for TextParts<A> {
    fn bytes(&self) -> usize {
        self.runs().iter().map(Payload::bytes).sum::<usize>() + self.marks().map(|mark| mark.bytes()).sum::<usize>()
    }
}

/// As it lies in memory, but for the table of actors. O(n).
impl<A: Payload> Payload for Text<A> {
    fn bytes(&self) -> usize {
        self.stats().reserved_bytes
    }
}
