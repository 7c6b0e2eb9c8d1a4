//! The extractor of axum, behind a real socket.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use accredit_verifyinvestor::transport::http::StatusCode;
use accredit_verifyinvestor::{SOURCE_ADDRESSES, Verified, WebhookError, WebhookReceiver};
use axum::{
    Router,
    extract::{ConnectInfo, FromRef, State},
    routing::post,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::support::{BODY, signer, webhooks};

#[derive(Clone)]
struct App {
    receiver: WebhookReceiver,
    handled: Arc<AtomicUsize>,
}

impl FromRef<App> for WebhookReceiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

async fn handle(State(app): State<App>, webhook: Verified) -> Result<StatusCode, WebhookError> {
    webhook.event()?;
    app.handled.fetch_add(1, Ordering::Relaxed);
    Ok(StatusCode::NO_CONTENT)
}

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    handled: Arc<AtomicUsize>,
}

impl Server {
    async fn start(receiver: WebhookReceiver) -> Self {
        let handled = Arc::default();
        let app = App {
            receiver,
            handled: Arc::clone(&handled),
        };
        let routes = Router::new().route("/hook", post(handle)).with_state(app);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, handled }
    }

    /// Sends these bytes and gives the answer's head and body.
    async fn answer(&self, headers: &[u8], body: &[u8]) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = b"POST /hook HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
        let request = [head, headers, b"\r\n", body].concat();
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Checks that the answer has this status and no body.
    async fn expect(&self, status: u16, headers: &[u8], body: &[u8]) {
        let (head, rest) = self.answer(headers, body).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(rest, "");
        assert!(!head.to_lowercase().contains("content-type"), "{head}");
    }
}

fn headers(signature: &[u8], length: usize) -> Vec<u8> {
    let rest = format!("\r\ncontent-length: {length}\r\n");
    [b"X-Signature-SHA256: ", signature, rest.as_bytes()].concat()
}

#[tokio::test]
async fn a_signed_webhook_is_handled_and_others_are_answered_with_nothing() {
    let server = Server::start(WebhookReceiver::new(webhooks())).await;
    let good = signer().sign(BODY);
    let good = good.as_bytes();
    server.expect(204, &headers(good, BODY.len()), BODY).await;
    assert_eq!(server.handled.load(Ordering::Relaxed), 1);

    let no_utf8 = [b"\xff\xfe", &good[2..]].concat();
    let unsigned = format!("content-length: {}\r\n", BODY.len());
    let forged = signer().sign("other");
    let double = [headers(good, BODY.len()), headers(good, BODY.len())].concat();
    let double = String::from_utf8(double).unwrap();
    let double = double.replacen(&unsigned, "", 1);
    for (headers, status) in [
        (unsigned.as_bytes(), 401),
        (&headers(&no_utf8, BODY.len()), 401),
        (&headers(forged.as_bytes(), BODY.len()), 401),
        (double.as_bytes(), 401),
        // It is not there, and nobody waits for it.
        (&headers(good, 10 << 30), 413),
    ] {
        let body = if status == 413 { b"" } else { BODY };
        server.expect(status, headers, body).await;
    }

    let no_event = b"[]";
    let signature = signer().sign(no_event);
    let headers = headers(signature.as_bytes(), no_event.len());
    server.expect(400, &headers, no_event).await;
    assert_eq!(server.handled.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_body_that_is_closed_half_way_is_not_handled() {
    let server = Server::start(WebhookReceiver::new(webhooks())).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let signature = signer().sign(BODY);
    let headers = headers(signature.as_bytes(), BODY.len());
    let head = b"POST /hook HTTP/1.1\r\nhost: localhost\r\n";
    let request = [head, &headers[..], b"\r\n", &BODY[..20]].concat();
    stream.write_all(&request).await.unwrap();
    stream.shutdown().await.unwrap();
    // The server closes once it is done with the request.
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(server.handled.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_allow_list_looks_at_the_peer_of_the_connection() {
    let only_from = |addresses: &[IpAddr]| {
        let addresses = addresses.to_vec();
        WebhookReceiver::new(webhooks()).only_from(addresses, |request| {
            let peer = request.extensions.get();
            peer.map(|ConnectInfo::<SocketAddr>(address)| address.ip())
        })
    };
    let good = signer().sign(BODY);
    let headers = headers(good.as_bytes(), BODY.len());
    let vendor = Server::start(only_from(&SOURCE_ADDRESSES)).await;
    vendor.expect(401, &headers, BODY).await;
    let local = Server::start(only_from(&["127.0.0.1".parse().unwrap()])).await;
    local.expect(204, &headers, BODY).await;
}
