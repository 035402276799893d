//! Recorded editing sessions (josephg/editing-traces, CC BY 4.0) end as recorded: set `TIDINGS_DATA` to the folder that holds `editing/`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;
use tidings_clocks::VersionVector;
use tidings_crdt::{Join, Text, TextDelta};

/// One transaction: who, after which others, and its patches: position, how many characters to delete, text to insert.
struct Transaction {
    agent: usize,
    parents: Vec<usize>,
    patches: Vec<(usize, usize, String)>,
}

struct Trace {
    end: String,
    transactions: Vec<Transaction>,
}

fn trace(name: &str) -> Trace {
    let folder = std::env::var("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of the recorded data");
    let mut json = String::new();
    let file = File::open(Path::new(&folder).join("editing").join(name)).expect("the recording is there");
    GzDecoder::new(file).read_to_string(&mut json).expect("the recording is whole");
    let json: Value = serde_json::from_str(&json).expect("the recording is JSON");
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("small");
    let transactions = json["txns"].as_array().expect("a list").iter().map(|transaction| Transaction {
        agent: transaction.get("agent").map_or(0, number),
        parents: transaction.get("parents").map_or(Vec::new(), |parents| parents.as_array().expect("a list").iter().map(number).collect()),
        patches: transaction["patches"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|patch| (number(&patch[0]), number(&patch[1]), patch[2].as_str().expect("text").to_owned()))
            .collect(),
    });
    Trace { end: json["endContent"].as_str().expect("text").to_owned(), transactions: transactions.collect() }
}

/// 259,778 keystrokes end byte for byte as recorded: where they are typed, where they are received one by one, in one batch, and as a state.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn a_paper_is_written() {
    let trace = trace("automerge-paper.json.gz");
    let mut text = Text::new();
    let mut received = Text::new();
    let mut batch = TextDelta::new();
    let mut edits = 0;
    for (position, removed, inserted) in trace.transactions.iter().flat_map(|transaction| &transaction.patches) {
        let delta = text.splice(1_u32, *position..position + removed, inserted).expect("in range");
        assert_eq!(received.apply(&delta), Ok(true));
        batch.append(delta);
        edits += 1;
    }
    assert_eq!(edits, 259_778);
    assert_eq!(text.to_string(), trace.end);
    assert_eq!(received, text);
    let mut other = Text::new();
    assert_eq!(other.apply(&batch), Ok(true));
    assert_eq!(other, text);
    let mut other = Text::new();
    assert!(other.join(&text));
    assert_eq!(other, text);
    let stats = text.stats();
    assert_eq!((stats.characters, stats.visible), (182_315, 104_852));
    assert!(stats.content_bytes < 2 * stats.visible + 2_048, "deleted content is given up: {stats:?}");
    let file = text.save();
    assert!(file.len() <= 106_000, "{}", file.len());
    assert_eq!(Text::load(&file, 1 << 24).as_ref(), Ok(&text));
}

/// Two people type at once; each transaction is typed on the copy that knows its parents and what they know, and no more.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn friends_write_together() {
    let trace = trace("friendsforever.json.gz");
    let mut copies = [Text::new(), Text::new()];
    // Which transactions each copy knows: a bit for each copy.
    let mut known = vec![[false; 2]; trace.transactions.len()];
    let mut deltas: Vec<TextDelta<u32>> = Vec::new();
    let mut versions: Vec<VersionVector<u32>> = Vec::new();
    for (at, transaction) in trace.transactions.iter().enumerate() {
        let agent = transaction.agent;
        let mut unknown = Vec::new();
        let mut stack = transaction.parents.clone();
        while let Some(needed) = stack.pop() {
            if !std::mem::replace(&mut known[needed][agent], true) {
                unknown.push(needed);
                stack.extend(&trace.transactions[needed].parents);
            }
        }
        unknown.sort_unstable();
        for needed in unknown {
            copies[agent].apply(&deltas[needed]).expect("in causal order");
        }
        let mut version = VersionVector::new();
        for &parent in &transaction.parents {
            version.join(&versions[parent]);
        }
        assert_eq!(copies[agent].version(), version, "an agent types on what its parents know and no more");
        let mut delta = TextDelta::new();
        for (position, removed, inserted) in &transaction.patches {
            let actor = u32::try_from(agent).expect("two");
            delta.append(copies[agent].splice(actor, *position..position + removed, inserted).expect("in range"));
        }
        known[at][agent] = true;
        versions.push(copies[agent].version());
        deltas.push(delta);
    }
    for (copy, seen) in copies.iter_mut().zip(&known[0]) {
        assert!(seen);
        for delta in &deltas {
            copy.apply(delta).expect("all is known");
        }
        assert_eq!(copy.to_string(), trace.end);
    }
    assert_eq!(copies[0], copies[1]);
    let file = copies[0].save();
    assert_eq!(file, copies[1].save());
    assert_eq!(Text::load(&file, 1 << 24).as_ref(), Ok(&copies[0]));
}
