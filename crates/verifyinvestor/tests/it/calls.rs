//! Calls as values: they can be kept, moved and taken apart, and users can bring operations of
//! their own.

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::operations::{users, verification_requests};
use accredit_verifyinvestor::transport::bytes::Bytes;
use accredit_verifyinvestor::transport::http::{HeaderName, HeaderValue, Method, Request};
use accredit_verifyinvestor::transport::{
    DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder, ResponseKind,
    RetryClass,
};
use accredit_verifyinvestor::{Call, Client, Environment, Error, ErrorKind};

use crate::support::{Service, TOKEN, account, violet};

fn is_storable<T: Send + Sync + 'static>() {}

#[test]
fn calls_operations_and_clients_can_be_stored_and_shared() {
    is_storable::<Client>();
    is_storable::<Call<users::List>>();
    is_storable::<Call<verification_requests::Create>>();
    is_storable::<verification_requests::Certificate>();
    is_storable::<Error>();
}

#[tokio::test]
async fn a_kept_call_is_sent_by_another_task() {
    let service = Service::json(200, "[]");
    let kept: Call<users::List> = service.client().users().list();
    assert!(tokio::spawn(kept.send()).await.unwrap().unwrap().is_empty());
    let request = &service.seen()[0];
    assert_eq!(request.uri(), "https://www.verifyinvestor.com/api/v1/users");
    assert_eq!(request.headers()["authorization"], format!("Token {TOKEN}"));
    assert_eq!(request.headers()["accept"], "application/json");
}

#[tokio::test]
async fn the_bare_operation_gives_the_same_as_the_call() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let sent = client
        .users()
        .retrieve(user)
        .legal_name("Violet Howard")
        .send()
        .await
        .unwrap();
    let operation = client
        .users()
        .retrieve(user)
        .legal_name("Violet Howard")
        .into_operation();
    assert_eq!(client.execute(&operation).await.unwrap(), sent);
    assert_eq!(client.execute(&operation.clone()).await.unwrap(), sent);
    let by_handle = client
        .users()
        .verification_requests(user)
        .list()
        .send()
        .await
        .unwrap();
    let operation = verification_requests::List::new(user);
    assert_eq!(client.execute(&operation).await.unwrap(), by_handle);
}

#[tokio::test]
async fn the_callers_agent_and_the_environments_origin_win() {
    let service = Service::json(200, "[]");
    service.client().users().list().send().await.unwrap();
    let configured = service
        .builder(Environment::Staging)
        .api_token("t")
        .configure(|transport| {
            let transport = transport
                .user_agent("mine/1")
                .base_uri("http://127.0.0.1:1");
            transport.allow_insecure_loopback(true)
        });
    let name = HeaderName::from_static("x-trace");
    let client = configured.build().unwrap();
    client
        .users()
        .list()
        .header(name.clone(), HeaderValue::from_static("7"))
        .send()
        .await
        .unwrap();
    let seen = service.seen();
    let agent = seen[0].headers()["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("accredit-verifyinvestor/"), "{agent}");
    assert_eq!(seen[1].headers()["user-agent"], "mine/1");
    assert_eq!(seen[1].headers()[&name], "7");
    assert_eq!(
        seen[1].uri(),
        "https://verifyinvestor-staging.herokuapp.com/api/v1/users"
    );
}

#[tokio::test]
async fn without_a_token_a_call_fails_before_it_is_sent() {
    let service = Service::json(200, "[]");
    let client = service.builder(Environment::Production).build().unwrap();
    let error = client.users().list().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Auth, Some("users.list"))
    );
    assert!(!error.may_have_been_sent());
    assert!(service.seen().is_empty());
}

/// An operation that this crate does not know.
struct Exists(u64);

impl Operation for Exists {
    type Output = bool;
    const INFO: OperationInfo = OperationInfo::new(
        "mine.exists",
        Method::GET,
        "/api/v1/users/{user_id}",
        RetryClass::Read,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("user_id", self.0)
    }

    fn decode(reply: Reply) -> Result<bool, DecodeError> {
        Ok(reply.status.is_success())
    }
}

#[tokio::test]
async fn operations_of_users_run_like_our_own() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    assert!(
        client
            .execute(&Exists(violet(&sandbox).get()))
            .await
            .unwrap()
    );
    let error = client.execute(&Exists(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "mine.exists: 404 Not Found");
    let raw = Request::get("/api/v1").body(Bytes::new()).unwrap();
    assert_eq!(
        client.transport().send(raw).await.unwrap().status.as_u16(),
        200
    );
}
