//! Reads `Retry-After`, in seconds or as a date. Never panics and never caps: the caller knows its
//! own patience.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::clock;

/// How long the server asks to wait, by the first `Retry-After` that can be read.
///
/// A date is compared with the reply's own `Date`, so that a local clock that is wrong does not
/// matter.
pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Duration> {
    headers.get_all(RETRY_AFTER).iter().find_map(|value| {
        let text = value.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than a u64 holds is longer than any wait.
            return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
        }
        let until = httpdate::parse_http_date(text).ok()?;
        let now = clock::of_server(headers).or_else(clock::wall)?;
        Some(until.duration_since(now).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use http::header::{DATE, HeaderValue};

    use super::*;

    fn wait(values: &[&str], date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                RETRY_AFTER,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        from_headers(&headers)
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(wait(&["120"], None), Some(Duration::from_secs(120)));
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(
            wait(&["Wed, 21 Oct 2015 07:28:30 GMT"], Some(date)),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            wait(&["Wed, 21 Oct 2015 07:28:30 GMT"], None),
            Some(Duration::ZERO),
            "long past"
        );
        assert_eq!(
            wait(&["Wed, 21 Oct 2015 07:27:30 GMT"], Some(date)),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn hostile_values_do_not_panic() {
        assert_eq!(
            wait(&["99999999999999999999999999"], None),
            Some(Duration::from_secs(u64::MAX))
        );
        for odd in [
            "",
            " ",
            "-1",
            "+5",
            "1.5",
            "1e9",
            "soon",
            "\u{e9}",
            "Wed, 99 Foo 2015 99:99:99 GMT",
            "0x10",
        ] {
            assert_eq!(wait(&[odd], None), None, "{odd:?}");
        }
        assert_eq!(
            wait(&["soon", "7", "9"], None),
            Some(Duration::from_secs(7))
        );
        assert!(wait(&["Fri, 31 Dec 9999 23:59:59 GMT"], None).is_some());
    }
}
