//! The session: one token for all calls, got by one login, dropped when the server refuses it.
//!
//! Callers that wait for a login share its token, or the server's refusal: a wrong password is not tried once by each of
//! them. A login that got no answer is not shared; the next in line tries again.
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
    /// Held while one caller logs in; the others wait here and find the token, or the reply that refused it.
    flight: tokio::sync::Mutex<Option<Reply>>,
    /// How many logins have ended; tells who waits whether one did meanwhile.
    ended: AtomicU64,
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
        let mut refusal = self.flight.lock().await;
        self.fly(&mut refusal).await
    }

    /// Forgets the token, after a logout.
    pub(crate) fn forget(&self) {
        *self.current() = None;
    }

    /// Logs in and notes how it ended, for those who wait.
    async fn fly(&self, refusal: &mut Option<Reply>) -> Result<Login, Error> {
        let login = self.fetch().await;
        *refusal = login.as_ref().err().and_then(reply_of);
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

/// The reply that an error is about, when the login failed by an answer of the server.
fn reply_of(error: &Error) -> Option<Reply> {
    let answered = matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Status);
    let status = error.status().filter(|_| answered)?;
    Some(Reply::new(
        status,
        error.headers().clone(),
        Bytes::copy_from_slice(error.body()),
    ))
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
        let mut refusal = self.flight.lock().await;
        if let Some(token) = self.ready() {
            return Ok(token);
        }
        // Only the end of a login that was under way when this caller came: the next one tries anew.
        if let Some(reply) = refusal
            .as_ref()
            .filter(|_| self.ended.load(Ordering::Relaxed) != ended)
        {
            return Err(refused(
                Error::from_reply(reply.clone()).with_operation(LOGIN),
            ));
        }
        self.fly(&mut refusal).await?;
        self.ready()
            .ok_or_else(|| Error::auth("logged out while logging in"))
    }

    fn ready(&self) -> Option<Token> {
        self.current().clone()
    }

    async fn invalidate(&self, rejected: &Token) {
        // A token of the caller's own can't be replaced; keeping it gives every call the server's own 401.
        if matches!(self.credentials, Some(Credentials(Kind::Token(_)))) {
            return;
        }
        let mut current = self.current();
        if current.as_ref() == Some(rejected) {
            *current = None;
        }
    }
}
