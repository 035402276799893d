//! Every fuzz body holds on its committed corpus, and on mutations of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tidings_fuzz::{BODIES, Body};

const MUTATIONS: u64 = 300;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn corpus(body: &Body) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(body.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a corpus can be listed").path();
            let bytes = fs::read(&path).expect("a corpus can be read");
            (path, bytes)
        })
        .collect();
    inputs.sort();
    inputs
}

/// A small generator of its own (SplitMix64), so that the mutations are the same on every machine and at every version of a library.
struct Mutator(u64);

impl Mutator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.next() % 5 {
                0 if at < bytes.len() => bytes[at] ^= 1 << (self.next() % 8),
                1 if at < bytes.len() => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][self.below(5)],
                2 => bytes.truncate(at),
                3 => bytes.insert(at, self.next().to_le_bytes()[0]),
                _ => {
                    let end = (at + self.below(16)).min(bytes.len());
                    let piece = bytes[at.min(end)..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
            }
        }
    }
}

#[test]
fn every_body_holds_on_its_corpus() {
    for body in BODIES {
        let inputs = corpus(body);
        assert!(inputs.len() >= 3, "{} has a corpus of {} inputs", body.name, inputs.len());
        for (path, bytes) in &inputs {
            println!("{} on {}", body.name, path.display());
            (body.run)(bytes);
        }
    }
}

#[test]
fn every_body_holds_on_mutations_of_its_corpus() {
    for body in BODIES {
        for (path, bytes) in corpus(body) {
            let mut mutator = Mutator(bytes.len() as u64);
            for mutation in 0..MUTATIONS {
                let mut mutated = bytes.clone();
                mutator.mutate(&mut mutated);
                println!("{} on mutation {mutation} of {}", body.name, path.display());
                (body.run)(&mutated);
            }
        }
    }
}

/// A body that nobody can run, or a corpus that nothing reads, is an oversight.
#[test]
fn bodies_corpora_and_binaries_go_together() {
    let bodies: BTreeSet<String> = BODIES.iter().map(|body| body.name.to_owned()).collect();
    assert_eq!(bodies.len(), BODIES.len(), "two bodies of one name");
    let listed = |name: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder(name)).expect("the folder is there");
        entries.map(|entry| entry.expect("it can be listed").path().file_stem().expect("a name").to_string_lossy().into_owned()).collect()
    };
    assert_eq!(listed("corpus"), bodies);
    assert_eq!(listed("fuzz_targets"), bodies);
}
