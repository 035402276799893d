use alloc::string::String;
use alloc::vec::Vec;

use super::Expected;

/// A clock as it stands in a line: what each host's entry is, by name, in the order in which they stand there.
pub(super) type Named = Vec<(String, u64)>;

/// Reads a clock, a JSON object of whole numbers, at the start of `text`. What it says, and how many bytes it takes.
///
/// Memory is proportional to the bytes read.
///
/// # Errors
/// At which byte it stops to be a clock, and what should have stood there.
pub(super) fn read(text: &str) -> Result<(Named, usize), (usize, Expected)> {
    let mut clock: Named = Vec::new();
    let mut at = Cursor { text, at: 0 };
    at.take('{').ok_or((0, Expected::HostAndClock))?;
    at.skip_space();
    if at.take('}').is_some() {
        return Ok((clock, at.at));
    }
    loop {
        at.skip_space();
        let host = at.string()?;
        at.skip_space();
        at.take(':').ok_or((at.at, Expected::Colon))?;
        at.skip_space();
        clock.push((host, at.number()?));
        at.skip_space();
        if at.take('}').is_some() {
            return Ok((clock, at.at));
        }
        at.take(',').ok_or((at.at, Expected::CommaOrBrace))?;
    }
}

/// A place in a text.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += wanted.len_utf8())
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|next| matches!(next, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    /// A whole number as JSON writes it: digits, and no 0 before others.
    fn number(&mut self) -> Result<u64, (usize, Expected)> {
        let start = self.at;
        let digits = self.text[start..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &self.text[start..start + digits];
        self.at += digits;
        if digits > 1 && number.starts_with('0') {
            return Err((start, Expected::Number));
        }
        number.parse().map_err(|_| (start, Expected::Number))
    }

    fn string(&mut self) -> Result<String, (usize, Expected)> {
        self.take('"').ok_or((self.at, Expected::HostName))?;
        let mut string = String::new();
        loop {
            let start = self.at;
            match self.next() {
                Some('"') => return Ok(string),
                Some('\\') => string.push(self.escape().ok_or((start, Expected::Escape))?),
                Some(next) if next >= ' ' => string.push(next),
                _ => return Err((start, Expected::Quote)),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            plain @ ('"' | '\\' | '/') => plain,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                self.take('\\')?;
                self.take('u')?;
                let second = self.four_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return None;
                }
                return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |number, _| Some(number << 4 | self.next()?.to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::vec;

    #[test]
    fn clocks_as_json_writes_them() {
        let a1 = vec![("a".to_owned(), 1)];
        assert_eq!(read("{}"), Ok((vec![], 2)));
        assert_eq!(read("{\"a\":1} and more"), Ok((a1.clone(), 7)));
        assert_eq!(read("{ \"a\" :\t1 }"), Ok((a1.clone(), 11)));
        assert_eq!(read(r#"{"\u0061":1}"#), Ok((a1, 12)));
        assert_eq!(read(r#"{"\"\\\/\b\f\n\r\t":0}"#).unwrap().0, [("\"\\/\u{8}\u{c}\n\r\t".to_owned(), 0)]);
        assert_eq!(read(r#"{"\ud83d\ude00é":18446744073709551615}"#).unwrap().0, [("😀é".to_owned(), u64::MAX)]);
    }

    #[test]
    fn what_is_no_clock_and_where() {
        let cases = [
            ("", 0, Expected::HostAndClock),
            ("[1]", 0, Expected::HostAndClock),
            ("{", 1, Expected::HostName),
            ("{a:1}", 1, Expected::HostName),
            ("{\"a\":1,}", 7, Expected::HostName),
            ("{\"a", 3, Expected::Quote),
            ("{\"a\n\":1}", 3, Expected::Quote),
            ("{\"a\\x\":1}", 3, Expected::Escape),
            ("{\"\\u12\":1}", 2, Expected::Escape),
            ("{\"\\ud800\":1}", 2, Expected::Escape),
            ("{\"\\ud800\\u0061\":1}", 2, Expected::Escape),
            ("{\"a\" 1}", 5, Expected::Colon),
            ("{\"a\":}", 5, Expected::Number),
            ("{\"a\":-1}", 5, Expected::Number),
            ("{\"a\":01}", 5, Expected::Number),
            ("{\"a\":18446744073709551616}", 5, Expected::Number),
            ("{\"a\":1.5}", 6, Expected::CommaOrBrace),
            ("{\"a\":1", 6, Expected::CommaOrBrace),
        ];
        for (text, at, expected) in cases {
            assert_eq!(read(text), Err((at, expected)), "{text}");
        }
    }
}
