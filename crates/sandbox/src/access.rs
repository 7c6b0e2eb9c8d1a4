//! How the sandbox is reached, as its builder chose: the scheme, the hosts that it answers to, and the
//! token that its controls want.
//!
//! The APIs and the investors' pages have credentials of their own; none of them is looked at here.

use std::fmt;
use std::net::IpAddr;

use axum::extract::Request;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::Sha256;

use crate::host::{self, Hosts};
use crate::json::object;
use crate::reply::Reply;
use crate::state::Shared;
use crate::{Error, secrets, tls};

/// Where the sandbox's own interface lives.
const CONTROLS: &str = "/_sandbox";
/// What of it anybody may open: the pages whose address holds a token of its own, the agreements that
/// the API links to, and the sign of life.
const OPEN: [&str; 4] = [
    "/_sandbox/sign/",
    "/_sandbox/id-upload/",
    "/_sandbox/agreements/",
    "/_sandbox/health",
];

/// The inspector's page says nothing by itself: it asks for the token, and the controls for the rest.
const INSPECTOR: [&str; 2] = ["/_sandbox", "/_sandbox/"];

/// How a running sandbox is reached.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) secure: bool,
    pub(crate) hosts: Hosts,
    /// Without one the controls are open.
    pub(crate) token: Option<ControlToken>,
}

impl Access {
    /// Scheme and authority, without a slash at the end.
    pub(crate) fn origin(&self, authority: impl fmt::Display) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{authority}")
    }
}

/// The token of the controls. It follows from no seed: it guards something.
#[derive(Clone)]
pub(crate) struct ControlToken(String);

impl ControlToken {
    /// The token that the user chose; [`checked`](Self::checked) tells whether it will do.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token, if a header can hold it.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        if self.0.is_empty() || !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "a control token is one or more visible ASCII characters, without a space",
            ));
        }
        Ok(self)
    }

    /// A new one, which nobody can foresee.
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        tls::fill_random(&mut bytes)?;
        Ok(Self(secrets::hex(&bytes)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request shows the token. Takes the same time whatever it shows instead.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (shown.next(), shown.next()) else {
            return false;
        };
        let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        scheme.eq_ignore_ascii_case("Bearer") && self.is(token.trim())
    }

    fn is(&self, presented: &str) -> bool {
        // Digests are compared: their length tells nothing, and `verify` takes constant time.
        let digest = |text: &str| {
            Hmac::<Sha256>::new_from_slice(b"control token").map(|mut mac| {
                mac.update(text.as_bytes());
                mac
            })
        };
        match (digest(&self.0), digest(presented)) {
            (Ok(own), Ok(other)) => other.verify(&own.finalize().into_bytes()).is_ok(),
            _ => false,
        }
    }
}

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Which hosts a sandbox on this address answers to.
pub(crate) fn hosts(listen: IpAddr, names: &[String]) -> Result<Hosts, Error> {
    match names.iter().find(|name| !host::is_name(name)) {
        None => Ok(Hosts::new(listen, names)),
        Some(name) => Err(Error::invalid(format!(
            "{name:?} is no host: a name or an IP address, without a port"
        ))),
    }
}

/// Refuses the controls to whoever does not show their token.
pub(crate) fn refusal(shared: &Shared, request: &Request) -> Option<Reply> {
    let path = request.uri().path();
    let is_open = !path.starts_with(CONTROLS)
        || OPEN.iter().any(|open| path.starts_with(open))
        || INSPECTOR.contains(&path);
    match &shared.access.token {
        Some(token) if !is_open && !token.is_shown(request.headers()) => {
            let body = object! { "detail": "The controls of this sandbox want `Authorization: Bearer` and its control token." };
            let wanted = HeaderValue::from_static("Bearer realm=\"sandbox\"");
            let reply = Reply::json(StatusCode::UNAUTHORIZED, &body);
            Some(reply.header(header::WWW_AUTHENTICATE, wanted))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (header::AUTHORIZATION, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = ControlToken::new("canary");
        for good in ["Bearer canary", "bearer canary", "Bearer  canary "] {
            assert!(token.is_shown(&headers(&[good])), "{good}");
        }
        for bad in [
            "Bearer canar",
            "Bearer canaryy",
            "Bearer ",
            "Bearer",
            "Token canary",
            "canary",
        ] {
            assert!(!token.is_shown(&headers(&[bad])), "{bad}");
        }
        assert!(!token.is_shown(&headers(&[])));
        assert!(!token.is_shown(&headers(&["Bearer canary", "Bearer other"])));
        assert_eq!(format!("{token:?}"), "[redacted]");
    }

    #[test]
    fn random_tokens_are_long_and_differ() {
        let (one, other) = (
            ControlToken::random().unwrap(),
            ControlToken::random().unwrap(),
        );
        assert_eq!(one.as_str().len(), 64);
        assert_ne!(one.as_str(), other.as_str());
    }

    #[test]
    fn a_token_that_no_header_holds_is_refused() {
        for bad in ["", "a b", "é", "a\n"] {
            assert!(ControlToken::new(bad).checked().is_err(), "{bad:?}");
        }
    }
}
