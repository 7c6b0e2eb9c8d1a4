//! The inbox over its public interface, on real SQLite files.
#![allow(missing_docs, clippy::unwrap_used)]

use accredit_inbox::{Inbox, Recorded};
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, WebhookError, Webhooks, transport::http::HeaderMap,
};

const BODY: &[u8] =
    br#"{"verification_request_id": 90, "status": "accredited", "legal_name": "ADA LOVELACE"}"#;

fn webhooks() -> Webhooks {
    Webhooks::new("secret").unwrap()
}

fn signed(body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, webhooks().sign(body).parse().unwrap());
    headers
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
    assert_eq!(pending[0].event.verification_request_id.get(), 90);
    assert!(inbox.settle(pending[0].id).unwrap());
    assert!(!inbox.settle(pending[0].id).unwrap());
    assert!(inbox.pending(10).unwrap().is_empty());
    assert_eq!(
        inbox.receive(&signed(BODY), BODY).unwrap(),
        Recorded::Duplicate
    );
    assert!(
        inbox.pending(10).unwrap().is_empty(),
        "a settled delivery does not come back"
    );
    drop(inbox);
    std::fs::remove_dir_all(&folder).unwrap();
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
    let ids: Vec<u64> = inbox
        .pending(2)
        .unwrap()
        .iter()
        .map(|delivery| delivery.event.verification_request_id.get())
        .collect();
    assert_eq!(ids, [3, 1]);
}
