//! Two people edit one text through a link that loses two packets in five, repeats some, and is cut for twenty seconds; both end with the same words.
//!
//! `cargo run -p tidings-crdt --example two_editors`

use std::time::Duration;

use tidings_clocks::{Rank, Time};
use tidings_crdt::Text;
use tidings_crdt::sync::{DeltaSync, Pace, SyncLimits};
use tidings_protocol::View;
use tidings_sim::{Chance, Ending, Faults, Seeded, World};

type Replica = DeltaSync<Text<&'static str>>;

const ADA: Rank = Rank(0);
const BOB: Rank = Rank(1);

fn main() {
    let view = View::of(2);
    let pace = Pace { first: Duration::from_millis(100), most: Duration::from_secs(2) };
    let build = |me, life| Replica::new(&view, me, life, Text::new(), SyncLimits::default(), pace);
    let faults = Faults { loss: Chance::percent(40), chaos: Duration::from_secs(120), ..Faults::lossy() };
    let mut world = World::new(2, faults, Seeded::new(7), (), build);

    // What each does, and when. A change is made on a copy of the text; its delta is what is asked for.
    type Edit = fn(&mut Text<&'static str>) -> tidings_crdt::TextDelta<&'static str>;
    let edits: [(Rank, &str, Edit); 6] = [
        (ADA, "begins", |text| text.insert("ada", 0, "Happened before.").expect("an empty text")),
        (BOB, "adds a line", |text| text.insert("bob", text.len(), " Or not.").expect("at the end")),
        (ADA, "goes offline with Bob, and rewrites the beginning", |text| {
            text.splice("ada", 0..8, "What happened").expect("eight characters")
        }),
        (BOB, "rewrites the end meanwhile", |text| {
            let end = text.len();
            text.splice("bob", end - 1..end, ", who knows?").expect("the last character")
        }),
        (ADA, "types on", |text| text.insert("ada", text.len(), " We do.").expect("at the end")),
        (BOB, "signs", |text| text.insert("bob", text.len(), " -- B.").expect("at the end")),
    ];
    for (step, (who, what, edit)) in edits.into_iter().enumerate() {
        match step {
            2 => world.partition(&[ADA]),
            4 => world.heal(),
            _ => {}
        }
        let delta = edit(&mut world.process(who).replica().clone());
        world.request(who, delta).expect("there is room");
        let _ = world.run_for(Duration::from_secs(10));
        println!("{:>6} {} {what}", world.now().to_string(), if who == ADA { "Ada" } else { "Bob" });
        println!("       Ada sees: {}\n       Bob sees: {}", world.process(ADA).replica(), world.process(BOB).replica());
    }

    // Until both know that both know, and nothing is under way.
    assert_eq!(world.run_until(Time::from_millis(600_000)), Ending::Quiescent);
    assert_eq!(world.process(ADA).replica(), world.process(BOB).replica());
    let stats = world.stats();
    println!("both have: {}", world.process(BOB).replica());
    println!(
        "{} packets were sent, {} lost, {} eaten by the partition, {} came twice",
        stats.sent, stats.lost, stats.partitioned, stats.duplicated
    );
}
