//! An origin: scheme, host and port. What credentials are bound to.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

use crate::error::ConfigError;

/// Scheme, host and port, compared as a whole: a token for `https://host` is no token for
/// `http://host` or `https://host:8443`.
///
/// ```
/// use accredit_transport::Origin;
///
/// let origin = Origin::of(&"https://api.example.com/v1".parse()?).expect("absolute");
/// assert!(origin.contains(&"https://API.example.com:443/users".parse()?));
/// assert!(!origin.contains(&"http://api.example.com/users".parse()?));
/// # Ok::<(), accredit_transport::http::uri::InvalidUri>(())
/// ```
#[derive(Clone)]
pub struct Origin {
    secure: bool,
    /// Lower case, as in the URI: an IPv6 address keeps its brackets.
    host: String,
    port: u16,
    /// The authority as it was written. Only to recognise it again without taking it apart.
    written: String,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.secure == other.secure && self.port == other.port && self.host == other.host
    }
}

impl Eq for Origin {}

impl Origin {
    /// The origin of an absolute `http` or `https` URI. `None` for any other, and for one with user
    /// information.
    #[must_use]
    pub fn of(uri: &Uri) -> Option<Self> {
        let (secure, host, port) = parts(uri)?;
        let written = uri.authority()?.as_str().to_owned();
        Some(Self {
            secure,
            host: host.to_ascii_lowercase(),
            port,
            written,
        })
    }

    /// Whether an absolute URI lies in this origin. A relative one does not.
    #[must_use]
    pub fn contains(&self, uri: &Uri) -> bool {
        let scheme = if self.secure {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let is_as_written = uri.scheme() == Some(&scheme)
            && uri
                .authority()
                .is_some_and(|authority| authority.as_str() == self.written);
        is_as_written
            || parts(uri).is_some_and(|(secure, host, port)| {
                secure == self.secure && port == self.port && host.eq_ignore_ascii_case(&self.host)
            })
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine by its name alone: `localhost`, `127.0.0.0/8` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Fails unless the origin may be spoken to: `https`, or a loopback host for which clear text
    /// was allowed.
    pub(crate) fn check(&self, allow_insecure_loopback: bool) -> Result<(), ConfigError> {
        if self.secure || (allow_insecure_loopback && self.is_loopback()) {
            return Ok(());
        }
        Err(ConfigError::new(
            "base_uri",
            if self.is_loopback() {
                "clear-text http to this machine has to be allowed with allow_insecure_loopback(true)"
            } else {
                "clear-text http is refused; the scheme must be https"
            },
        ))
    }
}

/// Whether secure, the host, the port. The port of a scheme is that of the protocol, written or
/// not.
fn parts(uri: &Uri) -> Option<(bool, &str, u16)> {
    let secure = match uri.scheme_str()? {
        scheme if scheme.eq_ignore_ascii_case("https") => true,
        scheme if scheme.eq_ignore_ascii_case("http") => false,
        _ => return None,
    };
    let authority = uri.authority()?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let port = match authority.port_u16() {
        Some(port) => port,
        // `host:` and `host:99999` have a colon and no port that can be read.
        None if authority.as_str().len() != authority.host().len() => return None,
        None if secure => 443,
        None => 80,
    };
    Some((secure, authority.host(), port))
}

/// A URI for people's eyes, in whatever shape it is: without user information, query and fragment.
///
/// ```
/// use accredit_transport::RedactedUri;
///
/// let shown = RedactedUri("https://user:password@a.test/v1?key=secret").to_string();
/// assert_eq!(shown, "https://[redacted]@a.test/v1?[redacted]");
/// ```
#[derive(Clone, Copy)]
pub struct RedactedUri<'a>(pub &'a str);

impl fmt::Display for RedactedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Up to the last `@`, wherever that is: a password may hold any character, and what is no
        // URI at all has no parts to go by.
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('@') => (Some(scheme), rest),
            _ => (None, self.0),
        };
        if let Some(scheme) = scheme {
            write!(f, "{scheme}://")?;
        }
        let rest = match rest.rsplit_once('@') {
            Some((_, rest)) => {
                f.write_str("[redacted]@")?;
                rest
            }
            None => rest,
        };
        match rest
            .find(['?', '#'])
            .and_then(|end| rest.split_at_checked(end))
        {
            Some((rest, tail)) => {
                let mark = tail.get(..1).unwrap_or_default();
                write!(f, "{rest}{mark}[redacted]")
            }
            None => f.write_str(rest),
        }
    }
}

impl fmt::Debug for RedactedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Escapes what a terminal would obey.
        write!(f, "{:?}", self.to_string())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(uri: &str) -> Option<Origin> {
        Origin::of(&uri.parse().unwrap())
    }

    #[test]
    fn scheme_host_and_port_all_count() {
        let ours = origin("https://api.example.com").unwrap();
        for same in [
            "https://api.example.com/x",
            "https://api.example.com:443",
            "HTTPS://API.EXAMPLE.COM/",
        ] {
            assert!(ours.contains(&same.parse().unwrap()), "{same}");
        }
        for other in [
            "http://api.example.com",
            "http://api.example.com:443",
            "https://api.example.com:444",
            "https://example.com",
            "https://api.example.com.evil.test",
            "https://api.example.com@evil.test",
            "https://user@api.example.com",
            "/relative",
            "api.example.com:443",
        ] {
            assert!(!ours.contains(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_is_none() {
        for odd in [
            "/relative",
            "a.test:443",
            "ftp://a.test",
            "https://user:pw@a.test",
            "https://a.test:99999",
            "https://a.test:",
        ] {
            let Ok(uri) = odd.parse::<Uri>() else {
                continue;
            };
            assert!(Origin::of(&uri).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_shown_uri_has_no_secrets_whatever_its_shape() {
        for (uri, shown) in [
            ("https://a.test/v1", "https://a.test/v1"),
            ("https://pw@a.test:1/v1", "https://[redacted]@a.test:1/v1"),
            ("https://u:pw?/@#pw@a.test", "https://[redacted]@a.test"),
            ("u:pw@a.test/x", "[redacted]@a.test/x"),
            ("https:/u:pw@a.test", "[redacted]@a.test"),
            ("https://a.test?x=pw", "https://a.test?[redacted]"),
            ("https://a.test/#pw", "https://a.test/#[redacted]"),
            ("", ""),
        ] {
            assert_eq!(RedactedUri(uri).to_string(), shown);
        }
        assert_eq!(format!("{:?}", RedactedUri("a\u{1b}\"")), r#""a\u{1b}\"""#);
    }

    #[test]
    fn clear_text_needs_loopback_and_consent() {
        for local in [
            "http://127.0.0.1:9",
            "http://127.9.9.9",
            "http://[::1]:9",
            "http://localhost:9",
        ] {
            let local = origin(local).unwrap();
            assert!(local.check(true).is_ok(), "{local}");
            assert!(local.check(false).is_err(), "{local}");
        }
        for remote in [
            "http://example.com",
            "http://10.0.0.1",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://0.0.0.0",
        ] {
            assert!(origin(remote).unwrap().check(true).is_err(), "{remote}");
        }
        assert!(origin("https://example.com").unwrap().check(false).is_ok());
    }
}
