//! Logs with vector clocks, in the form of [ShiViz](https://bestchai.bitbucket.io/shiviz/) and TSViz (Beschastnikh, Wang, Brun, Ernst, *Debugging
//! distributed systems*, Communications of the ACM 59(8), 2016).
//!
//! A log is a text of events. Each has a host, a vector clock as a JSON object (`{"a":2, "b":1}`: the second event of a, which knows of b's first),
//! and a text. The layout differs from system to system; see [`Form`].
//!
//! [`write()`] makes such a log of a [`Trace`](crate::Trace), [`read()`] takes the log of any system. [`Log::verify`] then says whether its clocks can
//! have happened, and gives the order of its events and the messages that the clocks imply.
//!
//! ```
//! use tidings_trace::shiviz;
//!
//! let log = shiviz::read("ask\nclient {\"client\":1}\nanswer\nserver {\"server\":1, \"client\":1}\n", None)?;
//! let order = log.verify()?;
//! assert!(order.before(0, 1));
//! assert_eq!(order.messages().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod contradiction;
mod form;
mod log;
mod order;
mod read;
mod read_error;
mod write;

pub use contradiction::Contradiction;
pub use form::Form;
pub use log::{Entry, Log, Other};
pub use order::{LogOrder, Message};
pub use read::read;
pub use read_error::{Expected, ReadError};
pub use write::{WriteError, write, write_as};
