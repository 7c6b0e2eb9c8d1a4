//! The examples of all types, and what a test may do with a type that it does not know: functions instead of generics.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Display},
    str::FromStr,
    sync::LazyLock,
};

use accredit_models::{DecodeError, Reply, open_enum::OpenEnum};
use serde::{Serialize, de::DeserializeOwned};

use crate::{generated, tree::Tree};

/// What may never be printed; see the generator.
pub(crate) const CANARIES: [&str; 3] = ["canary", "1815-12-10", "918273645"];

/// All of them.
pub(crate) static ALL: LazyLock<Examples> = LazyLock::new(|| {
    let mut examples = Examples::default();
    generated::thirdparty::examples(&mut examples);
    generated::verifyinvestor::examples(&mut examples);
    examples
});

#[derive(Default)]
pub(crate) struct Examples {
    service: &'static str,
    module: &'static str,
    pub(crate) objects: Vec<Object>,
    pub(crate) open_enums: Vec<Open>,
    pub(crate) closed_enums: Vec<Closed>,
    pub(crate) ids: Vec<Id>,
    pub(crate) replies: Vec<Body>,
}

/// An object type.
pub(crate) struct Object {
    pub(crate) service: &'static str,
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_open: bool,
    pub(crate) is_request: bool,
    /// Every field; `"@Name"` stands for that object.
    full: &'static str,
    /// Only the required fields.
    minimal: &'static str,
    /// Decodes.
    pub(crate) read: fn(&str) -> Result<Printed, String>,
    /// Whether two texts decode to equal values.
    pub(crate) equal: fn(&str, &str) -> bool,
}

/// A decoded value in its printed forms.
pub(crate) struct Printed {
    pub(crate) json: String,
    pub(crate) pretty_json: String,
    pub(crate) debug: String,
    pub(crate) pretty_debug: String,
}

/// An open enum.
pub(crate) struct Open {
    pub(crate) name: &'static str,
    /// Wire value and label.
    pub(crate) known: &'static [(&'static str, Option<&'static str>)],
    pub(crate) listed: Vec<&'static str>,
    /// Reads in all three ways, which must agree.
    pub(crate) read: fn(&str) -> Value,
}

/// A value of an open enum.
#[derive(Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) json: String,
    pub(crate) label: Option<&'static str>,
    pub(crate) is_known: bool,
    pub(crate) debug: String,
}

/// A closed enum: only for what we send.
pub(crate) struct Closed {
    pub(crate) name: &'static str,
    pub(crate) known: &'static [(&'static str, Option<&'static str>)],
    pub(crate) listed: Vec<&'static str>,
    /// The text again, when the value is in the list.
    pub(crate) read: fn(&str) -> Option<String>,
}

/// An id type.
pub(crate) struct Id {
    pub(crate) name: &'static str,
    /// From JSON.
    pub(crate) read: fn(&str) -> Result<u64, String>,
    /// From text.
    pub(crate) parse: fn(&str) -> Option<u64>,
    /// To JSON and to text.
    pub(crate) print: fn(u64) -> (String, String),
}

/// The reply of an operation.
pub(crate) struct Body {
    service: &'static str,
    pub(crate) name: &'static str,
    full: &'static str,
    /// Decodes and encodes.
    pub(crate) decode: fn(&[u8]) -> Result<String, DecodeError>,
    /// The path that serde_path_to_error gives.
    pub(crate) tracked_path: fn(&str) -> Option<String>,
}

fn printed<T: Serialize + Debug>(value: &T) -> Printed {
    Printed {
        json: serde_json::to_string(value).unwrap(),
        pretty_json: serde_json::to_string_pretty(value).unwrap(),
        debug: format!("{value:?}"),
        pretty_debug: format!("{value:#?}"),
    }
}

/// What all objects are.
pub(crate) trait Model:
    Serialize + DeserializeOwned + Debug + Clone + PartialEq + 'static
{
}
impl<T: Serialize + DeserializeOwned + Debug + Clone + PartialEq + 'static> Model for T {}

impl Examples {
    pub(crate) fn module(&mut self, service: &'static str, module: &'static str) {
        (self.service, self.module) = (service, module);
    }

    fn object<T: Model>(
        &mut self,
        name: &'static str,
        (is_open, is_request): (bool, bool),
        full: &'static str,
        minimal: &'static str,
    ) {
        self.objects.push(Object {
            service: self.service,
            module: self.module,
            name,
            is_open,
            is_request,
            full,
            minimal,
            read: |text| {
                serde_json::from_str::<T>(text)
                    .map(|value| printed(&value))
                    .map_err(|e| e.to_string())
            },
            equal: |one, other| {
                let (one, other): (T, T) = (
                    serde_json::from_str(one).unwrap(),
                    serde_json::from_str(other).unwrap(),
                );
                one == other && one.clone() == other
            },
        });
    }

    pub(crate) fn response<T: Model>(
        &mut self,
        name: &'static str,
        full: &'static str,
        minimal: &'static str,
    ) {
        self.object::<T>(name, (false, false), full, minimal);
    }

    pub(crate) fn open_response<T: Model>(
        &mut self,
        name: &'static str,
        full: &'static str,
        minimal: &'static str,
    ) {
        self.object::<T>(name, (true, false), full, minimal);
    }

    pub(crate) fn request<T: Model>(
        &mut self,
        name: &'static str,
        full: &'static str,
        minimal: &'static str,
    ) {
        self.object::<T>(name, (false, true), full, minimal);
    }

    pub(crate) fn open_request<T: Model>(
        &mut self,
        name: &'static str,
        full: &'static str,
        minimal: &'static str,
    ) {
        self.object::<T>(name, (true, true), full, minimal);
    }

    pub(crate) fn open_enum<E>(
        &mut self,
        name: &'static str,
        known: &'static [(&'static str, Option<&'static str>)],
        listed: Vec<&'static str>,
    ) where
        E: OpenEnum + Model,
    {
        assert!(E::values().eq(listed.iter().copied()), "{name}");
        let read = |text: &str| {
            let value = E::from_value(text);
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::from_str::<E>(&json).unwrap(), value, "{text:?}");
            let parsed = text.parse::<E>().ok();
            assert_eq!(
                parsed,
                value.is_known().then(|| value.clone()),
                "strict parsing of {text:?}"
            );
            assert_eq!(value.to_string(), value.as_str());
            Value {
                text: value.as_str().to_owned(),
                json: serde_json::to_string(&value).unwrap(),
                label: value.label(),
                is_known: value.is_known(),
                debug: format!("{value:?}"),
            }
        };
        self.open_enums.push(Open {
            name,
            known,
            listed,
            read,
        });
    }

    pub(crate) fn closed_enum<E>(
        &mut self,
        name: &'static str,
        known: &'static [(&'static str, Option<&'static str>)],
        listed: Vec<&'static str>,
    ) where
        E: Model + Copy + Display + FromStr,
    {
        let read = |text: &str| {
            let json = serde_json::to_string(text).unwrap();
            let value = serde_json::from_str::<E>(&json).ok();
            assert_eq!(text.parse::<E>().ok(), value, "{text:?}");
            let value = value?;
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            Some(value.to_string())
        };
        self.closed_enums.push(Closed {
            name,
            known,
            listed,
            read,
        });
    }

    pub(crate) fn id<I>(&mut self, name: &'static str)
    where
        I: Model + Copy + Display + FromStr + From<u64> + Into<u64>,
    {
        self.ids.push(Id {
            name,
            read: |text| {
                serde_json::from_str::<I>(text)
                    .map(Into::into)
                    .map_err(|e| e.to_string())
            },
            parse: |text| text.parse::<I>().ok().map(Into::into),
            print: |id| {
                (
                    serde_json::to_string(&I::from(id)).unwrap(),
                    I::from(id).to_string(),
                )
            },
        });
    }

    pub(crate) fn reply<R: Reply + Model>(&mut self, name: &'static str, full: &'static str) {
        self.replies.push(Body {
            service: self.service,
            name,
            full,
            decode: |body| R::decode(body).map(|reply| serde_json::to_string(&reply).unwrap()),
            tracked_path: |text| {
                let reader = &mut serde_json::Deserializer::from_str(text);
                let error = serde_path_to_error::deserialize::<_, R>(reader).err()?;
                let path = error.path().to_string();
                Some(if path == "." { String::new() } else { path })
            },
        });
    }

    fn find(&self, service: &str, name: &str) -> &Object {
        let found = self
            .objects
            .iter()
            .find(|object| object.service == service && object.name == name);
        found.unwrap_or_else(|| panic!("{service}::{name} has no example"))
    }

    /// Puts examples in the place of their names.
    fn expand(&self, service: &str, tree: Tree, with: fn(&Object) -> &'static str) -> Tree {
        match tree {
            Tree::Text(text) if text.starts_with('@') => {
                let example = with(self.find(service, &text[1..]));
                self.expand(service, Tree::parse(example), with)
            }
            Tree::List(list) => Tree::List(
                list.into_iter()
                    .map(|item| self.expand(service, item, with))
                    .collect(),
            ),
            Tree::Map(map) => {
                let map = map
                    .into_iter()
                    .map(|(key, value)| (key, self.expand(service, value, with)));
                Tree::Map(map.collect::<BTreeMap<_, _>>())
            }
            scalar => scalar,
        }
    }
}

impl Object {
    /// Every field, here and in the objects inside.
    pub(crate) fn full(&self) -> Tree {
        ALL.expand(self.service, Tree::parse(self.full), |object| object.full)
    }

    /// Every field here, the required ones in the objects inside.
    pub(crate) fn shallow(&self) -> Tree {
        ALL.expand(self.service, Tree::parse(self.full), |object| {
            object.minimal
        })
    }

    /// The required fields.
    pub(crate) fn minimal(&self) -> Tree {
        ALL.expand(self.service, Tree::parse(self.minimal), |object| {
            object.minimal
        })
    }

    pub(crate) fn read_tree(&self, tree: &Tree) -> Printed {
        (self.read)(&tree.to_string()).unwrap_or_else(|error| panic!("{self}: {error}: {tree}"))
    }
}

impl Body {
    pub(crate) fn full(&self) -> Tree {
        ALL.expand(self.service, Tree::parse(self.full), |object| object.full)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.service, self.name)
    }
}
