//! The table of experiments under its campaigns: broken rules are found, what is found becomes small, and every fault meets its code.

use std::ops::Range;

use tidings::{Campaign, Changes, EXPERIMENTS, Experiment, Golden, PlantedRule, Scenario, Simulate, Summary, coverage, never_reached};

mod goldens;
mod program;

/// Every row with each of its rules.
fn planted() -> impl Iterator<Item = (&'static Experiment, PlantedRule)> {
    EXPERIMENTS.iter().flat_map(|experiment| experiment.rules.iter().map(move |rule| (experiment, *rule)))
}

fn simulate(experiment: &'static Experiment, without: PlantedRule, seeds: Range<u64>) -> Simulate {
    Simulate { experiments: vec![experiment], seeds, scenario: None, changes: Changes { without: Some(without), ..Changes::default() } }
}

/// The first seeds from `from` on whose runs fail.
fn failing(experiment: &'static Experiment, without: PlantedRule, seeds: Range<u64>) -> impl Iterator<Item = u64> {
    let changes = Changes { without: Some(without), ..Changes::default() };
    let campaign = Campaign { experiment, seeds: seeds.clone(), fixed: None, changes };
    seeds.filter(move |seed| {
        let (scenario, mut chooser) = campaign.draw(*seed);
        !experiment.judge(&experiment.run(&scenario, &mut chooser)).is_empty()
    })
}

/// A violation that is planted in each protocol, rule by rule, is found by the campaign within a thousand seeds.
#[test]
fn every_planted_violation_is_found_within_a_thousand_seeds() {
    assert!(EXPERIMENTS.iter().all(|experiment| !experiment.rules.is_empty()), "every row has a rule that can be broken");
    for (experiment, rule) in planted() {
        let found = failing(experiment, rule, 0..1_000).next();
        let seed = found.unwrap_or_else(|| panic!("{} without {rule:?} fails in none of 1,000 runs", experiment.name));
        let batch = seed / 50 * 50;
        let summary = simulate(experiment, rule, batch..batch + 50).run(&mut ()).expect("no file is read").remove(0);
        assert!(summary.failed > 0 && summary.first_failure.is_some_and(|(first, told)| first == seed && !told.is_empty()));
    }
}

/// How many choices that are not calm are left of so many failing runs of each rule, when they are made small; each is a run that fails still.
fn shrunk_sizes(of_each: usize) -> Vec<(usize, String)> {
    let mut sizes = Vec::new();
    for (experiment, rule) in planted() {
        for seed in failing(experiment, rule, 0..3_000).take(of_each) {
            let golden = simulate(experiment, rule, 0..1).shrink(experiment, seed).expect("no file is read").expect("it fails");
            assert!(!golden.told.is_empty() && !golden.run().1.is_empty(), "{} without {rule:?}, seed {seed}", experiment.name);
            sizes.push((golden.tape.wild(), format!("{} without {rule:?}, seed {seed}", experiment.name)));
        }
    }
    sizes.sort();
    sizes
}

/// A failing run shrinks to a dozen choices at most, in the median over twenty failing runs of each rule.
#[test]
fn a_shrunk_failure_has_a_dozen_choices_in_the_median() {
    let sizes = shrunk_sizes(20);
    assert!(sizes.len() >= 15 * planted().count(), "{} failing runs", sizes.len());
    assert!(sizes[sizes.len() / 2].0 <= 12, "{sizes:#?}");
}

/// The drawn scenarios of the table reach every point, but those that are out of reach for a reason that is written down; without faults they reach none
/// of the points of faults.
#[test]
fn every_fault_meets_the_code_that_it_is_meant_for() {
    let all = Simulate { experiments: EXPERIMENTS.iter().collect(), seeds: 0..400, scenario: None, changes: Changes::default() };
    let summaries = all.run(&mut ()).expect("no file is read");
    assert!(summaries.iter().all(|summary| summary.failed == 0), "{:?}", summaries.iter().find(|summary| summary.failed > 0));
    let reached = coverage(&summaries);
    assert!(never_reached(&reached).is_empty(), "never reached: {:?}", never_reached(&reached));
    assert!(tidings::OUT_OF_REACH.iter().all(|(point, _)| reached.count(*point) == 0), "what is reached is not out of reach");
    let json = serde_json::to_value(&summaries).expect("summaries are plain data");
    assert_eq!(json[0]["coverage"]["lost"].as_u64(), Some(reached_by(&summaries[0], "lost")));

    let calm = Campaign { experiment: &EXPERIMENTS[0], seeds: 0..20, fixed: Some(Scenario::default()), changes: Changes::default() };
    let summary = calm.run(|_| {});
    let met: Vec<&str> = summary.coverage.iter().filter(|(_, count)| *count > 0).map(|(name, _)| name).collect();
    assert!(met.iter().all(|name| ["refused", "rejected"].contains(name)), "{met:?}");
}

fn reached_by(summary: &Summary, name: &str) -> u64 {
    summary.coverage.count_named(name)
}

/// A golden holds what it ran with: made small, written and read, it fails in the same way.
#[test]
fn a_golden_script_outlives_the_search_that_found_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for (nth, (experiment, rule)) in planted().enumerate() {
        let seed = failing(experiment, rule, 0..3_000).next().expect("a planted violation is found");
        let golden = simulate(experiment, rule, 0..1).shrink(experiment, seed).expect("no file is read").expect("it fails");
        let path = folder.path().join(format!("{nth}.json"));
        golden.write(&path).expect("a file");
        let again = Golden::read(&path).expect("a golden");
        assert_eq!(again, golden);
        let (run, failures) = again.run();
        let told: Vec<String> = failures.iter().map(|failure| failure.show(&run.trace)).collect();
        assert_eq!(told.join("\n"), golden.told.join("\n"));
        assert!(again.mended().run().1.is_empty(), "{} holds when {rule:?} is kept", experiment.name);
    }
}
