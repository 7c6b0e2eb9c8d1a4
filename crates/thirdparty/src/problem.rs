//! What the service says about a request that it refused.

use std::{collections::BTreeMap, fmt};

use accredit_transport::Error;
use serde_json::Value;

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
    fields: BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// Reads the body of an error; `None` when there is none or it is neither a JSON object nor a list of messages, such as a
    /// proxy's HTML page.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let object = match serde_json::from_slice(error.body()).ok()? {
            Value::Object(object) => object,
            // A refusal that belongs to no serializer comes as a bare list.
            messages @ Value::Array(_) => [("non_field_errors".to_owned(), messages)]
                .into_iter()
                .collect(),
            _ => return None,
        };
        let mut problem = Self::default();
        for (name, value) in object {
            match (&*name, value) {
                ("detail" | "error" | "message", Value::String(text)) => {
                    problem.message.get_or_insert(text);
                }
                ("success" | "data", _) => {}
                (_, value) => problem.collect(name, value),
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
        self.fields
            .iter()
            .map(|(path, messages)| (&**path, &**messages))
    }

    /// The messages of one field; empty when nothing is wrong with it.
    #[must_use]
    pub fn field(&self, path: &str) -> &[String] {
        self.fields.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    fn collect(&mut self, path: String, value: Value) {
        match value {
            Value::String(text) => self.fields.entry(path).or_default().push(text),
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
                    self.collect(format!("{path}.{name}"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&String> = self.fields.keys().collect();
        f.debug_struct("Problem")
            .field("fields", &fields)
            .finish_non_exhaustive()
    }
}
