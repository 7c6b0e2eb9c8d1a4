//! HTTP/2: spoken when it was asked for and agreed on, and what its errors prove.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{
    HeaderMap, HeaderName, HeaderValue, Response, Uri, Version, request,
};
use accredit_transport::{BoxError, Client, ClientBuilder, ErrorKind, TlsRoots, Token};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tower::service_fn;

use crate::support::{Create, Retrieve, Server, json};
use crate::tls::authority;

type Seen = Arc<Mutex<Vec<request::Parts>>>;

/// Answers every stream of a connection with `"1"` and these headers.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, seen: Seen, headers: HeaderMap) {
    let mut connection = h2::server::Builder::new()
        .max_header_list_size(1024 * 1024)
        .handshake::<_, Bytes>(stream)
        .await
        .unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        seen.lock().unwrap().push(request.into_parts().0);
        let mut response = Response::new(());
        *response.headers_mut() = headers.clone();
        let mut body = respond.send_response(response, false).unwrap();
        body.send_data(Bytes::from_static(b"\"1\""), true).unwrap();
    }
}

/// An HTTP/2 server over TLS; counts connections.
async fn start(mut tls: rustls::ServerConfig) -> (u16, Seen, Arc<AtomicUsize>) {
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, connections) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    tokio::spawn({
        let (seen, connections) = (Arc::clone(&seen), Arc::clone(&connections));
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    serve(stream, seen, HeaderMap::new()).await;
                });
            }
        }
    });
    (port, seen, connections)
}

fn builder(port: u16, pem: &str) -> ClientBuilder {
    Client::builder()
        .base_uri(format!("https://127.0.0.1:{port}"))
        .token(Token::new("Token", "t").unwrap())
        .tls_roots(TlsRoots::None)
        .root_certificates_pem(pem)
}

#[tokio::test]
async fn http2_is_spoken_over_one_connection_when_both_want_it() {
    let (pem, _, tls) = authority(&["127.0.0.1"]);
    let (port, seen, connections) = start(tls).await;
    let client = builder(port, &pem).http2(true).build().unwrap();
    for _ in 0..3 {
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    }
    let (one, two) = tokio::join!(
        client.execute(&Retrieve("1")),
        client.execute(&Retrieve("2"))
    );
    assert_eq!((one.unwrap(), two.unwrap()), ("1".into(), "1".into()));
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[0].version, Version::HTTP_2);
    assert_eq!(
        seen[0].uri,
        *format!("https://127.0.0.1:{port}/notes/1/"),
        "scheme and authority are pseudo-headers"
    );
    assert_eq!(seen[0].headers["authorization"], "Token t");
}

/// A server that would speak HTTP/2: the feature alone must not make it so.
#[tokio::test]
async fn the_feature_alone_changes_nothing() {
    let (pem, _, mut tls) = authority(&["127.0.0.1"]);
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let server = Server::start_tls(tls, [json("\"1\"")]).await;
    let client = builder(server.address.port(), &pem).build().unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    assert!(server.seen()[0].starts_with("GET /notes/1/ HTTP/1.1\r\n"));
}

#[tokio::test]
async fn http1_is_spoken_with_a_server_that_knows_nothing_else() {
    for alpn in [vec![], vec![b"http/1.1".to_vec()]] {
        let (pem, _, mut tls) = authority(&["127.0.0.1"]);
        tls.alpn_protocols = alpn;
        let server = Server::start_tls(tls, [json("\"1\"")]).await;
        let client = builder(server.address.port(), &pem).http2(true);
        let client = client.build().unwrap();
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
        assert!(server.seen()[0].starts_with("GET /notes/1/ HTTP/1.1\r\n"));
    }
    let server = Server::start([json("\"1\"")]).await;
    let client = server.builder().http2(true).build().unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
}

/// A client over pipes, at whose other ends `serve` runs.
fn piped<F>(serve: impl Fn(DuplexStream) -> F + Clone + Send + Sync + 'static) -> ClientBuilder
where
    F: Future<Output = ()> + Send + 'static,
{
    let connector = service_fn(move |_: Uri| {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(serve(theirs));
        async move { Ok::<_, BoxError>(ours) }
    });
    Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .connector_http2(connector, |_| true)
}

fn headers(count: usize, value: &str) -> HeaderMap {
    (0..count)
        .map(|number| {
            let name = HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_connector_says_which_connections_speak_http2() {
    let seen = Seen::default();
    let client = piped({
        let seen = Arc::clone(&seen);
        move |stream| serve(stream, Arc::clone(&seen), headers(100, "a"))
    });
    let client = client.build().unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    assert_eq!(seen.lock().unwrap()[0].version, Version::HTTP_2);
}

#[tokio::test(start_paused = true)]
async fn heads_are_bounded_as_for_http1() {
    for count in [101, 1_400] {
        let client = piped(move |stream| serve(stream, Seen::default(), headers(count, "a")));
        let error = client.build().unwrap().execute(&Create("x")).await;
        let error = error.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("{count} headers, and the limit is 100")),
            "{error}"
        );
        assert_eq!(error.status().unwrap(), 200);
    }
    // Not told apart from a head that makes no sense.
    let client = piped(|stream| serve(stream, Seen::default(), headers(50, &"a".repeat(10_000))));
    let error = client.build().unwrap().execute(&Create("x")).await;
    let error = error.unwrap_err();
    assert!(error.may_have_been_sent(), "{error:?}");
    assert!(error.to_string().contains("HTTP/2"), "{error}");
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Answers every request with one frame.
async fn answer(mut stream: DuplexStream, frame_for: fn(u32) -> Vec<u8>) {
    const HEADERS: u8 = 1;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let settings = frame(4, 0, 0, &[]);
    stream.write_all(&settings).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            stream.write_all(&frame_for(id)).await.unwrap();
        }
    }
}

fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(3, 0, stream, &reason.to_be_bytes())
}

fn go_away(last: u32, reason: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), reason.to_be_bytes(), *b"word"].concat();
    frame(7, 0, 0, &payload)
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_was_not_processed_and_any_other_end_may_have_been() {
    type Case = (&'static str, bool, fn(u32) -> Vec<u8>);
    const CASES: [Case; 5] = [
        ("refused stream", false, |id| reset(id, 7)),
        ("going away before the stream", false, |_| go_away(0, 0)),
        ("internal error", true, |id| reset(id, 2)),
        ("cancelled", true, |id| reset(id, 8)),
        ("going away with an error", true, |_| go_away(0, 11)),
    ];
    for (name, sent, frame_for) in CASES {
        let client = piped(move |stream| answer(stream, frame_for));
        let error = client.build().unwrap().execute(&Retrieve("1")).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{name}: {error:?}");
        assert_eq!(error.may_have_been_sent(), sent, "{name}: {error:?}");
        assert!(!format!("{error:?}").contains("word"), "{error:?}");
        assert!(error.to_string().contains("HTTP/2: "), "{name}: {error}");
    }
}

/// Else every call on the connection waits for its own timeout.
#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_found_before_the_first_byte_timeout() {
    let client = piped(async |mut stream| {
        let mut bytes = [0; 1024];
        stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
        while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    });
    let started = tokio::time::Instant::now();
    let error = client.build().unwrap().execute(&Create("x")).await;
    assert!(error.unwrap_err().may_have_been_sent());
    assert_eq!(started.elapsed().as_secs(), 10);
}

/// What a server refused unprocessed, it has not run: a write too may be sent again.
#[tokio::test(start_paused = true)]
async fn a_refused_write_is_sent_again_and_runs_once() {
    let refusals: [fn(u32) -> Vec<u8>; 2] = [|id| reset(id, 7), |_| go_away(0, 0)];
    for refusal in refusals {
        let (seen, requests) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
        let client = piped({
            let (seen, requests) = (Arc::clone(&seen), Arc::clone(&requests));
            move |stream| {
                let first = requests.fetch_add(1, Ordering::Relaxed) == 0;
                let seen = Arc::clone(&seen);
                async move {
                    if first {
                        // One refusal, and the connection is gone.
                        let once = answer(stream, refusal);
                        let _ = tokio::time::timeout(Duration::from_millis(1), once).await;
                    } else {
                        serve(stream, seen, HeaderMap::new()).await;
                    }
                }
            }
        });
        let error = client.build().unwrap().execute(&Create("x")).await;
        // The answer is no envelope, but an answer.
        assert_eq!(error.unwrap_err().attempts(), 2);
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}
