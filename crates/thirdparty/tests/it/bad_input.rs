//! Replies that are not what they should be.

use accredit_thirdparty::{Country, ErrorKind, InvestmentStatus, InvestorType, NewEntity, Problem};

use crate::support::{Service, is_login, login, reply};

/// The shortest good page.
const EMPTY_PAGE: &str = r#"{"count": 0, "results": []}"#;

#[tokio::test]
async fn html_502_keeps_status() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>canary</body></html>";
    let service = Service::answering(502, "text/html; charset=utf-8", page);
    let client = service.client();
    let error = client.investments().list().send().await.unwrap_err();
    let line = format!(
        "investments.list: 502 Bad Gateway (text/html, {} bytes) after 3 attempts",
        page.len()
    );
    assert_eq!(error.to_string(), line);
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 502)
    );
    assert_eq!(error.body(), page.as_bytes());
    assert!(Problem::of(&error).is_none());
    assert!(error.is_retryable(), "a list has no effect");
    assert!(!format!("{error:?}").contains("canary"));

    let create = client
        .investors()
        .create(NewEntity::new(), InvestorType::Person);
    let error = create.send().await.unwrap_err();
    assert!(
        error.is_transient() && !error.is_retryable(),
        "the investor may exist now"
    );
    assert!(error.may_have_been_sent());
    assert_eq!(
        service.seen().len(),
        5,
        "the list three times, no write twice"
    );
}

#[tokio::test]
async fn success_false_with_status_200_is_an_error() {
    let body = r#"{"success": false, "message": "no canary for you", "data": {}}"#;
    let client = Service::json(200, body).client();
    let check = client
        .investors()
        .check_tax_id("x", Country::US, InvestorType::Person);
    let error = check.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "investors.check_tax_id_number_valid: refused by the server"
    );
    assert_eq!(error.refusal(), Some("no canary for you"));
    assert_eq!(
        Problem::of(&error).unwrap().message(),
        Some("no canary for you")
    );
    assert!(!format!("{error:?}").contains("canary") && !error.is_retryable());

    // Without a message, without data, with data of another shape: refused all the same.
    for (body, message) in [
        (r#"{"success": false}"#, None),
        (r#"{"success": false, "message": null, "data": null}"#, None),
        (
            r#"{"success": false, "message": "no", "data": ["Enter a number."]}"#,
            Some("no"),
        ),
        (
            r#"{"success": false, "message": "no", "data": {"statuses": "none"}}"#,
            Some("no"),
        ),
    ] {
        let client = Service::json(200, body).client();
        let error = client.investments().statuses().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.refusal()),
            (ErrorKind::Refused, message),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_success_without_its_data_is_no_refusal() {
    for body in [
        r#"{"success": true, "message": ""}"#,
        r#"{"message": "no"}"#,
        "{}",
    ] {
        let client = Service::json(200, body).client();
        let error = client
            .investors()
            .run_second_kyc(7_u64)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{body}");
        assert_eq!(error.reason(), ErrorKind::Decode, "{body}");
        assert!(error.likely_applied() && !error.is_retryable());
        let line = "investors.run_second_kyc: outcome unknown: the reply could not be read: data: missing, and nothing says that the action was refused";
        assert_eq!(error.to_string(), line);
    }
}

#[tokio::test]
async fn a_field_that_does_not_parse_is_named_and_not_shown() {
    let bodies = [
        (
            r#"{"count": 1, "results": [{"id": 1}, {"id": 2, "amount": "canary"}]}"#,
            "results[1].amount: expected ",
        ),
        (
            r#"{"count": 1, "results": [{"id": "canary"}]}"#,
            "results[0].id: expected ",
        ),
        (
            r#"{"count": 1, "results": [{"id": 1, "created_at": "canary"}]}"#,
            "results[0].created_at: expected ",
        ),
        (r#"{"count": "canary", "results": []}"#, "count: expected "),
        (
            r#"{"count": 1, "results": {"canary": 1}}"#,
            "results: expected ",
        ),
        (
            r#"{"count": 1, "results": [{"id": 1, "investor": {"id": 1, "entity": {"id": 1, "date_of_birth": "canary"}}}]}"#,
            "results[0].investor.entity.date_of_birth: expected ",
        ),
    ];
    for (body, fault) in bodies {
        let client = Service::json(200, body).client();
        let error = client.investments().list().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status().unwrap().as_u16()),
            (ErrorKind::Decode, 200)
        );
        let line = error.to_string();
        let start = format!("investments.list: the reply could not be read: {fault}");
        assert!(line.starts_with(&start), "{line}");
        assert!(
            !line.contains("canary") && !format!("{error:?}").contains("canary"),
            "{error:?}"
        );
        assert_eq!(
            error.body(),
            body.as_bytes(),
            "whoever has to know can look"
        );
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn unknown_variant_roundtrips() {
    let body = r#"{"count": 1, "results": [{"id": 1, "status": "a status of tomorrow"}]}"#;
    let service = Service::json(200, body);
    let client = service.client();
    let page = client.investments().list().send().await.unwrap();
    let status = page.results[0].status.clone().unwrap();
    assert!(!status.is_known());
    assert_eq!(status.as_str(), "a status of tomorrow");
    client
        .investments()
        .list()
        .status_in([status, InvestmentStatus::Received])
        .send()
        .await
        .unwrap();
    let query = service.seen()[2].uri().query().map(str::to_owned);
    assert_eq!(
        query.as_deref(),
        Some("status__in=a%20status%20of%20tomorrow,received")
    );
}

#[tokio::test]
async fn unknown_and_missing_fields_decode() {
    let body = r#"{"count": 1, "of_tomorrow": {"x": [1]}, "next": null, "results":
        [{"id": "7", "of_tomorrow": 1e400, "investor": {"id": 8, "kind": null, "entity": null}}]}"#;
    let client = Service::json(200, body).client();
    let page = client.investments().list().send().await.unwrap();
    let investment = &page.results[0];
    assert_eq!((investment.id.get(), investment.amount), (7, None));
    assert_eq!(investment.investor.as_ref().unwrap().entity, None);
    let client = Service::json(201, r#"{"id": 3}"#).client();
    let created = client
        .investments()
        .create(7_u64, 8_u64, 1)
        .send()
        .await
        .unwrap();
    assert_eq!((created.id.get(), created.amount), (3, None));
    let client = Service::json(200, r#"{"success": true, "data": {}}"#).client();
    assert!(
        client
            .investments()
            .statuses()
            .send()
            .await
            .unwrap()
            .statuses
            .is_empty()
    );
}

#[tokio::test]
async fn a_200_without_json_is_an_error() {
    let bodies = [
        "",
        " ",
        "null",
        "<html>canary</html>",
        "{",
        "[]",
        EMPTY_PAGE.trim_end_matches('}'),
    ];
    for body in bodies {
        let client = Service::json(200, body).client();
        let error = client.investments().list().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Decode, Some("investments.list"))
        );
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
        let error = client.investments().statuses().send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
    }
    let service = Service::new(|request| match is_login(request) {
        true => login("t"),
        false => reply(
            200,
            "application/json",
            &b"{\"count\": 0, \"results\": [\"\xff\"]}"[..],
        ),
    });
    let error = service
        .client()
        .investments()
        .list()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "not UTF-8");
    let service = Service::new(|_| reply(200, "text/html", "<html>canary</html>"));
    let error = service.client().auth().login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "a login that gives a page");
    assert!(
        error.to_string().ends_with("(text/html, 19 bytes)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_logout_is_done_whatever_its_body() {
    for (status, body) in [
        (204, ""),
        (200, ""),
        (200, "{}"),
        (200, "<html>bye</html>"),
        (202, "null"),
    ] {
        let client = Service::json(status, body).client();
        client.auth().logout().await.unwrap();
        client.auth().logout_all().await.unwrap();
    }
}

#[tokio::test]
async fn a_body_above_the_cap_is_too_large() {
    let body = format!(
        r#"{{"count": 0, "results": [], "padding": "{}"}}"#,
        "x".repeat(2_000)
    );
    let service = Service::json(200, &body);
    let capped = service
        .builder()
        .token("t")
        .configure(|transport| transport.json_cap(1_000));
    let error = capped
        .build()
        .unwrap()
        .investments()
        .list()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let line = "investments.list: the reply is too large: the limit is 1000 bytes";
    assert_eq!(error.to_string(), line);
    assert_eq!(
        service
            .client()
            .investments()
            .list()
            .send()
            .await
            .unwrap()
            .count,
        0
    );
    // Of an error body the head is kept, and the status says what happened.
    let service = Service::json(400, &body);
    let capped = service
        .builder()
        .token("t")
        .configure(|transport| transport.error_cap(100));
    let error = capped
        .build()
        .unwrap()
        .investments()
        .list()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.status().unwrap().as_u16(), error.body().len()),
        (400, 100)
    );
    assert!(Problem::of(&error).is_none(), "half a document is none");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let service = Service::json(302, "");
    let error = service
        .client()
        .investments()
        .list()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 302)
    );
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn a_next_link_to_another_host_gives_its_number_only() {
    let body = r#"{"count": 9, "next": "http://evil.example/steal?page=3", "results": []}"#;
    let service = Service::json(200, body);
    let client = service.client();
    let page = client.investments().list().send().await.unwrap();
    let next = i64::try_from(page.next_page().unwrap()).unwrap();
    client.investments().list().page(next).send().await.unwrap();
    let uri = service.seen()[2].uri().to_string();
    assert_eq!(
        uri,
        "https://api.issuance.com/api_third_party/investments/?page=3"
    );
}

#[tokio::test]
async fn every_shape_of_the_frameworks_errors_is_read() {
    for (body, message, fields) in [
        (r#"{"detail": "Not found."}"#, Some("Not found."), vec![]),
        (
            r#"{"error": "Maximum amount of tokens."}"#,
            Some("Maximum amount of tokens."),
            vec![],
        ),
        (
            r#"["No way."]"#,
            None,
            vec![("non_field_errors", "No way.")],
        ),
        (
            r#"{"a": ["x"], "b": "y"}"#,
            None,
            vec![("a", "x"), ("b", "y")],
        ),
        (r#"{"a": {"b": {"c": ["x"]}}}"#, None, vec![("a.b.c", "x")]),
        (r#"{"a": [{}, {"b": ["x"]}]}"#, None, vec![("a[1].b", "x")]),
        (
            r#"{"success": false, "message": "no", "data": {"a": 1}}"#,
            Some("no"),
            vec![],
        ),
    ] {
        let client = Service::json(400, body).client();
        let error = client.investors().values().send().await.unwrap_err();
        // A login that is refused is told apart.
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Status, Some("investors.values"))
        );
        let problem = Problem::of(&error).unwrap();
        assert_eq!(problem.message(), message, "{body}");
        let found: Vec<_> = problem
            .fields()
            .map(|(name, texts)| (name, texts[0].as_str()))
            .collect();
        assert_eq!(found, fields, "{body}");
    }
    for body in ["", "null", "7", "\"text\"", "{", "<html>"] {
        let error = Service::json(400, body)
            .client()
            .investors()
            .values()
            .send()
            .await
            .unwrap_err();
        assert!(Problem::of(&error).is_none(), "{body}");
    }
}
