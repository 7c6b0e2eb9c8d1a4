//! A receiver with its worker in a process of its own, to be killed: this test binary, run once more.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use accredit_inbox::{Change, Handler, HandlerError, Inbox, PostgresStore, SqliteStore};
use accredit_verifyinvestor::transport::http::StatusCode;
use accredit_verifyinvestor::{Client, Environment, Verified, WebhookReceiver, Webhooks};
use axum::routing::post;

/// How often an open request is looked at, whatever comes or does not come.
pub(crate) const POLL: Duration = Duration::from_secs(6);
/// For a look and for a handler. What a killed process had under way is taken over after twice that time, well within [`POLL`].
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Looks, and handlers, that a process has under way at the most.
pub(crate) const PARALLEL: u32 = 16;
const SETTINGS: &str = "ACCREDIT_INBOX_PROCESS";

/// What such a process is told.
#[derive(Clone)]
pub(crate) struct Settings {
    /// A file of SQLite, or a configuration of PostgreSQL.
    pub(crate) store: String,
    pub(crate) effects: PathBuf,
    pub(crate) port: u16,
    pub(crate) service: String,
    pub(crate) token: String,
    pub(crate) secret: String,
}

/// A running process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Stays open: it would end when it can't print.
    _output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(settings: &Settings) -> Self {
        let told = [
            &settings.store,
            settings.effects.to_str().unwrap(),
            &settings.port.to_string(),
            &settings.service,
            &settings.token,
            &settings.secret,
        ]
        .join("\n");
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["process::receiver_process", "--exact", "--nocapture"])
            .env(SETTINGS, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let ready = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .any(|line| line.ends_with("listening"));
        assert!(ready, "the process ended early");
        Self {
            child,
            _output: output,
        }
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on. It is below those that the system gives out: while its process is dead, no connection of
/// somebody else may come to stand on it.
pub(crate) fn free_port() -> u16 {
    let mut random = fastrand::Rng::new();
    loop {
        let port = random.u16(10_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What a handler did: a table with the key as its key, as the documentation says. Counts the calls besides.
pub(crate) struct Effects(Mutex<rusqlite::Connection>);

/// What a change did.
pub(crate) struct Effect {
    pub(crate) key: String,
    pub(crate) request: u64,
    pub(crate) status: String,
    /// When it happened: at the first call of its handler.
    pub(crate) at: SystemTime,
    /// How often its handler was called.
    pub(crate) calls: u64,
}

impl Effects {
    pub(crate) fn open(path: &Path) -> Self {
        let db = rusqlite::Connection::open(path).unwrap();
        db.busy_timeout(Duration::from_secs(30)).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
             CREATE TABLE IF NOT EXISTS effect (
                number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, request INTEGER NOT NULL,
                status TEXT NOT NULL, at INTEGER NOT NULL, calls INTEGER NOT NULL DEFAULT 1) STRICT",
        )
        .unwrap();
        Self(Mutex::new(db))
    }

    /// In the order in which they happened.
    pub(crate) fn all(&self) -> Vec<Effect> {
        let db = self.0.lock().unwrap();
        let mut query = db
            .prepare("SELECT key, request, status, at, calls FROM effect ORDER BY number")
            .unwrap();
        let number = |value: i64| u64::try_from(value).unwrap();
        let rows = query.query_map([], |row| {
            Ok(Effect {
                key: row.get(0)?,
                request: number(row.get(1)?),
                status: row.get(2)?,
                at: UNIX_EPOCH + Duration::from_micros(number(row.get(3)?)),
                calls: number(row.get(4)?),
            })
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}

#[async_trait::async_trait]
impl Handler for Effects {
    async fn handle(&self, change: &Change) -> Result<(), HandlerError> {
        let request = i64::try_from(change.request.get())?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        let db = self.0.lock().unwrap();
        db.execute(
            "INSERT INTO effect (key, request, status, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET calls = calls + 1",
            rusqlite::params![change.key(), request, change.to.as_str(), now],
        )?;
        Ok(())
    }
}

/// Does nothing unless [`Process::start`] runs it.
#[test]
fn receiver_process() {
    let Ok(told) = env::var(SETTINGS) else { return };
    // Whoever started it holds the other end: when that is gone, this goes too.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(serve(&told));
}

async fn serve(told: &str) {
    let mut told = told.lines();
    let mut next = || told.next().unwrap();
    let (store, effects, port) = (next(), next(), next());
    let (service, token, secret) = (next(), next(), next());
    let inbox = if store.starts_with("host=") {
        Inbox::new(PostgresStore::connect(store).await.unwrap())
    } else {
        Inbox::new(SqliteStore::open(store).await.unwrap())
    };
    let client = Client::builder(Environment::Sandbox(service.to_owned()))
        .api_token(token)
        .build()
        .unwrap();
    let hook = {
        let inbox = inbox.clone();
        async move |webhook: Verified| match inbox.receive(&webhook).await {
            Ok(_) => StatusCode::NO_CONTENT,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    };
    let router = axum::Router::new()
        .route("/hook", post(hook))
        .with_state(WebhookReceiver::new(Webhooks::new(secret).unwrap()));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    println!("listening");
    let worker = inbox
        .worker(client, Effects::open(Path::new(effects)))
        .poll(POLL, POLL)
        .looks_per_second(1000)
        .parallel(PARALLEL)
        .time_limit(TIME_LIMIT)
        .tick(Duration::from_millis(200));
    tokio::select! {
        _ = axum::serve(listener, router) => {}
        () = worker.run_until(std::future::pending()) => {}
    }
}
