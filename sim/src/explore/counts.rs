/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Different states of the whole system.
    pub states: u64,
    /// Steps from a state to a state, not counting those that [sleep sets](super::Reductions::sleep) spare.
    pub transitions: u64,
    /// States in which nothing can happen any more within the scope.
    pub ends: u64,
    /// Of these, those in which a process still wants to be woken: judged by what happens when no more goes wrong.
    pub cut_off: u64,
    /// The longest path, in steps.
    pub deepest: u64,
    /// The different local states of processes.
    pub local_states: u64,
    /// How often a process was given an input; all else was looked up.
    pub calls: u64,
    /// How many interleavings the states found stand for: the paths from the beginning to an end, through the states and steps counted above.
    /// Exact up to 2⁵³, within rounding beyond that. `None` until the search is through, with sleep sets, and where a path may go in a circle.
    pub interleavings: Option<f64>,
}
