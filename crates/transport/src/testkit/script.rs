//! A server that follows a script and writes down what it was asked.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower_service::Service;

use super::{Answer, Captured};
use crate::body::Body;
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::layer::info_of;

/// A server that follows a script. A clone is the same server, also for answers that are added.
///
/// A request gets the next answer [for its operation or path](Self::on); else the next one [in the
/// order](Self::then); else the one [for all others](Self::otherwise). When there is none it fails
/// for good, and [`assert_done`](Self::assert_done) tells.
#[derive(Clone)]
pub struct Script {
    state: Arc<Mutex<State>>,
    started: Option<Instant>,
}

#[derive(Default)]
struct State {
    order: VecDeque<Answer>,
    routes: Vec<(String, VecDeque<Answer>)>,
    otherwise: Option<Otherwise>,
    requests: Vec<Captured>,
    unanswered: Vec<String>,
}

type Otherwise = Arc<dyn Fn(&Captured) -> Answer + Send + Sync>;

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// A script without answers. Its clock starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            started: clock::now(),
        }
    }

    /// Adds an answer to the end of the order.
    pub fn then(self, answer: Answer) -> Self {
        self.state().order.push_back(answer);
        self
    }

    /// Adds an answer to requests of an operation (`"notes.create"`) or to a path (`"/notes/7"`,
    /// without a query). They are given in their order, before those of [`then`](Self::then).
    pub fn on(self, route: impl Into<String>, answer: Answer) -> Self {
        let route = route.into();
        let mut state = self.state();
        match state.routes.iter_mut().find(|(name, _)| *name == route) {
            Some((_, answers)) => answers.push_back(answer),
            None => state.routes.push((route, VecDeque::from([answer]))),
        }
        drop(state);
        self
    }

    /// Answers all requests for which there is no other answer, as often as they come.
    pub fn otherwise(self, answer: Answer) -> Self {
        self.otherwise_by(move |_| answer.clone())
    }

    /// The same, with answers that depend on the request.
    ///
    /// ```
    /// use accredit_transport::testkit::{Answer, Script};
    ///
    /// let script = Script::new().otherwise_by(|request| match request.query() {
    ///     "page=2" => Answer::json(200, r#"{"items": [], "next": null}"#),
    ///     _ => Answer::json(200, r#"{"items": [1], "next": 2}"#),
    /// });
    /// ```
    pub fn otherwise_by(
        self,
        answer: impl Fn(&Captured) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.state().otherwise = Some(Arc::new(answer));
        self
    }

    /// The server, for [`ClientBuilder::transport`](crate::ClientBuilder::transport).
    #[must_use]
    pub fn service(&self) -> Scripted {
        Scripted(self.clone())
    }

    /// All requests so far, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Captured> {
        self.state().requests.clone()
    }

    /// How many requests there were so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().requests.len()
    }

    /// The names of the operations that were asked for, in their order; `raw` for a raw request.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        self.state()
            .requests
            .iter()
            .map(Captured::operation)
            .collect()
    }

    /// When each request came: see [`Captured::at`].
    #[must_use]
    pub fn times(&self) -> Vec<Duration> {
        self.state().requests.iter().map(Captured::at).collect()
    }

    /// Checks that every answer was asked for and that every request had one.
    ///
    /// # Panics
    ///
    /// When that is not so; it says which.
    #[track_caller]
    pub fn assert_done(&self) {
        let state = self.state();
        let routes = state.routes.iter().flat_map(|(route, answers)| {
            answers.iter().map(move |answer| (route.as_str(), answer))
        });
        let left = state.order.iter().map(|answer| ("in the order", answer));
        let left: Vec<_> = left
            .chain(routes)
            .filter(|(_, answer)| answer.times > 0)
            .map(|(place, answer)| format!("\n  {place}: {answer:?}, {} times", answer.times))
            .collect();
        let unanswered: Vec<_> = state
            .unanswered
            .iter()
            .map(|request| format!("\n  {request}"))
            .collect();
        drop(state);
        if !left.is_empty() {
            panic!("not asked for:{}", left.concat());
        }
        if !unanswered.is_empty() {
            panic!("without an answer:{}", unanswered.concat());
        }
    }

    /// The answer to a request, which is written down.
    fn next(&self, request: Captured) -> Result<Answer, Error> {
        let (operation, path) = (request.operation(), request.path());
        let mut state = self.state();
        let route = state
            .routes
            .iter_mut()
            .filter(|(route, _)| route == operation || route == path)
            .find_map(|(_, answers)| take(answers));
        let mut answer = route.or_else(|| take(&mut state.order));
        let otherwise = state.otherwise.clone();
        drop(state);
        if answer.is_none() {
            // Not under the lock: it may look at the script.
            answer = otherwise.map(|otherwise| otherwise(&request));
        }
        // Names only: this is shown, and the path may hold an id.
        let name = format!("{operation} ({})", request.method());
        let mut state = self.state();
        state.requests.push(request);
        answer.ok_or_else(|| {
            let detail = format!("the script has no answer for {name}");
            state.unanswered.push(name);
            Error::new(ErrorKind::Build).with_detail(detail)
        })
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let at = clock::since(self.started);
        let info = info_of(&request);
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(Error::from)?.to_bytes();
        let answer = self.next(Captured::new(info, Request::from_parts(parts, body), at))?;
        breathe().await;
        answer.give().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A check that failed elsewhere leaves good lists behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As on a network, other tasks run before the reply comes.
async fn breathe() {
    let mut first = true;
    poll_fn(|cx| {
        if std::mem::take(&mut first) {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

impl FromIterator<Answer> for Script {
    /// A script that gives these answers in their order.
    fn from_iter<I: IntoIterator<Item = Answer>>(answers: I) -> Self {
        answers.into_iter().fold(Self::new(), Self::then)
    }
}

/// The next answer of a list, as often as it is to be given.
fn take(answers: &mut VecDeque<Answer>) -> Option<Answer> {
    loop {
        let first = answers.front_mut()?;
        match first.times {
            0 => drop(answers.pop_front()),
            1 => return answers.pop_front(),
            _ => {
                first.times -= 1;
                return Some(first.clone());
            }
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("requests", &self.count())
            .finish_non_exhaustive()
    }
}

/// The service of a [`Script`].
#[derive(Clone, Debug)]
pub struct Scripted(Script);

impl Service<Request<Body>> for Scripted {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.clone().answer(request))
    }
}
