//! The wrapper around the answer of an action.

use std::fmt;

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::object::{self, Empty, Fields, Object};
use crate::redacted::presence;

/// The wrapper that the Third Party API puts around the answer of an action: `{"success", "message", "data"}`.
///
/// `Debug` leaves the server's words out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope<T> {
    /// The answer.
    pub data: Option<T>,
    /// `false` says that the action failed, whatever the HTTP status.
    pub success: Option<bool>,
    /// The server's words, often empty. They may quote what was sent, so treat them as personal.
    pub message: Option<String>,
}

impl<T> Envelope<T> {
    /// The answer, when there is one.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the server says `success: false`, or sends no `data`.
    pub fn into_data(self) -> Result<T, Refused> {
        match (self.success, self.data) {
            (None | Some(true), Some(data)) => Ok(data),
            _ => Err(Refused {
                message: self.message,
            }),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Envelope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("data", &self.data)
            .field("success", &self.success)
            .field("message", &presence(self.message.as_deref()))
            .finish()
    }
}

const FIELDS: &[&str] = &["data", "success", "message"];

impl<T> object::Always for Envelope<T> {}

impl<T> object::Blank for Envelope<T> {
    fn blank() -> Self {
        Self {
            data: None,
            success: None,
            message: None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Object<'de> for Envelope<T> {
    fn read<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let slots: &mut [object::Slot<'_, 'de, A>] = &mut [
            Some(&mut self.data),
            Some(&mut self.success),
            Some(&mut self.message),
        ];
        object::read(FIELDS, slots, None, map)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object::deserialize(deserializer)
    }
}

impl<T: Serialize> Serialize for Envelope<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields {
            object: "Envelope",
            empty: Empty::Written,
            names: FIELDS,
            values: &[&self.data, &self.success, &self.message],
            extra: None,
        }
        .serialize(serializer)
    }
}

/// An action that the server answered with `success: false`, or without data.
///
/// `Display` leaves the server's words out, since they may quote what was sent; read them with [`message`](Self::message).
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    message: Option<String>,
}

impl Refused {
    /// The server's words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The server's words, owned.
    #[must_use]
    pub fn into_message(self) -> Option<String> {
        self.message
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").finish_non_exhaustive()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server refused the action, or sent no answer")
    }
}

impl std::error::Error for Refused {}
