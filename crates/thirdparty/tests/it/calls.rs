//! Calls as values: they can be kept, moved and taken apart, and users can bring operations of
//! their own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use accredit_sandbox::Sandbox;
use accredit_thirdparty::operations::{auth, investments, investors, kyb_documents};
use accredit_thirdparty::transport::bytes::Bytes;
use accredit_thirdparty::transport::http::{HeaderName, HeaderValue, Method, Request, Response};
use accredit_thirdparty::transport::{
    Body, CallOptions, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder,
    ResponseKind, RetryClass,
};
use accredit_thirdparty::{Call, Client, Credentials, Environment, ErrorKind};

use crate::support::{EMAIL, PASSWORD, Service, investor, partner};

fn is_storable<T: Send + Sync + 'static>() {}

#[test]
fn calls_operations_and_clients_can_be_stored_and_shared() {
    is_storable::<Client>();
    is_storable::<Call<investments::List>>();
    is_storable::<Call<investments::Create>>();
    is_storable::<Call<investors::Create>>();
    is_storable::<Call<kyb_documents::Create>>();
    is_storable::<auth::Login>();
    is_storable::<accredit_thirdparty::Error>();
}

/// A struct of a user that keeps a call for later, with nothing borrowed.
struct Later {
    list: Call<investments::List>,
}

#[tokio::test]
async fn a_kept_call_is_sent_by_another_task() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let later = {
        let client = service.client();
        Later {
            list: client.investments().list().page(7),
        }
    };
    let page = tokio::spawn(async move { later.list.send().await })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.count, 0);
    assert_eq!(service.seen()[1].uri().query(), Some("page=7"));
}

#[tokio::test]
async fn the_bare_operation_gives_the_same_as_the_call() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let sent = client
        .investors()
        .retrieve(investor.id)
        .send()
        .await
        .unwrap();
    let operation = client.investors().retrieve(investor.id).into_operation();
    assert_eq!(operation, investors::Retrieve::new(investor.id));
    assert_eq!(client.execute(&operation).await.unwrap(), sent);
    // An operation is a value: it can run again, and as another value with a field changed.
    let mut other = operation.clone();
    assert_eq!(client.execute(&operation).await.unwrap(), sent);
    other.id = 99_999_u64.into();
    assert!(client.execute(&other).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_call_sends_its_own_headers_and_keeps_its_own_deadline() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let client = service.client();
    let name = HeaderName::from_static("x-trace");
    let list = client
        .investments()
        .list()
        .header(name.clone(), HeaderValue::from_static("7"));
    list.send().await.unwrap();
    assert_eq!(service.seen()[1].headers()[&name], "7");
    // No credentials of a caller's own on an authenticated call.
    let header = HeaderValue::from_static("Token stolen");
    let list = client
        .investments()
        .list()
        .header(HeaderName::from_static("authorization"), header);
    list.send().await.unwrap();
    let (_, credentials) = &service.seen_with_credentials()[2];
    assert_eq!(credentials.as_deref(), Some("Token canary-token"));
    let options = CallOptions::new().deadline(Duration::from_secs(60));
    client
        .investments()
        .list()
        .options(options)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_deadline_of_a_call_covers_the_login() {
    let silent = tower::service_fn(|_: Request<Body>| {
        std::future::pending::<Result<Response<Body>, Infallible>>()
    });
    let client = Client::builder(Environment::Production)
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .configure(move |transport| transport.transport(silent))
        .build()
        .unwrap();
    let list = client
        .investments()
        .list()
        .deadline(Duration::from_millis(1));
    let error = list.send().await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_sent());
    assert_eq!(error.operation(), Some("investments.list"));
}

/// An operation that this crate does not know.
struct Count {
    status: &'static str,
}

impl Operation for Count {
    type Output = u64;
    const INFO: OperationInfo = OperationInfo::new(
        "mine.count",
        Method::GET,
        "/api_third_party/investors/",
        RetryClass::Read,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.query("page_size", 1);
        request.query("type", self.status);
        Ok(())
    }

    fn decode(reply: Reply) -> Result<u64, DecodeError> {
        let page: HashMap<String, accredit_thirdparty::models::Json> = reply.json()?;
        let count = page
            .get("count")
            .ok_or_else(|| DecodeError::message("there is no count"))?;
        count.decode().map_err(DecodeError::malformed)
    }
}

#[tokio::test]
async fn operations_of_users_run_like_our_own() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    investor(&client, "Lovelace").await;
    assert_eq!(
        client.execute(&Count { status: "person" }).await.unwrap(),
        1
    );
    assert_eq!(
        client.execute(&Count { status: "company" }).await.unwrap(),
        0
    );
    let error = client
        .execute(&Count { status: "robot" })
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Status, Some("mine.count"))
    );

    let raw = Request::get("/api_third_party/investors/99999/")
        .body(Bytes::new())
        .unwrap();
    let reply = client.transport().send(raw).await.unwrap();
    assert_eq!(
        reply.status.as_u16(),
        404,
        "the raw door is logged in and judges no status"
    );
}

#[tokio::test]
async fn the_callers_agent_and_the_environments_origin_win() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let agent =
        |request: &Request<Bytes>| request.headers()["user-agent"].to_str().unwrap().to_owned();
    service.client().investors().list().send().await.unwrap();
    assert!(agent(&service.seen()[1]).starts_with("accredit-thirdparty/"));
    let configured = service.builder().token("t").configure(|transport| {
        let transport = transport
            .user_agent("mine/1")
            .base_uri("http://127.0.0.1:1");
        transport.allow_insecure_loopback(true)
    });
    configured
        .build()
        .unwrap()
        .investors()
        .list()
        .send()
        .await
        .unwrap();
    let request = &service.seen()[2];
    assert_eq!(agent(request), "mine/1");
    assert_eq!(request.uri().host(), Some("api.issuance.com"));
}
