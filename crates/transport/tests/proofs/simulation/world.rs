//! The server's side of a run: connections in memory, what it does with requests, what it saw and
//! what it really did.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep};

use super::fault::{Act, Connecting, Manner};
use super::rng::Rng;
use crate::wire::{Wire, reply};

/// The header in which a request says which call it belongs to.
pub(crate) const NONCE: &str = "x-nonce";

/// The largest document that the client reads.
pub(crate) const CAP: usize = 4096;

/// All that the server knows.
pub(crate) struct World {
    health: u64,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    rng: Rng,
    calls: Vec<Seen>,
    connections: u64,
    trace: Option<Vec<String>>,
}

/// What the server knows of one call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Heads of requests.
    pub(crate) requests: u32,
    /// How often it ran.
    pub(crate) runs: u32,
}

impl World {
    pub(crate) fn new(seed: u64, health: u64, calls: usize, trace: bool) -> Arc<Self> {
        Arc::new(Self {
            health,
            started: Instant::now(),
            state: Mutex::new(State {
                rng: Rng::new(!seed),
                calls: vec![Seen::default(); calls],
                connections: 0,
                trace: trace.then(Vec::new),
            }),
        })
    }

    pub(crate) fn seen(&self, call: usize) -> Seen {
        self.state.lock().unwrap().calls[call]
    }

    pub(crate) fn connections(&self) -> u64 {
        self.state.lock().unwrap().connections
    }

    /// Writes a line of the trace, if there is one.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let at = self.started.elapsed().as_millis();
        if let Some(trace) = &mut self.state.lock().unwrap().trace {
            trace.push(format!("{at:>7} ms  {}", line()));
        }
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        self.state.lock().unwrap().trace.clone().unwrap_or_default()
    }

    /// A choice of the day.
    pub(crate) fn draw<T>(&self, choose: impl FnOnce(&mut Rng) -> T) -> T {
        choose(&mut self.state.lock().unwrap().rng)
    }

    /// A new connection, if it can be made.
    pub(crate) async fn connect(self: Arc<Self>) -> io::Result<Pipe> {
        let number = {
            let mut state = self.state.lock().unwrap();
            state.connections += 1;
            state.connections
        };
        let fate = self.draw(|rng| Connecting::draw(rng, self.health));
        self.note(|| format!("connection {number}: {fate:?}"));
        let closed = match fate {
            Connecting::Hung => std::future::pending().await,
            Connecting::Refused(after) => {
                sleep(after).await;
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Connecting::Made(after) => {
                if !after.is_zero() {
                    sleep(after).await;
                }
                None
            }
            Connecting::Closed { reset } => Some(reset),
        };
        let size = self.draw(|rng| rng.pick(&[64, 2000, 64 * 1024]));
        let (ours, theirs) = tokio::io::duplex(size);
        let reset = Arc::new(AtomicBool::new(false));
        let pipe = Pipe {
            stream: theirs,
            reset: Arc::clone(&reset),
        };
        match closed {
            Some(hard) => reset.store(hard, Ordering::Relaxed),
            None => {
                tokio::spawn(self.serve(Wire::new(ours), number, reset));
            }
        }
        Ok(pipe)
    }

    async fn serve(
        self: Arc<Self>,
        mut wire: Wire<DuplexStream>,
        number: u64,
        reset: Arc<AtomicBool>,
    ) {
        while let Some(head) = wire.head().await {
            let call: usize = head.header(NONCE).unwrap().parse().unwrap();
            self.state.lock().unwrap().calls[call].requests += 1;
            let act = self.draw(|rng| Act::draw(rng, self.health));
            self.note(|| format!("connection {number}: request of call {call}: {act:?}"));
            let early = matches!(
                act,
                Act::CloseInRequest { .. } | Act::StopReading | Act::RefuseEarly { .. }
            );
            if !early && !wire.body(head.length()).await {
                self.note(|| format!("connection {number}: the request of call {call} broke off"));
                return;
            }
            match self.act(&mut wire, call, act).await {
                Then::GoOn => {}
                Then::Close => break,
                Then::Reset => {
                    reset.store(true, Ordering::Relaxed);
                    break;
                }
                Then::CloseAfter(wait) => {
                    // A request that comes in the meantime is closed upon unread.
                    sleep(wait).await;
                    break;
                }
                Then::Stall => {
                    wire.stall().await;
                    break;
                }
                Then::Ignore => {
                    // Nothing is read, so only the client itself can end this.
                    while Arc::strong_count(&reset) > 1 {
                        sleep(Duration::from_secs(1)).await;
                    }
                    break;
                }
            }
        }
        self.note(|| format!("connection {number}: over"));
    }

    /// Runs the operation: the effect that must not happen twice.
    fn run(&self, call: usize) {
        self.state.lock().unwrap().calls[call].runs += 1;
        self.note(|| format!("call {call} runs"));
    }

    async fn act(&self, wire: &mut Wire<DuplexStream>, call: usize, act: Act) -> Then {
        match act {
            Act::CloseInRequest { reset } => Then::closing(reset),
            Act::StopReading => Then::Ignore,
            Act::Close { run, reset } => {
                if run {
                    self.run(call);
                }
                Then::closing(reset)
            }
            Act::Silence { run } => {
                if run {
                    self.run(call);
                }
                Then::Stall
            }
            Act::Refuse {
                status,
                retry_after,
            } => {
                let location = "location: http://127.0.0.1:1/elsewhere\r\n";
                let headers = format!("{}{location}", hint(retry_after));
                Then::go_on(wire.send(reply(status, &headers, "{}")).await)
            }
            Act::RefuseEarly { status } => {
                wire.send(reply(status, "connection: close\r\n", "")).await;
                Then::Close
            }
            Act::Trouble {
                status,
                run,
                retry_after,
            } => {
                if run {
                    self.run(call);
                }
                let page = "<html>sorry</html>";
                Then::go_on(wire.send(reply(status, &hint(retry_after), page)).await)
            }
            Act::Decline => Then::go_on(wire.send(reply(200, "", "\"declined\"")).await),
            Act::Answer(manner) => {
                self.run(call);
                answer(wire, call, manner).await
            }
        }
    }
}

/// What becomes of the connection.
enum Then {
    GoOn,
    Close,
    Reset,
    CloseAfter(Duration),
    Stall,
    Ignore,
}

impl Then {
    const fn closing(reset: bool) -> Self {
        if reset { Self::Reset } else { Self::Close }
    }

    const fn go_on(sent: bool) -> Self {
        if sent { Self::GoOn } else { Self::Close }
    }
}

/// What a call that went well reads.
pub(crate) fn answer_to(call: usize) -> String {
    format!("call {call}")
}

fn hint(retry_after: Option<&str>) -> String {
    retry_after.map_or_else(String::new, |hint| format!("retry-after: {hint}\r\n"))
}

async fn answer(wire: &mut Wire<DuplexStream>, call: usize, manner: Manner) -> Then {
    let body = format!("\"{}\"", answer_to(call));
    let whole = reply(200, "", &body);
    let chunked = |chunks: &str| {
        format!("HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n{chunks}").into_bytes()
    };
    let half = |text: &str| text[..text.len() - text.len() / 4].to_owned().into_bytes();
    let (bytes, then) = match manner {
        Manner::Whole => (whole.into_bytes(), Then::GoOn),
        Manner::Chunked => {
            let length = body.len() - 1;
            let (first, rest) = body.split_at(1);
            let chunks = format!("1;ext=1\r\n{first}\r\n{length:x}\r\n{rest}\r\n0\r\nx: y\r\n\r\n");
            (chunked(&chunks), Then::GoOn)
        }
        Manner::LastOne => (
            reply(200, "connection: close\r\n", &body).into_bytes(),
            Then::Close,
        ),
        Manner::CloseAfter(wait) => (whole.into_bytes(), Then::CloseAfter(wait)),
        Manner::Surplus => (
            [whole, reply(200, "", "\"nobody asked\"")]
                .concat()
                .into_bytes(),
            Then::GoOn,
        ),
        Manner::Informational => {
            let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
            ([early, &whole].concat().into_bytes(), Then::GoOn)
        }
        Manner::Late(wait) => {
            sleep(wait).await;
            (whole.into_bytes(), Then::GoOn)
        }
        Manner::Dripping(pause) => {
            for drop in whole.as_bytes().chunks(9) {
                sleep(pause).await;
                if !wire.send(drop).await {
                    return Then::Close;
                }
            }
            (Vec::new(), Then::GoOn)
        }
        Manner::HalfHead { close } => (
            b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
            if close { Then::Close } else { Then::Stall },
        ),
        Manner::HalfBody { close, reset } => (
            half(&reply(200, "", &body.repeat(2))),
            if close {
                Then::closing(reset)
            } else {
                Then::Stall
            },
        ),
        Manner::HalfChunk => (chunked("ff\r\n\"cal"), Then::Close),
        Manner::BadChunk => (chunked("zz\r\n\"call\"\r\n0\r\n\r\n"), Then::GoOn),
        Manner::Garbage => (b"\x16\x03\x01\x02\x00garbage\r\n\r\n".to_vec(), Then::Stall),
        Manner::NoJson => (
            reply(200, "", "<html>hello</html>").into_bytes(),
            Then::GoOn,
        ),
        Manner::TooLarge => (
            reply(200, "", &"9".repeat(CAP + 1)).into_bytes(),
            Then::GoOn,
        ),
        Manner::LyingLength => (
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n\"c".to_vec(),
            Then::Stall,
        ),
    };
    if wire.send(bytes).await {
        then
    } else {
        Then::Close
    }
}

/// The client's end of a connection, which the server can reset.
pub(crate) struct Pipe {
    stream: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl Pipe {
    fn check(&self) -> io::Result<()> {
        if self.reset.load(Ordering::Relaxed) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
