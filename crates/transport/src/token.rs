//! Where credentials come from. Never where they go: that is the auth layer's.

use std::fmt;

use async_trait::async_trait;
use http::HeaderValue;

use crate::error::{ConfigError, Error};

/// Credentials as they stand in the `Authorization` header, built once and marked sensitive.
///
/// A clone shares the bytes. They are not wiped from memory: header values of `http` cannot be.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

impl Token {
    /// A token behind the name of its scheme: `Token::new("Bearer", "abc")` is sent as `Bearer
    /// abc`. An empty scheme sends the token alone.
    ///
    /// # Errors
    ///
    /// When the token is empty or holds what a header cannot (a line break at its end is the usual
    /// one). The error does not show the token.
    pub fn new(scheme: &str, token: &str) -> Result<Self, ConfigError> {
        let fits = |text: &str| text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        if token.is_empty() {
            return Err(ConfigError::new("token", "is empty"));
        }
        if !fits(token) || !fits(scheme) {
            return Err(ConfigError::new(
                "token",
                "holds a space, a line break or another character that no token has",
            ));
        }
        let text = if scheme.is_empty() {
            token.to_owned()
        } else {
            format!("{scheme} {token}")
        };
        let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
            .map_err(|_| ConfigError::new("token", "does not fit in a header"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// Gives the token of the moment.
///
/// Implement [`token`](Self::token); a source that logs in keeps what it got and answers
/// [`ready`](Self::ready) from it, so that a call with a fresh token neither allocates nor waits.
/// Calls run concurrently: a source that logs in should let one caller do it and the others wait.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token to send, after a login if need be.
    ///
    /// # Errors
    ///
    /// When there is none; the request that needed it is then not sent.
    async fn token(&self) -> Result<Token, Error>;

    /// The token to send if no waiting is needed.
    fn ready(&self) -> Option<Token> {
        None
    }

    /// The server answered 401 to a request with this token. A source that can log in again drops
    /// it here, if it is still the one it would give out.
    ///
    /// `true` says that [`token`](Self::token) may now give another one, so that the refused
    /// request is worth repeating; a source that has only this token answers `false`. No login
    /// happens here: the repeated request asks for its token as the first one did.
    async fn invalidate(&self, rejected: &Token) -> bool {
        let _ = rejected;
        false
    }
}

/// One token for good.
#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<Token, Error> {
        Ok(self.clone())
    }

    fn ready(&self) -> Option<Token> {
        Some(self.clone())
    }
}

/// A source that its owner keeps a hand on.
#[async_trait]
impl<S: TokenSource + ?Sized> TokenSource for std::sync::Arc<S> {
    async fn token(&self) -> Result<Token, Error> {
        (**self).token().await
    }

    fn ready(&self) -> Option<Token> {
        (**self).ready()
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        (**self).invalidate(rejected).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_token_is_an_error_not_a_panic() {
        for bad in [
            "",
            "canary\n",
            "canary\r\nX: y",
            "can ary",
            "canary\0",
            "can\u{e9}ry",
            "\u{7f}",
        ] {
            let error = Token::new("Token", bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("can"), "{error:?}");
        }
        assert!(Token::new("Bad Scheme", "x").is_err());
    }

    #[test]
    fn debug_has_no_canary() {
        let token = Token::new("Token", "canary").unwrap();
        assert!(!format!("{token:?}{:?}", token.header()).contains("canary"));
    }
}
