//! The session: one token for all calls, got by one login, dropped when the server refuses it.
//!
//! Logs in through a stack of its own that has no credentials, so that a login can never wait for itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use accredit_models::thirdparty::Login;
use accredit_transport::{self as transport, ConfigError, Error, Token, TokenSource};
use async_trait::async_trait;

use crate::{
    credentials::{Credentials, Kind},
    operations,
};

/// The scheme that the service expects in `Authorization`.
const SCHEME: &str = "Token";

pub(crate) struct Session {
    login: transport::Client,
    credentials: Option<Credentials>,
    current: Mutex<Option<Token>>,
    /// Held while one caller logs in; the others wait here and find the token.
    flight: tokio::sync::Mutex<()>,
}

impl Session {
    pub(crate) fn new(login: transport::Client, credentials: Option<Credentials>) -> Result<Self, ConfigError> {
        let current = match &credentials {
            Some(Credentials(Kind::Token(token))) => Some(Token::new(SCHEME, token.expose())?),
            _ => None,
        };
        Ok(Self { login, credentials, current: Mutex::new(current), flight: tokio::sync::Mutex::new(()) })
    }

    /// Logs in now and keeps the token.
    pub(crate) async fn log_in(&self) -> Result<Login, Error> {
        let _flight = self.flight.lock().await;
        self.fetch().await
    }

    /// Forgets the token, after a logout.
    pub(crate) fn forget(&self) {
        *self.current() = None;
    }

    async fn fetch(&self) -> Result<Login, Error> {
        let Some(Credentials(Kind::Password { email, password })) = &self.credentials else {
            return Err(Error::auth("there is no password to log in with"));
        };
        let login = operations::auth::Login::new(email.expose(), password.clone());
        let login = self.login.execute(&login).await.map_err(refused)?;
        let token = Token::new(SCHEME, login.token.expose()).map_err(|_| Error::auth("the login gave no usable token"))?;
        *self.current() = Some(token);
        Ok(login)
    }

    /// Only ever held for a read or a write of one value, so a poisoned lock holds a good one.
    fn current(&self) -> MutexGuard<'_, Option<Token>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
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
        let _flight = self.flight.lock().await;
        if let Some(token) = self.ready() {
            return Ok(token);
        }
        self.fetch().await?;
        self.ready().ok_or_else(|| Error::auth("logged out while logging in"))
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
