//! What each operation makes of the sample that the service's document prints for it: nothing is lost or changed on the way
//! through its own `decode`. Calls that the document has no sample of get what was seen in their place, with the fields that
//! only the real service sends.
//!
//! `cargo xtask coverage` finds the operations by the names in [`decodes`].

use std::collections::BTreeSet;
use std::sync::Mutex;

use accredit_verifyinvestor::operations::{account, invitations, users, verification_requests};
use accredit_verifyinvestor::transport::http::{HeaderMap, StatusCode};
use accredit_verifyinvestor::transport::{Operation, Reply};
use serde_json::{Value, json};

use crate::support::contract;

/// The operations that the tests of this process have decoded.
static DECODED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

fn sample(file: &str) -> Value {
    let path = format!(
        "{}/../../spec/samples/verifyinvestor/{file}.response.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// A sample with more fields.
fn with(mut sample: Value, more: Value) -> Value {
    let fields = sample.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    sample
}

/// A missing field counts as null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn decode<O: Operation>(name: &'static str, body: String) -> O::Output {
    assert_eq!(const { O::INFO }.name(), name);
    DECODED.lock().unwrap().insert(name);
    O::decode(Reply::new(StatusCode::OK, HeaderMap::new(), body)).unwrap()
}

/// Decodes an answer of an operation and holds the result, written as JSON again, against it.
macro_rules! decodes {
    ($operation:ty, $name:literal, $sample:expr) => {
        let sample = $sample;
        let answer = decode::<$operation>($name, sample.to_string());
        let answer = serde_json::to_value(&answer).unwrap();
        assert_eq!(without_nulls(answer), without_nulls(sample), $name);
    };
}

/// The same for a file.
macro_rules! decodes_pdf {
    ($operation:ty, $name:literal) => {
        let pdf = "%PDF-1.7 a certificate";
        let answer = decode::<$operation>($name, pdf.to_owned());
        assert_eq!(answer, pdf, $name);
    };
}

#[test]
fn account() {
    decodes!(account::Root, "root", sample("root"));
    decodes!(account::Billing, "billing", sample("billing.all_types"));
}

#[test]
fn users() {
    decodes!(users::List, "users.list", sample("users.list"));
    decodes!(users::Retrieve, "users.retrieve", sample("users.retrieve"));
    let more = json!({ "identifier": "42", "verified_on": "2018-06-20" });
    decodes!(
        users::RetrieveByIdentifier,
        "users.retrieve_by_identifier",
        with(sample("users.retrieve"), more)
    );
    decodes_pdf!(
        users::VerificationCertificate,
        "users.verification_certificate"
    );
}

#[test]
fn verification_requests() {
    use verification_requests::*;
    decodes!(
        List,
        "verification_requests.list",
        sample("verification_requests.list")
    );
    // The status and the webhook address are not in the document's answer.
    let more = json!({
        "created_at": "2018-04-30T11:09:10.451-07:00",
        "completed_at": null,
        "webhook_url": "https://portal.example/hook",
    });
    decodes!(
        Create,
        "verification_requests.create",
        with(sample("verification_requests.create"), more)
    );
    decodes!(
        CreateAmlKyc,
        "verification_requests.create_aml_kyc",
        sample("verification_requests.create_aml_kyc")
    );
    decodes!(
        CreateQualifiedPurchaser,
        "verification_requests.create_qualified_purchaser",
        sample("verification_requests.create_qualified_purchaser")
    );
    decodes!(
        CreateQualifiedClient,
        "verification_requests.create_qualified_client",
        sample("verification_requests.create_qualified_client")
    );
    decodes!(
        Retrieve,
        "verification_requests.retrieve",
        sample("verification_requests.retrieve")
    );
    decodes!(
        SimulateInvestorCompletion,
        "verification_requests.simulate_investor_completion",
        sample("verification_requests.simulate_investor_completion")
    );
    decodes!(
        Review,
        "verification_requests.review",
        sample("verification_requests.review")
    );
    decodes!(
        Webhook,
        "verification_requests.webhook",
        sample("verification_requests.webhook")
    );
    decodes_pdf!(Certificate, "verification_requests.certificate");
}

/// Calls by the request's own id: seen on staging, not in the document.
#[test]
fn verification_requests_short() {
    use verification_requests::*;
    let item = json!({
        "id": 90, "waiting_for_info": false, "portal_name": "Portal",
        "verified_expires_at": "2017-09-13", "api_type": "regular", "identifier": "42",
    });
    decodes!(
        ListShort,
        "verification_requests.list_short",
        Value::Array(vec![item])
    );
    let more = json!({
        "investor": { "id": 135, "first_name": "Ada", "last_name": "Lovelace" },
        "investor_url": "http://127.0.0.1/investor/verification-requests/90/accept",
        "redirect_url": "https://portal.example/back",
        "webhook_url": "https://portal.example/hook",
        "api_type": "regular",
        "identifier": "42",
        "message": "The investor has to accept.",
        "internal_status": "open",
    });
    decodes!(
        RetrieveShort,
        "verification_requests.retrieve_short",
        with(sample("verification_requests.retrieve"), more)
    );
    decodes!(
        ReviewShort,
        "verification_requests.review_short",
        sample("verification_requests.review")
    );
    decodes!(
        WebhookShort,
        "verification_requests.webhook_short",
        json!({ "meta": "The webhook was posted.", "webhook_body": "{\"action\": \"verification_result\"}" })
    );
    decodes_pdf!(CertificateShort, "verification_requests.certificate_short");
}

#[test]
fn invitations() {
    let item = json!({
        "id": 7, "verification_request_id": 90, "created_at": "2024-05-01T10:00:00.000-07:00",
        "deal_name": null, "portal_name": "Portal", "suggested_legal_name": "Ada Lovelace",
        "email": "ada@example.com",
    });
    let list =
        json!({ "meta": "Active ones.", "verification_request_invitations": [item.clone()] });
    decodes!(invitations::List, "invitations.list", list.clone());
    decodes!(invitations::Create, "invitations.create", list);
    let more = json!({ "verification_request": sample("verification_requests.retrieve") });
    decodes!(
        invitations::Retrieve,
        "invitations.retrieve",
        with(item, more)
    );
}

/// Fails when the contract has an operation that is not decoded here.
#[test]
fn every_operation_of_the_contract_is_decoded() {
    account();
    users();
    verification_requests();
    verification_requests_short();
    invitations();
    let decoded = DECODED.lock().unwrap();
    assert!(decoded.iter().eq(&contract()), "{decoded:?}");
}
