//! Every family of errors of the service and of the framework behind it, as the client sees it.
//!
//! What no typed call can provoke is provoked by operations of the test's own through the same client, or by a fault in the
//! sandbox. Shapes of bodies that the sandbox never sends stand in `bad_input`.

use accredit_sandbox::{Effect, Fault};
use accredit_verifyinvestor::transport::http::header::WWW_AUTHENTICATE;
use accredit_verifyinvestor::transport::http::{HeaderValue, Method};
use accredit_verifyinvestor::transport::{
    CallOptions, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder,
    ResponseKind, RetryClass, Token,
};
use accredit_verifyinvestor::{
    Error, ErrorKind, ReviewStatus, error_message, pending_verification_request,
};

use super::Issuer;

/// Declares an operation that no handle makes.
macro_rules! odd {
    ($name:ident, $method:expr, $path:literal, |$request:ident| $encode:expr) => {
        struct $name;

        impl Operation for $name {
            type Output = ();
            const INFO: OperationInfo =
                OperationInfo::new("odd", $method, $path, RetryClass::Read, ResponseKind::Json);

            fn encode(&self, $request: &mut RequestEncoder) -> Result<(), EncodeError> {
                $encode
            }

            fn decode(_: Reply) -> Result<(), DecodeError> {
                Ok(())
            }
        }
    };
}

odd!(
    NoSuchPath,
    Method::GET,
    "/api/v1/nothing",
    |_request| Ok(())
);
odd!(
    NoSuchMethod,
    Method::DELETE,
    "/api/v1/users",
    |_request| Ok(())
);
odd!(TrailingSlash, Method::GET, "/api/v1/users/", |_request| Ok(
    ()
));
odd!(Suffix, Method::GET, "/api/v1/users.json", |_request| Ok(()));
odd!(
    NoJson,
    Method::POST,
    "/api/v1/verification_request_invitations",
    |request| {
        request.bytes(HeaderValue::from_static("application/json"), "{");
        Ok(())
    }
);

#[track_caller]
fn assert_refused(error: &Error, status: u16, message: &str) {
    assert_eq!(error.status().unwrap().as_u16(), status, "{error:?}");
    assert_eq!(error_message(error).as_deref(), Some(message));
    assert_eq!(pending_verification_request(error), None);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_token_that_is_wrong() {
    let issuer = Issuer::new().await;
    let wrong = || CallOptions::new().token(Token::new("Token", "canary").unwrap());
    let list = || issuer.client.users().list().options(wrong());
    let error = list().send().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_refused(&error, 401, "HTTP Token: Access denied.");
    let challenge = "Token realm=\"Application\"";
    assert_eq!(error.headers()[WWW_AUTHENTICATE], challenge);
    issuer
        .sandbox
        .set_switch("invalid_token_status", "403")
        .unwrap();
    let error = list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "403 is the same");
    assert_refused(&error, 403, "HTTP Token: Access denied.");
}

#[tokio::test]
async fn objects_that_are_not_there() {
    let issuer = Issuer::new().await;
    let client = &issuer.client;
    let no_user = client.users().retrieve(1_u64).send().await.unwrap_err();
    assert_refused(&no_user, 404, "A user could not be found.");
    let requests = client.verification_requests();
    let no_request = requests.retrieve(1_u64).send().await.unwrap_err();
    let text = "A verification request could not be found.";
    assert_refused(&no_request, 404, text);
    let no_webhook = requests.fire_webhook(1_u64).send().await.unwrap_err();
    assert_refused(&no_webhook, 404, text);
    let invitations = client.invitations();
    let none = invitations.retrieve(1_u64).send().await.unwrap_err();
    let text = "A verification request invitation could not be found.";
    assert_refused(&none, 404, text);
    for error in [no_user, no_request, no_webhook, none] {
        assert!(error.is_not_found());
    }
}

#[tokio::test]
async fn requests_that_are_refused() {
    let issuer = Issuer::new().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let stranger = requests.create().portal_name("Stranger");
    let error = stranger.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status, "no matter of the token");
    assert_refused(&error, 403, "The portal name is not authorized.");
    let text = "Incorrect or missing params provided.";
    let nobody = requests.create().issuer_email("nobody");
    assert_refused(&nobody.send().await.unwrap_err(), 422, text);
    let id = issuer.requested().await;
    let simulation = issuer.client.simulate().unwrap();
    let early = simulation.review(issuer.user, id, ReviewStatus::Accredited);
    assert_refused(&early.send().await.unwrap_err(), 422, text);
}

#[tokio::test]
async fn a_request_that_is_pending_already() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    for status in ["422", "403"] {
        issuer
            .sandbox
            .set_switch("duplicate_pending_status", status)
            .unwrap();
        let create = requests.create().legal_name("VIOLET HOWARD");
        let error = create.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Status);
        assert_eq!(error.status().unwrap().as_str(), status);
        let pending = pending_verification_request(&error).unwrap();
        assert_eq!(pending.id, id);
        let text = "A pending verification request already exists.";
        assert_eq!(error_message(&error).as_deref(), Some(text));
    }
}

#[tokio::test]
async fn what_rails_itself_answers() {
    let issuer = Issuer::new().await;
    let client = &issuer.client;
    for error in [
        client.execute(&NoSuchPath).await.unwrap_err(),
        client.execute(&NoSuchMethod).await.unwrap_err(),
    ] {
        assert!(error.is_not_found());
        assert_refused(&error, 404, "Not Found");
    }
    let error = client.execute(&NoJson).await.unwrap_err();
    assert_refused(&error, 400, "Bad Request");
    // Both are the same call to Rails.
    client.execute(&TrailingSlash).await.unwrap();
    client.execute(&Suffix).await.unwrap();
}

#[tokio::test]
async fn what_the_router_in_front_answers() {
    let issuer = Issuer::new().await;
    let page = "<!DOCTYPE html><title>Application Error</title>";
    let fault = Fault::new(Effect::Status {
        status: 503,
        content_type: "text/html; charset=utf-8".to_owned(),
        body: page.to_owned(),
    });
    issuer.sandbox.inject(fault).unwrap();
    let once = CallOptions::new().attempts(1);
    let list = issuer.client.users().list().options(once);
    let error = list.send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert_eq!(error.body(), page.as_bytes());
    assert_eq!(error_message(&error), None);
    assert!(error.is_retryable() && error.to_string().contains("text/html"));
}
