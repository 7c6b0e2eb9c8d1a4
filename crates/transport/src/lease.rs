//! What a login gives: a token and how long it is good for. Never decides when to log in again:
//! that is the session's.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::token::Token;

/// A token with its lifetime, as a [`Login`](crate::Login) got it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use accredit_transport::{Lease, Token};
///
/// let token = Token::new("Bearer", "abc")?;
/// // OAuth's `expires_in`:
/// let lease = Lease::new(token.clone()).lifetime(Duration::from_secs(3600));
///
/// // A point in time by the server's clock, which the local one need not agree with. The reply's
/// // `Date` (`Reply::date`) says what that clock shows.
/// let server_now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
/// let expiry = server_now + Duration::from_secs(600);
/// let lease = Lease::new(token).expires(expiry, Some(server_now));
/// assert_eq!(lease.good_for(), Some(Duration::from_secs(600)));
/// # Ok::<(), accredit_transport::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Lease {
    token: Token,
    lifetime: Option<Duration>,
    answer: Option<Arc<dyn Any + Send + Sync>>,
}

impl Lease {
    /// A token that is good until the server refuses it.
    #[must_use]
    pub fn new(token: Token) -> Self {
        Self {
            token,
            lifetime: None,
            answer: None,
        }
    }

    /// How long the token is good for, from when the login was sent. Of a lifetime of zero the token
    /// serves those who waited for it and nobody else.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Until when the token is good by the server's clock, which showed `server_now` with the login;
    /// without that, by the local clock.
    ///
    /// A time that is past tells nothing: no server gives out a dead token, so one of the clocks is
    /// wrong. The token is then used until it is refused, instead of one login for every call.
    #[must_use]
    pub fn expires(mut self, at: SystemTime, server_now: Option<SystemTime>) -> Self {
        let now = server_now.or_else(clock::wall);
        self.lifetime = now
            .and_then(|now| at.duration_since(now).ok())
            .filter(|lifetime| !lifetime.is_zero());
        self
    }

    /// Keeps what the server answered beside the token, for the owner of the session who asked for
    /// the login.
    #[must_use]
    pub fn with_answer<T: Any + Send + Sync>(mut self, answer: T) -> Self {
        self.answer = Some(Arc::new(answer));
        self
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// How long the token is good for, from when the login was sent; `None` if that is not known.
    #[must_use]
    pub fn good_for(&self) -> Option<Duration> {
        self.lifetime
    }

    /// What [`with_answer`](Self::with_answer) kept, if it is of this type.
    #[must_use]
    pub fn answer<T: Any>(&self) -> Option<&T> {
        self.answer.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("token", &self.token)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
