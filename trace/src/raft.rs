//! The traces that [etcd's raft](https://github.com/etcd-io/raft) writes for the validation against its TLA⁺ specification: a JSON object on each line.
//!
//! Its messages have no numbers: two messages with equal content cannot be told apart. So the order of events is known as far as this: a receipt
//! comes after the first sending of an equal message, since all that it can be of were sent by the same process. [`RaftLog::trace`] is a [`Trace`](crate::Trace)
//! of that order, for [`HappenedBefore`](crate::HappenedBefore) and [`shiviz`](crate::shiviz). [`RaftProperty`] says what a log keeps or breaks.
//!
//! ```
//! use tidings_trace::raft::{self, RaftProperty};
//!
//! let line = r#"{"tag":"trace","event":{"name":"BecomeLeader","nid":"1","state":{"term":2,"vote":"1","commit":5},"role":"StateLeader","log":5}}"#;
//! let log = raft::read(&[line, "\n", &line.replace(r#""nid":"1""#, r#""nid":"2""#)].concat())?;
//! assert_eq!(log.processes(), ["1", "2"]);
//! let violation = RaftProperty::OneLeaderPerTerm.check(&log).unwrap_err();
//! assert_eq!(violation.to_string(), "one_leader_per_term: line 2: 2 leads in term 2, and so does 1");
//! # Ok::<(), raft::ReadError>(())
//! ```

mod json;
mod log;
mod property;
mod read;
mod read_error;

pub use log::{Direction, RaftEvent, RaftLog, RaftMessage};
pub use property::{RaftProperty, RaftViolation};
pub use read::read;
pub use read_error::{Expected, ReadError};
