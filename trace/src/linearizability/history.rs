use alloc::vec::Vec;

/// One call: what was asked and answered, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call<O> {
    /// What was asked, and the answer if there is one.
    pub operation: O,
    /// When it was invoked: a moment of the history, counted from 0.
    pub invoked: usize,
    /// When it was answered, if it was. A call without an answer may have taken effect at any moment since it was invoked, or never.
    pub answered: Option<usize>,
}

impl<O> Call<O> {
    /// The same call, with its operation lent.
    pub(super) const fn lend(&self) -> Call<&O> {
        Call { operation: &self.operation, invoked: self.invoked, answered: self.answered }
    }
}

/// A call that was answered already; the history is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("call {call} was answered already, or never made")]
pub struct AlreadyAnswered {
    /// That call.
    pub call: usize,
}

/// Calls in the order in which they were invoked and answered, as somebody saw who saw all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<O> {
    calls: Vec<Call<O>>,
    moments: usize,
}

impl<O> History<O> {
    /// Nothing has happened.
    #[must_use]
    pub const fn new() -> Self {
        Self { calls: Vec::new(), moments: 0 }
    }

    /// A call is invoked now. Its number, for the answer.
    pub fn invoke(&mut self, operation: O) -> usize {
        let invoked = self.moment();
        self.calls.push(Call { operation, invoked, answered: None });
        self.calls.len() - 1
    }

    /// A call is answered now. `operation` is the call again, with its answer.
    ///
    /// # Errors
    /// [`AlreadyAnswered`] if it was answered before, or there is no such call; the history is unchanged.
    pub fn answer(&mut self, call: usize, operation: O) -> Result<(), AlreadyAnswered> {
        let open = self.calls.get_mut(call).filter(|call| call.answered.is_none()).ok_or(AlreadyAnswered { call })?;
        open.operation = operation;
        open.answered = Some(self.moments);
        self.moments += 1;
        Ok(())
    }

    /// The calls, by their numbers.
    #[must_use]
    pub fn calls(&self) -> &[Call<O>] {
        &self.calls
    }

    fn moment(&mut self) -> usize {
        self.moments += 1;
        self.moments - 1
    }
}

impl<O> Default for History<O> {
    fn default() -> Self {
        Self::new()
    }
}
