//! What happens before the body, over real sockets and through layers: retries, errors, connections;
//! and what is told of it.

use std::sync::{Arc, Mutex};

use accredit_transport::http::{Request, Response, StatusCode};
use accredit_transport::observe::{CallEvent, Observer, Outcome};
use accredit_transport::{Body, Client, Error, ErrorKind, RetryPolicy, Token};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::support::{Directory, Service, Step, data};
use crate::support::{CANARY, Download, Server, Step as Wire, json, record, reply};

fn pdf(body: &str) -> Wire {
    reply("200 OK", "application/pdf", body)
}

#[tokio::test]
async fn a_file_comes_whole_and_leaves_its_connection_to_the_next() {
    let body = "0123456789".repeat(50_000);
    let server = Server::start([pdf(&body), pdf(&body), json("\"x\"")]).await;
    let client = server.client();
    for _ in 0..2 {
        let download = client.download(&Download).await.unwrap();
        assert_eq!(download.status(), StatusCode::OK);
        assert_eq!(download.content_type(), Some("application/pdf"));
        assert_eq!(download.length(), Some(500_000));
        assert!(download.request_id().is_some());
        assert_eq!(download.headers()["content-length"], "500000");
        assert_eq!(download.collect(500_000).await.unwrap(), body);
    }
    assert_eq!(server.connections(), 1);
    assert!(server.seen()[0].contains(&format!("authorization: Token {CANARY}\r\n")));
}

#[tokio::test]
async fn any_other_status_is_the_ordinary_error_with_its_body() {
    let server = Server::start([
        reply("404 Not Found", "application/json", "{\"detail\":\"no\"}"),
        reply("302 Found", "text/html", "elsewhere"),
    ])
    .await;
    let client = server.client();
    let error = client.download(&Download).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "notes.download: 404 Not Found");
    assert_eq!(error.body(), b"{\"detail\":\"no\"}");
    assert_eq!(error.operation(), Some("notes.download"));
    assert!(error.request_id().is_some() && error.attempts() == 1);
    let error = client.download(&Download).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_fails_before_the_head_is_repeated_and_what_fails_after_it_is_not() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n%PDF";
    let server = Server::start([
        reply("502 Bad Gateway", "text/html", "<html>"),
        Wire::SendAndClose(Vec::new()),
        Wire::SendAndClose(cut.as_bytes().to_vec()),
        pdf("never asked for"),
    ])
    .await;
    let builder = server.builder().connect_timeout(None).deadline(None);
    let builder = builder.first_byte_timeout(None).attempt_timeout(None);
    let builder = builder.idle_timeout(None).download_timeout(None);
    let client = builder.retry(RetryPolicy::default()).build().unwrap();
    let mut download = client.download(&Download).await.unwrap();
    assert_eq!(download.chunk().await.unwrap().unwrap(), "%PDF");
    let error = download.chunk().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(
        error.to_string(),
        "notes.download: the connection failed: the body broke off after 4 bytes after 3 attempts"
    );
    assert_eq!(error.attempts(), 3);
    let failed: Vec<_> = error.attempt_log().iter().map(|one| one.status).collect();
    assert_eq!(failed, [Some(StatusCode::BAD_GATEWAY), None]);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_chunked_body_that_breaks_off_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n%PDF\r\n";
    let server = Server::start([Wire::SendAndClose(answer.as_bytes().to_vec())]).await;
    let download = server.client().download(&Download).await.unwrap();
    assert_eq!(download.length(), None);
    let error = download.collect(100).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.download: the connection failed: the body broke off after 4 bytes"
    );
}

#[tokio::test]
async fn a_download_that_is_dropped_or_fails_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder()
        .base_uri(format!("http://{}", listener.local_addr().unwrap()))
        .allow_insecure_loopback(true)
        .token(Token::new("Token", "t").unwrap())
        .build()
        .unwrap();
    // Sends a part of a file and waits until the client hangs up.
    let serve = async || {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n%PDF";
        stream.write_all(head).await.unwrap();
        // The end of the connection, or its reset.
        stream.read_u8().await.unwrap_err();
    };
    let drops = async {
        let mut download = client.download(&Download).await.unwrap();
        assert_eq!(download.chunk().await.unwrap().unwrap(), "%PDF");
        drop(download);
    };
    tokio::join!(serve(), drops);
    let mut failed = None;
    let fails = async {
        let download = client.download(&Download).await.unwrap();
        let mut download = download.expect_magic(b"GIF").unwrap();
        let error = download.chunk().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        failed = Some(download);
    };
    tokio::join!(serve(), fails);
    assert_eq!(failed.unwrap().received(), 4);
}

/// Sees what comes out of the stack, and reads bodies whole if asked to.
fn watched(service: Service, buffer: bool) -> (Client, Arc<Mutex<Vec<bool>>>) {
    let whole: Arc<Mutex<Vec<bool>>> = Arc::default();
    let client = service
        .builder()
        .layer(tower::layer::layer_fn({
            let whole = Arc::clone(&whole);
            move |inner: accredit_transport::LayeredService| {
                let whole = Arc::clone(&whole);
                tower::service_fn(move |request: Request<Body>| {
                    let (inner, whole) = (inner.clone(), Arc::clone(&whole));
                    async move {
                        let response: Response<Body> = inner.oneshot(request).await?;
                        whole
                            .lock()
                            .unwrap()
                            .push(response.body().as_bytes().is_some());
                        if !buffer {
                            return Ok::<_, Error>(response);
                        }
                        let (head, body) = response.into_parts();
                        let body = http_body_util::BodyExt::collect(body).await.unwrap();
                        Ok(Response::from_parts(head, Body::whole(body.to_bytes())))
                    }
                })
            }
        }))
        .build()
        .unwrap();
    (client, whole)
}

#[tokio::test]
async fn layers_see_the_body_on_the_wire_and_may_buffer_it() {
    for buffer in [false, true] {
        let (client, whole) = watched(Service::new(&[], [data("ab"), data("c")]), buffer);
        let download = client.download(&Download).await.unwrap();
        assert_eq!(download.collect(10).await.unwrap(), "abc");
        assert_eq!(*whole.lock().unwrap(), [false]);
    }
    let (client, whole) = watched(Service::new(&[], [data("no")]).status(404), false);
    let error = client.download(&Download).await.unwrap_err();
    assert_eq!(error.body(), b"no");
    assert_eq!(*whole.lock().unwrap(), [true]);
    let (client, whole) = watched(Service::new(&[], [data("abc")]), false);
    assert_eq!(client.execute(&Download).await.unwrap(), "abc");
    assert_eq!(*whole.lock().unwrap(), [true]);
}

#[tokio::test]
async fn neither_logs_nor_debug_show_names_headers_or_bytes() {
    let (log, listening) = record();
    let disposition = format!("attachment; filename=\"{CANARY}.pdf\"");
    let headers = [
        ("content-disposition", disposition.as_str()),
        ("set-cookie", CANARY),
        ("x-investor", CANARY),
        ("content-length", "19"),
    ];
    let mut shown = String::new();
    let directory = Directory::new();
    for last in [Step::Fail, data("%PDF-1.7")] {
        let client = Service::new(&headers, [data(CANARY), last]).client();
        let download = client.download(&Download).await.unwrap();
        let name = download.file_name().unwrap().to_owned();
        assert!(name.contains(CANARY));
        shown += &format!("{download:?}");
        match download.write_to(directory.join(&name)).await {
            Ok(length) => assert_eq!(length, 19),
            Err(error) => shown += &format!("{error} {error:?} {:?}", error.attempt_log()),
        }
    }
    // A file that cannot be written, whose path names a person.
    let client = Service::new(&headers, [data(CANARY)]).client();
    let download = client.download(&Download).await.unwrap();
    let missing = directory.join(CANARY).join(CANARY);
    let error = download.write_to(missing).await.unwrap_err();
    shown += &format!("{error} {error:?}");
    shown += &format!("{:?}", std::error::Error::source(&error));
    drop(listening);
    let log = log.text();
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(!log.contains(CANARY), "{log}");
    assert!(shown.contains("Download { operation: \"notes.download\", status: 200"));
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("download"))
        .collect();
    assert!(
        told.iter()
            .any(|line| line.contains("bytes=11 failure=\"io\"")),
        "{told:#?}"
    );
    assert!(
        told.iter().any(|line| line.contains("bytes=19")),
        "{told:#?}"
    );
    assert!(
        told.iter().any(|line| line.contains("failure=\"file\"")),
        "{told:#?}"
    );
}

#[tokio::test]
async fn a_file_on_its_way_is_a_call_in_flight() {
    let server = Server::start([pdf("abc"), pdf("abc"), pdf("abc")]).await;
    let client = server.builder().max_in_flight(1).build().unwrap();
    let is_full = async || {
        let result = client.download(&Download).await;
        result.is_err_and(|error| error.kind() == ErrorKind::Overloaded)
    };
    let mut download = client.download(&Download).await.unwrap();
    assert!(is_full().await);
    while download.chunk().await.unwrap().is_some() {
        assert!(is_full().await);
    }
    // Complete, and still there.
    assert!(!is_full().await);
    let other = client.download(&Download).await.unwrap();
    assert!(is_full().await);
    let other = other.expect_content_type("text/html").unwrap_err();
    assert!(!is_full().await, "{other}");
    drop(download);
}

/// The ends of calls.
#[derive(Default)]
struct Ends(Mutex<Vec<(Outcome, Option<u16>)>>);

impl Observer for Ends {
    fn call_ended(&self, event: &CallEvent<'_>) {
        let status = event.status.map(|status| status.as_u16());
        self.0.lock().unwrap().push((event.outcome, status));
    }
}

#[tokio::test]
async fn an_observer_hears_of_a_call_when_its_file_has_ended() {
    let ends = Arc::new(Ends::default());
    let told = || std::mem::take(&mut *ends.0.lock().unwrap());
    let directory = Directory::new();
    let client = |steps: Vec<Step>| {
        let builder = Service::new(&[], steps).builder();
        builder.observer(Arc::clone(&ends)).build().unwrap()
    };
    let mut download = client(vec![data("a")]).download(&Download).await.unwrap();
    assert!(download.chunk().await.unwrap().is_some());
    assert!(told().is_empty());
    assert!(download.chunk().await.unwrap().is_none());
    assert!(download.chunk().await.unwrap().is_none());
    assert_eq!(told(), [(Outcome::Success, Some(200))]);
    drop(download);
    assert!(told().is_empty());

    let download = client(vec![data("a"), Step::Fail]);
    let download = download.download(&Download).await.unwrap();
    download.collect(10).await.unwrap_err();
    assert_eq!(told(), [(Outcome::Failed(ErrorKind::Io), Some(200))]);

    let download = client(vec![data("a")]).download(&Download).await.unwrap();
    drop(download);
    assert_eq!(told(), [(Outcome::Cancelled, None)]);

    // Complete on the wire is not complete on the disk.
    let download = client(vec![data("a")]).download(&Download).await.unwrap();
    download.write_to(&directory.0).await.unwrap_err();
    assert_eq!(told(), [(Outcome::Failed(ErrorKind::File), Some(200))]);
    let download = client(vec![data("a")]).download(&Download).await.unwrap();
    download.write_to(directory.join("a")).await.unwrap();
    assert_eq!(told(), [(Outcome::Success, Some(200))]);
}
