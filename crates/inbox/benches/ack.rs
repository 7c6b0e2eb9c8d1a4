//! How fast deliveries are acknowledged: 500 a second over HTTP to a receiver on SQLite, each on the disk before its answer, while
//! a worker looks at the requests. Exits 1 when the limit is broken.
//!
//! `cargo bench -p accredit-inbox --bench ack [-- SECONDS]`
//!
//! The time of a delivery runs from when it was due, not from when the sender got round to it, so that a pause of the receiver
//! counts for all that waited.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use accredit_inbox::{Change, Handler, HandlerError, Inbox, Source, SourceError};
use accredit_verifyinvestor::transport::http::StatusCode;
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, VerificationRequestId, VerificationRequestStatus, Verified, WebhookReceiver,
    WebhookSigner, Webhooks,
};
use axum::extract::{FromRef, State};
use axum::routing::post;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

const PER_SECOND: u32 = 500;
const CONNECTIONS: u32 = 20;
const LIMIT: Duration = Duration::from_millis(50);
const SECRET: &str = "whsec";

fn main() -> ExitCode {
    let seconds = env::args()
        .skip(1)
        .find_map(|text| text.parse().ok())
        .unwrap_or(5);
    let folder = env::temp_dir().join(format!("accredit-inbox-ack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("inbox.db");

    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || runtime().block_on(serve(&file, &tell)));
    let address = told.recv().unwrap();
    let mut times = runtime().block_on(load(address, PER_SECOND * seconds));
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];

    let good = at(99) <= LIMIT;
    let verdict = if good { "ok" } else { "BROKEN" };
    println!(
        "{} deliveries in {seconds} s, on disk: p50 {:?}, p90 {:?}, p99 {:?}, worst {:?}",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
    println!(
        "p99 of an acknowledgement {:?}  limit ≤ {LIMIT:?}  {verdict}",
        at(99)
    );
    std::fs::remove_dir_all(&folder).unwrap();
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Everything is in review.
struct Service;

#[async_trait::async_trait]
impl Source for Service {
    async fn status(
        &self,
        _: VerificationRequestId,
    ) -> Result<Option<VerificationRequestStatus>, SourceError> {
        Ok(Some(VerificationRequestStatus::InReview))
    }

    async fn requests(&self) -> Result<Vec<VerificationRequestId>, SourceError> {
        Ok(Vec::new())
    }
}

struct Nobody;

#[async_trait::async_trait]
impl Handler for Nobody {
    async fn handle(&self, _: &Change) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[derive(Clone)]
struct App {
    inbox: Inbox,
    receiver: WebhookReceiver,
}

impl FromRef<App> for WebhookReceiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

async fn webhook(State(app): State<App>, webhook: Verified) -> StatusCode {
    match app.inbox.receive(&webhook).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn serve(file: &std::path::Path, tell: &std::sync::mpsc::Sender<SocketAddr>) {
    let inbox = Inbox::sqlite(file).await.unwrap();
    let app = App {
        inbox: inbox.clone(),
        receiver: WebhookReceiver::new(Webhooks::new(SECRET).unwrap()),
    };
    let router = axum::Router::new()
        .route("/hook", post(webhook))
        .with_state(app);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    tell.send(listener.local_addr().unwrap()).unwrap();
    let worker = inbox.worker(Service, Nobody).looks_per_second(100);
    tokio::select! {
        _ = axum::serve(listener, router) => {}
        () = worker.run_until(std::future::pending()) => {}
    }
}

/// Sends so many deliveries, each about a request of its own, and gives how long each took to be acknowledged.
async fn load(address: SocketAddr, deliveries: u32) -> Vec<Duration> {
    let begin = Instant::now() + Duration::from_millis(100);
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|first| {
            tokio::spawn(async move {
                let signer = WebhookSigner::new(SECRET).unwrap();
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut times = Vec::new();
                let mut reply = [0; 1024];
                for number in (first..deliveries).step_by(CONNECTIONS.try_into().unwrap()) {
                    let request = request(&signer, number);
                    let due = begin + Duration::from_secs(1) * number / PER_SECOND;
                    sleep_until(due).await;
                    stream.write_all(&request).await.unwrap();
                    let read = stream.read(&mut reply).await.unwrap();
                    assert!(
                        reply[..read].starts_with(b"HTTP/1.1 204"),
                        "not acknowledged"
                    );
                    times.push(due.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for sender in senders {
        times.extend(sender.await.unwrap());
    }
    times
}

fn request(signer: &WebhookSigner, number: u32) -> Vec<u8> {
    let body = format!(
        r#"{{"action":"verification_result","verification_request_id":{},"investor_id":135,"legal_name":"ADA LOVELACE","status":"in_review","verification_status":"pending_verification","identifier":"{number}"}}"#,
        number % 5000 + 1
    );
    format!(
        "POST /hook HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/json\r\n{SIGNATURE_HEADER}: {}\r\ncontent-length: {}\r\n\r\n{body}",
        signer.sign(&body),
        body.len()
    )
    .into_bytes()
}
