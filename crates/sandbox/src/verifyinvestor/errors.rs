//! The error answers of VerifyInvestor: `{"error": …}` from its own code, Rails' public exceptions
//! otherwise.

use http::{HeaderValue, StatusCode, header};

use crate::json::object;
use crate::reply::Reply;

/// The text that the service uses for every refused parameter.
const BAD_PARAMS: &str = "Incorrect or missing params provided.";

/// Rails' answer for an address or method that no route has.
pub(crate) fn no_route(accept: Option<&HeaderValue>) -> Reply {
    let accept = accept
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accept.contains("text/html") {
        let page = "<!DOCTYPE html>\n<html>\n<head><title>The page you were looking for doesn't exist (404)</title></head>\n\
                    <body><h1>The page you were looking for doesn't exist.</h1></body>\n</html>\n";
        return Reply::html(StatusCode::NOT_FOUND, page.to_owned());
    }
    public_exception(StatusCode::NOT_FOUND, "Not Found")
}

/// Rails' answer for a body that does not parse.
pub(crate) fn bad_request() -> Reply {
    public_exception(StatusCode::BAD_REQUEST, "Bad Request")
}

/// Rails' answer when something broke.
pub(crate) fn server_error() -> Reply {
    public_exception(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// 401 with its challenge, or 403.
pub(crate) fn unauthorized(is_forbidden: bool) -> Reply {
    if is_forbidden {
        return error(StatusCode::FORBIDDEN, "HTTP Token: Access denied.");
    }
    error(StatusCode::UNAUTHORIZED, "HTTP Token: Access denied.").header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Token realm=\"Application\""),
    )
}

/// 404 for a user that does not exist or has not authorised the account.
pub(crate) fn no_user() -> Reply {
    error(StatusCode::NOT_FOUND, "A user could not be found.")
}

/// 404 for a verification request.
pub(crate) fn no_request() -> Reply {
    error(
        StatusCode::NOT_FOUND,
        "A verification request could not be found.",
    )
}

/// 404 for a certificate.
pub(crate) fn no_certificate() -> Reply {
    error(StatusCode::NOT_FOUND, "A certificate could not be found.")
}

/// 404 for an invitation.
pub(crate) fn no_invitation() -> Reply {
    error(
        StatusCode::NOT_FOUND,
        "A verification request invitation could not be found.",
    )
}

/// 403 for a portal name that the user has not authorised.
pub(crate) fn portal_not_authorized() -> Reply {
    error(StatusCode::FORBIDDEN, "The portal name is not authorized.")
}

/// 422 for parameters, or a state, that the call cannot work with.
pub(crate) fn bad_params() -> Reply {
    error(StatusCode::UNPROCESSABLE_ENTITY, BAD_PARAMS)
}

fn error(status: StatusCode, message: &'static str) -> Reply {
    Reply::json(status, &object! { "error": message })
}

fn public_exception(status: StatusCode, name: &'static str) -> Reply {
    Reply::json(
        status,
        &object! { "status": i64::from(status.as_u16()), "error": name },
    )
}
