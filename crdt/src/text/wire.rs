use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use tidings_clocks::Dot;

use super::chars::Chars;
use super::delta::{Origins, TextDelta, TextRange, TextRun};
use super::mark::TextMark;

/// A delta as it is written: the next keystroke and a deletion, which most deltas are, without anything that could be left out.
#[derive(serde::Serialize)]
#[serde(rename = "TextDelta")]
enum Written<'a, A> {
    Typed { actor: &'a A, counter: u64, text: &'a str },
    Inserted { actor: &'a A, counter: u64, left: &'a Option<Dot<A>>, right: &'a Option<Dot<A>>, text: &'a str },
    Removed { actor: &'a A, counter: u64, length: u64 },
    Several { runs: &'a [TextRun<A>], removed: &'a [TextRange<A>] },
    Marked { runs: &'a [TextRun<A>], removed: &'a [TextRange<A>], marks: &'a [TextMark<A>] },
}

/// A delta as it is read.
#[derive(serde::Deserialize)]
#[serde(rename = "TextDelta")]
enum Read<A> {
    Typed { actor: A, counter: u64, text: Chars },
    Inserted { actor: A, counter: u64, left: Option<Dot<A>>, right: Option<Dot<A>>, text: Chars },
    Removed { actor: A, counter: u64, length: u64 },
    Several { runs: Vec<TextRun<A>>, removed: Vec<TextRange<A>> },
    Marked { runs: Vec<TextRun<A>>, removed: Vec<TextRange<A>>, marks: Vec<TextMark<A>> },
}

#[derive(serde::Serialize)]
#[serde(rename = "TextRun")]
struct WrittenRun<'a, A> {
    first: &'a Dot<A>,
    origins: &'a Origins<A>,
    content: WrittenContent<'a>,
}

#[derive(serde::Serialize)]
#[serde(rename = "Content")]
enum WrittenContent<'a> {
    Text(&'a str),
    Deleted(u64),
}

#[derive(serde::Deserialize)]
#[serde(rename = "TextRun")]
struct ReadRun<A> {
    first: Dot<A>,
    origins: Origins<A>,
    content: ReadContent,
}

#[derive(serde::Deserialize)]
#[serde(rename = "Content")]
enum ReadContent {
    Text(Chars),
    Deleted(u64),
}

/// A keystroke of actor `u32` takes 5 bytes and its counter's varint in postcard.
impl<A: Serialize> Serialize for TextDelta<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match (self.runs(), self.removed()) {
            (runs, removed) if !self.marks().is_empty() => Written::Marked { runs, removed, marks: self.marks() },
            ([run], []) if !run.is_deleted() => {
                let Dot { actor, counter } = &run.first;
                match &run.origins {
                    Origins::Typed => Written::Typed { actor, counter: *counter, text: run.text() },
                    Origins::Between { left, right } => Written::Inserted { actor, counter: *counter, left, right, text: run.text() },
                }
            }
            ([], [range]) => Written::Removed { actor: &range.first.actor, counter: range.first.counter, length: range.length },
            (runs, removed) => Written::Several { runs, removed },
        };
        written.serialize(serializer)
    }
}

impl<'de, A: Deserialize<'de>> Deserialize<'de> for TextDelta<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let run = |actor, counter, origins, chars| Self::of_run(TextRun { first: Dot { actor, counter }, origins, chars });
        Ok(match Read::deserialize(deserializer)? {
            Read::Typed { actor, counter, text } => run(actor, counter, Origins::Typed, text),
            Read::Inserted { actor, counter, left, right, text } => run(actor, counter, Origins::Between { left, right }, text),
            Read::Removed { actor, counter, length } => Self::of_range(TextRange { first: Dot { actor, counter }, length }),
            Read::Several { runs, removed } => Self::from_lists(runs, removed, Vec::new()),
            Read::Marked { runs, removed, marks } => Self::from_lists(runs, removed, marks),
        })
    }
}

impl<A: Serialize> Serialize for TextRun<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let content = match &self.chars {
            Chars::Deleted(length) => WrittenContent::Deleted(*length),
            chars => WrittenContent::Text(chars.as_str()),
        };
        WrittenRun { first: &self.first, origins: &self.origins, content }.serialize(serializer)
    }
}

impl<'de, A: Deserialize<'de>> Deserialize<'de> for TextRun<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadRun { first, origins, content } = ReadRun::deserialize(deserializer)?;
        let chars = match content {
            ReadContent::Text(chars) => chars,
            ReadContent::Deleted(length) => Chars::Deleted(length),
        };
        Ok(Self { first, origins, chars })
    }
}

/// Reads a string without memory of its own where it is short.
impl<'de> Deserialize<'de> for Chars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Chars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Chars, E> {
                Ok(Chars::new(text))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Chars, E> {
                Ok(Chars::new(&text))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
