//! The steps as they are printed: one line each, for people or as NDJSON.

use std::{
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use accredit::transport::{Body, Error, LayeredService};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// Prints steps and remembers the HTTP status of the last reply.
pub(crate) struct Steps {
    json: bool,
    number: u32,
    last: LastStatus,
    started: Instant,
}

/// One step, as JSON has it.
#[derive(serde::Serialize)]
struct Line<'a> {
    step: u32,
    operation: &'a str,
    status: &'a str,
    duration_us: u64,
    ok: bool,
    detail: &'a str,
}

impl Steps {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            number: 0,
            last: LastStatus::default(),
            started: Instant::now(),
        }
    }

    /// The layer that sees the status of each reply; it goes outside a client's stack.
    pub(crate) fn layer(&self) -> LastStatus {
        self.last.clone()
    }

    /// Runs one step and prints it. `tell` makes the detail of the answer.
    pub(crate) async fn run<T, E>(
        &mut self,
        operation: &str,
        step: impl Future<Output = Result<T, E>>,
        tell: impl FnOnce(&T) -> String,
    ) -> Result<T, E> {
        self.last.set("");
        let started = Instant::now();
        let outcome = step.await;
        let took = started.elapsed();
        let detail = match &outcome {
            Ok(answer) => tell(answer),
            Err(_) => "failed".to_owned(),
        };
        self.print(operation, took, outcome.is_ok(), &detail);
        outcome
    }

    /// The whole time, on stderr: it is no step.
    pub(crate) fn finish(&self) {
        eprintln!(
            "{} steps in {} ms",
            self.number,
            self.started.elapsed().as_millis()
        );
    }

    fn print(&mut self, operation: &str, took: Duration, ok: bool, detail: &str) {
        self.number += 1;
        let status = self.last.get();
        let status = if status.is_empty() { "-" } else { &*status };
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let line = if self.json {
            let line = Line {
                step: self.number,
                operation,
                status,
                duration_us,
                ok,
                detail,
            };
            serde_json::to_string(&line).unwrap_or_default()
        } else {
            let (millis, tenths) = (duration_us / 1000, duration_us / 100 % 10);
            format!(
                "{:>2}  {operation:<52} {status:<15} {millis:>4}.{tenths} ms  {detail}",
                self.number
            )
        };
        // A closed pipe ends the output, not the demo.
        let _ = writeln!(io::stdout().lock(), "{line}");
    }
}

/// The status of the last reply, shared between the printer, the stacks of both clients, and the browser.
#[derive(Clone, Default)]
pub(crate) struct LastStatus(Arc<Mutex<String>>);

impl LastStatus {
    pub(crate) fn set(&self, status: &str) {
        status.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Layer<LayeredService> for LastStatus {
    type Service = Watched;

    fn layer(&self, inner: LayeredService) -> Watched {
        Watched {
            inner,
            last: self.clone(),
        }
    }
}

/// A stack whose replies are watched.
#[derive(Clone)]
pub(crate) struct Watched {
    inner: LayeredService,
    last: LastStatus,
}

impl Service<Request<Body>> for Watched {
    type Response = Response<Body>;
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let last = self.last.clone();
        let reply = self.inner.call(request);
        Box::pin(async move {
            let reply = reply.await?;
            last.set(&reply.status().to_string());
            Ok(reply)
        })
    }
}
