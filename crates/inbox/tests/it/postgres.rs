//! A PostgreSQL server of the machine's own binaries, in a temporary folder, on a socket there. One for all tests of a process.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use accredit_inbox::PostgresStore;

use crate::support::Folder;

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
    /// `None` where there are no binaries, after saying so.
    pub(crate) fn start() -> Option<Self> {
        let mut shared = RUNNING.lock().unwrap();
        let running = if let Some(running) = shared.upgrade() {
            running
        } else {
            let Some(binaries) = binaries() else {
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
    use accredit_inbox::Store as _;
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
