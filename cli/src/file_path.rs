use std::borrow::Borrow;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The path of a file within a repository, as git keeps it: bytes with `/` between names, in any encoding or none.
///
/// Cheap to clone: the bytes are shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Rc<[u8]>);

impl FilePath {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for FilePath {
    fn from(path: &[u8]) -> Self {
        Self(path.into())
    }
}

impl From<&str> for FilePath {
    fn from(path: &str) -> Self {
        Self(path.as_bytes().into())
    }
}

impl Borrow<[u8]> for FilePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for FilePath {
    /// As text; bytes that are none, and control characters, are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_in_one_line_whatever_it_holds() {
        assert_eq!(FilePath::from("src/größe.rs").to_string(), "src/größe.rs");
        assert_eq!(FilePath::from(&b"a\xff\nb"[..]).to_string(), "a\\xff\\nb");
    }
}
