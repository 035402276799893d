//! Everything that a replay is asked, each as a row with its verdict.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use tidings_sim::{Chooser, Ending, Seeded, Site};
use tidings_trace::{MessageId, Property, Violation, What, check_all};

use crate::git::ObjectId;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::recording::Recording;
use crate::report::Check;
use crate::run::Run;
use crate::{Disagreement, Error, EventClocks, Repository};

/// Of how many commits git itself is asked what all is in their past.
const ASKED: usize = 8;

/// The properties of causal reliable broadcast.
const PROPERTIES: [Property; 6] = [
    Property::Validity,
    Property::NoDuplication,
    Property::NoCreation,
    Property::Agreement,
    Property::FifoDelivery,
    Property::CausalDelivery,
];

/// Compares the clocks with the graph, and with what git itself says.
pub(crate) fn clocks(
    recording: &Recording,
    plan: &Plan,
    clocks: &EventClocks,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Vec<Check>, Error> {
    progress.begin("checking clocks", 3 + ASKED as u64);
    let history = plan.history();
    let mut seeded = Seeded::new(seed);
    let mut below = |n: usize| seeded.choose(Site::Application, u32::try_from(n).unwrap_or(u32::MAX)) as usize;
    let evidence = |wrong: Disagreement| vec![explain(recording, &wrong)];

    let pairs = history.len() as u64 * (history.len() as u64 - 1) / 2;
    let all = clocks.check_all_pairs(history, plan.chains()).map_err(evidence);
    let mut checks = vec![Check::new("vector_order_is_ancestry", format!("all {} pairs", grouped(pairs)), all)];
    progress.done(1);
    let compared = clocks.compare_pairs(history, &mut below);
    let scope = compared.map_or_else(|_| "pair by pair".to_owned(), |compared| format!("{} comparisons", grouped(compared as u64)));
    checks.push(Check::new("vector_comparison", scope, compared.map(drop).map_err(evidence)));
    progress.done(2);
    if let Recording::Repository(repository) = recording {
        let asked = ask_git(repository, clocks, &mut below, |asked| progress.done(2 + asked as u64))?;
        let scope = format!("{ASKED} commits with {} each", grouped(history.len() as u64));
        checks.push(Check::new("vector_order_as_git_says", scope, asked.map_err(evidence)));
    }
    let edges = format!("{} edges", grouped(history.edges() as u64));
    checks.push(Check::new("hybrid_stamps_increase", edges, clocks.check_edges(history).map_err(evidence)));
    progress.done(3 + ASKED as u64);
    Ok(checks)
}

/// Judges the trace by the properties of causal reliable broadcast, and what the replicas hold by the recording.
pub(crate) fn run(recording: &Recording, plan: &Plan, run: &Run) -> Vec<Check> {
    let mut checks = Vec::new();
    let rest = match run.ending {
        Ending::Quiescent => Ok(()),
        ending => Err(vec![format!("the run ended {ending:?}: something was never delivered")]),
    };
    checks.push(Check::new("comes_to_rest", "the network", rest));
    let violations = check_all(&run.trace, &PROPERTIES);
    let deliveries = format!("{} deliveries", grouped(run.stats.indications));
    for property in PROPERTIES {
        let violation = violations.iter().find(|violation| violation.property == property);
        let verdict = violation.map_or(Ok(()), |violation| Err(show(recording, run, violation)));
        checks.push(Check::new(property.name(), deliveries.clone(), verdict));
    }
    if matches!(recording, Recording::Repository(_)) {
        let wrong = run.first_wrong.as_ref();
        let verdict = wrong.map_or(Ok(()), |first| {
            Err(vec![format!("{} of {} versions, first {}", run.figures.wrong, run.figures.judged, first.sentence(recording))])
        });
        checks.push(Check::new("versions_are_gits_trees", format!("{} versions", grouped(run.figures.judged)), verdict));
    }
    let end = run.end.clone().map_err(|wrong| vec![wrong.sentence(recording)]);
    checks.push(Check::new("replicas_end_as_recorded", format!("{} replicas", plan.processes()), end));
    checks
}

/// Asks git for the past of some commits, and compares with each of all commits whether it is there: the last one that is known, and others at random.
fn ask_git(
    repository: &Repository,
    clocks: &EventClocks,
    below: &mut impl FnMut(usize) -> usize,
    mut asked: impl FnMut(usize),
) -> Result<Result<(), Disagreement>, Error> {
    let events = repository.history().len();
    for number in 0..ASKED {
        let other = if number == 0 { events - 1 } else { below(events) };
        let past: BTreeSet<ObjectId> = repository.git().past(repository.commit(other))?.into_iter().collect();
        for one in 0..events {
            let order = clocks.vector(one).partial_cmp(clocks.vector(other));
            let ours = matches!(order, Some(Ordering::Less | Ordering::Equal));
            let gits = past.contains(&repository.commit(one));
            if ours != gits {
                return Ok(Err(Disagreement { one, other, clocks: order, history: gits.then_some(Ordering::Less) }));
            }
        }
        asked(number + 1);
    }
    Ok(Ok(()))
}

fn explain(recording: &Recording, wrong: &Disagreement) -> String {
    let say = |order| match order {
        Some(Ordering::Less) => "before",
        Some(Ordering::Equal) => "the same as",
        Some(Ordering::Greater) => "after",
        None => "concurrent with",
    };
    let (one, other) = (recording.name(wrong.one), recording.name(wrong.other));
    format!("{one} is {} {other}, but the clocks say {}", say(wrong.history), say(wrong.clocks))
}

/// The violation's sentence, and its events with what a person calls them.
fn show(recording: &Recording, run: &Run, violation: &Violation) -> Vec<String> {
    let mut lines = vec![violation.explanation.clone()];
    for &position in &violation.events {
        let Some(event) = run.trace.events.get(position) else { continue };
        let name = match event.what {
            What::Broadcast(id) | What::Deliver(id) => name(recording, id),
            _ => String::new(),
        };
        lines.push(format!("event {position}: {event}{name}"));
    }
    lines
}

/// What a person calls the recorded event that a message carries, in parentheses.
fn name(recording: &Recording, id: MessageId) -> String {
    event(recording, id).map_or_else(String::new, |event| format!(" ({})", recording.name(event)))
}

/// The recorded event that a message carries.
pub(crate) fn event(recording: &Recording, id: MessageId) -> Option<usize> {
    usize::try_from(id.number & u64::from(u32::MAX)).ok().filter(|&event| event < recording.history().len())
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
