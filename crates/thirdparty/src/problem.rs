//! What the service says about a request that it refused.

use std::{collections::BTreeMap, fmt};

use accredit_transport::Error;
use serde_json::Value;

/// The key under which the framework puts what belongs to no field.
const WHOLE: &str = "non_field_errors";

/// Reads the service's own words from an error.
///
/// ```
/// use accredit_thirdparty::{ErrorExt as _, transport::{Error, Reply, http::{HeaderMap, StatusCode}}};
///
/// let body = r#"{"entity": {"email": ["Enter a valid email address."]}, "user_agreements": {"1": ["A valid integer is required."]}}"#;
/// let error = Error::from_reply(Reply::new(StatusCode::BAD_REQUEST, HeaderMap::new(), body));
/// assert_eq!(error.fields().get("entity.email"), ["Enter a valid email address."]);
/// assert_eq!(error.fields().get("user_agreements[1]"), ["A valid integer is required."]);
/// ```
pub trait ErrorExt {
    /// The messages of each field that the service refused; empty when it refused none. They may quote what was sent.
    fn fields(&self) -> FieldErrors;

    /// All that the service says, as [`Problem::of`] reads it.
    fn problem(&self) -> Option<Problem>;
}

impl ErrorExt for Error {
    fn fields(&self) -> FieldErrors {
        self.problem().map(Problem::into_fields).unwrap_or_default()
    }

    fn problem(&self) -> Option<Problem> {
        Problem::of(self)
    }
}

/// The messages of a refused request by the path of the field: `quantity`, `entity.first_name`, `user_agreements[1]`,
/// or `non_field_errors` for an object as a whole (`entity.non_field_errors`).
///
/// The texts may quote what was sent, so `Debug` shows the paths only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// The messages of one field; empty when nothing is wrong with it.
    #[must_use]
    pub fn get(&self, path: &str) -> &[String] {
        self.0.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every refused field with its messages, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(path, messages)| (&**path, &**messages))
    }

    /// How many fields were refused.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn collect(&mut self, path: String, value: Value) {
        match value {
            Value::String(text) => self.0.entry(path).or_default().push(text),
            // A list holds messages, or one object for each element of a list that was sent.
            Value::Array(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    let path = if item.is_object() {
                        format!("{path}[{index}]")
                    } else {
                        path.clone()
                    };
                    self.collect(path, item);
                }
            }
            Value::Object(object) => {
                for (name, value) in object {
                    // The elements of a list of plain values are counted by keys.
                    let is_index =
                        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
                    let path = if is_index {
                        format!("{path}[{name}]")
                    } else {
                        format!("{path}.{name}")
                    };
                    self.collect(path, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl fmt::Debug for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The service's own words about a refused request.
///
/// It answers in several shapes (Django REST Framework's field errors and `detail`, knox's `error`, the action envelope's
/// `message`); this joins them. The texts may quote what was sent, so `Debug` shows the names of the fields only.
///
/// ```
/// use accredit_thirdparty::{Problem, transport::{Error, Reply, http::{HeaderMap, StatusCode}}};
///
/// let body = r#"{"entity": {"first_name": ["This field is required."]}, "quantity": ["A valid integer is required."]}"#;
/// let error = Error::from_reply(Reply::new(StatusCode::BAD_REQUEST, HeaderMap::new(), body));
/// let problem = Problem::of(&error).unwrap();
/// assert_eq!(problem.field("entity.first_name"), ["This field is required."]);
/// assert_eq!(problem.fields().count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Problem {
    message: Option<String>,
    fields: FieldErrors,
}

impl Problem {
    /// Reads the body of an error; `None` when there is none or it is neither a JSON object nor a list of messages, such as a
    /// proxy's HTML page.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let object = match serde_json::from_slice(error.body()).ok()? {
            Value::Object(object) => object,
            // A refusal that belongs to no serializer comes as a bare list.
            messages @ Value::Array(_) => [(WHOLE.to_owned(), messages)].into_iter().collect(),
            _ => return None,
        };
        let mut problem = Self::default();
        for (name, value) in object {
            match (&*name, value) {
                ("detail" | "error" | "message", Value::String(text)) => {
                    problem.message.get_or_insert(text);
                }
                ("success" | "data", _) => {}
                (_, value) => problem.fields.collect(name, value),
            }
        }
        Some(problem)
    }

    /// What the service says about the request as a whole. It may quote what was sent.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The messages of each field, by its path (`entity.first_name`); those about an object as a whole stand under
    /// `non_field_errors`. They may quote what was sent.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.fields.iter()
    }

    /// The messages of one field; empty when nothing is wrong with it.
    #[must_use]
    pub fn field(&self, path: &str) -> &[String] {
        self.fields.get(path)
    }

    /// The messages of the fields, without the rest.
    #[must_use]
    pub fn into_fields(self) -> FieldErrors {
        self.fields
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
