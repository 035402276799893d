/// Asserts that a recorded trace keeps a property, or each of several; if it does not, panics with the seed that replays it and the events that show
/// it.
///
/// The properties are named as in [`Property`](crate::Property). A liveness property means something only if the run ended
/// [`Quiescent`](crate::Ending::Quiescent).
///
/// ```
/// use tidings_sim::assert_keeps;
/// use tidings_trace::Trace;
///
/// let (trace, seed) = (Trace::new(3), 7);
/// assert_keeps!(trace, NoDuplication, seed);
/// assert_keeps!(trace, [NoCreation, FifoDelivery], seed);
/// ```
#[macro_export]
macro_rules! assert_keeps {
    ($trace:expr, [$($property:ident),+ $(,)?], $seed:expr $(,)?) => {{
        let trace = &$trace;
        for violation in $crate::check_all(trace, &[$($crate::Property::$property),+]) {
            ::core::panic!("seed {}: {}", $seed, violation.show(trace));
        }
    }};
    ($trace:expr, $property:ident, $seed:expr $(,)?) => {
        $crate::assert_keeps!($trace, [$property], $seed)
    };
}
