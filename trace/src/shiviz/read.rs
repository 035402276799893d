use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::clock::{self, Named};
use super::{Entry, Expected, Form, Log, Other, ReadError};

/// Reads a log. The form is what `form` says; or else what a header in the first line says; or else what the first lines look like.
///
/// A header is a regular expression with the groups `host`, `clock` and `event`, then an empty line, as ShiViz takes it. It is not run: it only tells the
/// form. No line is lost: in [`Form::OneLine`] what holds no clock becomes one of [`Log::others`], in the other forms it is an error.
///
/// O(bytes × log hosts) time; memory is at most proportional to the bytes.
///
/// # Errors
/// [`ReadError`]: the first place that does not fit the form, and what should have stood there.
pub fn read(text: &str, form: Option<Form>) -> Result<Log, ReadError> {
    let mut lines = text.lines().zip(1..).map(|(text, number)| Line { number, text });
    let last = text.lines().count().max(1);
    let header = lines.clone().next().and_then(|line| Form::of_header(line.text));
    if header.is_some() {
        lines.next();
        if let Some(delimiter) = lines.next().filter(|line| !line.is_blank()) {
            return Err(delimiter.error(0, Expected::NoDelimiter));
        }
    }
    let no_event = ReadError { line: last, column: 1, expected: Expected::Event };
    let layout = form.or(header).or_else(|| recognise(lines.clone())).ok_or(no_event)?;
    let mut reader =
        Reader { log: Log { form: layout, hosts: Vec::new(), entries: Vec::new(), others: Vec::new() }, numbers: BTreeMap::new() };
    match layout {
        Form::OneLine => reader.one_line(lines)?,
        Form::ClockThenText => reader.clock_then_text(lines)?,
        Form::TextThenClock => reader.text_then_clock(lines, false)?,
        Form::TimedTextThenClock => reader.text_then_clock(lines, true)?,
    }
    let mut log = reader.log;
    if log.entries.is_empty() {
        return Err(no_event);
    }
    // If every text begins with a number, these are the times of TSViz; a header or the caller would have said otherwise.
    if form.is_none() && header.is_none() && log.form == Form::TextThenClock && log.entries.iter().all(|entry| timed(&entry.text).is_some())
    {
        log.form = Form::TimedTextThenClock;
        for entry in &mut log.entries {
            entry.take_time();
        }
    }
    Ok(log)
}

/// A line of the text.
#[derive(Clone, Copy)]
struct Line<'t> {
    number: usize,
    text: &'t str,
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether there is nothing on it but a host and a clock.
    fn is_clock(&self) -> bool {
        self.host_and_clock().is_ok()
    }

    fn error(&self, byte: usize, expected: Expected) -> ReadError {
        let before = self.text.get(..byte).unwrap_or(self.text);
        ReadError { line: self.number, column: before.chars().count() + 1, expected }
    }

    /// The host and the clock that fill this line.
    fn host_and_clock(&self) -> Result<(&str, Named), ReadError> {
        let host = self.text.split_whitespace().next().filter(|host| !host.starts_with('{'));
        let host = host.ok_or_else(|| self.error(0, Expected::HostAndClock))?;
        let start = self.text.find(host).unwrap_or(0) + host.len();
        let start = start + self.text[start..].len() - self.text[start..].trim_start().len();
        let (clock, length) = clock::read(&self.text[start..]).map_err(|(at, expected)| self.error(start + at, expected))?;
        let end = start + length;
        if !self.text[end..].trim().is_empty() {
            return Err(self.error(end, Expected::EndOfLine));
        }
        Ok((host, clock))
    }

    /// Where a clock begins on this line: a brace, and a quote after it.
    fn brace(&self) -> Option<usize> {
        self.text.match_indices('{').map(|(at, _)| at).find(|at| self.text[at + 1..].trim_start().starts_with('"'))
    }
}

/// The form of a log that does not say it.
fn recognise<'t>(mut lines: impl Iterator<Item = Line<'t>> + Clone) -> Option<Form> {
    let mut written = lines.clone().filter(|line| !line.is_blank());
    let (first, second) = (written.next()?, written.next());
    if first.is_clock() {
        return Some(if second.is_some_and(|second| !second.is_clock()) { Form::ClockThenText } else { Form::OneLine });
    }
    if second.as_ref().is_some_and(Line::is_clock) {
        return Some(Form::TextThenClock);
    }
    let with_clock = lines.find(|line| line.brace().is_some())?;
    Some(if with_clock.is_clock() { Form::TextThenClock } else { Form::OneLine })
}

/// A whole number and a space, and the rest.
fn timed(text: &str) -> Option<(u64, &str)> {
    let (time, rest) = text.split_once(' ')?;
    (time.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    Some((time.parse().ok()?, rest))
}

impl Entry {
    /// Moves the time from the text to where it belongs, if there is one.
    fn take_time(&mut self) -> Option<()> {
        let (time, rest) = timed(&self.text)?;
        let rest = rest.to_string();
        self.timestamp = Some(time);
        self.text = rest;
        Some(())
    }
}

/// What has been read so far.
struct Reader {
    log: Log,
    numbers: BTreeMap<String, usize>,
}

impl Reader {
    fn text_then_clock<'t>(&mut self, lines: impl Iterator<Item = Line<'t>>, times: bool) -> Result<(), ReadError> {
        let mut lines = lines.peekable();
        while let Some(text) = lines.next() {
            // An empty line is an empty text only if a clock follows.
            if text.is_blank() && !lines.peek().is_some_and(Line::is_clock) {
                continue;
            }
            let Some(clock) = lines.next() else {
                return Err(ReadError { line: text.number + 1, column: 1, expected: Expected::HostAndClock });
            };
            let (host, named) = clock.host_and_clock()?;
            self.push(&clock, host, named, text.text, text.number)?;
            if times && self.log.entries.last_mut().is_some_and(|entry| entry.take_time().is_none()) {
                return Err(text.error(0, Expected::Timestamp));
            }
        }
        Ok(())
    }

    fn clock_then_text<'t>(&mut self, mut lines: impl Iterator<Item = Line<'t>>) -> Result<(), ReadError> {
        while let Some(clock) = lines.next() {
            if clock.is_blank() {
                continue;
            }
            let (host, named) = clock.host_and_clock()?;
            let Some(text) = lines.next() else {
                return Err(ReadError { line: clock.number + 1, column: 1, expected: Expected::Text });
            };
            self.push(&clock, host, named, text.text, clock.number)?;
        }
        Ok(())
    }

    fn one_line<'t>(&mut self, lines: impl Iterator<Item = Line<'t>>) -> Result<(), ReadError> {
        for line in lines.filter(|line| !line.is_blank()) {
            let Some(start) = line.brace() else {
                self.log.others.push(Other { line: line.number, text: line.text.to_string() });
                continue;
            };
            let (named, length) = clock::read(&line.text[start..]).map_err(|(at, expected)| line.error(start + at, expected))?;
            let (before, after) = (line.text[..start].trim(), line.text[start + length..].trim());
            let parts = Parts::of(before, after, &named).ok_or_else(|| line.error(0, Expected::HostInClock))?;
            self.push(&line, &parts.host, named, parts.text, line.number)?;
            if let Some(entry) = self.log.entries.last_mut() {
                entry.context = parts.context.to_string();
            }
        }
        Ok(())
    }

    /// Adds an event whose clock stands on `line`.
    fn push(&mut self, line: &Line<'_>, host: &str, named: Named, text: &str, begins: usize) -> Result<(), ReadError> {
        let own = named.iter().find(|(name, _)| name == host);
        match own {
            None => return Err(line.error(line.text.find(host).unwrap_or(0), Expected::HostInClock)),
            Some((_, 0)) => return Err(line.error(line.text.find('{').unwrap_or(0), Expected::OwnEntry)),
            Some(_) => {}
        }
        let host = self.number(host);
        let mut clock: Vec<(usize, u64)> = named.into_iter().map(|(name, count)| (self.number(&name), count)).collect();
        clock.sort_unstable();
        if clock.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(line.error(line.text.find('{').unwrap_or(0), Expected::NewHostName));
        }
        clock.retain(|(_, count)| *count > 0);
        self.log.entries.push(Entry { host, clock, text: text.to_string(), context: String::new(), timestamp: None, line: begins });
        Ok(())
    }

    fn number(&mut self, host: &str) -> usize {
        if let Some(number) = self.numbers.get(host) {
            return *number;
        }
        let number = self.log.hosts.len();
        self.log.hosts.push(host.to_string());
        self.numbers.insert(host.to_string(), number);
        number
    }
}

/// An event on one line: what stands beside its clock.
struct Parts<'l> {
    host: String,
    text: &'l str,
    context: &'l str,
}

impl<'l> Parts<'l> {
    /// What stands before the clock and after it. `None` if no host of the clock is where a host can be.
    fn of(before: &'l str, after: &'l str, clock: &Named) -> Option<Self> {
        let first = before.split_whitespace().next()?;
        let ahead = clock.iter().any(|(host, _)| host == first).then(|| first.to_string());
        // `host text {clock}`, where the text may well end with the name of another host.
        if let (Some(host), true) = (ahead.clone(), after.is_empty()) {
            return Some(Self { host, text: before[first.len()..].trim(), context: "" });
        }
        // `… host {clock} text`
        let (context, word) = before.rsplit_once(char::is_whitespace).unwrap_or(("", before));
        if let Some(host) = host_in(word, clock) {
            return Some(Self { host: host.to_string(), text: after, context: if word == host { context } else { before } });
        }
        Some(Self { host: ahead?, text: before[first.len()..].trim(), context: after })
    }
}

/// The host of this clock that a word names: all of it, or what it ends with behind a sign, brackets and colons at its end taken off.
fn host_in<'n>(word: &str, clock: &'n Named) -> Option<&'n str> {
    let named = |end: &str| {
        let hosts = clock.iter().map(|(host, _)| host.as_str());
        let ends = |host: &&str| end.strip_suffix(host).is_some_and(|rest| !host.is_empty() && !rest.ends_with(char::is_alphanumeric));
        hosts.filter(ends).max_by_key(|host| host.len())
    };
    named(word).or_else(|| named(word.trim_end_matches([']', ')', '>', ':', ',', '"', '\''])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};
    use proptest::prelude::*;

    /// Host, clock by name, text.
    type Said<'l> = (&'l str, Vec<(&'l str, u64)>, &'l str);

    /// What a log says, whatever its form.
    fn said(log: &Log) -> Vec<Said<'_>> {
        let host = |host: usize| log.hosts()[host].as_str();
        let clock = |entry: &Entry| entry.clock.iter().map(|(of, count)| (host(*of), *count)).collect();
        log.entries().iter().map(|entry| (host(entry.host), clock(entry), entry.text.as_str())).collect()
    }

    fn expect(text: &str, form: Option<Form>, line: usize, column: usize, expected: Expected) {
        assert_eq!(read(text, form), Err(ReadError { line, column, expected }), "{text:?}");
    }

    /// The same two events in all four forms, recognised, told by a header, and given.
    #[test]
    fn four_forms() {
        let (b1, b2) = (r#"{"b":1}"#, r#"{"a":1, "b":2}"#);
        let all = [
            (Form::TextThenClock, r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})", format!("first\nb {b1}\nlast of all\nb {b2}")),
            (
                Form::TimedTextThenClock,
                r"(?<timestamp>\d*) (?<event>.*)\n(?<host>\S*) (?<clock>{.*})",
                format!("17 first\nb {b1}\n18 last of all\nb {b2}"),
            ),
            (Form::ClockThenText, r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)", format!("b {b1}\nfirst\nb {b2}\nlast of all")),
            (Form::OneLine, r"(?<host>\S*) (?<clock>{.*}) (?<event>.*)", format!("b {b1} first\nb {b2} last of all\n\n")),
            (Form::OneLine, r"(?<host>\S*) (?<event>.*) (?<clock>{.*})", format!("b first {b1}\nb last of all {b2}\r\n")),
        ];
        for (form, header, text) in all {
            for (given, text) in [(None, text.clone()), (None, format!("{header}\n\n{text}")), (Some(form), text)] {
                let log = read(&text, given).unwrap();
                assert_eq!(log.form(), form, "{text:?}");
                assert_eq!(said(&log), [("b", vec![("b", 1)], "first"), ("b", vec![("b", 2), ("a", 1)], "last of all")], "{text:?}");
                let times: Vec<Option<u64>> = log.entries().iter().map(|entry| entry.timestamp).collect();
                assert_eq!(times, if form == Form::TimedTextThenClock { [Some(17), Some(18)] } else { [None, None] });
            }
        }
    }

    #[test]
    fn a_host_at_the_end_of_a_path() {
        let text = "[INFO] [akka://Broadcast/user/node1] {\"node1\" : 1} Crashing\nno event here\n[INFO] node1: {\"node1\":2} done";
        let log = read(text, None).unwrap();
        assert_eq!(said(&log), [("node1", vec![("node1", 1)], "Crashing"), ("node1", vec![("node1", 2)], "done")]);
        assert_eq!(log.entries()[0].context, "[INFO] [akka://Broadcast/user/node1]");
        assert_eq!(log.others(), [Other { line: 2, text: "no event here".to_string() }]);
    }

    /// The text may end with another host's name.
    #[test]
    fn a_host_that_begins_the_line() {
        let log = read("a sent to b {\"a\":1, \"b\":1}\nb \"from a\" {\"b\":1}", None).unwrap();
        assert_eq!(said(&log), [("a", vec![("a", 1), ("b", 1)], "sent to b"), ("b", vec![("b", 1)], "\"from a\"")]);
    }

    /// TSViz writes a number before each text. A log in which some texts merely begin with one is not that.
    #[test]
    fn a_text_that_begins_with_a_number_is_no_time() {
        let log = read("2 workers\na {\"a\":1}\nnone\na {\"a\":2}", None).unwrap();
        assert_eq!((log.form(), log.entries()[0].text.as_str()), (Form::TextThenClock, "2 workers"));
        let given = read("2 workers\na {\"a\":1}", Some(Form::TextThenClock)).unwrap();
        assert_eq!((given.form(), given.entries()[0].text.as_str()), (Form::TextThenClock, "2 workers"));
        expect("2 workers\na {\"a\":1}\nnone\na {\"a\":2}", Some(Form::TimedTextThenClock), 3, 1, Expected::Timestamp);
    }

    /// An entry of zero is the same as none.
    #[test]
    fn entries_of_zero() {
        let log = read("x\na {\"a\":1, \"b\":0}", None).unwrap();
        assert_eq!(log.entries()[0].clock, [(0, 1)]);
    }

    #[test]
    fn what_is_no_log_and_where() {
        expect("", None, 1, 1, Expected::Event);
        expect("no\nevent\n", None, 2, 1, Expected::Event);
        expect("x", Some(Form::OneLine), 1, 1, Expected::Event);
        expect("x\na {\"a\":1}\ny\n", None, 4, 1, Expected::HostAndClock);
        expect("x\na {\"a\":1}\ny\nb c {\"b\":1}", None, 4, 3, Expected::HostAndClock);
        expect("a {\"a\":1}\nx\na {\"a\":2}", None, 4, 1, Expected::Text);
        expect("x\na {\"a\":1} y", Some(Form::TextThenClock), 2, 10, Expected::EndOfLine);
        expect("x\ncafé {\"café\":x}", Some(Form::TextThenClock), 2, 14, Expected::Number);
        expect("x\na {\"b\":1}", None, 2, 1, Expected::HostInClock);
        expect("x\na {\"a\":0}", None, 2, 3, Expected::OwnEntry);
        expect("x\na {\"a\":1, \"a\":2}", None, 2, 3, Expected::NewHostName);
        expect("a {\"a\":1} x\na {\"a\":2 x", None, 2, 10, Expected::CommaOrBrace);
        expect("{\"a\":1} x", None, 1, 1, Expected::HostInClock);
        let header = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";
        expect(&format!("{header}\n=== (?<trace>.*) ===\n"), None, 2, 1, Expected::NoDelimiter);
        expect(header, None, 1, 1, Expected::Event);
        let error = read("x\na {\"a\":1}\ny\nb", None).unwrap_err();
        assert_eq!(error.to_string(), "line 4, column 2: expected a host and its clock, as in: host {\"host\":1}");
    }

    /// Texts made of what logs are made of, so that the reader gets far.
    fn almost_a_log() -> impl Strategy<Value = String> {
        let scrap = prop_oneof![
            Just("{\"a\":1}"),
            Just("{\"a\":2, \"b\":1}"),
            Just("a "),
            Just("b "),
            Just("\n"),
            Just("\r\n"),
            Just("{"),
            Just("}"),
            Just("\""),
            Just("\\u"),
            Just(":"),
            Just("1"),
            Just(" "),
            Just("é"),
            Just("text"),
            Just("(?<host>) (?<clock>)\\n(?<event>)\n\n"),
            Just("99999999999999999999"),
        ];
        prop::collection::vec(scrap, 0..30).prop_map(|scraps| scraps.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn no_text_panics_and_no_line_is_lost(text in prop_oneof![almost_a_log(), any::<String>()]) {
            let forms = [None, Some(Form::OneLine), Some(Form::ClockThenText), Some(Form::TextThenClock), Some(Form::TimedTextThenClock)];
            for form in forms {
                match read(&text, form) {
                    Err(error) => prop_assert!(error.line >= 1 && error.column >= 1 && error.line <= text.lines().count() + 1),
                    Ok(log) => {
                        let header = text.lines().next().is_some_and(|line| Form::of_header(line).is_some());
                        let written = text.lines().skip(if header { 2 } else { 0 }).filter(|line| !line.trim().is_empty()).count();
                        let lines_each = if log.form() == Form::OneLine { 1 } else { 2 };
                        // A blank line may be a text, so that there may be more lines in events than are written.
                        prop_assert!(log.entries().len() * lines_each + log.others().len() >= written);
                        let _ = log.verify();
                    }
                }
            }
        }
    }
}
