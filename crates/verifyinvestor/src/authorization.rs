//! The link on which an investor lets a company see their account. A browser opens it; nothing here sends.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Environment;

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A link to the page on which an investor gives access.
///
/// After consent the browser comes back to the redirect URL with `vi_user_id` and `identifier`; an investor who gave access
/// before comes back at once. The link holds personal data, so `Debug` shows none of it.
///
/// ```
/// use accredit_verifyinvestor::{Client, Environment};
///
/// let client = Client::builder(Environment::Staging).build()?;
/// let link = client.authorization_link("public-token", "42").email("ada@example.com");
/// assert_eq!(
///     link.to_url(),
///     "https://verifyinvestor-staging.herokuapp.com/authorization/public-token?identifier=42&email=ada%40example.com",
/// );
/// # Ok::<(), accredit_verifyinvestor::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationLink {
    url: String,
}

impl AuthorizationLink {
    pub(crate) fn new(environment: &Environment, token: String, identifier: String) -> Self {
        let origin = environment.origin().trim_end_matches('/');
        let token = utf8_percent_encode(&token, ENCODED);
        Self {
            url: format!("{origin}/authorization/{token}?"),
        }
        .with("identifier", &identifier)
    }

    /// Fills in the first name.
    #[must_use]
    pub fn first_name(self, name: impl AsRef<str>) -> Self {
        self.with("first_name", name.as_ref())
    }

    /// Fills in the last name.
    #[must_use]
    pub fn last_name(self, name: impl AsRef<str>) -> Self {
        self.with("last_name", name.as_ref())
    }

    /// Fills in the e-mail address.
    #[must_use]
    pub fn email(self, email: impl AsRef<str>) -> Self {
        self.with("email", email.as_ref())
    }

    /// The legal name that the investor is to authorise.
    #[must_use]
    pub fn legal_name(self, name: impl AsRef<str>) -> Self {
        self.with("legal_name", name.as_ref())
    }

    /// The portal that the access is for, when it is not the issuer itself.
    #[must_use]
    pub fn portal_name(self, name: impl AsRef<str>) -> Self {
        self.with("portal_name", name.as_ref())
    }

    /// Where the browser goes afterwards.
    #[must_use]
    pub fn redirect_url(self, url: impl AsRef<str>) -> Self {
        self.with("redirect_url", url.as_ref())
    }

    /// The link, for a browser.
    #[must_use]
    pub fn to_url(&self) -> String {
        self.url.clone()
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        if !self.url.ends_with('?') {
            self.url.push('&');
        }
        self.url.push_str(name);
        self.url.push('=');
        self.url.extend(utf8_percent_encode(value, ENCODED));
        self
    }
}

impl fmt::Debug for AuthorizationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLink").finish_non_exhaustive()
    }
}
