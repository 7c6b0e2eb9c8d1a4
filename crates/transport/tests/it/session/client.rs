//! The session under a client: what a server sees of it, through the whole stack, in virtual time.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::http::header::AUTHORIZATION;
use accredit_transport::http::{Request, Response, StatusCode};
use accredit_transport::testkit::{Answer, Script};
use accredit_transport::{
    Body, CallOptions, Client, Error, ErrorKind, Lease, Operation, RetryPolicy, Session, Token,
    async_trait,
};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use crate::support::{self, Create, Retrieve};

/// A service that knows one token at a time.
#[derive(Clone, Default)]
struct Server(Arc<State>);

#[derive(Default)]
struct State {
    logins: AtomicUsize,
    /// The number of the oldest token that is still good.
    good_from: AtomicUsize,
    calls: AtomicUsize,
    executed: AtomicUsize,
    /// What the login answers in the place of a token.
    login_status: Mutex<Option<StatusCode>>,
}

impl Server {
    async fn answer(&self, request: Request<Body>) -> Response<String> {
        // Replies come whenever they do, and in no order.
        let number = self.0.calls.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new("true".to_owned());
        if request.uri().path() == "/login/" {
            assert!(!request.headers().contains_key(AUTHORIZATION));
            let number = self.0.logins.fetch_add(1, Ordering::SeqCst) + 1;
            sleep(Duration::from_millis(50)).await;
            if let Some(status) = *self.0.login_status.lock().unwrap() {
                *response.status_mut() = status;
            }
            *response.body_mut() = format!("\"t{number}\"");
            return response;
        }
        let token = request.headers()[AUTHORIZATION].to_str().unwrap();
        let token: usize = token.strip_prefix("Token t").unwrap().parse().unwrap();
        let is_good = token >= self.0.good_from.load(Ordering::SeqCst);
        sleep(Duration::from_millis(1 + number as u64 * 7 % 100)).await;
        if is_good {
            self.0.executed.fetch_add(1, Ordering::SeqCst);
        } else {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        response
    }

    fn builder(&self) -> accredit_transport::ClientBuilder {
        let server = self.clone();
        Client::builder()
            .base_uri("https://a.test")
            .transport(tower::service_fn(move |request| {
                let server = server.clone();
                async move { Ok::<_, Infallible>(server.answer(request).await) }
            }))
    }

    fn client(&self) -> (Client, Arc<Session<Login>>) {
        let login = Login(self.builder().retry(RetryPolicy::none()).build().unwrap());
        let session = Arc::new(Session::new(login));
        let client = self.builder().token_source(Arc::clone(&session));
        (client.build().unwrap(), session)
    }

    fn logins(&self) -> usize {
        self.0.logins.load(Ordering::SeqCst)
    }

    fn revoke(&self) {
        let next = self.logins() + 1;
        self.0.good_from.store(next, Ordering::SeqCst);
    }
}

/// Ten hours a token.
struct Login(Client);

#[async_trait]
impl accredit_transport::Login for Login {
    async fn log_in(&self) -> Result<Lease, Error> {
        let token = self.0.execute(&support::Login).await?;
        let token = Token::new("Token", &token).map_err(|_| Error::auth("no token"))?;
        Ok(Lease::new(token).lifetime(Duration::from_secs(36_000)))
    }
}

async fn crowd<O: Operation + Copy + 'static>(
    client: &Client,
    operation: O,
) -> Vec<Result<O::Output, Error>>
where
    O::Output: 'static,
{
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { client.execute(&operation).await });
    }
    calls.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_401_makes_one_login_and_runs_every_write_once() {
    let server = Server::default();
    let (client, _) = server.client();
    for epoch in 1..=3 {
        for result in crowd(&client, Create("x")).await {
            result.unwrap();
        }
        assert_eq!(server.logins(), epoch);
        assert_eq!(server.0.executed.load(Ordering::SeqCst), epoch * 1000);
        advance(Duration::from_secs(1)).await;
        server.revoke();
    }
    // The first thousand were sent once, the others twice, and there were three logins.
    assert_eq!(server.0.calls.load(Ordering::SeqCst), 1000 + 2 * 2000 + 3);
}

#[tokio::test(start_paused = true)]
async fn at_expiry_a_thousand_calls_make_one_login_and_no_401() {
    let server = Server::default();
    let (client, _) = server.client();
    crowd(&client, Create("x")).await;
    advance(Duration::from_secs(36_000)).await;
    server.revoke();
    for result in crowd(&client, Create("x")).await {
        result.unwrap();
    }
    assert_eq!(
        (server.logins(), server.0.calls.load(Ordering::SeqCst)),
        (2, 2002)
    );
}

#[tokio::test(start_paused = true)]
async fn a_password_that_became_wrong_ends_a_storm_with_one_login() {
    let server = Server::default();
    let (client, session) = server.client();
    crowd(&client, Create("x")).await;
    server.revoke();
    *server.0.login_status.lock().unwrap() = Some(StatusCode::UNAUTHORIZED);
    for result in crowd(&client, Create("x")).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let said = "notes.create: the server refused the credentials: auth.login: 401 Unauthorized";
        assert!(error.to_string().starts_with(said), "{error}");
    }
    assert_eq!(server.logins(), 2);
    // Put right, and told so.
    *server.0.login_status.lock().unwrap() = None;
    client.execute(&Retrieve("1")).await.unwrap_err();
    session.log_in().await.unwrap();
    assert_eq!(server.logins(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_token_of_its_own_leaves_the_session_alone() {
    let server = Server::default();
    let (client, session) = server.client();
    server.0.good_from.store(1, Ordering::SeqCst);
    let own = |number: usize| {
        let token = Token::new("Token", &format!("t{number}")).unwrap();
        CallOptions::new().token(token)
    };
    assert!(!format!("{:?}", own(77)).contains("t77"));
    client.execute_with(&Create("x"), &own(77)).await.unwrap();
    assert!(session.current().is_none());
    client.execute(&Create("x")).await.unwrap();
    let current = session.current();
    // Even one that happens to be the session's: refused, it is neither reported nor replaced.
    server.revoke();
    let error = client
        .execute_with(&Create("x"), &own(1))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 1)
    );
    assert_eq!((session.current(), server.logins()), (current, 1));
    // Not sent where none is.
    client
        .execute_with(&support::Login, &own(77))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_login_of_unknown_outcome_is_no_unknown_outcome_of_a_raw_request() {
    let logins = Script::new().otherwise(Answer::status(500));
    let login = Client::builder()
        .base_uri("https://api.example.com")
        .transport(logins.service())
        .build()
        .unwrap();
    let script = Script::new();
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token_source(Session::new(Login(login)))
        .transport(script.service())
        .build()
        .unwrap();
    let error = client
        .send(Request::get("/").body(()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(!error.may_have_been_sent());
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(!error.may_have_been_sent());
    assert_eq!(script.count(), 0);
}
