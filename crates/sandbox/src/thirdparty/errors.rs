//! The error answers of Django and DRF, word for word.
//!
//! Only the texts and statuses; when they apply is decided where they are called.

use http::{HeaderValue, StatusCode, header};

use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::Reply;

/// 404 of Django itself, for an address that is in no URL table.
pub(crate) fn page_not_found() -> Reply {
    let page = page(
        "Not Found",
        "The requested resource was not found on this server.",
    );
    Reply::html(StatusCode::NOT_FOUND, page)
}

/// 301 of Django itself, to the address with its slash.
pub(crate) fn moved(location: &str) -> Reply {
    let page = Reply::html(StatusCode::MOVED_PERMANENTLY, String::new());
    match HeaderValue::from_str(location) {
        Ok(location) => page.header(header::LOCATION, location),
        Err(_) => page_not_found(),
    }
}

/// 500 of Django itself.
pub(crate) fn server_error() -> Reply {
    let page = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  \
                <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n";
    Reply::html(StatusCode::INTERNAL_SERVER_ERROR, page.to_owned())
}

/// 401 with its challenge.
pub(crate) fn unauthorized(detail: &'static str) -> Reply {
    Reply::json(StatusCode::UNAUTHORIZED, &object! { "detail": detail })
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"))
}

/// 404 for an id that is no number.
pub(crate) fn not_found() -> Reply {
    Reply::json(StatusCode::NOT_FOUND, &object! { "detail": "Not found." })
}

/// 404 for an id that no object has, in the words of newer or of older versions of DRF.
pub(crate) fn no_match(call: &Call<'_>, model: &str) -> Reply {
    if call.shared.switches.not_found_text.is("older") {
        return not_found();
    }
    let detail = format!("No {model} matches the given query.");
    Reply::json(StatusCode::NOT_FOUND, &object! { "detail": detail })
}

/// 404 for a page that does not exist.
pub(crate) fn invalid_page() -> Reply {
    Reply::json(
        StatusCode::NOT_FOUND,
        &object! { "detail": "Invalid page." },
    )
}

/// 405.
pub(crate) fn method_not_allowed(method: &str) -> Reply {
    let detail = format!("Method \"{method}\" not allowed.");
    Reply::json(
        StatusCode::METHOD_NOT_ALLOWED,
        &object! { "detail": detail },
    )
}

/// 406.
pub(crate) fn not_acceptable() -> Reply {
    let detail = "Could not satisfy the request Accept header.";
    Reply::json(StatusCode::NOT_ACCEPTABLE, &object! { "detail": detail })
}

/// 429, with the seconds to wait where they are known.
pub(crate) fn throttled(seconds: Option<u64>) -> Reply {
    let mut detail = "Request was throttled.".to_owned();
    if let Some(seconds) = seconds {
        let plural = if seconds == 1 { "" } else { "s" };
        detail.push_str(&format!(" Expected available in {seconds} second{plural}."));
    }
    let reply = Reply::json(StatusCode::TOO_MANY_REQUESTS, &object! { "detail": detail });
    // DRF leaves the header out for zero seconds.
    match seconds {
        None | Some(0) => reply,
        Some(seconds) => reply.header(header::RETRY_AFTER, HeaderValue::from(seconds)),
    }
}

/// 401 of the login.
pub(crate) fn wrong_credentials() -> Reply {
    unauthorized("Incorrect authentication credentials.")
}

/// 403 of the login.
pub(crate) fn too_many_tokens() -> Reply {
    let error = "Maximum amount of tokens allowed per user exceeded.";
    Reply::json(StatusCode::FORBIDDEN, &object! { "error": error })
}

/// 400 for a body that does not parse.
pub(crate) fn parse_error(detail: &str) -> Reply {
    Reply::json(
        StatusCode::BAD_REQUEST,
        &object! { "detail": detail.to_owned() },
    )
}

/// 415.
pub(crate) fn unsupported_media_type(content_type: &str) -> Reply {
    let detail = format!("Unsupported media type \"{content_type}\" in request.");
    Reply::json(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        &object! { "detail": detail },
    )
}

/// 400 of a serializer or filter set: messages by field.
pub(crate) fn invalid(errors: Json) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, &errors)
}

/// 400 that belongs to no field.
pub(crate) fn non_field(message: impl Into<Json>) -> Reply {
    invalid(object! { "non_field_errors": Json::List(vec![message.into()]) })
}

fn page(title: &str, text: &str) -> String {
    format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n  \
         <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    )
}
