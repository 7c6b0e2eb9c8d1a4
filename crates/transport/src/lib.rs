//! A tower HTTP client stack for SDKs: operations as values, one typed error, credentials that stay
//! at home.
//!
//! An [`Operation`] says how its request is written and its reply read; a [`Client`] sends it to the
//! one origin it was made for. The crate knows no API of its own.
//!
//! ```
//! use accredit_transport::http::{Method, Request, Response};
//! use accredit_transport::{
//!     Body, Client, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder,
//!     ResponseKind, RetryClass, Token,
//! };
//!
//! struct Retrieve(u64);
//!
//! impl Operation for Retrieve {
//!     type Output = Vec<String>;
//!     const INFO: OperationInfo = OperationInfo::new(
//!         "tags.retrieve",
//!         Method::GET,
//!         "/notes/{id}/tags",
//!         RetryClass::Read,
//!         ResponseKind::Json,
//!     );
//!
//!     fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
//!         request.path("id", self.0)
//!     }
//!
//!     fn decode(reply: Reply) -> Result<Vec<String>, DecodeError> {
//!         reply.json()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder()
//!     .base_uri("https://api.example.com")
//!     .token(Token::new("Bearer", "abc")?)
//!     // In the place of the network, for this example.
//!     .transport(tower::service_fn(async |request: Request<Body>| {
//!         assert_eq!(request.uri(), "https://api.example.com/notes/7/tags");
//!         Ok::<_, std::convert::Infallible>(Response::new(String::from(r#"["a", "b"]"#)))
//!     }))
//!     .build()?;
//! assert_eq!(client.execute(&Retrieve(7)).await?, ["a", "b"]);
//! # Ok(())
//! # }
//! ```
//!
//! # The stack
//!
//! Outermost first; each is a [tower](https://docs.rs/tower) layer in [`layer`], usable on its own.
//!
//! | layer | what it does |
//! |---|---|
//! | *yours* | [`ClientBuilder::layer`] |
//! | [operation](layer::operation) | one span and one deadline (60 s) for all that follows |
//! | [in flight](layer::in_flight) | refuses a call too many ([`ClientBuilder::max_in_flight`]; no limit) |
//! | [base URI](layer::base_uri) | absolute URIs; another origin is refused |
//! | [retry](layer::retry) | repeats what failed and may be repeated (3 attempts) |
//! | [default headers](layer::headers) | agent, accept, your own |
//! | [request id](layer::request_id) | one id per operation, shown by errors |
//! | [attempt timeout](layer::timeout) | bounds one attempt with its body (30 s) |
//! | [collect](layer::collect) | reads the body, up to a cap; of a download only what is no file |
//! | [decompress](layer::decompress) | undoes gzip where it was asked for, refuses other codings |
//! | [auth](layer::auth) | the token, for its own scheme, host and port only |
//! | [first-byte timeout](layer::timeout) | bounds the wait for the head of the reply (20 s) |
//! | [attempt trace](layer::trace) | counts and records attempts |
//! | the transport | hyper over rustls (3 s to connect) or over `ClientBuilder::connector`; or [`ClientBuilder::transport`] |
//!
//! # What is repeated
//!
//! The [class](RetryClass) of an operation and what a failure proves decide whether it is sent
//! again; the [policy](RetryPolicy) decides how often and how soon.
//!
//! | what happened | `Read`, `IdempotentWrite` | `UnsafeWrite`, `EffectfulRead` |
//! |---|---|---|
//! | no connection: DNS, refused, TLS, connect timeout | again | again |
//! | an HTTP/2 stream that the server refused, or closed before it looked at it | again | again |
//! | 401, and the [`TokenSource`] has another token | once more | once more |
//! | 429 | again, after `Retry-After` | again, after `Retry-After` |
//! | 503 with `Retry-After` | again | [`OutcomeUnknown`](ErrorKind::OutcomeUnknown), or again [by choice](RetryPolicy::retry_unsafe_503) |
//! | 500, 502, 503, 504, 408 | again | `OutcomeUnknown` |
//! | connection lost after sending, first-byte or attempt timeout | again | `OutcomeUnknown` |
//! | a 2xx whose body is cut off | again | `OutcomeUnknown`, [likely applied](Error::likely_applied) |
//! | a 2xx that is too large or cannot be read | error | `OutcomeUnknown`, likely applied |
//! | the deadline, after sending | error | `OutcomeUnknown` |
//! | anything else | error | error |
//!
//! A request without a class ([`Client::send`]) and one whose body is a stream are sent once. Below
//! all that, the pool takes a fresh connection for a request that hyper could not begin to write on a
//! kept one. Redirects are not followed.
//!
//! # Credentials
//!
//! One [`Token`] for good, a [`Session`] that logs in by itself, or a [`TokenSource`] of one's own.
//!
//! # Lists and files
//!
//! [`Client::pages`] and [`Client::items`] walk an operation that gives [pages](Paginate) as lazy,
//! fused streams. [`Client::download`] gives a [file](BytesOperation) as it comes: a [`Download`].
//!
//! # What is recorded
//!
//! Spans and events for [tracing](https://docs.rs/tracing), under the target `accredit_transport`, and
//! typed values for an [`Observer`], for metrics. [`observe`] has all names. Never a filled path, a
//! query, a body or the value of a header but the request id's.
//!
//! # Features
//!
//! * `hyper` (default): the client over TCP and TLS. It needs a crypto provider: `tls-ring`
//!   (default) or `tls-aws-lc-rs`, or both; the process default of rustls is neither read nor set.
//!   With neither, the connections come from `ClientBuilder::connector`.
//! * `http2`: HTTP/2 over TLS, for a client that is built with `http2(true)`.
//! * `gzip`: compressed documents, for a client that is built with `gzip(true)`.
//! * `blocking`: calls from programs without async, with `Blocking`.
//! * `testkit`: the module `testkit`, for tests: a scripted server, what it was asked, and secrets that turn up elsewhere.
//! * `platform-verifier`: the certificate authorities of the operating system as a choice.
//!
//! Without `hyper` the crate builds for `wasm32-unknown-unknown` and a transport of one's own is
//! needed. That target has no timers: all timeouts are off there, and setting one is an error.

mod alarm;
#[cfg(feature = "blocking")]
mod blocking;
mod body;
mod builder;
mod call;
mod client;
mod clock;
#[cfg(feature = "hyper")]
mod connect;
#[cfg(feature = "hyper")]
mod connector;
mod decode;
mod download;
mod encode;
mod error;
mod flight;
pub mod layer;
mod lease;
pub mod observe;
mod operation;
mod options;
mod origin;
mod paginate;
mod pause;
#[cfg(feature = "hyper")]
mod pool;
mod progress;
mod random;
mod retry;
mod retry_after;
mod session;
mod stack;
#[cfg(feature = "hyper")]
mod stall;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(feature = "hyper")]
mod tls;
mod token;
mod transport;
mod upload;

pub use async_trait::async_trait;
pub use bytes;
pub use http;

#[cfg(feature = "blocking")]
pub use blocking::{Blocking, BlockingIter};
pub use body::Body;
pub use builder::ClientBuilder;
pub use client::{Client, LayeredService};
pub use download::{BytesOperation, Download, write_file};
pub use encode::RequestEncoder;
pub use error::{ConfigError, DecodeError, EncodeError, Error, ErrorKind, TimeoutPhase};
pub use layer::collect::BodyCaps;
pub use lease::Lease;
pub use observe::Observer;
pub use operation::{Operation, OperationInfo, Reply, ResponseKind, RetryClass};
pub use options::CallOptions;
pub use origin::{Origin, RedactedUri};
pub use paginate::{Cursor, Items, PageInfo, Pages, Paginate};
pub use pause::pause;
pub use progress::Attempt;
pub use retry::{RetryBudget, RetryPolicy};
pub use session::{Login, Session};
#[cfg(feature = "hyper")]
pub use tls::{TlsProvider, TlsRoots};
pub use token::{Token, TokenSource};
pub use upload::Upload;

/// Any error, boxed: what transports and layers of others fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
