//! Values that do not print themselves: secrets and personal data.
//!
//! Both read and write their real value on the wire, and print `[redacted]` in `Debug`. Neither implements `Display`, so that
//! no log line can contain one by accident. Reading a value takes an `expose()`, which a search through the code finds.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const REDACTED: &str = "[redacted]";

/// Prints that a text is there, without the text.
pub(crate) fn presence(text: Option<&str>) -> Option<Personal<()>> {
    text.map(|_| Personal::new(()))
}

/// A secret: a token, a password, a payment secret, or a URL that carries authority. Its memory is wiped on drop.
///
/// ```
/// use accredit_models::Secret;
///
/// let token = Secret::from("d2f1…");
/// assert_eq!(format!("{token:?}"), "[redacted]");
/// assert_eq!(token.expose(), "d2f1…");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a text secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(SecretString::from(secret.into()))
    }

    /// The secret itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A personal datum: a name, an address, a birth date, a tax id, a bank number.
///
/// ```
/// use accredit_models::Personal;
///
/// let name = Personal::<String>::from("Ada Lovelace");
/// assert_eq!(format!("{name:?}"), "[redacted]");
/// assert_eq!(name.expose(), "Ada Lovelace");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks a value as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never log it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, owned. Never log it.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Personal<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}
