use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// What one run of the program gave.
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said beside that.
    pub(crate) stderr: String,
}

impl Ran {
    /// The report that it printed.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}: {}\n{}", self.stdout, self.stderr))
    }

    /// The names of the checks that do not hold.
    pub(crate) fn violated(&self) -> Vec<String> {
        let report = self.report();
        let checks = report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["held"] == false).map(|check| check["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// A command that sees nothing of the user's configuration of git, nor of a repository around the tests.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", "/nonexistent").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
    command
}

/// Runs `tidings` with these arguments in `directory`.
pub(crate) fn tidings_in(directory: &Path, arguments: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = clean(env!("CARGO_BIN_EXE_tidings")).args(arguments).current_dir(directory).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().expect("it was not killed"), stdout: text(stdout), stderr: text(stderr) }
}

/// Replays `source` with `more` arguments, and prints the report as JSON.
pub(crate) fn replay(source: &Path, more: &[&str]) -> Ran {
    let out = tempfile::tempdir().unwrap();
    let arguments = ["replay", source.to_str().unwrap(), "--json", "--quiet", "--out", out.path().to_str().unwrap()];
    tidings_in(out.path(), &[&arguments, more].concat())
}

/// Replays `source`, which must hold everywhere, and returns the report.
pub(crate) fn holds(source: &Path) -> Value {
    let ran = replay(source, &[]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stderr, "");
    let report = ran.report();
    assert_eq!(report["held"], true);
    report
}
