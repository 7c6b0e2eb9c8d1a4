//! A raw HTTP/1.1 client and a webhook receiver, sharing nothing with the sandbox but the socket.

use std::path::PathBuf;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {} {:?}", self.status, self.text()))
    }

    /// Status and body in one comparison.
    #[track_caller]
    pub(crate) fn assert(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.json()), (status, body));
    }
}

/// A sandbox that holds every call against the contract.
pub(crate) async fn strict() -> Sandbox {
    Sandbox::builder().strict(true).start().await.unwrap()
}

/// The same, its clock standing still.
pub(crate) async fn frozen(at: &str) -> Sandbox {
    let clock = Clock::Frozen(at.parse().unwrap());
    let builder = Sandbox::builder().strict(true).clock(clock);
    builder.start().await.unwrap()
}

/// A sandbox on an address that no other test listens on, where the machine has several of its own: else one of those could
/// take the port once it is free again.
pub(crate) async fn apart(last: u8) -> Sandbox {
    let last = if cfg!(target_os = "linux") { last } else { 1 };
    let builder = Sandbox::builder().listen(([127, 0, 0, last], 0).into());
    builder.strict(true).start().await.unwrap()
}

/// Sends one request on its own connection.
pub(crate) async fn send(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        head.push_str(&format!("host: {}\r\n", sandbox.address()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    send_raw(sandbox, &[head.as_bytes(), body].concat()).await
}

/// Sends bytes as they are; the request must ask for the connection to be closed.
pub(crate) async fn send_raw(sandbox: &Sandbox, request: &[u8]) -> Answer {
    exchange(sandbox.address(), request).await
}

/// The same, to any address.
pub(crate) async fn exchange(address: std::net::SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes)
}

pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head")
        + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Answer {
        status,
        headers,
        body: bytes[end..].to_vec(),
    }
}

/// A client with a token.
pub(crate) struct Client<'a> {
    pub(crate) sandbox: &'a Sandbox,
    authorization: String,
}

impl<'a> Client<'a> {
    /// Logged in at the Third Party API.
    pub(crate) async fn login(sandbox: &'a Sandbox) -> Self {
        let credentials = sandbox.thirdparty_credentials();
        let body = json!({ "email": credentials.email, "password": credentials.password });
        let answer = send_json(sandbox, "POST", "/api_third_party/auth/login/", &[], &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        Self {
            sandbox,
            authorization: format!("Token {token}"),
        }
    }

    /// With the VerifyInvestor token.
    pub(crate) fn verifyinvestor(sandbox: &'a Sandbox) -> Self {
        Self {
            sandbox,
            authorization: format!("Token {}", sandbox.verifyinvestor_api_token()),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(
            self.sandbox,
            "GET",
            path,
            &[("authorization", &self.authorization)],
            b"",
        )
        .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send_json(
            self.sandbox,
            "POST",
            path,
            &[("authorization", &self.authorization)],
            body,
        )
        .await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Answer {
        let headers = [
            ("authorization", self.authorization.as_str()),
            ("content-type", content_type),
        ];
        send(self.sandbox, method, path, &headers, body).await
    }

    /// An investor with the given last name.
    pub(crate) async fn investor(&self, last_name: &str) -> Value {
        let plain: String = last_name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let email = format!("{}@example.com", plain.to_lowercase());
        let entity = json!({
            "first_name": "Ada", "last_name": last_name, "email": email, "date_of_birth": "1985-12-10",
            "tax_id_number": "123-45-6789", "country": "US", "state": "CA", "net_worth": "2500000.5",
        });
        let answer = self
            .post(
                "/api_third_party/investors/",
                &json!({ "type": "person", "entity": entity }),
            )
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// An investment in an offering of a type.
    pub(crate) async fn investment(
        &self,
        offering: &str,
        investor: u64,
        quantity: u64,
        method: &str,
    ) -> Value {
        let body = json!({
            "offering": offering_id(self.sandbox, offering), "investor": investor, "quantity": quantity,
            "requested_payment_method": method,
        });
        let answer = self.post("/api_third_party/investments/", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }
}

pub(crate) fn offering_id(sandbox: &Sandbox, kind: &str) -> u64 {
    sandbox
        .offerings()
        .unwrap()
        .iter()
        .find(|offering| offering.r#type == kind)
        .expect("an offering")
        .id
}

pub(crate) async fn send_json(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    send(sandbox, method, path, &headers, body.to_string().as_bytes()).await
}

/// Sends a form as a browser does.
pub(crate) async fn submit(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    send(sandbox, "POST", path, &headers, body.as_bytes()).await
}

/// The path and query of an address of the sandbox.
pub(crate) fn path_of<'a>(sandbox: &Sandbox, url: &'a str) -> &'a str {
    url.strip_prefix(&sandbox.base_url())
        .unwrap_or_else(|| panic!("not of this sandbox: {url}"))
}

/// A webhook as its receiver saw it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) signature: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Listens for webhooks and answers each with a status.
pub(crate) async fn receiver(status: u16) -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let received = loop {
                let mut chunk = [0; 4096];
                let read = stream.read(&mut chunk).await.unwrap();
                assert!(read > 0, "the webhook ended early");
                bytes.extend_from_slice(&chunk[..read]);
                if let Some(received) = whole(&bytes) {
                    break received;
                }
            };
            let answer = format!(
                "HTTP/1.1 {status} Whatever\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            if sender.send(received).is_err() {
                return;
            }
        }
    });
    (url, received)
}

fn whole(bytes: &[u8]) -> Option<Received> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    (bytes.len() >= end + length).then(|| Received {
        path: head.split(' ').nth(1).unwrap().to_owned(),
        signature: header("x-signature-sha256"),
        content_type: header("content-type"),
        body: bytes[end..end + length].to_vec(),
    })
}

/// The text of a PDF, by poppler; `None` with a notice where it is not installed.
pub(crate) fn pdf_text(pdf: &[u8]) -> Option<String> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let child = Command::new("pdftotext")
        .args(["-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("NOTICE: pdftotext is not installed: the PDF's text is not checked");
        return None;
    };
    child.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "pdftotext refused the file");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Checks that an answer has every field of the document's sample, with the same type.
#[track_caller]
pub(crate) fn assert_has_sample(answer: &Value, service: &str, name: &str) {
    let root = env!("CARGO_MANIFEST_DIR");
    let file = format!("{root}/../../spec/samples/{service}/{name}.response.json");
    let sample = serde_json::from_str(&std::fs::read_to_string(&file).expect(&file)).unwrap();
    let mut missing = Vec::new();
    compare(&sample, answer, name, &mut missing);
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Collects the fields of a sample that an answer lacks; null and an empty list end a path.
fn compare(
    sample: &serde_json::Value,
    answer: &serde_json::Value,
    path: &str,
    missing: &mut Vec<String>,
) {
    use serde_json::Value::{Array, Null, Object};
    match (sample, answer) {
        (Object(sample), Object(answer)) => {
            for (name, value) in sample
                .iter()
                .filter(|(name, _)| *name != "ANY_ADDITIONAL_PROPERTY")
            {
                match answer.get(name) {
                    Some(found) => compare(value, found, &format!("{path}.{name}"), missing),
                    None => missing.push(format!("{path}.{name}")),
                }
            }
        }
        (Array(sample), Array(answer)) => {
            if let (Some(sample), Some(answer)) = (sample.first(), answer.first()) {
                compare(sample, answer, &format!("{path}[]"), missing);
            }
        }
        (Object(_) | Array(_), Null) | (_, Null) | (Null, _) => {}
        (sample, answer) if std::mem::discriminant(sample) == std::mem::discriminant(answer) => {}
        _ => missing.push(format!("{path} has another type")),
    }
}

/// A file that goes away with the test.
pub(crate) struct Scratch {
    pub(crate) path: PathBuf,
}

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("accredit-sandbox-{}-{name}", std::process::id()));
        let scratch = Self { path };
        scratch.clear();
        scratch
    }

    pub(crate) fn clear(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.path.display()));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clear();
    }
}
