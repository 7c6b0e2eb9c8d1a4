//! The client: where the service is, who calls, and the handles of its resources.

use std::{fmt, sync::Arc};

use accredit_models::{Personal, Secret};
use accredit_transport::{
    self as transport, BytesOperation, CallOptions, Download, Error, Operation, TokenSource,
};

use crate::{
    credentials::Credentials,
    resources::{Auth, Investments, InvestorSignatures, Investors, Invoices, KybDocuments},
    session::{Session, session},
};

/// Where the Third Party API is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// `https://api.issuance.com`. The vendor prints it with `http`; public clients use `https`.
    Production,
    /// `https://django-dev.issuance-dev.com`, the vendor's development host. The vendor prints it with `http`, to which no
    /// token is sent; that it answers `https` is inferred.
    Development,
    /// Another origin, `https` only.
    Custom(String),
    /// A sandbox on this machine. The only environment that may be `http`, and only on a loopback address.
    Sandbox(String),
}

impl Environment {
    fn origin(&self) -> &str {
        match self {
            Self::Production => "https://api.issuance.com",
            Self::Development => "https://django-dev.issuance-dev.com",
            Self::Custom(origin) | Self::Sandbox(origin) => origin,
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of no use with a password in it, but written down before that is found.
        let (name, origin) = match self {
            Self::Production => return f.write_str("Production"),
            Self::Development => return f.write_str("Development"),
            Self::Custom(origin) => ("Custom", origin),
            Self::Sandbox(origin) => ("Sandbox", origin),
        };
        f.debug_tuple(name)
            .field(&transport::RedactedUri(origin))
            .finish()
    }
}

/// A client of the Third Party API. Cloning is cheap, and clones share connections and session.
#[derive(Clone)]
pub struct Client {
    transport: transport::Client,
    session: Arc<Session>,
}

impl Client {
    /// Starts a client for an environment.
    pub fn builder(environment: Environment) -> ClientBuilder {
        ClientBuilder {
            environment,
            credentials: None,
            login_authorization: None,
            configure: Vec::new(),
        }
    }

    /// Login and logout.
    #[must_use]
    pub fn auth(&self) -> Auth {
        Auth::new(self)
    }

    /// Investments.
    #[must_use]
    pub fn investments(&self) -> Investments {
        Investments::new(self)
    }

    /// Investors.
    #[must_use]
    pub fn investors(&self) -> Investors {
        Investors::new(self)
    }

    /// Invoices, for investments paid by wire.
    #[must_use]
    pub fn invoices(&self) -> Invoices {
        Invoices::new(self)
    }

    /// Know-your-business documents.
    #[must_use]
    pub fn kyb_documents(&self) -> KybDocuments {
        KybDocuments::new(self)
    }

    /// Signatures of investors under subscription agreements.
    #[must_use]
    #[doc(alias = "subscription_agreement_investor_signatures")]
    pub fn subscription_agreement_signatures(&self) -> InvestorSignatures {
        self.investor_signatures()
    }

    /// The same as [`subscription_agreement_signatures`](Self::subscription_agreement_signatures), in short.
    #[must_use]
    pub fn investor_signatures(&self) -> InvestorSignatures {
        InvestorSignatures::new(self)
    }

    /// Runs an operation value: one of [`operations`](crate::operations), or one of your own.
    ///
    /// # Errors
    ///
    /// As [`Call::send`](crate::Call::send).
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.transport.execute(operation).await
    }

    /// Runs an operation value with settings of its own, as [`Call::send`](crate::Call::send) does.
    ///
    /// # Errors
    ///
    /// As [`Call::send`](crate::Call::send).
    pub async fn execute_with<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<O::Output, Error> {
        self.transport.execute_with(operation, options).await
    }

    /// Runs an operation value whose answer is a file, as [`Call::download`](crate::Call::download) does.
    ///
    /// # Errors
    ///
    /// As [`Call::download`](crate::Call::download).
    pub async fn download_with<O: BytesOperation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<Download, Error> {
        self.transport.download_with(operation, options).await
    }

    /// The transport under this client, for raw requests through the same stack.
    #[must_use]
    pub fn transport(&self) -> &transport::Client {
        &self.transport
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

type Configure = Box<dyn Fn(transport::ClientBuilder) -> transport::ClientBuilder>;

/// Puts a [`Client`] together.
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    environment: Environment,
    credentials: Option<Credentials>,
    login_authorization: Option<Arc<dyn TokenSource>>,
    configure: Vec<Configure>,
}

impl ClientBuilder {
    /// Who calls. Without credentials only [`execute`](Client::execute) of a login works.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Shorthand for a token that was got elsewhere.
    pub fn token(self, token: impl Into<Secret>) -> Self {
        self.credentials(Credentials::token(token))
    }

    /// What the login itself carries in `Authorization`, beside e-mail and password. Nothing, unless this is set.
    ///
    /// The vendor's document names a Firebase ID token there. Whether one is needed, and in which form, is not known: ask
    /// the vendor. Such a token lives for an hour, so a program that runs longer gives a [`TokenSource`] of its own, which
    /// is asked at each login, and once more when the service answers 401. No other call carries it.
    ///
    /// ```
    /// use accredit_thirdparty::{Client, Credentials, Environment, transport::Token};
    ///
    /// let client = Client::builder(Environment::Production)
    ///     .credentials(Credentials::password("partner@example.com", "correct horse"))
    ///     .login_authorization(Token::new("Bearer", "eyJhbGciOi")?)
    ///     .build()?;
    /// # Ok::<(), accredit_thirdparty::ConfigError>(())
    /// ```
    #[doc(alias = "firebase")]
    pub fn login_authorization(mut self, source: impl TokenSource + 'static) -> Self {
        self.login_authorization = Some(Arc::new(source));
        self
    }

    /// Sets timeouts, layers, roots or a transport of your own on the stack below. It runs once for the stack of the calls
    /// and once for that of the login. Where requests go stays with the environment.
    pub fn configure(
        mut self,
        configure: impl Fn(transport::ClientBuilder) -> transport::ClientBuilder + 'static,
    ) -> Self {
        self.configure.push(Box::new(configure));
        self
    }

    /// Builds the client. Nothing is sent yet: the login happens with the first call that needs it.
    ///
    /// # Errors
    ///
    /// When the origin or the credentials can't be sent safely: see [`transport::ConfigError`].
    pub fn build(self) -> Result<Client, transport::ConfigError> {
        let login = match &self.login_authorization {
            Some(source) => self.stack().token_source(Arc::clone(source)).build()?,
            None => self.stack().build()?,
        };
        let is_authorised = self.login_authorization.is_some();
        let session = Arc::new(session(login, is_authorised, self.credentials.clone())?);
        let transport = self.stack().token_source(Arc::clone(&session)).build()?;
        Ok(Client { transport, session })
    }

    fn stack(&self) -> transport::ClientBuilder {
        let stack = transport::Client::builder()
            .user_agent(concat!("accredit-thirdparty/", env!("CARGO_PKG_VERSION")));
        let stack = self
            .configure
            .iter()
            .fold(stack, |stack, configure| configure(stack));
        stack
            .base_uri(self.environment.origin())
            .allow_insecure_loopback(matches!(self.environment, Environment::Sandbox(_)))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            environment,
            credentials,
            login_authorization,
            configure: _,
        } = self;
        f.debug_struct("ClientBuilder")
            .field("environment", environment)
            .field("credentials", credentials)
            .field(
                "login_authorization",
                &login_authorization.as_ref().map(|_| Personal::new(())),
            )
            .finish_non_exhaustive()
    }
}
