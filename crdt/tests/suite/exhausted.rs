//! An actor whose counter is at its end, which only a forged dot can bring about: every type made of dots says so, is left as it was, and works on for others.

use std::fmt::Debug;

use tidings_clocks::{Dot, Overflow};
use tidings_crdt::{AddWinsMap, AddWinsSet, Causal, DisableWinsFlag, EnableWinsFlag, MvRegister, Nested, RemoveWinsSet, Tally};

/// A change of a `V`, whose delta comes back.
type Change<'c, V> = &'c dyn Fn(&mut V, char) -> Result<V, Overflow>;

fn refuses_an_exhausted_actor<V: Nested<char> + Clone + PartialEq + Debug>(changes: &[Change<'_, V>]) {
    for change in changes {
        let mut state = V::from_causal(Causal::new());
        change(&mut state, 'a').unwrap();
        state.join(&V::from_causal(Causal::delta(V::Store::default(), [Dot { actor: 'a', counter: u64::MAX }])));
        let before = state.clone();
        assert_eq!(change(&mut state, 'a'), Err(Overflow));
        assert_eq!(state, before);
        let delta = change(&mut state, 'b').unwrap();
        assert!(delta.causal().context().contains(&Dot { actor: 'b', counter: 1 }));
        assert_ne!(state, before);
    }
}

#[test]
fn every_type_refuses_and_stays() {
    refuses_an_exhausted_actor::<EnableWinsFlag<char>>(&[&|flag, actor| flag.enable(actor)]);
    refuses_an_exhausted_actor::<DisableWinsFlag<char>>(&[&|flag, actor| flag.enable(actor), &|flag, actor| flag.disable(actor)]);
    refuses_an_exhausted_actor::<MvRegister<char, u8>>(&[&|register, actor| register.write(actor, 1)]);
    refuses_an_exhausted_actor::<Tally<char>>(&[&|tally, actor| tally.count(actor, -1)]);
    refuses_an_exhausted_actor::<AddWinsSet<char, u8>>(&[&|set, actor| set.add(actor, 1)]);
    refuses_an_exhausted_actor::<RemoveWinsSet<char, u8>>(&[&|set, actor| set.add(actor, 1), &|set, actor| set.remove(actor, 1)]);
    refuses_an_exhausted_actor::<AddWinsMap<char, u8, Tally<char>>>(&[&|map, actor| map.update(1, |tally| tally.count(actor, 1))]);
}
