//! `accredit sandbox`: the process, its ready line, its end.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accredit"));
    command
        .arg("sandbox")
        .args(arguments)
        .env_remove("ACCREDIT_CONTROL_TOKEN");
    command
}

/// A run that ends by itself.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    assert!(stdout.is_empty(), "{stdout:?}");
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A sandbox that is ready.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    line: String,
    ready: Value,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(arguments).args(["--listen", "127.0.0.1:0"]))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).expect(&line);
        Self {
            child,
            stdout,
            line,
            ready,
        }
    }

    fn text(&self, pointer: &str) -> &str {
        self.ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect(pointer)
    }

    fn address(&self) -> SocketAddr {
        let (_, address) = self.text("/thirdparty/base_url").split_once("://").unwrap();
        address.parse().unwrap()
    }

    fn send(&self, method: &str, path: &str, authorization: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        exchange(&mut stream, method, path, authorization, body).unwrap()
    }

    /// Sends a signal, and gives the exit code and what the process said after it was ready.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (code, stdout, stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exchange(
    stream: &mut (impl Read + Write),
    method: &str,
    path: &str,
    authorization: &str,
    body: &str,
) -> std::io::Result<String> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A folder of one test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("accredit-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_ready_line_opens_both_services_and_sigterm_ends_them() {
    let sandbox = Running::start(&[]);
    let base = format!("http://{}", sandbox.address());
    let expected = format!(
        r#"{{"event":"ready","thirdparty":{{"base_url":"{base}","email":"partner@example.com","password":"sandbox-password"}},"verifyinvestor":{{"base_url":"{base}","api_token":"test_only_sandbox-api-token","user_authorization_token":"test_only_sandbox-user-token","webhook_secret":"sandbox-webhook-secret"}},"control_url":"{base}/_sandbox/"}}"#
    );
    assert_eq!(sandbox.line, format!("{expected}\n"));
    let login = json!({
        "email": sandbox.text("/thirdparty/email"), "password": sandbox.text("/thirdparty/password"),
    });
    let login = login.to_string();
    let answer = sandbox.send("POST", "/api_third_party/auth/login/", "", &login);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let token = format!("Token {}", sandbox.text("/verifyinvestor/api_token"));
    let answer = sandbox.send("GET", "/api/v1", &token, "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let path = "/authorization/test_only_sandbox-user-token?identifier=x";
    let answer = sandbox.send("GET", path, "", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = sandbox.send("GET", "/_sandbox/health", "", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let (code, stdout, stderr) = sandbox.end("-TERM");
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert_eq!(
        stderr,
        format!("both services are at {base}; Ctrl-C ends them\nstopped\n")
    );
}

#[test]
fn the_options_of_the_data_and_of_the_contract_reach_the_sandbox() {
    let token = "Token test_only_sandbox-api-token";
    for (arguments, status) in [
        (&["--strict"][..], "HTTP/1.1 500"),
        (&["--lenient"], "HTTP/1.1 200"),
        (&[], "HTTP/1.1 200"),
    ] {
        let sandbox = Running::start(arguments);
        let answer = sandbox.send("GET", "/api/v1/users?no_such_filter=1", token, "");
        assert!(answer.starts_with(status), "{arguments:?}: {answer}");
    }
    let sandbox = Running::start(&["--scale", "12", "--seed", "3"]);
    let login = r#"{"email":"partner@example.com","password":"sandbox-password"}"#;
    let answer = sandbox.send("POST", "/api_third_party/auth/login/", "", login);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let login: Value = serde_json::from_str(body).unwrap();
    let token = format!("Token {}", login["token"].as_str().unwrap());
    let answer = sandbox.send(
        "GET",
        "/api_third_party/investments/?page_size=1",
        &token,
        "",
    );
    assert!(answer.contains("\"count\":12"), "{answer}");
}

#[test]
fn sigint_ends_it_whatever_a_client_holds_back() {
    let sandbox = Running::start(&[]);
    let mut half = TcpStream::connect(sandbox.address()).unwrap();
    half.write_all(b"POST /api/v1/users HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        .unwrap();
    let (code, stdout, _) = sandbox.end("-INT");
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_bad_flag_is_one_line_that_says_what_is_accepted() {
    for (arguments, what) in [
        (
            &["--prot", "1"][..],
            "[--listen ADDRESS] [--data FILE] [--seed N]",
        ),
        (&["--seed", "many"], "'--seed <N>'"),
        (&["--listen", "8080"], "such as 127.0.0.1:8080"),
        (&["--listen", "0.0.0.0:0"], "--allow-remote"),
        (&["--host", "a:80"], "a name or an IP address"),
        (&["here"], "[--listen ADDRESS]"),
    ] {
        let (code, stderr) = refused(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        assert!(stderr.contains(what), "{stderr}");
    }
}

#[test]
fn an_address_in_use_is_said_and_nothing_is_left_behind() {
    let folder = Scratch::new("in-use");
    let sandbox = Running::start(&[]);
    let address = sandbox.address().to_string();
    let file = folder.file("state.db");
    let (code, stderr) = refused(&["--listen", &address, "--data", text(&file)]);
    assert_eq!(code, Some(1));
    let line = format!("error: the sandbox could not bind {address}\n");
    assert!(stderr.starts_with(&line), "{stderr}");
    assert!(stderr.contains("in use"), "{stderr}");
    assert!(folder.names().is_empty());
}

#[test]
fn a_data_file_keeps_the_state() {
    let folder = Scratch::new("state");
    let file = folder.file("state.db");
    let sandbox = Running::start(&["--data", text(&file), "--seed", "7"]);
    let user = json!({ "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace" });
    let path = "/authorization/test_only_sandbox-user-token?identifier=kept";
    let answer = sandbox.send("POST", path, "", &user.to_string());
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let path = "/api/v1/users/identifier/kept";
    let token = "Token test_only_sandbox-api-token";
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    let before = body(&sandbox.send("GET", path, token, ""));
    assert!(before.contains("ada@example.com"), "{before}");
    assert_eq!(sandbox.end("-TERM").0, Some(0));
    assert_eq!(folder.names(), ["state.db"]);

    let sandbox = Running::start(&["--data", text(&file)]);
    assert_eq!(body(&sandbox.send("GET", path, token, "")), before);
}

#[test]
fn a_data_file_that_is_refused_is_left_as_it_is() {
    let folder = Scratch::new("foreign");
    let own = folder.file("own.db");
    let sandbox = Running::start(&["--data", text(&own)]);
    assert_eq!(sandbox.end("-TERM").0, Some(0));
    let database = fs::read(&own).unwrap();
    // Of SQLite's header: the program that the file belongs to, and its version.
    let altered = |at: usize| {
        let mut bytes = database.clone();
        bytes[at] ^= 0x40;
        bytes
    };
    for (name, bytes) in [
        ("notes.txt", b"no database\n".repeat(100)),
        ("other.db", altered(68)),
        ("newer.db", altered(62)),
        ("read-only.db", database.clone()),
    ] {
        let file = folder.file(name);
        fs::write(&file, &bytes).unwrap();
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(name == "read-only.db");
        fs::set_permissions(&file, permissions).unwrap();
        let (code, stderr) = refused(&["--listen", "127.0.0.1:0", "--data", text(&file)]);
        assert_eq!(code, Some(8), "{name}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("error: the data file "), "{stderr}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{name} was touched");
    }
    assert_eq!(
        folder.names(),
        [
            "newer.db",
            "notes.txt",
            "other.db",
            "own.db",
            "read-only.db"
        ]
    );
}

/// A call over TLS that trusts one file.
fn trusting(ca: &str, address: SocketAddr) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(address)?);
    exchange(&mut stream, "GET", "/_sandbox/health", "", "")
}

#[test]
fn tls_names_the_file_of_the_authority_to_trust() {
    let folder = Scratch::new("tls");
    let start =
        || Running::spawn(command(&["--tls", "--listen", "127.0.0.1:0"]).env("TMPDIR", &folder.0));
    let (sandbox, other) = (start(), start());
    assert!(sandbox.text("/thirdparty/base_url").starts_with("https://"));
    assert!(sandbox.text("/control_url").starts_with("https://"));
    let ca = sandbox.text("/ca_file").to_owned();
    let pem = fs::read_to_string(&ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(!pem.contains("PRIVATE"));
    assert_eq!(folder.names().len(), 2, "one file each, and no key");

    let answer = trusting(&ca, sandbox.address()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let error = trusting(&ca, other.address()).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");

    assert_eq!(sandbox.end("-TERM").0, Some(0));
    assert!(!Path::new(&ca).exists(), "the file was a temporary one");
}

#[test]
fn with_a_data_file_the_authority_is_beside_it() {
    let folder = Scratch::new("tls-data");
    let file = folder.file("state.db");
    for _ in 0..2 {
        let sandbox = Running::start(&["--tls", "--data", text(&file)]);
        let ca = sandbox.text("/ca_file");
        assert_eq!(ca, text(&folder.file("state.db.ca.pem")));
        assert!(trusting(ca, sandbox.address()).is_ok());
        assert_eq!(sandbox.end("-TERM").0, Some(0));
    }
    fs::write(folder.file("state.db.ca.pem"), "mine").unwrap();
    let (code, stderr) = refused(&["--listen", "127.0.0.1:0", "--tls", "--data", text(&file)]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("state.db.ca.pem could not be saved"),
        "{stderr}"
    );
    assert_eq!(fs::read(folder.file("state.db.ca.pem")).unwrap(), b"mine");
}

#[test]
fn beyond_loopback_the_ready_line_holds_the_token_of_the_controls() {
    let arguments = ["--listen", "0.0.0.0:0", "--allow-remote"];
    let sandbox = Running::spawn(&mut command(&arguments));
    assert_eq!(sandbox.address().ip().to_string(), "127.0.0.1");
    let token = sandbox.text("/control_token").to_owned();
    let path = "/_sandbox/clock";
    let answer = sandbox.send("GET", path, "", "");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = sandbox.send("GET", path, &format!("Bearer {token}"), "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, _, stderr) = sandbox.end("-TERM");
    assert!(!stderr.contains(&token), "{stderr}");

    let mut command = command(&["--listen", "127.0.0.1:0"]);
    let sandbox = Running::spawn(command.env("ACCREDIT_CONTROL_TOKEN", "canary"));
    assert_eq!(sandbox.text("/control_token"), "canary");
    let answer = sandbox.send("GET", path, "Bearer canary", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
