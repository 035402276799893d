use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::json::{self, Json, Value};
use super::{Direction, Expected, RaftEvent, RaftLog, RaftMessage, ReadError};

/// Reads a log of etcd's raft: on each line a JSON object, and those with `"tag":"trace"` are events.
///
/// An event has `name`, `nid`, `state` with `term`, `vote` and `commit`, `role`, `log`, and, if its name begins with `Send` or `Receive`, `msg` with `from`,
/// `to`, `type` and numbers. Whatever else there is, is left out. Lines that are empty or hold other objects are passed over.
///
/// O(bytes × log processes); memory is proportional to the bytes.
///
/// # Errors
/// [`ReadError`]: the first place that does not fit, and what should have stood there.
pub fn read(text: &str) -> Result<RaftLog, ReadError> {
    let mut reader = Reader { log: RaftLog { processes: Vec::new(), events: Vec::new(), others: 0 }, numbers: BTreeMap::new() };
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        reader.line(line, number).map_err(|(at, expected)| {
            let before = line.get(..at).unwrap_or(line);
            ReadError { line: number, column: before.chars().count() + 1, expected }
        })?;
    }
    if reader.log.events.is_empty() {
        return Err(ReadError { line: text.lines().count().max(1), column: 1, expected: Expected::Event });
    }
    Ok(reader.log)
}

struct Reader {
    log: RaftLog,
    numbers: BTreeMap<String, usize>,
}

impl Reader {
    fn line(&mut self, line: &str, number: usize) -> Result<(), (usize, Expected)> {
        let object = json::read(line)?;
        if !object.field("tag").is_some_and(|tag| matches!(&tag.value, Value::Text(tag) if tag == "trace")) {
            self.log.others += 1;
            return Ok(());
        }
        let event = fields(&object, "event")?;
        let state = fields(event, "state")?;
        let (name, role) = (text(event, "name")?, text(event, "role")?);
        let direction = match name {
            _ if name.starts_with("Send") => Some(Direction::Send),
            _ if name.starts_with("Receive") => Some(Direction::Receive),
            _ => None,
        };
        let process = self.process(text(event, "nid")?);
        let vote = text(state, "vote")?;
        let message = match direction {
            None => None,
            Some(direction) => {
                let content = fields(event, "msg")?;
                let message = self.message(content)?;
                let own = if direction == Direction::Send { message.from } else { message.to };
                if own != process {
                    return Err((content.at, Expected::OwnMessage));
                }
                Some((direction, message))
            }
        };
        let vote = if vote == "0" { None } else { Some(self.process(vote)) };
        self.log.events.push(RaftEvent {
            line: number,
            name: name.to_string(),
            process,
            term: count(state, "term")?,
            vote,
            commit: count(state, "commit")?,
            last: count(event, "log")?,
            leads: role == "StateLeader",
            message,
        });
        Ok(())
    }

    fn message(&mut self, content: &Json) -> Result<RaftMessage, (usize, Expected)> {
        let [from, to] = [text(content, "from")?, text(content, "to")?].map(|name| self.process(name));
        let kind = text(content, "type")?.to_string();
        let mut numbers = Vec::new();
        if let Value::Object(all) = &content.value {
            for (name, value) in all {
                match &value.value {
                    Value::Number(number) => numbers.push((name.clone(), *number)),
                    Value::Other if name == "reject" => numbers.push((name.clone(), 0)),
                    Value::True => numbers.push((name.clone(), 1)),
                    Value::Text(_) | Value::Object(_) | Value::Other => {}
                }
            }
        }
        numbers.sort_unstable();
        Ok(RaftMessage { from, to, kind, fields: numbers })
    }

    fn process(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.log.processes.len();
        self.log.processes.push(name.to_string());
        self.numbers.insert(name.to_string(), number);
        number
    }
}

fn fields<'j>(of: &'j Json, name: &'static str) -> Result<&'j Json, (usize, Expected)> {
    let found = of.field(name).ok_or((of.at, Expected::Fields(name)))?;
    if matches!(found.value, Value::Object(_)) { Ok(found) } else { Err((found.at, Expected::Fields(name))) }
}

fn text<'j>(of: &'j Json, name: &'static str) -> Result<&'j str, (usize, Expected)> {
    let found = of.field(name).ok_or((of.at, Expected::Text(name)))?;
    if let Value::Text(text) = &found.value { Ok(text) } else { Err((found.at, Expected::Text(name))) }
}

fn count(of: &Json, name: &'static str) -> Result<u64, (usize, Expected)> {
    let found = of.field(name).ok_or((of.at, Expected::Number(name)))?;
    if let Value::Number(number) = found.value { Ok(number) } else { Err((found.at, Expected::Number(name))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: &str = r#"{"tag":"trace","event":{"name":"SendX","nid":"1","state":{"term":2,"vote":"0","commit":5},"role":"StateLeader","log":6,"msg":{"type":"MsgApp","from":"1","to":"2","index":5,"reject":false,"vote":"0"}}}"#;

    fn says(line: &str) -> (usize, usize, Expected) {
        let error = read(line).unwrap_err();
        (error.line, error.column, error.expected)
    }

    #[test]
    fn an_event_and_a_line_of_something_else() {
        let log = read(&["{\"tag\":\"other\"}\n\n", SEND, "\r\n"].concat()).unwrap();
        assert_eq!((log.others(), log.events().len(), log.processes().len()), (1, 1, 2));
        let event = &log.events()[0];
        assert_eq!((event.line, event.term, event.vote, event.commit, event.last, event.leads), (3, 2, None, 5, 6, true));
        let (direction, message) = event.message.as_ref().unwrap();
        assert_eq!((*direction, message.from, message.to, message.kind.as_str()), (Direction::Send, 0, 1, "MsgApp"));
        assert_eq!(message.fields, [("index".to_string(), 5), ("reject".to_string(), 0)]);
        let rejected = read(&SEND.replace("false", "true")).unwrap();
        assert_eq!(rejected.events()[0].message.as_ref().unwrap().1.fields[1].1, 1);
    }

    #[test]
    fn what_is_no_log_and_where() {
        assert_eq!(says(""), (1, 1, Expected::Event));
        assert_eq!(says("{}\n{}"), (2, 1, Expected::Event));
        assert_eq!(says(&["\n", SEND, "x"].concat()), (2, SEND.len() + 1, Expected::EndOfLine));
        assert_eq!(says(&SEND.replace("\"event\":", "\"é\":")), (1, 1, Expected::Fields("event")));
        assert_eq!(says(&SEND.replace("\"term\":2", "\"term\":-2")), (1, 66, Expected::Number("term")));
        assert_eq!(says(&SEND.replace("\"nid\":\"1\"", "\"nid\":1")).2, Expected::Text("nid"));
        assert_eq!(says(&SEND.replace("\"nid\":\"1\"", "\"nid\":\"2\"")).2, Expected::OwnMessage);
        for end in 0..SEND.len() {
            assert!(read(&SEND[..end]).is_err(), "{end}");
        }
    }
}
