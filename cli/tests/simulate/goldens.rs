//! Runs that failed once, committed by their choices.

use std::fs;
use std::path::PathBuf;

use tidings::Golden;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Each was found with a rule broken on purpose: so it fails, as it is told in the file; with the rule kept it holds.
#[test]
fn every_committed_golden_fails_as_it_is_told_and_holds_when_mended() {
    let mut count = 0;
    for file in fs::read_dir(folder()).expect("a folder") {
        let path = file.expect("a file").path();
        let golden = Golden::read(&path).unwrap_or_else(|why| panic!("{why}"));
        let (run, failures) = golden.run();
        let told: Vec<String> = failures.iter().map(|failure| failure.show(&run.trace)).collect();
        assert_eq!(told.join("\n"), golden.told.join("\n"), "{}", path.display());
        let (run, failures) = golden.mended().run();
        assert!(failures.is_empty(), "{}: {}", path.display(), failures[0].show(&run.trace));
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn what_is_no_golden_is_refused_with_what_was_expected() {
    let folder_of_wrong = tempfile::tempdir().expect("a folder");
    let wrong = |text: String| {
        let path = folder_of_wrong.path().join("wrong.json");
        fs::write(&path, text).expect("a file");
        Golden::read(&path).unwrap_err().to_string()
    };
    let right = fs::read_to_string(folder().join("causal.json")).expect("a committed golden");
    let why = wrong(right.replace("\"experiment\": \"causal\"", "\"experiment\": \"casual\""));
    assert!(why.contains("there is no experiment \"casual\""), "{why}");
    let why = wrong(right.replace("\"tape\"", "\"tapes\""));
    assert!(why.contains("unknown field `tapes`") && why.contains("line"), "{why}");
    let why = wrong(right.replace("\"processes\": 2", "\"processes\": 200").replace("\"processes\": 3", "\"processes\": 200"));
    assert!(why.contains("200 processes are not 1 to 64"), "{why}");
}
