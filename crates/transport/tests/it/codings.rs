//! Content codings of replies: refused unless asked for, and bounded by what comes out of them.

use accredit_transport::http::{Request, StatusCode, header};
use accredit_transport::{Body, Client, ErrorKind};

use crate::support::{Create, Retrieve, Server, Step};

/// A reply with these headers and this body.
fn reply(status: &str, headers: &str, body: &[u8]) -> Step {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    Step::Send(bytes)
}

#[tokio::test]
async fn a_coding_that_was_not_asked_for_is_named() {
    for (header, named) in [
        ("content-encoding: br\r\n", "`br`"),
        ("Content-Encoding: GZIP\r\n", "`gzip`"),
        ("content-encoding: gzip, gzip\r\n", "`gzip, gzip`"),
        (
            "content-encoding: gzip\r\ncontent-encoding: br\r\n",
            "`gzip, br`",
        ),
        ("content-encoding: \u{e9}`\r\n", "`?`"),
    ] {
        let server = Server::start([reply("200 OK", header, b"\x1f\x8b\x08")]).await;
        let error = server
            .client()
            .execute(&Retrieve("1"))
            .await
            .expect_err(header);
        assert_eq!(error.kind(), ErrorKind::Decode, "{header}");
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert_eq!(
            error.to_string(),
            format!(
                "notes.retrieve: the reply could not be read: it has the content coding {named}, \
                 which was not asked for"
            )
        );
        assert!(!server.seen()[0].to_lowercase().contains("accept-encoding"));
    }
}

#[tokio::test]
async fn identity_and_empty_bodies_and_error_pages_pass() {
    let server = Server::start([
        reply("200 OK", "content-encoding: Identity\r\n", b"\"1\""),
        reply("502 Bad Gateway", "content-encoding: br\r\n", b"\x01\x02"),
        reply("200 OK", "content-encoding: br\r\n", b""),
    ])
    .await;
    let client = server
        .builder()
        .retry(accredit_transport::RetryPolicy::none())
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY));
    assert_eq!(error.body(), b"\x01\x02");
    assert!(
        error
            .to_string()
            .ends_with("(application/json in `br`, 2 bytes)"),
        "{error}"
    );
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert!(!error.to_string().contains("br"), "{error}");
}

/// Whoever asks by hand reads by hand.
#[tokio::test]
async fn a_raw_request_with_its_own_accept_encoding_gets_the_body_as_it_is() {
    let server = Server::start([reply("200 OK", "content-encoding: br\r\n", b"\x01\x02")]).await;
    let request = Request::get("/x")
        .header(header::ACCEPT_ENCODING, "br")
        .body(Body::default())
        .unwrap();
    let response = server.client().send(request).await.unwrap();
    assert_eq!(&response.body[..], b"\x01\x02");
    assert_eq!(response.headers[header::CONTENT_ENCODING], "br");
}

#[test]
fn a_coding_as_a_default_header_is_refused() {
    let fault = Client::builder()
        .base_uri("https://a.test")
        .default_header(header::ACCEPT_ENCODING, "br".parse().unwrap())
        .build();
    assert_eq!(fault.unwrap_err().setting(), "default_header");
}

#[tokio::test]
async fn a_write_whose_reply_is_in_a_foreign_coding_may_have_had_its_effect() {
    let server = Server::start([reply("201 Created", "content-encoding: br\r\n", b"\x01")]).await;
    let error = server.client().execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Decode);
    assert!(error.likely_applied());
    assert_eq!(server.seen().len(), 1);
}

#[cfg(feature = "gzip")]
mod gzip {
    use std::convert::Infallible;
    use std::io::Write as _;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    use accredit_transport::bytes::Bytes;
    use accredit_transport::http::{Response, header};
    use accredit_transport::{Client, Error, ErrorKind, RetryPolicy, Token};
    use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
    use tower::service_fn;

    use super::reply;
    use crate::support::{Download, Retrieve, Server, Step};

    const CODED: &str = "content-encoding: gzip\r\n";

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn client(server: &Server) -> Client {
        server
            .builder()
            .gzip(true)
            .retry(RetryPolicy::none())
            .build()
            .unwrap()
    }

    async fn fail(step: Step) -> Error {
        let server = Server::start([step]).await;
        client(&server).execute(&Retrieve("1")).await.unwrap_err()
    }

    #[tokio::test]
    async fn documents_are_asked_for_in_gzip_and_read() {
        let long = "x".repeat(100_000);
        let server = Server::start([
            reply("200 OK", CODED, &gzip(format!("\"{long}\"").as_bytes())),
            reply("200 OK", "content-encoding: x-gzip\r\n", &gzip(b"\"1\"")),
            reply("200 OK", "", b"\"plain\""),
            reply("404 Not Found", CODED, &gzip(b"{\"detail\": \"gone\"}")),
        ])
        .await;
        let client = client(&server);
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), long);
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "plain");
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.body(), b"{\"detail\": \"gone\"}");
        assert!(server.seen()[0].contains("accept-encoding: gzip\r\n"));
        assert_eq!(server.connections(), 1, "bodies are read to their ends");
    }

    #[tokio::test]
    async fn the_feature_alone_asks_for_nothing_and_files_are_not_asked_for() {
        let server =
            Server::start([reply("200 OK", "", b"\"1\""), reply("200 OK", "", b"x")]).await;
        assert_eq!(server.client().execute(&Retrieve("1")).await.unwrap(), "1");
        assert_eq!(client(&server).execute(&Download).await.unwrap(), "x");
        for seen in server.seen() {
            assert!(!seen.to_lowercase().contains("accept-encoding"), "{seen}");
        }
    }

    #[tokio::test]
    async fn another_coding_than_gzip_is_refused() {
        for (coding, named) in [("br", "`br`"), ("gzip, gzip", "`gzip, gzip`")] {
            let header = format!("content-encoding: {coding}\r\n");
            let error = fail(reply("200 OK", &header, &gzip(b"\"1\""))).await;
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[tokio::test]
    async fn a_broken_stream_broke_off_wherever_it_is_cut_or_bent() {
        let whole = gzip(format!("\"{}\"", "word ".repeat(1000)).as_bytes());
        // The whole body arrives; what is in it ends too early.
        for length in 1..whole.len() {
            let error = fail(reply("200 OK", CODED, &whole[..length])).await;
            assert_eq!(error.kind(), ErrorKind::Io, "{length}: {error:?}");
            assert!(error.to_string().contains("broke off"), "{error}");
        }
        // The connection ends too early.
        let Step::Send(mut bytes) = reply("200 OK", CODED, &whole) else {
            unreachable!()
        };
        bytes.truncate(bytes.len() - 10);
        let error = fail(Step::SendAndClose(bytes)).await;
        assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
        // One bit is wrong. Between magic number and data stand flags, time and system, which no
        // reader checks.
        for place in (0..3).chain(10..whole.len()) {
            let mut bent = whole.clone();
            bent[place] ^= 1;
            let error = fail(reply("200 OK", CODED, &bent)).await;
            assert_eq!(error.kind(), ErrorKind::Io, "{place}: {error:?}");
        }
    }

    /// Zeros without end: 16 MiB in each frame of some 16 KiB.
    struct Bomb {
        frame: Bytes,
        head: bool,
        read: Arc<AtomicUsize>,
    }

    impl Bomb {
        fn new(read: Arc<AtomicUsize>) -> Self {
            let zeros = vec![0; 16 * 1024 * 1024];
            let mut frame = Vec::with_capacity(64 * 1024);
            let mut deflate = Compress::new(Compression::best(), false);
            // Ends at a full byte and refers to nothing before it, so that it can stand again.
            deflate
                .compress_vec(&zeros, &mut frame, FlushCompress::Full)
                .unwrap();
            assert!(frame.len() < 17 * 1024, "{}", frame.len());
            Self {
                frame: frame.into(),
                head: true,
                read,
            }
        }
    }

    impl http_body::Body for Bomb {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            let frame = if std::mem::take(&mut self.head) {
                Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
            } else {
                self.read.fetch_add(self.frame.len(), Ordering::Relaxed);
                self.frame.clone()
            };
            Poll::Ready(Some(Ok(http_body::Frame::data(frame))))
        }
    }

    #[tokio::test]
    async fn a_bomb_ends_at_the_cap_for_plain_bytes() {
        let read = Arc::new(AtomicUsize::new(0));
        let client = Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", "t").unwrap())
            .gzip(true)
            .transport(service_fn({
                let read = Arc::clone(&read);
                move |_| {
                    let reply = Response::builder()
                        .header(header::CONTENT_ENCODING, "gzip")
                        .body(Bomb::new(Arc::clone(&read)));
                    async move { Ok::<_, Infallible>(reply.unwrap()) }
                }
            }))
            .build()
            .unwrap();
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
        assert!(error.to_string().contains("8388608 bytes"), "{error}");
        // Half of the first frame is 8 MiB: nothing is inflated ahead of the cap.
        assert!(read.load(Ordering::Relaxed) < 17 * 1024);
    }
}
