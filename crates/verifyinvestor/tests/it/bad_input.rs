//! Replies that are not what they should be.

use accredit_verifyinvestor::{
    ErrorKind, InvitationType, NewInvitation, VerificationRequestStatus, error_message,
    pending_verification_request,
};

use crate::support::Service;

#[tokio::test]
async fn html_502_keeps_status() {
    let page = "<html><body>canary</body></html>";
    let service = Service::answering(502, "text/html; charset=utf-8", page);
    let client = service.client();
    let error = client.users().list().send().await.unwrap_err();
    let line = format!(
        "users.list: 502 Bad Gateway (text/html, {} bytes) after 3 attempts",
        page.len()
    );
    assert_eq!(error.to_string(), line);
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(error.body(), page.as_bytes());
    assert!(error.is_retryable() && !format!("{error:?}").contains("canary"));
    assert_eq!(
        (error_message(&error), pending_verification_request(&error)),
        (None, None)
    );

    let create = client.users().verification_requests(1_u64).create();
    let error = create.send().await.unwrap_err();
    assert!(error.is_transient() && !error.is_retryable() && error.may_have_been_sent());
    let invite = NewInvitation::new("a@example.com", InvitationType::Ai);
    assert!(
        !client
            .invitations()
            .create([invite])
            .send()
            .await
            .unwrap_err()
            .is_retryable()
    );
    assert_eq!(
        service.seen().len(),
        5,
        "the list three times, no write twice"
    );
}

#[tokio::test]
async fn a_certificate_that_is_no_pdf_is_refused() {
    for (content_type, body) in [
        ("text/html", "<html>canary</html>"),
        ("application/pdf", "<html>canary</html>"),
        ("application/json", r#"{"error": "canary"}"#),
        ("application/pdf", ""),
        ("application/pdf", "%PDF"),
        ("application/pdf", " %PDF-1.7 canary"),
    ] {
        let client = Service::answering(200, content_type, body).client();
        let errors = [
            client
                .verification_requests()
                .certificate(90_u64)
                .send()
                .await
                .unwrap_err(),
            client
                .users()
                .verification_requests(1_u64)
                .certificate(90_u64)
                .send()
                .await
                .unwrap_err(),
            client
                .users()
                .verification_certificate(1_u64, "canary")
                .send()
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
            assert!(error.to_string().contains("expected a PDF"), "{error}");
            assert!(
                !format!("{error} {error:?}").contains("canary"),
                "{error:?}"
            );
        }
    }
    // The content type is not what decides.
    let client = Service::answering(200, "application/octet-stream", "%PDF-1.4\n...").client();
    let pdf = client
        .verification_requests()
        .certificate(90_u64)
        .send()
        .await
        .unwrap();
    assert_eq!(pdf, "%PDF-1.4\n...");
}

#[tokio::test]
async fn a_certificate_above_the_cap_is_too_large() {
    let body = format!("%PDF-1.7{}", "x".repeat(2_000));
    let service = Service::answering(200, "application/pdf", body);
    let capped = service
        .builder(accredit_verifyinvestor::Environment::Production)
        .api_token("t")
        .configure(|transport| transport.bytes_cap(1_000).json_cap(10))
        .build()
        .unwrap();
    let error = capped
        .verification_requests()
        .certificate(90_u64)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let line =
        "verification_requests.certificate_short: the reply is too large: the limit is 1000 bytes";
    assert_eq!(error.to_string(), line);
    assert_eq!(
        capped.users().list().send().await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

#[tokio::test]
async fn a_field_that_does_not_parse_is_named_and_not_shown() {
    for (body, fault) in [
        (r#"{"id": "canary"}"#, "id: expected "),
        (
            r#"{"id": 1, "created_at": "canary"}"#,
            "created_at: expected ",
        ),
        (
            r#"{"id": 1, "waiting_for_info": "canary"}"#,
            "waiting_for_info: expected ",
        ),
        (
            r#"{"id": 1, "investor": {"id": {"canary": 1}}}"#,
            "investor.id: expected ",
        ),
        (r#"{"status": "canary"}"#, ""),
        (r#"["canary"]"#, ""),
    ] {
        let client = Service::json(200, body).client();
        let error = client
            .verification_requests()
            .retrieve(1_u64)
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.status().unwrap().as_u16()),
            (ErrorKind::Decode, 200)
        );
        let line = error.to_string();
        let start = "verification_requests.retrieve_short: the reply could not be read: ";
        assert!(line.starts_with(&format!("{start}{fault}")), "{line}");
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
    let client = Service::json(200, r#"[{"id": 1}, {"id": 2, "email": ["canary"]}]"#).client();
    let line = client.users().list().send().await.unwrap_err().to_string();
    assert!(
        line.contains("[1].email: expected ") && !line.contains("canary"),
        "{line}"
    );
}

#[tokio::test]
async fn unknown_variant_roundtrips() {
    let body = r#"{"id": 1, "status": "status_of_the_future", "type": "of tomorrow", "further": {"x": 1}}"#;
    let client = Service::json(200, body).client();
    let request = client
        .verification_requests()
        .retrieve(1_u64)
        .send()
        .await
        .unwrap();
    let status = request.status.unwrap();
    assert!(!status.is_known());
    assert_eq!(status.as_str(), "status_of_the_future");
    assert_eq!(
        VerificationRequestStatus::from_value(status.as_str()),
        status
    );
    assert_eq!(request.kind.unwrap().as_str(), "of tomorrow");
}

#[tokio::test]
async fn missing_fields_decode() {
    let client = Service::json(200, "{}").client();
    assert_eq!(client.account().root().send().await.unwrap().version, None);
    assert_eq!(
        client.account().billing().send().await.unwrap().regular,
        None
    );
    let invitations = client.invitations().list().send().await.unwrap();
    assert!(invitations.verification_request_invitations.is_empty());
    let client = Service::json(
        200,
        r#"{"id": "1", "legal_profile": null, "authorized_parties": null}"#,
    )
    .client();
    let user = client.users().retrieve(1_u64).send().await.unwrap();
    assert_eq!(
        (user.id.get(), user.legal_profile, user.email),
        (1, None, None)
    );
    assert!(user.authorized_parties.is_empty());
}

#[tokio::test]
async fn a_200_without_json_is_an_error() {
    for body in ["", "null", "<html>canary</html>", "[", "{}"] {
        let client = Service::json(200, body).client();
        let error = client.users().list().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Decode, Some("users.list"))
        );
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
    let client = Service::json(204, "").client();
    let error = client
        .verification_requests()
        .fire_webhook(1_u64)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Decode);
    assert!(error.likely_applied() && !error.is_retryable());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let service = Service::json(302, "");
    let error = service.client().users().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 302)
    );
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_unauthorized_with_a_401_and_with_a_403() {
    for status in [401, 403] {
        for body in [
            "",
            r#"{"error": "Forbidden"}"#,
            r#"{"error": "No portal, nothing pending."}"#,
        ] {
            let client = Service::json(status, body).client();
            let by_call = client.users().list().send().await.unwrap_err();
            let operation = client.users().list().into_operation();
            let by_value = client.execute(&operation).await.unwrap_err();
            for error in [by_call, by_value] {
                assert_eq!(error.kind(), ErrorKind::Unauthorized, "{status} {body}");
                assert_eq!(error.status().unwrap().as_u16(), status);
                assert_eq!(error.operation(), Some("users.list"));
                assert!(!error.is_retryable());
            }
        }
    }
}

#[tokio::test]
async fn a_403_to_a_create_can_be_about_the_request() {
    for (status, body, kind) in [
        (
            403,
            r#"{"error": "The portal name is not authorized."}"#,
            ErrorKind::Status,
        ),
        (403, r#"{"error": "Portal is unknown."}"#, ErrorKind::Status),
        (
            403,
            r#"{"error": "Refused.", "pending_verification_request": {"id": 90}}"#,
            ErrorKind::Status,
        ),
        (
            403,
            r#"{"error": "Your token does not have proper access."}"#,
            ErrorKind::Unauthorized,
        ),
        (403, "", ErrorKind::Unauthorized),
        (401, r#"{"error": "portal"}"#, ErrorKind::Unauthorized),
        (422, r#"{"error": "Forbidden"}"#, ErrorKind::Status),
    ] {
        let client = Service::json(status, body).client();
        let requests = client.users().verification_requests(1_u64);
        for error in [
            requests.create().send().await.unwrap_err(),
            requests.create_aml_kyc().send().await.unwrap_err(),
            requests
                .create_qualified_purchaser()
                .send()
                .await
                .unwrap_err(),
            requests.create_qualified_client().send().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert_eq!(
                pending_verification_request(&error).is_some(),
                body.contains("90")
            );
        }
    }
}
