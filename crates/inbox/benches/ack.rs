//! How fast deliveries are acknowledged: 500 a second over HTTP to a receiver on SQLite, each on the disk before its answer, while
//! a worker looks at the requests. Exits 1 when the limit is broken, when the load was not what it says, when the file is none on a
//! disk, or when something that was acknowledged is not in it.
//!
//! `cargo bench -p accredit-inbox --bench ack [-- SECONDS]`
//!
//! The time of a delivery runs from when it was due, not from when the sender got round to it, so that a pause of the receiver
//! counts for all that waited.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use accredit_inbox::{Change, Handler, HandlerError, Inbox, Source, SourceError};
use accredit_verifyinvestor::transport::http::StatusCode;
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, VerificationRequestId, VerificationRequestStatus, Verified, WebhookReceiver,
    WebhookSigner, Webhooks,
};
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
    // Beside the build: the folder for temporary files is often no disk.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("ack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("inbox.db");

    let (tell, told) = std::sync::mpsc::channel();
    let serving = file.clone();
    thread::spawn(move || runtime().block_on(serve(&serving, &tell)));
    let address = told.recv().unwrap();
    let deliveries = PER_SECOND * seconds;
    let (mut times, took) = runtime().block_on(load(address, deliveries));
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let stored = stored(&file);
    let disk = file_system(&folder);
    std::fs::remove_dir_all(&folder).unwrap();

    println!(
        "{} deliveries in {took:?}: p50 {:?}, p90 {:?}, p99 {:?}, max {:?}",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
    // The last one of a second is due before its end; an answer may be late, and the load must not be.
    let rate = u128::from(deliveries) * 1000 / took.as_millis().max(1);
    let lost = u64::from(deliveries).saturating_sub(stored);
    let checks = [
        (
            format!("p99 of an acknowledgement {:?}  limit ≤ {LIMIT:?}", at(99)),
            at(99) <= LIMIT,
        ),
        (
            format!(
                "deliveries a second {rate}  limit ≥ {}",
                PER_SECOND * 98 / 100
            ),
            rate >= u128::from(PER_SECOND * 98 / 100),
        ),
        (
            format!("acknowledged and not in the file {lost}  limit ≤ 0"),
            lost == 0,
        ),
        (
            format!("the file is on {disk}, with a write-ahead log"),
            !["tmpfs", "ramfs"].contains(&disk.as_str()),
        ),
    ];
    for (what, good) in &checks {
        println!("{what}  {}", if *good { "ok" } else { "BROKEN" });
    }
    if checks.iter().all(|(_, good)| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How many deliveries another reader finds in the file.
fn stored(file: &Path) -> u64 {
    let db = rusqlite::Connection::open(file).unwrap();
    let mode: String = db
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    let count: i64 = db
        .query_row("SELECT count(DISTINCT digest) FROM delivery", [], |row| {
            row.get(0)
        })
        .unwrap();
    u64::try_from(count).unwrap()
}

/// The kind of file system that a folder is on, where the system tells.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let folder = folder.canonicalize().unwrap();
    let mut mounts: Vec<_> = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(place, _)| folder.starts_with(place))
        .collect();
    mounts.sort_by_key(|(place, _)| place.len());
    let kind = mounts.last().map(|(_, kind)| (*kind).to_owned());
    kind.unwrap_or_else(|| "a disk".to_owned())
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

async fn serve(file: &Path, tell: &std::sync::mpsc::Sender<SocketAddr>) {
    let inbox = Inbox::sqlite(file).await.unwrap();
    let hook = {
        let inbox = inbox.clone();
        async move |webhook: Verified| match inbox.receive(&webhook).await {
            Ok(_) => StatusCode::NO_CONTENT,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    };
    let router = axum::Router::new()
        .route("/hook", post(hook))
        .with_state(WebhookReceiver::new(Webhooks::new(SECRET).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    tell.send(listener.local_addr().unwrap()).unwrap();
    let worker = inbox.worker(Service, Nobody).looks_per_second(100);
    tokio::select! {
        _ = axum::serve(listener, router) => {}
        () = worker.run_until(std::future::pending()) => {}
    }
}

/// Sends so many deliveries; gives how long each took to be acknowledged, and all of them together.
async fn load(address: SocketAddr, deliveries: u32) -> (Vec<Duration>, Duration) {
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
    (times, begin.elapsed())
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
