//! The names of form fields as Rack reads them: `a[b]` is a field of an object, `a[]` an item of a list,
//! `a[][b]` a field of an object in a list.

use serde_json::{Map, Value};

/// Rack's limit.
const DEEPEST: usize = 32;

/// Why the fields make no sense together; Rails answers with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nonsense {
    /// One name is a text, a list and an object at once.
    Conflict,
    TooDeep,
}

/// Puts fields where their names say, in the order in which they came.
pub(crate) fn nested(
    fields: impl IntoIterator<Item = (String, String)>,
) -> Result<Map<String, Value>, Nonsense> {
    let mut object = Map::new();
    for (name, text) in fields {
        put(&mut object, &name, Value::String(text), 0)?;
    }
    Ok(object)
}

fn put(
    object: &mut Map<String, Value>,
    name: &str,
    value: Value,
    depth: usize,
) -> Result<(), Nonsense> {
    if depth >= DEEPEST {
        return Err(Nonsense::TooDeep);
    }
    let (key, rest) = split(name);
    if key.is_empty() {
        return Ok(());
    }
    if rest.is_empty() || rest == "[" {
        object.insert(format!("{key}{rest}"), value);
        return Ok(());
    }
    let Some(rest) = rest.strip_prefix("[]") else {
        let inner = object
            .entry(key)
            .or_insert_with(|| Value::Object(Map::new()));
        let inner = inner.as_object_mut().ok_or(Nonsense::Conflict)?;
        return put(inner, rest, value, depth + 1);
    };
    let list = object
        .entry(key)
        .or_insert_with(|| Value::Array(Vec::new()));
    let list = list.as_array_mut().ok_or(Nonsense::Conflict)?;
    if rest.is_empty() {
        list.push(value);
        return Ok(());
    }
    // A name that the last item has already begins the next one.
    match list.last_mut().and_then(Value::as_object_mut) {
        Some(last) if !has(last, rest) => put(last, rest, value, depth + 1),
        _ => {
            let mut item = Map::new();
            put(&mut item, rest, value, depth + 1)?;
            list.push(Value::Object(item));
            Ok(())
        }
    }
}

/// Whether there is something already where a name leads.
fn has(object: &Map<String, Value>, name: &str) -> bool {
    let (key, rest) = split(name);
    match object.get(key) {
        None => false,
        Some(Value::Object(inner)) if !rest.is_empty() => has(inner, rest),
        // A list inside takes any number of items.
        Some(Value::Array(_)) => false,
        Some(_) => true,
    }
}

/// The first key of a name, without its brackets, and what follows.
fn split(name: &str) -> (&str, &str) {
    let name = name.trim_start_matches(['[', ']']);
    let end = name.find(['[', ']']).unwrap_or(name.len());
    let (key, rest) = name.split_at(end);
    (key, rest.trim_start_matches(']'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(form: &str) -> Result<Value, Nonsense> {
        let pairs = form_urlencoded::parse(form.as_bytes()).into_owned();
        nested(pairs).map(Value::Object)
    }

    #[test]
    fn names_are_read_as_rack_reads_them() {
        for (form, expected) in [
            ("a=1&b=2", json!({ "a": "1", "b": "2" })),
            ("a=1&a=2", json!({ "a": "2" })),
            (
                "a[b]=1&a[c][d]=2",
                json!({ "a": { "b": "1", "c": { "d": "2" } } }),
            ),
            ("a[]=1&a[]=2", json!({ "a": ["1", "2"] })),
            (
                "a[][x]=1&a[][y]=2&a[][x]=3",
                json!({ "a": [{ "x": "1", "y": "2" }, { "x": "3" }] }),
            ),
            (
                "a[][b][c]=1&a[][b][d]=2&a[][b][c]=3",
                json!({ "a": [{ "b": { "c": "1", "d": "2" } }, { "b": { "c": "3" } }] }),
            ),
            (
                "a[][b][]=1&a[][b][]=2",
                json!({ "a": [{ "b": ["1", "2"] }] }),
            ),
            (
                "[a]=1&]b=2&c]=3&d[=4&=5&[]=6",
                json!({ "a": "1", "b": "2", "c": "3", "d[": "4" }),
            ),
        ] {
            assert_eq!(read(form), Ok(expected), "{form}");
        }
        for form in ["a=1&a[b]=2", "a[]=1&a[b]=2", "a[b]=1&a[]=2"] {
            assert_eq!(read(form), Err(Nonsense::Conflict), "{form}");
        }
        let name = |depth| format!("a{}=1", "[b]".repeat(depth));
        assert!(read(&name(31)).is_ok());
        assert_eq!(read(&name(32)), Err(Nonsense::TooDeep));
    }
}
