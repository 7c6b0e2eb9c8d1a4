//! Both services on your machine: a stateful emulator of the Issuance Third Party API and of
//! VerifyInvestor.com.
//!
//! One loopback port, a SQLite store (in memory, or a file), a clock that you move, webhooks that
//! are really sent, and pages on which a person plays the investor. No account, no network, no
//! money.
//!
//! ```
//! # async fn example() -> Result<(), accredit_sandbox::Error> {
//! use accredit_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::builder().seed(7).start().await?;
//! let base = sandbox.base_url(); // http://127.0.0.1:<port>
//! // POST {base}/api_third_party/auth/login/ with these, GET {base}/api/v1 with the token:
//! let login = sandbox.thirdparty_credentials();
//! let token = sandbox.verifyinvestor_api_token();
//! # let _ = (base, login, token);
//! # Ok(()) }
//! ```
//!
//! # Where things are
//!
//! | address | what |
//! |---|---|
//! | `/api_third_party/…` | the Third Party API, as Django REST Framework and knox answer |
//! | `/api/v1/…` | VerifyInvestor's Regular API, as Rails answers |
//! | `/authorization/{token}` | where an investor grants access to VerifyInvestor |
//! | `/investor/verification-requests/{id}/verification-method` | where an investor accepts, completes, declines or cancels |
//! | `/_sandbox/sign/{token}` | where an investor signs a subscription agreement |
//! | `/_sandbox/id-upload/{token}` | where an investor uploads an ID |
//! | `/_sandbox/openapi/{service}.json` | what the sandbox answers, as OpenAPI 3.1: `thirdparty`, `verifyinvestor` |
//! | `/_sandbox/…` | the sandbox's own controls: health, clock, reset, webhooks, statuses, faults, switches |
//!
//! # What it never does
//!
//! It shares no code with the clients that it tests, listens on no other address than loopback and
//! answers no other `Host` unless told to, calls no other machine unless told to, and logs no body,
//! token or query.

mod access;
mod builder;
mod call;
mod clock;
mod contract;
mod control;
mod credentials;
mod dispatch;
mod error;
mod faults;
mod front;
mod generated;
mod host;
mod inspector;
mod json;
mod money;
mod nesting;
mod pages;
mod payload;
mod pdf;
mod python_json;
mod reply;
mod route;
mod routing;
mod sandbox;
mod secrets;
mod server;
mod snapshots;
mod state;
mod store;
mod switches;
mod thirdparty;
mod tls;
mod verifyinvestor;
mod webhooks;

pub use builder::Builder;
pub use clock::Clock;
pub use credentials::{
    AUTHORIZATION_TOKEN, Credentials, PARTNER_EMAIL, PARTNER_PASSWORD, VERIFYINVESTOR_API_TOKEN,
    WEBHOOK_SECRET,
};
pub use error::Error;
pub use faults::{Effect, ErrorPage, Fault, InjectedFault, RetryAfter, Stale};
pub use sandbox::{Investments, Offering, Sandbox, VerifyInvestorUser};
pub use webhooks::{
    Delivery, DeliveryAttempt, WebhookBody, WebhookDelay, WebhookSettings, WebhookSignature,
};
