//! The link on which an investor lets a company see their account. A browser opens it; nothing here sends.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    Environment, UserAuthorizationToken,
    authorization_return::{IDENTIFIER, USER},
};

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A link to the page on which an investor gives access. A setter used twice keeps the last value.
///
/// After consent the browser comes back to the redirect URL, and [`AuthorizationReturn`](crate::AuthorizationReturn) reads what
/// it brings; an investor who gave access before comes back at once. The link holds personal data, so `Debug` shows none of
/// it.
///
/// ```
/// use accredit_verifyinvestor::{Client, Environment, UserAuthorizationToken};
///
/// let client = Client::builder(Environment::Staging).build()?;
/// let public = UserAuthorizationToken::new("public-token");
/// let link = client.authorization_link(&public, "42").email("ada@example.com");
/// assert_eq!(
///     link.to_url()?,
///     "https://verifyinvestor-staging.herokuapp.com/authorization/public-token?identifier=42&email=ada%40example.com",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a link does nothing until a browser opens it"]
pub struct AuthorizationLink {
    origin: String,
    token: UserAuthorizationToken,
    identifier: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    legal_name: Option<String>,
    portal_name: Option<String>,
    redirect_url: Option<String>,
}

impl AuthorizationLink {
    pub(crate) fn new(
        environment: &Environment,
        token: UserAuthorizationToken,
        identifier: String,
    ) -> Self {
        Self {
            origin: environment.origin().trim_end_matches('/').to_owned(),
            token,
            identifier,
            first_name: None,
            last_name: None,
            email: None,
            legal_name: None,
            portal_name: None,
            redirect_url: None,
        }
    }

    /// Fills in the first name.
    pub fn first_name(mut self, name: impl Into<String>) -> Self {
        self.first_name = Some(name.into());
        self
    }

    /// Fills in the last name.
    pub fn last_name(mut self, name: impl Into<String>) -> Self {
        self.last_name = Some(name.into());
        self
    }

    /// Fills in the e-mail address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// The legal name that the investor is to authorise.
    pub fn legal_name(mut self, name: impl Into<String>) -> Self {
        self.legal_name = Some(name.into());
        self
    }

    /// The portal that the access is for, when it is not the issuer itself.
    pub fn portal_name(mut self, name: impl Into<String>) -> Self {
        self.portal_name = Some(name.into());
        self
    }

    /// Where the browser goes afterwards: an absolute `http` or `https` URL. It must not have a parameter `vi_user_id` or
    /// `identifier` of its own: the service adds them.
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// The link, for a browser.
    ///
    /// # Errors
    ///
    /// [`LinkError`] when the token or the identifier is blank, when the identifier is `.` or `..`, by which no user can be
    /// looked up, and when the redirect URL is no web address or has a parameter that the service adds.
    pub fn to_url(&self) -> Result<String, LinkError> {
        let token = self.token.expose();
        if is_no_segment(token) {
            return Err(LinkError::new("token", "is blank or names another path"));
        }
        if is_no_segment(&self.identifier) {
            let reason = "is blank or cannot be looked up by";
            return Err(LinkError::new("identifier", reason));
        }
        if self.redirect_url.as_deref().is_some_and(is_no_web_address) {
            let reason = "is no absolute http or https URL";
            return Err(LinkError::new("redirect_url", reason));
        }
        if self.redirect_url.as_deref().is_some_and(has_what_is_added) {
            let reason = "has a parameter `vi_user_id` or `identifier`, which the service adds";
            return Err(LinkError::new("redirect_url", reason));
        }
        let token = utf8_percent_encode(token, ENCODED);
        let mut url = format!("{}/authorization/{token}?identifier=", self.origin);
        url.extend(utf8_percent_encode(&self.identifier, ENCODED));
        for (name, value) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("email", &self.email),
            ("legal_name", &self.legal_name),
            ("portal_name", &self.portal_name),
            ("redirect_url", &self.redirect_url),
        ] {
            if let Some(value) = value {
                url.push('&');
                url.push_str(name);
                url.push('=');
                url.extend(utf8_percent_encode(value, ENCODED));
            }
        }
        Ok(url)
    }
}

/// Dots are not changed by percent-encoding, and lead elsewhere as a segment of a path.
fn is_no_segment(text: &str) -> bool {
    text.trim().is_empty() || text == "." || text == ".."
}

fn is_no_web_address(url: &str) -> bool {
    let rest = url.split_once("://").and_then(|(scheme, rest)| {
        let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        is_web.then_some(rest)
    });
    let has_host =
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']));
    !has_host || url.contains(|sign: char| sign.is_whitespace() || sign.is_control())
}

/// With two of them nobody could tell which one the service wrote.
fn has_what_is_added(url: &str) -> bool {
    let query = url.split('#').next().and_then(|url| url.split_once('?'));
    query.is_some_and(|(_, query)| {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        parameters.any(|(name, _)| [USER, IDENTIFIER].contains(&&*name))
    })
}

impl fmt::Debug for AuthorizationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLink").finish_non_exhaustive()
    }
}

/// A parameter that no [`AuthorizationLink`] can carry. Shows the name, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkError {
    parameter: &'static str,
    reason: &'static str,
}

impl LinkError {
    fn new(parameter: &'static str, reason: &'static str) -> Self {
        Self { parameter, reason }
    }

    /// The parameter: `token`, `identifier` or `redirect_url`.
    #[must_use]
    pub fn parameter(&self) -> &'static str {
        self.parameter
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "authorization link: `{}` {}",
            self.parameter, self.reason
        )
    }
}

impl std::error::Error for LinkError {}
