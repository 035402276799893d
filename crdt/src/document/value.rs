use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Scalar;

/// A plain value, as JSON has it, and beside that texts and counters, which JSON shows as strings and numbers.
///
/// With the feature `serde` it is read from any data that describes itself and written to any: `serde_json::from_str::<Value>` takes what
/// [`Document::assign`](crate::Document::assign) puts into a document. Strings become scalars, as nobody else can know which of them are to be edited together. What is nested
/// deeper than a document may be is refused before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A value without parts: a register.
    Scalar(Scalar),
    /// A counter at this amount.
    Count(i128),
    /// Text to be edited together.
    Text(String),
    /// A list of values.
    List(Vec<Value>),
    /// Fields with values.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The value of the field of this name, if it is a map that has one.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.get(name),
            _ => None,
        }
    }
}

impl<T: Into<Scalar>> From<T> for Value {
    fn from(value: T) -> Self {
        Self::Scalar(value.into())
    }
}

#[cfg(feature = "serde")]
mod wire {
    use core::fmt;

    use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
    use serde::ser::{Serialize, Serializer};

    use super::{BTreeMap, Scalar, String, Value, Vec};
    use crate::document::DEPTH;

    impl Serialize for Value {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Scalar(scalar) => shown(scalar, serializer),
                Self::Count(count) => count_shown(*count, serializer),
                Self::Text(text) => serializer.serialize_str(text),
                Self::List(elements) => serializer.collect_seq(elements),
                Self::Map(fields) => serializer.collect_map(fields),
            }
        }
    }

    /// A scalar as other formats know it.
    pub(crate) fn shown<S: Serializer>(scalar: &Scalar, serializer: S) -> Result<S::Ok, S::Error> {
        match scalar {
            Scalar::Null => serializer.serialize_unit(),
            Scalar::Bool(value) => serializer.serialize_bool(*value),
            Scalar::Integer(value) => serializer.serialize_i64(*value),
            Scalar::Real(value) => serializer.serialize_f64(value.value()),
            Scalar::String(value) => serializer.serialize_str(value),
        }
    }

    /// A count in 64 bits where it fits, since not every format has more.
    pub(crate) fn count_shown<S: Serializer>(count: i128, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(count) {
            Ok(count) => serializer.serialize_i64(count),
            Err(_) => serializer.serialize_i128(count),
        }
    }

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Below(0).deserialize(deserializer)
        }
    }

    /// A value so many levels below the root.
    #[derive(Clone, Copy)]
    struct Below(usize);

    impl Below {
        fn next<E: Error>(self) -> Result<Self, E> {
            if self.0 < DEPTH {
                Ok(Self(self.0 + 1))
            } else {
                Err(E::custom(format_args!("the value is nested deeper than {DEPTH} levels")))
            }
        }
    }

    impl<'de> DeserializeSeed<'de> for Below {
        type Value = Value;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Below {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("null, a bool, a number, a string, a list or a map with strings for keys")
        }

        fn visit_unit<E: Error>(self) -> Result<Value, E> {
            Ok(Value::Scalar(Scalar::Null))
        }

        fn visit_none<E: Error>(self) -> Result<Value, E> {
            self.visit_unit()
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
            self.next()?.deserialize(deserializer)
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
            i64::try_from(value)
                .map(Into::into)
                .map_err(|_| E::custom(format_args!("{value} is beyond the whole numbers that a document holds")))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Value, S::Error> {
            let (below, mut list) = (self.next()?, Vec::new());
            while let Some(element) = elements.next_element_seed(below)? {
                list.push(element);
            }
            Ok(Value::List(list))
        }

        fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Value, M::Error> {
            let (below, mut map) = (self.next()?, BTreeMap::new());
            while let Some(name) = fields.next_key::<String>()? {
                map.insert(name, fields.next_value_seed(below)?);
            }
            Ok(Value::Map(map))
        }
    }
}

#[cfg(feature = "serde")]
pub(crate) use wire::{count_shown, shown};
