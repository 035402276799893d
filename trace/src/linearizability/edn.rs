use alloc::string::String;
use alloc::vec::Vec;

use super::{Expected, ReadError};

/// How deep lists and maps may lie within each other.
const DEEPEST: usize = 64;

/// A value of EDN, the data notation of Clojure, as far as histories need it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edn<'t> {
    Nil,
    Number(i64),
    /// `:name`, without the colon.
    Keyword(&'t str),
    /// In double quotes.
    Text(String),
    List(Vec<Self>),
    /// A map, a set, a symbol, a character, a number that is not whole: nothing that a history means.
    Other,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    byte: usize,
    pub(super) line: usize,
    line_begins: usize,
}

/// Reads a text of EDN from its beginning to its end.
///
/// Commas are spaces; `;` begins a comment, `#_` leaves out the value after it, `#name` before a value is left out itself.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    at: At,
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: At { byte: 0, line: 1, line_begins: 0 } }
    }

    /// How far it has been read.
    pub(super) const fn here(&self) -> At {
        self.at
    }

    /// An error at this place.
    pub(super) fn error(&self, at: At, expected: Expected) -> ReadError {
        let column = self.text[at.line_begins..at.byte].chars().count() + 1;
        ReadError { line: at.line, column, expected }
    }

    /// Where the next value begins or a bracket closes, and the character there. Spaces, comments and what is to be left out are passed over.
    pub(super) fn next(&mut self, depth: usize) -> Result<Option<(At, char)>, ReadError> {
        loop {
            let Some(next) = self.peek() else { return Ok(None) };
            match next {
                ',' => self.advance(next),
                ';' => {
                    while self.peek().is_some_and(|other| other != '\n') {
                        self.at.byte += self.peek().map_or(0, char::len_utf8);
                    }
                }
                '#' if self.rest().starts_with("#_") => {
                    let at = self.at;
                    self.at.byte += 2;
                    if depth >= DEEPEST {
                        return Err(self.error(at, Expected::LessNesting));
                    }
                    self.value(depth + 1)?;
                }
                '#' if !self.rest().starts_with("#{") => {
                    self.at.byte += 1;
                    self.word();
                }
                _ if next.is_whitespace() => self.advance(next),
                _ => return Ok(Some((self.at, next))),
            }
        }
    }

    /// Passes over one bracket.
    pub(super) fn bracket(&mut self) {
        self.at.byte += if self.rest().starts_with("#{") { 2 } else { 1 };
    }

    /// The next value.
    pub(super) fn value(&mut self, depth: usize) -> Result<Edn<'t>, ReadError> {
        let Some((at, next)) = self.next(depth)? else { return Err(self.error(self.at, Expected::Form)) };
        match next {
            '[' | '(' | '{' | '#' => {
                if depth >= DEEPEST {
                    return Err(self.error(at, Expected::LessNesting));
                }
                self.bracket();
                let mut values = Vec::new();
                while !self.closes(next, depth)? {
                    values.push(self.value(depth + 1)?);
                }
                Ok(if next == '[' || next == '(' { Edn::List(values) } else { Edn::Other })
            }
            ']' | ')' | '}' => Err(self.error(at, Expected::Form)),
            '"' => self.quoted(at).map(Edn::Text),
            '\\' => {
                self.at.byte += 1;
                if let Some(letter) = self.peek() {
                    self.advance(letter);
                }
                self.word();
                Ok(Edn::Other)
            }
            ':' => {
                self.at.byte += 1;
                Ok(Edn::Keyword(self.word()))
            }
            _ => {
                let word = self.word();
                Ok(match word {
                    "nil" => Edn::Nil,
                    _ => word.strip_suffix('N').unwrap_or(word).parse().map_or(Edn::Other, Edn::Number),
                })
            }
        }
    }

    /// Whether the bracket comes that closes `open`; then passes over it.
    pub(super) fn closes(&mut self, open: char, depth: usize) -> Result<bool, ReadError> {
        let close = match open {
            '[' => ']',
            '(' => ')',
            _ => '}',
        };
        match self.next(depth)? {
            None => Err(self.error(self.at, Expected::Closing)),
            Some((_, next)) if next == close => {
                self.bracket();
                Ok(true)
            }
            Some((at, ']' | ')' | '}')) => Err(self.error(at, Expected::Closing)),
            Some(_) => Ok(false),
        }
    }

    fn quoted(&mut self, begin: At) -> Result<String, ReadError> {
        self.at.byte += 1;
        let mut text = String::new();
        while let Some(next) = self.peek() {
            let at = self.at;
            self.advance(next);
            match next {
                '"' => return Ok(text),
                '\\' => text.push(self.escape().ok_or_else(|| self.error(at, Expected::Escape))?),
                _ => text.push(next),
            }
        }
        Err(self.error(begin, Expected::Quote))
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.advance(letter);
        Some(match letter {
            't' => '\t',
            'r' => '\r',
            'n' => '\n',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '\\' | '"' => letter,
            'u' => {
                let digits = self.rest().get(..4)?;
                let code = digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
                self.at.byte += 4;
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    /// What stands here up to a space, a bracket or a quote. At least one character, where there is one.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '"' | '[' | ']' | '(' | ')' | '{' | '}');
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at.byte += length;
        &rest[..length]
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at.byte..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self, over: char) {
        self.at.byte += over.len_utf8();
        if over == '\n' {
            self.at.line += 1;
            self.at.line_begins = self.at.byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    fn value(text: &str) -> Result<Edn<'_>, ReadError> {
        Reader::new(text).value(0)
    }

    #[test]
    fn values() {
        for (text, edn) in [
            ("nil", Edn::Nil),
            (" , ; said\n -17", Edn::Number(-17)),
            ("9N", Edn::Number(9)),
            ("1.5", Edn::Other),
            ("99999999999999999999", Edn::Other),
            (":a/b-c", Edn::Keyword("a/b-c")),
            (r#""a\n\"\u00e9\\""#, Edn::Text("a\n\"é\\".into())),
            ("[1 (nil) #{2} {:a 1}]", Edn::List(vec![Edn::Number(1), Edn::List(vec![Edn::Nil]), Edn::Other, Edn::Other])),
            ("#_ [1 2] #inst 3", Edn::Number(3)),
            (r"\space", Edn::Other),
            (r"[\] 1]", Edn::List(vec![Edn::Other, Edn::Number(1)])),
        ] {
            assert_eq!(value(text), Ok(edn), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_and_where() {
        for (text, line, column, expected) in [
            ("", 1, 1, Expected::Form),
            ("\n  ]", 2, 3, Expected::Form),
            ("[1\n é (2]", 2, 6, Expected::Closing),
            ("[1", 1, 3, Expected::Closing),
            ("\"abc", 1, 1, Expected::Quote),
            (r#""a\q""#, 1, 3, Expected::Escape),
            (r#""\ud800""#, 1, 2, Expected::Escape),
            ("[#_ ]", 1, 5, Expected::Form),
        ] {
            assert_eq!(value(text), Err(ReadError { line, column, expected }), "{text:?}");
        }
    }

    #[test]
    fn a_million_brackets() {
        for open in ["[", "(", "{", "#{", "#_", "#_["] {
            let error = value(&open.repeat(1_000_000)).unwrap_err();
            assert_eq!(error.expected, Expected::LessNesting, "{open}");
        }
        let deepest = format!("{}1{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(value(&deepest).is_ok());
    }
}
