use std::collections::BTreeMap;
use std::fmt;

use clap::ValueEnum;
use serde::Serialize;
use serde::de::IgnoredAny;

/// A form of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogForm {
    /// A trace in our own JSON.
    Trace,
    /// Events with vector clocks, as ShiViz, TSViz and GoVector write them.
    Shiviz,
    /// A history of calls in EDN, as Knossos, Jepsen and Porcupine keep them.
    History,
    /// etcd's raft: a JSON object on each line.
    Raft,
}

impl LogForm {
    /// The form that a text looks like. What looks like nothing else is taken for a log with vector clocks, whose reader then says what it misses.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = first_form(text);
        let inner = first_form(text.trim_start_matches(['[', '(']));
        if text.starts_with("#_") || is_tag(text) || (inner.starts_with('{') && opens_edn_map(inner)) || is_empty_list(text) {
            return Self::History;
        }
        if !text.starts_with('{') {
            return Self::Shiviz;
        }
        // Both are JSON: a trace is one object, a log of raft has one on each line, each with its event.
        let line = text.lines().next().unwrap_or(text);
        let names = |object: &str| serde_json::from_str::<BTreeMap<String, IgnoredAny>>(object);
        match names(line) {
            Ok(fields) if !fields.contains_key("tidings_trace") && !fields.contains_key("events") => Self::Raft,
            Err(_) if line.contains("\"tag\"") => Self::Raft,
            _ => Self::Trace,
        }
    }
}

/// What comes after spaces, commas and the comments of EDN.
fn first_form(text: &str) -> &str {
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n', ',']);
    while let Some(comment) = rest.strip_prefix(';') {
        rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start_matches([' ', '\t', '\r', '\n', ',']);
    }
    rest
}

/// Whether a map of EDN begins here, with a keyword or a comment.
fn opens_edn_map(text: &str) -> bool {
    first_form(&text[1..]).starts_with([':', '#', '}'])
}

/// Whether a tag of EDN stands before a map, as in `#jepsen.history.Op{…}`.
fn is_tag(text: &str) -> bool {
    let tag = text.trim_start_matches(['[', '(', ' ']).strip_prefix('#');
    tag.and_then(|tag| tag.split_once('{')).is_some_and(|(name, map)| !name.contains(char::is_whitespace) && map.starts_with(':'))
}

/// Whether it is a list of nothing, which is a history without calls.
fn is_empty_list(text: &str) -> bool {
    let inside = text.strip_prefix('[').or_else(|| text.strip_prefix('('));
    inside.is_some_and(|inside| matches!(first_form(inside).trim_end(), "]" | ")"))
}

impl fmt::Display for LogForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "trace",
            Self::Shiviz => "log with vector clocks",
            Self::History => "history",
            Self::Raft => "log of raft",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content() {
        for (text, form) in [
            (r#"{"tidings_trace":1,"processes":0,"events":[]}"#, LogForm::Trace),
            ("\n{\n  \"tidings_trace\": 1,", LogForm::Trace),
            (r#"{"events":[]}"#, LogForm::Trace),
            (r#"{"tag":"trace","event":{}}"#, LogForm::Raft),
            (r#"{"level":"debug","ts":1,"tag":"trace","event":{"name":"#, LogForm::Raft),
            ("; said\n[{:process 0", LogForm::History),
            ("({:type :invoke}", LogForm::History),
            ("{:process 0, :type :invoke}\n", LogForm::History),
            ("[ ; nothing yet\n {:process 0}", LogForm::History),
            ("[#jepsen.history.Op{:index 0", LogForm::History),
            ("#jepsen.history.Op{:index 0", LogForm::History),
            ("[]", LogForm::History),
            ("", LogForm::Shiviz),
            ("[INFO] [akka://a/user/b] {\"b\":1} text", LogForm::Shiviz),
            (r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})", LogForm::Shiviz),
            ("a {\"a\":1}\nfirst", LogForm::Shiviz),
            ("# a comment\nfirst\na {\"a\":1}", LogForm::Shiviz),
        ] {
            assert_eq!(LogForm::of(text), form, "{text:?}");
        }
    }
}
