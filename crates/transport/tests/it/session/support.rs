//! A login that follows a script and counts, and callers of its session.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use accredit_transport::http::StatusCode;
use accredit_transport::{Error, Lease, Login, Reply, Session, Token, TokenSource, async_trait};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

type Answer = dyn FnMut(usize) -> Result<Lease, Error> + Send;

/// Logs in as the test says, and counts. Shared with the session that it was given to.
#[derive(Clone)]
pub(super) struct Scripted(pub(super) Arc<Script>);

pub(super) struct Script {
    begun: AtomicUsize,
    pub(super) ended: AtomicUsize,
    /// How long each login takes.
    takes: Duration,
    gate: Option<Semaphore>,
    answer: Mutex<Box<Answer>>,
    pub(super) possible: bool,
}

impl Scripted {
    /// Takes 100 ms for a login; the answer gets its number, from 1.
    pub(super) fn new(answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static) -> Self {
        Self::with(Duration::from_millis(100), None, answer)
    }

    /// No login ends before the gate lets it.
    pub(super) fn gated(
        answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static,
    ) -> Self {
        Self::with(Duration::ZERO, Some(Semaphore::new(0)), answer)
    }

    fn with(
        takes: Duration,
        gate: Option<Semaphore>,
        answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static,
    ) -> Self {
        Self(Arc::new(Script {
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            takes,
            gate,
            answer: Mutex::new(Box::new(answer)),
            possible: true,
        }))
    }

    pub(super) fn session(&self) -> Arc<Session<Self>> {
        Arc::new(Session::new(self.clone()))
    }

    pub(super) fn logins(&self) -> usize {
        self.0.begun.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) {
        self.0.gate.as_ref().unwrap().add_permits(1);
    }
}

#[async_trait]
impl Login for Scripted {
    async fn log_in(&self) -> Result<Lease, Error> {
        let number = self.0.begun.fetch_add(1, Ordering::SeqCst) + 1;
        if !self.0.takes.is_zero() {
            sleep(self.0.takes).await;
        }
        if let Some(gate) = &self.0.gate {
            gate.acquire().await.unwrap().forget();
        }
        let answer = self.0.answer.lock().unwrap_or_else(PoisonError::into_inner)(number);
        self.0.ended.fetch_add(1, Ordering::SeqCst);
        answer
    }

    fn is_possible(&self) -> bool {
        self.0.possible
    }
}

pub(super) fn token(number: usize) -> Token {
    Token::new("Token", &format!("t{number}")).unwrap()
}

/// Numbered tokens that live this long.
pub(super) fn hours(hours: u32) -> impl FnMut(usize) -> Result<Lease, Error> {
    move |number| Ok(Lease::new(token(number)).lifetime(hours * HOUR))
}

pub(super) fn endless(number: usize) -> Result<Lease, Error> {
    Ok(Lease::new(token(number)))
}

pub(super) fn refusal() -> Error {
    let reply = Reply::new(StatusCode::BAD_REQUEST, Default::default(), "{}");
    Error::from_reply(reply).into_unauthorized()
}

pub(super) fn outage() -> Error {
    let reply = Reply::new(StatusCode::SERVICE_UNAVAILABLE, Default::default(), "");
    Error::from_reply(reply)
}

/// As the auth layer asks: without waiting if that is possible.
pub(super) async fn ask(session: &Session<Scripted>) -> Result<Token, Error> {
    match session.ready() {
        Some(token) => Ok(token),
        None => session.token().await,
    }
}

/// As many callers at once; how often each answer was given.
pub(super) async fn crowd(
    session: &Arc<Session<Scripted>>,
    callers: usize,
) -> Vec<Result<Token, Error>> {
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        let session = Arc::clone(session);
        calls.spawn(async move { ask(&session).await });
    }
    calls.join_all().await
}

/// Polls once; the future must have to wait.
pub(super) async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut *future).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}
