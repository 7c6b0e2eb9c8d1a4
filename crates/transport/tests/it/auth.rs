//! Where tokens go, where they do not, and what becomes of their source.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Request, Response, StatusCode};
use accredit_transport::{Body, Client, Error, ErrorKind, Reply, Token, TokenSource, async_trait};

use crate::support::{CANARY, Create, Login, Retrieve, Server, json, reply};

fn token() -> Token {
    Token::new("Token", CANARY).unwrap()
}

#[tokio::test]
async fn token_never_leaves_origin() {
    let trap = Server::start([json("1")]).await;
    let server = Server::start([]).await;
    let client = server.client();
    let port = trap.address.port();
    let targets = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://localhost:{}/", server.address.port()),
        format!("https://{}/", server.address),
        format!("http://{}@127.0.0.1:{port}/", server.address),
        format!("http://user@{}/", server.address),
        format!("http://[::1]:{port}/"),
        format!("ftp://{}/", server.address),
        format!("127.0.0.1:{port}"),
        "*".to_owned(),
    ];
    for target in targets {
        let request = Request::get(&target).body(Bytes::new()).expect(&target);
        let error = client.send(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Origin, "{target}: {error:?}");
        assert!(
            !error.may_have_been_sent() && error.attempts() == 0,
            "{target}: {error:?}"
        );
    }
    assert_eq!((trap.connections(), server.connections()), (0, 0));
}

#[tokio::test]
async fn token_never_sent_over_http() {
    for base in [
        "http://example.com",
        "http://10.0.0.1:8000",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
    ] {
        let builder = Client::builder()
            .base_uri(base)
            .token(token())
            .allow_insecure_loopback(true);
        assert_eq!(builder.build().unwrap_err().setting(), "base_uri", "{base}");
    }
    let error = Client::builder()
        .base_uri("http://127.0.0.1:1")
        .token(token())
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("allow_insecure_loopback"),
        "{error}"
    );
}

#[tokio::test]
async fn an_anonymous_operation_carries_no_token() {
    let server = Server::start([json("\"fresh\"")]).await;
    server.client().execute(&Login).await.unwrap();
    assert!(
        !server.seen()[0]
            .to_ascii_lowercase()
            .contains("authorization")
    );
}

#[tokio::test]
async fn an_operation_that_needs_credentials_is_not_sent_without() {
    let server = Server::start([]).await;
    let client = Client::builder()
        .base_uri(server.base())
        .allow_insecure_loopback(true)
        .build()
        .unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(
        error.to_string(),
        "notes.retrieve: not authenticated: the operation needs credentials and the client has none"
    );
    assert_eq!(server.connections(), 0);
}

/// Counts what it is asked, and waits a turn before it answers.
#[derive(Clone, Default)]
struct Session(Arc<SessionState>);

#[derive(Default)]
struct SessionState {
    logins: AtomicUsize,
    rejected: Mutex<Vec<Token>>,
}

#[async_trait]
impl TokenSource for Session {
    async fn token(&self) -> Result<Token, Error> {
        tokio::task::yield_now().await;
        let number = self.0.logins.fetch_add(1, Ordering::Relaxed);
        Token::new("Token", &format!("t{number}")).map_err(|_| Error::auth("bad token"))
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        tokio::task::yield_now().await;
        self.0.rejected.lock().unwrap().push(rejected.clone());
        true
    }
}

#[tokio::test]
async fn a_401_reports_the_token_and_is_replayed_once_with_another() {
    let refused = || reply("401 Unauthorized", "application/json", "{}");
    let server = Server::start([refused(), json("\"ok\""), refused(), refused()]).await;
    let session = Session::default();
    let client = server
        .builder()
        .token_source(session.clone())
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "ok");
    assert!(server.seen()[1].contains("authorization: Token t1\r\n"));
    // A write, too: the server refused it before it ran. But only once.
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable());
    assert_eq!((error.attempts(), error.attempt_log().len()), (2, 2));
    assert_eq!(server.seen().len(), 4);
    let rejected = session.0.rejected.lock().unwrap().clone();
    let tokens = ["t0", "t2", "t3"].map(|token| Token::new("Token", token).unwrap());
    assert_eq!(rejected, tokens);
}

struct NoLogin;

#[async_trait]
impl TokenSource for NoLogin {
    async fn token(&self) -> Result<Token, Error> {
        let reply = Reply::new(
            StatusCode::BAD_REQUEST,
            Default::default(),
            "{\"detail\":\"no\"}",
        );
        Err(Error::from_reply(reply))
    }
}

#[tokio::test]
async fn a_failed_login_is_told_as_such_and_nothing_is_sent() {
    let server = Server::start([]).await;
    let client = server.builder().token_source(NoLogin).build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(
        error.to_string(),
        "notes.retrieve: not authenticated: 400 Bad Request (no content type, 15 bytes)"
    );
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    assert!(!error.may_have_been_sent());
    assert_eq!((error.attempts(), server.connections()), (0, 0));
}

#[tokio::test]
async fn an_authorization_header_of_the_defaults_is_refused() {
    let name = accredit_transport::http::header::AUTHORIZATION;
    let builder = Client::builder()
        .base_uri("https://a.test")
        .default_header(name, CANARY.parse().unwrap());
    assert_eq!(builder.build().unwrap_err().setting(), "default_header");
}

#[tokio::test]
async fn the_auth_layer_guards_on_its_own() {
    use accredit_transport::layer::AuthLayer;
    use tower::{Layer as _, ServiceExt as _};

    let origin = accredit_transport::Origin::of(&"https://a.test".parse().unwrap()).unwrap();
    let source: Arc<dyn TokenSource> = Arc::new(token());
    let layer = AuthLayer::new(Some(source), origin, false).unwrap();
    let echo = tower::service_fn(async |request: Request<Body>| {
        Ok::<_, Infallible>(Response::new(
            request.headers().contains_key("authorization"),
        ))
    });
    let send = async |uri: &str| {
        layer
            .layer(echo)
            .oneshot(Request::get(uri).body(Body::default()).unwrap())
            .await
    };
    assert!(*send("https://a.test/x").await.unwrap().body());
    for foreign in [
        "http://a.test/x",
        "https://a.test:8443/x",
        "https://b.test/x",
        "/relative",
    ] {
        assert_eq!(
            send(foreign).await.unwrap_err().kind(),
            ErrorKind::Origin,
            "{foreign}"
        );
    }
}
