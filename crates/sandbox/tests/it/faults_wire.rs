//! Faults of the connection, seen by a client that reads the socket itself.

use std::io::ErrorKind;
use std::time::Duration;

use accredit_sandbox::{Effect, Fault, Sandbox, Stale};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::{Client, send, strict};

const INVESTORS: &str = "/api_third_party/investors/";

/// A GET of VerifyInvestor's users, on a connection that is to stay.
fn users(sandbox: &Sandbox) -> String {
    format!(
        "GET /api/v1/users HTTP/1.1\r\nhost: {}\r\nauthorization: Token {}\r\n\r\n",
        sandbox.address(),
        sandbox.verifyinvestor_api_token()
    )
}

/// The creation of an investor.
async fn create(sandbox: &Sandbox) -> Vec<u8> {
    let login = sandbox.thirdparty_credentials();
    let body = json!({ "email": login.email, "password": login.password });
    let path = "/api_third_party/auth/login/";
    let answer = crate::support::send_json(sandbox, "POST", path, &[], &body).await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let body = json!({ "type": "person", "entity": {
        "first_name": "Ada", "last_name": "King", "email": "ada@example.com", "country": "US",
        "date_of_birth": "1985-12-10", "tax_id_number": "123-45-6789", "state": "CA",
    } })
    .to_string();
    let host = sandbox.address();
    let length = body.len();
    format!(
        "POST {INVESTORS} HTTP/1.1\r\nhost: {host}\r\nauthorization: Token {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// All that comes until the connection ends, and how it ends.
async fn read_to_end(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (bytes, end.err().map(|error| error.kind()))
}

/// One answer whose length its head tells; the connection stays open.
async fn read_answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "closed early");
        bytes.extend_from_slice(&chunk[..read]);
        let (head, body) = split(&bytes);
        if !head.is_empty() && body.len() == promised(&head) {
            return (head, body);
        }
    }
}

fn split(bytes: &[u8]) -> (String, Vec<u8>) {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return (String::new(), Vec::new());
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head.to_ascii_lowercase(), bytes[end + 4..].to_vec())
}

fn promised(head: &str) -> usize {
    head.lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .expect("a content-length")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_reset_is_a_reset_and_the_store_tells_before_from_after() {
    let sandbox = strict().await;
    let request = create(&sandbox).await;
    let client = Client::login(&sandbox).await;
    let reset = Fault::new(Effect::Reset).on("investors.create").times(1);
    for (fault, investors) in [(reset.clone(), 0), (reset.after_call(), 1)] {
        sandbox.inject(fault).unwrap();
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let (bytes, end) = read_to_end(&mut stream).await;
        assert_eq!((bytes.len(), end), (0, Some(ErrorKind::ConnectionReset)));
        assert_eq!(client.get(INVESTORS).await.json()["count"], investors);
    }
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_its_head_promises() {
    let sandbox = strict().await;
    for (bytes, expected) in [(0, 0), (10, 10), (usize::MAX, usize::MAX)] {
        sandbox
            .inject(Fault::new(Effect::CutBody { bytes }).times(1))
            .unwrap();
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(users(&sandbox).as_bytes()).await.unwrap();
        let (bytes, end) = read_to_end(&mut stream).await;
        let (head, body) = split(&bytes);
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        let promised = promised(&head);
        assert_eq!((body.len(), end), (expected.min(promised - 1), None));
    }
}

/// More than a socket's buffer holds: all that was to come does come, and then the end.
#[tokio::test]
async fn a_long_body_is_cut_where_it_was_to_be() {
    let sandbox = strict().await;
    let bytes = 7_000_000;
    let cut = Fault::new(Effect::CutBody { bytes }).on("verification_requests.create");
    sandbox.inject(cut).unwrap();
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let body = json!({ "deal_name": "x".repeat(8_000_000) }).to_string();
    let request = format!(
        "POST /api/v1/users/{user}/verification_requests HTTP/1.1\r\nhost: {}\r\nauthorization: Token {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        sandbox.address(),
        sandbox.verifyinvestor_api_token(),
        body.len()
    );
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let (answer, end) = read_to_end(&mut stream).await;
    let (head, body) = split(&answer);
    assert!(head.starts_with("http/1.1 201 ") && promised(&head) > 8_000_000);
    assert_eq!((body.len(), end), (bytes, None));
}

#[tokio::test(start_paused = true)]
async fn a_dripping_body_comes_in_pieces_and_whole() {
    let sandbox = strict().await;
    let whole = Client::verifyinvestor(&sandbox).get("/api/v1/users").await;
    let interval = Duration::from_secs(7);
    let drip = Effect::Drip {
        bytes: 20,
        interval,
    };
    sandbox.inject(Fault::new(drip).times(1)).unwrap();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let start = Instant::now();
    stream.write_all(users(&sandbox).as_bytes()).await.unwrap();
    let pieces = whole.body.len().div_ceil(20);
    assert!(pieces > 2, "{pieces}");
    let mut bytes = Vec::new();
    let mut reads = 0;
    while split(&bytes).1.len() < whole.body.len() {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "closed early");
        bytes.extend_from_slice(&chunk[..read]);
        reads += 1;
        let came = split(&bytes).1.len();
        assert!(
            came == whole.body.len() || came.is_multiple_of(20),
            "{came}"
        );
    }
    assert_eq!(split(&bytes).1, whole.body);
    assert!(reads >= pieces, "{reads} reads of {pieces} pieces");
    let pauses = u32::try_from(pieces - 1).unwrap();
    assert!(start.elapsed() >= interval * pauses);
}

#[tokio::test]
async fn a_kept_connection_goes_without_a_word() {
    let sandbox = strict().await;
    let request = users(&sandbox);
    // A body, and none: the end of an empty body is another way through the server.
    for method in ["GET", "HEAD"] {
        let request = request.replace("GET", method);
        let stale = Effect::StaleConnection(Stale::AfterAnswer);
        sandbox.inject(Fault::new(stale).times(1)).unwrap();
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let (bytes, end) = read_to_end(&mut stream).await;
        let (head, body) = split(&bytes);
        assert!(head.starts_with("http/1.1 200 ") && !head.contains("connection: close"));
        let length = if method == "GET" { promised(&head) } else { 0 };
        assert_eq!((body.len(), end), (length, None));
    }
}

#[tokio::test]
async fn a_stale_connection_takes_no_further_request() {
    let sandbox = strict().await;
    let create = create(&sandbox).await;
    let client = Client::login(&sandbox).await;
    let stale = Effect::StaleConnection(Stale::OnNextRequest);
    sandbox
        .inject(Fault::new(stale).on("users.list").times(1))
        .unwrap();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(users(&sandbox).as_bytes()).await.unwrap();
    let (head, _) = read_answer(&mut stream).await;
    assert!(!head.contains("connection: close"));
    stream.write_all(&create).await.unwrap();
    let mut bytes = Vec::new();
    // The end of the stream, or a reset where the request was not read to its end.
    let _ = stream.read_to_end(&mut bytes).await;
    assert_eq!(bytes, b"");
    assert_eq!(client.get(INVESTORS).await.json()["count"], 0);
}

/// Without a fault a connection carries many calls, and a fault that changes no connection leaves
/// it.
#[tokio::test]
async fn other_faults_keep_the_connection() {
    let sandbox = strict().await;
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let create = String::from_utf8(create(&sandbox).await).unwrap();
    for fault in ["html_error", "throttled; retry_after=1", "malformed_json"] {
        let request = create.replace(
            "content-type",
            &format!("x-sandbox-fault: {fault}\r\ncontent-type"),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        read_answer(&mut stream).await;
    }
}

#[tokio::test]
async fn the_log_tells_a_reset_before_the_write_from_one_after_it() {
    let sandbox = strict().await;
    let mut expected = Vec::new();
    for (when, own) in [("before", Value::Null), ("after", json!(201))] {
        let fault = Fault::new(Effect::Reset).on("investors.create").times(1);
        let fault = if own.is_null() {
            fault
        } else {
            fault.after_call()
        };
        let id = sandbox.inject(fault).unwrap();
        let request = create(&sandbox).await;
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let end = read_to_end(&mut stream).await;
        assert_eq!(end, (Vec::new(), Some(ErrorKind::ConnectionReset)));
        let fault = json!({ "id": id, "effect": "reset", "when": when, "call_status": own });
        expected.push(json!(["investors.create", null, fault]));
    }
    let log = send(&sandbox, "GET", "/_sandbox/requests", &[], b"").await;
    let seen: Vec<_> = log
        .json()
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] != "auth.login")
        .map(|entry| json!([entry["operation"], entry["status"], entry["fault"]]))
        .collect();
    assert_eq!(seen, expected);
}
