//! Bad input: one line on standard error that says what and where, exit code 3, nothing under `--out`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use tidings::{Error, Recording};

use crate::program::{Ran, clean, tidings_in};
use crate::scratch::{Scratch, files};

/// Replays a source that is wrong, and returns what was said.
fn says(source: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let Ran { code, stdout, stderr } = tidings_in(folder.path(), &["replay", source.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert_eq!(stderr.matches('\n').count(), 1, "not one line: {stderr:?}");
    assert!(stderr.starts_with("tidings: ") && stderr.ends_with('\n'), "{stderr:?}");
    assert!(!out.exists(), "something was written");
    stderr.trim_end().replace(source.to_str().unwrap(), "SOURCE")
}

/// What is said of an editing trace with this content.
fn says_of(name: &str, content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    says(&path)
}

fn packed(json: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(json.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn nothing_there() {
    assert_eq!(says(Path::new("/nonexistent/place")), "tidings: SOURCE: No such file or directory (os error 2)");
}

#[test]
fn not_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(says(folder.path()), "tidings: SOURCE: not a git repository");
}

#[test]
fn an_empty_repository() {
    let repository = Scratch::new().finish_empty(&[]);
    assert_eq!(says(repository.path()), "tidings: SOURCE: the repository is empty: HEAD names no commit");
}

#[test]
fn a_truncated_gzip_stream() {
    let whole = packed(r#"{"endContent":"a","txns":[{"patches":[[0,0,"a"]]}]}"#);
    for end in [3, 11, whole.len() / 2, whole.len() - 1] {
        let said = says_of("trace.json.gz", &whole[..end]);
        assert!(said.starts_with("tidings: SOURCE: the gzip stream is cut short or damaged: "), "{said}");
    }
}

#[test]
fn positions_out_of_range() {
    let sequential = r#"{"endContent":"a","txns":[{"patches":[[0,0,"a"]]},{"patches":[[1,1,""]]}]}"#;
    let said = "tidings: SOURCE: transaction 1, patch 0: position 1 and 1 deleted are out of range in a text of 1 characters";
    assert_eq!(says_of("trace.json", sequential.as_bytes()), said);
    // Here the length is known only when the two sides are joined.
    let concurrent = r#"{"kind":"concurrent","endContent":"","numAgents":2,"txns":[
        {"parents":[],"agent":0,"patches":[[0,0,"ab"]]}, {"parents":[0],"agent":0,"patches":[[2,0,"c"]]},
        {"parents":[0],"agent":1,"patches":[[0,1,""]]}, {"parents":[1,2],"agent":1,"patches":[[2,0,"d"],[4,0,"e"]]}]}"#;
    let said = "tidings: SOURCE: transaction 3, patch 1: position 4 and 0 deleted are out of range in a text of 3 characters";
    assert_eq!(says_of("trace.json.gz", &packed(concurrent)), said);
}

#[test]
fn json_that_is_no_trace() {
    for (content, said) in [
        ("", "not an editing trace: EOF while parsing a value at line 1 column 0"),
        ("{\"txns\": []}", "not an editing trace: missing field `endContent` at line 1 column 12"),
        (
            "{\"endContent\": \"\",\n \"txns\": [{\"patches\": [[-1, 0, \"\"]]}]}",
            "not an editing trace: invalid value: integer `-1`, expected usize at line 2 column 26",
        ),
        ("{\"endContent\": \"\", \"txns\": []}", "the transactions are in no order: there is no event"),
    ] {
        assert_eq!(says_of("trace.json", content.as_bytes()), format!("tidings: SOURCE: {said}"));
    }
}

#[test]
fn an_object_that_vanished() {
    for (name, kind) in [("HEAD~1", "commit"), ("HEAD~1^{tree}", "tree"), ("HEAD~1:f", "blob")] {
        let mut scratch = Scratch::new();
        let mut last = scratch.commit(&[], &files([("f", "0\n")]));
        for number in 1..4 {
            last = scratch.commit(&[last], &files([("f", &format!("{number}\n"))]));
        }
        let repository = scratch.finish(last);
        let id = repository.git(&["rev-parse", name]);
        fs::remove_file(repository.object(name)).unwrap();
        let said = says(repository.path());
        assert!(said.starts_with("tidings: SOURCE: ") && said.contains(id.trim()), "{kind}: {said}");
    }
}

#[test]
fn an_object_that_is_damaged() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let repository = scratch.finish(last);
    let object = repository.object("HEAD:f");
    fs::remove_file(&object).unwrap();
    fs::write(&object, b"not deflated").unwrap();
    let said = says(repository.path());
    assert!(said.starts_with("tidings: SOURCE: ") && said.ends_with("is missing from the repository, or damaged"), "{said}");
}

#[test]
fn a_repository_that_vanishes_while_it_is_read() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let repository = scratch.finish(last);
    repository.object("HEAD");
    let mut recording = Recording::open(repository.path(), |_, _| {}).unwrap();
    fs::remove_dir_all(repository.path().join(".git")).unwrap();
    let why = recording.read_changes(&[None, Some(0)], |_, _| {}).unwrap_err();
    assert!(matches!(why, Error::MissingObject { .. } | Error::Git { .. }), "{why}");
    assert!(why.to_string().starts_with(repository.path().to_str().unwrap()), "{why}");
}

/// What a partial clone lacks is not fetched: a replay asks nobody but the repository it was given.
#[test]
fn a_partial_clone() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let whole = scratch.finish(last);
    whole.git(&["config", "uploadpack.allowFilter", "true"]);
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join("partial");
    whole.git(&[
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        &format!("file://{}", whole.path().display()),
        partial.to_str().unwrap(),
    ]);
    let said = says(&partial);
    assert!(said.starts_with("tidings: SOURCE: object "), "{said}");
}

#[test]
fn no_program_git() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = clean(env!("CARGO_BIN_EXE_tidings"));
    let ran = command.env("PATH", "/nonexistent").args(["replay", "."]).current_dir(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8(ran.stderr).unwrap().starts_with("tidings: cannot run the program git: "));
}

#[test]
fn an_output_that_cannot_be_written() {
    let mut scratch = Scratch::new();
    let only = scratch.commit(&[], &files([("f", "0\n")]));
    let repository = scratch.finish(only);
    let occupied = repository.path().join("occupied");
    fs::write(&occupied, "a file").unwrap();
    let ran = tidings_in(repository.path(), &["replay", ".", "--quiet", "--out", "occupied"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.starts_with("tidings: occupied: "), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(occupied).unwrap(), "a file");
}

#[test]
fn wrong_usage_is_another_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &[][..],
        &["replay"],
        &["replay", ".", "--loss", "100"],
        &["replay", ".", "--loss", "-1"],
        &["replay", ".", "--replicas", "0"],
        &["replay", ".", "--break", "everything"],
        &["replay", ".", "--seed", "x"],
        &["rewind", "."],
    ] {
        let ran = tidings_in(folder.path(), arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty());
    }
}
