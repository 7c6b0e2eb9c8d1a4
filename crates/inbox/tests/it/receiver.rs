//! Taking deliveries: what is stored, and what is not believed.

use accredit_inbox::{Inbox, Recorded};

use crate::support::{Folder, body, receive};

#[tokio::test]
async fn a_delivery_survives_a_restart() {
    let folder = Folder::new();
    let path = folder.file("inbox.db");
    for expected in [Recorded::New, Recorded::Duplicate] {
        let inbox = Inbox::sqlite(&path).await.unwrap();
        let body = body(90, "accredited");
        let recorded = receive(&inbox, &body).await.unwrap();
        assert_eq!(recorded, expected);
    }
    let inbox = Inbox::sqlite(&path).await.unwrap();
    let known = inbox.request(90).await.unwrap().unwrap();
    assert!(known.due_at.is_some() && known.hinted_at.is_some());
    assert_eq!(known.status, None, "what a webhook says is not believed");
}

/// One event of an unknown shape must not be lost, nor one about an id that no store can hold.
#[tokio::test]
async fn a_signed_body_that_can_not_be_read_is_kept() {
    let inbox = Inbox::in_memory();
    let bodies = [
        br#"{"verification_request_id": {"uuid": "canary"}}"#.to_vec(),
        b"\xff\x00".to_vec(),
        body(u64::MAX, "accredited"),
    ];
    for body in &bodies {
        let recorded = receive(&inbox, body).await.unwrap();
        assert_eq!(recorded, Recorded::New);
    }
    let kept = inbox.unreadable(10).await.unwrap();
    let stored: Vec<_> = kept.iter().map(|kept| kept.body.expose().clone()).collect();
    assert_eq!(stored, bodies);
    assert!(!format!("{kept:?}").contains("canary"));
    for delivery in kept {
        assert!(inbox.settle(delivery.id).await.unwrap());
    }
    assert_eq!(inbox.stats().await.unwrap().pending, 0);
}

#[tokio::test]
async fn a_store_that_fails_acknowledges_nothing_and_quotes_nobody() {
    let folder = Folder::new();
    let path = folder.file("inbox.db");
    let inbox = Inbox::sqlite(&path).await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON delivery BEGIN SELECT raise(ABORT, 'disk full'); END",
    )
    .unwrap();
    let body = body(90, "accredited");
    let error = receive(&inbox, &body).await.unwrap_err();
    assert_eq!(error.to_string(), "the inbox's database failed");
    assert!(!format!("{error:?} {error}").contains("LOVELACE"));
    // The hint and the delivery are one transaction.
    assert_eq!(inbox.request(90).await.unwrap(), None);
}
