//! What goes over the wire for each operation: one snapshot a resource.
//!
//! Every value here is made up.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

use accredit_verifyinvestor::models::Date;
use accredit_verifyinvestor::operations::verification_requests::{Create, ReviewShort};
use accredit_verifyinvestor::transport::{Operation, OperationInfo, RequestEncoder};
use accredit_verifyinvestor::{
    ApiTypeFilter, Call, Client, Environment, InvitationType, NewInvitation, ReviewStatus, UserId,
    VerificationRequestId,
};

use crate::support::contract;

const USER: UserId = UserId::new(135);
const REQUEST: VerificationRequestId = VerificationRequestId::new(90);

/// The requests of a resource as text.
#[derive(Default)]
struct Requests(String);

/// The operations that the tests of this process have shown.
static SHOWN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

impl Requests {
    fn show<O: Operation>(&mut self, operation: &O) {
        let info: &'static OperationInfo = const { &O::INFO };
        SHOWN.lock().unwrap().insert(info.name());
        let mut encoder = RequestEncoder::new(info);
        operation.encode(&mut encoder).unwrap();
        let request = encoder.finish().unwrap();
        let out = &mut self.0;
        writeln!(
            out,
            "# {}: {:?}, {:?}",
            info.name(),
            info.class(),
            info.response()
        )
        .unwrap();
        writeln!(out, "{} {}", request.method(), request.uri().path()).unwrap();
        for pair in request.uri().query().unwrap_or_default().split('&') {
            if !pair.is_empty() {
                writeln!(out, "  {pair}").unwrap();
            }
        }
        for (name, value) in request.headers() {
            writeln!(out, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        if !request.body().as_bytes().unwrap().is_empty() {
            // A field a line, in the order and the spelling of the wire.
            let body = String::from_utf8_lossy(request.body().as_bytes().unwrap());
            writeln!(out, "{}", body.replace(",\"", ",\n  \"")).unwrap();
        }
        out.push('\n');
    }

    /// The same, for a call with every setter used: what is still unset would print so.
    fn show_full<O: Operation + std::fmt::Debug>(&mut self, operation: &O) {
        let debug = format!("{operation:?}");
        for unset in [": None", ": []"] {
            assert!(!debug.contains(unset), "not every setter was used: {debug}");
        }
        self.show(operation);
    }
}

fn client() -> Client {
    Client::builder(Environment::Staging).build().unwrap()
}

fn show_account() -> Requests {
    let mut requests = Requests::default();
    let account = client().account();
    requests.show(&account.root().into_operation());
    requests.show(&account.billing().into_operation());
    let day = |text: &str| text.parse::<Date>().unwrap();
    let billing = account
        .billing()
        .from_date(day("2026-03-01"))
        .to_date(day("2026-03-31"));
    requests.show_full(&billing.into_operation());
    requests
}

fn show_users() -> Requests {
    let mut requests = Requests::default();
    let users = client().users();
    requests.show(&users.list().into_operation());
    requests.show(&users.retrieve(USER).into_operation());
    let retrieve = users
        .retrieve(135_u64)
        .legal_name("Zoë O'Brien & Söhne, L.L.C.");
    requests.show_full(&retrieve.into_operation());
    requests.show(&users.retrieve_by_identifier("42").into_operation());
    let odd = "a/b c?d#e%20+ü..";
    requests.show(&users.retrieve_by_identifier(odd).into_operation());
    requests.show(
        &users
            .verification_certificate(USER, "Ada Test")
            .into_operation(),
    );
    requests
}

/// The setters of all four kinds of request are the same, but each stands on its own `Call`.
macro_rules! full {
    ($call:expr) => {
        $call
            .issuer_email("issuer@example.com")
            .portal_name("Test Portal")
            .deal_name("Series \"A\"")
            .legal_name("Zoë Test")
            .redirect_url("https://portal.example/back?x=1&y=2")
            .webhook_url("https://portal.example/hook")
            .into_operation()
    };
}

fn show_verification_requests() -> Requests {
    let mut requests = Requests::default();
    let of_user = client().users().verification_requests(USER);
    let short = client().verification_requests();
    requests.show(&of_user.list().into_operation());
    let bare: Call<Create> = client().user_verification_requests(USER).create();
    requests.show(&bare.into_operation());
    requests.show_full(&full!(of_user.create()));
    requests.show_full(&full!(of_user.create_aml_kyc()));
    requests.show_full(&full!(of_user.create_qualified_purchaser()));
    requests.show_full(&full!(of_user.create_qualified_client()));
    requests.show(&of_user.retrieve(REQUEST).into_operation());
    requests.show(&of_user.certificate(REQUEST).into_operation());
    requests.show(&of_user.fire_webhook(REQUEST).into_operation());
    requests.show(&short.list().into_operation());
    for kind in [
        ApiTypeFilter::Regular,
        ApiTypeFilter::Embedded,
        ApiTypeFilter::Lite,
        ApiTypeFilter::All,
    ] {
        requests.show_full(&short.list().kind(kind).into_operation());
    }
    requests.show(&short.retrieve(90_u64).into_operation());
    requests.show(&short.certificate(REQUEST).into_operation());
    requests.show(&short.fire_webhook(REQUEST).into_operation());
    let simulation = client().simulate().unwrap();
    requests.show(
        &simulation
            .investor_completion(USER, REQUEST)
            .into_operation(),
    );
    for decision in [
        ReviewStatus::Accredited,
        ReviewStatus::NotAccredited,
        ReviewStatus::NeedMoreInformation,
    ] {
        requests.show(&simulation.review(USER, REQUEST, decision).into_operation());
        requests.show(&ReviewShort::new(REQUEST, decision));
    }
    requests
}

fn show_invitations() -> Requests {
    let mut requests = Requests::default();
    let invitations = client().invitations();
    requests.show(&invitations.list().into_operation());
    let create = invitations
        .create([
            NewInvitation::new("ada@example.com", InvitationType::Ai)
                .suggested_legal_name("Ada Test"),
            NewInvitation::new("zoe@example.com", InvitationType::from_value("of tomorrow")),
        ])
        .portal_name("Test Portal");
    requests.show(&create.into_operation());
    requests.show(&invitations.retrieve(7_u64).into_operation());
    requests
}

#[test]
fn account_requests() {
    insta::assert_snapshot!("account", show_account().0);
}

#[test]
fn user_requests() {
    insta::assert_snapshot!("users", show_users().0);
}

#[test]
fn verification_request_requests() {
    insta::assert_snapshot!("verification_requests", show_verification_requests().0);
}

#[test]
fn invitation_requests() {
    insta::assert_snapshot!("invitations", show_invitations().0);
}

/// Fails when the contract has an operation without a snapshot here.
#[test]
fn every_operation_of_the_contract_has_a_snapshot() {
    let shown = [
        show_account(),
        show_users(),
        show_verification_requests(),
        show_invitations(),
    ];
    assert!(shown.iter().all(|requests| !requests.0.is_empty()));
    let shown = SHOWN.lock().unwrap();
    assert!(shown.iter().eq(&contract()), "{shown:?}");
}
