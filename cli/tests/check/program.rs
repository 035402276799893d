use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What one run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said beside that.
    pub(crate) stderr: String,
}

/// Runs `tidings check` with these arguments.
pub(crate) fn check(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    let Output { status, stdout, stderr } = command.env_clear().arg("check").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().expect("it was not killed"), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs it on a file, and reads the findings that it prints as JSON.
pub(crate) fn findings(path: &Path, more: &[&str]) -> (i32, Value) {
    let ran = check(&[&[path.to_str().unwrap(), "--json"], more].concat());
    let findings = serde_json::from_str(&ran.stdout).unwrap_or_else(|why| panic!("{}: {why}: {ran:?}", path.display()));
    assert_eq!(ran.stderr, "", "{}", path.display());
    (ran.code, findings)
}

/// The count of a figure.
pub(crate) fn figure(findings: &Value, name: &str) -> u64 {
    let figures = findings["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name}: {findings}"))["count"].as_u64().unwrap()
}

/// The names of the checks with this verdict.
pub(crate) fn with(findings: &Value, verdict: &str) -> Vec<String> {
    let checks = findings["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["verdict"] == verdict).map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

/// A folder with a file of this content.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

pub(crate) fn packed(content: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(content.as_bytes()).unwrap();
    packer.finish().unwrap()
}
