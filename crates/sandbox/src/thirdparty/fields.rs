//! Reading a request body as a DRF serializer does: every field checked, all complaints in one
//! answer.
//!
//! Form values arrive as text and are read like DRF reads them. It validates single fields; rules
//! between fields are the resource's.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::OptionalExtension;
use serde_json::{Map, Value};

use super::emails::is_email;
use super::python::{self, Int};
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
    is_form: bool,
    errors: Vec<(Cow<'static, str>, Json)>,
}

impl<'a> Fields<'a> {
    /// The body of a call; the parser's refusals otherwise.
    pub(crate) fn of(call: &Call<'a>) -> Result<Self, Failure> {
        match call.payload {
            Payload::Fields {
                fields,
                files,
                is_form,
            } => Ok(Self {
                values: Cow::Borrowed(fields),
                files,
                is_form: *is_form,
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
        // Forms spell nested fields `entity.first_name`; plain `entity` is nothing to them.
        let value = self.values.get(name).filter(|_| !self.is_form).cloned();
        match value {
            Some(Value::Object(values)) => Some(self.inner(values)),
            None => {
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
                Some(self.inner(values))
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

    fn inner(&self, values: Map<String, Value>) -> Fields<'a> {
        Fields {
            values: Cow::Owned(values),
            files: &[],
            is_form: self.is_form,
            errors: Vec::new(),
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

    /// Whether they came from a form, not from JSON.
    pub(crate) fn is_form(&self) -> bool {
        self.is_form
    }

    /// Adds a complaint about a field.
    pub(crate) fn complain(&mut self, name: &'static str, message: impl Into<Json>) {
        self.errors
            .push((Cow::Borrowed(name), Json::List(vec![message.into()])));
    }

    /// Puts the complaints in the order of the serializer's fields.
    pub(crate) fn sort(&mut self, order: &[&str]) {
        self.errors
            .sort_by_key(|(name, _)| order.iter().position(|known| known == name));
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
        self.string(name, presence, "Not a valid string.")
    }

    fn string(
        &mut self,
        name: &'static str,
        presence: Presence,
        otherwise: &'static str,
    ) -> Option<String> {
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
                self.complain(name, otherwise);
                None
            }
        }
    }

    pub(crate) fn email(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        const COMPLAINT: &str = "Enter a valid email address.";
        let text = self.string(name, presence, COMPLAINT)?;
        if text.is_empty() || is_email(&text) {
            return Some(text);
        }
        self.complain(name, COMPLAINT);
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
            Value::Number(number) => match number.to_string().as_str() {
                "0" | "0.0" | "-0.0" => Some(false),
                "1" | "1.0" => Some(true),
                _ => None,
            },
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "t" | "y" | "yes" | "true" | "on" | "1" => Some(true),
                "f" | "n" | "no" | "false" | "off" | "0" => Some(false),
                "" | "null" if presence == Presence::Optional => return None,
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
        let text = python::text(&self.get(name, presence)?);
        if text.trim().is_empty() && presence == Presence::Optional {
            return None;
        }
        literals::amount(&text)
            .map_err(|complaint| self.complain(name, complaint))
            .ok()
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
            other => {
                let shown = python::text(other);
                self.complain(name, format!("\"{shown}\" is not a valid choice."));
            }
        }
        None
    }

    pub(crate) fn date(&mut self, name: &'static str, presence: Presence) -> Option<String> {
        let value = self.get(name, presence)?;
        let parsed = value.as_str().and_then(literals::date);
        if parsed.is_none() {
            self.complain(
                name,
                "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
            );
        }
        parsed.map(|date: Date| date.to_string())
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
            // Python cuts a fraction off.
            Value::Number(number) => {
                let text = number.to_string();
                python::int(text.split_once('.').map_or(&*text, |(whole, _)| whole))
            }
            Value::String(text) if text.is_empty() => {
                self.complain(name, "This field may not be null.");
                return Ok(None);
            }
            Value::String(text) => python::int(text),
            _ => None,
        };
        let id = match id {
            Some(Int::Fits(id)) => Some(id),
            Some(Int::Beyond) => {
                self.complain_about_pk(name, &value);
                return Ok(None);
            }
            None => None,
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
            self.complain_about_pk(name, &value);
            return Ok(None);
        }
        Ok(Some(id))
    }

    fn complain_about_pk(&mut self, name: &'static str, value: &Value) {
        let shown = python::text(value);
        self.complain(
            name,
            format!("Invalid pk \"{shown}\" - object does not exist."),
        );
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
            (Some(Value::String(text)), Presence::Optional) if self.is_form && text.is_empty() => {
                None
            }
            (Some(value), _) => Some(value.clone()),
        }
    }
}

fn not_a_dictionary(found: &str) -> String {
    format!("Invalid data. Expected a dictionary, but got {found}.")
}

/// DRF's integer: a point and zeros after it are dropped, anything else is refused.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim_end();
    let text = match text.trim_end_matches('0').strip_suffix('.') {
        Some(whole) => whole,
        None => text,
    };
    match python::int(text)? {
        Int::Fits(number) => Some(number),
        Int::Beyond => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_as_drf_reads_them() {
        assert_eq!(whole("10.0"), Some(10));
        assert_eq!(whole("10. "), Some(10));
        assert_eq!(whole("100"), Some(100));
        assert_eq!(whole(" -3 "), Some(-3));
        assert_eq!(whole("1.5"), None);
    }
}
