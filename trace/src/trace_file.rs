use alloc::vec::Vec;

use crate::{Event, Trace};

/// A trace as it is kept in a file, in JSON: the form that other programs can write to have their runs judged.
///
/// An object with exactly these fields:
///
/// * `tidings_trace`: the version of the form, 1;
/// * `processes`: how many processes took part. They are numbered from 0;
/// * `events`: a list, in an order that agrees with happened-before and with each process's own order. Each is an object with `time` (nanoseconds,
///   never less than before), `process` (where) and `what`, one of
///   * `{"broadcast":{"origin":0,"number":7}}`, `{"deliver":{"origin":0,"number":7}}`, `{"stable":{"origin":0,"number":7}}`: a message, by who broadcast it
///     and a number of its own among those of that process;
///   * `{"send":{"packet":1,"to":2}}`, `{"receive":{"packet":1,"from":0}}`: a packet, by a number that is unique in the file;
///   * `"crash"`, `"restart"`, `{"exclude":2}`, `{"install":3}`, `{"internal":9}`: see [`What`](crate::What).
///
/// Whether it can be an execution at all, [`Trace::verify`] says.
///
/// ```
/// use tidings_trace::{Property, Trace, TraceFile};
///
/// let json = r#"{"tidings_trace":1, "processes":1, "events":[
///     {"time":0, "process":0, "what":{"broadcast":{"origin":0,"number":1}}},
///     {"time":5, "process":0, "what":{"deliver":{"origin":0,"number":1}}}]}"#;
/// let trace = Trace::from(serde_json::from_str::<TraceFile>(json)?);
/// assert_eq!(Property::Validity.check(&trace), Ok(()));
/// assert!(serde_json::from_str::<TraceFile>(&json.replace(":1, \"p", ":2, \"p")).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceFile {
    #[serde(rename = "tidings_trace")]
    version: Version,
    processes: usize,
    events: Vec<Event>,
}

/// The version of the form: there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u32", into = "u32")]
struct Version;

/// The file is of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {found} of the form, expected {}", TraceFile::VERSION)]
struct OtherVersion {
    found: u32,
}

impl TraceFile {
    /// The version of the form that this reads and writes.
    pub const VERSION: u32 = 1;
}

impl TryFrom<u32> for Version {
    type Error = OtherVersion;

    fn try_from(found: u32) -> Result<Self, OtherVersion> {
        if found == TraceFile::VERSION { Ok(Self) } else { Err(OtherVersion { found }) }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        TraceFile::VERSION
    }
}

impl From<Trace> for TraceFile {
    fn from(trace: Trace) -> Self {
        Self { version: Version, processes: trace.processes, events: trace.events }
    }
}

impl From<TraceFile> for Trace {
    fn from(file: TraceFile) -> Self {
        Self { processes: file.processes, events: file.events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Kept, SEEDS, run};
    use crate::{MessageId, What};
    use alloc::string::ToString;
    use tidings_clocks::{Rank, Time};

    #[test]
    fn a_golden_file() {
        let mut trace = Trace::new(3);
        let id = MessageId { origin: Rank(2), number: 7 };
        let all = [
            What::Broadcast(id),
            What::Deliver(id),
            What::Stable(id),
            What::Send { packet: 1, to: Rank(0) },
            What::Receive { packet: 1, from: Rank(2) },
            What::Exclude(Rank(1)),
            What::Install(4),
            What::Internal(9),
            What::Crash,
            What::Restart,
        ];
        for what in all {
            trace.push(Time::from_nanos(5), Rank(2), what);
        }
        let events = [
            r#"{"broadcast":{"origin":2,"number":7}}"#,
            r#"{"deliver":{"origin":2,"number":7}}"#,
            r#"{"stable":{"origin":2,"number":7}}"#,
            r#"{"send":{"packet":1,"to":0}}"#,
            r#"{"receive":{"packet":1,"from":2}}"#,
            r#"{"exclude":1}"#,
            r#"{"install":4}"#,
            r#"{"internal":9}"#,
            r#""crash""#,
            r#""restart""#,
        ]
        .map(|what| [r#"{"time":5,"process":2,"what":"#, what, "}"].concat());
        let json = [r#"{"tidings_trace":1,"processes":3,"events":["#, &events.join(","), "]}"].concat();
        assert_eq!(serde_json::to_string(&TraceFile::from(trace.clone())).unwrap(), json);
        assert_eq!(Trace::from(serde_json::from_str::<TraceFile>(&json).unwrap()), trace);
    }

    #[test]
    fn every_run_comes_back() {
        for seed in SEEDS.take(100) {
            let trace = run(seed, Kept::Nothing);
            let json = serde_json::to_string(&TraceFile::from(trace.clone())).unwrap();
            assert_eq!(Trace::from(serde_json::from_str::<TraceFile>(&json).unwrap()), trace, "seed {seed}");
        }
    }

    #[test]
    fn what_is_no_file_and_where() {
        for (json, says) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{\"processes\":1,\"events\":[]}", "missing field `tidings_trace` at line 1 column 27"),
            ("{\n \"tidings_trace\": 2, \"processes\": 0}", "version 2 of the form, expected 1 at line 2 column 19"),
            ("{\"tidings_trace\":1,\"processes\":1,\n\"events\":[{\"time\":0,\"process\":0,\"what\":\"fly\"}]}", "unknown variant `fly`"),
        ] {
            let error = serde_json::from_str::<TraceFile>(json).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
