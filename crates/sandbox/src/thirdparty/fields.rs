//! Reading a request body as a DRF serializer does: every field checked, all complaints in one
//! answer.
//!
//! Form values arrive as text and are read like DRF reads them. It validates single fields; rules
//! between fields are the resource's.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::OptionalExtension;
use rust_decimal::RoundingStrategy;
use serde_json::{Map, Value};

use super::{errors, literals};
use crate::call::Call;
use crate::json::{Json, object};
use crate::payload::{File, Payload, python_type};
use crate::reply::Failure;

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// A body under validation.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    values: Cow<'a, Map<String, Value>>,
    files: &'a [File],
    errors: Vec<(Cow<'static, str>, Json)>,
}

impl<'a> Fields<'a> {
    /// The body of a call; the parser's refusals otherwise.
    pub(crate) fn of(call: &Call<'a>) -> Result<Self, Failure> {
        match call.payload {
            Payload::Fields { fields, files } => Ok(Self {
                values: Cow::Borrowed(fields),
                files,
                errors: Vec::new(),
            }),
            Payload::NotAnObject("NoneType") => Err(errors::non_field("No data provided").into()),
            Payload::NotAnObject(found) => Err(errors::non_field(not_a_dictionary(found)).into()),
            Payload::Malformed(detail) => Err(errors::parse_error(detail).into()),
            Payload::Unsupported(content_type) => {
                Err(errors::unsupported_media_type(content_type).into())
            }
        }
    }

    /// The fields of a nested object; `None` with a complaint when it is missing or something else.
    pub(crate) fn nested(&mut self, name: &'static str) -> Option<Fields<'a>> {
        let value = self.values.get(name).cloned();
        match value {
            Some(Value::Object(values)) => Some(Fields {
                values: Cow::Owned(values),
                files: &[],
                errors: Vec::new(),
            }),
            None => {
                // Django's forms spell nested fields `entity.first_name`.
                let prefix = format!("{name}.");
                let values: Map<_, _> = self
                    .values
                    .iter()
                    .filter_map(|(key, value)| {
                        Some((key.strip_prefix(&prefix)?.to_owned(), value.clone()))
                    })
                    .collect();
                if values.is_empty() {
                    self.complain(name, "This field is required.");
                    return None;
                }
                Some(Fields {
                    values: Cow::Owned(values),
                    files: &[],
                    errors: Vec::new(),
                })
            }
            Some(Value::Null) => {
                self.complain(name, "This field may not be null.");
                None
            }
            Some(other) => {
                let errors = object! { "non_field_errors": Json::list([not_a_dictionary(python_type(&other))]) };
                self.errors.push((Cow::Borrowed(name), errors));
                None
            }
        }
    }

    /// Takes over the complaints about a nested object.
    pub(crate) fn absorb(&mut self, name: &'static str, nested: Fields<'_>) {
        if !nested.errors.is_empty() {
            self.errors
                .push((Cow::Borrowed(name), Json::Object(nested.errors)));
        }
    }

    /// All fields as they came.
    pub(crate) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Adds a complaint about a field.
    pub(crate) fn complain(&mut self, name: &'static str, message: impl Into<Json>) {
        self.errors
            .push((Cow::Borrowed(name), Json::List(vec![message.into()])));
    }

    /// Stops here if there was any complaint.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.refuse())
        }
    }

    /// The 400 with all complaints so far.
    pub(crate) fn refuse(&self) -> Failure {
        errors::invalid(Json::Object(self.errors.clone())).into()
    }

    pub(crate) fn text(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        match self.get(name, presence)? {
            Value::String(text) => {
                let text = text.trim().to_owned();
                if text.contains('\0') {
                    self.complain(name, "Null characters are not allowed.");
                    return None;
                }
                if text.is_empty() && presence == Presence::Required {
                    self.complain(name, "This field may not be blank.");
                    return None;
                }
                Some(text)
            }
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.complain(name, "Not a valid string.");
                None
            }
        }
    }

    pub(crate) fn email(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        let text = self.text(name, presence)?;
        if text.is_empty() || is_email(&text) {
            return Some(text);
        }
        self.complain(name, "Enter a valid email address.");
        None
    }

    pub(crate) fn integer(&mut self, name: &'static str, presence: Presence) -> Option<i64> {
        let value = self.get(name, presence)?;
        let parsed = match &value {
            Value::Number(number) => number.as_i64().or_else(|| whole(&number.to_string())),
            Value::String(text) => whole(text),
            _ => None,
        };
        if parsed.is_none() {
            self.complain(name, "A valid integer is required.");
        }
        parsed
    }

    pub(crate) fn boolean(&mut self, name: &'static str, presence: Presence) -> Option<bool> {
        let parsed = match self.get(name, presence)? {
            Value::Bool(value) => Some(value),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "t" | "y" | "yes" | "true" | "on" | "1" => Some(true),
                "f" | "n" | "no" | "false" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if parsed.is_none() {
            self.complain(name, "Must be a valid boolean.");
        }
        parsed
    }

    /// A decimal with two places, given as a string or as a number, in the form it is printed in.
    pub(crate) fn decimal(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        let text = match self.get(name, presence)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let Some(value) = literals::decimal(&text) else {
            self.complain(name, "A valid number is required.");
            return None;
        };
        if value.normalize().scale() > 2 {
            self.complain(name, "Ensure that there are no more than 2 decimal places.");
            return None;
        }
        let mut value = value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        value.rescale(2);
        Some(value.to_string())
    }

    pub(crate) fn choice(
        &mut self,
        name: &'static str,
        presence: Presence,
        choices: &[&str],
    ) -> Option<String> {
        let value = self.get(name, presence)?;
        match &value {
            Value::String(text) if choices.contains(&text.as_str()) => return Some(text.clone()),
            Value::String(text) if text.is_empty() && presence == Presence::Optional => {
                return None;
            }
            Value::String(text) => {
                self.complain(name, format!("\"{text}\" is not a valid choice."))
            }
            other => self.complain(name, format!("\"{other}\" is not a valid choice.")),
        }
        None
    }

    pub(crate) fn date(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        let value = self.get(name, presence)?;
        let parsed = value
            .as_str()
            .filter(|text| text.len() == 10)
            .and_then(|text| text.parse::<Date>().ok());
        if parsed.is_none() {
            self.complain(
                name,
                "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
            );
        }
        parsed.map(|date| date.to_string())
    }

    pub(crate) fn timestamp(
        &mut self,
        name: &'static str,
        presence: Presence,
    ) -> Option<Timestamp> {
        let value = self.get(name, presence)?;
        let parsed = value.as_str().and_then(literals::timestamp);
        if parsed.is_none() {
            self.complain(
                name,
                "Datetime has wrong format. Use one of these formats instead: \
                 YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
            );
        }
        parsed
    }

    /// The id of an object that must exist in a table.
    pub(crate) fn reference(
        &mut self,
        call: &Call<'_>,
        name: &'static str,
        table: &'static str,
    ) -> Result<Option<i64>, Failure> {
        let Some(value) = self.get(name, Presence::Required) else {
            return Ok(None);
        };
        let id = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let Some(id) = id else {
            self.complain(
                name,
                format!(
                    "Incorrect type. Expected pk value, received {}.",
                    python_type(&value)
                ),
            );
            return Ok(None);
        };
        let sql = format!("SELECT 1 FROM {table} WHERE id = ?1");
        let found: Option<i64> = call
            .db
            .prepare_cached(&sql)?
            .query_row([id], |row| row.get(0))
            .optional()?;
        if found.is_none() {
            self.complain(
                name,
                format!("Invalid pk \"{id}\" - object does not exist."),
            );
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// An uploaded file.
    pub(crate) fn file(&self, name: &str) -> Option<&'a File> {
        self.files.iter().find(|file| file.field == name)
    }

    /// A field's value. Null counts as absent for optional fields, whose nullability the document
    /// does not state.
    fn get(&mut self, name: &'static str, presence: Presence) -> Option<Value> {
        match (self.values.get(name), presence) {
            (Some(Value::Null), Presence::Required) => {
                self.complain(name, "This field may not be null.");
                None
            }
            (None, Presence::Required) => {
                self.complain(name, "This field is required.");
                None
            }
            (Some(Value::Null) | None, Presence::Optional) => None,
            (Some(value), _) => Some(value.clone()),
        }
    }
}

fn not_a_dictionary(found: &str) -> String {
    format!("Invalid data. Expected a dictionary, but got {found}.")
}

/// DRF's integer: a fraction of zeros is dropped, anything else is refused.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    text.parse().ok()
}

/// The parts of Django's e-mail rule that people meet: one `@`, something before it, a dotted name
/// after it.
fn is_email(text: &str) -> bool {
    let Some((user, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |text: &str, extra: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || extra.as_bytes().contains(&byte))
            && !text.starts_with('.')
            && !text.ends_with('.')
            && !text.contains("..")
    };
    plain(user, ".!#$%&'*+/=?^_`{}|~-")
        && (domain == "localhost" || (domain.contains('.') && plain(domain, ".-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_and_integers_read_as_django_reads_them() {
        for good in ["a@b.co", "ada.lovelace+x@example.com", "a@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b.co", "a@b", "a b@c.de", "a..b@c.de"] {
            assert!(!is_email(bad), "{bad}");
        }
        assert_eq!(whole("10.0"), Some(10));
        assert_eq!(whole(" -3 "), Some(-3));
        assert_eq!(whole("1.5"), None);
    }
}
