//! How errors print: one useful line in `Display`, everything but bodies and header values in
//! `Debug`.

use std::fmt;

use http::header::{self, HeaderMap, HeaderName};

use super::{DecodeError, Error, ErrorKind, Inner};
use crate::layer::decompress;

/// A decode error whose own text is shown already.
#[derive(Debug)]
pub(super) struct Below(pub(super) DecodeError);

impl fmt::Display for Below {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Below {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(info) = inner.info {
            write!(f, "{}: ", info.name())?;
        }
        if inner.unknown {
            f.write_str("outcome unknown: ")?;
        }
        match (inner.kind, inner.status) {
            (ErrorKind::Status, Some(status)) => write!(f, "{status}")?,
            // The text of a failed login says it already.
            (ErrorKind::Unauthorized, Some(status)) if inner.detail.is_empty() => {
                write!(f, "{status}")?
            }
            (kind, _) => f.write_str(kind.describe())?,
        }
        if !inner.detail.is_empty() {
            write!(f, ": {}", inner.detail)?;
        }
        if matches!(
            inner.kind,
            ErrorKind::Status | ErrorKind::Unauthorized | ErrorKind::Decode
        ) {
            write_page(f, inner)?;
        }
        if inner.attempts > 1 {
            write!(f, " after {} attempts", inner.attempts)?;
        }
        Ok(())
    }
}

/// What came in the place of JSON that can be read: `(text/html, 1523 bytes)`.
fn write_page(f: &mut fmt::Formatter<'_>, inner: &Inner) -> fmt::Result {
    if inner.body.is_empty() {
        return Ok(());
    }
    let content_type = content_type(&inner.headers);
    let codings = decompress::codings(&inner.headers);
    if codings.is_empty() && content_type.is_some_and(|essence| essence.ends_with("json")) {
        return Ok(());
    }
    write!(f, " ({}", content_type.unwrap_or("no content type"))?;
    if !codings.is_empty() {
        write!(f, " in `{}`", decompress::presentable(&codings))?;
    }
    let more = if inner.truncated { "more than " } else { "" };
    write!(f, ", {more}{} bytes)", inner.body.len())
}

/// The content type without its parameters; only if it is a plain, short one, because a server
/// wrote it.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte);
    (!essence.is_empty() && essence.len() <= 80 && essence.bytes().all(is_plain)).then_some(essence)
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart in full: a new field must decide here whether it may be shown.
        let Inner {
            kind,
            info,
            detail,
            source,
            attempts,
            log,
            sent,
            unknown,
            transient_cause: _,
            status,
            headers,
            body,
            truncated,
            request_id,
            refusal,
        } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("operation", &info.map(|info| info.name()))
            .field("detail", detail)
            .field("status", status)
            .field("request_id", request_id)
            .field("attempts", attempts)
            .field("attempt_log", log)
            .field("may_have_been_sent", sent)
            .field("outcome_unknown", unknown)
            .field("headers", &RedactedHeaders(headers))
            .field(
                "body",
                &format_args!(
                    "[{}{} bytes]",
                    if *truncated { "more than " } else { "" },
                    body.len()
                ),
            )
            .field("refusal", &refusal.as_ref().map(|_| "[redacted]"))
            // The causes' own `Debug` may show more than their `Display`.
            .field("source", &source.as_ref().map(ToString::to_string))
            .finish()
    }
}

/// Shows the names of headers, and the values of the few that are known to carry nothing private.
pub(crate) struct RedactedHeaders<'a>(pub(crate) &'a HeaderMap);

impl fmt::Debug for RedactedHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: [HeaderName; 7] = [
            header::ALLOW,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::DATE,
            header::RETRY_AFTER,
            header::SERVER,
            header::VIA,
        ];
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            if SHOWN.contains(name) && !value.is_sensitive() {
                map.entry(name, value);
            } else {
                map.entry(name, &format_args!("[redacted]"));
            }
        }
        map.finish()
    }
}
