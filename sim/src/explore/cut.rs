use core::fmt;

/// How far a process came with the effects of an input before it crashed.
///
/// Effects are carried out one after the other, a fan-out as one send to each destination. A crash may come between any two. Of several sends in a row any
/// may have left, for a network keeps no order between destinations, and promises to bring only what a process sent that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    carried: u64,
}

impl Cut {
    /// The most effects of one input that a crash can come in between.
    pub const MOST_EFFECTS: usize = 64;

    /// The first `effects`, at most 64, and nothing after them.
    pub(super) const fn after(effects: usize) -> Self {
        Self { carried: if effects < Self::MOST_EFFECTS { (1 << effects) - 1 } else { u64::MAX } }
    }

    /// The first `effects`, and of those behind them the ones whose bits are set in `some`.
    pub(super) const fn within(effects: usize, some: u64) -> Self {
        Self { carried: Self::after(effects).carried | some << effects }
    }

    /// Whether the effect in this place, counted from 0, was carried out.
    #[must_use]
    pub const fn carries(self, effect: usize) -> bool {
        effect < Self::MOST_EFFECTS && self.carried >> effect & 1 == 1
    }

    /// A number of its own, from 1.
    pub(super) const fn code(self) -> u64 {
        self.carried
    }
}

/// As `after 2 effects`, or, where later sends were carried out and earlier ones were not, `after effects 1, 3`.
impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.carried.count_ones() {
            0 => f.write_str("before any effect"),
            1 if self.carries(0) => f.write_str("after one effect"),
            count if self.carried.trailing_ones() == count => write!(f, "after {count} effects"),
            count => {
                f.write_str(if count == 1 { "after effect" } else { "after effects" })?;
                let places = (0..Self::MOST_EFFECTS).filter(|place| self.carries(*place));
                places.enumerate().try_for_each(|(nth, place)| write!(f, "{} {}", if nth > 0 { "," } else { "" }, place + 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_cut_says_which_effects_were_carried_out() {
        let cut = Cut::within(2, 0b101);
        assert_eq!((0..6).map(|effect| cut.carries(effect)).collect::<alloc::vec::Vec<_>>(), [true, true, true, false, true, false]);
        assert_eq!(cut.to_string(), "after effects 1, 2, 3, 5");
        assert_eq!(Cut::within(0, 0b10).to_string(), "after effect 2");
        assert_eq!((Cut::after(0).to_string(), Cut::after(1).to_string()), ("before any effect".into(), "after one effect".into()));
        assert_eq!(Cut::after(64).to_string(), "after 64 effects");
        assert!(!Cut::after(64).carries(64) && Cut::after(64).carries(63));
    }
}
