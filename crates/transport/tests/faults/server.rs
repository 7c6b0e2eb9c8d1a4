//! The server: a socket that follows a script, connection by connection, and keeps every byte.
//!
//! Whatever does not go by the script is kept as a failure: a step that could not be done, a byte
//! that nobody waited for, a connection too many or too few.

use std::collections::BTreeMap;
use std::io::ErrorKind as IoErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::script::{Certificate, Connection, Step};

/// A request as it stood on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What the server saw, and what did not go by the script.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Recorded>,
    pub(crate) connections: usize,
    pub(crate) failures: Vec<String>,
}

/// Gates that the two sides of a run open for each other.
#[derive(Default)]
pub(crate) struct Gates {
    opened: Mutex<BTreeMap<&'static str, usize>>,
    changed: Notify,
}

impl Gates {
    pub(crate) fn open(&self, gate: &'static str) {
        *self.opened.lock().unwrap().entry(gate).or_default() += 1;
        self.changed.notify_waiters();
    }

    fn count(&self, gate: &'static str) -> usize {
        let opened = self.opened.lock().unwrap();
        opened.get(gate).copied().unwrap_or_default()
    }

    pub(crate) async fn wait(&self, gate: &'static str, times: usize) {
        loop {
            let changed = self.changed.notified();
            if self.count(gate) >= times {
                return;
            }
            changed.await;
        }
    }
}

/// Lets everything happen that can happen without time: all tasks, and what the sockets have.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    /// Bound and not listening: whoever connects is refused.
    deaf: Option<TcpSocket>,
    accepting: Option<JoinHandle<()>>,
    trap: std::net::TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    script: Vec<Connection>,
    trap: String,
    gates: Gates,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Seen,
    tasks: Vec<JoinHandle<()>>,
    /// For each connection, the step that it is at.
    at: Vec<String>,
}

impl Server {
    /// Takes a port; refuses connections until [`listen`](Self::listen).
    pub(crate) fn bind(script: Vec<Connection>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let trap = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        trap.set_nonblocking(true).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            deaf: Some(socket),
            accepting: None,
            shared: Arc::new(Shared {
                script,
                trap: format!("http://{}", trap.local_addr().unwrap()),
                gates: Gates::default(),
                state: Mutex::default(),
            }),
            trap,
        }
    }

    pub(crate) fn listen(&mut self) {
        let Some(socket) = self.deaf.take() else {
            return;
        };
        let listener = socket.listen(64).unwrap();
        self.accepting = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin that nothing may reach.
    pub(crate) fn trap(&self) -> &str {
        &self.shared.trap
    }

    pub(crate) fn spring_trap(&self) {
        std::net::TcpStream::connect(self.trap.local_addr().unwrap()).unwrap();
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.shared.gates
    }

    /// Where each connection is, for a run that does not end.
    pub(crate) fn progress(&self) -> String {
        self.shared.state.lock().unwrap().at.join("; ")
    }

    /// Waits until all connections are done, and says what there was. The client must be gone by
    /// then, or its idle connections keep this waiting.
    pub(crate) async fn finish(&mut self) -> Seen {
        settle().await;
        loop {
            let tasks = std::mem::take(&mut self.shared.state.lock().unwrap().tasks);
            if tasks.is_empty() {
                break;
            }
            for task in tasks {
                if let Err(error) = task.await {
                    self.shared.fail(error.to_string());
                }
            }
            settle().await;
        }
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        match self.trap.accept() {
            Err(error) if error.kind() == IoErrorKind::WouldBlock => {}
            _ => self.shared.fail("the trap was reached".to_owned()),
        }
        let mut seen = std::mem::take(&mut self.shared.state.lock().unwrap().seen);
        let (came, expected) = (seen.connections, self.shared.script.len());
        if came < expected {
            seen.failures
                .push(format!("{came} connections came of {expected}"));
        }
        seen
    }
}

impl Shared {
    fn fail(&self, text: String) {
        self.state.lock().unwrap().seen.failures.push(text);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut state = shared.state.lock().unwrap();
        let number = state.seen.connections;
        state.seen.connections += 1;
        state.at.push(format!("connection {number}: accepted"));
        state
            .tasks
            .push(tokio::spawn(serve(stream, number, Arc::clone(&shared))));
    }
}

async fn serve(stream: TcpStream, number: usize, shared: Arc<Shared>) {
    let mut wire = Wire {
        io: Some(Io::Plain(stream)),
        unread: Vec::new(),
        foreign: false,
        shared: Arc::clone(&shared),
    };
    let Some(script) = shared.script.get(number) else {
        shared.fail(format!("connection {number} was not expected"));
        // What it wanted counts.
        let _ = wire.step(&Step::Read).await;
        return;
    };
    for (place, step) in script.iter().enumerate() {
        let name = name(step);
        shared.state.lock().unwrap().at[number] =
            format!("connection {number}, step {place}: {name}");
        if let Err(reason) = wire.step(step).await {
            shared.fail(format!(
                "connection {number}, step {place} ({name}): {reason}"
            ));
            return;
        }
    }
    shared.state.lock().unwrap().at[number] = format!("connection {number}: waits for its close");
    if let Err(reason) = wire.closed().await {
        shared.fail(format!("connection {number}, behind its steps: {reason}"));
    }
}

/// The name of a step without what it holds.
fn name(step: &Step) -> String {
    let text = format!("{step:?}");
    let end = text.find(['(', ' ']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Io {
    async fn read(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(buffer).await,
            Self::Tls(stream) => stream.read_buf(buffer).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_mut().0,
        }
    }
}

/// One connection, as far as the script has come.
struct Wire {
    io: Option<Io>,
    /// Bytes that arrived and that no step has asked for.
    unread: Vec<u8>,
    /// Whether this is no HTTP: the client may say more before it closes.
    foreign: bool,
    shared: Arc<Shared>,
}

type Done = Result<(), String>;

impl Wire {
    async fn step(&mut self, step: &Step) -> Done {
        match step {
            Step::Handshake(certificate) => self.handshake(*certificate).await,
            Step::HandshakeRefused(certificate) => match self.handshake(*certificate).await {
                Ok(()) => Err("the client took the certificate".to_owned()),
                Err(_) => Ok(()),
            },
            Step::Read => self.read_request().await,
            Step::ReadBytes => {
                self.foreign = true;
                self.more().await?;
                self.unread.clear();
                Ok(())
            }
            Step::Arrived => {
                let mut byte = [0];
                match self.io()?.tcp().peek(&mut byte).await {
                    Ok(1) => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            }
            Step::Quiet => self.quiet(),
            Step::Send(bytes) => {
                let bytes = self.filled(bytes);
                // A client that has heard enough may hang up before the end.
                let _ = self.io()?.write(&bytes).await;
                Ok(())
            }
            Step::SendBelow(bytes) => {
                let _ = self.io()?.tcp().write_all(bytes).await;
                Ok(())
            }
            Step::SendUntilClosed(bytes) => {
                let io = self.io()?;
                while io.write(bytes).await.is_ok() {}
                self.io = None;
                Ok(())
            }
            Step::Close => {
                let done = match self.io()? {
                    Io::Plain(stream) => stream.shutdown().await,
                    Io::Tls(stream) => stream.shutdown().await,
                };
                done.map_err(|error| error.to_string())
            }
            Step::CloseBelow => {
                let done = self.io()?.tcp().shutdown().await;
                done.map_err(|error| error.to_string())
            }
            Step::Reset => {
                let io = self.io.take();
                let mut io = io.ok_or("closed already")?;
                io.tcp()
                    .set_zero_linger()
                    .map_err(|error| error.to_string())
            }
            Step::Vanish => {
                self.io = None;
                Ok(())
            }
            Step::Closed => self.closed().await,
            Step::Open(gate) => {
                self.shared.gates.open(gate);
                Ok(())
            }
            Step::IsOpen(gate) if self.shared.gates.count(gate) == 0 => {
                Err(format!("{gate} is not open: this comes too early"))
            }
            Step::IsOpen(_) => Ok(()),
            Step::Wait(gate, times) => {
                self.shared.gates.wait(gate, *times).await;
                Ok(())
            }
            Step::Settle => {
                settle().await;
                Ok(())
            }
            Step::Advance(time) => {
                advance(*time).await;
                Ok(())
            }
        }
    }

    fn io(&mut self) -> Result<&mut Io, String> {
        self.io.as_mut().ok_or_else(|| "closed already".to_owned())
    }

    async fn handshake(&mut self, certificate: Certificate) -> Done {
        let Some(Io::Plain(stream)) = self.io.take() else {
            return Err("there was a handshake already".to_owned());
        };
        let acceptor = TlsAcceptor::from(Arc::clone(match certificate {
            Certificate::Good => &AUTHORITY.good,
            Certificate::ForeignName => &AUTHORITY.foreign,
        }));
        let stream = acceptor
            .accept(stream)
            .await
            .map_err(|error| error.to_string())?;
        self.io = Some(Io::Tls(Box::new(stream)));
        Ok(())
    }

    async fn more(&mut self) -> Done {
        let Self { io, unread, .. } = self;
        let io = io.as_mut().ok_or("closed already")?;
        unread.reserve(16 * 1024);
        match io.read(unread).await {
            Ok(0) => Err("the client closed".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn read_request(&mut self) -> Done {
        let head = loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.unread[..head]).into_owned();
        let header = |name: &str| {
            text.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let end = if header("transfer-encoding").is_some() {
            loop {
                // The one body that has no length is a single chunk of ours.
                if let Some(end) = find(&self.unread[head..], b"0\r\n\r\n") {
                    break head + end + 5;
                }
                self.more().await?;
            }
        } else {
            let length: usize = header("content-length").map_or(0, |value| value.parse().unwrap());
            while self.unread.len() < head + length {
                self.more().await?;
            }
            head + length
        };
        let rest = self.unread.split_off(end);
        let mut request = std::mem::replace(&mut self.unread, rest);
        let recorded = Recorded {
            body: request.split_off(head),
            head: text,
        };
        self.shared
            .state
            .lock()
            .unwrap()
            .seen
            .requests
            .push(recorded);
        Ok(())
    }

    fn quiet(&mut self) -> Done {
        let Some(Io::Plain(stream)) = &self.io else {
            return Err("only clear text can be looked at".to_owned());
        };
        let mut byte = [0];
        match stream.try_read(&mut byte) {
            Err(error) if error.kind() == IoErrorKind::WouldBlock && self.unread.is_empty() => {
                Ok(())
            }
            other => Err(format!("not quiet: {other:?}")),
        }
    }

    /// Waits for the client to close, and takes no other byte from it.
    async fn closed(&mut self) -> Done {
        let Some(io) = self.io.as_mut() else {
            return Ok(());
        };
        while self.unread.is_empty() {
            match io.read(&mut self.unread).await {
                // A reset is a close, too; only less polite.
                Ok(0) | Err(_) => return Ok(()),
                Ok(_) if self.foreign => self.unread.clear(),
                Ok(_) => {}
            }
        }
        let start = self.unread.iter().take(40).copied().collect();
        let start = String::from_utf8(start).unwrap_or_else(|_| "bytes".to_owned());
        Err(format!("in the place of a close: {start:?}"))
    }

    /// Puts the trap in its place.
    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("{trap}") => {
                text.replace("{trap}", &self.shared.trap).into_bytes()
            }
            _ => bytes.to_vec(),
        }
    }
}

/// Moves the paused clock, once everything has happened that its old time allows.
pub(crate) async fn advance(time: Duration) {
    settle().await;
    tokio::time::advance(time).await;
    settle().await;
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

/// An authority and two servers with certificates of it.
pub(crate) struct Authority {
    pub(crate) pem: String,
    good: Arc<rustls::ServerConfig>,
    foreign: Arc<rustls::ServerConfig>,
}

/// Made once: keys are slow to draw.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let server = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &ca)
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        // Nothing follows a handshake but what the script sends.
        config.send_tls13_tickets = 0;
        Arc::new(config)
    };
    Authority {
        pem: ca.pem(),
        good: server("127.0.0.1"),
        foreign: server("other.test"),
    }
});
