//! Ids as newtypes over `u64`, so that an investor's id cannot stand where an investment's is meant.
//!
//! The newtypes are generated; this module gives them their behaviour. On the wire an id is a number; a numeric string is
//! accepted, since form-encoded webhooks carry those. Fractions, exponents, signs and blanks are refused.

use std::fmt;

use serde::de::{Error, IgnoredAny, SeqAccess, Unexpected, Visitor};

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseIdError(());

impl ParseIdError {
    pub(crate) const NEW: Self = Self(());
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a whole number from 0 to 18446744073709551615")
    }
}

impl std::error::Error for ParseIdError {}

/// Digits only: `u64::from_str` alone would also take a leading `+`.
pub(crate) fn parse(text: &str) -> Result<u64, ParseIdError> {
    if text.starts_with('+') {
        return Err(ParseIdError::NEW);
    }
    text.parse().map_err(|_| ParseIdError::NEW)
}

pub(crate) struct IdVisitor;

impl<'de> Visitor<'de> for IdVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id (a whole number)")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        parse(text).map_err(|_| E::invalid_value(Unexpected::Other("another text"), &self))
    }

    /// Reads the list to its end before it refuses it, because the error is placed where reading stops: behind the first
    /// bracket it would be taken for one about the first item.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Err(A::Error::invalid_type(Unexpected::Seq, &self))
    }
}

/// Implements the behaviour of an id for a tuple struct over `u64`.
macro_rules! id {
    ($name:ident) => {
        impl $name {
            /// An id from its number.
            #[must_use]
            pub const fn new(id: u64) -> Self {
                Self(id)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(id)
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        $crate::object::always!($name: Self(0));

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer
                    .deserialize_any($crate::id::IdVisitor)
                    .map(Self)
            }
        }
    };
}

pub(crate) use id;
