//! What is not certain about the vendor's webhooks, and read either way. The tests are named for the lines of the list of facts:
//! B.4 values, B.5 webhooks, B.6 what was observed, B.8 open questions.

use accredit_verifyinvestor::{
    SignatureEncoding, VerificationRequestStatus, Verified, WebhookAction, WebhookEvent,
};

use super::support::{BODY, signer, webhooks};
use crate::support::Service;

/// Signs, verifies and reads.
fn received(body: &str) -> WebhookEvent {
    let headers = signer().headers(body);
    webhooks().verify(&headers, body.as_bytes()).unwrap()
}

fn text<T: AsRef<str>>(personal: &Option<accredit_verifyinvestor::models::Personal<T>>) -> &str {
    personal.as_ref().map_or("", |text| text.expose().as_ref())
}

#[test]
fn b4_status_of_older_times_is_kept() {
    let event = received(r#"{"verification_request_id":90,"status":"no_verification_request"}"#);
    assert_eq!(event.status.unwrap().as_str(), "no_verification_request");
}

#[test]
fn b5_documented_fields_are_read() {
    let event = received(
        r#"{"action":"verification_result","verification_request_id":90,"investor_id":135,"legal_name":"JOHN DOE",
        "status":"accredited","verification_status":"accredited","identifier":"42"}"#,
    );
    assert_eq!(event.action, Some(WebhookAction::VerificationResult));
    assert_eq!(event.verification_request_id.get(), 90);
    assert_eq!(event.investor_id.unwrap().get(), 135);
    assert_eq!(text(&event.legal_name), "JOHN DOE");
    assert_eq!(event.status, Some(VerificationRequestStatus::Accredited));
    assert_eq!(event.verification_status.unwrap().as_str(), "accredited");
    assert_eq!(text(&event.identifier), "42");
}

#[test]
fn b5_fields_of_the_embedded_api_are_read() {
    for body in [
        r#"{"verification_request_id":90,"eapi_identifier":"7","embedded_api":true,
        "verification_result_status":"need_more_information","verification_request_step":"in_review"}"#,
        "verification_request_id=90&eapi_identifier=7&embedded_api=true\
        &verification_result_status=need_more_information&verification_request_step=in_review",
    ] {
        let event = received(body);
        assert_eq!(text(&event.eapi_identifier), "7");
        assert_eq!(event.embedded_api, Some(true));
        let result = event.verification_result_status.unwrap();
        assert_eq!(result.as_str(), "need_more_information");
        let step = event.verification_request_step;
        assert_eq!(step, Some(VerificationRequestStatus::InReview));
    }
}

#[test]
fn b5_action_of_a_new_request_is_read() {
    let event =
        received(r#"{"action":"create_verification_request","verification_request_id":90}"#);
    assert_eq!(event.action, Some(WebhookAction::CreateVerificationRequest));
}

#[test]
fn b5_unknown_action_is_kept() {
    for body in [
        r#"{"action":"request_archived","verification_request_id":90}"#,
        "action=request_archived&verification_request_id=90",
    ] {
        assert_eq!(received(body).action.unwrap().as_str(), "request_archived");
    }
}

#[test]
fn b5_unknown_fields_do_no_harm() {
    let json = r#"{"verification_request_id":90,"new":{"deep":[1,{}]},"status":"in_review"}"#;
    let form = "verification_request_id=90&new[deep]=1&new%5B%5D=2&status=in_review";
    assert_eq!(received(json), received(form));
}

/// The answer to firing a webhook again: the event, or the vendor's remarks with the body that was posted or null.
#[tokio::test]
async fn b6_refired_webhook_answers_either_shape() {
    let answers = [
        r#"{"meta":"Posted.","webhook_body":"{\"verification_request_id\":90}"}"#,
        r#"{"meta":"Nothing to post.","webhook_body":null}"#,
        r#"{"action":"verification_result","verification_request_id":90,"status":"accredited"}"#,
        r#"{}"#,
    ];
    for answer in answers {
        let client = Service::json(200, answer).client();
        let fire = client.verification_requests().fire_webhook(90_u64);
        let replay = fire.send().await.unwrap();
        assert_eq!(replay.meta.is_some(), answer.contains("meta"));
        assert_eq!(replay.webhook_body.is_some(), answer.contains(r#"\"verif"#));
        assert_eq!(replay.action.is_some(), answer.contains("action"));
    }
}

#[test]
fn b8_signature_encoding_may_be_any() {
    for encoding in SignatureEncoding::ALL {
        let signer = signer().encoding(encoding);
        for signer in [signer.clone(), signer.prefixed()] {
            let event = webhooks().verify(&signer.headers(BODY), BODY);
            assert_eq!(event.unwrap().verification_request_id.get(), 90);
        }
    }
}

#[test]
fn b8_webhook_body_may_be_json_or_a_form() {
    let json = r#"{"action":"verification_result","verification_request_id":90,"investor_id":135,"legal_name":"ZOË & CO",
        "status":"in_review","embedded_api":false}"#;
    let form = "action=verification_result&verification_request_id=90&investor_id=135&legal_name=ZO%C3%8B+%26+CO\
        &status=in_review&embedded_api=false";
    assert_eq!(received(json), received(form));
    assert_eq!(received(&format!("\r\n {json}\n")), received(json));
}

#[test]
fn b8_webhook_body_as_a_form_writes_booleans_in_many_ways() {
    for (spelling, read) in [
        ("1", Some(true)),
        ("TRUE", Some(true)),
        ("T", Some(true)),
        ("0", Some(false)),
        ("False", Some(false)),
        ("f", Some(false)),
        ("", None),
        ("canary", None),
    ] {
        let form = format!("verification_request_id=90&embedded_api={spelling}");
        assert_eq!(received(&form).embedded_api, read, "{spelling}");
    }
}

/// Rails writes nil as an empty value.
#[test]
fn b8_webhook_body_as_a_form_has_empty_values_for_null() {
    let json = r#"{"verification_request_id":90,"status":"in_review","investor_id":null,"legal_name":null,
        "identifier":null,"verification_status":null,"embedded_api":null}"#;
    let form = "verification_request_id=90&status=in_review&investor_id=&legal_name=&identifier=&verification_status=\
        &action=&eapi_identifier=&embedded_api=";
    assert_eq!(received(json), received(form));
}

#[test]
fn b8_unknown_status_is_kept() {
    for body in [
        r#"{"verification_request_id":90,"status":"on_hold"}"#,
        "verification_request_id=90&status=on_hold",
    ] {
        assert_eq!(received(body).status.unwrap().as_str(), "on_hold");
    }
}

#[test]
fn b8_status_may_be_missing_or_null() {
    for body in [
        r#"{"verification_request_id":90}"#,
        r#"{"verification_request_id":90,"status":null}"#,
        "verification_request_id=90",
    ] {
        assert_eq!(received(body).status, None);
    }
}

#[test]
fn b8_id_type_may_be_text() {
    let text = r#"{"verification_request_id":"90","investor_id":"135"}"#;
    let number = r#"{"verification_request_id":90,"investor_id":135}"#;
    assert_eq!(received(text), received(number));
}

/// Nothing in a webhook tells an old one from a new one, so it verifies as often as it comes.
#[test]
fn b8_webhook_replay_verifies_again() {
    let headers = signer().headers(BODY);
    let first = webhooks().verify_signature(&headers, BODY).unwrap();
    let again = webhooks().verify_signature(&headers, BODY).unwrap();
    assert_eq!(first, again);
    assert_eq!(Verified::from_storage(BODY).event(), first.event());
}
