//! The inbox over its public interface, on real SQLite files.
#![allow(missing_docs, clippy::unwrap_used)]

use accredit_inbox::{Delivery, Inbox, Recorded};
use accredit_verifyinvestor::{WebhookError, WebhookSigner, Webhooks, transport::http::HeaderMap};

const BODY: &[u8] =
    br#"{"verification_request_id": 90, "status": "accredited", "legal_name": "ADA LOVELACE"}"#;

fn webhooks() -> Webhooks {
    Webhooks::new("secret").unwrap()
}

fn signed(body: &[u8]) -> HeaderMap {
    WebhookSigner::new("secret").unwrap().headers(body)
}

fn id(delivery: &Delivery) -> u64 {
    delivery
        .event
        .as_ref()
        .unwrap()
        .verification_request_id
        .get()
}

#[test]
fn a_delivery_survives_a_restart_until_it_is_settled() {
    let folder = std::env::temp_dir().join(format!("accredit-inbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("inbox.db");
    let inbox = Inbox::open(&path, webhooks()).unwrap();
    assert_eq!(inbox.receive(&signed(BODY), BODY).unwrap(), Recorded::New);
    drop(inbox);

    let inbox = Inbox::open(&path, webhooks()).unwrap();
    let pending = inbox.pending(10).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(id(&pending[0]), 90);
    assert_eq!(pending[0].body.expose(), BODY, "what was signed is kept");
    assert!(!format!("{:?}", pending[0]).contains("LOVELACE"));
    assert!(inbox.settle(pending[0].id).unwrap());
    assert!(!inbox.settle(pending[0].id).unwrap());
    assert!(inbox.pending(10).unwrap().is_empty());
    drop(inbox);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// An inbox that counts each body once and for ever drops real events.
#[test]
fn the_same_bytes_are_news_again_once_they_are_settled() {
    let inbox = Inbox::in_memory(webhooks()).unwrap();
    let receive = || inbox.receive(&signed(BODY), BODY).unwrap();
    for _ in 0..3 {
        assert_eq!(receive(), Recorded::New);
        assert_eq!(receive(), Recorded::Duplicate);
        let pending = inbox.pending(10).unwrap();
        assert_eq!(pending.len(), 1);
        assert!(inbox.settle(pending[0].id).unwrap());
        assert!(inbox.pending(10).unwrap().is_empty());
    }
}

/// One event of an unknown shape must not stop those behind it, nor be lost.
#[test]
fn a_body_that_can_not_be_read_blocks_none_behind_it() {
    let inbox = Inbox::in_memory(webhooks()).unwrap();
    let future = br#"{"verification_request_id": {"uuid": "canary"}}"#;
    for body in [&future[..], b"\xff\x00", BODY] {
        assert_eq!(inbox.receive(&signed(body), body).unwrap(), Recorded::New);
    }
    let pending = inbox.pending(10).unwrap();
    assert_eq!(pending.len(), 3);
    let error = pending[0].event.as_ref().unwrap_err();
    assert_eq!(error.path(), "verification_request_id");
    assert!(!format!("{:?} {error}", pending[0]).contains("canary"));
    assert_eq!(pending[0].body.expose(), future);
    assert_eq!(pending[1].body.expose(), b"\xff\x00");
    assert_eq!(id(&pending[2]), 90);
    for delivery in &pending {
        assert!(inbox.settle(delivery.id).unwrap());
    }
    assert!(inbox.pending(10).unwrap().is_empty());
}

#[test]
fn a_failed_database_is_not_a_refused_webhook() {
    let error = Inbox::open(std::env::temp_dir(), webhooks()).unwrap_err();
    assert_eq!(error.webhook(), None);
    assert_eq!(error.to_string(), "the inbox's file could not be opened");
}

#[test]
fn a_forged_delivery_is_not_stored() {
    let inbox = Inbox::in_memory(webhooks()).unwrap();
    let error = inbox.receive(&signed(b"{}"), BODY).unwrap_err();
    assert_eq!(error.webhook(), Some(&WebhookError::Signature));
    assert!(!format!("{error:?} {error}").contains("LOVELACE"));
    assert!(inbox.pending(10).unwrap().is_empty());
}

#[test]
fn deliveries_come_in_the_order_of_arrival() {
    let inbox = Inbox::in_memory(webhooks()).unwrap();
    for id in [3, 1, 2] {
        let body = format!("verification_request_id={id}&status=in_review");
        assert_eq!(
            inbox
                .receive(&signed(body.as_bytes()), body.as_bytes())
                .unwrap(),
            Recorded::New
        );
    }
    let ids: Vec<u64> = inbox.pending(2).unwrap().iter().map(id).collect();
    assert_eq!(ids, [3, 1]);
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    let folder = std::env::temp_dir().join(format!("accredit-foreign-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("other.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE account (id INTEGER)")
        .unwrap();
    drop(other);
    let before = std::fs::read(&path).unwrap();
    let error = Inbox::open(&path, webhooks()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is no inbox, or one of another version"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let missing = folder.join("no/such/folder/inbox.db");
    assert!(
        Inbox::open(missing, webhooks())
            .unwrap_err()
            .webhook()
            .is_none()
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("accredit-mode-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let inbox = Inbox::open(folder.join("inbox.db"), webhooks()).unwrap();
    inbox.receive(&signed(BODY), BODY).unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
    }
    drop(inbox);
    std::fs::remove_dir_all(&folder).unwrap();
}
