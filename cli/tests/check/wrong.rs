//! Bad input and wrong usage: one line on standard error that says what and where, nothing on standard output.

use crate::program::{check, file, packed};

/// What is said of a file with this content.
fn says(content: impl AsRef<[u8]>, more: &[&str]) -> (i32, String) {
    let (_folder, path) = file("log", content);
    let path = path.to_str().unwrap();
    let ran = check(&[&[path], more].concat());
    assert_eq!(ran.stdout, "", "{ran:?}");
    assert_eq!(ran.stderr.matches('\n').count(), 1, "not one line: {ran:?}");
    (ran.code, ran.stderr.trim_end().replace(path, "LOG"))
}

#[test]
fn nothing_there() {
    let ran = check(&["/nonexistent/log"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert_eq!(ran.stderr, "tidings: /nonexistent/log: No such file or directory (os error 2)\n");
}

#[test]
fn bad_input_says_line_column_and_what_was_expected() {
    for (content, said) in [
        ("", "line 1, column 1: expected an event with a host and a clock"),
        ("first\na {\"a\":x}", "line 2, column 8: expected a whole number below 2^64"),
        (
            "[{:process 0 :type :invoke\n  :f :read :value \"a\"}]",
            "line 2, column 19: expected :value with a whole number below 2^63, or nil",
        ),
        ("{:process 0 :type :ok :f :read}", "line 1, column 1: expected a call of this process before its answer"),
        ("{\"tidings_trace\":2}", "line 1, column 19: version 2 of the form, expected 1"),
        ("{\"tag\":\"trace\",\n", "line 1, column 16: expected a name in double quotes"),
        ("{\"tag\":\"trace\",\"event\":{\"name\":\"Ready\"}}\n", "line 1, column 24: expected an object as \"state\""),
    ] {
        assert_eq!(says(content, &[]), (3, format!("tidings: LOG: {said}")), "{content:?}");
        if !content.is_empty() {
            assert_eq!(says(packed(content), &[]), (3, format!("tidings: LOG: {said}")), "{content:?} packed");
        }
    }
    assert_eq!(says(b"a\n\xff", &[]), (3, "tidings: LOG: line 2, column 1: expected a text in UTF-8".to_owned()));
    let (code, said) = says(&packed("first\na {\"a\":1}")[..20], &[]);
    assert!(code == 3 && said.starts_with("tidings: LOG: the gzip stream is cut short or damaged: "), "{said}");
}

#[test]
fn a_form_that_it_is_not() {
    let (code, said) = says("{:process 0 :type :invoke :f :read}", &["--format", "raft"]);
    assert_eq!((code, said.as_str()), (3, "tidings: LOG: line 1, column 2: expected a name in double quotes"));
}

#[test]
fn wrong_usage_is_another_exit_code() {
    let (_folder, path) = file("log", "first\na {\"a\":1}");
    let path = path.to_str().unwrap();
    for arguments in [
        &[][..],
        &[path, "--property", "politeness"],
        &[path, "--format", "xml"],
        &[path, "--steps", "-1"],
        &[path, path],
        &[path, "--seed", "1"],
    ] {
        let ran = check(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty());
    }
    // A property that there is, but not of this form.
    let (code, said) = says("first\na {\"a\":1}", &["--property", "linearizability"]);
    assert_eq!(
        (code, said.as_str()),
        (2, "tidings: LOG: linearizability is nothing to ask of a log with vector clocks; there are clocks, times")
    );
}

#[test]
fn help_tells_what_can_be_asked() {
    let help = check(&["--help"]);
    assert_eq!(help.code, 0);
    for word in
        ["--property", "--format", "--json", "--quiet", "--color", "linearizability", "view_synchrony", "one_leader_per_term", "Exit codes"]
    {
        assert!(help.stdout.contains(word), "{word} is not in\n{}", help.stdout);
    }
}
