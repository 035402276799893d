//! Plain loops that the work on dense clocks cannot beat, compiled for the widest vector unit that this processor has.
//!
//! A library has to decide at every call which unit there is; a program that is built for one machine has not. Here that is decided once, in
//! [`Limits::detect`], and the loops are called through a pointer. These calls are the only unsafe code here.

#![allow(unsafe_code, reason = "calls into functions compiled for an instruction set that was detected")]

/// How many entries are looked at between two decisions whether to go on.
const BLOCK: usize = 64;

/// The loops for this machine.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    unit: Unit,
}

#[derive(Clone, Copy)]
enum Unit {
    /// Whatever the program is compiled for.
    Default,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Limits {
    /// Asks the processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl") {
                return Self { unit: Unit::Avx512 };
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self { unit: Unit::Avx2 };
            }
        }
        Self { unit: Unit::Default }
    }

    /// Whether `a` is less than `b` somewhere, and whether it is greater; block by block until both are known.
    #[inline]
    pub(crate) fn compare(self, a: &[u64], b: &[u64]) -> (bool, bool) {
        match self.unit {
            Unit::Default => compare(a, b),
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => unsafe { compare_avx2(a, b) },
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512 => unsafe { compare_avx512(a, b) },
        }
    }

    /// Whether no entry of `a` is greater than that of `b`; reads all of both.
    #[inline]
    pub(crate) fn is_below(self, a: &[u64], b: &[u64]) -> bool {
        match self.unit {
            Unit::Default => is_below(a, b),
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => unsafe { is_below_avx2(a, b) },
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512 => unsafe { is_below_avx512(a, b) },
        }
    }

    /// Raises each of `into` to `from`.
    #[inline]
    pub(crate) fn raise(self, into: &mut [u64], from: &[u64]) {
        match self.unit {
            Unit::Default => raise(into, from),
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => unsafe { raise_avx2(into, from) },
            // SAFETY: the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512 => unsafe { raise_avx512(into, from) },
        }
    }
}

/// The loop as anybody would write it, compiled for the default target.
#[inline]
pub(crate) fn raise(into: &mut [u64], from: &[u64]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = (*into).max(*from);
    }
}

#[inline]
fn is_below(a: &[u64], b: &[u64]) -> bool {
    let mut below = true;
    for (a, b) in a.iter().zip(b) {
        below &= a <= b;
    }
    below
}

#[inline]
fn compare(a: &[u64], b: &[u64]) -> (bool, bool) {
    let (mut less, mut greater) = (0, 0);
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        for (a, b) in a.iter().zip(b) {
            let most = (*a).max(*b);
            less |= most ^ a;
            greater |= most ^ b;
        }
        if less != 0 && greater != 0 {
            break;
        }
    }
    (less != 0, greater != 0)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn compare_avx2(a: &[u64], b: &[u64]) -> (bool, bool) {
    compare(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn compare_avx512(a: &[u64], b: &[u64]) -> (bool, bool) {
    compare(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn is_below_avx2(a: &[u64], b: &[u64]) -> bool {
    is_below(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn is_below_avx512(a: &[u64], b: &[u64]) -> bool {
    is_below(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn raise_avx2(into: &mut [u64], from: &[u64]) {
    raise(into, from);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn raise_avx512(into: &mut [u64], from: &[u64]) {
    raise(into, from);
}
