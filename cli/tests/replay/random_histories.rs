//! Random histories: whatever the graph and whatever the merges record, each commit must come out as git has it.

use std::collections::BTreeMap;

use crate::program::replay;
use crate::scratch::{File, Files, Scratch};

/// Xorshift: the histories are the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

const PATHS: [&str; 7] = ["a", "b", "d/a", "d/e/f", "d/e", "größe", "x"];

/// A few words in a few lines, some changed.
fn edited(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=chance.below(3) {
        let at = chance.below(lines.len() + 1);
        let word = ["let x = 1;", "", "größer 🙂", "the same line", "}"][chance.below(5)].to_owned();
        match chance.below(4) {
            0 if at < lines.len() => drop(lines.remove(at)),
            1 if at < lines.len() => lines[at].push_str(&word),
            _ => lines.insert(at, word),
        }
    }
    lines.join("\n") + ["", "\n"][chance.below(2)]
}

fn changed(files: &Files, chance: &mut Chance) -> Files {
    let mut files = files.clone();
    for _ in 0..chance.below(3) {
        let path = PATHS[chance.below(PATHS.len())].as_bytes().to_vec();
        let old = match files.remove(&path) {
            Some(File::Plain(text) | File::Executable(text)) => String::from_utf8(text).unwrap_or_default(),
            _ => String::new(),
        };
        let file = match chance.below(8) {
            0 => continue,
            1 => File::Executable(edited(&old, chance).into()),
            2 => File::Symlink("a"),
            3 => File::Plain(vec![0xff, 0]),
            _ => File::Plain(edited(&old, chance).into()),
        };
        // A path is a file or a folder, not both.
        let within = [path.as_slice(), b"/"].concat();
        files.retain(|other, _| !other.starts_with(&within) && !path.starts_with(&[other.as_slice(), b"/"].concat()));
        files.insert(path, file);
    }
    files
}

/// Files of all parents, one or the other where they differ: sometimes what a merge would give, sometimes not.
fn merged(parents: &[&Files], chance: &mut Chance) -> Files {
    let mut files = BTreeMap::new();
    for parent in parents {
        for (path, file) in *parent {
            let within = [path.as_slice(), b"/"].concat();
            let clashes =
                files.keys().any(|other: &Vec<u8>| other.starts_with(&within) || path.starts_with(&[other.as_slice(), b"/"].concat()));
            if !clashes && (!files.contains_key(path) || chance.below(2) == 0) && chance.below(10) > 0 {
                files.insert(path.clone(), file.clone());
            }
        }
    }
    files
}

#[test]
fn every_commit_of_random_histories_comes_out_as_git_has_it() {
    for seed in 1..=24_u64 {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut scratch = Scratch::new();
        let mut trees: Vec<Files> = Vec::new();
        let near = 2 + chance.below(8);
        for commit in 0..40 + chance.below(40) {
            let mut parents: Vec<usize> = Vec::new();
            for _ in 0..if commit == 0 { 0 } else { [1, 1, 1, 2, 2, 3, 0][chance.below(7)] } {
                let parent = commit - 1 - chance.below(near.min(commit));
                if !parents.contains(&parent) {
                    parents.push(parent);
                }
            }
            let tree = match parents.as_slice() {
                [] => changed(&Files::new(), &mut chance),
                [parent] => changed(&trees[*parent], &mut chance),
                several => {
                    let trees: Vec<&Files> = several.iter().map(|&parent| &trees[parent]).collect();
                    let merged = merged(&trees, &mut chance);
                    if chance.below(3) == 0 { changed(&merged, &mut chance) } else { merged }
                }
            };
            let seconds = 1_700_000_000 + i64::try_from(commit * 60 + chance.below(600)).unwrap();
            scratch.commit_at(seconds, &parents, &tree);
            trees.push(tree);
        }
        // What is still open is merged, so that all of it is in the past of HEAD.
        let all: Vec<usize> = (trees.len().saturating_sub(near)..trees.len()).rev().collect();
        let last = scratch.commit(&all, &trees[trees.len() - 1]);
        let repository = scratch.finish(last);
        let replicas = (seed % 5 + 1).to_string();
        let ran = replay(repository.path(), &["--seed", &seed.to_string(), "--loss", "25", "--duplicate", "20", "--replicas", &replicas]);
        assert_eq!(ran.code, 0, "seed {seed}: {}\n{}", ran.stdout, ran.stderr);
    }
}
