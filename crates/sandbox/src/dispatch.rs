//! Every operation of the contract meets its handler here, in one exhaustive match.
//!
//! It carries a request through routing and its body to the store, in one transaction where it may
//! write; the rules of each service (who may call, which errors look how) are in `thirdparty` and
//! `verifyinvestor`.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode, Uri, header};

use crate::call::Call;
use crate::contract::{self, Difference};
use crate::generated::routes::Operation;
use crate::inspector::{Entry, Kept};
use crate::payload::{self, Names, Payload, Unread};
use crate::reply::{Failure, Outcome, Reply};
use crate::route::Service;
use crate::routing::{self, Destination, Found};
use crate::state::Shared;
use crate::{control, faults, host, thirdparty, verifyinvestor};

/// A request ready for its transaction.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) found: Found,
    pub(crate) parts: Parts,
    pub(crate) payload: Payload,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) origin: String,
    /// In strict mode: what the contract does not list of the request.
    pub(crate) unlisted: Option<Difference>,
}

impl Incoming {
    /// A header as text; empty when absent or not text.
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// A query parameter; of a repeated one the last.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The method that decides: HEAD runs what GET runs.
    pub(crate) fn method(&self) -> &str {
        routing::deciding(&self.parts.method)
    }
}

/// Answers a request to either API, unless a fault gets in the way.
pub(crate) async fn dispatch(shared: &Arc<Shared>, request: Request) -> Response<Body> {
    match shared.faults.decide(&request) {
        Ok(None) => answered(shared, request).await,
        Ok(Some(strike)) => faults::perform(shared, strike, request).await,
        Err(complaint) => control::refused(StatusCode::BAD_REQUEST, complaint).into_response(),
    }
}

/// Answers a request as if there were no faults.
pub(crate) async fn answered(shared: &Arc<Shared>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let method = request.method().clone();
    let target = request.uri().clone();
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let fault = request.extensions().get().copied();
    let mut body = Bytes::new();
    let (reply, name) = answer(shared, request, &mut body).await;
    tracing::debug!(%method, operation = name, status = reply.status.as_u16(), "answered");
    let content_type = content_type.as_ref().and_then(|value| value.to_str().ok());
    shared.requests.add(Entry {
        at: shared.clock.now(),
        method,
        target,
        operation: name,
        status: Some(reply.status),
        fault,
        took: started.elapsed(),
        request: Kept::new(content_type.unwrap_or_default().to_owned(), &body),
        reply: reply.kept(),
    });
    reply.into_response()
}

/// `read` is set to the body once that is there.
async fn answer(shared: &Arc<Shared>, request: Request, read: &mut Bytes) -> (Reply, &'static str) {
    let (parts, body) = request.into_parts();
    let found = match routing::resolve(parts.uri.path()) {
        Destination::Found(found) => found,
        Destination::MissingSlash => {
            let query = parts
                .uri
                .query()
                .filter(|query| !query.is_empty())
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
            let location = format!("{}/{query}", parts.uri.path());
            return (thirdparty::errors::moved(&location), "");
        }
        Destination::Unknown(Service::ThirdParty) => {
            return (thirdparty::errors::page_not_found(), "");
        }
        Destination::Unknown(Service::VerifyInvestor) => {
            return (
                verifyinvestor::errors::no_route(parts.headers.get(header::ACCEPT)),
                "",
            );
        }
    };
    let name = found.name(&parts.method);
    let body = match payload::collect(body, shared.settings.max_body_bytes).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => {
            let text = "The request body is too large.";
            return (Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text), name);
        }
        Err(Unread::Broken) => {
            let reply = match found.service {
                Service::ThirdParty => thirdparty::errors::parse_error("Malformed request."),
                Service::VerifyInvestor => verifyinvestor::errors::bad_request(),
            };
            return (reply, name);
        }
    };
    read.clone_from(&body);
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let names = match found.service {
        Service::ThirdParty => Names::Flat,
        Service::VerifyInvestor => Names::Nested,
    };
    let payload = Payload::read_as(content_type, body, names).await;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let origin = origin(shared, &parts.headers, &parts.uri);
    let mut incoming = Incoming {
        found,
        parts,
        payload,
        query,
        origin,
        unlisted: None,
    };
    if shared.settings.strict {
        incoming.unlisted = contract::difference(&incoming);
    }
    if !shared.store.is_on_disk() {
        return (run(shared, &incoming), name);
    }
    let shared = Arc::clone(shared);
    let outcome = tokio::task::spawn_blocking(move || run(&shared, &incoming)).await;
    (
        outcome.unwrap_or_else(|_| Reply::empty(StatusCode::INTERNAL_SERVER_ERROR)),
        name,
    )
}

fn run(shared: &Shared, incoming: &Incoming) -> Reply {
    let reply = match incoming.found.service {
        Service::ThirdParty => thirdparty::answer(shared, incoming),
        Service::VerifyInvestor => verifyinvestor::answer(shared, incoming),
    };
    if shared.settings.strict {
        contract::checked(incoming, reply)
    } else {
        reply
    }
}

/// Scheme and authority as a client addressed the sandbox.
pub(crate) fn origin(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> String {
    let authority = host::authority(headers, uri);
    shared.access.origin(authority.unwrap_or("localhost"))
}

/// Runs a handler in its transaction, and keeps what it wrote unless it failed.
pub(crate) fn transact(
    shared: &Shared,
    handle: impl FnOnce(&rusqlite::Connection) -> Outcome,
    broken: impl FnOnce() -> Reply,
) -> Reply {
    settled(shared.store.transaction(handle), broken)
}

/// Runs a handler that writes nothing.
pub(crate) fn look(
    shared: &Shared,
    handle: impl FnOnce(&rusqlite::Connection) -> Outcome,
    broken: impl FnOnce() -> Reply,
) -> Reply {
    settled(shared.store.look(handle), broken)
}

fn settled(outcome: Outcome, broken: impl FnOnce() -> Reply) -> Reply {
    match outcome {
        Ok(reply) | Err(Failure::Refused(reply)) => reply,
        Err(Failure::Store(error)) => {
            tracing::error!(%error, "the store failed");
            broken()
        }
    }
}

/// Runs the handler of an operation. In strict mode it undoes a call that the service takes although
/// the contract does not list all of it.
pub(crate) fn perform(call: &Call<'_>) -> Outcome {
    let reply = handle(call)?;
    match call.unlisted {
        Some(difference) if reply.status.is_success() => Err(difference.reply().into()),
        _ => Ok(reply),
    }
}

/// The handler of every operation.
fn handle(call: &Call<'_>) -> Outcome {
    use thirdparty::{
        auth, investments, investors, invoices, kyb_documents, kyc, signatures, tax_ids, values,
    };
    use verifyinvestor::{
        billing, certificates, invitations, reviews, users, verification_requests as requests,
    };
    match call.route.operation {
        Operation::AuthLogin => auth::login(call),
        Operation::AuthLogout => auth::logout(call),
        Operation::AuthLogoutall => auth::logout_all(call),
        Operation::InvestmentsList => investments::list(call),
        Operation::InvestmentsCreate => investments::create(call),
        Operation::InvestmentsRetrieve => investments::retrieve(call),
        Operation::InvestmentsGetPaymentIntentSecret => investments::payment_intent_secret(call),
        Operation::InvestmentsPdfSubscriptionAgreements => signatures::issuer_signed(call),
        Operation::InvestmentsTempPdfSubscriptionAgreements => signatures::to_sign(call),
        Operation::InvestmentsProcessingIssueStatuses => values::processing_issue_statuses(call),
        Operation::InvestmentsStatuses => values::investment_statuses(call),
        Operation::InvestmentsValues => values::investments(call),
        Operation::InvestorsList => investors::list(call),
        Operation::InvestorsCreate => investors::create(call),
        Operation::InvestorsRetrieve => investors::retrieve(call),
        Operation::InvestorsGetAchCreditTransfer => investors::ach_credit_transfer(call),
        Operation::InvestorsRunSecondKyc => kyc::run_second(call),
        Operation::InvestorsCheckTaxIdNumberValid => tax_ids::check(call),
        Operation::InvestorsCreateIdUploadWorkflowUrl => kyc::create_upload_url(call),
        Operation::InvestorsKybCountryCodes => kyc::kyb_countries(call),
        Operation::InvestorsKycCountryCodes => kyc::kyc_countries(call),
        Operation::InvestorsValues => values::investors(call),
        Operation::InvoicesList => invoices::list(call),
        Operation::InvoicesRetrieve => invoices::retrieve(call),
        Operation::KybDocumentsList => kyb_documents::list(call),
        Operation::KybDocumentsCreate => kyb_documents::create(call),
        Operation::KybDocumentsRetrieve => kyb_documents::retrieve(call),
        Operation::SubscriptionAgreementInvestorSignaturesList => signatures::list(call),
        Operation::SubscriptionAgreementInvestorSignaturesCreate => signatures::create(call),
        Operation::SubscriptionAgreementInvestorSignaturesRetrieve => signatures::retrieve(call),
        Operation::Root => users::root(call),
        Operation::UsersList => users::list(call),
        Operation::UsersRetrieve => users::retrieve(call),
        Operation::UsersRetrieveByIdentifier => users::retrieve_by_identifier(call),
        Operation::UsersVerificationCertificate => certificates::latest(call),
        Operation::VerificationRequestsCreate => requests::create(call, None),
        Operation::VerificationRequestsCreateAmlKyc => requests::create(call, Some("aml_kyc")),
        Operation::VerificationRequestsCreateQualifiedPurchaser => {
            requests::create(call, Some("qualified_purchaser"))
        }
        Operation::VerificationRequestsCreateQualifiedClient => {
            requests::create(call, Some("qualified_client"))
        }
        Operation::VerificationRequestsRetrieve | Operation::VerificationRequestsRetrieveShort => {
            requests::retrieve(call)
        }
        Operation::VerificationRequestsList => requests::list(call),
        Operation::VerificationRequestsListShort => requests::list_all(call),
        Operation::VerificationRequestsSimulateInvestorCompletion => {
            reviews::simulate_completion(call)
        }
        Operation::VerificationRequestsReview | Operation::VerificationRequestsReviewShort => {
            reviews::review(call)
        }
        Operation::VerificationRequestsWebhook | Operation::VerificationRequestsWebhookShort => {
            reviews::fire_webhook(call)
        }
        Operation::VerificationRequestsCertificate
        | Operation::VerificationRequestsCertificateShort => certificates::of_request(call),
        Operation::Billing => billing::summary(call),
        Operation::InvitationsCreate => invitations::create(call),
        Operation::InvitationsList => invitations::list(call),
        Operation::InvitationsRetrieve => invitations::retrieve(call),
    }
}
