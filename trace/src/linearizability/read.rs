use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::edn::{At, Edn, Reader};
use super::recording::{Calls, Place, Recording};
use super::{AppendCall, Expected, History, MutexCall, QueueCall, ReadError, RegisterCall};

/// Reads a history as Knossos and Jepsen keep it, and the key-value histories of Porcupine: maps of EDN, in a list or one after the other.
///
/// Each map is an entry: `:process`, a number; `:type`, one of `:invoke`, `:ok`, `:fail` and `:info`; `:f`, the function; `:value`, its argument and, where
/// it is answered, the answer. The functions tell the object: `:read`, `:write` and `:cas` a register, `:get`, `:put` and `:append` a store of texts,
/// `:enqueue` and `:dequeue` a queue, `:acquire` and `:release` a lock. A history of many objects has a `:key` in each entry, or a value `[key value]`.
///
/// A call that failed did not happen. One whose outcome is not known (`:info`, or nothing), may have happened at any moment since. Entries of processes
/// that are no numbers, such as `:nemesis`, are counted and left out; so are whatever other keys the maps have.
///
/// O(bytes × log processes); memory is proportional to the bytes.
///
/// # Errors
/// [`ReadError`]: the first place that does not fit, and what should have stood there.
pub fn read(text: &str) -> Result<Recording, ReadError> {
    let mut reader = Reader::new(text);
    let mut entries = Vec::new();
    let mut others = 0;
    let mut open: Vec<char> = Vec::new();
    loop {
        if let Some(&bracket) = open.last()
            && reader.closes(bracket, 0)?
        {
            open.pop();
            continue;
        }
        let Some((at, next)) = reader.next(0)? else { break };
        match next {
            '{' => match Client::read(&mut reader, at)? {
                Some(client) => entries.push(client),
                None => others += 1,
            },
            '[' | '(' if open.is_empty() => {
                reader.bracket();
                open.push(next);
            }
            _ => return Err(reader.error(at, Expected::Map)),
        }
    }
    let first = entries.first().ok_or_else(|| reader.error(Reader::new(text).here(), Expected::Call))?;
    let calls = match first.function {
        "read" | "write" | "cas" => Calls::Register(History::new()),
        "get" | "put" | "append" => Calls::Store(History::new()),
        "enqueue" | "dequeue" => Calls::Queue(History::new()),
        "acquire" | "release" => Calls::Lock(History::new()),
        _ => return Err(reader.error(first.at, Expected::Function)),
    };
    let mut recording = Recording { calls, keys: Vec::new(), places: Vec::new(), others };
    let outcomes = outcomes(&reader, &entries)?;
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (entry, outcome) in entries.iter().zip(outcomes) {
        let at = |expected| reader.error(entry.at, expected);
        match (entry.kind, outcome) {
            (Kind::Invoke, Outcome::Happens) => {
                let call = recording.invoke(entry).map_err(at)?;
                open.insert(entry.process, call);
            }
            (Kind::Ok, _) => {
                let call = open.remove(&entry.process).ok_or_else(|| at(Expected::Invocation))?;
                recording.answer(call, entry).map_err(at)?;
            }
            (Kind::Info, _) => {
                open.remove(&entry.process);
            }
            (Kind::Invoke, Outcome::Fails) | (Kind::Fail, _) => {}
        }
    }
    Ok(recording)
}

/// What kind of entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

/// What becomes of an invocation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It happens, or may.
    Happens,
    /// It does not.
    Fails,
}

/// An entry of a client.
pub(super) struct Client<'t> {
    at: At,
    process: u64,
    kind: Kind,
    function: &'t str,
    key: Option<String>,
    value: Edn<'t>,
}

impl<'t> Client<'t> {
    /// The entry whose map begins here; `None` if it is not of a numbered process.
    fn read(reader: &mut Reader<'t>, at: At) -> Result<Option<Self>, ReadError> {
        let [mut process, mut kind, mut function, mut key, mut value] = [const { None }; 5];
        reader.bracket();
        while !reader.closes('{', 0)? {
            let place = match reader.value(1)? {
                Edn::Keyword("process") => Some(&mut process),
                Edn::Keyword("type") => Some(&mut kind),
                Edn::Keyword("f") => Some(&mut function),
                Edn::Keyword("key") => Some(&mut key),
                Edn::Keyword("value") => Some(&mut value),
                _ => None,
            };
            let Some((value_at, first)) = reader.next(0)? else { return Err(reader.error(reader.here(), Expected::Closing)) };
            if first == '}' {
                return Err(reader.error(value_at, Expected::Value));
            }
            let read = reader.value(1)?;
            if let Some(place) = place {
                *place = Some((value_at, read));
            }
        }
        let wrong = |at, expected| Err(reader.error(at, expected));
        let process = match process {
            Some((_, Edn::Number(number))) if number >= 0 => number.unsigned_abs(),
            Some((_, Edn::Keyword(_))) => return Ok(None),
            Some((at, _)) => return wrong(at, Expected::Process),
            None => return wrong(at, Expected::Process),
        };
        let kind = match kind {
            Some((_, Edn::Keyword("invoke"))) => Kind::Invoke,
            Some((_, Edn::Keyword("ok"))) => Kind::Ok,
            Some((_, Edn::Keyword("fail"))) => Kind::Fail,
            Some((_, Edn::Keyword("info"))) => Kind::Info,
            Some((at, _)) => return wrong(at, Expected::Type),
            None => return wrong(at, Expected::Type),
        };
        let function = match function {
            Some((_, Edn::Keyword(name))) => name,
            Some((at, _)) => return wrong(at, Expected::Function),
            None => return wrong(at, Expected::Function),
        };
        let (at, mut value) = value.unwrap_or((at, Edn::Nil));
        let mut key = key.as_ref().map(|(_, key)| word(key));
        if let (None, Edn::List(pair)) = (&key, &mut value)
            && let [first, second] = pair.as_mut_slice()
            && (function != "cas" || matches!(second, Edn::List(_)))
        {
            key = Some(word(first));
            value = core::mem::replace(second, Edn::Nil);
        }
        Ok(Some(Self { at, process, kind, function, key, value }))
    }

    fn number(&self) -> Result<Option<i64>, Expected> {
        match self.value {
            Edn::Nil => Ok(None),
            Edn::Number(number) => Ok(Some(number)),
            _ => Err(Expected::Number),
        }
    }

    fn text(&self) -> Result<String, Expected> {
        match &self.value {
            Edn::Nil => Ok(String::new()),
            Edn::Text(text) => Ok(text.clone()),
            _ => Err(Expected::Text),
        }
    }

    fn register(&self) -> Result<RegisterCall, Expected> {
        Ok(match self.function {
            "read" => RegisterCall::Read(self.number()?),
            "write" => RegisterCall::Write(self.number()?.ok_or(Expected::Number)?),
            "cas" => match &self.value {
                Edn::List(pair) if let [Edn::Number(expected), Edn::Number(new)] = pair.as_slice() => {
                    RegisterCall::CompareAndSet { expected: *expected, new: *new }
                }
                _ => return Err(Expected::Pair),
            },
            _ => return Err(Expected::Function),
        })
    }

    fn store(&self) -> Result<AppendCall, Expected> {
        Ok(match self.function {
            "get" => AppendCall::Get(self.text()?),
            "put" => AppendCall::Put(self.text()?),
            "append" => AppendCall::Append(self.text()?),
            _ => return Err(Expected::Function),
        })
    }

    fn queue(&self) -> Result<QueueCall, Expected> {
        Ok(match self.function {
            "enqueue" => QueueCall::Enqueue(self.number()?.ok_or(Expected::Number)?),
            "dequeue" => QueueCall::Dequeue(self.number()?),
            _ => return Err(Expected::Function),
        })
    }

    fn lock(&self) -> Result<MutexCall, Expected> {
        match self.function {
            "acquire" => Ok(MutexCall::Acquire),
            "release" => Ok(MutexCall::Release),
            _ => Err(Expected::Function),
        }
    }
}

impl Recording {
    fn invoke(&mut self, entry: &Client<'_>) -> Result<usize, Expected> {
        let call = match &mut self.calls {
            Calls::Register(history) => history.invoke(entry.register()?),
            Calls::Store(history) => history.invoke(entry.store()?),
            Calls::Queue(history) => history.invoke(entry.queue()?),
            Calls::Lock(history) => history.invoke(entry.lock()?),
        };
        self.keys.push(entry.key.clone());
        self.places.push(Place { process: entry.process, invoked: entry.at.line, answered: None });
        Ok(call)
    }

    fn answer(&mut self, call: usize, entry: &Client<'_>) -> Result<(), Expected> {
        // An answer may leave out what the call has said: the key, and the argument of what writes.
        if entry.key.is_some() && entry.key != self.keys[call] {
            return Err(Expected::SameKey);
        }
        let said = !matches!(entry.value, Edn::Nil);
        let answered = match &mut self.calls {
            Calls::Register(history) => {
                let called = history.calls()[call].operation;
                let reads = matches!(called, RegisterCall::Read(_));
                let answer = if said || reads { entry.register()? } else { called };
                same(&called, &answer)?;
                history.answer(call, answer)
            }
            Calls::Store(history) => {
                let called = history.calls()[call].operation.clone();
                let reads = matches!(called, AppendCall::Get(_));
                let answer = if said || reads { entry.store()? } else { called.clone() };
                same(&called, &answer)?;
                history.answer(call, answer)
            }
            Calls::Queue(history) => {
                let called = history.calls()[call].operation;
                let reads = matches!(called, QueueCall::Dequeue(_));
                let answer = if said || reads { entry.queue()? } else { called };
                same(&called, &answer)?;
                history.answer(call, answer)
            }
            Calls::Lock(history) => {
                let answer = entry.lock()?;
                same(&history.calls()[call].operation, &answer)?;
                history.answer(call, answer)
            }
        };
        answered.map_err(|_| Expected::Invocation)?;
        self.places[call].answered = Some(entry.at.line);
        Ok(())
    }
}

/// Whether both are of the same function.
fn same<T>(called: &T, answered: &T) -> Result<(), Expected> {
    if core::mem::discriminant(called) == core::mem::discriminant(answered) { Ok(()) } else { Err(Expected::SameFunction) }
}

/// For each entry that invokes, what becomes of it. For the others, nothing of note.
fn outcomes(reader: &Reader<'_>, entries: &[Client<'_>]) -> Result<Vec<Outcome>, ReadError> {
    let mut outcomes = alloc::vec![Outcome::Happens; entries.len()];
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        match (entry.kind, open.entry(entry.process)) {
            (Kind::Invoke, Entry::Occupied(_)) => return Err(reader.error(entry.at, Expected::Answer)),
            (Kind::Invoke, Entry::Vacant(vacant)) => {
                vacant.insert(place);
            }
            (_, Entry::Vacant(_)) => return Err(reader.error(entry.at, Expected::Invocation)),
            (kind, Entry::Occupied(invoked)) => {
                let invoked = invoked.remove();
                if kind == Kind::Fail {
                    outcomes[invoked] = Outcome::Fails;
                }
            }
        }
    }
    Ok(outcomes)
}

/// A key as a text.
fn word(key: &Edn<'_>) -> String {
    match key {
        Edn::Nil => "nil".to_string(),
        Edn::Number(number) => number.to_string(),
        Edn::Keyword(name) => name.to_string(),
        Edn::Text(text) => text.clone(),
        Edn::List(_) | Edn::Other => alloc::format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn says(text: &str) -> (usize, usize, Expected) {
        let error = read(text).unwrap_err();
        (error.line, error.column, error.expected)
    }

    const GOOD: &str = "; a register\n[{:process 0, :type :invoke, :f :write, :value 3}\n {:type :info :process :nemesis :f :start}\n\
        #jepsen.history.Op{:index 1 :process 1 :type :invoke :f :read :value nil :time 1.5e3 :more {:a #{1 [2]}}}\n\
        {:process 1 :type :ok :f :read :value 3} {:process 0 :type :info :f :write :value 3}\n\
        {:process 2 :type :invoke :f :cas :value [3 4]}{:process 2 :type :fail :f :cas :value [3 4]}]";

    #[test]
    fn a_register_as_knossos_keeps_it() {
        for text in
            [GOOD.to_string(), GOOD.replace(['[', ']'], " ").replace("3 4", "[3 4]").replace("#{1  2 }", "nil"), GOOD.replace("\n", "\r\n")]
        {
            let recording = read(&text).unwrap();
            let Calls::Register(history) = recording.calls() else { panic!("it is a register") };
            assert_eq!(history.calls().len(), 2, "the failed call is left out");
            assert_eq!(history.calls()[0].answered, None);
            assert_eq!(recording.others(), 1);
            assert_eq!(recording.places()[1], Place { process: 1, invoked: 4, answered: Some(5) });
            assert_eq!(recording.verdict(1_000), Verdict::Linearizable);
        }
    }

    #[test]
    fn keys_in_a_map_and_in_a_pair() {
        let keyed = |values: [&str; 3]| {
            let [one, two, read] = values;
            alloc::format!(
                "{{:process 0 :type :invoke :f :write {one}}}{{:process 0 :type :ok :f :write {one}}}\
                 {{:process 0 :type :invoke :f :write {two}}}{{:process 0 :type :ok :f :write {two}}}\
                 {{:process 0 :type :invoke :f :read {read}}}{{:process 0 :type :ok :f :read {read}}}"
            )
        };
        for values in [[":key 1 :value 7", ":key \"b\" :value 8", ":key 1 :value 7"], [":value [1 7]", ":value [:b 8]", ":value [1 7]"]] {
            let recording = read(&keyed(values)).unwrap();
            assert_eq!(recording.keys(), [Some("1".to_string()), Some("b".to_string()), Some("1".to_string())]);
            assert_eq!(recording.verdict(1_000), Verdict::Linearizable);
        }
        let stale = read(&keyed([":value 7", ":value 8", ":value 7"])).unwrap();
        assert!(matches!(stale.verdict(1_000), Verdict::NotLinearizable(found) if found.counterexample == [0, 1, 2]));
    }

    #[test]
    fn queues_locks_and_stores() {
        let text = |f: [&str; 2]| {
            let entry = |process: u32, kind: &str, f: &str| alloc::format!("{{:process {process}, :type :{kind}, {f}}}\n");
            [entry(0, "invoke", f[0]), entry(0, "ok", f[0]), entry(1, "invoke", f[1]), entry(1, "ok", f[1])].concat()
        };
        for (f, held) in [
            ([":f :enqueue :value 1", ":f :dequeue :value 1"], true),
            ([":f :enqueue :value 1", ":f :dequeue :value nil"], false),
            ([":f :acquire", ":f :release"], true),
            ([":f :acquire", ":f :acquire :value nil"], false),
            ([":f :append :key \"a\" :value \"x\"", ":f :get :key \"a\" :value \"x\""], true),
            ([":f :put :key \"a\" :value \"x\"", ":f :get :key \"a\" :value \"\""], false),
        ] {
            let verdict = read(&text(f)).unwrap().verdict(1_000);
            assert_eq!(verdict == Verdict::Linearizable, held, "{f:?}: {verdict:?}");
        }
    }

    #[test]
    fn what_is_no_history_and_where() {
        let invoke = "{:process 0 :type :invoke :f :read :value nil}";
        assert_eq!(says(""), (1, 1, Expected::Call));
        assert_eq!(says("[]"), (1, 1, Expected::Call));
        assert_eq!(says("{:process :nemesis}"), (1, 1, Expected::Call));
        assert_eq!(says("\n 7"), (2, 2, Expected::Map));
        assert_eq!(says("[[]]"), (1, 2, Expected::Map));
        assert_eq!(says("[{:process 0"), (1, 13, Expected::Closing));
        assert_eq!(says("{:process }"), (1, 11, Expected::Value));
        assert_eq!(says("{:process -1 :type :ok}"), (1, 11, Expected::Process));
        assert_eq!(says("{:type :ok}"), (1, 1, Expected::Process));
        assert_eq!(says("{:process 0 :type :done}"), (1, 19, Expected::Type));
        assert_eq!(says("{:process 0 :type :ok :f 3}"), (1, 26, Expected::Function));
        assert_eq!(says("{:process 0 :type :invoke :f :jump :value 1}"), (1, 43, Expected::Function));
        assert_eq!(says("{:process 0 :type :invoke :f :write :value \"a\"}"), (1, 44, Expected::Number));
        assert_eq!(says("{:process 0 :type :invoke :f :cas :value [1]}"), (1, 42, Expected::Pair));
        assert_eq!(says("{:process 0 :type :invoke :f :get :value 1}"), (1, 42, Expected::Text));
        assert_eq!(says(&[invoke, "\n", invoke].concat()), (2, 43, Expected::Answer));
        assert_eq!(says(&invoke.replace("invoke", "ok")), (1, 39, Expected::Invocation));
        assert_eq!(
            says(&[invoke, "\n", &invoke.replace("invoke", "ok").replace("read :value nil", "write :value 1")].concat()).2,
            Expected::SameFunction
        );
        assert_eq!(says(&[invoke, "\n{:process 0 :type :ok :f :read :key 1 :value nil}"].concat()).2, Expected::SameKey);
    }

    /// Wherever it is cut off: an error or a history, never a panic.
    #[test]
    fn cut_off_anywhere() {
        for end in 0..GOOD.len() {
            assert!(read(&GOOD[..end]).is_err());
        }
    }
}
