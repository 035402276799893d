//! The two loops that dense clocks spend their time in, over slices of equal length.

use core::cmp::Ordering;

/// How `a` stands to `b`, pointwise: `None` if each is greater somewhere. Stops as soon as that is known.
pub(crate) fn compare(a: &[u64], b: &[u64]) -> Option<Ordering> {
    let (mut less, mut greater) = (false, false);
    for (a, b) in a.iter().zip(b) {
        less |= a < b;
        greater |= a > b;
        if less & greater {
            return None;
        }
    }
    Some(greater.cmp(&less))
}

/// Raises each of `into` to `from` where that is greater. Says whether any was raised.
pub(crate) fn merge(into: &mut [u64], from: &[u64]) -> bool {
    let mut raised = false;
    for (into, from) in into.iter_mut().zip(from) {
        raised |= *from > *into;
        *into = (*into).max(*from);
    }
    raised
}
