//! Who may talk to the sandbox: only names of this machine in `Host`, and no foreign web page on
//! the pages and controls.
//!
//! Without the first check a web page could reach the sandbox through DNS rebinding; without the
//! second it could post a form to it.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use http::{HeaderMap, Method, Response, StatusCode, Uri, header};

use crate::json::object;
use crate::reply::Reply;

/// Refuses requests for other hosts (421) and cross-site writes outside the two APIs (403).
pub(crate) async fn guard(request: Request, next: Next) -> Response<Body> {
    if authority(request.headers(), request.uri()).is_none_or(|authority| !is_loopback(&authority))
    {
        let body = object! { "detail": "The sandbox answers only to names of this machine, such as localhost." };
        return Reply::json(StatusCode::MISDIRECTED_REQUEST, &body).into_response();
    }
    let writes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let is_api = request.uri().path().starts_with("/api");
    if writes && !is_api && is_foreign(request.headers()) {
        let body = object! { "detail": "This page may not be used from another site." };
        return Reply::json(StatusCode::FORBIDDEN, &body).into_response();
    }
    next.run(request).await
}

/// Host and port as the client addressed us.
pub(crate) fn authority(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then(|| host.to_owned())
}

/// Whether an authority names this machine.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => {
            let name = bare.to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    !authority.is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        for good in [
            "localhost",
            "localhost:80",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:1",
            "LOCALHOST",
            "a.localhost",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "evil.example",
            "10.0.0.1",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "u@localhost",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
