//! VerifyInvestor.com's Regular API v1 as Rails serves it, with the browser pages on which an
//! investor acts.
//!
//! It knows nothing of the Third Party API: the two services share a port and a database file, no
//! state.

pub(crate) mod authorization;
pub(crate) mod billing;
pub(crate) mod certificates;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod investor_pages;
pub(crate) mod invitations;
pub(crate) mod legal_names;
mod methods;
pub(crate) mod requests;
pub(crate) mod reviews;
pub(crate) mod status;
pub(crate) mod users;
pub(crate) mod verification_requests;

use http::header;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::credentials::VERIFYINVESTOR_API_TOKEN;
use crate::dispatch::{self, Incoming};
use crate::payload::Payload;
use crate::reply::{Outcome, Reply};
use crate::state::Shared;

/// Answers a call whose path exists. Rails reads the body before anything else, then the route with
/// its method, and the controller checks the token first.
pub(crate) fn answer(shared: &Shared, incoming: &Incoming) -> Reply {
    if matches!(incoming.payload, Payload::Malformed(_)) {
        return errors::bad_request();
    }
    let Some(route) = incoming
        .found
        .routes
        .iter()
        .find(|route| route.method == incoming.method())
    else {
        return errors::no_route(incoming.parts.headers.get(header::ACCEPT));
    };
    if route.authenticated
        && presented_token(incoming.header(header::AUTHORIZATION)) != Some(VERIFYINVESTOR_API_TOKEN)
    {
        return errors::unauthorized(shared.switches.invalid_token_status.is("403"));
    }
    let work = |db: &rusqlite::Connection| -> Outcome {
        let now = shared.clock.now();
        status::expire(shared, db, now)?;
        dispatch::perform(&Call {
            route,
            shared,
            db,
            now,
            payload: &incoming.payload,
            placeholders: &incoming.found.placeholders,
            query: &incoming.query,
            path: incoming.parts.uri.path(),
            origin: &incoming.origin,
            unlisted: incoming.unlisted.as_ref(),
            user: 0,
            token: None,
        })
    };
    dispatch::transact(shared, work, errors::server_error)
}

/// What Rails' own parser takes: `Token abc`, `Token token=abc`, `Token token="abc"`, and `Bearer`
/// alike.
fn presented_token(header: &str) -> Option<&str> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("token") && !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let first = rest.split([',', ';', '\t']).next()?.trim();
    let value = first.strip_prefix("token=").unwrap_or(first);
    Some(value.trim_matches('"'))
}

/// The parameters of a body. Rails ignores content types that it does not know.
pub(crate) fn parameters<'a>(call: &Call<'a>) -> Result<Option<&'a Map<String, Value>>, Reply> {
    match call.payload {
        Payload::Fields { fields, .. } => Ok(Some(fields)),
        Payload::NotAnObject(_) | Payload::Malformed(_) => Err(errors::bad_request()),
        Payload::Unsupported(_) => Ok(None),
    }
}

/// A text parameter; null, blank and absent are the same.
pub(crate) fn text(parameters: Option<&Map<String, Value>>, name: &str) -> Option<String> {
    match parameters?.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_in_every_spelling_that_rails_takes() {
        for header in [
            "Token abc",
            "token abc",
            "Token token=abc",
            "Token token=\"abc\"",
            "Bearer abc",
        ] {
            assert_eq!(presented_token(header), Some("abc"), "{header}");
        }
        for header in ["", "abc", "Basic abc"] {
            assert_eq!(presented_token(header), None, "{header}");
        }
    }
}
