use crate::UnixTime;

/// Where readings of the time of day come from.
///
/// The libraries of this family take readings as arguments; a source is for those who share a clock between threads and want it to read by itself. A source may stand still, jump and run back; if it
/// does not run back, it is [`Steady`].
pub trait ClockSource {
    /// What the clock shows now.
    fn now(&self) -> UnixTime;
}

/// A source that never runs back, not even from one thread to another: if one reading happened before another, through whatever hands work from thread to
/// thread, it is not later. It may stand still.
pub trait Steady: ClockSource {}

impl<C: ClockSource + ?Sized> ClockSource for &C {
    fn now(&self) -> UnixTime {
        (**self).now()
    }
}

impl<C: Steady + ?Sized> Steady for &C {}
