//! Files of other versions, of other programs, and who may read them.

use accredit_inbox::{Inbox, SqliteStore, Store as _};

use crate::support::{Folder, at, body, id};

#[tokio::test]
async fn a_database_of_something_else_is_left_alone() {
    let folder = Folder::new();
    let path = folder.file("other.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE account (id INTEGER)")
        .unwrap();
    drop(other);
    std::fs::write(
        folder.file("text.db"),
        "dear diary, this is no database at all",
    )
    .unwrap();
    for name in ["other.db", "text.db"] {
        let path = folder.file(name);
        let before = std::fs::read(&path).unwrap();
        let error = Inbox::sqlite(&path).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database is not an inbox, and was left as it is"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    for path in [
        folder.file("no/such/folder/inbox.db"),
        folder.path().to_owned(),
    ] {
        let error = Inbox::sqlite(path).await.unwrap_err();
        assert_eq!(error.to_string(), "the inbox's database failed");
    }
}

/// A receiver and a worker that are started together, for the first time.
#[tokio::test]
async fn many_may_make_one_file_at_the_same_time() {
    let folder = Folder::new();
    for round in 0..30 {
        let path = folder.file(&format!("{round}.db"));
        // Each on a thread of its own.
        let stores = crate::stores::join_all((0..8).map(|_| SqliteStore::open(&path))).await;
        for store in stores {
            store.unwrap().track(&[id(90)], at(0)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_newer_version_is_left_alone() {
    let folder = Folder::new();
    let path = folder.file("inbox.db");
    drop(SqliteStore::open(&path).await.unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let error = Inbox::sqlite(&path).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the inbox was written by a newer version, and was left as it is"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// What was pending in the first layout is worked on in this one.
#[tokio::test]
async fn the_first_layout_is_brought_up_to_date() {
    let folder = Folder::new();
    let path = folder.file("inbox.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE delivery (
            id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, body BLOB NOT NULL, settled INTEGER NOT NULL DEFAULT 0
         ) STRICT;
         CREATE INDEX pending ON delivery (id) WHERE settled = 0;
         CREATE UNIQUE INDEX pending_digest ON delivery (digest) WHERE settled = 0;
         PRAGMA application_id = 0x4143696E; PRAGMA user_version = 1;",
    )
    .unwrap();
    for (digest, request, settled) in [(1_u8, 90, 0), (2, 91, 1), (3, 92, 0)] {
        db.execute(
            "INSERT INTO delivery (digest, body, settled) VALUES (?1, ?2, ?3)",
            rusqlite::params![[digest; 32], body(request, "in_review"), settled],
        )
        .unwrap();
    }
    drop(db);
    for _ in 0..2 {
        let store = SqliteStore::open(&path).await.unwrap();
        let kept = store.unreadable(None, 10).await.unwrap();
        let bodies: Vec<_> = kept
            .into_iter()
            .map(|kept| kept.body.expose().clone())
            .collect();
        assert_eq!(bodies, [body(90, "in_review"), body(92, "in_review")]);
        assert_eq!(store.request(id(90)).await.unwrap(), None);
    }
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.purge(at(0), 10).await.unwrap(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file("inbox.db")).await.unwrap();
    store.track(&[id(90)], at(0)).await.unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
        files += 1;
    }
    assert!(files >= 2, "the file and its log");
}

/// What was deleted must not be found by whoever reads the bytes of the file, or of its log.
#[tokio::test]
async fn what_is_forgotten_is_gone_from_the_disk() {
    let folder = Folder::new();
    let inbox = Inbox::sqlite(folder.file("inbox.db"))
        .await
        .unwrap()
        .clock(|| at(0));
    let canary = body(90, "accredited");
    crate::support::receive(&inbox, b"\xffcanary of an unreadable one")
        .await
        .unwrap();
    crate::support::receive(&inbox, &canary).await.unwrap();
    for delivery in inbox.unreadable(10).await.unwrap() {
        inbox.settle(delivery.id).await.unwrap();
    }
    let store = SqliteStore::open(folder.file("inbox.db")).await.unwrap();
    let held = store.lease_requests(1, at(0), at(60)).await.unwrap();
    let look = accredit_inbox::Look {
        answered: true,
        ..Default::default()
    };
    store.record(&held[0], look, at(0)).await.unwrap();
    let found = |text: &str| {
        let files = std::fs::read_dir(folder.path()).unwrap();
        files.fold(0, |found, file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let windows = bytes.windows(text.len());
            found + windows.filter(|window| *window == text.as_bytes()).count()
        })
    };
    assert!(found("canary") > 0 && found("LOVELACE") > 0);
    assert_eq!(store.purge(at(1), 100).await.unwrap(), 2);
    assert_eq!((found("canary"), found("LOVELACE")), (0, 0));
}

/// Calls that are committed together fail one by one.
#[tokio::test]
async fn a_call_that_fails_takes_nothing_of_its_neighbours_back() {
    let folder = Folder::new();
    let path = folder.file("inbox.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TRIGGER odd BEFORE INSERT ON request WHEN new.id % 2 = 1
         BEGIN SELECT raise(ABORT, 'odd'); END",
    )
    .unwrap();
    let request = [id(2), id(3), id(4), id(5)];
    let tracked = tokio::join!(
        store.track(&request[0..1], at(0)),
        store.track(&request[1..2], at(0)),
        store.track(&request[2..3], at(0)),
        store.track(&request[3..4], at(0)),
    );
    assert_eq!((tracked.0.unwrap(), tracked.2.unwrap()), (1, 1));
    tracked.1.unwrap_err();
    tracked.3.unwrap_err();
    assert_eq!(store.stats(at(0)).await.unwrap().open, 2);
}
