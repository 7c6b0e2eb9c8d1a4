//! The limits and checks of a body that is read piece by piece; in virtual time.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::header::RANGE;
use accredit_transport::http::{HeaderName, HeaderValue};
use accredit_transport::testkit::{Answer, Script};
use accredit_transport::{CallOptions, Client, Error, ErrorKind, TimeoutPhase, Token};
use futures_core::Stream;
use tokio::time::Instant;

use super::support::{Export, Report, SECOND, Service, Step, data, drip, serving, wait};
use crate::support::Download;

/// Reads to the end; what came, and when it ended.
async fn read(client: &Client, options: &CallOptions) -> (Vec<u8>, Duration, Option<Error>) {
    let started = Instant::now();
    let mut download = client.download_with(&Download, options).await.unwrap();
    let mut bytes = Vec::new();
    let failure = loop {
        match download.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert_eq!(download.received(), bytes.len() as u64);
    (bytes, started.elapsed(), failure)
}

#[tokio::test(start_paused = true)]
async fn slow_stream_is_not_killed_by_attempt_timeout() {
    // Past the first-byte timeout, the attempt timeout and the client's deadline.
    let client = serving(drip(9, 20));
    let (bytes, took, failure) = read(&client, &CallOptions::new()).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!((bytes.len(), took), (20, 180 * SECOND));

    // Read into memory, the same body is too slow.
    let client = serving(drip(9, 20));
    let error = client.execute(&Download).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Attempt));
}

#[tokio::test(start_paused = true)]
async fn idle_stream_times_out() {
    let service = Service::new(
        &[("x-request-id", "id-1")],
        [wait(3), data("%PDF"), Step::Hang],
    );
    let dropped = service.dropped();
    let client = service.client();
    let started = Instant::now();
    let mut download = client.download(&Download).await.unwrap();
    assert_eq!(download.chunk().await.unwrap().unwrap(), "%PDF");
    let error = download.chunk().await.unwrap_err();
    assert_eq!(started.elapsed(), 13 * SECOND);
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Idle));
    assert_eq!(
        error.to_string(),
        "notes.download: timed out: not a byte more within 10s, 4 bytes came"
    );
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.request_id(), Some("id-1"));
    assert_eq!(error.attempts(), 1);
    assert!(error.may_have_been_sent() && error.is_retryable());
    // The connection goes with the body, not only with the download.
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    let error = download.chunk().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.download: the connection failed: the download failed before"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stall_at_the_first_byte_is_idle_too() {
    let (bytes, took, failure) = read(&serving([Step::Hang]), &CallOptions::new()).await;
    assert_eq!((bytes.len(), took), (0, 10 * SECOND));
    let kind = failure.unwrap().kind();
    assert_eq!(kind, ErrorKind::Timeout(TimeoutPhase::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_does_not_count_as_idle() {
    let client = serving([data("a"), data("b"), wait(9), data("c")]);
    let mut download = client.download(&Download).await.unwrap();
    let mut chunks = 0;
    tokio::time::sleep(60 * SECOND).await;
    while download.chunk().await.unwrap().is_some() {
        chunks += 1;
        tokio::time::sleep(60 * SECOND).await;
    }
    assert_eq!(chunks, 3);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_can_be_dropped_and_asked_for_again_and_the_wait_goes_on() {
    let client = serving([wait(5), data("a"), Step::Hang]);
    let mut download = client.download(&Download).await.unwrap();
    let started = Instant::now();
    let mut ticks = 0;
    let error = loop {
        match tokio::time::timeout(2 * SECOND, download.chunk()).await {
            Ok(Ok(chunk)) => assert_eq!(chunk.unwrap(), "a"),
            Ok(Err(error)) => break error,
            Err(_) => ticks += 1,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Idle));
    assert_eq!((started.elapsed(), ticks), (15 * SECOND, 6));
}

#[tokio::test(start_paused = true)]
async fn a_drip_ends_with_the_download_timeout() {
    let (bytes, took, failure) = read(&serving(drip(7, 1000)), &CallOptions::new()).await;
    assert_eq!((bytes.len(), took), (42, 300 * SECOND));
    let error = failure.unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Download));
    assert_eq!(
        error.to_string(),
        "notes.download: timed out: no complete file within 300s, 42 bytes came"
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_always_there_ends_with_the_download_timeout_too() {
    let endless = (0..1000).map(|_| data("x"));
    let mut download = serving(endless).download(&Download).await.unwrap();
    tokio::time::advance(299 * SECOND).await;
    assert!(download.chunk().await.unwrap().is_some());
    tokio::time::advance(SECOND).await;
    let error = download.chunk().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Download));
}

#[tokio::test(start_paused = true)]
async fn frames_without_data_neither_spin_nor_count() {
    let mut download = serving([Step::Nothing]).download(&Download).await.unwrap();
    let (chunk, ()) = tokio::join!(download.chunk(), tokio::time::advance(11 * SECOND));
    let kind = chunk.unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Timeout(TimeoutPhase::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_the_call_bounds_the_file_and_that_of_the_client_does_not() {
    let slow_head = || Service::new(&[], drip(5, 10)).delay(6 * SECOND);
    let options = CallOptions::new().deadline(18 * SECOND);
    let (bytes, took, failure) = read(&slow_head().client(), &options).await;
    assert_eq!((bytes.len(), took), (2, 18 * SECOND));
    let error = failure.unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert_eq!(
        error.to_string(),
        "notes.download: timed out: not done within 18s, 2 bytes came"
    );
    let client = slow_head().builder().deadline(18 * SECOND).build().unwrap();
    let (bytes, took, failure) = read(&client, &CallOptions::new()).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!((bytes.len(), took), (10, 56 * SECOND));
    // It holds for the head all the same.
    let service = Service::new(&[], []).delay(19 * SECOND);
    let client = service.builder().deadline(18 * SECOND).build().unwrap();
    let error = client.download(&Download).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    // The earlier of two ends counts.
    let options = CallOptions::new()
        .deadline(30 * SECOND)
        .download_timeout(7 * SECOND);
    let (_, took, failure) = read(&slow_head().client(), &options).await;
    assert_eq!(took, 13 * SECOND);
    let kind = failure.unwrap().kind();
    assert_eq!(kind, ErrorKind::Timeout(TimeoutPhase::Download));
}

#[tokio::test(start_paused = true)]
async fn the_limits_can_be_set_and_lifted() {
    let hour = 3600;
    let patient = CallOptions::new().idle_timeout(None).download_timeout(None);
    let (_, took, failure) = read(&serving([wait(hour), data("x")]), &patient).await;
    assert!(failure.is_none() && took == SECOND * 3600);

    let builder = Service::new(&[], [wait(hour), data("x")]).builder();
    let builder = builder.idle_timeout(None).download_timeout(None);
    let client = builder.build().unwrap();
    let (_, took, failure) = read(&client, &CallOptions::new()).await;
    assert!(failure.is_none() && took == SECOND * 3600);

    let impatient = CallOptions::new().idle_timeout(2 * SECOND);
    let (_, took, failure) = read(&serving([Step::Hang]), &impatient).await;
    let kind = failure.unwrap().kind();
    assert_eq!(
        (kind, took),
        (ErrorKind::Timeout(TimeoutPhase::Idle), 2 * SECOND)
    );

    let builder = Service::new(&[], drip(1, 9)).builder();
    let client = builder
        .idle_timeout(3 * SECOND)
        .download_timeout(4 * SECOND)
        .build()
        .unwrap();
    let (_, took, failure) = read(&client, &CallOptions::new()).await;
    let kind = failure.unwrap().kind();
    assert_eq!(
        (kind, took),
        (ErrorKind::Timeout(TimeoutPhase::Download), 4 * SECOND)
    );

    let huge = CallOptions::new()
        .idle_timeout(Duration::MAX)
        .download_timeout(Duration::MAX)
        .deadline(Duration::MAX);
    let (_, _, failure) = read(&serving([wait(hour), data("x")]), &huge).await;
    assert!(failure.is_none(), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn caps_hold_whether_the_length_is_announced_or_not() {
    let announcing = || Service::new(&[("content-length", "10737418240")], [data("abc")]);
    let service = announcing();
    let dropped = service.dropped();
    let error = service.client().download(&Download).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(
        error.to_string(),
        "notes.download: the reply is too large: the limit is 67108864 bytes and 10737418240 are \
         announced"
    );
    assert_eq!(dropped.load(Ordering::Relaxed), 1);

    let options = CallOptions::new().bytes_cap(3);
    let (bytes, _, failure) = read(&serving([data("abc")]), &options).await;
    assert!(failure.is_none() && bytes == b"abc");
    let error = serving([data("ab"), data("cd")])
        .download_with(&Download, &options)
        .await
        .unwrap()
        .collect(10)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.download: the reply is too large: the limit is 3 bytes"
    );
    // In memory as well.
    let error = serving([data("ab"), data("cd")])
        .execute_with(&Download, &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let builder = Service::new(&[], [data("ab"), data("cd")]).builder();
    let client = builder.bytes_cap(3).build().unwrap();
    let mut download = client.download(&Download).await.unwrap();
    assert_eq!(download.chunk().await.unwrap().unwrap(), "ab");
    let error = download.chunk().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn collect_takes_what_is_left_up_to_its_limit() {
    let whole = serving([data("ab"), data("cd")]);
    let whole = whole.download(&Download).await.unwrap();
    assert_eq!(whole.collect(4).await.unwrap(), "abcd");
    let mut rest = serving([data("ab"), data("cd")])
        .download(&Download)
        .await
        .unwrap();
    rest.chunk().await.unwrap();
    assert_eq!(rest.collect(2).await.unwrap(), "cd");
    let above = serving([data("ab"), data("cd")]);
    let error = above.download(&Download).await.unwrap().collect(3).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TooLarge);
    // Refused before anything is read.
    let announced = Service::new(&[("content-length", "4")], [Step::Hang]).client();
    let announced = announced.download(&Download).await.unwrap();
    assert_eq!(announced.length(), Some(4));
    let error = announced.collect(3).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_body_has_the_announced_length() {
    let cases = [
        (
            "10",
            "the connection failed: the body ended after 4 of 10 bytes",
        ),
        (
            "3",
            "the connection failed: the body goes on after its 3 bytes",
        ),
    ];
    for (length, message) in cases {
        let client = Service::new(&[("content-length", length)], [data("abcd")]).client();
        let download = client.download(&Download).await.unwrap();
        assert_eq!(download.length(), length.parse().ok());
        let error = download.collect(100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.to_string(), format!("notes.download: {message}"));
    }
    // What the header counts is not what a transport gives that has undone a coding.
    let headers = [("content-length", "10"), ("content-encoding", "gzip")];
    let client = Service::new(&headers, [data("abcd")]).client();
    let asks = CallOptions::new().header(
        HeaderName::from_static("accept-encoding"),
        HeaderValue::from_static("gzip"),
    );
    let download = client.download_with(&Download, &asks).await.unwrap();
    assert_eq!(download.length(), None);
    assert_eq!(download.collect(100).await.unwrap(), "abcd");
}

#[tokio::test]
async fn a_stream_ends_after_its_first_error() {
    let client = serving([data("ab"), Step::Fail]);
    let mut download = client.download(&Download).await.unwrap();
    let mut seen = Vec::new();
    while let Some(item) = poll_fn(|cx| Pin::new(&mut download).poll_next(cx)).await {
        seen.push(item.map_err(|error| error.to_string()));
    }
    let broken = "notes.download: the connection failed: the body broke off after 2 bytes";
    assert_eq!(seen, [Ok(Bytes::from("ab")), Err(broken.to_owned())]);
    let mut download = serving([data("ab")]).download(&Download).await.unwrap();
    let mut next = async || poll_fn(|cx| Pin::new(&mut download).poll_next(cx)).await;
    assert_eq!(next().await.unwrap().unwrap(), "ab");
    assert!(next().await.is_none() && next().await.is_none());
}

#[tokio::test]
async fn a_write_whose_file_breaks_off_has_an_unknown_outcome() {
    let client = serving([data("ab"), Step::Fail]);
    let download = client.download(&Export).await.unwrap();
    let error = download.collect(100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Io);
    assert!(error.likely_applied() && !error.is_retryable());
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let page = [("content-type", "text/html; charset=utf-8")];
    let service = Service::new(&page, [data("<html>")]);
    let dropped = service.dropped();
    let download = service.client().download(&Download).await.unwrap();
    assert_eq!(download.content_type(), Some("text/html"));
    let error = download.expect_content_type("application/pdf").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "notes.download: the reply could not be read: expected application/pdf, not text/html"
    );
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    let download = serving([]).download(&Download).await.unwrap();
    assert_eq!(download.content_type(), None);
    assert!(download.expect_content_type("application/pdf").is_err());
    let pdf = [("content-type", "Application/PDF;x=y")];
    let client = Service::new(&pdf, [data("abc")]).client();
    let download = client.download(&Download).await.unwrap();
    let download = download.expect_content_type("application/pdf").unwrap();
    assert_eq!(download.collect(3).await.unwrap(), "abc");
}

#[tokio::test]
async fn the_first_bytes_are_checked_however_they_come() {
    for steps in [
        vec![data("%PDF-1.7")],
        vec![data("%"), data("PDF"), data("-"), data("1.7")],
        vec![data("%PDF-"), data("1.7")],
    ] {
        let download = serving(steps).download(&Report).await.unwrap();
        assert_eq!(download.collect(100).await.unwrap(), "%PDF-1.7");
    }
    for steps in [
        vec![data("<html>...</html>")],
        vec![data("%P"), data("<html>")],
        vec![data("%PDF")],
        vec![],
    ] {
        let download = serving(steps).download(&Report).await.unwrap();
        let error = download.collect(100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        let expected = "reports.retrieve: the reply could not be read: the file does not begin as \
                        it should";
        assert!(text.starts_with(expected), "{text}");
    }
    // The beginning of the page stays with the error.
    let page = [("content-type", "text/html")];
    let client = Service::new(&page, [data("<html>...</html>")]).client();
    let error = client.download(&Report).await.unwrap().chunk().await;
    let error = error.unwrap_err();
    assert_eq!(error.body(), b"<html>...</html>");
    assert!(
        error
            .to_string()
            .ends_with("(text/html, more than 16 bytes)")
    );
    // One's own beginning in the place of the operation's.
    let download = serving([data("GIF8")]).download(&Report).await.unwrap();
    let download = download.expect_magic(b"GIF").unwrap();
    assert_eq!(download.collect(4).await.unwrap(), "GIF8");
    let mut download = serving([data("GIF8")]).download(&Download).await.unwrap();
    download.chunk().await.unwrap();
    let error = download.expect_magic(b"GIF").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
    assert!(error.may_have_been_sent(), "{error:?}");
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_no_file() {
    let part = Answer::status(206)
        .header("content-range", "bytes 0-3/1000")
        .body("part");
    let script = Script::new().otherwise(part);
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .transport(script.service())
        .build()
        .unwrap();
    let error = client.download(&Download).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("only a part"), "{error}");
    let range = HeaderValue::from_static("bytes=0-3");
    let options = CallOptions::new().header(RANGE, range);
    let download = client.download_with(&Download, &options).await.unwrap();
    assert_eq!(download.collect(4).await.unwrap(), "part");
}

/// Not run: what compiles can be spawned.
#[expect(dead_code, reason = "compiles or does not")]
fn downloads_can_move_between_threads(client: Client) {
    fn spawn(_: impl Future + Send + 'static) {}
    spawn({
        let client = client.clone();
        async move {
            let mut download = client.download(&Download).await?;
            download.chunk().await?;
            download.collect(1).await
        }
    });
    spawn(async move { client.download(&Report).await?.write_to("x").await });
}
