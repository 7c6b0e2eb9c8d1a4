//! What each operation makes of the sample that the service's document prints for it: nothing is lost or changed on the way
//! through its own `decode`, envelopes aside.
//!
//! `cargo xtask coverage` finds the operations by the names in [`decodes`].

use std::collections::BTreeSet;
use std::sync::Mutex;

use accredit_thirdparty::operations::{
    auth, investments, investors, invoices, kyb_documents,
    subscription_agreement_investor_signatures as signatures,
};
use accredit_thirdparty::transport::http::{HeaderMap, StatusCode};
use accredit_thirdparty::transport::{Operation, Reply};
use serde_json::Value;

/// The operations that the tests of this process have decoded.
static DECODED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Where the document prints the placeholder `"text"` stands a decimal, which any text field takes as well.
fn sample(operation: &str) -> Value {
    let path = format!(
        "{}/../../spec/samples/issuance/{operation}.response.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text.replace(": \"text\"", ": \"1234.50\"")).unwrap()
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

fn decode<O: Operation>(name: &'static str, status: u16, body: String) -> O::Output {
    assert_eq!(const { O::INFO }.name(), name);
    DECODED.lock().unwrap().insert(name);
    let status = StatusCode::from_u16(status).unwrap();
    O::decode(Reply::new(status, HeaderMap::new(), body)).unwrap()
}

/// Decodes the sample of an operation and holds the answer, written as JSON again, against it.
macro_rules! decodes {
    ($operation:ty, $name:literal) => {
        let sample = sample($name);
        let answer = decode::<$operation>($name, 200, sample.to_string());
        let inside = if sample["success"].is_null() {
            sample
        } else {
            sample["data"].clone()
        };
        let answer = serde_json::to_value(&answer).unwrap();
        assert_eq!(without_nulls(answer), without_nulls(inside), $name);
    };
}

/// An empty body, with each of the statuses that the service may choose.
macro_rules! decodes_nothing {
    ($operation:ty, $name:literal) => {
        for status in [200, 204] {
            let () = decode::<$operation>($name, status, String::new());
        }
    };
}

#[test]
fn auth() {
    decodes!(auth::Login, "auth.login");
    decodes_nothing!(auth::Logout, "auth.logout");
    decodes_nothing!(auth::Logoutall, "auth.logoutall");
}

#[test]
fn investments() {
    decodes!(investments::List, "investments.list");
    decodes!(investments::Create, "investments.create");
    decodes!(investments::Retrieve, "investments.retrieve");
    decodes!(
        investments::GetPaymentIntentSecret,
        "investments.get_payment_intent_secret"
    );
    decodes!(
        investments::PdfSubscriptionAgreements,
        "investments.pdf_subscription_agreements"
    );
    decodes!(
        investments::TempPdfSubscriptionAgreements,
        "investments.temp_pdf_subscription_agreements"
    );
    decodes!(
        investments::ProcessingIssueStatuses,
        "investments.processing_issue_statuses"
    );
    decodes!(investments::Statuses, "investments.statuses");
    decodes!(investments::Values, "investments.values");
}

#[test]
fn investors() {
    decodes!(investors::List, "investors.list");
    decodes!(investors::Create, "investors.create");
    decodes!(investors::Retrieve, "investors.retrieve");
    decodes!(
        investors::GetAchCreditTransfer,
        "investors.get_ach_credit_transfer"
    );
    decodes!(investors::RunSecondKyc, "investors.run_second_kyc");
    decodes!(
        investors::CheckTaxIdNumberValid,
        "investors.check_tax_id_number_valid"
    );
    decodes!(
        investors::CreateIdUploadWorkflowUrl,
        "investors.create_id_upload_workflow_url"
    );
    decodes!(investors::KybCountryCodes, "investors.kyb_country_codes");
    decodes!(investors::KycCountryCodes, "investors.kyc_country_codes");
    decodes!(investors::Values, "investors.values");
}

#[test]
fn invoices() {
    decodes!(invoices::List, "invoices.list");
    decodes!(invoices::Retrieve, "invoices.retrieve");
}

#[test]
fn kyb_documents() {
    decodes!(kyb_documents::List, "kyb_documents.list");
    decodes!(kyb_documents::Create, "kyb_documents.create");
    decodes!(kyb_documents::Retrieve, "kyb_documents.retrieve");
}

#[test]
fn subscription_agreement_investor_signatures() {
    decodes!(
        signatures::List,
        "subscription_agreement_investor_signatures.list"
    );
    decodes!(
        signatures::Create,
        "subscription_agreement_investor_signatures.create"
    );
    decodes!(
        signatures::Retrieve,
        "subscription_agreement_investor_signatures.retrieve"
    );
}

/// Fails when the contract has an operation that is not decoded here.
#[test]
fn every_operation_of_the_contract_is_decoded() {
    auth();
    investments();
    investors();
    invoices();
    kyb_documents();
    subscription_agreement_investor_signatures();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../spec/thirdparty.openapi.yaml"
    );
    let contract = std::fs::read_to_string(file).unwrap();
    let names: BTreeSet<&str> = contract
        .lines()
        .filter_map(|line| line.trim().strip_prefix("operationId: "))
        .collect();
    assert_eq!(*DECODED.lock().unwrap(), names);
}
