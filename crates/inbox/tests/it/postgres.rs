//! A PostgreSQL server of the machine's own binaries, in a temporary folder, on a socket there. One for all tests of a process.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, SystemTime};

use accredit_inbox::{NewDelivery, PostgresStore, Store as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};
use tokio::time::Instant;

use crate::support::Folder;

/// Takes the tables back to their first layout.
const FIRST_LAYOUT: &str =
    "ALTER TABLE accredit_inbox_request DROP COLUMN missing, DROP COLUMN dated_at;
    ALTER TABLE accredit_inbox_change DROP COLUMN dated_at;
    UPDATE accredit_inbox_layout SET version = 1";

/// A database of its own on the server. The server ends with the last of them.
pub(crate) struct Server {
    running: Arc<Running>,
    config: String,
}

struct Running {
    /// Goes away after the server.
    _folder: Folder,
    /// The one folder that the server's user may write to; the socket is there.
    inner: String,
    binaries: PathBuf,
    /// Whom the server runs as when the tests run as root, which it refuses to.
    user: Option<(u32, u32)>,
    databases: Mutex<u32>,
}

static RUNNING: Mutex<Weak<Running>> = Mutex::new(Weak::new());

impl Server {
    /// `None` where there are no binaries, after saying so; in CI that is a failure.
    pub(crate) fn start() -> Option<Self> {
        let mut shared = RUNNING.lock().unwrap();
        let running = if let Some(running) = shared.upgrade() {
            running
        } else {
            let Some(binaries) = binaries() else {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "no server binaries of PostgreSQL: in CI nothing is skipped (Debian: postgresql-15)"
                );
                eprintln!("skipped: no server binaries of PostgreSQL (Debian: postgresql-15)");
                return None;
            };
            let running = Arc::new(Running::start(binaries));
            *shared = Arc::downgrade(&running);
            running
        };
        drop(shared);
        let mut databases = running.databases.lock().unwrap();
        *databases += 1;
        let name = format!("inbox_{databases}");
        running.run("createdb", &["-h", &running.inner, "-U", "accredit", &name]);
        drop(databases);
        let config = format!("host={} user=accredit dbname={name}", running.inner);
        Some(Self { running, config })
    }

    pub(crate) fn config(&self) -> &str {
        &self.config
    }

    /// The same database behind a port that stops to answer when it is told to.
    async fn behind(&self, line: &Line) -> String {
        let socket = format!("{}/.s.PGSQL.5432", self.running.inner);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = line.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = UnixStream::connect(&socket).await.unwrap();
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                tokio::spawn(line.clone().carry(near_in, far_out));
                tokio::spawn(line.clone().carry(far_in, near_out));
            }
        });
        let (_, database) = self.config.rsplit_once('=').unwrap();
        format!("host=127.0.0.1 port={port} user=accredit dbname={database}")
    }

    /// Runs statements as somebody else would.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let (_, database) = self.config.rsplit_once('=').unwrap();
        let socket = &self.running.inner;
        let output = self.running.run(
            "psql",
            &[
                "-h", socket, "-U", "accredit", "-At", "-c", statements, database,
            ],
        );
        String::from_utf8(output).unwrap()
    }
}

/// Carries bytes until it is cut; then what comes is swallowed, and nobody is told.
#[derive(Clone, Default)]
struct Line(Arc<AtomicBool>);

impl Line {
    fn cut(&self, cut: bool) {
        self.0.store(cut, Ordering::SeqCst);
    }

    async fn carry(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut bytes = [0; 8192];
        while let Ok(read) = from.read(&mut bytes).await {
            if read == 0 {
                break;
            }
            if !self.0.load(Ordering::SeqCst) && to.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    }
}

impl Running {
    fn start(binaries: PathBuf) -> Self {
        let folder = Folder::new();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let inner = folder.file("server");
        fs::create_dir(&inner).unwrap();
        let is_root = fs::metadata(&inner).unwrap().uid() == 0;
        let user = is_root.then(|| user().expect("a user that is not root"));
        if let Some((uid, gid)) = user {
            chown(&inner, Some(uid), Some(gid)).unwrap();
        }
        let inner = inner.to_str().unwrap().to_owned();
        let running = Self {
            _folder: folder,
            inner,
            binaries,
            user,
            databases: Mutex::new(0),
        };
        let data = running.file("data");
        running.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "accredit",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
            ],
        );
        // The processes are killed and the machine is not: nothing is lost without fsync. No port, only the socket.
        let options = format!(
            "-k {} -h '' -c fsync=off -c max_connections=200",
            running.inner
        );
        let log = running.file("log");
        running.run(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &options, "start"],
        );
        running
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.inner)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(self.binaries.join(program));
        command
            .args(arguments)
            .current_dir(&self.inner)
            .stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        // The server must not inherit a pipe that is read to its end.
        if program == "pg_ctl" {
            let status = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "{program}: {status}");
            return Vec::new();
        }
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {words}");
        output.stdout
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let data = self.file("data");
        self.run("pg_ctl", &["-D", &data, "-w", "-m", "immediate", "stop"]);
    }
}

/// The folder with `initdb` of the newest version.
fn binaries() -> Option<PathBuf> {
    let has = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| has(folder))
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || std::env::split_paths(&path).find(|folder| has(folder));
    folders.pop().or_else(on_path)
}

/// The numbers of a user that is not root.
fn user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

#[tokio::test]
async fn tables_of_a_newer_version_or_of_somebody_else_are_left_alone() {
    let Some(server) = Server::start() else {
        return;
    };
    let (first, second) = tokio::join!(
        PostgresStore::connect(server.config()),
        PostgresStore::connect(server.config())
    );
    first.unwrap();
    second.unwrap();
    server.sql("UPDATE accredit_inbox_layout SET version = 99");
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let before = server.sql(tables);
    let error = PostgresStore::connect(server.config()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the inbox was written by a newer version, and was left as it is"
    );
    assert_eq!(server.sql(tables), before);

    let server = Server::start().unwrap();
    server.sql("CREATE TABLE accredit_inbox_request (mine text)");
    let error = PostgresStore::connect(server.config()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database is not an inbox, and was left as it is"
    );
    assert_eq!(server.sql(tables).trim(), "accredit_inbox_request");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_without_the_password() {
    let folder = Folder::new();
    let config = format!(
        "host={} user=accredit password=canary",
        folder.path().display()
    );
    let error = PostgresStore::connect(&config).await.unwrap_err();
    assert_eq!(error.to_string(), "the inbox's database failed");
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    for _ in 0..4 {
        store.stats(crate::support::at(0)).await.unwrap();
    }
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()");
    // The first calls may still meet the old ones.
    for _ in 0..4 {
        let _ = store.stats(crate::support::at(0)).await;
    }
    for _ in 0..8 {
        store.stats(crate::support::at(0)).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_layout_is_brought_up_to_date() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    store
        .track(&[crate::support::id(90)], crate::support::at(0))
        .await
        .unwrap();
    drop(store);
    server.sql(FIRST_LAYOUT);
    let store = PostgresStore::connect(server.config()).await.unwrap();
    let (now, until) = (crate::support::at(0), crate::support::at(60));
    let leases = store.lease_requests(1, now, until).await.unwrap();
    assert_eq!((leases.len(), leases[0].missing), (1, 0));
}

/// One machine whose clock is behind must not take everybody else's for one that was ahead, and end their leases.
#[tokio::test]
async fn a_machine_that_is_behind_corrects_nobody() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
    store.track(&[crate::support::id(90)], now).await.unwrap();
    let leases = store.lease_requests(1, now, now + hour).await.unwrap();
    assert_eq!(leases.len(), 1);
    assert_eq!(store.redate(now - hour).await.unwrap(), 0);
    let stolen = store.lease_requests(1, now, now + hour).await.unwrap();
    assert_eq!(stolen, []);
}

/// A firewall that drops packets, or a machine that is off: nobody says no.
#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = format!("host=127.0.0.1 port={port} user=accredit password=canary");
    let begin = Instant::now();
    let error = PostgresStore::connect(&config).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the inbox's database did not answer in time"
    );
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_statement_without_an_answer_is_given_up_and_its_connection_too() {
    let Some(server) = Server::start() else {
        return;
    };
    let line = Line::default();
    let config = server.behind(&line).await;
    let store = PostgresStore::connect(&config).await.unwrap();
    let at = crate::support::at(0);
    for _ in 0..4 {
        store.stats(at).await.unwrap();
    }
    line.cut(true);
    tokio::time::pause();
    let begin = Instant::now();
    // The connections that are there, and those that are made instead.
    let calls = (0..12).map(|_| store.stats(at));
    for call in crate::stores::join_all(calls).await {
        assert!(call.unwrap_err().is_timeout());
    }
    assert!(
        begin.elapsed() <= Duration::from_secs(21),
        "{:?}",
        begin.elapsed()
    );
    let call = store.stats(at).await;
    assert!(call.unwrap_err().is_timeout());
    tokio::time::resume();
    line.cut(false);
    for _ in 0..8 {
        store.stats(at).await.unwrap();
    }
}

/// What nobody waits for any more must not go on, and pile up behind a lock.
#[tokio::test]
async fn a_statement_that_was_given_up_is_cancelled_on_the_server() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    let at = crate::support::at(0);
    for _ in 0..4 {
        store.stats(at).await.unwrap();
    }
    let client = async || {
        let (client, connection) = tokio_postgres::connect(server.config(), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    };
    let (watching, client) = (client().await, client().await);
    client
        .batch_execute("BEGIN; LOCK TABLE accredit_inbox_request")
        .await
        .unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let until = async |wanted: i64| {
        let mut tries = 0;
        while watching
            .query_one(waiting, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            != wanted
        {
            tries += 1;
            assert!(tries < 10_000, "never {wanted}");
        }
    };
    let given_up = async || {
        until(1).await;
        tokio::time::pause();
    };
    let (call, ()) = tokio::join!(store.stats(at), given_up());
    assert!(call.unwrap_err().is_timeout());
    tokio::time::resume();
    until(0).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    store.stats(at).await.unwrap();

    // Somebody brings the tables up to date, and does not end.
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(1094936942)";
    client.batch_execute(lock).await.unwrap();
    let (opened, ()) = tokio::join!(PostgresStore::connect(server.config()), given_up());
    assert!(opened.unwrap_err().is_timeout());
    tokio::time::resume();
    until(0).await;
}

/// The same bytes may come again while a newer version settles those that an older one could not read.
#[tokio::test]
async fn what_is_read_again_and_what_comes_again_wait_for_each_other_in_one_order() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    let (now, request) = (crate::support::at(0), crate::support::id(90));
    let client = async || {
        let (client, connection) = tokio_postgres::connect(server.config(), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    };
    let (watching, client) = (client().await, client().await);
    let delivery = |request| NewDelivery {
        digest: [1; 32],
        body: b"one".to_vec().into(),
        request,
    };
    store.accept(delivery(None), now).await.unwrap();
    store.track(&[request], now).await.unwrap();
    let kept = store.unreadable(None, 1).await.unwrap();
    // Somebody has the request, so that the two meet behind it, with whatever they have by then.
    let lock = "BEGIN; SELECT id FROM accredit_inbox_request FOR UPDATE";
    client.batch_execute(lock).await.unwrap();
    let until = async |wanted: i64| {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for tries in 0.. {
            let row = watching.query_one(waiting, &[]).await.unwrap();
            if row.get::<_, i64>(0) == wanted {
                break;
            }
            assert!(tries < 10_000, "never {wanted}");
        }
    };
    let resolve = async {
        until(1).await;
        store.resolve(kept[0].id, Some(request), now).await
    };
    let release = async {
        until(2).await;
        client.batch_execute("ROLLBACK").await.unwrap();
    };
    let accept = store.accept(delivery(Some(request)), now);
    let (accepted, resolved, ()) = tokio::join!(accept, resolve, release);
    accepted.unwrap();
    resolved.unwrap();
}

/// Whoever waits to change a table holds up all who come later, be it only to read.
#[tokio::test]
async fn tables_that_are_in_use_are_not_waited_for_long() {
    let Some(server) = Server::start() else {
        return;
    };
    drop(PostgresStore::connect(server.config()).await.unwrap());
    server.sql(FIRST_LAYOUT);
    let (client, connection) = tokio_postgres::connect(server.config(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let reading = "BEGIN; SELECT count(*) FROM accredit_inbox_request";
    client.batch_execute(reading).await.unwrap();
    let error = PostgresStore::connect(server.config()).await.unwrap_err();
    assert!(!error.is_timeout());
    assert!(format!("{error:?}").contains("55P03"), "{error:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    PostgresStore::connect(server.config()).await.unwrap();
}

/// What somebody has locked is corrected the next time, and does not hold up the others, however many.
#[tokio::test]
async fn dates_are_corrected_around_what_is_locked() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = PostgresStore::connect(server.config()).await.unwrap();
    server.sql(
        "INSERT INTO accredit_inbox_delivery (digest, body, hint, received_at, settled_at)
         SELECT '', '', 0, 0, 100000000000000 FROM generate_series(1, 2500)",
    );
    let (client, connection) = tokio_postgres::connect(server.config(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let lock = "BEGIN; SELECT id FROM accredit_inbox_delivery LIMIT 1 FOR UPDATE";
    client.batch_execute(lock).await.unwrap();
    let now = SystemTime::now();
    assert_eq!(store.redate(now).await.unwrap(), 2499);
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.redate(now).await.unwrap(), 1);
}
