//! HTTPS: who trusts the authority gets in, and every link says so.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use accredit_sandbox::{Effect, Fault, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

async fn secure() -> Sandbox {
    let builder = Sandbox::builder().strict(true).tls();
    builder.start().await.unwrap()
}

/// A handshake for `name` that trusts one authority.
async fn connect(
    sandbox: &Sandbox,
    ca: &str,
    name: &'static str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(name).unwrap(), stream)
        .await
}

/// One call over TLS, with its answer as text.
async fn call(sandbox: &Sandbox, method: &str, path: &str, token: &str, body: &Value) -> String {
    let mut stream = connect(sandbox, sandbox.ca_certificate().unwrap(), "localhost")
        .await
        .unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Token {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        sandbox.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn body_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn who_trusts_the_authority_gets_in_under_each_name() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .tls()
        .host("sandbox.test")
        .start()
        .await
        .unwrap();
    let ca = sandbox.ca_certificate().unwrap();
    assert!(sandbox.base_url().starts_with("https://127.0.0.1:"));
    for name in ["localhost", "127.0.0.1", "::1", "sandbox.test"] {
        assert!(connect(&sandbox, ca, name).await.is_ok(), "{name}");
    }
    assert!(connect(&sandbox, ca, "evil.example").await.is_err());
    let answer = call(&sandbox, "GET", "/_sandbox/health", "", &Value::Null).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        CryptoProvider::get_default().is_none(),
        "nothing was installed for the process"
    );
}

#[tokio::test]
async fn each_sandbox_has_an_authority_of_its_own() {
    let sandbox = secure().await;
    let other = secure().await;
    let refused = connect(&sandbox, other.ca_certificate().unwrap(), "localhost").await;
    assert!(refused.is_err());
    assert_eq!(Sandbox::start().await.unwrap().ca_certificate(), None);
}

#[tokio::test]
async fn every_link_says_https() {
    let sandbox = secure().await;
    let origin = sandbox.base_url();
    let credentials = sandbox.thirdparty_credentials();
    let login = json!({ "email": credentials.email, "password": credentials.password });
    let answer = call(&sandbox, "POST", "/api_third_party/auth/login/", "", &login).await;
    let token = body_of(&answer)["token"].as_str().unwrap().to_owned();
    let post = async |path: &str, body: Value| {
        let answer = call(&sandbox, "POST", path, &token, &body).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        body_of(&answer)
    };
    let entity = json!({
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com",
        "date_of_birth": "1985-12-10", "tax_id_number": "123-45-6789", "country": "US", "state": "CA",
    });
    let investor = post(
        "/api_third_party/investors/",
        json!({ "type": "person", "entity": entity }),
    )
    .await;
    let offering = sandbox.offerings().unwrap()[1].id;
    let mut investment = Value::Null;
    for _ in 0..2 {
        investment = post(
            "/api_third_party/investments/",
            json!({
                "offering": offering, "investor": investor["id"], "quantity": 100,
                "requested_payment_method": "wire",
            }),
        )
        .await;
    }
    let list = "/api_third_party/investments/?page_size=1";
    let answer = call(&sandbox, "GET", list, &token, &Value::Null).await;
    let next = body_of(&answer)["next"].as_str().unwrap().to_owned();
    assert!(next.starts_with(&origin), "{next}");
    let signature = post(
        "/api_third_party/subscription_agreement_investor_signatures/",
        json!({ "investment": investment["id"], "document_name": "subscription_agreement" }),
    )
    .await;
    for object in [&investment, &signature] {
        let text = object.to_string();
        assert!(!text.contains("http://"), "{text}");
    }
    assert!(
        signature
            .to_string()
            .contains(&format!("{origin}/_sandbox/sign/"))
    );

    let user = sandbox.verifyinvestor_user().unwrap();
    let path = format!("/api/v1/users/{}/verification_requests", user.id);
    let body = json!({ "legal_name": "Violet Howard", "deal_name": "Series A" });
    let answer = call(
        &sandbox,
        "POST",
        &path,
        sandbox.verifyinvestor_api_token(),
        &body,
    )
    .await;
    let link = body_of(&answer)["investor_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(link.starts_with(&origin), "{link}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stalls_holds_up_nobody_and_ends() {
    let sandbox = secure().await;
    let mut stalled = TcpStream::connect(sandbox.address()).await.unwrap();
    // The head of a record that never comes.
    stalled.write_all(&[22, 3, 1]).await.unwrap();
    let answer = call(&sandbox, "GET", "/_sandbox/health", "", &Value::Null).await;
    assert!(answer.starts_with("HTTP/1.1 200"));
    let start = Instant::now();
    let read = timeout(Duration::from_secs(60), stalled.read(&mut [0; 64])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
    assert!(start.elapsed() <= Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn stop_does_not_wait_for_a_stalled_handshake() {
    let sandbox = secure().await;
    let _stalled = TcpStream::connect(sandbox.address()).await.unwrap();
    let start = Instant::now();
    sandbox.stop().await;
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn plain_http_gets_no_answer() {
    let sandbox = secure().await;
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let _ = stream
        .write_all(b"GET /_sandbox/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    assert!(!bytes.starts_with(b"HTTP"));
}

/// Below TLS a reset is the same reset, and a cut body is cut at the same byte.
#[tokio::test]
async fn faults_of_the_connection_work_over_tls() {
    let sandbox = secure().await;
    let request = format!(
        "GET /api/v1/users HTTP/1.1\r\nhost: {}\r\nauthorization: Token {}\r\n\r\n",
        sandbox.address(),
        sandbox.verifyinvestor_api_token()
    );
    let ask = async |effect| {
        sandbox.inject(Fault::new(effect).times(1)).unwrap();
        let ca = sandbox.ca_certificate().unwrap();
        let mut stream = connect(&sandbox, ca, "localhost").await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await;
        (
            String::from_utf8(answer).unwrap(),
            end.map_err(|error| error.kind()),
        )
    };
    let (answer, end) = ask(Effect::Reset).await;
    assert_eq!(
        (answer.as_str(), end),
        ("", Err(ErrorKind::ConnectionReset))
    );
    let (answer, end) = ask(Effect::CutBody { bytes: 5 }).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(answer.split_once("\r\n\r\n").unwrap().1.len(), 5);
    // No close_notify either: TLS tells that this is no proper end.
    assert_eq!(end, Err(ErrorKind::UnexpectedEof));
}
