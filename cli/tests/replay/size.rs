//! A history of 2,500 commits by 50 people, who work side by side and merge.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::program::replay;
use crate::scratch::{File, Repository, Scratch};

const PEOPLE: usize = 50;

/// What somebody did and has not merged yet: the last commit, and which lines of which files now say what.
struct Branch {
    tip: usize,
    work: Vec<(usize, usize, String)>,
}

/// Each of 50 people edits some of 200 files of 100 lines in a branch of one's own, five commits long, and merges it; ten branches are open at any time.
fn fifty_people(commits: usize) -> Repository {
    let mut scratch = Scratch::new();
    let path = |file: usize| format!("src/part{}/file{file}.rs", file % 10).into_bytes();
    let text = |lines: &[String]| File::Plain(lines.concat().into_bytes());
    let mut main: Vec<Vec<String>> = (0..200).map(|file| (0..100).map(|line| format!("line {line} of file {file}\n")).collect()).collect();
    let all: Vec<(Vec<u8>, File)> = main.iter().enumerate().map(|(file, lines)| (path(file), text(lines))).collect();
    let all: Vec<(&[u8], Option<&File>)> = all.iter().map(|(path, file)| (path.as_slice(), Some(file))).collect();
    let mut head = scratch.commit_changes(&[], &all);
    let mut made = 1;
    let mut open: VecDeque<Branch> = VecDeque::new();
    let mut person = 0;
    while made < commits {
        // A branch: five commits, each to two files, in lines that are this person's own.
        let mut tip = head;
        let mut work = Vec::new();
        let mut branch = main.clone();
        for step in 0..5 {
            let mut changes = Vec::new();
            for touched in 0..2 {
                let file = (person * 7 + step * 31 + touched * 101) % 200;
                let line = (person * 2 + touched) % 100;
                let words = format!("line {line} of file {file}, commit {made} by person {}\n", person % PEOPLE);
                branch[file][line].clone_from(&words);
                work.push((file, line, words));
                changes.push(file);
            }
            let changes: Vec<(Vec<u8>, File)> = changes.into_iter().map(|file| (path(file), text(&branch[file]))).collect();
            let changes: Vec<(&[u8], Option<&File>)> = changes.iter().map(|(path, file)| (path.as_slice(), Some(file))).collect();
            tip = scratch.commit_changes(&[tip], &changes);
            made += 1;
        }
        open.push_back(Branch { tip, work });
        person += 1;
        while open.len() > 10 || (made >= commits && !open.is_empty()) {
            let Branch { tip, work } = open.pop_front().unwrap();
            let mut touched: Vec<usize> = Vec::new();
            for (file, line, words) in work {
                main[file][line] = words;
                touched.push(file);
            }
            touched.sort_unstable();
            touched.dedup();
            let changes: Vec<(Vec<u8>, File)> = touched.into_iter().map(|file| (path(file), text(&main[file]))).collect();
            let changes: Vec<(&[u8], Option<&File>)> = changes.iter().map(|(path, file)| (path.as_slice(), Some(file))).collect();
            head = scratch.commit_changes(&[head, tip], &changes);
            made += 1;
        }
    }
    scratch.finish(head)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a replay takes is what is tested")]
fn thousands_of_commits_by_fifty_people() {
    let repository = fifty_people(2_500);
    let begun = Instant::now();
    let ran = replay(repository.path(), &[]);
    let took = begun.elapsed();
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.report();
    assert!(report["history"]["events"].as_u64().unwrap() >= 2_500, "{report}");
    assert!(report["history"]["merges"].as_u64().unwrap() >= 400, "{report}");
    // A release build on an idle machine is to take less than 30 s; this only keeps it from growing out of all bounds.
    assert!(took < Duration::from_secs(120), "it took {took:?}");
    assert!(peak(&repository) < 1 << 30);
}

/// The most memory that a replay takes, in bytes, as Linux tells it; 0 elsewhere.
fn peak(repository: &Repository) -> u64 {
    // A limit on the address space is something a shell can set, without code that is not safe.
    if !cfg!(target_os = "linux") {
        return 0;
    }
    let out = tempfile::tempdir().unwrap();
    let script = format!("ulimit -v {}; exec \"$0\" replay \"$1\" --quiet --out \"$2\"", (1 << 30) / 1024);
    let status =
        crate::program::clean("sh").args(["-c", &script, env!("CARGO_BIN_EXE_tidings")]).arg(repository.path()).arg(out.path()).status();
    if status.unwrap().success() { 0 } else { u64::MAX }
}
