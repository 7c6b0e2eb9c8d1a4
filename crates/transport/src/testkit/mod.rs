//! What tests need that use a client of this crate: a server that follows a script, the requests
//! that it was sent, secrets that are easy to find where they do not belong.
//!
//! It stands in the place of the network only: a request goes through the whole stack, with its
//! retries, limits and credentials, and arrives as it would go out. Nothing here is for programs: a
//! check that fails panics.
//!
//! ```
//! # use accredit_transport::http::Method;
//! # use accredit_transport::{DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass};
//! # struct Retrieve(u64);
//! # impl Operation for Retrieve {
//! #     type Output = String;
//! #     const INFO: OperationInfo =
//! #         OperationInfo::new("notes.retrieve", Method::GET, "/notes/{id}", RetryClass::Read, ResponseKind::Json);
//! #     fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
//! #         request.path("id", self.0)
//! #     }
//! #     fn decode(reply: Reply) -> Result<String, DecodeError> {
//! #         reply.json()
//! #     }
//! # }
//! use accredit_transport::testkit::{Answer, Canary, Script};
//! use accredit_transport::{Client, Token};
//!
//! # // As #[tokio::test(start_paused = true)] does it.
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::time::pause();
//! // #[tokio::test(start_paused = true)]
//! let script = Script::new()
//!     .then(Answer::status(503).header("retry-after", "20"))
//!     .then(Answer::json(200, r#""hello""#));
//! let secret = Canary::new("token");
//! let client = Client::builder()
//!     .base_uri("https://api.example.com")
//!     .token(Token::new("Bearer", secret.as_str())?)
//!     .transport(script.service())
//!     .build()?;
//!
//! assert_eq!(client.execute(&Retrieve(7)).await?, "hello");
//!
//! script.assert_done();
//! assert_eq!(script.operations(), ["notes.retrieve", "notes.retrieve"]);
//! let requests = script.requests();
//! assert_eq!(requests[1].path(), "/notes/7");
//! assert_eq!(requests[1].at().as_secs(), 20, "it waited as long as it was told");
//! secret.assert_absent(format!("{client:?} {requests:?}"));
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! With `#[tokio::test(start_paused = true)]` (tokio's feature `test-util`) the clock of a test
//! jumps to the next timer as soon as every task waits: retries, timeouts and deadlines take no
//! time, and [`Captured::at`] says when a request would have come. Real sockets do not go with it:
//! the clock would jump while bytes are on their way.

#![allow(
    clippy::panic,
    reason = "a check that fails ends its test; the module is compiled for tests only"
)]

mod answer;
mod canary;
mod captured;
mod gate;
mod log;
mod script;

pub use answer::Answer;
pub use canary::Canary;
pub use captured::Captured;
pub use gate::Gate;
pub use log::{Listening, Log};
pub use script::{Script, Scripted};
