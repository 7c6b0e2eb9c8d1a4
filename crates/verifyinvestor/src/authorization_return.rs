//! What the browser brings back from the authorization page. Reads a query; asks nobody.

use std::{borrow::Cow, fmt};

use accredit_models::{Personal, verifyinvestor::UserId};

pub(crate) const USER: &str = "vi_user_id";
pub(crate) const IDENTIFIER: &str = "identifier";

/// An investor who came back from the page of an [`AuthorizationLink`](crate::AuthorizationLink).
///
/// The browser belongs to the investor, who can write any number into its address: take the id from here for a first look,
/// and before you rely on it read the user by your own identifier, which only the service can answer.
///
/// ```
/// use accredit_verifyinvestor::{AuthorizationReturn, Client, ReturnError};
///
/// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// // The query of `GET /back?x=1&vi_user_id=135&identifier=42`, and whom you sent there.
/// let back = AuthorizationReturn::from_query("x=1&vi_user_id=135&identifier=42", "42")?;
/// let user = client.users().retrieve_by_identifier("42").send().await?;
/// assert_eq!(user.id, back.user_id);
/// # Ok(())
/// # }
/// let of_another = AuthorizationReturn::from_query("vi_user_id=135&identifier=43", "42");
/// assert_eq!(of_another, Err(ReturnError::Foreign));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationReturn {
    /// The investor's id at the service, as the browser brought it.
    pub user_id: UserId,
    /// Your own key for the investor: the one that was expected.
    pub identifier: Personal<String>,
}

impl AuthorizationReturn {
    /// Reads the query of the URL that the browser came back to, without its question mark. `identifier` is the one that the
    /// link of this investor carried: keep it in their session, do not take it from the same URL. Other parameters do not
    /// matter.
    ///
    /// The identifiers are compared in the ordinary way, not in constant time: the expected one is no secret from the
    /// browser, which had it in its link.
    ///
    /// # Errors
    ///
    /// [`ReturnError`]: a parameter is missing or blank, is there twice, is no id, or is the identifier of someone else.
    pub fn from_query(query: &str, identifier: &str) -> Result<Self, ReturnError> {
        let (mut user, mut found) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (slot, name) = match &*name {
                USER => (&mut user, USER),
                IDENTIFIER => (&mut found, IDENTIFIER),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(ReturnError::Repeated(name));
            }
        }
        let found = present(found, IDENTIFIER)?;
        let user = present(user, USER)?;
        if found != identifier {
            return Err(ReturnError::Foreign);
        }
        Ok(Self {
            user_id: user.parse().map_err(|_| ReturnError::NotAUser)?,
            identifier: found.into_owned().into(),
        })
    }
}

fn present<'a>(
    value: Option<Cow<'a, str>>,
    name: &'static str,
) -> Result<Cow<'a, str>, ReturnError> {
    value
        .filter(|value| !value.trim().is_empty())
        .ok_or(ReturnError::Missing(name))
}

/// Why a return from the authorization page was refused. Shows no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReturnError {
    /// A parameter is missing or blank: the investor did not agree, or came from elsewhere.
    Missing(&'static str),
    /// A parameter is there more than once: which one counts is anybody's guess.
    Repeated(&'static str),
    /// `vi_user_id` is no id.
    NotAUser,
    /// `identifier` is not the one that was expected: the link of someone else.
    Foreign,
}

impl fmt::Display for ReturnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Repeated(name) => write!(f, "`{name}` is there more than once"),
            Self::NotAUser => write!(f, "`{USER}` is no id"),
            Self::Foreign => write!(f, "`{IDENTIFIER}` is another than expected"),
        }
    }
}

impl std::error::Error for ReturnError {}
