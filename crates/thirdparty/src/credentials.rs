//! Who calls the Third Party API.

use accredit_models::{Personal, Secret};

/// The credentials of a partner with an active issuer account.
///
/// ```
/// use accredit_thirdparty::Credentials;
///
/// let credentials = Credentials::password("partner@example.com", "correct horse");
/// assert!(!format!("{credentials:?}").contains("horse"));
/// ```
#[derive(Clone, Debug)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Password {
        email: Personal<String>,
        password: Secret,
    },
    Token(Secret),
}

impl Credentials {
    /// E-mail address and password: the client logs in by itself, and again when the token has expired.
    #[must_use]
    pub fn password(email: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self(Kind::Password {
            email: Personal::new(email.into()),
            password: password.into(),
        })
    }

    /// A token from a login elsewhere. It is used until the server refuses it.
    #[must_use]
    pub fn token(token: impl Into<Secret>) -> Self {
        Self(Kind::Token(token.into()))
    }
}
