//! Logs of real systems, written by others: what is read out of them, and that their clocks agree.
//!
//! The logs are no part of the project: the folder that `TIDINGS_DATA` names holds them, under `shiviz/`.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use tidings_trace::shiviz::{Form, Log, LogOrder, read};

fn text(name: &str) -> String {
    let folder = std::env::var_os("TIDINGS_DATA").expect("TIDINGS_DATA names the folder of recorded data");
    let path = PathBuf::from(folder).join("shiviz").join(name);
    let mut file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        file.read_to_string(&mut text).unwrap();
    }
    text
}

/// Host order and messages, closed transitively, one event after the other in an order that they allow: for each event, all that happened before it.
fn closure(log: &Log, order: &LogOrder<'_>) -> Vec<Vec<bool>> {
    let count = log.entries().len();
    let mut causes = vec![Vec::new(); count];
    for host in 0..log.hosts().len() {
        for pair in order.events_of(host).windows(2) {
            causes[pair[1]].push(pair[0]);
        }
    }
    for message in order.messages() {
        causes[message.to].push(message.from);
    }
    let mut pasts: Vec<Option<Vec<bool>>> = vec![None; count];
    while pasts.iter().any(Option::is_none) {
        let before = pasts.iter().flatten().count();
        for event in 0..count {
            if pasts[event].is_none() && causes[event].iter().all(|cause| pasts[*cause].is_some()) {
                let mut past = vec![false; count];
                for &cause in &causes[event] {
                    past[cause] = true;
                    for (mine, further) in past.iter_mut().zip(pasts[cause].as_ref().unwrap()) {
                        *mine |= further;
                    }
                }
                pasts[event] = Some(past);
            }
        }
        assert!(pasts.iter().flatten().count() > before, "messages go round in a circle");
    }
    pasts.into_iter().flatten().collect()
}

/// Reads a log whose form is recognised, and checks that the clocks say of all pairs of events what the messages say.
fn judge(name: &str, form: Form, hosts: usize, events: usize, messages: usize) -> Log {
    let log = read(&text(name), None).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((log.form(), log.hosts().len(), log.entries().len()), (form, hosts, events), "{name}");
    let order = log.verify().unwrap_or_else(|contradiction| panic!("{name}: {contradiction}"));
    assert_eq!(order.messages().len(), messages, "{name}");
    for (b, past) in closure(&log, &order).iter().enumerate() {
        for (a, before) in past.iter().enumerate() {
            assert_eq!(order.before(a, b), *before, "{name}: events {a} and {b}");
        }
    }
    log
}

/// A distributed hash table: a host and its clock, then the text.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn chord() {
    let log = judge("chord.log", Form::ClockThenText, 8, 1235, 541);
    assert!(log.others().is_empty());
    assert_eq!(log.hosts()[0], "client-testGetEveryNSeconds");
    assert_eq!(log.entries()[0].text, "Initialization Complete");
}

/// A parallel database: the text, then the host and its clock.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn simpledb() {
    let log = judge("simpledb.log", Form::TextThenClock, 5, 509, 95);
    assert!(log.others().is_empty());
    assert_eq!(log.entries()[1].text, "  localhost:24468");
    assert_eq!(log.entries()[508].text, "Shutdown requested. Please wait when cleaning up...");
}

/// A reliable broadcast of actors: all on one line, the host at the end of a path, one line without an event.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn reliable_broadcast() {
    let log = judge("reliable-broadcast.log", Form::OneLine, 4, 116, 48);
    assert_eq!(log.others().len(), 1);
    assert!(log.others()[0].line == 8 && log.others()[0].text.contains("was not delivered"));
    assert_eq!(log.entries()[0].text, "Initiating RBBroadcast(DataMessage(1,Message1))");
    assert!(log.entries()[0].context.ends_with("[akka://Broadcast/user/node0]"));
}

/// Threads of a storage engine that share a variable: time and text, then the thread and its clock.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn threads_of_a_storage_engine() {
    let log = judge("tsviz_shared_var_4_threads.log.gz", Form::TimedTextThenClock, 4, 5000, 548);
    assert_eq!(log.entries()[0].timestamp, Some(256_824_341_944_726));
    assert!(log.entries()[0].text.starts_with("Read 0x7fef50805200 from"));
    // Its clocks agree with its times: no event is earlier than one that happened before it at the same thread.
    let order = log.verify().unwrap();
    for host in 0..4 {
        assert!(order.events_of(host).windows(2).all(|pair| log.entries()[pair[0]].timestamp <= log.entries()[pair[1]].timestamp));
    }
}

/// Whatever is cut off or changed, the answer is a log or an error, in bounded time.
#[test]
#[ignore = "set TIDINGS_DATA"]
fn damaged_logs() {
    for name in ["chord.log", "simpledb.log", "reliable-broadcast.log"] {
        let whole = text(name);
        for step in 0..400 {
            let at = whole.len() * step / 400;
            let at = (0..=at).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
            if let Ok(log) = read(&whole[..at], None) {
                let _ = log.verify();
            }
            let mut changed = whole.clone();
            changed.insert(at, ['{', '"', '\n', '9', ' ', '}'][step % 6]);
            if let Ok(log) = read(&changed, None) {
                let _ = log.verify();
            }
        }
    }
}
