//! A data file through the death of its process, and files that are not to be opened.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use accredit_sandbox::{PARTNER_EMAIL, PARTNER_PASSWORD, Sandbox};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::support::{Answer, Scratch, parse};

/// How many times the process is killed: `ACCREDIT_SANDBOX_KILLS`.
const KILLS: &str = "ACCREDIT_SANDBOX_KILLS";
/// Makes this test binary a sandbox on the file that it names.
const DATA: &str = "ACCREDIT_SANDBOX_CRASH_DATA";
/// The child's line on standard output, before its address.
const READY: &str = "sandbox ready at ";
const WRITERS: usize = 4;

/// No test: the child of the tests below.
#[tokio::test]
async fn child() {
    let Some(data) = std::env::var_os(DATA) else {
        return;
    };
    match Sandbox::builder().data(data).start().await {
        Ok(mut sandbox) => {
            println!("\n{READY}{}", sandbox.address());
            sandbox.closed().await;
        }
        Err(error) => panic!("{error}"),
    }
}

struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(data: &Path) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), data)
    }

    /// With a limit on the size of the files that it writes: a full disk, without one.
    fn start_on_a_full_disk(data: &Path, blocks: u64) -> Self {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""),
            ])
            .arg(std::env::current_exe().unwrap());
        Self::spawn(command, data)
    }

    fn spawn(mut command: Command, data: &Path) -> Self {
        let mut child = command
            .args(["crash::child", "--exact", "--nocapture"])
            .env(DATA, data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix(READY).map(str::to_owned))
            .expect("the sandbox starts on what a crash left");
        Self { child, address }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A request on a connection of its own; `None` when the process died meanwhile.
async fn call(
    address: &str,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Option<Answer> {
    let body = body.to_string();
    let request = format!(
        "{method} /api_third_party/{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {token}\r\n\
         connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok()?;
    // An answer counts as one when it came whole.
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let answer = parse(&bytes);
    let length = answer.header("content-length")?.parse::<usize>().ok()?;
    (bytes.len() == end + length).then_some(answer)
}

async fn login(address: &str) -> String {
    let body = json!({ "email": PARTNER_EMAIL, "password": PARTNER_PASSWORD });
    let answer = call(address, "", "POST", "auth/login/", &body)
        .await
        .unwrap();
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn investor(number: usize) -> Value {
    let entity = json!({ "first_name": "Ada", "last_name": format!("Lovelace{number}"), "country": "US",
        "email": format!("ada{number}@example.com"), "street_address_1": "x".repeat(200) });
    json!({ "type": "person", "entity": entity })
}

/// Ids of a table straight from the file, which must be sound.
fn ids(data: &Path, table: &str) -> Vec<i64> {
    let file = Connection::open(data).unwrap();
    let check: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    file.prepare(&format!("SELECT id FROM {table} ORDER BY id"))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_survives_a_kill() {
    let kills = std::env::var(KILLS).map_or(25, |text| text.parse().unwrap());
    let file = Scratch::new("kill.db");
    let mut acknowledged = Vec::new();
    let mut lost = 0;
    for round in 0..kills {
        let process = Process::start(&file.path);
        let address = process.address.clone();
        let token = login(&address).await;
        let (sender, mut written) = mpsc::unbounded_channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, token, sender) = (address.clone(), token.clone(), sender.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        let number = (round * WRITERS + writer) * 100_000 + number;
                        let body = investor(number);
                        let Some(answer) =
                            call(&address, &token, "POST", "investors/", &body).await
                        else {
                            return;
                        };
                        assert_eq!(answer.status, 201, "{}", answer.text());
                        let _ = sender.send(answer.json()["id"].as_i64().unwrap());
                    }
                })
            })
            .collect();
        drop(sender);
        // Killed after a number of writes, with others under way.
        for _ in 0..3 + round * 7 % 40 {
            acknowledged.push(written.recv().await.unwrap());
        }
        process.kill();
        while let Some(id) = written.recv().await {
            acknowledged.push(id);
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let stored = ids(&file.path, "investors");
        for id in &acknowledged {
            assert!(
                stored.binary_search(id).is_ok(),
                "investor {id} is lost after kill {round}"
            );
        }
        lost = stored.len() - acknowledged.len();
    }
    println!(
        "{kills} kills: all {} acknowledged writes are there, and {lost} that nobody heard of",
        acknowledged.len()
    );
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let file = Scratch::new("full.db");
    Process::start(&file.path).kill();
    let whole = fs::metadata(&file.path).unwrap().len();
    // Shells count in blocks of 512 or 1,024 bytes: the log can grow to once or twice the file.
    let process = Process::start_on_a_full_disk(&file.path, whole.div_ceil(512) + 200);
    let token = login(&process.address).await;
    let mut acknowledged = Vec::new();
    let refused = loop {
        assert!(acknowledged.len() < 5_000, "the disk never gets full");
        let body = investor(acknowledged.len());
        let answer = call(&process.address, &token, "POST", "investors/", &body)
            .await
            .unwrap();
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(answer.json()["id"].as_i64().unwrap());
    };
    assert_eq!(refused.status, 500, "{}", refused.text());
    let path = format!("investors/{}/", acknowledged[0]);
    let read = call(&process.address, &token, "GET", &path, &json!({}))
        .await
        .unwrap();
    assert_eq!(read.status, 200, "{}", read.text());
    process.kill();
    assert_eq!(ids(&file.path, "investors"), acknowledged);
    let process = Process::start(&file.path);
    let token = login(&process.address).await;
    let body = investor(acknowledged.len());
    let answer = call(&process.address, &token, "POST", "investors/", &body)
        .await
        .unwrap();
    assert_eq!(
        answer.json()["id"].as_i64(),
        acknowledged.last().map(|id| id + 1)
    );
    process.kill();
}

async fn refusal(path: &Path) -> String {
    let error = Sandbox::builder().data(path).start().await.unwrap_err();
    assert!(error.is_invalid(), "{error:?}");
    error.to_string()
}

/// Every file beside a data file, with its bytes.
fn beside(path: &Path) -> Vec<(String, Vec<u8>)> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut found: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_str().unwrap().starts_with(name))
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn files_that_are_not_ours_stay_as_they_are() {
    let file = Scratch::new("refused.db");
    let make = |sql: &str| {
        file.clear();
        Connection::open(&file.path)
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    };
    let another = "the data file is not a sandbox's: it is left as it is";
    for (sql, message) in [
        ("CREATE TABLE diary (page TEXT)", another),
        (
            "PRAGMA journal_mode = WAL; CREATE TABLE diary (page TEXT)",
            another,
        ),
        (
            "PRAGMA application_id = 7; CREATE TABLE diary (page TEXT)",
            another,
        ),
        (
            "PRAGMA application_id = 0x41434352; PRAGMA user_version = 999; CREATE TABLE settings (name)",
            "the data file has schema version 999, this sandbox reads version ",
        ),
    ] {
        make(sql);
        let before = beside(&file.path);
        let said = refusal(&file.path).await;
        assert!(said.starts_with(message), "{said}");
        assert_eq!(beside(&file.path), before, "{sql}");
    }

    // Another application has it open, with writes in its log.
    make("PRAGMA journal_mode = WAL; PRAGMA application_id = 7");
    let other = Connection::open(&file.path).unwrap();
    other
        .execute_batch("CREATE TABLE diary (page TEXT); INSERT INTO diary VALUES ('Dear')")
        .unwrap();
    let before = beside(&file.path);
    assert!(before.len() > 1);
    assert_eq!(refusal(&file.path).await, another);
    assert_eq!(beside(&file.path), before);
    drop(other);

    for text in [
        "x",
        "not a database, though it is long enough to have the header of one, which takes one hundred bytes in all",
    ] {
        file.clear();
        fs::write(&file.path, text).unwrap();
        assert_eq!(
            refusal(&file.path).await,
            "the data file is not a SQLite database"
        );
        assert_eq!(
            beside(&file.path),
            [(beside(&file.path)[0].0.clone(), text.as_bytes().to_vec())]
        );
    }
    file.clear();
    assert_eq!(
        refusal(&std::env::temp_dir()).await,
        "the data file is a directory"
    );
    if Path::new("/dev/null").exists() {
        assert_eq!(
            refusal(Path::new("/dev/null")).await,
            "the data file is not a regular file"
        );
    }
}

#[tokio::test]
async fn a_read_only_file_is_refused_and_a_missing_folder_is_an_error() {
    let file = Scratch::new("read-only.db");
    Sandbox::builder()
        .data(&file.path)
        .start()
        .await
        .unwrap()
        .stop()
        .await;
    let mut permissions = fs::metadata(&file.path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file.path, permissions).unwrap();
    let before = beside(&file.path);
    assert_eq!(refusal(&file.path).await, "the data file is read-only");
    assert_eq!(beside(&file.path), before);

    let nowhere = std::env::temp_dir().join("accredit-sandbox-no-such-folder/data.db");
    let error = Sandbox::builder().data(&nowhere).start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sandbox could not write its data file"
    );
    assert!(!nowhere.parent().unwrap().exists());
}

#[tokio::test]
async fn an_empty_file_becomes_a_data_file_and_an_orphaned_log_is_not_replayed() {
    let file = Scratch::new("empty.db");
    // The log of an earlier data file that somebody deleted.
    let process = Process::start(&file.path);
    let token = login(&process.address).await;
    call(&process.address, &token, "POST", "investors/", &investor(1))
        .await
        .unwrap();
    process.kill();
    assert!(
        beside(&file.path).len() > 1,
        "a killed process leaves its log"
    );
    fs::write(&file.path, "").unwrap();
    let sandbox = Sandbox::builder().data(&file.path).start().await.unwrap();
    sandbox.stop().await;
    assert_eq!(ids(&file.path, "investors"), [0; 0]);
}
