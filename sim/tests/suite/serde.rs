//! Faults, tapes and figures as text.

use std::time::Duration;

use tidings_sim::{Byzantine, Chance, Chooser, Faults, Links, Recorded, Seeded, Site, Spread, Stats, Tape, Timing};

#[test]
fn faults_come_back_as_they_were_written() {
    for faults in [Faults::calm(), Faults::lossy(), Faults::wild().protecting(tidings_protocol::Rank(2))] {
        let text = serde_json::to_string(&faults).unwrap();
        assert_eq!(serde_json::from_str::<Faults>(&text).unwrap(), faults);
    }
}

#[test]
fn what_is_not_said_is_calm_and_what_is_not_known_is_an_error() {
    let faults: Faults = serde_json::from_str(r#"{"loss": 250000, "partitions": {"at_most": 1, "gap": {"secs": 1, "nanos": 0}}}"#).unwrap();
    assert_eq!((faults.loss, faults.duplicate, faults.min_delay), (Chance::percent(25), Chance::NEVER, Faults::calm().min_delay));
    assert_eq!((faults.partitions.at_most, faults.partitions.gap, faults.partitions.length), (1, Duration::from_secs(1), Duration::ZERO));
    let error = serde_json::from_str::<Faults>(r#"{"lost": 1}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `lost`"), "{error}");
}

#[test]
fn links_timing_and_liars_are_readable() {
    let text = r#"{"links": {"losses_in_a_row": 3, "spread": "heavy-tail"}, "timing": {"synchronous": {"bound": {"secs": 1, "nanos": 0}}},
        "byzantine": {"liars": [2], "lie": 10000}}"#;
    let faults: Faults = serde_json::from_str(text).unwrap();
    assert_eq!(faults.links, Links { losses_in_a_row: Some(3), spread: Spread::HeavyTail, ..Links::PERFECT });
    assert_eq!(faults.timing, Timing::Synchronous { bound: Duration::from_secs(1) });
    assert_eq!(faults.byzantine, Byzantine { liars: vec![tidings_protocol::Rank(2)], lie: Chance::percent(1), ..Byzantine::NOBODY });
    assert_eq!(serde_json::from_str::<Faults>(&serde_json::to_string(&faults).unwrap()).unwrap(), faults);
    for wrong in [r#"{"links": {"bandwith": 1}}"#, r#"{"timing": "soon"}"#, r#"{"byzantine": {"liar": 1}}"#] {
        assert!(serde_json::from_str::<Faults>(wrong).unwrap_err().to_string().contains("unknown"), "{wrong}");
    }
}

#[test]
fn a_tape_is_readable_and_comes_back() {
    let mut recorded = Recorded::new(Seeded::new(1));
    for _ in 0..3 {
        recorded.happens(Site::Lose, Chance::percent(50));
        recorded.choose(Site::Delay, 10);
    }
    let text = serde_json::to_string(recorded.tape()).unwrap();
    assert!(text.starts_with(r#"{"tracks":{"Lose":["#), "{text}");
    assert_eq!(&serde_json::from_str::<Tape>(&text).unwrap(), recorded.tape());
}

#[test]
fn figures_are_named() {
    let text = serde_json::to_string(&Stats::default()).unwrap();
    assert!(text.contains(r#""lost":0"#) && serde_json::from_str::<Stats>(&text).unwrap() == Stats::default());
}
