//! A call that is dropped, at every point where it can be: nothing more is sent for it, the client
//! stays usable, no task and no file is left.
//!
//! The call is a hard one: it logs in, finds no connection, is turned away, has its token refused,
//! logs in again, and only then runs; bodies go and come in small pieces.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use accredit_transport::http::Uri;
use accredit_transport::{
    CallOptions, Client, ClientBuilder, Error, Lease, Login, RetryPolicy, Session, Token,
    async_trait,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Interval, interval, sleep};

use crate::child;
use crate::outage::Attempts;
use crate::simulation::{Kind, call};
use crate::wire::{Wire, reply};

/// The pipe holds less than a request, so that requests can be cut off.
const PIPE: usize = 64;
const BODY: usize = 1500;

/// How long each small step of the server or the login takes.
#[derive(Clone, Copy)]
enum Pace {
    Millisecond,
    /// As fast as it can, with others between.
    Yield,
}

impl Pace {
    async fn step(self) {
        match self {
            Self::Millisecond => sleep(Duration::from_millis(1)).await,
            Self::Yield => tokio::task::yield_now().await,
        }
    }
}

/// The server, which answers the hard call by its script and any other at once.
struct Server {
    pace: Pace,
    connections: AtomicU32,
    requests: AtomicU32,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// How often the hard call ran.
    runs: u32,
    /// Its requests.
    requests: u32,
}

impl Server {
    fn new(pace: Pace) -> Arc<Self> {
        Arc::new(Self {
            pace,
            connections: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap()
    }

    fn connect(self: Arc<Self>) -> io::Result<tokio::io::DuplexStream> {
        if self.connections.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = tokio::io::duplex(PIPE);
        tokio::spawn(self.serve(ours));
        Ok(theirs)
    }

    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut wire = Wire::new(stream);
        while let Some(head) = wire.head().await {
            let hard = head.header("x-nonce") == Some("0");
            if hard {
                self.state.lock().unwrap().requests += 1;
            }
            let mut left = head.length();
            while left > 0 {
                let piece = left.min(PIPE);
                if !wire.body(piece).await {
                    return;
                }
                left -= piece;
                if hard {
                    self.pace.step().await;
                }
            }
            let answer = if hard {
                match self.requests.fetch_add(1, Ordering::Relaxed) {
                    0 => reply(429, "retry-after: 0\r\n", &"9".repeat(300)),
                    1 => reply(401, "", &"1".repeat(300)),
                    _ => {
                        self.state.lock().unwrap().runs += 1;
                        reply(200, "", &format!("{}\"call 0\"", " ".repeat(600)))
                    }
                }
            } else {
                reply(200, "", "\"call 1\"")
            };
            let piece = if hard { 12 } else { answer.len() };
            for piece in answer.as_bytes().chunks(piece) {
                if !wire.send(piece).await {
                    return;
                }
                if hard {
                    self.pace.step().await;
                }
            }
        }
    }
}

/// A login of several steps.
struct Slow(Pace);

#[async_trait]
impl Login for Slow {
    async fn log_in(&self) -> Result<Lease, Error> {
        static LOGINS: AtomicU32 = AtomicU32::new(0);
        for _ in 0..10 {
            self.0.step().await;
        }
        let number = LOGINS.fetch_add(1, Ordering::Relaxed);
        Ok(Lease::new(
            Token::new("Token", &format!("t{number}")).unwrap(),
        ))
    }
}

fn builder(pace: Pace) -> ClientBuilder {
    Client::builder()
        .base_uri("http://127.0.0.1:9")
        .allow_insecure_loopback(true)
        .token_source(Session::new(Slow(pace)))
        .retry(
            RetryPolicy::default()
                .base(Duration::from_millis(30))
                .seed(1),
        )
}

/// Polls a future so often and no more, also when nothing happened: every millisecond, or without
/// ticks, all the time.
struct Polled<F> {
    future: F,
    left: u32,
    ticks: Option<Interval>,
}

impl<F: Future + Unpin> Future for Polled<F> {
    /// `None` when it is given up, not done.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.ticks {
            Some(ticks) => while ticks.poll_tick(cx).is_ready() {},
            None => cx.waker().wake_by_ref(),
        }
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(cx) {
            return Poll::Ready(Some(output));
        }
        self.left -= 1;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

/// Makes the hard call and drops it after so many polls; `true` when it was done before.
async fn hard_call(client: &Client, polls: u32, ticks: bool) -> bool {
    let options = CallOptions::new();
    let calling = pin!(call(client, Kind::Create, 0, BODY, &options));
    let polled = Polled {
        future: calling,
        left: polls,
        ticks: ticks.then(|| interval(Duration::from_millis(1))),
    };
    match polled.await {
        Some(result) => {
            assert_eq!(result.unwrap(), "call 0");
            true
        }
        None => false,
    }
}

/// A call that nothing is wrong with.
async fn easy_call(client: &Client) {
    let options = CallOptions::new();
    let result = call(client, Kind::Create, 1, 10, &options).await;
    assert_eq!(result.unwrap(), "call 1");
}

/// In virtual time: drops the call at one point and judges what follows; `true` when the call was
/// done before.
async fn dropped_after(polls: u32, again: bool) -> bool {
    let server = Server::new(Pace::Millisecond);
    let attempts = Attempts::default();
    let client = builder(Pace::Millisecond)
        .observer(attempts.clone())
        .connector({
            let server = Arc::clone(&server);
            tower::service_fn(move |_: Uri| std::future::ready(Arc::clone(&server).connect()))
        })
        .build()
        .unwrap();
    let done = hard_call(&client, polls, true).await;
    // Also the one that the drop ended. What hyper holds of its request is still written, as what
    // the kernel holds would be; no other one begins.
    let allowed = attempts.count();
    if again {
        easy_call(&client).await;
    }
    sleep(Duration::from_secs(60)).await;
    let State { runs, requests } = server.state();
    let seen = format!("after {polls} polls: {allowed} attempts, {requests} requests, {runs} runs");
    assert!(
        u64::from(requests) < allowed.max(1),
        "one found no connection: {seen}"
    );
    assert!(runs <= 1, "{seen}");
    assert!(!done || runs == 1, "{seen}");
    drop(client);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{seen}");
    done
}

#[test]
fn a_call_that_is_dropped_at_any_point_leaves_nothing_behind() {
    for again in [true, false] {
        let mut points = 0;
        loop {
            let runtime = Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            if runtime.block_on(dropped_after(points + 1, again)) {
                break;
            }
            points += 1;
        }
        println!("dropped at {points} points");
        assert!(points >= 100, "{points}");
    }
}

/// Open files of this process.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Over TCP: drops the call after so many polls; `true` when it was done before.
async fn dropped_over_tcp(polls: u32) -> bool {
    let server = Server::new(Pace::Yield);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(Arc::clone(&server).serve(stream));
            }
        }
    });
    let client = builder(Pace::Yield)
        .base_uri(format!("http://{address}"))
        .retry(RetryPolicy::default().base(Duration::ZERO))
        .build()
        .unwrap();
    let done = hard_call(&client, polls, false).await;
    easy_call(&client).await;
    assert!(server.state().runs <= 1);
    accepting.abort();
    done
}

/// Run by the test below in a process of its own: files are counted per process.
#[test]
fn child_that_counts_files() {
    if child::argument().is_none() {
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let before = files();
        // About as many polls as the whole call takes: it depends on the machine.
        let mut all = 1;
        while !dropped_over_tcp(all).await {
            all += all / 4 + 1;
        }
        let mut points = 0;
        for point in 0..150 {
            points += u32::from(!dropped_over_tcp(1 + all * point / 150).await);
        }
        // What was closed last is closed by tasks that have yet to run.
        let tasks = || Handle::current().metrics().num_alive_tasks();
        for _ in 0..1000 {
            if files() == before && tasks() == 0 {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        let after = files();
        println!("dropped at {points} of {all} polls; {before} files before, {after} after");
        assert_eq!((after, tasks()), (before, 0));
        assert!(points >= 100, "{points}");
    });
}

#[tokio::test]
async fn dropped_calls_leave_no_file_open() {
    if !cfg!(target_os = "linux") {
        println!("skipped: open files are counted on Linux only");
        return;
    }
    let said = child::run("cancellation::child_that_counts_files", "count", &[]).await;
    println!("{said}");
}
