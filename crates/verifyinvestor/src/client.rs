//! The client: where the service is, who calls, and the handles of its resources.

use std::{fmt, time::Duration};

use accredit_models::verifyinvestor::UserId;
use accredit_transport::{
    self as transport, BytesOperation, CallOptions, ConfigError, Download, Error, ErrorKind,
    Operation, Token,
};

use crate::{
    authorization::AuthorizationLink,
    operations::verification_requests::{Review, ReviewShort, SimulateInvestorCompletion},
    problem::name_refused_token,
    resources::{
        Account, Invitations, Simulation, UserVerificationRequests, Users, VerificationRequests,
    },
    tokens::{ApiToken, UserAuthorizationToken},
};

/// The scheme that the service expects in `Authorization`.
const SCHEME: &str = "Token";

const NO_SIMULATION: &str = "only staging and the sandbox can simulate an investor or a reviewer";

/// How long after the first look a create may still land, unless set: what a gateway waits for a server at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The domain of production.
const VENDOR: &str = "verifyinvestor.com";

/// Where VerifyInvestor.com is. Each environment has tokens of its own.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// `https://www.verifyinvestor.com`.
    Production,
    /// `https://verifyinvestor-staging.herokuapp.com`.
    Staging,
    /// Another origin, `https` only. Treated like production: it has no simulation.
    Custom(String),
    /// A sandbox on this machine. The only environment that may be `http`, and only on a loopback address.
    Sandbox(String),
}

impl Environment {
    pub(crate) fn origin(&self) -> &str {
        match self {
            Self::Production => "https://www.verifyinvestor.com",
            Self::Staging => "https://verifyinvestor-staging.herokuapp.com",
            Self::Custom(origin) | Self::Sandbox(origin) => origin,
        }
    }

    fn can_simulate(&self) -> bool {
        match self {
            Self::Staging => true,
            // Whatever it was called: the vendor's own hosts are no sandbox.
            Self::Sandbox(origin) => !is_of_production(origin),
            Self::Production | Self::Custom(_) => false,
        }
    }
}

fn is_simulation(operation: &str) -> bool {
    [
        SimulateInvestorCompletion::INFO.name(),
        Review::INFO.name(),
        ReviewShort::INFO.name(),
    ]
    .contains(&operation)
}

fn is_of_production(origin: &str) -> bool {
    let host = origin
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| Some(uri.host()?.trim_end_matches('.').to_ascii_lowercase()));
    host.is_some_and(|host| host == VENDOR || host.ends_with(&format!(".{VENDOR}")))
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of no use with a password in it, but written down before that is found.
        let (name, origin) = match self {
            Self::Production => return f.write_str("Production"),
            Self::Staging => return f.write_str("Staging"),
            Self::Custom(origin) => ("Custom", origin),
            Self::Sandbox(origin) => ("Sandbox", origin),
        };
        f.debug_tuple(name)
            .field(&transport::RedactedUri(origin))
            .finish()
    }
}

/// A client of VerifyInvestor.com. Cloning is cheap, and clones share connections.
#[derive(Clone)]
pub struct Client {
    transport: transport::Client,
    environment: Environment,
    patience: Duration,
}

impl Client {
    /// Starts a client for an environment.
    pub fn builder(environment: Environment) -> ClientBuilder {
        ClientBuilder {
            environment,
            api_token: None,
            patience: PATIENCE,
            stack: transport::Client::builder().user_agent(concat!(
                "accredit-verifyinvestor/",
                env!("CARGO_PKG_VERSION")
            )),
        }
    }

    /// The caller's own account.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::new(self)
    }

    /// Investors who let the caller see their account.
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self)
    }

    /// Verification requests by their own id.
    #[must_use]
    pub fn verification_requests(&self) -> VerificationRequests {
        VerificationRequests::new(self)
    }

    /// The verification requests of one user.
    #[must_use]
    pub fn user_verification_requests(&self, user: impl Into<UserId>) -> UserVerificationRequests {
        UserVerificationRequests::new(self, user.into())
    }

    /// Invitations of investors who have no account yet.
    #[must_use]
    pub fn invitations(&self) -> Invitations {
        Invitations::new(self)
    }

    /// What an investor and a reviewer would do, done by the caller: on staging and in the sandbox only.
    ///
    /// # Errors
    ///
    /// [`NoSimulation`] against production, where these calls don't exist.
    pub fn simulate(&self) -> Result<Simulation, NoSimulation> {
        if self.environment.can_simulate() {
            Ok(Simulation::new(self))
        } else {
            Err(NoSimulation(()))
        }
    }

    /// The page on which an investor lets you see their account, for your *public* user authorization token and your own
    /// identifier of the investor, by which the service will know them.
    pub fn authorization_link(
        &self,
        token: &UserAuthorizationToken,
        identifier: impl Into<String>,
    ) -> AuthorizationLink {
        AuthorizationLink::new(&self.environment, token.clone(), identifier.into())
    }

    /// Runs an operation value: one of [`operations`](crate::operations), or one of your own.
    ///
    /// # Errors
    ///
    /// As [`Call::send`](crate::Call::send). A token that the service refuses is
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized), whether it says 401 or 403; only a 403 to a create that speaks of a
    /// pending request or of a portal name stays a [`Status`](crate::ErrorKind::Status). A simulation against production is
    /// [`Build`](crate::ErrorKind::Build), and not sent.
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.execute_with(operation, &CallOptions::new()).await
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
        let info = const { &O::INFO };
        if is_simulation(info.name()) && !self.environment.can_simulate() {
            return Err(Error::new(ErrorKind::Build)
                .with_operation(info)
                .with_detail(NO_SIMULATION));
        }
        self.transport
            .execute_with(operation, options)
            .await
            .map_err(name_refused_token)
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
        self.transport
            .download_with(operation, options)
            .await
            .map_err(name_refused_token)
    }

    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// The transport under this client, for raw requests through the same stack. It knows none of this client's rules: a
    /// simulation that it is told to send to production is sent, and a 403 stays a 403.
    #[must_use]
    pub fn transport(&self) -> &transport::Client {
        &self.transport
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// Puts a [`Client`] together.
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    environment: Environment,
    api_token: Option<ApiToken>,
    patience: Duration,
    stack: transport::ClientBuilder,
}

impl ClientBuilder {
    /// The secret API token of the account, from its settings page.
    pub fn api_token(mut self, token: impl Into<ApiToken>) -> Self {
        self.api_token = Some(token.into());
        self
    }

    /// How long after the first look a request whose creation went without an answer may still be made: one that was not found
    /// is looked for again after that time, before it is called not made. 30 s unless set.
    ///
    /// For [`Client::reconcile`] and [`create_or_resume`](crate::Call::create_or_resume), which then take that much longer. A
    /// server goes on with what it began after a gateway or this client has given it up; how long is up to the service.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets timeouts, layers, roots or a transport of your own on the stack below. Where requests go stays with the environment.
    pub fn configure(
        mut self,
        configure: impl FnOnce(transport::ClientBuilder) -> transport::ClientBuilder,
    ) -> Self {
        self.stack = configure(self.stack);
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the origin or the token can't be sent safely.
    pub fn build(self) -> Result<Client, ConfigError> {
        let mut stack = self
            .stack
            .base_uri(self.environment.origin())
            .allow_insecure_loopback(matches!(self.environment, Environment::Sandbox(_)));
        if let Some(token) = &self.api_token {
            stack = stack.token(Token::new(SCHEME, token.expose())?);
        }
        Ok(Client {
            transport: stack.build()?,
            environment: self.environment,
            patience: self.patience,
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// There is no simulation in production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSimulation(());

impl fmt::Display for NoSimulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_SIMULATION)
    }
}

impl std::error::Error for NoSimulation {}
