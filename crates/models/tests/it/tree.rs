//! A JSON value that keeps the digits of its numbers, to compare what went in with what came out.
//!
//! Maps have no order and no duplicates here.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
}

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// `a.b[0]`, as errors print it.
pub(crate) fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

impl Tree {
    pub(crate) fn parse(text: &str) -> Self {
        let raw: &RawValue = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let text = raw.get();
        match text.as_bytes()[0] {
            b'{' => {
                let map: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap();
                Self::Map(
                    map.into_iter()
                        .map(|(key, value)| (key, Self::parse(value.get())))
                        .collect(),
                )
            }
            b'[' => {
                let list: Vec<&RawValue> = serde_json::from_str(text).unwrap();
                Self::List(
                    list.into_iter()
                        .map(|item| Self::parse(item.get()))
                        .collect(),
                )
            }
            b'"' => Self::Text(serde_json::from_str(text).unwrap()),
            b't' | b'f' => Self::Bool(text == "true"),
            b'n' => Self::Null,
            _ => Self::Number(text.to_owned()),
        }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn map(&self) -> &BTreeMap<String, Self> {
        let Self::Map(map) = self else {
            panic!("not an object: {self}")
        };
        map
    }

    /// With one more field.
    pub(crate) fn with(&self, key: &str, value: Self) -> Self {
        let mut map = self.map().clone();
        map.insert(key.to_owned(), value);
        Self::Map(map)
    }

    /// Without the fields that `drop` names, at any depth.
    pub(crate) fn without(self, drop: fn(&Self) -> bool) -> Self {
        match self {
            Self::List(list) => {
                Self::List(list.into_iter().map(|item| item.without(drop)).collect())
            }
            Self::Map(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| (key, value.without(drop)))
                    .filter(|(_, value)| !drop(value))
                    .collect(),
            ),
            scalar => scalar,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(crate) fn is_null_or_empty_list(&self) -> bool {
        self.is_null() || *self == Self::List(Vec::new())
    }

    /// Every value inside, and itself, with its path.
    pub(crate) fn walk(&self) -> Vec<(Vec<Step>, &Self)> {
        let mut all = Vec::new();
        let mut next = vec![(Vec::new(), self)];
        while let Some((path, value)) = next.pop() {
            let step = |step| {
                let mut path = path.clone();
                path.push(step);
                path
            };
            match value {
                Self::List(list) => {
                    next.extend(
                        list.iter()
                            .enumerate()
                            .map(|(at, item)| (step(Step::Index(at)), item)),
                    );
                }
                Self::Map(map) => {
                    next.extend(
                        map.iter()
                            .map(|(key, item)| (step(Step::Key(key.clone())), item)),
                    );
                }
                _ => {}
            }
            all.push((path, value));
        }
        all
    }

    pub(crate) fn at_mut(&mut self, path: &[Step]) -> &mut Self {
        path.iter().fold(self, |value, step| match (value, step) {
            (Self::List(list), Step::Index(index)) => &mut list[*index],
            (Self::Map(map), Step::Key(key)) => map.get_mut(key).unwrap(),
            _ => panic!("no {step:?}"),
        })
    }

    /// With another value at a path.
    pub(crate) fn replace(&self, path: &[Step], value: Self) -> Self {
        let mut changed = self.clone();
        *changed.at_mut(path) = value;
        changed
    }

    /// As JSON with the keys in falling order; `to_string` has them in rising order.
    pub(crate) fn backwards(&self) -> String {
        match self {
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(Self::backwards).collect();
                format!("[{}]", items.join(","))
            }
            Self::Map(map) => {
                let pairs = map.iter().rev();
                let pairs: Vec<String> = pairs
                    .map(|(key, value)| format!("{}:{}", quote(key), value.backwards()))
                    .collect();
                format!("{{{}}}", pairs.join(","))
            }
            scalar => scalar.to_string(),
        }
    }

    /// As JSON with blanks wherever JSON allows them.
    pub(crate) fn spread(&self) -> String {
        match self {
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(Self::spread).collect();
                format!("[ {}\n ]", items.join(" ,\r\n\t"))
            }
            Self::Map(map) => {
                let pairs: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{} : {}", quote(key), value.spread()))
                    .collect();
                format!("{{\n {}\n}} ", pairs.join(" ,\n "))
            }
            scalar => scalar.to_string(),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => f.write_str(&quote(text)),
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Self::Map(map) => {
                let pairs: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}:{value}", quote(key)))
                    .collect();
                write!(f, "{{{}}}", pairs.join(","))
            }
        }
    }
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn a_tree_keeps_the_digits_and_forgets_the_order() {
    let text = r#"{"b": [1.50, 123456789012345678901234567890, "é\n", null], "a": {"x": true}}"#;
    let tree = Tree::parse(text);
    assert_eq!(
        tree.to_string(),
        r#"{"a":{"x":true},"b":[1.50,123456789012345678901234567890,"é\n",null]}"#
    );
    assert_eq!(Tree::parse(&tree.backwards()), tree);
    assert_eq!(Tree::parse(&tree.spread()), tree);
    let path = [Step::Key("b".to_owned()), Step::Index(0)];
    assert_eq!(path_text(&path), "b[0]");
    assert_eq!(*tree.replace(&path, Tree::Null).at_mut(&path), Tree::Null);
    assert!(
        tree.walk()
            .contains(&(path.to_vec(), &Tree::Number("1.50".to_owned())))
    );
}
