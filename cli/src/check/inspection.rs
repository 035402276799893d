use serde::Serialize;

use super::LogForm;

/// The version of the form in which an inspection is printed as JSON.
pub(super) const SCHEMA: u32 = 1;

/// What was found in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The version of this form: `SCHEMA`.
    pub schema: u32,
    /// The log, as it was named.
    pub source: String,
    /// Its form.
    pub form: LogForm,
    /// Whether every check held.
    pub held: bool,
    /// What is in it: a name, a number, a remark.
    pub figures: Vec<Figure>,
    /// Each check with its verdict.
    pub checks: Vec<Check>,
}

/// Something that was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// What else is to be said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// One property, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// If it does not hold: one sentence, then a line for each event that shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// What is known of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Held,
    /// It does not.
    Violated,
    /// More steps were needed than were allowed.
    Undecided,
}

impl Figure {
    pub(super) fn of(name: &'static str, count: usize) -> Self {
        Self { name, count: count as u64, remark: String::new() }
    }

    pub(super) fn remarked(name: &'static str, count: usize, remark: impl Into<String>) -> Self {
        Self { name, count: count as u64, remark: remark.into() }
    }
}

impl Check {
    pub(super) const fn held(name: &'static str) -> Self {
        Self { name, verdict: Verdict::Held, evidence: Vec::new() }
    }

    pub(super) const fn violated(name: &'static str, evidence: Vec<String>) -> Self {
        Self { name, verdict: Verdict::Violated, evidence }
    }
}
