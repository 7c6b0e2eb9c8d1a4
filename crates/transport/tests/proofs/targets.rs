//! Hostile strings in every slot of a request: the target on the wire is what an independent
//! encoder makes of them, and nothing else of the head changes.

use std::sync::{Arc, Mutex};

use accredit_transport::http::{HeaderName, HeaderValue, Method, Uri};
use accredit_transport::{
    CallOptions, Client, DecodeError, EncodeError, ErrorKind, Operation, OperationInfo, Reply,
    RequestEncoder, ResponseKind, RetryClass, Token,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::io::DuplexStream;

use crate::wire::{Wire, reply};

/// How many sets of strings are sent; each fills four slots.
const CASES: u32 = 2000;

/// `GET /notes/{id}/files/{name}.pdf?q=…&list=…`.
struct Retrieve<'a> {
    id: &'a str,
    name: &'a str,
    query: &'a str,
    list: Option<&'a [String]>,
}

impl Operation for Retrieve<'_> {
    type Output = ();
    const INFO: OperationInfo = OperationInfo::new(
        "files.retrieve",
        Method::GET,
        "/notes/{id}/files/{name}.pdf",
        RetryClass::Read,
        ResponseKind::Empty,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("id", self.id)?;
        request.path("name", self.name)?;
        request.query("q", self.query);
        // The caller's own name, too.
        request.query(self.query, "v");
        request.query_list_opt("list", self.list)
    }

    fn decode(_: Reply) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// What RFC 3986 says, by hand: unreserved characters as they are, every other byte in hex.
fn reference(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(*byte));
            }
            _ => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(digit), 16).unwrap();
                    encoded.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
    encoded
}

/// And back.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The target, or `None` where the values have none.
fn expected(retrieve: &Retrieve<'_>) -> Option<String> {
    let Retrieve {
        id,
        name,
        query,
        list,
    } = retrieve;
    if [id, name].iter().any(|id| ["", ".", ".."].contains(id)) {
        return None;
    }
    let is_bad = |item: &String| item.is_empty() || item.contains(',');
    if list.is_some_and(|list| list.is_empty() || list.iter().any(is_bad)) {
        return None;
    }
    let [id, name, query] = [id, name, query].map(|text| reference(text));
    let mut target = format!("/notes/{id}/files/{name}.pdf?q={query}&{query}=v");
    if let Some(list) = list {
        let items: Vec<_> = list.iter().map(|item| reference(item)).collect();
        target.push_str(&format!("&list={}", items.join(",")));
    }
    Some(target)
}

/// Text that was made to be misread, mixed with any other.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just(".."),
        Just("."),
        Just("/"),
        Just("//"),
        Just("\\"),
        Just("%2e"),
        Just("%2F"),
        Just("%"),
        Just("%00"),
        Just("%zz"),
        Just("?"),
        Just("#"),
        Just("&"),
        Just("="),
        Just("+"),
        Just(" "),
        Just(";"),
        Just(","),
        Just(":"),
        Just("@"),
        Just("\r\n"),
        Just("\r"),
        Just("\n"),
        Just("\0"),
        Just("\t"),
        Just("\u{7f}"),
        Just("\u{85}"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("\u{202e}"),
        Just("\u{fc}"),
        Just("e\u{308}"),
        Just("\u{1f4a3}"),
        Just("{id}"),
        Just("{}"),
        Just("HTTP/1.1"),
        Just("\r\nHost: evil.test\r\n\r\n"),
        Just("http://evil.test/"),
        Just("a"),
    ];
    prop_oneof![
        proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        "\\PC{0,40}",
    ]
}

/// A server in memory that keeps the heads it reads.
fn client() -> (Client, Arc<Mutex<Vec<String>>>) {
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let connector = {
        let heads = Arc::clone(&heads);
        tower::service_fn(move |_: Uri| {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let heads = Arc::clone(&heads);
            tokio::spawn(async move {
                let mut wire: Wire<DuplexStream> = Wire::new(ours);
                while let Some(head) = wire.head().await {
                    heads.lock().unwrap().push(head.0);
                    wire.send(reply(200, "", "")).await;
                }
            });
            std::future::ready(Ok::<_, std::io::Error>(theirs))
        })
    };
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .request_id_header(HeaderName::from_static("x-id"))
        .connector(connector)
        .build()
        .unwrap();
    (client, heads)
}

fn runner() -> TestRunner {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn every_string_in_every_slot_is_on_the_wire_as_the_reference_writes_it() {
    let runtime = runtime();
    let (client, heads) = client();
    let values = (
        hostile(),
        hostile(),
        hostile(),
        proptest::option::of(proptest::collection::vec(hostile(), 0..3)),
    );
    let sent = std::cell::Cell::new(0);
    let result = runner().run(&values, |(id, name, query, list)| {
        let retrieve = Retrieve {
            id: &id,
            name: &name,
            query: &query,
            list: list.as_deref(),
        };
        let options = CallOptions::new().header(
            HeaderName::from_static("x-id"),
            HeaderValue::from_static("1"),
        );
        let result = runtime.block_on(client.execute_with(&retrieve, &options));
        let heads = std::mem::take(&mut *heads.lock().unwrap());
        let Some(target) = expected(&retrieve) else {
            prop_assert_eq!(result.unwrap_err().kind(), ErrorKind::Build);
            prop_assert!(heads.is_empty());
            return Ok(());
        };
        prop_assert!(result.is_ok(), "{:?}", result);
        // The whole head, so that nothing slips in elsewhere.
        let head = format!(
            "GET {target} HTTP/1.1\r\nx-id: 1\r\nuser-agent: {}\r\naccept: application/json\r\n\
             authorization: Token t\r\nhost: api.example.com\r\n\r\n",
            concat!("accredit-transport/", env!("CARGO_PKG_VERSION")),
        );
        prop_assert_eq!(&heads, &[head]);
        prop_assert!(target.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
        let segments: Vec<_> = target.split('?').next().unwrap().split('/').collect();
        prop_assert_eq!(segments.len(), 5);
        prop_assert_eq!(&decoded(segments[2]), &id);
        prop_assert_eq!(decoded(segments[4]), format!("{name}.pdf"));
        sent.set(sent.get() + 1);
        Ok(())
    });
    result.unwrap();
    println!(
        "{} of {CASES} sets of strings were sent, the others have no target",
        sent.get()
    );
    assert!(sent.get() >= 1000, "{}", sent.get());
}

/// Header values and tokens that a string can be made into hold no line break, whatever the string.
#[test]
fn no_header_or_token_carries_a_line_break() {
    let runtime = runtime();
    let (client, heads) = client();
    let name = HeaderName::from_static("x-note");
    let result = runner().run(&hostile(), |text| {
        let breaks = text.contains(['\r', '\n', '\0']);
        prop_assert!(!breaks || HeaderValue::from_str(&text).is_err());
        prop_assert!(!breaks || Token::new("Token", &text).is_err());
        prop_assert!(!breaks || HeaderName::try_from(text.as_str()).is_err());
        let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) else {
            return Ok(());
        };
        let options = CallOptions::new().header(name.clone(), value);
        let plain = Retrieve {
            id: "1",
            name: "1",
            query: "1",
            list: None,
        };
        let result = runtime.block_on(client.execute_with(&plain, &options));
        prop_assert!(result.is_ok());
        let heads = std::mem::take(&mut *heads.lock().unwrap());
        prop_assert_eq!(heads.len(), 1);
        // Seven lines and the empty one, however it is split.
        let lines = heads[0].split(['\r', '\n']).filter(|line| !line.is_empty());
        prop_assert_eq!(lines.count(), 7, "{:?}", heads);
        Ok(())
    });
    result.unwrap();
}
