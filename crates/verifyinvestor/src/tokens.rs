//! The two tokens of an account, as two types: one is a secret that calls are made with, the other is public and stands in
//! links. Neither becomes the other.

use accredit_models::Secret;

/// The API token of an account, from its settings page: a secret. Whoever has it can read every investor's data.
///
/// A text becomes one by itself; a [`UserAuthorizationToken`] never does:
///
/// ```compile_fail,E0277
/// use accredit_verifyinvestor::{Client, Environment, UserAuthorizationToken};
///
/// let public = UserAuthorizationToken::new("public");
/// let client = Client::builder(Environment::Staging).api_token(public).build();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken(Secret);

impl ApiToken {
    /// The token as the settings page shows it.
    #[must_use]
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(token.into())
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for ApiToken {
    fn from(token: String) -> Self {
        Self::new(token)
    }
}

impl From<&str> for ApiToken {
    fn from(token: &str) -> Self {
        Self::new(token)
    }
}

impl From<Secret> for ApiToken {
    fn from(token: Secret) -> Self {
        Self(token)
    }
}

/// The public user authorization token of an account, from its settings page. It stands in the links that investors open,
/// so every investor sees it.
///
/// It is asked for by this type, and no text becomes one by itself: the secret token cannot end up in a link unseen.
///
/// ```
/// use accredit_verifyinvestor::{Client, Environment, UserAuthorizationToken};
///
/// let client = Client::builder(Environment::Staging).api_token("secret").build()?;
/// let public = UserAuthorizationToken::new("public");
/// assert!(client.authorization_link(&public, "42").to_url()?.contains("/authorization/public?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0308
/// use accredit_verifyinvestor::{ApiToken, Client, Environment};
///
/// let secret = ApiToken::new("secret");
/// let client = Client::builder(Environment::Staging).api_token(secret.clone()).build()?;
/// let link = client.authorization_link(&secret, "42");
/// # Ok::<(), accredit_verifyinvestor::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAuthorizationToken(Secret);

impl UserAuthorizationToken {
    /// The token as the settings page shows it.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(Secret::new(token))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}
