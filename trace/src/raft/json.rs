use alloc::string::String;
use alloc::vec::Vec;

use super::Expected;

/// How deep arrays and objects may lie within each other.
const DEEPEST: usize = 32;

/// A value of JSON, and the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json {
    pub(super) at: usize,
    pub(super) value: Value,
}

/// A value of JSON, as far as a log needs it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A whole number below 2⁶⁴.
    Number(u64),
    Text(String),
    Object(Vec<(String, Json)>),
    True,
    /// `null` or `false`, any other number, an array.
    Other,
}

impl Json {
    /// The value of this name; the last one, if there are several.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Value::Object(fields) = &self.value else { return None };
        fields.iter().rfind(|(other, _)| other == name).map(|(_, value)| value)
    }
}

/// Reads one object that fills `line`.
///
/// # Errors
/// At which byte it stops to be one, and what should have stood there.
pub(super) fn read(line: &str) -> Result<Json, (usize, Expected)> {
    let mut reader = Reader { text: line, at: 0 };
    if reader.peek() != Some(b'{') {
        return Err((reader.at, Expected::Object));
    }
    let object = reader.value(0)?;
    match reader.peek() {
        None => Ok(object),
        Some(_) => Err((reader.at, Expected::EndOfLine)),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    /// The next byte that is no space, which is where the reader then is.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += spaces;
        rest.get(spaces).copied()
    }

    fn value(&mut self, depth: usize) -> Result<Json, (usize, Expected)> {
        let first = self.peek();
        let at = self.at;
        let value = match first {
            Some(b'{' | b'[') if depth == DEEPEST => return Err((at, Expected::LessNesting)),
            Some(b'{') => {
                let mut fields = Vec::new();
                self.items(b'}', |reader| {
                    if reader.peek() != Some(b'"') {
                        return Err((reader.at, Expected::Name));
                    }
                    let name = reader.text()?;
                    if reader.peek() != Some(b':') {
                        return Err((reader.at, Expected::Colon));
                    }
                    reader.at += 1;
                    fields.push((name, reader.value(depth + 1)?));
                    Ok(())
                })?;
                Value::Object(fields)
            }
            Some(b'[') => {
                self.items(b']', |reader| reader.value(depth + 1).map(|_| ()))?;
                Value::Other
            }
            Some(b'"') => Value::Text(self.text()?),
            _ => self.scalar().ok_or((at, Expected::Value))?,
        };
        Ok(Json { at, value })
    }

    /// What lies between an opening bracket, which comes now, and the closing one.
    fn items(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Result<(), (usize, Expected)>) -> Result<(), (usize, Expected)> {
        self.at += 1;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err((self.at, Expected::CommaOrEnd)),
            }
        }
    }

    fn scalar(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = &rest[..length];
        let number = || {
            let digits = word.strip_prefix('-').unwrap_or(word);
            let starts = digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
            let plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
            (starts && plain && digits.parse::<f64>().is_ok()).then(|| word.parse().map_or(Value::Other, Value::Number))
        };
        let value = match word {
            "true" => Value::True,
            "false" | "null" => Value::Other,
            _ => number()?,
        };
        self.at += length;
        Some(value)
    }

    /// A text, whose opening quote comes now.
    fn text(&mut self) -> Result<String, (usize, Expected)> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\']).ok_or((begin, Expected::Quote))?;
            text.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(text);
            }
            let backslash = self.at - 1;
            text.push(self.escape().ok_or((backslash, Expected::Escape))?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.text[self.at..].chars().next()?;
        self.at += letter.len_utf8();
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                if !(0xD800..0xDC00).contains(&high) {
                    return char::from_u32(high);
                }
                self.text[self.at..].starts_with("\\u").then_some(())?;
                self.at += 2;
                let low = self.unit().filter(|low| (0xDC00..0xE000).contains(low))?;
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_object_and_where() {
        for (line, at, expected) in [
            ("", 0, Expected::Object),
            (" [1]", 1, Expected::Object),
            ("{", 1, Expected::Name),
            ("{\"a\" 1}", 5, Expected::Colon),
            ("{\"a\":}", 5, Expected::Value),
            ("{\"a\":1 2}", 7, Expected::CommaOrEnd),
            ("{\"a\":1,}", 7, Expected::Name),
            ("{\"a\":[1}", 7, Expected::CommaOrEnd),
            ("{\"a\":01x}", 5, Expected::Value),
            ("{\"a", 1, Expected::Quote),
            ("{\"a\\x\":1}", 3, Expected::Escape),
            ("{\"\\ud800\":1}", 2, Expected::Escape),
            ("{} {}", 3, Expected::EndOfLine),
        ] {
            assert_eq!(read(line), Err((at, expected)), "{line}");
        }
        let deep = ["{\"a\":", &"[".repeat(1_000_000)].concat();
        assert_eq!(read(&deep).unwrap_err().1, Expected::LessNesting);
    }

    /// A value with the same content, as another reader has it.
    fn same(ours: &Json, other: &serde_json::Value) -> bool {
        match (&ours.value, other) {
            (Value::Number(number), other) => other.as_u64() == Some(*number),
            (Value::Text(text), serde_json::Value::String(other)) => text == other,
            (Value::Object(fields), serde_json::Value::Object(others)) => {
                fields.len() >= others.len() && others.iter().all(|(name, other)| ours.field(name).is_some_and(|ours| same(ours, other)))
            }
            (Value::True, other) => *other == serde_json::Value::Bool(true),
            (Value::Other, serde_json::Value::Object(_) | serde_json::Value::String(_)) => false,
            (Value::Other, other) => other.as_u64().is_none(),
            _ => false,
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<u64>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn as_another_reader_reads_it(json in any_json(), at in any::<prop::sample::Index>(), put in ".?") {
            let line = serde_json::json!({ "a": json }).to_string();
            prop_assert!(same(&read(&line).unwrap(), &serde_json::from_str(&line).unwrap()), "{}", line);
            // What another reader refuses, this one may take (it does not look at the digits of numbers closely), but not the other way round.
            let mut changed: alloc::vec::Vec<char> = line.chars().collect();
            let place = at.index(changed.len());
            changed.splice(place..=place, put.chars());
            let changed: String = changed.into_iter().collect();
            if let (Ok(other @ serde_json::Value::Object(_)), Err(error)) = (serde_json::from_str(&changed), read(&changed)) {
                prop_assert!(false, "{} is {}: {:?}", changed, other, error);
            }
        }
    }

    #[test]
    fn escapes() {
        let read = read(r#"{"a":"\u00e9\ud83d\ude00\n\/\"\\"}"#).unwrap();
        assert_eq!(read.field("a").unwrap().value, Value::Text("é😀\n/\"\\".to_string()));
    }
}
