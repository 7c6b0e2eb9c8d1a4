//! What DRF's `OPTIONS` tells about a view: its name, what it renders, what it parses and, where it
//! makes objects, their fields.

use super::{actions, errors};
use crate::dispatch::Incoming;
use crate::generated::routes::Operation;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

/// The answer to `OPTIONS`.
pub(crate) fn describe(incoming: &Incoming) -> Outcome {
    let route = incoming
        .found
        .routes
        .first()
        .ok_or_else(errors::not_found)?;
    let description = if route.operation == Operation::AuthLogoutall {
        // knox's own, of its view.
        "Log the user out of all sessions\nI.E. deletes all auth tokens for the user"
    } else {
        ""
    };
    let view = object! {
        "name": name(route.path),
        "description": description,
        "renders": Json::list(["application/json"]),
        "parses": Json::list(["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]),
    };
    let mut routes = incoming.found.routes.iter();
    let fields = routes.find_map(|route| actions::of(route.operation));
    Ok(Reply::ok(&match fields {
        Some(fields) => view.with("actions", object! { "POST": fields }),
        None => view,
    }))
}

/// The name that DRF makes of a view's class and action.
fn name(path: &str) -> String {
    let mut segments = path.split('/').filter(|part| !part.is_empty()).skip(1);
    let view = match segments.next().unwrap_or_default() {
        "auth" => None,
        "kyb_documents" => Some("Kyb Document".to_owned()),
        plural => Some(titled(plural.strip_suffix('s').unwrap_or(plural))),
    };
    match (view, segments.last()) {
        (Some(view), None) => format!("{view} List"),
        (Some(view), Some("{id}")) => format!("{view} Instance"),
        (_, Some("logoutall")) => "Logout All".to_owned(),
        (_, action) => titled(action.unwrap_or_default()),
    }
}

/// Each word with a capital.
pub(super) fn titled(snake: &str) -> String {
    let words: Vec<_> = snake
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_named_as_drf_names_them() {
        for (path, expected) in [
            ("/api_third_party/auth/login/", "Login"),
            ("/api_third_party/investments/", "Investment List"),
            ("/api_third_party/investments/{id}/", "Investment Instance"),
            (
                "/api_third_party/investors/{id}/run_second_kyc/",
                "Run Second Kyc",
            ),
            ("/api_third_party/investors/values/", "Values"),
        ] {
            assert_eq!(name(path), expected);
        }
    }
}
