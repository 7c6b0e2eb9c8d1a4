//! Open enums: the values that a vendor documents, plus one opaque variant that keeps any other text as sent.
//!
//! The enums themselves are generated; this module gives them their common behaviour. It never logs or counts unknown
//! values, and never lets code outside this crate build one that a known variant already means.

use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use serde::de::{Error, Unexpected, Visitor};

/// A value that this version of the crate does not know, kept as the server sent it.
///
/// It is opaque on purpose: code that matched on its text would break on the day that the text becomes a variant.
/// Compare with [`OpenEnum::as_str`] of the whole enum instead, which stays true before and after.
#[derive(Clone)]
pub struct UnknownValue(Text);

/// Wire values are short words, so most unknown ones need no allocation; the enum is no larger for it.
#[derive(Clone)]
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<str>),
}

const SHORT: usize = 22;

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(text.as_bytes());
                Self(Text::Short { length, bytes })
            }
            _ => Self(Text::Long(text.into())),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short { length, bytes } => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                // Copied from a `str`, whole.
                str::from_utf8(text).unwrap_or_default()
            }
            Text::Long(text) => text,
        }
    }
}

impl PartialEq for UnknownValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for UnknownValue {}

impl Hash for UnknownValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What all value lists have in common, for code that is generic over them.
///
/// ```
/// use accredit_models::{open_enum::OpenEnum, thirdparty::KycStatus};
///
/// fn choices<E: OpenEnum>() -> Vec<&'static str> { E::values().collect() }
/// assert_eq!(choices::<KycStatus>(), ["unverified", "processing", "passed", "failed"]);
///
/// // Strict parsing, for what a person typed: an unknown word is an error.
/// assert!("pased".parse::<KycStatus>().is_err());
/// // Open reading, for what a server sent: an unknown word is kept.
/// assert_eq!(KycStatus::from_value("pased").as_str(), "pased");
/// ```
pub trait OpenEnum: Clone + fmt::Display + FromStr + Sized + 'static {
    /// Reads a wire value; a value outside the list becomes the unknown variant. Known values allocate nothing.
    fn from_value(text: &str) -> Self;

    /// The wire value.
    fn as_str(&self) -> &str;

    /// The vendor's label for people, where the list has one.
    fn label(&self) -> Option<&'static str>;

    /// Whether the value is in the list that this version knows.
    fn is_known(&self) -> bool;

    /// The wire values of the list, in the vendor's order.
    fn values() -> impl Iterator<Item = &'static str>;
}

/// Reads an open enum from a JSON string without an allocation for a known value.
pub(crate) struct OpenEnumVisitor<E>(pub(crate) PhantomData<E>);

impl<E: OpenEnum> Visitor<'_> for OpenEnumVisitor<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<Err: Error>(self, text: &str) -> Result<E, Err> {
        Ok(E::from_value(text))
    }
}

/// Reads a closed enum: a value outside the list is an error.
pub(crate) struct ClosedEnumVisitor<E>(pub(crate) PhantomData<E>);

impl<E: FromStr> Visitor<'_> for ClosedEnumVisitor<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the documented list")
    }

    fn visit_str<Err: Error>(self, text: &str) -> Result<E, Err> {
        text.parse()
            .map_err(|_| Err::invalid_value(Unexpected::Other("another text"), &self))
    }
}

/// Declares an open enum and its behaviour, a value a row: `Variant = "wire value", "label";`, the label where there is one.
macro_rules! open_enum {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $wire:literal $(, $label:literal)?;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that this version does not know, kept as sent.
            #[non_exhaustive]
            Unknown($crate::open_enum::UnknownValue),
        }

        $crate::open_enum::enum_text!($name, OpenEnumVisitor, $($variant = $wire,)+);

        impl $name {
            /// Reads a wire value; a value outside the list is kept as [`Unknown`](Self::Unknown).
            #[must_use]
            pub fn from_value(text: &str) -> Self {
                Self::known(text)
                    .unwrap_or_else(|| Self::Unknown($crate::open_enum::UnknownValue::new(text)))
            }

            /// The wire value.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Unknown(value) => value.as_str(),
                }
            }

            /// The vendor's label for people, where the list has one.
            #[must_use]
            pub fn label(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $crate::open_enum::label!($($label)?),)+
                    Self::Unknown(_) => None,
                }
            }

            /// Whether the value is in the list that this version knows.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        $crate::object::always!($name: Self::Unknown($crate::open_enum::UnknownValue::new("")));

        impl $crate::open_enum::OpenEnum for $name {
            fn from_value(text: &str) -> Self {
                Self::from_value(text)
            }

            fn as_str(&self) -> &str {
                self.as_str()
            }

            fn label(&self) -> Option<&'static str> {
                self.label()
            }

            fn is_known(&self) -> bool {
                self.is_known()
            }

            fn values() -> impl Iterator<Item = &'static str> {
                Self::values()
            }
        }
    };
}

/// Declares a list that only we send: the same, without an unknown variant.
macro_rules! closed_enum {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $wire:literal $(, $label:literal)?;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        $crate::open_enum::enum_text!($name, ClosedEnumVisitor, $($variant = $wire,)+);

        impl $name {
            /// The wire value.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)+
                }
            }

            /// The vendor's label for people, where the list has one.
            #[must_use]
            pub fn label(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $crate::open_enum::label!($($label)?),)+
                }
            }
        }

        $crate::object::always!($name: $crate::open_enum::first!($($variant)+));
    };
}

macro_rules! label {
    () => {
        None
    };
    ($label:literal) => {
        Some($label)
    };
}

macro_rules! first {
    ($first:ident $($rest:ident)*) => {
        Self::$first
    };
}

/// What open and closed enums share: the list, text and serde.
macro_rules! enum_text {
    ($name:ident, $visitor:ident, $($variant:ident = $wire:literal,)+) => {
        impl $name {
            fn known(text: &str) -> Option<Self> {
                Some(match text {
                    $($wire => Self::$variant,)+
                    _ => return None,
                })
            }

            /// The wire values of the list, in the vendor's order.
            pub fn values() -> impl Iterator<Item = &'static str> {
                <Self as strum::VariantNames>::VARIANTS.iter().copied()
            }
        }

        /// The wire values of the list, in the vendor's order.
        impl strum::VariantNames for $name {
            const VARIANTS: &'static [&'static str] = &[$($wire),+];
        }

        impl std::str::FromStr for $name {
            type Err = strum::ParseError;

            fn from_str(text: &str) -> Result<Self, strum::ParseError> {
                Self::known(text).ok_or(strum::ParseError::VariantNotFound)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = strum::ParseError;

            fn try_from(text: &str) -> Result<Self, strum::ParseError> {
                text.parse()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::open_enum::$visitor(std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use {closed_enum, enum_text, first, label, open_enum};
