use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use tidings_clocks::Rank;

use crate::{Event, HappenedBefore, TooLarge, Trace};

/// What ShiViz is told in the first line about the lines that follow the second.
const HEADER: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// Why a trace could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The trace is too large for its clocks; nothing was written.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A host's name is empty or has a space in it; nothing was written.
    #[error("{name:?} is no name for a host: it must not be empty or have spaces")]
    Name {
        /// That name.
        name: String,
    },
    /// Two processes have the same name; nothing was written.
    #[error("{one} and {other} have the same name {name:?}")]
    SameName {
        /// The one.
        one: Rank,
        /// The other.
        other: Rank,
        /// Their name.
        name: String,
    },
    /// The output refused; some of the log may be written.
    #[error("the log could not be written")]
    Output(#[from] fmt::Error),
}

/// Writes a trace as a log that ShiViz loads: processes as `p0`, `p1`, …, events as they are displayed.
///
/// # Errors
/// As [`write_as`].
pub fn write(trace: &Trace, out: &mut impl Write) -> Result<(), WriteError> {
    write_as(trace, |rank| rank.to_string(), |_, event| event.what.to_string(), out)
}

/// Writes a trace as a log that ShiViz loads, with names and texts of the caller's.
///
/// The first line is the regular expression that reads the log, the second is empty; then, in the order of the trace, two lines for each event: its text
/// (with spaces for line breaks), and its host with the vector clock. The clocks are those of [`HappenedBefore`]. Own entries start at 1 and grow by one. A process that restarts stays the same host.
///
/// # Errors
/// [`WriteError`] if a name is no host's name or twice the same, the trace is too large, or the output refuses.
pub fn write_as(
    trace: &Trace,
    mut name: impl FnMut(Rank) -> String,
    mut text: impl FnMut(usize, &Event) -> String,
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let order = HappenedBefore::of(trace)?;
    let names: Vec<String> = order.processes().iter().map(|rank| name(*rank)).collect();
    if let Some(name) = names.iter().find(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        return Err(WriteError::Name { name: name.clone() });
    }
    let mut sorted: Vec<(&String, Rank)> = names.iter().zip(order.processes().iter().copied()).collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(WriteError::SameName { one: pair[0].1, other: pair[1].1, name: pair[0].0.clone() });
    }
    let place = |rank: Rank| order.processes().binary_search(&rank).expect("it is in the trace");
    let keys: Vec<String> = names.iter().map(|name| format!("{}:", Quoted(name))).collect();
    writeln!(out, "{HEADER}\n")?;
    let mut line = String::new();
    for (position, event) in trace.events.iter().enumerate() {
        line.clear();
        push_unbroken(&mut line, &text(position, event));
        line.extend(["\n", &names[place(event.process)], " {"]);
        let mut comma = "";
        for (rank, known) in order.stamp(position) {
            write!(line, "{comma}{}{known}", keys[place(rank)])?;
            comma = ", ";
        }
        line.push_str("}\n");
        out.write_str(&line)?;
    }
    Ok(())
}

/// Appends `text`, with spaces for line breaks.
fn push_unbroken(line: &mut String, text: &str) {
    let start = line.len();
    line.push_str(text);
    if text.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
        line.truncate(start);
        line.extend(text.chars().map(|part| if matches!(part, '\n' | '\r') { ' ' } else { part }));
    }
}

/// A string as JSON writes it.
struct Quoted<'s>(&'s str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for part in self.0.chars() {
            match part {
                '"' | '\\' => write!(f, "\\{part}")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                plain => f.write_char(plain)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::any_passes;
    use crate::shiviz::{Form, read};
    use crate::{MessageId, What};
    use proptest::prelude::*;
    use tidings_clocks::Time;

    fn two_processes() -> Trace {
        let id = MessageId { origin: Rank(0), number: 4 };
        let mut trace = Trace::new(2);
        trace.push(Time::ZERO, Rank(0), What::Broadcast(id));
        trace.push(Time::ZERO, Rank(0), What::Internal(1));
        trace.push(Time::ZERO, Rank(1), What::Deliver(id));
        trace
    }

    #[test]
    fn a_golden_log() {
        let mut log = String::new();
        write(&two_processes(), &mut log).unwrap();
        let expected = r#"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})

broadcasts p0:4
p0 {"p0":1}
internal 1
p0 {"p0":2}
delivers p0:4
p1 {"p0":1, "p1":1}
"#;
        assert_eq!(log, expected);
    }

    #[test]
    fn names_and_texts_of_the_callers() {
        let mut log = String::new();
        let name = |rank: Rank| format!("\"\\\u{1}{}", rank.0);
        write_as(&two_processes(), name, |position, _| format!("line\n{position} {{\"x\":1}}"), &mut log).unwrap();
        let log = read(&log, None).unwrap();
        assert_eq!(log.hosts(), ["\"\\\u{1}0", "\"\\\u{1}1"]);
        assert_eq!(log.entries()[2].text, "line 2 {\"x\":1}");
        assert!(log.verify().unwrap().before(0, 2));
    }

    #[test]
    fn names_that_are_none() {
        let write = |name: fn(Rank) -> String| write_as(&two_processes(), name, |_, _| String::new(), &mut String::new()).unwrap_err();
        assert_eq!(write(|_| "a b".to_string()), WriteError::Name { name: "a b".to_string() });
        assert_eq!(write(|_| String::new()), WriteError::Name { name: String::new() });
        assert_eq!(write(|_| "a".to_string()), WriteError::SameName { one: Rank(0), other: Rank(1), name: "a".to_string() });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// What is read has the events that were written, in their order; and the clocks imply the order that the trace has.
        #[test]
        fn written_and_read(trace in any_passes()) {
            prop_assume!(!trace.events.is_empty());
            let mut text = String::new();
            write(&trace, &mut text).unwrap();
            let log = read(&text, None).unwrap();
            prop_assert_eq!(log.form(), Form::TextThenClock);
            prop_assert_eq!(log.entries().len(), trace.events.len());
            for (entry, event) in log.entries().iter().zip(&trace.events) {
                prop_assert_eq!(&log.hosts()[entry.host], &event.process.to_string());
                prop_assert_eq!(&entry.text, &event.what.to_string());
            }
            let (order, truth) = (log.verify().unwrap(), HappenedBefore::of(&trace).unwrap());
            for a in 0..trace.events.len() {
                for b in 0..trace.events.len() {
                    prop_assert_eq!(order.before(a, b), truth.before(a, b));
                }
            }
            // A header is not needed: the form is recognised.
            let bare = text.split_once("\n\n").unwrap().1;
            let recognised = read(bare, None).unwrap();
            prop_assert_eq!(recognised.hosts(), log.hosts());
        }
    }
}
