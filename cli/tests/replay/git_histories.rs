//! Histories of every shape: each must come out as git has it.

use serde_json::json;

use crate::program::{clean, holds, replay};
use crate::scratch::{File, Files, Scratch, files};

#[test]
fn edits_additions_deletions_and_renames() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("README", "one\ntwo\nthree\n"), ("src/a.rs", "fn a() {}\n")]));
    let edited = scratch.commit(&[root], &files([("README", "one\n2\nthree\nfour"), ("src/a.rs", "fn a() {}\n")]));
    let renamed = scratch.commit(&[edited], &files([("README", "one\n2\nthree\nfour"), ("src/deep/er/b.rs", "fn a() {}\n")]));
    let empty_file = scratch.commit(&[renamed], &files([("README", ""), ("src/deep/er/b.rs", "fn b() {}\r\n")]));
    let nothing = scratch.commit(&[empty_file], &Files::new());
    let back = scratch.commit(&[nothing], &files([("README", "one\ntwo\nthree\n"), ("src/a.rs", "fn a() {}\n")]));
    let report = holds(scratch.finish(back).path());
    assert_eq!((&report["history"]["events"], &report["history"]["chains"]), (&json!(6), &json!(1)));
    assert_eq!(report["history"]["files"]["text"], 2);
}

#[test]
fn empty_commits_and_an_empty_tree() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &Files::new());
    let still = scratch.commit(&[root], &Files::new());
    let some = scratch.commit(&[still], &files([("a", "x")]));
    let same = scratch.commit(&[some], &files([("a", "x")]));
    let report = holds(scratch.finish(same).path());
    assert_eq!((&report["replication"]["broadcasts"], &report["history"]["files"]["text"]), (&json!(4), &json!(1)));
}

#[test]
fn a_single_commit() {
    let mut scratch = Scratch::new();
    let only = scratch.commit(&[], &files([("a", "x")]));
    assert_eq!(holds(scratch.finish(only).path())["history"]["events"], 1);
}

#[test]
fn a_clean_merge_needs_no_correction() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "a\nb\nc\nd\ne\n")]));
    let top = scratch.commit(&[root], &files([("f", "A\nb\nc\nd\ne\n"), ("mine", "1")]));
    let end = scratch.commit(&[root], &files([("f", "a\nb\nc\nd\nE\n"), ("yours", "2")]));
    let merge = scratch.commit(&[top, end], &files([("f", "A\nb\nc\nd\nE\n"), ("mine", "1"), ("yours", "2")]));
    let report = holds(scratch.finish(merge).path());
    let replication = &report["replication"];
    assert_eq!(
        (&replication["corrected_merges"], &replication["corrected_bytes"], &replication["corrected_files"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(report["history"]["chains"], 2);
}

#[test]
fn two_words_of_one_line_changed_on_two_sides_need_no_correction() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "let window = held + 64;\n")]));
    let one = scratch.commit(&[root], &files([("f", "let credit = held + 64;\n")]));
    let other = scratch.commit(&[root], &files([("f", "let window = held + 128;\n")]));
    let merge = scratch.commit(&[one, other], &files([("f", "let credit = held + 128;\n")]));
    assert_eq!(holds(scratch.finish(merge).path())["replication"]["corrected_bytes"], 0);
}

#[test]
fn a_merge_that_records_something_else_is_corrected_and_counted() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "same\n"), ("gone", "x\n")]));
    let one = scratch.commit(&[root], &files([("f", "one\n"), ("gone", "x\n"), ("new", "1\n")]));
    let other = scratch.commit(&[root], &files([("f", "two\n"), ("gone", "x y\n")]));
    // The conflict is solved by hand, a file of one side is dropped, another one is taken away, and something comes that neither side had.
    let merge = scratch.commit(&[one, other], &files([("f", "both\n"), ("evil", "?\n")]));
    let after = scratch.commit(&[merge], &files([("f", "both!\n"), ("evil", "?\n"), ("gone", "again\n")]));
    let report = holds(scratch.finish(after).path());
    let replication = &report["replication"];
    assert_eq!((&replication["corrected_merges"], &replication["corrected_files"]), (&json!(1), &json!(3)));
    assert!(replication["corrected_bytes"].as_u64().unwrap() >= 4 + 2, "{replication}");
}

#[test]
fn a_merge_that_takes_one_side_only_is_as_that_side() {
    for first in [0, 1] {
        let mut scratch = Scratch::new();
        let root = scratch.commit(&[], &files([("f", "0\n"), ("g", "0\n")]));
        let sides = [files([("f", "1\n"), ("g", "0\n"), ("h", "1\n")]), files([("f", "0\n"), ("g", "2\n")])];
        let one = scratch.commit(&[root], &sides[0]);
        let other = scratch.commit(&[root], &sides[1]);
        let more = scratch.commit(&[other], &sides[1]);
        let merge = scratch.commit(&[one, more], &sides[first]);
        holds(scratch.finish(merge).path());
    }
}

/// The joined side's removal names no file by itself, and the base's tree is the merge's: nothing else tells that the file has to come back.
#[test]
fn a_merge_may_keep_what_a_side_took_away() {
    let mut scratch = Scratch::new();
    let both = files([("f", "0\n"), ("kept", "1\n")]);
    let root = scratch.commit(&[], &both);
    let long = scratch.commit(&[root], &both);
    let longer = scratch.commit(&[long], &both);
    let without = scratch.commit(&[root], &files([("f", "0\n")]));
    let merge = scratch.commit(&[longer, without], &both);
    assert_eq!(holds(scratch.finish(merge).path())["replication"]["corrected_files"], 1);
}

#[test]
fn merges_of_three_parents_and_more() {
    let mut scratch = Scratch::new();
    let text = |lines: [&str; 5]| lines.map(|line| format!("{line}\n")).concat();
    let root = scratch.commit(&[], &files([("f", &text(["a", "b", "c", "d", "e"]))]));
    let one = scratch.commit(&[root], &files([("f", &text(["A", "b", "c", "d", "e"])), ("1", "1")]));
    let two = scratch.commit(&[root], &files([("f", &text(["a", "b", "C", "d", "e"])), ("2", "2")]));
    let three = scratch.commit(&[root], &files([("f", &text(["a", "b", "c", "d", "E"])), ("3", "3")]));
    let merged = [("f", &*text(["A", "b", "C", "d", "E"])), ("1", "1"), ("2", "2"), ("3", "3")];
    let merge = scratch.commit(&[one, two, three], &files(merged));
    let four = scratch.commit(&[merge], &files([("f", "")]));
    let five = scratch.commit(&[three], &files([("f", "5")]));
    let six = scratch.commit(&[five, four, one, two], &files([("f", "6")]));
    let report = holds(scratch.finish(six).path());
    assert_eq!((&report["history"]["merges"], &report["history"]["chains"]), (&json!(2), &json!(3)));
}

#[test]
fn merges_that_cross() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "1\n2\n3\n4\n")]));
    let left = scratch.commit(&[root], &files([("f", "one\n2\n3\n4\n")]));
    let right = scratch.commit(&[root], &files([("f", "1\n2\n3\nfour\n")]));
    let from_left = scratch.commit(&[left, right], &files([("f", "one\n2\n3\nfour\n")]));
    let from_right = scratch.commit(&[right, left], &files([("f", "one\nII\n3\nfour\n")]));
    let end = scratch.commit(&[from_left, from_right], &files([("f", "one\nII\n3\nfour\n")]));
    assert_eq!(holds(scratch.finish(end).path())["history"]["merges"], 3);
}

#[test]
fn several_roots_with_the_same_path() {
    let mut scratch = Scratch::new();
    let one = scratch.commit(&[], &files([("README", "one project\n"), ("a", "1")]));
    let other = scratch.commit(&[], &files([("README", "another project\n"), ("b", "2")]));
    let third = scratch.commit(&[], &Files::new());
    let merge = scratch.commit(&[one, other, third], &files([("README", "one project\nanother project\n"), ("a", "1"), ("b", "2")]));
    let report = holds(scratch.finish(merge).path());
    assert_eq!(report["history"]["roots"], 3);
}

#[test]
fn paths_in_any_encoding_and_content_in_one() {
    let mut scratch = Scratch::new();
    let paths: [&[u8]; 6] =
        ["größe/日本語.txt".as_bytes(), b"latin\xe9\xff", b"tab\tand \"quotes\"", b"new\nline", "🙂".as_bytes(), b"-rf"];
    let all = |text: &str| paths.iter().map(|path| (path.to_vec(), File::from(text))).collect::<Files>();
    let root = scratch.commit(&[], &all("größer\n"));
    let one = scratch.commit(&[root], &all("größer 🙂\n"));
    let other = scratch.commit(&[root], &all("am größten\n"));
    let merge = scratch.commit(&[one, other], &all("am größten 🙂\n"));
    let report = holds(scratch.finish(merge).path());
    assert_eq!(report["history"]["files"]["text"], 6);
}

#[test]
fn what_is_no_text_is_counted_and_left_out() {
    let mut scratch = Scratch::new();
    let limit = 1 << 20;
    let contents = |flip: bool| {
        let (latin, text) = (File::Plain(b"caf\xe9\n".to_vec()), File::from("café\n"));
        let (nul, other) = (File::Plain(b"a\0b".to_vec()), File::Symlink("nul"));
        Files::from([
            (b"latin".to_vec(), if flip { text.clone() } else { latin.clone() }),
            (b"was text".to_vec(), if flip { latin } else { text }),
            (b"nul".to_vec(), nul),
            (b"link".to_vec(), other),
            (b"module".to_vec(), File::Submodule),
            (b"at the limit".to_vec(), File::Plain(vec![b'x'; if flip { limit + 1 } else { limit }])),
            (b"over the limit".to_vec(), File::Plain(vec![b'x'; if flip { limit } else { limit + 1 }])),
        ])
    };
    let root = scratch.commit(&[], &contents(false));
    let flipped = scratch.commit(&[root], &contents(true));
    let back = scratch.commit(&[flipped], &contents(false));
    let report = holds(scratch.finish(back).path());
    let counted = json!({"text": 2, "binary": 2, "symlinks": 1, "submodules": 1, "too_large": 1});
    assert_eq!(report["history"]["files"], counted);
    assert_eq!(report["history"]["file_versions"]["binary"], 4);
}

#[test]
fn modes_are_replicated() {
    let mut scratch = Scratch::new();
    let file = |executable, text: &str| if executable { File::Executable(text.into()) } else { File::Plain(text.into()) };
    let run = |executable, text: &str| Files::from([(b"run".to_vec(), file(executable, text)), (b"other".to_vec(), File::from("x"))]);
    let root = scratch.commit(&[], &run(false, "#!\n"));
    let executable = scratch.commit(&[root], &run(true, "#!\n"));
    let edited = scratch.commit(&[root], &run(false, "#!/bin/sh\n"));
    let merge = scratch.commit(&[edited, executable], &run(true, "#!/bin/sh\n"));
    let plain = scratch.commit(&[merge], &run(false, "#!/bin/sh\n"));
    assert_eq!(holds(scratch.finish(plain).path())["replication"]["corrected_merges"], 0);
}

#[test]
fn a_file_becomes_a_directory_and_a_directory_a_file() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("a", "file\n"), ("b/c/d", "deep\n"), ("b.c", "between\n")]));
    let turned = scratch.commit(&[root], &files([("a/x", "in a\n"), ("a/y/z", "deeper\n"), ("b", "file\n"), ("b.c", "between\n")]));
    let half = scratch.commit(&[root], &files([("a", "file!\n"), ("b/c", "file\n"), ("b.c", "between\n")]));
    let merge = scratch.commit(&[turned, half], &files([("a", "file!\n"), ("b", "file\n"), ("b.c", "between\n")]));
    let back = scratch.commit(&[merge], &files([("a", "file\n"), ("b/c/d", "deep\n"), ("b.c", "between\n")]));
    holds(scratch.finish(back).path());
}

#[test]
fn clocks_that_ran_back_are_reported_and_change_nothing() {
    let mut scratch = Scratch::new();
    let at = |text: &str| files([("f", text)]);
    let root = scratch.commit_at(1_700_000_000, &[], &at("0"));
    let ahead = scratch.commit_at(1_700_036_000, &[root], &at("1"));
    let back = scratch.commit_at(1_700_000_100, &[ahead], &at("2"));
    let before_1970 = scratch.commit_at(0, &[back], &at("3"));
    let now = scratch.commit_at(1_700_000_200, &[before_1970], &at("4"));
    let report = holds(scratch.finish(now).path());
    let clocks = &report["clocks"];
    assert_eq!((&clocks["inversions"], &clocks["largest_skew_ms"]), (&json!(2), &json!(1_700_000_100_000_u64)));
    let lead = clocks["largest_lead_ms"].as_u64().unwrap();
    assert!(lead.abs_diff(1_700_036_000_000) <= 1, "{lead}");
}

#[test]
fn a_clock_far_in_the_future_does_not_stop_the_hybrid_clock() {
    let mut scratch = Scratch::new();
    let mut last = scratch.commit_at(99_999_999_999, &[], &files([("f", "0")]));
    for number in 0..20 {
        last = scratch.commit_at(1_700_000_000, &[last], &files([("f", &number.to_string())]));
    }
    assert_eq!(holds(scratch.finish(last).path())["clocks"]["inversions"], 1);
}

#[test]
fn a_shallow_clone_is_replayed_from_its_boundary_and_says_so() {
    let mut scratch = Scratch::new();
    let mut last = scratch.commit(&[], &files([("f", "0\n"), ("old", "x")]));
    for number in 1..8 {
        last = scratch.commit(&[last], &files([("f", &format!("0\n{number}\n")), ("old", "x")]));
    }
    let whole = scratch.finish(last);
    assert_eq!(holds(whole.path())["history"]["shallow"], false);
    let clone = tempfile::tempdir().unwrap();
    let path = clone.path().join("shallow");
    whole.git(&["clone", "--quiet", "--depth", "3", &format!("file://{}", whole.path().display()), path.to_str().unwrap()]);
    let report = holds(&path);
    assert_eq!(
        (&report["history"]["shallow"], &report["history"]["events"], &report["history"]["roots"]),
        (&json!(true), &json!(3), &json!(1))
    );
    let shown = crate::program::tidings_in(clone.path(), &["replay", "shallow", "--color", "never"]);
    assert!(shown.stdout.contains("shallow clone") && shown.stdout.contains("replayed from its boundary"), "{}", shown.stdout);
}

#[test]
fn a_bare_repository_a_folder_within_and_a_detached_head() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let repository = scratch.finish(last);
    std::fs::create_dir(repository.path().join("within")).unwrap();
    assert_eq!(holds(&repository.path().join("within"))["history"]["events"], 2);
    assert_eq!(holds(&repository.path().join(".git"))["history"]["events"], 2);
    repository.git(&["checkout", "--quiet", "--detach", "refs/heads/c0"]);
    assert_eq!(holds(repository.path())["history"]["events"], 1);
}

#[test]
fn names_are_hashes_whatever_replacements_and_configuration_say() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let repository = scratch.finish(last);
    repository.git(&["replace", "refs/heads/c0", "refs/heads/c1"]);
    for (name, value) in [
        ("core.quotePath", "true"),
        ("log.showSignature", "true"),
        ("core.pager", "false"),
        ("color.ui", "always"),
        ("core.fsmonitor", "/bin/false"),
    ] {
        repository.git(&["config", name, value]);
    }
    assert_eq!(holds(repository.path())["history"]["events"], 2);
}

/// Git itself would refuse: it fears what the configuration may start. Here nothing of it is started.
#[cfg(unix)]
#[test]
fn a_repository_that_belongs_to_somebody_else() {
    let mut scratch = Scratch::new();
    let only = scratch.commit(&[], &files([("f", "0\n")]));
    let repository = scratch.finish(only);
    for path in [repository.path().to_owned(), repository.path().join(".git")] {
        if std::os::unix::fs::chown(path, Some(54_321), None).is_err() {
            return; // Only a superuser can give files away.
        }
    }
    assert_eq!(holds(repository.path())["history"]["events"], 1);
}

#[test]
fn a_caller_that_points_git_elsewhere_is_not_followed() {
    let mut scratch = Scratch::new();
    let root = scratch.commit(&[], &files([("f", "0\n")]));
    let last = scratch.commit(&[root], &files([("f", "1\n")]));
    let (repository, other) = (scratch.finish(last), Scratch::new().finish_empty(&[]));
    let ran = clean(env!("CARGO_BIN_EXE_tidings"))
        .args(["replay", repository.path().to_str().unwrap(), "--json", "--quiet", "--out", other.path().join("out").to_str().unwrap()])
        .env("GIT_DIR", other.path().join(".git"))
        .env("GIT_INDEX_FILE", "/nonexistent/index")
        .env("GIT_OBJECT_DIRECTORY", other.path().join(".git/objects"))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.bare")
        .env("GIT_CONFIG_VALUE_0", "nonsense")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn names_of_32_bytes() {
    let scratch = Scratch::new();
    let repository = scratch.finish_empty(&["--object-format=sha256"]);
    std::fs::write(repository.path().join("f"), "0\n").unwrap();
    repository.git(&["add", "f"]);
    repository.git(&["-c", "user.name=s", "-c", "user.email=s@b", "commit", "--quiet", "-m", "first"]);
    assert_eq!(holds(repository.path())["history"]["files"]["text"], 1);
}

#[test]
fn a_whole_tree_that_is_imported_at_once_travels_in_parts() {
    let mut scratch = Scratch::new();
    let text: String = (0..25_000).map(|line| format!("line {line} of a file that is long\n")).collect();
    let tree = |last: &str| files([("a", &*text), ("b", &*text.replace("long", "longer")), ("last", last)]);
    let root = scratch.commit(&[], &tree("0"));
    let next = scratch.commit(&[root], &tree("1"));
    let repository = scratch.finish(next);
    for more in [&[][..], &["--replicas", "1"], &["--loss", "60", "--duplicate", "50"]] {
        let ran = replay(repository.path(), more);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let report = ran.report();
        assert!(report["replication"]["broadcasts"].as_u64().unwrap() > 20, "{report}");
        assert!(report["replication"]["largest_message"].as_u64().unwrap() < 70_000, "{report}");
    }
    // Parts and commits that come in any order, or twice, are put together all the same.
    for (rule, property) in [("fifo", "fifo_delivery"), ("dedupe", "no_duplication")] {
        let ran = replay(repository.path(), &["--break", rule, "--loss", "30", "--duplicate", "30"]);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        let violated = ran.violated();
        assert!(violated.iter().any(|name| name == property), "{rule}: {violated:?}");
        assert!(
            !violated.iter().any(|name| name == "replicas_end_as_recorded" || name == "versions_are_gits_trees"),
            "{rule}: {violated:?}"
        );
    }
}
