//! How the session logs in: with e-mail and password, through a stack of its own that has no
//! credentials, so that a login can never wait for itself. When it logs in is the transport's to
//! decide.

use std::time::{Duration, SystemTime};

use accredit_models::{Personal, Secret, thirdparty::Login};
use accredit_transport::{
    self as transport, ConfigError, DecodeError, EncodeError, Error, Lease, Operation,
    OperationInfo, Reply, RequestEncoder, Token, async_trait,
};
use http::Method;

use crate::{
    credentials::{Credentials, Kind},
    operations,
};

/// The scheme that the service expects in `Authorization`.
const SCHEME: &str = "Token";

const LOGIN: &OperationInfo = &operations::auth::Login::INFO;

pub(crate) type Session = transport::Session<Account>;

/// The account that the session belongs to.
pub(crate) struct Account {
    client: transport::Client,
    /// Whether `client` has credentials for the login itself.
    is_authorised: bool,
    /// `None` when the caller has a token of their own, or nothing.
    password: Option<(Personal<String>, Secret)>,
}

/// A session that logs in through `client`, or holds the caller's own token.
pub(crate) fn session(
    client: transport::Client,
    is_authorised: bool,
    credentials: Option<Credentials>,
) -> Result<Session, ConfigError> {
    let (password, token) = match credentials.map(|Credentials(kind)| kind) {
        Some(Kind::Password { email, password }) => (Some((email, password)), None),
        Some(Kind::Token(token)) => (None, Some(Token::new(SCHEME, token.expose())?)),
        None => (None, None),
    };
    let session = Session::new(Account {
        client,
        is_authorised,
        password,
    });
    Ok(match token {
        Some(token) => session.with_lease(&Lease::new(token)),
        None => session,
    })
}

#[async_trait]
impl transport::Login for Account {
    async fn log_in(&self) -> Result<Lease, Error> {
        let failed = |detail| Error::auth(detail).with_operation(LOGIN);
        let Some((email, password)) = &self.password else {
            return Err(failed("there is no password to log in with"));
        };
        let login = operations::auth::Login::new(email.expose(), password.clone());
        let (login, server_now) = if self.is_authorised {
            self.client.execute(&Dated::<true>(login)).await
        } else {
            self.client.execute(&Dated::<false>(login)).await
        }
        .map_err(refused)?;
        let token = Token::new(SCHEME, login.token.expose())
            .map_err(|_| failed("the login gave no usable token"))?;
        let mut lease = Lease::new(token);
        if let Some(expiry) = expiry(&login) {
            lease = lease.expires(expiry, server_now);
        }
        Ok(lease.with_answer(login))
    }

    /// A token of the caller's own can't be replaced.
    fn is_possible(&self) -> bool {
        self.password.is_some()
    }
}

/// `None` for what lies beyond the calendar of this platform. A time before 1970 is as past as 1970.
fn expiry(login: &Login) -> Option<SystemTime> {
    let seconds = u64::try_from(login.expiry.instant().as_second()).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The service answers wrong credentials with a 400; other versions of its framework with 401 or 403.
fn refused(error: Error) -> Error {
    match error.status().map(|status| status.as_u16()) {
        Some(400 | 401 | 403) => error.into_unauthorized(),
        _ => error,
    }
}

/// A login together with what the server's clock showed; with credentials of its own, or as it is by itself, without.
struct Dated<const AUTHORISED: bool>(operations::auth::Login);

impl<const AUTHORISED: bool> Operation for Dated<AUTHORISED> {
    type Output = (Login, Option<SystemTime>);

    const INFO: OperationInfo = if AUTHORISED {
        OperationInfo::new(
            LOGIN.name(),
            Method::POST,
            LOGIN.path(),
            LOGIN.class(),
            LOGIN.response(),
        )
    } else {
        operations::auth::Login::INFO
    };

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        self.0.encode(request)
    }

    fn decode(reply: Reply) -> Result<Self::Output, DecodeError> {
        let date = reply.date();
        Ok((operations::auth::Login::decode(reply)?, date))
    }
}

#[cfg(test)]
mod tests {
    use accredit_transport::{Body, Client, Login as _};
    use http::{Response, header::DATE};

    use super::*;

    /// How long a client believes that a token lives which expires at `expiry`.
    async fn good_for(date: Option<&'static str>, expiry: &'static str) -> Option<Duration> {
        let service = tower::service_fn(move |_| {
            let body = format!(r#"{{"token": "t", "expiry": "{expiry}"}}"#);
            let mut response = Response::new(Body::whole(body));
            if let Some(date) = date {
                response.headers_mut().insert(DATE, date.parse().unwrap());
            }
            std::future::ready(Ok::<_, std::convert::Infallible>(response))
        });
        let client = Client::builder()
            .base_uri("https://a.test")
            .transport(service);
        let password = Some((Personal::new("a@example.com".to_owned()), Secret::from("p")));
        let client = client.build().unwrap();
        let account = Account {
            client,
            is_authorised: false,
            password,
        };
        let lease = account.log_in().await.unwrap();
        assert_eq!(lease.answer::<Login>().unwrap().token.expose(), "t");
        lease.good_for()
    }

    /// The clock of this machine may be wrong by hours; the server's says how old its own times are.
    #[tokio::test]
    async fn a_token_lives_by_the_clock_of_the_server() {
        let ten_hours = Some(Duration::from_secs(36_000));
        let date = Some("Wed, 01 Jan 2020 00:00:00 GMT");
        assert_eq!(good_for(date, "2020-01-01T10:00:00Z").await, ten_hours);
        assert_eq!(
            good_for(date, "2020-01-01T03:00:00.999-07:00").await,
            ten_hours
        );
        assert_eq!(good_for(date, "2019-12-31T23:59:59Z").await, None);
        assert_eq!(good_for(date, "1969-12-31T23:59:59Z").await, None);
        let date = Some("Wed, 01 Jan 2200 00:00:00 GMT");
        assert_eq!(good_for(date, "2200-01-01T10:00:00Z").await, ten_hours);
        // By the local clock, which is past 2020 and not yet at the end of time.
        for unreadable in [None, Some("soon")] {
            assert_eq!(good_for(unreadable, "2020-01-01T10:00:00Z").await, None);
            assert!(good_for(unreadable, "9999-01-01T00:00:00Z").await > ten_hours);
        }
    }
}
