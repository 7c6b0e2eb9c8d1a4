//! Whatever a caller, a server or the environment says: requests and tokens go to the client's own
//! origin, and a trap beside it sees nothing.

use std::sync::{Arc, Mutex};

use accredit_transport::http::{HeaderName, HeaderValue, Method, Request, header};
use accredit_transport::{
    CallOptions, Client, ClientBuilder, Cursor, DecodeError, EncodeError, Error, ErrorKind,
    Operation, OperationInfo, PageInfo, Paginate, Reply, RequestEncoder, ResponseKind, RetryClass,
    RetryPolicy, Token,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::child;
use crate::wire::{Wire, reply};

const CANARY: &str = "canary-9b1d";

/// The server that requests are for, and the one that must not hear of them.
struct Place {
    home: u16,
    trap: u16,
    /// The heads of the requests at home.
    seen: Arc<Mutex<Vec<String>>>,
    /// What home answers.
    answer: Arc<Mutex<String>>,
    /// All bytes of the trap, after one line for each connection.
    trapped: Arc<Mutex<Vec<u8>>>,
}

impl Place {
    async fn open() -> Self {
        let home = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Self {
            home: home.local_addr().unwrap().port(),
            trap: trap.local_addr().unwrap().port(),
            seen: Arc::default(),
            answer: Arc::default(),
            trapped: Arc::default(),
        };
        let (seen, answer) = (Arc::clone(&place.seen), Arc::clone(&place.answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = home.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        let trapped = Arc::clone(&place.trapped);
        tokio::spawn(async move {
            while let Ok((stream, _)) = trap.accept().await {
                trapped.lock().unwrap().extend(b"(connection)\n");
                tokio::spawn(swallow(stream, Arc::clone(&trapped)));
            }
        });
        place
    }

    /// Puts the addresses in the places of their names.
    fn fill(&self, text: &str) -> String {
        text.replace("HOME", &format!("127.0.0.1:{}", self.home))
            .replace("TRAP", &format!("127.0.0.1:{}", self.trap))
            .replace("H_PORT", &self.home.to_string())
            .replace("T_PORT", &self.trap.to_string())
            .replace("H_OVER", &(u32::from(self.home) + 65536).to_string())
    }

    fn builder(&self) -> ClientBuilder {
        client_of(&self.fill("http://HOME"))
    }

    /// What home and the trap saw since the last time: the first lines of requests at home.
    fn take(&self) -> (Vec<String>, String) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let trapped = std::mem::take(&mut *self.trapped.lock().unwrap());
        let own = format!("host: 127.0.0.1:{}\r\n", self.home);
        for head in &seen {
            let lower = head.to_ascii_lowercase();
            assert_eq!(lower.matches("\r\nhost:").count(), 1, "{head}");
            assert!(lower.contains(&own), "{head}");
            assert!(lower.matches("\r\nauthorization:").count() <= 1, "{head}");
        }
        let targets = seen
            .iter()
            .map(|head| head.split(' ').nth(1).unwrap().to_owned());
        (
            targets.collect(),
            String::from_utf8_lossy(&trapped).into_owned(),
        )
    }
}

fn client_of(base: &str) -> ClientBuilder {
    Client::builder()
        .base_uri(base)
        .allow_insecure_loopback(true)
        .retry(RetryPolicy::none())
        .token(Token::new("Token", CANARY).unwrap())
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, answer: Arc<Mutex<String>>) {
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.head().await {
        if !wire.body(head.length()).await {
            return;
        }
        seen.lock().unwrap().push(head.0);
        let text = answer.lock().unwrap().clone();
        let text = if text.is_empty() {
            reply(200, "", "\"home\"")
        } else {
            text
        };
        if !wire.send(text).await {
            return;
        }
    }
}

async fn swallow(mut stream: TcpStream, trapped: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        trapped.lock().unwrap().extend(&bytes[..read]);
        // Answered, so that a client that came here goes on and shows how far it would go.
        if bytes[..read].ends_with(b"\r\n\r\n") {
            use tokio::io::AsyncWriteExt as _;
            let _ = stream
                .write_all(reply(200, "", "\"trap\"").as_bytes())
                .await;
        }
    }
}

/// What a case comes to.
#[derive(Clone, Copy, Debug)]
enum To {
    /// It cannot even be written as a URI or a request.
    Unwritable,
    /// It is refused before there is a connection.
    Refused,
    /// It goes home, to this target.
    Home(&'static str),
}

use To::{Home, Refused, Unwritable};

/// URIs of raw requests.
const URIS: [(&str, To); 46] = [
    // The control: what is ours is let through.
    ("/x", Home("/x")),
    ("http://HOME/x", Home("/x")),
    ("HTTP://HOME/x", Home("/x")),
    ("http://HOME", Home("/")),
    // Another host, port or scheme.
    ("http://TRAP/x", Refused),
    ("HTTP://TRAP/x", Refused),
    ("https://TRAP/x", Refused),
    ("https://HOME/x", Refused),
    ("http://127.0.0.1/x", Refused),
    ("http://127.0.0.1:T_PORT", Refused),
    ("ftp://HOME/x", Refused),
    ("ws://TRAP/x", Refused),
    ("file://TRAP/etc/passwd", Refused),
    // User information, in front of either.
    ("http://HOME@TRAP/x", Refused),
    ("http://user:password@HOME/x", Refused),
    ("http://user@HOME/x", Refused),
    ("http://@HOME/x", Refused),
    ("http://127.0.0.1:H_PORT:80@TRAP/x", Refused),
    // Other spellings of an address: they may well lead to it, and are not the origin.
    ("http://localhost:H_PORT/x", Refused),
    ("http://127.0.0.1.:H_PORT/x", Refused),
    ("http://127.1:T_PORT/x", Refused),
    ("http://2130706433:T_PORT/x", Refused),
    ("http://0x7f.0.0.1:T_PORT/x", Refused),
    ("http://0177.0.0.1:T_PORT/x", Refused),
    ("http://[::1]:H_PORT/x", Refused),
    ("http://[::ffff:127.0.0.1]:T_PORT/x", Refused),
    ("http://[::ffff:7f00:1]:T_PORT/x", Refused),
    ("http://[::1%25lo]:T_PORT/x", Refused),
    // IDN and look-alikes.
    ("http://xn--127-0-0-1:T_PORT/x", Refused),
    ("http://\u{ff11}27.0.0.1:T_PORT/x", Unwritable),
    ("http://127\u{3002}0.0.1:T_PORT/x", Unwritable),
    // Ports that only look like ours.
    ("http://127.0.0.1:H_OVER/x", Refused),
    ("http://127.0.0.1:/x", Refused),
    ("http://127.0.0.1:+H_PORT/x", Home("/x")),
    ("http://HOME.trap.test/x", Refused),
    // What another parser would take for an authority.
    ("//TRAP/x", Home("//TRAP/x")),
    ("///TRAP/x", Home("///TRAP/x")),
    ("/\\TRAP/x", Home("/\\TRAP/x")),
    ("\\\\TRAP\\x", Unwritable),
    ("http:\\\\TRAP\\x", Unwritable),
    ("http:/TRAP/x", Unwritable),
    ("http://HOME\\@TRAP/x", Unwritable),
    ("http://HOME#@TRAP/x", Home("/")),
    ("http://HOME/?@TRAP/x", Home("/?@TRAP/x")),
    // Forms that name a host by themselves.
    ("TRAP", Refused),
    ("*", Refused),
];

#[tokio::test]
async fn a_raw_request_leaves_for_its_own_origin_only() {
    let place = Place::open().await;
    let client = place.builder().build().unwrap();
    for (uri, to) in URIS {
        let written = place.fill(uri);
        let result = match Request::get(&written).body(()) {
            Ok(request) => Some(client.send(request).await),
            Err(_) => None,
        };
        judge(&place, uri, to, result);
    }
}

/// Compares, and looks at the trap.
fn judge(place: &Place, case: &str, to: To, result: Option<Result<Reply, Error>>) {
    let (targets, trapped) = place.take();
    assert_eq!(trapped, "", "{case}");
    match to {
        Home(target) => {
            assert!(matches!(result, Some(Ok(_))), "{case}: {result:?}");
            assert_eq!(targets, [place.fill(target)], "{case}");
        }
        Refused => {
            let error = result.expect(case).expect_err(case);
            assert_eq!(error.kind(), ErrorKind::Origin, "{case}: {error:?}");
            assert!(!error.may_have_been_sent(), "{case}");
            assert!(targets.is_empty(), "{case}");
        }
        Unwritable => {
            assert!(result.is_none(), "{case}: {result:?}");
            assert!(targets.is_empty(), "{case}");
        }
    }
}

/// The test can fail: a trap that is somebody's own origin sees the token.
#[tokio::test]
async fn token_never_leaves_origin_and_the_trap_would_see_it() {
    let place = Place::open().await;
    let client = client_of(&place.fill("http://TRAP")).build().unwrap();
    let request = Request::get("/x").body(()).unwrap();
    assert!(client.send(request).await.unwrap().status.is_success());
    let (targets, trapped) = place.take();
    assert!(targets.is_empty());
    assert!(trapped.starts_with("(connection)\nGET /x HTTP/1.1\r\n"));
    assert!(trapped.contains(CANARY), "{trapped}");
}

/// `GET /notes/{id}/` with whatever id.
struct Retrieve(String);

impl Operation for Retrieve {
    type Output = String;
    const INFO: OperationInfo = OperationInfo::new(
        "notes.retrieve",
        Method::GET,
        "/notes/{id}/",
        RetryClass::Read,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("id", &self.0)
    }

    fn decode(reply: Reply) -> Result<String, DecodeError> {
        reply.json()
    }
}

/// Values of a path parameter.
const IDS: [(&str, To); 18] = [
    ("7", Home("/notes/7/")),
    ("", Unwritable),
    (".", Unwritable),
    ("..", Unwritable),
    ("...", Home("/notes/.../")),
    ("../..", Home("/notes/..%2F../")),
    ("%2e%2e", Home("/notes/%252e%252e/")),
    ("..%2f..%2fadmin", Home("/notes/..%252f..%252fadmin/")),
    ("/", Home("/notes/%2F/")),
    ("//TRAP/", Home("/notes/%2F%2F127.0.0.1%3AT_PORT%2F/")),
    ("\\\\TRAP", Home("/notes/%5C%5C127.0.0.1%3AT_PORT/")),
    ("@TRAP", Home("/notes/%40127.0.0.1%3AT_PORT/")),
    (
        "http://TRAP/",
        Home("/notes/http%3A%2F%2F127.0.0.1%3AT_PORT%2F/"),
    ),
    ("?admin=1", Home("/notes/%3Fadmin%3D1/")),
    ("#x", Home("/notes/%23x/")),
    (
        " HTTP/1.1\r\nHost: TRAP\r\n\r\n",
        Home("/notes/%20HTTP%2F1.1%0D%0AHost%3A%20127.0.0.1%3AT_PORT%0D%0A%0D%0A/"),
    ),
    ("\0", Home("/notes/%00/")),
    ("\u{2025}/\u{ff0e}", Home("/notes/%E2%80%A5%2F%EF%BC%8E/")),
];

#[tokio::test]
async fn path_segment_is_encoded_and_names_no_other_place() {
    let place = Place::open().await;
    let client = place.builder().build().unwrap();
    for (id, to) in IDS {
        let result = client.execute(&Retrieve(place.fill(id))).await;
        let (targets, trapped) = place.take();
        assert_eq!(trapped, "", "{id:?}");
        match to {
            Home(target) => assert_eq!(targets, [place.fill(target)], "{id:?}"),
            _ => {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Build, "{id:?}");
                assert!(targets.is_empty(), "{id:?}");
            }
        }
    }
}

/// Heads of replies that point elsewhere.
const POINTERS: [&str; 16] = [
    "300 X\r\nlocation: http://TRAP/x",
    "301 X\r\nlocation: http://TRAP/x",
    "302 X\r\nlocation: http://TRAP/x",
    "303 X\r\nlocation: http://TRAP/x",
    "305 X\r\nlocation: http://TRAP/x",
    "307 X\r\nlocation: http://TRAP/x",
    "308 X\r\nlocation: http://TRAP/x",
    "302 X\r\nlocation: //TRAP/x",
    "302 X\r\nlocation: http://HOME@TRAP/x",
    "302 X\r\nlocation: http://HOME/x",
    "302 X\r\nlocation: /x",
    "401 X\r\nwww-authenticate: Bearer realm=\"http://TRAP/\"",
    "407 X\r\nproxy-authenticate: Basic realm=\"http://TRAP/\"",
    "503 X\r\nretry-after: 0\r\nlocation: http://TRAP/x",
    "200 X\r\nrefresh: 0; url=http://TRAP/x\r\nlink: <http://TRAP/x>; rel=preload",
    "200 X\r\nalt-svc: h2=\"TRAP\"; ma=9999\r\ncontent-location: http://TRAP/x",
];

#[tokio::test]
async fn nothing_in_a_reply_leads_elsewhere() {
    let place = Place::open().await;
    for pointer in POINTERS {
        let client = place.builder().build().unwrap();
        let head = place.fill(pointer);
        *place.answer.lock().unwrap() =
            format!("HTTP/1.1 {head}\r\ncontent-length: 6\r\n\r\n\"home\"");
        // Twice: what a first reply said must not move a second request.
        for _ in 0..2 {
            let result = client.execute(&Retrieve(String::from("7"))).await;
            assert_eq!(result.is_ok(), pointer.starts_with("200"), "{pointer}");
            let (targets, trapped) = place.take();
            assert_eq!((targets.len(), trapped.as_str()), (1, ""), "{pointer}");
        }
    }
}

/// `GET /notes/`, page by page.
#[derive(Clone)]
struct List(u64);

#[derive(serde::Deserialize)]
struct Notes {
    notes: Vec<String>,
    next: Option<String>,
}

impl Operation for List {
    type Output = Notes;
    const INFO: OperationInfo = OperationInfo::new(
        "notes.list",
        Method::GET,
        "/notes/",
        RetryClass::Read,
        ResponseKind::Page,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.query("page", self.0);
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Notes, DecodeError> {
        reply.json()
    }
}

impl Paginate for List {
    type Item = String;

    fn start(&self) -> Option<Cursor> {
        Some(Cursor::Page(self.0))
    }

    fn at(&self, cursor: &Cursor) -> Self {
        Self(cursor.page().unwrap_or(1))
    }

    fn page_info(page: &Notes) -> Result<PageInfo, DecodeError> {
        let next = page.next.as_deref();
        let next = next.map(|link| Cursor::page_from_link(link, "page"));
        Ok(PageInfo::new(page.notes.len(), next.transpose()?))
    }

    fn into_items(page: Notes) -> Vec<String> {
        page.notes
    }
}

/// Links to a next page; all of them mean the second one, at home.
const LINKS: [&str; 12] = [
    "http://TRAP/notes/?page=2",
    "https://TRAP/notes/?page=2",
    "//TRAP/notes/?page=2",
    "///TRAP/notes/?page=2",
    "\\\\\\\\TRAP\\\\notes?page=2",
    "http://HOME@TRAP/?page=2",
    "http://user:password@HOME/notes/?page=2",
    "ftp://TRAP/?page=2",
    "file:///etc/passwd?page=2",
    "http://HOME/admin/../other/?page=2",
    "http://[::1]:T_PORT/?page=2#?page=7",
    "?page=2&host=TRAP",
];

#[tokio::test]
async fn links_of_lists_are_read_and_never_followed() {
    let place = Place::open().await;
    let client = place.builder().build().unwrap();
    for link in LINKS {
        let link = place.fill(link);
        let body = format!("{{\"notes\":[\"a\"],\"next\":\"{link}\"}}");
        *place.answer.lock().unwrap() = reply(200, "", &body);
        let mut pages = client.pages(List(1)).max_pages(2);
        assert!(pages.try_next().await.unwrap().is_some(), "{link}");
        assert!(pages.try_next().await.unwrap().is_some(), "{link}");
        let (targets, trapped) = place.take();
        assert_eq!(trapped, "", "{link}");
        assert_eq!(targets[..2], ["/notes/?page=1", "/notes/?page=2"], "{link}");
    }
}

#[tokio::test]
async fn headers_of_a_caller_name_no_other_host_and_no_other_token() {
    let place = Place::open().await;
    let trap = HeaderValue::from_str(&place.fill("TRAP")).unwrap();
    let names = [
        header::HOST,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::AUTHORIZATION,
        HeaderName::from_static("x-forwarded-host"),
    ];
    for name in names {
        // Of all requests.
        let mut builder = place.builder();
        if name == "x-forwarded-host" {
            builder = builder.default_header(name.clone(), trap.clone());
        } else {
            let refused = place.builder().default_header(name.clone(), trap.clone());
            assert_eq!(refused.build().unwrap_err().setting(), "default_header");
        }
        let client = builder.build().unwrap();
        // Of one call.
        let options = CallOptions::new().header(name.clone(), trap.clone());
        let retrieve = Retrieve(String::from("7"));
        assert_eq!(
            client.execute_with(&retrieve, &options).await.unwrap(),
            "home",
            "{name}"
        );
        // Of one raw request.
        let raw = Request::get("/raw").header(&name, &trap).body(()).unwrap();
        client.send(raw).await.unwrap();
        let heads = place.seen.lock().unwrap().clone();
        for head in &heads {
            assert!(head.contains(CANARY), "{name}: {head}");
            let told = head.contains(trap.to_str().unwrap());
            assert_eq!(told, name == "x-forwarded-host", "{name}: {head}");
        }
        let (targets, trapped) = place.take();
        assert_eq!((targets.len(), trapped.as_str()), (2, ""), "{name}");
    }
}

#[tokio::test]
async fn a_base_that_is_ambiguous_is_no_base_and_a_path_does_not_leave_it() {
    let place = Place::open().await;
    for base in [
        "http://HOME@TRAP",
        "http://user:password@HOME",
        "http://HOME\\@TRAP",
        "http://HOME#@TRAP",
        "http://HOME/?@TRAP",
        "http://trap.test",
        "http://127.0.0.1.trap.test",
        "http://HOME.trap.test",
        "//HOME",
        "HOME",
        "ftp://HOME",
        "http://127.0.0.1:H_OVER",
        "http://",
        "",
    ] {
        let built = client_of(&place.fill(base)).build();
        assert_eq!(built.unwrap_err().setting(), "base_uri", "{base}");
    }
    for (base, path, target) in [
        ("http://HOME/@TRAP", "/x", "/@TRAP/x"),
        ("http://HOME//TRAP/", "/x", "//TRAP/x"),
        ("http://HOME/api", "//TRAP/x", "/api//TRAP/x"),
        ("http://HOME/api", "/@TRAP/x", "/api/@TRAP/x"),
        // As written: what it means is the server's business.
        ("http://HOME/api", "/../x", "/api/../x"),
        ("http://HOME/api", "/%2e%2e/x", "/api/%2e%2e/x"),
    ] {
        let client = client_of(&place.fill(base)).build().unwrap();
        let request = Request::get(place.fill(path)).body(()).unwrap();
        client.send(request).await.unwrap();
        let (targets, trapped) = place.take();
        assert_eq!(trapped, "", "{base} {path}");
        assert_eq!(targets, [place.fill(target)], "{base} {path}");
    }
}

/// A process whose environment asks for a proxy: run by the test below, with the address of home.
#[tokio::test]
async fn child_behind_a_proxy() {
    let Some(home) = child::argument() else {
        return;
    };
    let client = client_of(&home).build().unwrap();
    let reply = client.execute(&Retrieve(String::from("7"))).await;
    assert_eq!(reply.unwrap(), "home");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_asked() {
    let place = Place::open().await;
    let trap = place.fill("http://TRAP");
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "CGI_HTTP_PROXY"];
    let mut environment = vec![(String::from("NO_PROXY"), String::new())];
    for name in names {
        environment.push((name.to_owned(), trap.clone()));
        environment.push((name.to_lowercase(), trap.clone()));
    }
    let home = place.fill("http://HOME");
    child::run("origins::child_behind_a_proxy", &home, &environment).await;
    let (targets, trapped) = place.take();
    assert_eq!(trapped, "");
    assert_eq!(targets, ["/notes/7/"]);
}
