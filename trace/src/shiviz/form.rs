use core::fmt;

/// How the lines of a log are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Form {
    /// A line of text, then a line `host {clock}`: what ShiViz takes if it is told nothing, and what [`write()`](super::write()) writes.
    TextThenClock,
    /// A line that begins with a time stamp, a whole number, and goes on with the text; then a line `host {clock}`. TSViz writes this.
    TimedTextThenClock,
    /// A line `host {clock}`, then a line of text: what GoVector writes.
    ClockThenText,
    /// All on one line: `… host {clock} text`, or `host text {clock}`. The host may be the end of a longer word, as in `[akka://system/user/host]`.
    OneLine,
}

impl Form {
    /// The form that a regular expression in the first line of a log describes, as ShiViz takes it; `None` if that line is no such expression.
    pub(crate) fn of_header(line: &str) -> Option<Self> {
        let group = |name: &str| line.find(name);
        let (event, clock) = (group("(?<event>")?, group("(?<clock>")?);
        group("(?<host>")?;
        let two_lines = line.contains("\\n");
        Some(match (two_lines, event < clock, group("(?<timestamp>")) {
            (false, ..) => Self::OneLine,
            (true, false, _) => Self::ClockThenText,
            (true, true, Some(time)) if time < event => Self::TimedTextThenClock,
            (true, true, _) => Self::TextThenClock,
        })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TextThenClock => "text, then host and clock",
            Self::TimedTextThenClock => "time and text, then host and clock",
            Self::ClockThenText => "host and clock, then text",
            Self::OneLine => "one line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expressions under which ShiViz offers the logs of its own collection.
    #[test]
    fn headers_say_the_form() {
        let cases = [
            (r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})", Some(Form::TextThenClock)),
            (r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)", Some(Form::ClockThenText)),
            (r"(?<timestamp>(\d*)) (?<event>.*)\n(?<host>\w*) (?<clock>.*)", Some(Form::TimedTextThenClock)),
            (r"\[(?<date>([^ ]+))\] \[akka://Broadcast/user/(?<host>\w+)\] (?<clock>.*\}) (?<event>.*)", Some(Form::OneLine)),
            ("Workers are:", None),
            ("(?<event>.*) and a {clock}", None),
        ];
        for (line, form) in cases {
            assert_eq!(Form::of_header(line), form, "{line}");
        }
    }
}
