//! Who may talk to the sandbox: only names of this machine in `Host`, besides those that its builder
//! was told, and no foreign web page on the pages and controls.
//!
//! Without the first check a web page could reach the sandbox through DNS rebinding; without the
//! second it could post a form to it.

use std::net::IpAddr;

use axum::extract::Request;
use http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::json::object;
use crate::reply::Reply;
use crate::state::Shared;

/// Refuses requests for other hosts (421) and cross-site writes outside the two APIs (403).
pub(crate) fn refusal(shared: &Shared, request: &Request) -> Option<Reply> {
    let authority = authority(request.headers(), request.uri());
    let Some(authority) = authority.filter(|authority| shared.access.hosts.has(authority)) else {
        let body = object! { "detail": "The sandbox answers only to names of this machine, such as localhost." };
        return Some(Reply::json(StatusCode::MISDIRECTED_REQUEST, &body));
    };
    let writes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if writes && !is_api(request) && is_foreign(request.headers(), authority) {
        let body = object! { "detail": "This page may not be used from another site." };
        return Some(Reply::json(StatusCode::FORBIDDEN, &body));
    }
    None
}

/// Whether a request is for one of the two APIs.
pub(crate) fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api")
}

/// Host and port as the client addressed us.
pub(crate) fn authority<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// The hosts that a sandbox answers to.
#[derive(Debug)]
pub(crate) struct Hosts {
    listen: IpAddr,
    names: Vec<Host>,
}

impl Hosts {
    /// Those of a sandbox on an address, and further ones, which [`is_name`] has let pass.
    pub(crate) fn new(listen: IpAddr, names: &[String]) -> Self {
        let names = names.iter().map(|name| Host::of(name)).collect();
        Self { listen, names }
    }

    fn has(&self, authority: &str) -> bool {
        let Some(host) = Host::read(authority) else {
            return false;
        };
        match &host {
            // On all addresses of the machine it cannot tell which are its own. An address is no name
            // that somebody could rebind, so any will do.
            Host::Address(_) if self.listen.is_unspecified() => true,
            Host::Address(address) if *address == self.listen => true,
            host => host.is_loopback() || self.names.contains(host),
        }
    }
}

/// A host without its port.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

impl Host {
    /// The host of an authority; `None` when it is none, or holds credentials.
    fn read(authority: &str) -> Option<Self> {
        let authority: http::uri::Authority = authority.parse().ok()?;
        (!authority.as_str().contains('@')).then(|| Self::of(authority.host()))
    }

    fn of(host: &str) -> Self {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        bare.parse()
            .map_or_else(|_| Self::Name(bare.to_ascii_lowercase()), Self::Address)
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

/// Whether a text is a host and nothing more: a name or an address, without port or credentials.
pub(crate) fn is_name(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(letters)
}

/// Whether an authority names this machine.
fn is_loopback(authority: &str) -> bool {
    Host::read(authority).is_some_and(|host| host.is_loopback())
}

/// Whether the page that sent a request is of neither this machine nor the sandbox itself.
fn is_foreign(headers: &HeaderMap, own: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    !authority.is_some_and(|authority| is_loopback(authority) || authority == own)
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

    #[test]
    fn a_sandbox_answers_to_its_address_and_the_names_that_it_was_told() {
        let names = ["Sandbox.test".to_owned(), "10.0.0.9".to_owned()];
        let hosts = Hosts::new([10, 0, 0, 1].into(), &names);
        for good in [
            "10.0.0.1:80",
            "10.0.0.9",
            "sandbox.test:80",
            "SANDBOX.TEST",
            "localhost",
        ] {
            assert!(hosts.has(good), "{good}");
        }
        for bad in [
            "10.0.0.2",
            "a.sandbox.test",
            "evil.example",
            "u@10.0.0.1",
            "",
        ] {
            assert!(!hosts.has(bad), "{bad}");
        }
        let everywhere = Hosts::new([0, 0, 0, 0].into(), &[]);
        assert!(everywhere.has("10.0.0.2:80") && everywhere.has("[2001:db8::1]:80"));
        assert!(!everywhere.has("evil.example") && !everywhere.has("sandbox.test"));
    }

    #[test]
    fn a_name_is_a_host_without_anything_else() {
        for good in ["sandbox", "my_sandbox.test", "10.0.0.1", "::1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "a:80", "[::1]", "u@a", "a/b", "a b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
