//! What goes over the wire in good times, and what the client does with connections.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use accredit_transport::bytes::Bytes;
use accredit_transport::http::header::{HeaderName, HeaderValue};
use accredit_transport::http::{Request, Response, StatusCode};
use accredit_transport::{
    Body, CallOptions, Client, ErrorKind, LayeredService, OperationInfo, Token,
};

use crate::support::{CANARY, Create, Download, Retrieve, Server, Step, json, raw, record, reply};

#[tokio::test]
async fn an_operation_goes_out_with_path_token_id_and_agent() {
    let server = Server::start([json("\"text\"")]).await;
    let client = server.builder().user_agent("tests/1").build().unwrap();
    assert_eq!(client.execute(&Retrieve("7")).await.unwrap(), "text");

    let seen = server.seen();
    let lines: Vec<&str> = seen[0].lines().collect();
    assert_eq!(lines[0], "GET /notes/7/ HTTP/1.1");
    assert!(
        lines.contains(&format!("authorization: Token {CANARY}").as_str()),
        "{lines:?}"
    );
    assert!(lines.contains(&"accept: application/json"));
    assert!(lines.contains(&"user-agent: tests/1"));
    assert!(lines.contains(&format!("host: {}", server.address).as_str()));
    let id = lines
        .iter()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    assert_eq!(id.len(), 32);
}

#[tokio::test]
async fn a_json_body_is_sent_with_its_type_and_length() {
    let server = Server::start([json("true")]).await;
    server.client().execute(&Create("hello")).await.unwrap();
    let seen = server.seen();
    assert!(seen[0].starts_with("POST /notes/ HTTP/1.1\r\n"));
    assert!(seen[0].contains("content-type: application/json\r\n"));
    assert!(seen[0].ends_with("\r\n\r\n{\"text\":\"hello\"}"));
}

#[tokio::test]
async fn path_segment_is_encoded() {
    let server = Server::start([json("\"\"")]).await;
    let client = server.client();
    client
        .execute(&Retrieve("../a b/%2F?x#y\u{e9}"))
        .await
        .unwrap();
    assert!(
        server.seen()[0].starts_with("GET /notes/..%2Fa%20b%2F%252F%3Fx%23y%C3%A9/ HTTP/1.1\r\n")
    );
    for refused in ["", ".", ".."] {
        let error = client.execute(&Retrieve(refused)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Build);
        assert!(!error.may_have_been_sent());
        assert_eq!(error.attempts(), 0);
        assert!(
            error
                .to_string()
                .starts_with("notes.retrieve: the request could not be built: `id`"),
            "{error}"
        );
    }
    assert_eq!(server.seen().len(), 1, "nothing else was sent");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start([
        json("\"1\""),
        reply("404 Not Found", "application/json", "{}"),
        json("\"3\""),
    ])
    .await;
    let client = server.client();
    client.execute(&Retrieve("1")).await.unwrap();
    client.execute(&Retrieve("2")).await.unwrap_err();
    client.execute(&Retrieve("3")).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn dropped_future_leaves_the_pool_usable() {
    let server = Server::start([Step::SendAndHang(Vec::new()), json("\"after\"")]).await;
    let client = server.client();
    {
        let call = client.execute(&Retrieve("1"));
        tokio::pin!(call);
        // Until the server has the request.
        while server.seen().is_empty() {
            tokio::select! {
                biased;
                _ = &mut call => panic!("the server does not answer"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(client.execute(&Retrieve("2")).await.unwrap(), "after");
    assert_eq!(
        server.connections(),
        2,
        "the connection with a reply still to come is not used again"
    );
}

#[test]
fn client_outlives_its_runtime() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    // The server stays.
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let answers = [json("\"1\""), json("true"), json("\"3\"")];
    let server = elsewhere.block_on(Server::start(answers));
    let client = server.client();
    // Each connection dies with the runtime that it was made on. The pool still has it, and must not
    // give it to the next call, which is not repeated: a write would be of unknown outcome.
    assert_eq!(
        runtime().block_on(client.execute(&Retrieve("1"))).unwrap(),
        "1"
    );
    runtime().block_on(client.execute(&Create("x"))).unwrap();
    assert_eq!(
        runtime().block_on(client.execute(&Retrieve("3"))).unwrap(),
        "3"
    );
    assert_eq!((server.seen().len(), server.connections()), (3, 3));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let trap = Server::start([]).await;
    let location = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n",
        trap.base()
    );
    let server = Server::start([Step::Send(location.into_bytes())]).await;
    let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(error.to_string(), "notes.retrieve: 302 Found");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn raw_requests_take_the_same_way_and_keep_their_status() {
    let server = Server::start([reply("404 Not Found", "text/plain", "no"), json("1")]).await;
    let client = server.client();
    let reply = client
        .send(Request::get("/health?x=1").body(Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (reply.status, &*reply.body),
        (StatusCode::NOT_FOUND, &b"no"[..])
    );
    let absolute = format!("{}/other", server.base());
    client
        .send(
            Request::post(absolute)
                .header("host", "evil.test")
                .body(Bytes::new())
                .unwrap(),
        )
        .await
        .unwrap();
    let seen = server.seen();
    assert!(seen[0].starts_with("GET /health?x=1 HTTP/1.1\r\n") && seen[0].contains(CANARY));
    assert!(
        seen[1].starts_with("POST /other HTTP/1.1\r\n")
            && seen[1].contains(&format!("host: {}", server.address))
    );
    assert!(!seen[1].contains("evil.test"));
}

#[tokio::test]
async fn a_base_path_stands_before_every_path() {
    let server = Server::start([json("\"\"")]).await;
    let client = server
        .builder()
        .base_uri(format!("{}/api/v1/", server.base()))
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap();
    assert!(server.seen()[0].starts_with("GET /api/v1/notes/1/ HTTP/1.1\r\n"));
}

#[tokio::test]
async fn call_options_add_headers_above_the_defaults_but_not_above_auth() {
    let server = Server::start([json("\"\"")]).await;
    let options = CallOptions::new()
        .header(
            HeaderName::from_static("accept"),
            HeaderValue::from_static("application/pdf"),
        )
        .header(
            HeaderName::from_static("x-request-id"),
            HeaderValue::from_static("mine"),
        )
        .header(
            HeaderName::from_static("authorization"),
            HeaderValue::from_static("Token other"),
        );
    server
        .client()
        .execute_with(&Retrieve("1"), &options)
        .await
        .unwrap();
    let seen = server.seen();
    assert!(seen[0].contains("accept: application/pdf\r\n"));
    assert!(seen[0].contains("x-request-id: mine\r\n"));
    assert!(
        seen[0].contains(&format!("authorization: Token {CANARY}\r\n"))
            && !seen[0].contains("other")
    );
}

#[tokio::test]
async fn a_transport_sees_the_final_request_and_a_layer_the_first_one() {
    type Requests = Arc<Mutex<Vec<Request<Body>>>>;
    let (inner, outer) = (Requests::default(), Arc::<Mutex<Vec<String>>>::default());
    let (at_transport, at_layer) = (Arc::clone(&inner), Arc::clone(&outer));
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Bearer", CANARY).unwrap())
        .transport(tower::service_fn(move |request: Request<Body>| {
            at_transport.lock().unwrap().push(request);
            async { Ok::<_, Infallible>(Response::new("\"hello\"".to_owned())) }
        }))
        .layer(tower::layer::layer_fn(move |service: LayeredService| {
            let at_layer = Arc::clone(&at_layer);
            tower::util::MapRequest::new(service, move |request: Request<Body>| {
                at_layer.lock().unwrap().push(request.uri().to_string());
                request
            })
        }))
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "hello");
    let (inner, outer) = (inner.lock().unwrap(), outer.lock().unwrap());
    assert_eq!(outer[0], "/notes/1/");
    assert_eq!(inner[0].uri(), "https://api.example.com/notes/1/");
    assert!(inner[0].headers()["authorization"].is_sensitive());
    assert_eq!(
        inner[0]
            .extensions()
            .get::<&'static OperationInfo>()
            .unwrap()
            .name(),
        "notes.retrieve"
    );
}

#[tokio::test]
async fn files_come_as_they_are() {
    let body = "%PDF-1.7 ".repeat(100_000);
    let server = Server::start([reply("200 OK", "application/pdf", &body)]).await;
    assert_eq!(
        server.client().execute(&Download).await.unwrap(),
        body.as_bytes()
    );
}

#[tokio::test]
async fn events_hold_templates_and_statuses_and_no_canary() {
    let (log, _listening) = record();
    let answer =
        format!("HTTP/1.1 401 X\r\nset-cookie: {CANARY}\r\ncontent-length: 11\r\n\r\n{CANARY}");
    let server = Server::start([Step::Send(answer.into_bytes())]).await;
    server
        .client()
        .execute(&Retrieve(CANARY))
        .await
        .unwrap_err();
    let text = log.text();
    let ours: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("accredit_transport"))
        .collect();
    let ours = ours.join("\n");
    assert!(
        ours.contains("path=\"/notes/{id}/\"") && ours.contains("status=401"),
        "{text}"
    );
    assert!(
        ours.contains("operation=\"notes.retrieve\"") && ours.contains("attempts=1"),
        "{text}"
    );
    assert!(!ours.contains(CANARY), "{ours}");
}

#[tokio::test]
async fn keep_alive_close_by_the_server_opens_a_new_connection() {
    let server = Server::start([
        Step::SendAndClose(raw("200 OK", "application/json", "\"1\"").into_bytes()),
        json("\"2\""),
    ])
    .await;
    let client = server.client();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    // Lets the client see the end of the connection.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.execute(&Retrieve("2")).await.unwrap(), "2");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn futures_of_calls_are_not_huge() {
    let client = Server::start([]).await.client();
    let call = client.execute(&Retrieve("1"));
    assert!(size_of_val(&call) <= 4096, "{} bytes", size_of_val(&call));
}

#[test]
fn a_base_uri_says_where_and_nothing_else() {
    for base in [
        "https://api.example.com/#canary",
        "https://api.example.com/v1#",
        "https://api.example.com/\n",
        "https://api.example.com/\u{7f}",
        "https://api.example.com/a b",
        "https://api.example.com\t",
        "https://api.example.com/\u{85}",
        "https://canary@api.example.com",
        "https://canary:canary@api.example.com",
        "https://api.example.com/?canary",
        "/v1",
        "",
    ] {
        let builder = Client::builder().base_uri(base);
        let debug = format!("{builder:?} {builder:#?}");
        assert!(!debug.contains("canary"), "{debug}");
        let fault = builder.build().unwrap_err();
        assert_eq!(fault.setting(), "base_uri", "{base:?}");
        let told = format!("{fault} {fault:?}");
        assert!(!told.contains("canary"), "{told}");
    }
    let builder = Client::builder().base_uri("https://api.example.com/v1");
    assert!(format!("{builder:?}").contains("https://api.example.com/v1"));
    assert!(builder.build().is_ok());
}

#[test]
fn the_header_of_the_request_id_has_no_other_meaning() {
    for name in ["authorization", "cookie", "host", "content-length"] {
        let builder = Client::builder()
            .base_uri("https://a.test")
            .request_id_header(HeaderName::from_static(name));
        let error = builder.build().unwrap_err();
        assert_eq!(error.setting(), "request_id_header", "{name}");
    }
}
