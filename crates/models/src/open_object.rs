//! Objects whose fields the vendor does not list in full: they keep what they don't know.
//!
//! serde's `flatten` would buffer every unknown value through a float; this reads it as raw text instead.

/// Implements `Deserialize` for a struct that collects unknown fields in `extra`.
///
/// The struct has required fields, lists (missing and null read as empty), optional fields (`Option<T>`), and
/// `extra: BTreeMap<String, Json>`.
/// The wire names are the field names. A value that comes twice is an error, as in derived types.
macro_rules! open_object {
    ($name:ident {
        required: [$($required:ident),* $(,)?],
        lists: [$($list:ident),* $(,)?],
        optional: [$($optional:ident),* $(,)?] $(,)?
    }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $(let mut $required = None;)*
                        $(let mut $list = None;)*
                        $(let mut $optional = None;)*
                        let mut extra = std::collections::BTreeMap::new();
                        while let Some(key) = map.next_key::<$crate::open_object::Key<'de>>()? {
                            match key.as_str() {
                                $(stringify!($required) if $required.is_none() => $required = Some(map.next_value()?),)*
                                $(stringify!($list) if $list.is_none() => $list = map.next_value()?,)*
                                $(stringify!($optional) if $optional.is_none() => $optional = map.next_value()?,)*
                                $(stringify!($required) => return Err(serde::de::Error::duplicate_field(stringify!($required))),)*
                                $(stringify!($list) => return Err(serde::de::Error::duplicate_field(stringify!($list))),)*
                                $(stringify!($optional) => return Err(serde::de::Error::duplicate_field(stringify!($optional))),)*
                                _ => {
                                    extra.insert(key.into_string(), map.next_value()?);
                                }
                            }
                        }
                        Ok($name {
                            $($required: $required.ok_or_else(|| {
                                serde::de::Error::missing_field(stringify!($required))
                            })?,)*
                            $($list: $list.unwrap_or_default(),)*
                            $($optional,)*
                            extra,
                        })
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}

pub(crate) use open_object;

/// A key: borrowed from the text unless it holds an escape.
pub(crate) enum Key<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl Key<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(key) => key,
            Self::Owned(key) => key,
        }
    }

    pub(crate) fn into_string(self) -> String {
        match self {
            Self::Borrowed(key) => key.to_owned(),
            Self::Owned(key) => key,
        }
    }
}

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> serde::de::Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key::Borrowed(key))
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key::Owned(key.to_owned()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
