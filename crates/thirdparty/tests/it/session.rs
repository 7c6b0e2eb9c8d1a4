//! The session: when the client logs in, how often, and what it never does with credentials.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use accredit_sandbox::Sandbox;
use accredit_thirdparty::operations::auth;
use accredit_thirdparty::transport::http::Request;
use accredit_thirdparty::transport::http::header::AUTHORIZATION;
use accredit_thirdparty::transport::{Body, RetryPolicy, Token, TokenSource, async_trait};
use accredit_thirdparty::{
    Client, Country, Credentials, Environment, Error, ErrorKind, InvestorType, Problem,
};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::{
    EMAIL, Names, PASSWORD, Service, TOKEN, is_login, login, partner, partner_builder, reply,
};

/// Everything that an error says, causes included.
fn words(error: &Error) -> String {
    let mut words = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        words.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    words
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized_and_never_shown() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let credentials = Credentials::password(sandbox.thirdparty_credentials().email, PASSWORD);
    let client = Client::builder(Environment::Sandbox(sandbox.base_url()))
        .credentials(credentials)
        .build()
        .unwrap();
    let by_login = client.auth().login().await.unwrap_err();
    assert_eq!(by_login.operation(), Some("auth.login"));
    let by_call = client.investors().list().send().await.unwrap_err();
    assert_eq!(by_call.operation(), Some("investors.list"));
    assert!(
        !by_call.may_have_been_sent(),
        "the list itself was not sent"
    );
    // To this call a 400 of its own is an answer; that of the login is none.
    let investors = client.investors();
    let check = investors.check_tax_id("123-45-6789", Country::US, InvestorType::Person);
    let by_check = check.send().await.unwrap_err();
    for error in [by_login, by_call, by_check] {
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.is_unauthorized() && !error.is_retryable());
        assert_eq!(error.status().unwrap().as_u16(), 400);
        assert!(error.to_string().contains("auth.login"), "{error}");
        let problem = Problem::of(&error).unwrap();
        let text = "Unable to log in with provided credentials.";
        assert_eq!(problem.field("non_field_errors"), [text]);
        let words = words(&error);
        assert!(
            !words.contains("canary") && !words.contains("example.com"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_login_refused_with_another_status_is_unauthorized_too() {
    for status in [400, 401, 403] {
        let service =
            Service::new(move |_| reply(status, "application/json", r#"{"error": "no"}"#));
        let error = service.client().invoices().list().send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{status}");
        assert_eq!(Problem::of(&error).unwrap().message(), Some("no"));
    }
    // What is no refusal of the credentials stays what it is: the call may work later.
    let service = Service::new(|_| reply(503, "text/html", "<h1>Service Unavailable</h1>"));
    let error = service.client().invoices().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.is_transient() && error.is_retryable() && !error.may_have_been_sent());
    assert_eq!(error.status().unwrap().as_u16(), 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_first_calls_make_one_login() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        calls.spawn(client.investors().list().page_size(1).send());
    }
    while let Some(page) = calls.join_next().await {
        assert_eq!(page.unwrap().unwrap().count, 0);
    }
    let names = names.take();
    assert_eq!(names.len(), 201);
    assert_eq!(
        names.iter().filter(|name| **name == "auth.login").count(),
        1
    );
}

#[tokio::test]
async fn many_first_calls_with_a_wrong_password_make_one_login() {
    let refusal = r#"{"non_field_errors": ["Unable to log in with provided credentials."]}"#;
    let service = Service::new(move |_| reply(400, "application/json", refusal));
    let client = service.client();
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        calls.spawn(client.investors().list().send());
    }
    while let Some(page) = calls.join_next().await {
        let error = page.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.operation(), Some("investors.list"));
        assert_eq!(Problem::of(&error).unwrap().fields().count(), 1);
        assert!(
            error.to_string().contains("auth.login: 400 Bad Request"),
            "{error}"
        );
    }
    assert_eq!(
        service.seen().len(),
        1,
        "an account can be locked by too many wrong logins"
    );
    // Nor does a later call try again, but its owner may.
    client.investors().list().send().await.unwrap_err();
    assert_eq!(service.seen().len(), 1);
    client.auth().login().await.unwrap_err();
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn a_caller_that_gives_up_during_the_login_leaves_it_to_the_next() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let client = service.client();
    let mut first = Box::pin(client.investors().list().send());
    // One poll starts the login; then the caller goes away.
    std::future::poll_fn(|cx| {
        let _ = first.as_mut().poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
    drop(first);
    client.investors().list().send().await.unwrap();
    let names: Vec<_> = service
        .seen_with_credentials()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["login", "login", "investors"]);
}

#[tokio::test]
async fn a_call_with_a_revoked_token_logs_in_again_and_is_repeated() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    client.investors().list().send().await.unwrap();
    partner(&sandbox).auth().logout_all().await.unwrap();
    client.investors().list().send().await.unwrap();
    // The layer of a user sees a call before the login that it waits for, and once however often it is sent.
    let (login, list) = ("auth.login", "investors.list");
    assert_eq!(names.take(), [list, login, list, login]);
}

#[tokio::test]
async fn an_expired_token_is_replaced_like_a_revoked_one() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    client.investors().list().send().await.unwrap();
    sandbox.advance_clock(std::time::Duration::from_secs(10 * 3600 + 1));
    client.investors().list().send().await.unwrap();
}

/// One repetition a call: what is refused with a new token, too, is refused.
#[tokio::test]
async fn a_server_that_refuses_every_token_is_believed() {
    let service = Service::json(401, r#"{"detail": "Invalid token."}"#);
    let client = service.client();
    let error = client.investors().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 2)
    );
    assert_eq!(
        Problem::of(&error).unwrap().message(),
        Some("Invalid token.")
    );
    for _ in 0..20 {
        client.investors().list().send().await.unwrap_err();
    }
    let logins = service.seen().iter().filter(|seen| is_login(seen)).count();
    assert_eq!(logins, 2, "within a second");
}

/// Whose clock is wrong then is not known; the server tells with a 401.
#[tokio::test]
async fn a_token_that_seems_dead_already_makes_no_login_for_every_call() {
    for expiry in [
        "2020-01-01T10:00:00Z",
        "1969-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
    ] {
        let service = Service::new(move |request| {
            if !is_login(request) {
                return reply(200, "application/json", r#"{"count": 0, "results": []}"#);
            }
            let body = format!(r#"{{"token": "t", "expiry": "{expiry}"}}"#);
            reply(200, "application/json", body)
        });
        let client = service.client();
        for _ in 0..3 {
            client.investors().list().send().await.unwrap();
        }
        assert_eq!(service.seen().len(), 4, "{expiry}");
    }
}

#[tokio::test]
async fn many_refused_calls_make_one_new_login() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let service = Service::new(move |request| {
        if is_login(request) {
            let number = count.fetch_add(1, Ordering::SeqCst);
            return login(&format!("token-{number}"));
        }
        let current = request.headers()["authorization"] != "Token token-0";
        if current {
            reply(200, "application/json", r#"{"count": 0, "results": []}"#)
        } else {
            reply(401, "application/json", r#"{"detail": "Invalid token."}"#)
        }
    });
    let client = service.client();
    for _ in 0..2 {
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            calls.spawn(client.investors().list().send());
        }
        while let Some(page) = calls.join_next().await {
            page.unwrap().unwrap();
        }
    }
    assert_eq!(logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_late_401_for_the_old_token_keeps_the_new_one() {
    let (arrived, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let logins = Arc::new(AtomicUsize::new(0));
    let (arrival, opened, count) = (Arc::clone(&arrived), Arc::clone(&gate), Arc::clone(&logins));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (arrival, opened, count) = (
            Arc::clone(&arrival),
            Arc::clone(&opened),
            Arc::clone(&count),
        );
        async move {
            if is_login(&request) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                return Ok::<_, Infallible>(login(&format!("token-{number}")));
            }
            if request.headers()["authorization"] != "Token token-0" {
                return Ok(reply(
                    200,
                    "application/json",
                    r#"{"count": 0, "results": []}"#,
                ));
            }
            if request.uri().path().ends_with("/invoices/") {
                arrival.notify_one();
                opened.notified().await;
            }
            Ok(reply(
                401,
                "application/json",
                r#"{"detail": "Invalid token."}"#,
            ))
        }
    });
    let client = Client::builder(Environment::Production)
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .configure(move |transport| transport.transport(service.clone()))
        .build()
        .unwrap();
    let late = tokio::spawn(client.invoices().list().send());
    arrived.notified().await;
    client.investors().list().send().await.unwrap();
    gate.notify_one();
    late.await.unwrap().unwrap();
    client.investors().list().send().await.unwrap();
    assert_eq!(logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_of_the_callers_own_is_never_replaced() {
    let service = Service::json(401, r#"{"detail": "Invalid token."}"#);
    let client = service.builder().token("own-token").build().unwrap();
    for _ in 0..3 {
        let error = client.investors().list().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Unauthorized, 1)
        );
    }
    let seen = service.seen_with_credentials();
    let own = ("investors".to_owned(), Some("Token own-token".to_owned()));
    assert_eq!(seen, [own.clone(), own.clone(), own]);
    let error = client.auth().login().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Auth, Some("auth.login"))
    );
}

#[tokio::test]
async fn a_token_of_the_callers_own_opens_the_sandbox() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let token = partner(&sandbox).auth().login().await.unwrap().token;
    let client = Client::builder(Environment::Sandbox(sandbox.base_url()))
        .token(token)
        .build()
        .unwrap();
    client.investors().list().send().await.unwrap();
    client.auth().logout().await.unwrap();
    // Its owner ended it; there is nothing to log in with.
    let error = client.investors().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_been_sent()),
        (ErrorKind::Auth, false)
    );
}

#[tokio::test]
async fn after_a_logout_the_next_call_logs_in_anew() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    let first = client.auth().login().await.unwrap();
    client.auth().logout().await.unwrap();
    client.investors().list().send().await.unwrap();
    client.auth().logout_all().await.unwrap();
    client.investors().list().send().await.unwrap();
    let (login, list) = ("auth.login", "investors.list");
    let expected = [
        login,
        "auth.logout",
        list,
        login,
        "auth.logoutall",
        list,
        login,
    ];
    assert_eq!(names.take(), expected);
    let again = client.auth().login().await.unwrap();
    assert_ne!(first.token.expose(), again.token.expose());
}

#[tokio::test]
async fn a_logout_with_a_token_that_is_gone_is_unauthorized_and_forgets_it() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    client.auth().login().await.unwrap();
    partner(&sandbox).auth().logout_all().await.unwrap();
    let error = client.auth().logout().await.unwrap_err();
    assert_eq!(error.to_string(), "auth.logout: 401 Unauthorized");
    client.investors().list().send().await.unwrap();
}

/// A service that does what a logout asks for, and whose answer to the first one is lost.
fn losing_the_first_answer() -> Service {
    let gone = Arc::new(Mutex::new(BTreeSet::new()));
    let logins = AtomicUsize::new(0);
    Service::new(move |request| {
        if is_login(request) {
            let number = logins.fetch_add(1, Ordering::SeqCst);
            return login(&format!("token-{number}"));
        }
        let token = request.headers()[AUTHORIZATION].to_str().unwrap();
        let mut gone = gone.lock().unwrap();
        let is_first = gone.is_empty();
        if !gone.insert(token.to_owned()) {
            return reply(401, "application/json", r#"{"detail": "Invalid token."}"#);
        }
        reply(if is_first { 504 } else { 204 }, "text/html", "")
    })
}

#[tokio::test]
async fn a_logout_whose_answer_was_lost_is_done() {
    let service = losing_the_first_answer();
    let client = service.client();
    client.auth().login().await.unwrap();
    client.auth().logout().await.unwrap();
    let seen = |service: &Service| {
        let seen = service.seen_with_credentials().into_iter();
        seen.map(|(name, token)| (name, token.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let (first, second) = ("Token token-0", "Token token-1");
    let expected = [("login", ""), ("logout", first), ("logout", first)];
    let expected = expected.map(|(name, token)| (name.to_owned(), token.to_owned()));
    assert_eq!(seen(&service), expected);
    client.auth().logout().await.unwrap();
    assert_eq!(seen(&service).len(), 3, "the session was forgotten");

    // That all sessions are over is proved by a session that is not.
    let service = losing_the_first_answer();
    service.client().auth().logout_all().await.unwrap();
    let expected = [
        ("login", ""),
        ("logoutall", first),
        ("logoutall", first),
        ("login", ""),
        ("logoutall", second),
    ];
    let expected = expected.map(|(name, token)| (name.to_owned(), token.to_owned()));
    assert_eq!(seen(&service), expected);

    // Without a login there is no such proof: a token may end by itself.
    let own = |service: &Service| service.builder().token("own").build().unwrap();
    let error = own(&losing_the_first_answer()).auth().logout_all().await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 2)
    );
    own(&losing_the_first_answer())
        .auth()
        .logout()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_logout_without_a_session_sends_nothing() {
    let service = Service::json(204, "");
    let client = service.client();
    client.auth().logout().await.unwrap();
    assert!(service.seen().is_empty(), "a login only to log out");
}

#[tokio::test]
async fn a_late_logout_keeps_a_newer_token() {
    let (arrived, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let logins = Arc::new(AtomicUsize::new(0));
    let (arrival, opened, count) = (Arc::clone(&arrived), Arc::clone(&gate), Arc::clone(&logins));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (arrival, opened, count) = (
            Arc::clone(&arrival),
            Arc::clone(&opened),
            Arc::clone(&count),
        );
        async move {
            if is_login(&request) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                return Ok::<_, Infallible>(login(&format!("token-{number}")));
            }
            if request.uri().path().ends_with("/logout/") {
                arrival.notify_one();
                opened.notified().await;
                return Ok(reply(204, "application/json", ""));
            }
            let body = r#"{"count": 0, "results": []}"#;
            Ok(reply(200, "application/json", body))
        }
    });
    let client = Client::builder(Environment::Production)
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .configure(move |transport| transport.transport(service.clone()))
        .build()
        .unwrap();
    client.auth().login().await.unwrap();
    let auth = client.auth();
    let late = tokio::spawn(async move { auth.logout().await });
    arrived.notified().await;
    client.auth().login().await.unwrap();
    gate.notify_one();
    late.await.unwrap().unwrap();
    client.investors().list().send().await.unwrap();
    assert_eq!(
        logins.load(Ordering::SeqCst),
        2,
        "the newer token was forgotten"
    );
}

#[tokio::test]
async fn callers_that_waited_for_a_login_without_an_answer_share_its_end() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let service = tower::service_fn(move |_: Request<Body>| {
        let count = Arc::clone(&count);
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            // Long enough for every caller to be waiting.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            Err::<http::Response<String>, _>(Error::new(ErrorKind::Connect))
        }
    });
    let client = Client::builder(Environment::Production)
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .configure(move |transport| {
            let transport = transport.retry(RetryPolicy::none());
            transport.transport(service.clone())
        })
        .build()
        .unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        calls.spawn(client.investors().list().send());
    }
    while let Some(page) = calls.join_next().await {
        let error = page.unwrap().unwrap_err();
        assert!(
            error.is_transient() && !error.may_have_been_sent(),
            "{error:?}"
        );
    }
    assert_eq!(logins.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failed_logout_keeps_the_token() {
    let service = Service::json(500, "{}");
    let client = service.client();
    client.auth().login().await.unwrap();
    let error = client.auth().logout().await.unwrap_err();
    let said = "auth.logout: 500 Internal Server Error after 3 attempts";
    assert_eq!(error.to_string(), said);
    client.auth().logout_all().await.unwrap_err();
    let names: Vec<_> = service
        .seen_with_credentials()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let (out, all) = ("logout", "logoutall");
    assert_eq!(names, ["login", out, out, out, all, all, all]);
}

#[tokio::test]
async fn a_login_carries_no_credentials() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let client = service.client();
    client.investors().list().send().await.unwrap();
    client.auth().login().await.unwrap();
    // Through the stack that has a token, too.
    client
        .execute(&auth::Login::new(EMAIL, PASSWORD))
        .await
        .unwrap();
    let token = Some("Token canary-token".to_owned());
    let expected = [
        ("login", None),
        ("investors", token),
        ("login", None),
        ("login", None),
    ];
    let expected = expected.map(|(name, token)| (name.to_owned(), token));
    assert_eq!(service.seen_with_credentials(), expected);
    for request in service.seen() {
        assert_eq!(request.uri().host(), Some("api.issuance.com"));
        assert_eq!(request.uri().scheme_str(), Some("https"));
    }
}

/// Gives another token after each that was refused.
#[derive(Default)]
struct IdTokens(AtomicUsize);

#[async_trait]
impl TokenSource for IdTokens {
    async fn token(&self) -> Result<Token, Error> {
        let number = self.0.load(Ordering::SeqCst);
        Token::new("Bearer", &format!("canary-id-{number}")).map_err(|_| Error::auth("no token"))
    }

    async fn invalidate(&self, _: &Token) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst);
        true
    }
}

#[tokio::test]
async fn a_login_carries_the_authorization_that_it_was_given_and_nothing_else_does() {
    let service = Service::new(|request| {
        let given = request.headers().get(AUTHORIZATION);
        match is_login(request) {
            true if given.is_some_and(|value| value == "Bearer canary-id-1") => login(TOKEN),
            true => reply(401, "application/json", "{}"),
            false => reply(200, "application/json", r#"{"count": 0, "results": []}"#),
        }
    });
    let builder = service
        .builder()
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .login_authorization(IdTokens::default());
    assert!(!format!("{builder:?}").contains("canary"));
    let client = builder.build().unwrap();
    client.investors().list().send().await.unwrap();
    client.auth().logout().await.unwrap();
    let expected = [
        ("login", "Bearer canary-id-0"),
        ("login", "Bearer canary-id-1"),
        ("investors", "Token canary-token"),
        ("logout", "Token canary-token"),
    ];
    let expected = expected.map(|(name, token)| (name.to_owned(), Some(token.to_owned())));
    assert_eq!(service.seen_with_credentials(), expected);

    let fixed = service
        .builder()
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .login_authorization(Token::new("", "canary-id-0").unwrap())
        .build()
        .unwrap();
    let error = fixed.auth().login().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn bad_token_is_an_error_not_a_panic() {
    for token in [
        "",
        "canary\\n",
        "canary\\u0000x",
        "caf\\u00e9 canary",
        "can ary",
    ] {
        let service = Service::new(move |_| login(token));
        let client = service.client();
        for error in [
            client.investors().list().send().await.unwrap_err(),
            client.auth().login().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Auth, "{token}");
            assert!(
                error.operation().is_some() && !words(&error).contains("can"),
                "{error:?}"
            );
        }
        let built = service
            .builder()
            .token(serde_json::from_str::<String>(&format!("\"{token}\"")).unwrap());
        assert!(!format!("{built:?}").contains("can"));
        let error = built.build().unwrap_err();
        assert_eq!(error.setting(), "token");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn without_credentials_a_call_fails_before_it_is_sent() {
    let service = Service::json(200, "{}");
    let client = service.builder().build().unwrap();
    let error = client.investors().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Auth, Some("investors.list"))
    );
    assert!(!error.may_have_been_sent() && !error.is_retryable());
    assert!(service.seen().is_empty());
    client
        .execute(&auth::Login::new(EMAIL, PASSWORD))
        .await
        .unwrap();
}

#[test]
fn token_never_sent_over_http() {
    for origin in [
        "http://api.example.com",
        "http://127.0.0.1:1",
        "ftp://x",
        "nonsense",
        "https://api.example.com#fragment",
        "https://canary:canary@api.example.com",
        "canary@api.example.com",
        "https://api.example.com?canary",
    ] {
        let builder = Client::builder(Environment::Custom(origin.to_owned())).token("t");
        assert!(!format!("{builder:?}").contains("canary"), "{builder:?}");
        assert_eq!(
            builder.build().unwrap_err().setting(),
            "base_uri",
            "{origin}"
        );
    }
    let remote = Client::builder(Environment::Sandbox("http://api.example.com".to_owned()));
    assert!(remote.token("t").build().is_err());
}
