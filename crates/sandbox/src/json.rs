//! A JSON value whose objects keep the order in which their fields are written, as both services
//! print them.
//!
//! Only for answers. What comes in is read with `serde_json::Value`.

use std::borrow::Cow;

use bytes::Bytes;
use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use serde::Serialize;

/// One value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(i64),
    Text(Cow<'static, str>),
    List(Vec<Json>),
    Object(Vec<(Cow<'static, str>, Json)>),
    /// Free-form JSON that was sent to us and goes back as it came, except for the order of its
    /// keys.
    Raw(serde_json::Value),
    /// JSON that was written before.
    Written(Bytes),
}

/// Writes an object with its fields in the order given.
macro_rules! object {
    ($($key:literal: $value:expr),* $(,)?) => {
        $crate::json::Json::Object(vec![
            $((::std::borrow::Cow::Borrowed($key), $crate::json::Json::from($value))),*
        ])
    };
}
pub(crate) use object;

impl Json {
    /// A list of anything that turns into JSON.
    pub(crate) fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// Adds a field at the end of an object; anything else stays as it is.
    #[must_use]
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Self>) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.push((Cow::Borrowed(key), value.into()));
        }
        self
    }

    /// The bytes on the wire.
    pub(crate) fn to_bytes(&self) -> Bytes {
        if let Self::Written(bytes) = self {
            return bytes.clone();
        }
        let mut out = Vec::with_capacity(self.least_size());
        self.write(&mut out);
        out.into()
    }

    /// The same as text.
    pub(crate) fn to_text(&self) -> String {
        String::from_utf8(self.to_bytes().into()).unwrap_or_default()
    }

    /// How many bytes it takes at least; most of a long answer was written before.
    fn least_size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Raw(_) => 8,
            Self::Text(text) => text.len() + 2,
            Self::List(items) => items.iter().map(|item| item.least_size() + 1).sum(),
            Self::Object(fields) => fields
                .iter()
                .map(|(key, value)| key.len() + value.least_size() + 4)
                .sum(),
            Self::Written(bytes) => bytes.len(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend(b"null"),
            Self::Bool(value) => print(out, value),
            Self::Integer(value) => print(out, value),
            Self::Text(value) => print(out, value),
            Self::List(items) => {
                out.push(b'[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Object(fields) => {
                out.push(b'{');
                for (number, (key, value)) in fields.iter().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    print(out, key);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
            Self::Raw(value) => print(out, value),
            Self::Written(bytes) => out.extend(bytes),
        }
    }
}

/// Writes a value that cannot fail to be JSON: its keys are texts, and it goes to memory.
fn print(out: &mut Vec<u8>, value: &impl Serialize) {
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&'static str> for Json {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<Cow<'static, str>> for Json {
    fn from(value: Cow<'static, str>) -> Self {
        Self::Text(value)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self::Raw(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Self::list(items)
    }
}

/// A column as it stands: integers stay integers, text stays text. Reals do not occur in our
/// tables.
impl FromSql for Json {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Text(_) => Self::from(value.as_str()?.to_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Self::Null,
        })
    }
}
