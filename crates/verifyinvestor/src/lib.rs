#![doc = include_str!("../README.md")]

mod authorization;
mod call;
mod client;
pub mod operations;
mod problem;
mod reply;
pub mod resources;
mod webhooks;

pub use accredit_models::{self as models, verifyinvestor::*};
#[cfg(feature = "blocking")]
pub use accredit_transport::Blocking;
pub use accredit_transport::{self as transport, ConfigError, Error, ErrorKind};

pub use authorization::AuthorizationLink;
pub use call::Call;
pub use client::{Client, ClientBuilder, Environment, NoSimulation};
pub use problem::{error_message, pending_verification_request};
pub use webhooks::{SIGNATURE_HEADER, SOURCE_ADDRESSES, Verified, WebhookError, Webhooks};
#[cfg(feature = "testkit")]
pub use webhooks::{SignatureEncoding, WebhookSigner};
#[cfg(feature = "webhooks-tower")]
pub use webhooks::{VerifyWebhook, WebhookReceiver};
