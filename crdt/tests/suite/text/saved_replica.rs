//! Replicas of a text as documents: a process restarts.

use tidings_clocks::Rank;
use tidings_crdt::pure::Limits;
use tidings_crdt::{EncodingError, Expand, Text, TextReplica};

use crate::text::pruned::{Member, go_on, run, settle};
use crate::text::random::Dice;
use crate::text::saved::seal;

const LIMIT: usize = 1 << 24;

fn restarted(replica: &TextReplica) -> TextReplica {
    let bytes = replica.save();
    let loaded = TextReplica::load(&bytes, Limits::default(), LIMIT).unwrap_or_else(|error| panic!("{error}: {replica:?}"));
    assert_eq!(loaded.save(), bytes, "a replica has one form");
    assert_eq!((loaded.me(), loaded.delivered(), loaded.stable()), (replica.me(), replica.delivered(), replica.stable()));
    assert_eq!(loaded.unstable(), replica.unstable());
    loaded
}

/// Everybody restarts again and again, while things are under way, and each goes on as one would have who never did.
#[test]
fn whoever_restarts_goes_on() {
    let (mut restarts, mut unstable) = (0, 0);
    for seed in 0..400 {
        let mut members = run(seed, 3, 60);
        let mut dice = Dice(seed);
        for _ in 0..4 {
            for member in &mut members {
                unstable += member.replica.unstable();
                member.replica = restarted(&member.replica);
                member.check(seed);
                restarts += 1;
            }
            go_on(&mut members, &mut dice, 2, 30, seed);
        }
        settle(&mut members);
        for member in &mut members {
            member.check(seed);
            member.replica = restarted(&member.replica);
            member.check(seed);
        }
        assert!(members.iter().all(|member| member.twin == members[0].twin), "seed {seed}");
    }
    assert!(restarts == 4_800 && unstable > 10_000, "many of them while much is under way: {unstable}");
}

/// The same bytes whether one has pruned or not, and for all who know the same, whoever pruned when.
#[test]
fn equal_knowledge_is_equal_bytes() {
    for seed in 0..300 {
        let mut members = run(seed, 3, 80);
        for member in &mut members {
            let bytes = member.replica.save();
            member.replica.prune();
            assert_eq!(member.replica.save(), bytes, "seed {seed}");
        }
        settle(&mut members);
        let bytes = members[0].replica.save();
        for Member { replica, .. } in &members {
            assert_eq!(replica.fork(Rank(0)).expect("a member").save(), bytes, "seed {seed}");
        }
    }
}

/// Changed bytes are refused, or are another replica that is saved as these bytes and can be edited.
#[test]
fn changed_documents_do_no_harm() {
    let mut found = [0, 0];
    for seed in 0..24 {
        for member in &run(seed, 3, 50) {
            let bytes = member.replica.save();
            for at in 6..bytes.len() - 4 {
                for change in [1, 2, 4, 255, 8] {
                    let mut bytes = bytes.clone();
                    bytes[at] = bytes[at].wrapping_add(change);
                    seal(&mut bytes);
                    let Ok(mut loaded) = TextReplica::load(&bytes, Limits::default(), LIMIT) else {
                        found[1] += 1;
                        continue;
                    };
                    found[0] += 1;
                    assert_eq!(loaded.save(), bytes, "seed {seed}: there is one form");
                    let read = loaded.to_string();
                    loaded.prune();
                    assert_eq!(loaded.to_string(), read, "seed {seed}");
                    let _ = loaded.splice(0..loaded.len().min(2), "ab");
                    loaded.prune();
                }
            }
        }
    }
    assert!(found[0] > 100 && found[1] > 1_000, "both are reached: {found:?}");
}

/// What would take more memory than is allowed, or is something else, is refused with the reason.
#[test]
fn what_cannot_be_loaded_is_refused() {
    let golden = golden();
    let bytes = golden.save();
    assert!(matches!(TextReplica::load(&bytes, Limits::default(), 100), Err(EncodingError::TooLarge { limit: 100, .. })));
    assert!(matches!(Text::<Rank>::load(&bytes, LIMIT), Err(EncodingError::Kind { .. })));
    let mut changed = bytes.clone();
    changed[20] ^= 1;
    assert!(matches!(TextReplica::load(&changed, Limits::default(), LIMIT), Err(EncodingError::Checksum { .. })));
    assert!(matches!(TextReplica::load(&bytes[..9], Limits::default(), LIMIT), Err(EncodingError::Checksum { .. })));
}

/// Two members, of whom one knows what is stable: settled characters, some that are not, operations under way, deletions and marks.
fn golden() -> TextReplica {
    let mut ann = TextReplica::new(Rank(0), 2, Limits::default()).expect("a member");
    let mut bob = TextReplica::new(Rank(1), 2, Limits::default()).expect("a member");
    bob.deliver(ann.splice(0..0, "Hello big wide wörld 🦀").expect("in range")).expect("in order");
    bob.deliver(ann.splice(5..14, "").expect("in range")).expect("in order");
    bob.deliver(ann.mark(0..5, "bold", "", Expand::After).expect("in range")).expect("in order");
    let known = bob.delivered().clone();
    let mine = ann.splice(5..5, ", dear").expect("in range");
    let his = bob.splice(5..5, " there").expect("in range");
    bob.deliver(mine).expect("in order");
    ann.deliver(his).expect("in order");
    ann.splice(0..1, "J").expect("in range");
    let mut stable = known;
    stable.raise(Rank(0), 4);
    ann.stabilise(&stable).expect("delivered");
    ann
}

/// Version 1 is read as it was written, and is written so still.
#[test]
fn version_one_is_read() {
    let bytes: &[u8] = include_bytes!("../golden/text-replica-1.bin");
    let loaded = TextReplica::load(bytes, Limits::default(), LIMIT).expect("it was saved once");
    assert_eq!((loaded.to_string(), loaded.unstable()), (golden().to_string(), golden().unstable()));
    assert_eq!(golden().save(), bytes);
}
