//! Bodies that follow a script, a client of a service that answers with one, a directory that goes
//! away.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Method, Request, Response};
use accredit_transport::{
    Body, BoxError, BytesOperation, Client, ClientBuilder, DecodeError, EncodeError, Operation,
    OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass, RetryPolicy, Token,
};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::support::CANARY;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// What a body does next.
pub(super) enum Step {
    Data(Bytes),
    Wait(Duration),
    /// Sends nothing more and does not end.
    Hang,
    /// A frame without data, for ever.
    Nothing,
    Fail,
    /// Data as long as there is some.
    Generate(Box<dyn FnMut() -> Option<Bytes> + Send>),
    Do(Box<dyn FnOnce() + Send>),
}

pub(super) fn data(bytes: &'static str) -> Step {
    Step::Data(Bytes::from_static(bytes.as_bytes()))
}

pub(super) fn wait(seconds: u64) -> Step {
    Step::Wait(SECOND * u32::try_from(seconds).unwrap())
}

/// A byte after each wait.
pub(super) fn drip(seconds: u64, count: usize) -> Vec<Step> {
    (0..count)
        .flat_map(|_| [wait(seconds), data("x")])
        .collect()
}

/// A body that follows a script; how long it is, it does not say.
struct Script {
    steps: VecDeque<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
    dropped: Arc<AtomicUsize>,
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Step::Wait(time)) => self.sleep = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Hang) => {
                    self.steps.push_front(Step::Hang);
                    return Poll::Pending;
                }
                Some(Step::Nothing) => {
                    self.steps.push_front(Step::Nothing);
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::new()))));
                }
                Some(Step::Fail) => return Poll::Ready(Some(Err("reset".into()))),
                Some(Step::Do(what)) => what(),
                Some(Step::Generate(mut next)) => {
                    if let Some(data) = next() {
                        self.steps.push_front(Step::Generate(next));
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A service that gives one reply, whatever it is asked.
pub(super) struct Service {
    head: Response<()>,
    delay: Duration,
    steps: Mutex<Option<Vec<Step>>>,
    dropped: Arc<AtomicUsize>,
}

impl Service {
    pub(super) fn new(headers: &[(&str, &str)], steps: impl IntoIterator<Item = Step>) -> Self {
        let mut head = Response::builder();
        for (name, value) in headers {
            head = head.header(*name, value.as_bytes());
        }
        Self {
            head: head.body(()).unwrap(),
            delay: Duration::ZERO,
            steps: Mutex::new(Some(steps.into_iter().collect())),
            dropped: Arc::default(),
        }
    }

    pub(super) fn generating(next: impl FnMut() -> Option<Bytes> + Send + 'static) -> Self {
        Self::new(&[], [Step::Generate(Box::new(next))])
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        *self.head.status_mut() = status.try_into().unwrap();
        self
    }

    /// The head takes its time.
    pub(super) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// How many of its bodies are gone: their connections, if they had some.
    pub(super) fn dropped(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.dropped)
    }

    pub(super) fn builder(self) -> ClientBuilder {
        let service = Arc::new(self);
        Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", CANARY).unwrap())
            .retry(RetryPolicy::none())
            .transport(tower::service_fn(move |_: Request<Body>| {
                let service = Arc::clone(&service);
                async move {
                    tokio::time::sleep(service.delay).await;
                    let script = Script {
                        steps: service.steps.lock().unwrap().take().unwrap().into(),
                        sleep: None,
                        dropped: service.dropped(),
                    };
                    let mut response = Response::new(script);
                    *response.status_mut() = service.head.status();
                    *response.headers_mut() = service.head.headers().clone();
                    Ok::<_, Infallible>(response)
                }
            }))
    }

    pub(super) fn client(self) -> Client {
        self.builder().build().unwrap()
    }
}

/// A client whose server answers 200 with this body.
pub(super) fn serving(steps: impl IntoIterator<Item = Step>) -> Client {
    Service::new(&[], steps).client()
}

/// `GET /report`: a PDF.
pub(super) struct Report;

impl Operation for Report {
    type Output = Bytes;
    const INFO: OperationInfo = OperationInfo::new(
        "reports.retrieve",
        Method::GET,
        "/report",
        RetryClass::Read,
        ResponseKind::Bytes,
    );

    fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
        Ok(reply.body)
    }
}

impl BytesOperation for Report {
    const MAGIC: &'static [u8] = b"%PDF-";
}

/// `POST /exports`: makes something and gives it as a file.
pub(super) struct Export;

impl Operation for Export {
    type Output = Bytes;
    const INFO: OperationInfo = OperationInfo::new(
        "exports.create",
        Method::POST,
        "/exports",
        RetryClass::UnsafeWrite,
        ResponseKind::Bytes,
    );

    fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
        Ok(reply.body)
    }
}

impl BytesOperation for Export {}

/// An empty directory.
pub(super) struct Directory(pub(super) PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "accredit-download-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names in it, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
