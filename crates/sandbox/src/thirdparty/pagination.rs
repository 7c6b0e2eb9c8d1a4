//! DRF's page-number pagination: `count`, `next`, `previous`, `results`.
//!
//! It renders no object: the resource does, one by one.

use std::collections::BTreeMap;

use super::errors;
use super::filters::{Resource, Selection};
use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

/// One page of a resource.
pub(crate) fn page(
    call: &Call<'_>,
    resource: &Resource,
    render: impl Fn(i64) -> rusqlite::Result<Json>,
) -> Outcome {
    let selection = Selection::of(call, resource, call.route.parameters)?;
    let size = page_size(call);
    let count = selection.count(call, resource)?;
    let pages = count.div_ceil(size).max(1);
    let number = page_number(call.query("page"), pages).ok_or_else(errors::invalid_page)?;
    let keys = selection.keys(
        call,
        resource,
        count,
        size,
        (number - 1).saturating_mul(size),
    )?;
    let results = keys
        .into_iter()
        .map(render)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&object! {
        "count": i64::try_from(count).unwrap_or(i64::MAX),
        "next": (number < pages).then(|| link(call, number + 1)),
        "previous": (number > 1).then(|| link(call, number - 1)),
        "results": results,
    }))
}

/// The page size asked for: nonsense means the default, too much means the most there is.
fn page_size(call: &Call<'_>) -> usize {
    let settings = &call.shared.settings;
    call.query("page_size")
        .and_then(|text| text.trim().parse::<usize>().ok())
        .filter(|size| *size > 0)
        .map_or(settings.page_size, |size| size.min(settings.max_page_size))
}

fn page_number(raw: Option<&str>, pages: usize) -> Option<usize> {
    let number = match raw.unwrap_or_default() {
        "" => 1,
        "last" => pages,
        text => text.trim().parse().ok()?,
    };
    (1..=pages).contains(&number).then_some(number)
}

/// The absolute address of another page: all parameters kept and sorted by name, `page` dropped for
/// the first one.
fn link(call: &Call<'_>, number: usize) -> String {
    let mut parameters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in call.query {
        parameters.entry(name).or_default().push(value);
    }
    let page = number.to_string();
    if number > 1 {
        parameters.insert("page", vec![&page]);
    } else {
        parameters.remove("page");
    }
    let query: Vec<_> = parameters
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| format!("{}={}", quoted(name), quoted(value)))
        })
        .collect();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}{}{separator}{}", call.origin, call.path, query.join("&"))
}

/// Python's `quote_plus`: like a form, but `~` stays and `*` does not.
fn quoted(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace("%7E", "~")
        .replace('*', "%2A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_are_those_of_django() {
        assert_eq!(page_number(None, 3), Some(1));
        assert_eq!(page_number(Some(""), 3), Some(1));
        assert_eq!(page_number(Some("3"), 3), Some(3));
        assert_eq!(page_number(Some("last"), 3), Some(3));
        for bad in ["0", "4", "-1", "x", "1.0"] {
            assert_eq!(page_number(Some(bad), 3), None, "{bad}");
        }
    }

    #[test]
    fn links_quote_as_python_does() {
        assert_eq!(quoted("a b~*/ü"), "a+b~%2A%2F%C3%BC");
    }
}
