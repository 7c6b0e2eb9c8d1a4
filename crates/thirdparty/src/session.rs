//! The session: one token for all calls, got by one login, dropped when the server refuses it.
//!
//! Callers that wait for a login share its end, good or bad: a wrong password or a dead server is not tried once by each of
//! them. Who comes later tries anew.
//!
//! Logs in through a stack of its own that has no credentials, so that a login can never wait for itself.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use accredit_models::thirdparty::Login;
use accredit_transport::{
    self as transport, ConfigError, Error, ErrorKind, Operation as _, OperationInfo, Reply, Token,
    TokenSource,
};
use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    credentials::{Credentials, Kind},
    operations,
};

/// The scheme that the service expects in `Authorization`.
const SCHEME: &str = "Token";

const LOGIN: &OperationInfo = &operations::auth::Login::INFO;

pub(crate) struct Session {
    login: transport::Client,
    credentials: Option<Credentials>,
    current: Mutex<Option<Token>>,
    /// Held while one caller logs in; the others wait here and find the token, or how the login failed.
    flight: tokio::sync::Mutex<Option<Failure>>,
    /// How many logins have ended; tells who waits whether one did meanwhile.
    ended: AtomicU64,
}

/// How a login failed, for those who waited for it.
#[derive(Clone)]
enum Failure {
    /// The server answered.
    Answered(Reply),
    /// It did not, or what it answered was of no use.
    Unanswered(ErrorKind),
}

impl Session {
    pub(crate) fn new(
        login: transport::Client,
        credentials: Option<Credentials>,
    ) -> Result<Self, ConfigError> {
        let current = match &credentials {
            Some(Credentials(Kind::Token(token))) => Some(Token::new(SCHEME, token.expose())?),
            _ => None,
        };
        Ok(Self {
            login,
            credentials,
            current: Mutex::new(current),
            flight: tokio::sync::Mutex::default(),
            ended: AtomicU64::new(0),
        })
    }

    /// Logs in now and keeps the token.
    pub(crate) async fn log_in(&self) -> Result<Login, Error> {
        let mut failure = self.flight.lock().await;
        self.fly(&mut failure).await
    }

    /// Forgets a token, after a logout; not the one of a login since then.
    pub(crate) fn forget(&self, token: &Token) {
        let mut current = self.current();
        if current.as_ref() == Some(token) {
            *current = None;
        }
    }

    /// Forgets whatever token there is, after the end of all sessions.
    pub(crate) fn forget_all(&self) {
        *self.current() = None;
    }

    /// Logs in and notes how it ended, for those who wait.
    async fn fly(&self, failure: &mut Option<Failure>) -> Result<Login, Error> {
        let login = self.fetch().await;
        *failure = login.as_ref().err().map(Failure::of);
        self.ended.fetch_add(1, Ordering::Relaxed);
        login
    }

    async fn fetch(&self) -> Result<Login, Error> {
        let failed = |detail| Error::auth(detail).with_operation(LOGIN);
        let Some(Credentials(Kind::Password { email, password })) = &self.credentials else {
            return Err(failed("there is no password to log in with"));
        };
        let login = operations::auth::Login::new(email.expose(), password.clone());
        let login = self.login.execute(&login).await.map_err(refused)?;
        let token = Token::new(SCHEME, login.token.expose())
            .map_err(|_| failed("the login gave no usable token"))?;
        *self.current() = Some(token);
        Ok(login)
    }

    /// Only ever held for a read or a write of one value, so a poisoned lock holds a good one.
    fn current(&self) -> MutexGuard<'_, Option<Token>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        let answered = matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Status);
        match error.status().filter(|_| answered) {
            Some(status) => {
                let body = Bytes::copy_from_slice(error.body());
                Self::Answered(Reply::new(status, error.headers().clone(), body))
            }
            None => Self::Unanswered(error.kind()),
        }
    }

    fn error(self) -> Error {
        match self {
            Self::Answered(reply) => refused(Error::from_reply(reply).with_operation(LOGIN)),
            Self::Unanswered(kind) => Error::new(kind).with_operation(LOGIN),
        }
    }
}

/// The service answers wrong credentials with a 400; other versions of its framework with 401 or 403.
fn refused(error: Error) -> Error {
    match error.status().map(|status| status.as_u16()) {
        Some(400 | 401 | 403) => error.into_unauthorized(),
        _ => error,
    }
}

#[async_trait]
impl TokenSource for Session {
    async fn token(&self) -> Result<Token, Error> {
        if let Some(token) = self.ready() {
            return Ok(token);
        }
        let ended = self.ended.load(Ordering::Relaxed);
        let mut failure = self.flight.lock().await;
        if let Some(token) = self.ready() {
            return Ok(token);
        }
        // Only the end of a login that was under way when this caller came: the next one tries anew.
        if self.ended.load(Ordering::Relaxed) != ended
            && let Some(failure) = failure.clone()
        {
            return Err(failure.error());
        }
        self.fly(&mut failure).await?;
        self.ready()
            .ok_or_else(|| Error::auth("logged out while logging in"))
    }

    fn ready(&self) -> Option<Token> {
        self.current().clone()
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        // A token of the caller's own can't be replaced; keeping it gives every call the server's own 401.
        if matches!(self.credentials, Some(Credentials(Kind::Token(_)))) {
            return false;
        }
        self.forget(rejected);
        true
    }
}
