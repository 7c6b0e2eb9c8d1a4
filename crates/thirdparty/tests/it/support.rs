//! What the tests share: a scripted service, clients of a sandbox, a browser, a log. No assertions
//! about any one resource.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_sandbox::Sandbox;
use accredit_thirdparty::transport::bytes::Bytes;
use accredit_thirdparty::transport::http::header::{AUTHORIZATION, CONTENT_TYPE};
use accredit_thirdparty::transport::http::{HeaderValue, Request, Response};
use accredit_thirdparty::transport::testkit::{Listening, Log};
use accredit_thirdparty::transport::{Body, OperationInfo, RetryPolicy};
use accredit_thirdparty::{
    Client, ClientBuilder, Country, CreatedInvestment, Credentials, Environment, Investor,
    InvestorType, NewEntity, OfferingId, PaymentMethod,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const EMAIL: &str = "canary-partner@example.com";
pub(crate) const PASSWORD: &str = "canary-password";
pub(crate) const TOKEN: &str = "canary-token";

type Answer = dyn Fn(&Request<Bytes>) -> Response<Body> + Send + Sync;

/// A service that answers as the test says and remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Service {
    answer: Arc<Answer>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Service {
    pub(crate) fn new(
        answer: impl Fn(&Request<Bytes>) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(answer),
            seen: Arc::default(),
        }
    }

    /// Logs everyone in and gives every other request the same answer.
    pub(crate) fn answering(status: u16, content_type: &'static str, body: &str) -> Self {
        let body = body.to_owned();
        Self::new(move |request| {
            if is_login(request) {
                login(TOKEN)
            } else {
                reply(status, content_type, body.clone())
            }
        })
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::answering(status, "application/json", body)
    }

    /// A client of this service, without credentials yet.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let service = self.clone();
        Client::builder(Environment::Production).configure(move |transport| {
            let service = service.clone();
            let policy = RetryPolicy::default().base(Duration::ZERO);
            transport
                .retry(policy)
                .transport(tower::service_fn(move |request: Request<Body>| {
                    let service = service.clone();
                    let request = request.map(|body| body.as_bytes().cloned().unwrap_or_default());
                    async move {
                        service.seen.lock().unwrap().push(request.clone());
                        // As on a network, other tasks run before the reply comes.
                        for _ in 0..3 {
                            tokio::task::yield_now().await;
                        }
                        Ok::<_, Infallible>((service.answer)(&request))
                    }
                }))
        })
    }

    /// A client that logs in with a password.
    pub(crate) fn client(&self) -> Client {
        self.builder()
            .credentials(Credentials::password(EMAIL, PASSWORD))
            .build()
            .unwrap()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().unwrap().clone()
    }

    /// The last part of the path of each request so far, with the credentials that it carried.
    pub(crate) fn seen_with_credentials(&self) -> Vec<(String, Option<String>)> {
        let describe = |request: &Request<Bytes>| {
            let credentials = request.headers().get(AUTHORIZATION);
            let path = request.uri().path().trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or_default();
            (
                name.to_owned(),
                credentials.map(|value| value.to_str().unwrap().to_owned()),
            )
        };
        self.seen().iter().map(describe).collect()
    }
}

pub(crate) fn is_login<B>(request: &Request<B>) -> bool {
    request.uri().path().ends_with("/auth/login/")
}

pub(crate) fn login(token: &str) -> Response<Body> {
    let body = format!(r#"{{"token": "{token}", "expiry": "2030-01-01T00:00:00Z"}}"#);
    reply(200, "application/json", body)
}

pub(crate) fn reply(
    status: u16,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
        .body(Body::whole(body))
        .unwrap()
}

/// A client of a sandbox's partner account.
pub(crate) fn partner(sandbox: &Sandbox) -> Client {
    partner_builder(sandbox).build().unwrap()
}

pub(crate) fn partner_builder(sandbox: &Sandbox) -> ClientBuilder {
    let credentials = sandbox.thirdparty_credentials();
    Client::builder(Environment::Sandbox(sandbox.base_url())).credentials(Credentials::password(
        credentials.email,
        credentials.password,
    ))
}

/// Writes down the name of each operation that leaves a client, logins included.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Vec<&'static str>>>);

impl Names {
    pub(crate) fn watch(&self, builder: ClientBuilder) -> ClientBuilder {
        let names = self.clone();
        builder.configure(move |transport| {
            let names = names.clone();
            transport.layer(tower::util::MapRequestLayer::new(
                move |request: Request<Body>| {
                    let info = request.extensions().get::<&'static OperationInfo>();
                    names
                        .0
                        .lock()
                        .unwrap()
                        .push(info.map_or("raw", |info| info.name()));
                    request
                },
            ))
        })
    }

    pub(crate) fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

pub(crate) fn offering(sandbox: &Sandbox, kind: &str) -> OfferingId {
    let offerings = sandbox.offerings().unwrap();
    let offering = offerings.iter().find(|offering| offering.r#type == kind);
    OfferingId::new(offering.expect("an offering of this type").id)
}

/// A person as the sandbox takes one.
pub(crate) fn person(last_name: &str) -> NewEntity {
    NewEntity::new()
        .first_name("Ada")
        .last_name(last_name)
        .email(format!("{}@example.com", last_name.to_lowercase()))
        .date_of_birth(
            "1985-12-10"
                .parse::<accredit_thirdparty::models::Date>()
                .unwrap(),
        )
        .tax_id_number("123-45-6789")
        .country(Country::US)
}

pub(crate) async fn investor(client: &Client, last_name: &str) -> Investor {
    let create = client
        .investors()
        .create(person(last_name), InvestorType::Person);
    create.send().await.unwrap()
}

pub(crate) async fn wire_investment(
    client: &Client,
    offering: OfferingId,
    investor: &Investor,
    quantity: i64,
) -> CreatedInvestment {
    let create = client
        .investments()
        .create(offering, investor.id, quantity)
        .requested_payment_method(PaymentMethod::Wire);
    create.send().await.unwrap()
}

/// Sends the form of a hosted page, as a browser does; gives the status.
pub(crate) async fn submit(sandbox: &Sandbox, url: &str, form: &str) -> u16 {
    let path = url
        .strip_prefix(&sandbox.base_url())
        .expect("a page of this sandbox");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
        sandbox.address(),
        form.len()
    );
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Everything that this thread traces, and what ends it.
pub(crate) fn record() -> (Log, Listening) {
    let log = Log::new();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    (log, Log::listen(subscriber))
}
