//! The receiver: how much it reads, how long it waits, whom it lets in, what it writes to the log.

use std::{net::IpAddr, sync::atomic::Ordering, time::Duration};

use accredit_verifyinvestor::transport::bytes::Bytes;
use accredit_verifyinvestor::transport::http::{HeaderMap, HeaderValue, Request};
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, SOURCE_ADDRESSES, Verified, WebhookError, WebhookReceiver,
};
use http_body::{Body, Frame};

use super::support::{BODY, Broken, Pieces, signer, webhooks};
use crate::support::record;

const LIMIT: usize = 64 * 1024;

fn receiver() -> WebhookReceiver {
    WebhookReceiver::new(webhooks())
}

async fn receive<B: Body>(request: Request<B>) -> Result<Verified, WebhookError> {
    receiver().receive(request).await.map(Request::into_body)
}

#[tokio::test(start_paused = true)]
async fn a_body_in_pieces_is_put_together() {
    let pieces = Pieces::new(BODY.chunks(7)).then(Ok(Frame::trailers(HeaderMap::new())));
    let verified = receive(pieces.signed(BODY)).await.unwrap();
    assert_eq!(verified.bytes(), BODY);

    let tampered = Pieces::new([BODY, b" "]).signed(BODY);
    assert_eq!(receive(tampered).await, Err(WebhookError::Signature));
}

#[tokio::test(start_paused = true)]
async fn everything_but_the_body_stays_as_it_was() {
    let mut request = Pieces::new([BODY]).signed(BODY);
    *request.uri_mut() = "/hook?a=1".parse().unwrap();
    request.extensions_mut().insert(7_u8);
    let received = receiver().receive(request).await.unwrap();
    assert_eq!(received.uri(), "/hook?a=1");
    assert_eq!(received.extensions().get(), Some(&7_u8));
    assert!(received.headers()[SIGNATURE_HEADER].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn a_huge_body_that_says_so_is_not_read() {
    let body = Pieces::new([BODY]).announced(10 << 30);
    let taken = body.taken();
    let refused = receive(body.signed(BODY)).await;
    assert_eq!(refused, Err(WebhookError::TooLarge));
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_huge_body_that_does_not_say_so_is_read_to_the_limit() {
    let piece = [b' '; 1000];
    let body = Pieces::new([&piece[..]]).huge();
    let taken = body.taken();
    let refused = receive(body.signed(BODY)).await;
    assert_eq!(refused, Err(WebhookError::TooLarge));
    let taken = taken.load(Ordering::Relaxed);
    assert!(taken <= LIMIT + piece.len(), "{taken}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_itself_is_not_too_large() {
    let body = vec![b' '; LIMIT];
    let at = Pieces::new(body.chunks(1 << 14)).announced(1 << 16);
    assert_eq!(receive(at.signed(&body)).await.unwrap().bytes(), body);

    let over = Pieces::new([&body[..], b" "]);
    let refused = receive(over.signed(&body)).await;
    assert_eq!(refused, Err(WebhookError::TooLarge));

    let short = WebhookReceiver::new(webhooks().body_limit(BODY.len() - 1));
    let refused = short.receive(Pieces::new([BODY]).signed(BODY)).await;
    assert_eq!(refused.map(drop), Err(WebhookError::TooLarge));
}

/// No memory is set aside for what is only announced.
#[tokio::test(start_paused = true)]
async fn a_length_that_no_machine_has_is_not_believed_where_there_is_no_limit() {
    let unlimited = WebhookReceiver::new(webhooks().body_limit(usize::MAX));
    let body = Pieces::new([BODY]).announced(u64::MAX);
    let received = unlimited.receive(body.signed(BODY)).await.unwrap();
    assert_eq!(received.body().bytes(), BODY);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_refused() {
    let body = Pieces::new([BODY]).then(Err(Broken));
    let refused = receive(body.signed(BODY)).await;
    assert_eq!(refused, Err(WebhookError::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_waited_for_ten_seconds() {
    let start = tokio::time::Instant::now();
    let body = Pieces::new([BODY]).hanging();
    let refused = receive(body.signed(BODY)).await;
    assert_eq!(refused, Err(WebhookError::Interrupted));
    assert_eq!(start.elapsed().as_secs(), 10);

    let start = tokio::time::Instant::now();
    let receiver = receiver().body_timeout(Duration::from_secs(3));
    let body = Pieces::new([BODY]).hanging();
    let refused = receiver.receive(body.signed(BODY)).await;
    assert_eq!(refused.map(drop), Err(WebhookError::Interrupted));
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_one_signature_is_refused_before_its_body_is_read() {
    let good = signer().sign(BODY);
    let with = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(SIGNATURE_HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    };
    let no_text = [b"\xff\xfe", &good.as_bytes()[2..]].concat();
    for headers in [
        with(&[]),
        with(&[b""]),
        with(&[good.as_bytes(), good.as_bytes()]),
        with(&[&good.as_bytes()[1..]]),
        with(&[&no_text]),
    ] {
        let body = Pieces::new([BODY]);
        let taken = body.taken();
        let refused = receive(body.with(headers)).await;
        assert_eq!(refused, Err(WebhookError::Signature));
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_content_type_has_no_say() {
    let form = b"verification_request_id=90&status=accredited";
    for body in [BODY, form] {
        for content_type in [
            "application/json",
            "application/x-www-form-urlencoded",
            "image/png",
            "",
        ] {
            let mut request = Pieces::new([body]).signed(body);
            let value = HeaderValue::from_static(content_type);
            request.headers_mut().insert("content-type", value);
            let event = receive(request).await.unwrap().event().unwrap();
            assert_eq!(event.verification_request_id.get(), 90);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_allow_list_lets_in_its_addresses_only() {
    let receiver = receiver().only_from(SOURCE_ADDRESSES, |parts| {
        parts.extensions.get::<IpAddr>().copied()
    });
    for (peer, allowed) in [
        (Some("54.173.229.200"), true),
        (Some("54.175.230.252"), true),
        // The same address on a socket that listens on IPv6.
        (Some("::ffff:54.173.229.200"), true),
        (Some("54.173.229.201"), false),
        (Some("127.0.0.1"), false),
        (Some("::1"), false),
        (None, false),
    ] {
        let body = Pieces::new([BODY]);
        let taken = body.taken();
        let mut request = body.signed(BODY);
        if let Some(peer) = peer {
            let peer: IpAddr = peer.parse().unwrap();
            request.extensions_mut().insert(peer);
        }
        let outcome = receiver.receive(request).await;
        if allowed {
            assert!(outcome.is_ok(), "{peer:?}");
        } else {
            assert_eq!(outcome.map(drop), Err(WebhookError::Source), "{peer:?}");
            assert_eq!(taken.load(Ordering::Relaxed), 0);
        }
    }
    let written = receiver.only_from(["::ffff:1.2.3.4".parse().unwrap()], |_| {
        Some(IpAddr::from([1, 2, 3, 4]))
    });
    let received = written.receive(Pieces::new([BODY]).signed(BODY)).await;
    assert!(received.is_ok());
}

#[test]
fn what_is_answered_is_one_of_four() {
    let body = Verified::from_storage("?").event().unwrap_err().into();
    for (error, status) in [
        (WebhookError::Signature, 401),
        (WebhookError::Source, 401),
        (body, 400),
        (WebhookError::Interrupted, 400),
        (WebhookError::TooLarge, 413),
        (WebhookError::EmptySecret, 503),
    ] {
        assert_eq!(error.status().as_u16(), status, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_has_a_short_digest_and_nothing_else_of_a_webhook() {
    let (log, listening) = record();
    let body = Bytes::from_static(br#"{"verification_request_id":90,"legal_name":"CANARY"}"#);
    let request = || Pieces::new([&body[..]]).signed(&body);
    let verified = receive(request()).await.unwrap();
    let mut forged = Pieces::new([&body[..]]).signed(BODY);
    let no_text = HeaderValue::from_static("canary");
    forged.headers_mut().insert("x-other", no_text.clone());
    assert!(receive(forged).await.is_err());
    let mut unsigned = request();
    unsigned.headers_mut().insert(SIGNATURE_HEADER, no_text);
    assert!(receive(unsigned).await.is_err());
    let shown = format!("{verified:?} {:?}", receiver());
    drop(listening);

    let log = log.text();
    assert_eq!(log.matches("digest=dc236562").count(), 2, "{log}");
    assert_eq!(log.matches("status=401").count(), 2, "{log}");
    let all = format!("{log}{shown}").to_lowercase();
    for secret in [
        "canary",
        "legal_name",
        &signer().sign(&body),
        &signer().sign(BODY),
    ] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}
