//! What the tests of every clock check: the laws of orders, joins and wire forms.

use core::cmp::Ordering;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hash};
use std::hash::RandomState;

use proptest::test_runner::Config;

use crate::Wire;

/// So many cases; what fails becomes a named test and not a file.
pub(crate) fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// A partial order that agrees with equality.
pub(crate) fn order<T: PartialOrd + Debug>(a: &T, b: &T, c: &T) {
    assert_eq!(a.partial_cmp(a), Some(Ordering::Equal), "not reflexive: {a:?}");
    assert_eq!(a.partial_cmp(b), b.partial_cmp(a).map(Ordering::reverse), "not dual: {a:?} {b:?}");
    assert_eq!(a == b, a.partial_cmp(b) == Some(Ordering::Equal), "order and equality differ: {a:?} {b:?}");
    assert!(!(a <= b && b <= c) || a <= c, "not transitive: {a:?} {b:?} {c:?}");
}

/// Equal values have equal hashes.
pub(crate) fn hash<T: PartialEq + Hash + Debug>(a: &T, b: &T) {
    let state = RandomState::new();
    assert!(a != b || state.hash_one(a) == state.hash_one(b), "equal and not of one hash: {a:?} {b:?}");
}

/// A join gives the least upper bound, in whatever order, and says truly whether it changed anything.
pub(crate) fn join<T: PartialOrd + Clone + Debug>(a: &T, b: &T, c: &T, join: impl Fn(&mut T, &T) -> bool) {
    let joined = |one: &T, other: &T| {
        let mut joined = one.clone();
        let changed = join(&mut joined, other);
        assert_eq!(changed, joined != *one, "{one:?} joined with {other:?}");
        joined
    };
    let both = joined(a, b);
    assert_eq!(both, joined(b, a), "not commutative: {a:?} {b:?}");
    assert_eq!(joined(a, &joined(b, c)), joined(&both, c), "not associative: {a:?} {b:?} {c:?}");
    assert_eq!(joined(a, a), *a, "not idempotent: {a:?}");
    assert!(*a <= both && *b <= both, "not an upper bound: {a:?} {b:?}");
    assert!(!(a <= c && b <= c) || both <= *c, "not the least: {a:?} {b:?} {c:?}");
}

/// The wire form is read back, alone or with more behind it, and no part of it is a whole.
pub(crate) fn wire<T: Wire + PartialEq + Debug>(value: &T, limit: usize) {
    let mut bytes = value.to_wire();
    assert_eq!(T::from_wire(&bytes, limit).as_ref(), Ok(value));
    for end in 0..bytes.len() {
        assert!(T::from_wire(&bytes[..end], limit).is_err(), "{end} bytes of the form of {value:?}");
    }
    bytes.push(7);
    assert_eq!(T::decode(&bytes, limit).as_ref().map(|(value, rest)| (value, *rest)), Ok((value, &[7][..])));
}

/// Bytes are refused, or the very form of the value that they are decoded to.
pub(crate) fn decode<T: Wire + PartialEq + Debug>(bytes: &[u8], limit: usize) {
    if let Ok((value, rest)) = T::decode(bytes, limit) {
        assert_eq!(value.to_wire(), bytes[..bytes.len() - rest.len()], "{value:?}");
    }
}
