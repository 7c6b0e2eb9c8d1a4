//! Every family of errors of the frameworks behind the service, as the client sees it.
//!
//! What no typed call can provoke is provoked by operations of the test's own through the same client, or by a fault in the
//! sandbox. Logins and their refusals stand in `session`, shapes of bodies that the sandbox never sends in `bad_input`.

use std::time::Duration;

use accredit_sandbox::{Effect, ErrorPage, Fault, RetryAfter};
use accredit_thirdparty::operations::auth::Logout;
use accredit_thirdparty::transport::http::header::{ACCEPT, ALLOW, LOCATION, WWW_AUTHENTICATE};
use accredit_thirdparty::transport::http::{HeaderValue, Method};
use accredit_thirdparty::transport::{
    CallOptions, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder,
    ResponseKind, RetryClass, Token,
};
use accredit_thirdparty::{
    Client, Country, Environment, Error, ErrorKind, InvestmentStatus, InvestorType, NewEntity,
    Problem,
};

use super::{Partner, requests};
use crate::support::{investor, offering, person};

const INVESTORS: &str = "/api_third_party/investors/";
const INVESTMENTS: &str = "/api_third_party/investments/";

/// Declares an operation that no handle makes.
macro_rules! odd {
    ($name:ident, $info:expr, |$request:ident| $encode:expr) => {
        struct $name;

        impl Operation for $name {
            type Output = ();
            const INFO: OperationInfo = $info;

            fn encode(&self, $request: &mut RequestEncoder) -> Result<(), EncodeError> {
                $encode
            }

            fn decode(_: Reply) -> Result<(), DecodeError> {
                Ok(())
            }
        }
    };
}

const fn info(method: Method, path: &'static str) -> OperationInfo {
    OperationInfo::new("odd", method, path, RetryClass::Read, ResponseKind::Json)
}

odd!(
    NoToken,
    info(Method::GET, INVESTORS).anonymous(),
    |_request| Ok(())
);
odd!(NotAnObject, info(Method::POST, INVESTORS), |request| {
    request.json(&[1])
});
odd!(NoJson, info(Method::POST, INVESTORS), |request| {
    request.bytes(HeaderValue::from_static("application/json"), "{");
    Ok(())
});
odd!(PlainText, info(Method::POST, INVESTORS), |request| {
    request.bytes(HeaderValue::from_static("text/plain"), "hello");
    Ok(())
});
odd!(EmptyForm, info(Method::POST, INVESTORS), |request| {
    request.json(&serde_json::json!({ "entity": "Ada", "type": null }))
});
odd!(BadEntity, info(Method::POST, INVESTORS), |request| {
    let entity = serde_json::json!({
        "first_name": null,
        "last_name": "Lovelace",
        "date_of_birth": "10.12.1985",
        "net_worth": "much",
    });
    request.json(&serde_json::json!({ "entity": entity, "type": "person" }))
});
odd!(BadInvestment, info(Method::POST, INVESTMENTS), |request| {
    request.json(&serde_json::json!({ "quantity": "many", "offering": "seven", "investor": true }))
});
odd!(Put, info(Method::PUT, INVESTORS), |_request| Ok(()));
odd!(
    NoSlash,
    info(Method::GET, "/api_third_party/investors"),
    |_request| Ok(())
);
odd!(
    NoSuchPath,
    info(Method::GET, "/api_third_party/nothing/"),
    |_request| Ok(())
);
odd!(
    TextId,
    info(Method::GET, "/api_third_party/investors/seven/"),
    |_request| Ok(())
);

/// What the service said as a whole, and its first words about each field.
fn said(error: &Error) -> (Option<String>, Vec<(String, String)>) {
    let problem = Problem::of(error).unwrap_or_else(|| panic!("{error:?}"));
    let fields = problem
        .fields()
        .map(|(name, texts)| (name.to_owned(), texts[0].clone()));
    (problem.message().map(str::to_owned), fields.collect())
}

#[track_caller]
fn assert_message(error: &Error, status: u16, message: &str) {
    assert_eq!(error.status().unwrap().as_u16(), status, "{error:?}");
    assert_eq!(said(error), (Some(message.to_owned()), Vec::new()));
}

#[track_caller]
fn assert_fields(error: &Error, fields: &[(&str, &str)]) {
    assert_eq!(error.kind(), ErrorKind::Status, "{error:?}");
    assert_eq!(error.status().unwrap().as_u16(), 400);
    let fields = fields
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    assert_eq!(said(error), (None, fields.collect()));
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_token_that_is_missing_or_wrong() {
    let partner = Partner::new().await;
    let missing = "Authentication credentials were not provided.";
    let error = partner.client.execute(&NoToken).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_message(&error, 401, missing);
    assert_eq!(error.headers()[WWW_AUTHENTICATE], "Token");

    let list = || partner.client.investors().list();
    let scheme = CallOptions::new().token(Token::new("Bearer", "x").unwrap());
    let error = list().options(scheme).send().await.unwrap_err();
    assert_message(&error, 401, missing);
    // Expired, logged out and never given are the same to knox.
    let unknown = CallOptions::new().token(Token::new("Token", "0123456789abcdef").unwrap());
    let error = list().options(unknown).send().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_message(&error, 401, "Invalid token.");
    // A logout is no different the second time.
    let login = partner.client.auth().login().await.unwrap();
    let token = Token::new("Token", login.token.expose()).unwrap();
    let options = CallOptions::new().token(token);
    let operation = Logout::default();
    let logout = || partner.client.execute_with(&operation, &options);
    logout().await.unwrap();
    assert_message(&logout().await.unwrap_err(), 401, "Invalid token.");
    // What could not be a token does not leave.
    for token in ["", "a b"] {
        let environment = Environment::Sandbox(partner.sandbox.base_url());
        let built = Client::builder(environment).token(token).build();
        assert_eq!(built.unwrap_err().setting(), "token");
    }
    assert_eq!(requests(&partner.sandbox).await.len(), 6);
}

#[tokio::test]
async fn an_account_that_may_not() {
    let partner = Partner::new().await;
    let answer = |status: u16, body: &str| {
        Fault::new(Effect::Status {
            status,
            content_type: "application/json".to_owned(),
            body: body.to_owned(),
        })
    };
    // Knox's own refusal, with a key of its own.
    let limit = "Maximum amount of tokens allowed per user exceeded.";
    let fault = answer(403, &format!(r#"{{"error":"{limit}"}}"#));
    partner
        .sandbox
        .inject(fault.on("auth.login").times(1))
        .unwrap();
    let error = partner.client.auth().login().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_message(&error, 403, limit);

    let words = "You do not have permission to perform this action.";
    let fault = answer(403, &format!(r#"{{"detail":"{words}"}}"#));
    partner
        .sandbox
        .inject(fault.on("invoices.list").times(1))
        .unwrap();
    partner.client.auth().login().await.unwrap();
    let error = partner.client.invoices().list().send().await.unwrap_err();
    assert!(!error.is_retryable() && !error.is_unauthorized());
    assert_message(&error, 403, words);

    let words = "User inactive or deleted.";
    let fault = answer(401, &format!(r#"{{"detail":"{words}"}}"#));
    partner.sandbox.inject(fault.on("invoices.list")).unwrap();
    let error = partner.client.invoices().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 2)
    );
    assert_message(&error, 401, words);
}

#[tokio::test]
async fn fields_that_are_missing_or_wrong() {
    let partner = Partner::new().await;
    let investors = partner.client.investors();
    let required = "This field is required.";
    let error = investors
        .create(NewEntity::new(), InvestorType::Person)
        .send()
        .await
        .unwrap_err();
    let fields = [
        ("entity.first_name", required),
        ("entity.last_name", required),
    ];
    assert_fields(&error, &fields);

    let entity = person("Lovelace")
        .first_name("")
        .email("nobody")
        .country(Country::from_value("ZZ"));
    let create = investors.create(entity, InvestorType::from_value("robot"));
    let error = create.send().await.unwrap_err();
    let fields = [
        ("entity.country", "\"ZZ\" is not a valid choice."),
        ("entity.email", "Enter a valid email address."),
        ("entity.first_name", "This field may not be blank."),
        ("type", "\"robot\" is not a valid choice."),
    ];
    assert_fields(&error, &fields);

    let error = partner.client.execute(&EmptyForm).await.unwrap_err();
    let fields = [
        (
            "entity.non_field_errors",
            "Invalid data. Expected a dictionary, but got str.",
        ),
        ("type", "This field may not be null."),
    ];
    assert_fields(&error, &fields);

    let error = partner.client.execute(&BadEntity).await.unwrap_err();
    let date = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
    let fields = [
        ("entity.date_of_birth", date),
        ("entity.first_name", "This field may not be null."),
        ("entity.net_worth", "A valid number is required."),
    ];
    assert_fields(&error, &fields);

    let error = partner.client.execute(&BadInvestment).await.unwrap_err();
    let fields = [
        (
            "investor",
            "Incorrect type. Expected pk value, received bool.",
        ),
        (
            "offering",
            "Incorrect type. Expected pk value, received str.",
        ),
        ("quantity", "A valid integer is required."),
    ];
    assert_fields(&error, &fields);

    let offering = offering(&partner.sandbox, "reg_a");
    let investments = partner.client.investments();
    let create = investments.create(offering, 99_999_u64, 10);
    let error = create.send().await.unwrap_err();
    let stranger = "Invalid pk \"99999\" - object does not exist.";
    assert_fields(&error, &[("investor", stranger)]);
    assert_eq!(error.operation(), Some("investments.create"));
}

#[tokio::test]
async fn bodies_that_are_no_objects() {
    let partner = Partner::new().await;
    let error = partner.client.execute(&NotAnObject).await.unwrap_err();
    let text = "Invalid data. Expected a dictionary, but got list.";
    assert_fields(&error, &[("non_field_errors", text)]);
    let error = partner.client.execute(&NoJson).await.unwrap_err();
    let (message, fields) = said(&error);
    assert!(message.unwrap().starts_with("JSON parse error - ") && fields.is_empty());
    assert_eq!(error.status().unwrap().as_u16(), 400);
}

#[tokio::test]
async fn filters_that_are_refused() {
    let partner = Partner::new().await;
    let list = || partner.client.investments().list();
    for (call, field, text) in [
        (list().param("id__in", "1,x"), "id__in", "Enter a number."),
        (
            list().param("amount__gt", "much"),
            "amount__gt",
            "Enter a number.",
        ),
        (
            list().param("created_at__gte", "yesterday"),
            "created_at__gte",
            "Enter a valid date/time.",
        ),
        (
            list().status(InvestmentStatus::from_value("bogus")),
            "status",
            "Select a valid choice. bogus is not one of the available choices.",
        ),
        (
            list().investor(99_999_u64),
            "investor",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
    ] {
        let error = call.send().await.unwrap_err();
        assert_fields(&error, &[(field, text)]);
    }
}

#[tokio::test]
async fn objects_and_pages_that_are_not_there() {
    let partner = Partner::new().await;
    let retrieve = || partner.client.investments().retrieve(99_999_u64);
    let error = retrieve().send().await.unwrap_err();
    assert!(error.is_not_found());
    assert_message(&error, 404, "No Investment matches the given query.");
    partner
        .sandbox
        .set_switch("not_found_text", "older")
        .unwrap();
    let error = retrieve().send().await.unwrap_err();
    assert_message(&error, 404, "Not found.");
    let error = partner.client.execute(&TextId).await.unwrap_err();
    assert_message(&error, 404, "Not found.");
    for page in [0, 2, i64::MAX] {
        let list = partner.client.investments().list().page(page);
        let error = list.send().await.unwrap_err();
        assert!(error.is_not_found());
        assert_message(&error, 404, "Invalid page.");
    }
}

#[tokio::test]
async fn requests_that_the_framework_does_not_take() {
    let partner = Partner::new().await;
    let client = &partner.client;
    let error = client.execute(&Put).await.unwrap_err();
    assert_message(&error, 405, "Method \"PUT\" not allowed.");
    assert_eq!(error.headers()[ALLOW], "GET, POST, HEAD, OPTIONS");
    let accept = HeaderValue::from_static("text/csv");
    let list = client.investors().list().header(ACCEPT, accept);
    let error = list.send().await.unwrap_err();
    assert_message(&error, 406, "Could not satisfy the request Accept header.");
    let error = client.execute(&PlainText).await.unwrap_err();
    assert_message(
        &error,
        415,
        "Unsupported media type \"text/plain\" in request.",
    );
    let error = client.execute(&NoSlash).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 301);
    let location = error.headers()[LOCATION].to_str().unwrap();
    assert!(location.ends_with(INVESTORS), "told, and not followed");
}

#[tokio::test]
async fn pages_for_people() {
    let partner = Partner::new().await;
    let error = partner.client.execute(&NoSuchPath).await.unwrap_err();
    assert!(error.is_not_found() && Problem::of(&error).is_none());
    assert!(error.to_string().contains("text/html"), "{error}");
    for (page, status) in [
        (ErrorPage::DjangoServerError, 500),
        (ErrorPage::NginxBadGateway, 502),
        (ErrorPage::NginxGatewayTimeout, 504),
    ] {
        partner.sandbox.clear_faults();
        let fault = Fault::new(Effect::HtmlError(page));
        partner.sandbox.inject(fault.on("investors.list")).unwrap();
        let once = CallOptions::new().attempts(1);
        let list = partner.client.investors().list().options(once);
        let error = list.send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(error.is_retryable() && Problem::of(&error).is_none());
        assert!(
            error.body().trim_ascii().starts_with(b"<") && error.to_string().contains("text/html")
        );
    }
}

#[tokio::test]
async fn too_many_calls() {
    let partner = Partner::new().await;
    partner.client.auth().login().await.unwrap();
    for (after, text) in [
        (
            60,
            "Request was throttled. Expected available in 60 seconds.",
        ),
        (1, "Request was throttled. Expected available in 1 second."),
    ] {
        partner.sandbox.clear_faults();
        let fault = Fault::new(Effect::Throttled(RetryAfter::Seconds(after)));
        partner.sandbox.inject(fault).unwrap();
        let once = CallOptions::new().attempts(1);
        let list = partner.client.investors().list().options(once);
        let error = list.send().await.unwrap_err();
        assert!(error.is_rate_limited() && error.is_retryable());
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(u64::from(after)))
        );
        assert_message(&error, 429, text);
    }
    // Refused before it was carried out: even a write can be sent again.
    let error = partner
        .client
        .investors()
        .create(person("Lovelace"), InvestorType::Person)
        .options(CallOptions::new().attempts(1))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable());
    partner.sandbox.clear_faults();
    investor(&partner.client, "Lovelace").await;
    let investors = partner.client.investors();
    assert_eq!(investors.list().send().await.unwrap().count, 1);
}
