#![doc = include_str!("../README.md")]

mod accreditation;
mod authorization;
mod authorization_return;
mod call;
mod certificate;
mod client;
pub mod operations;
mod problem;
mod reconcile;
mod reply;
pub mod resources;
mod resume;
mod tokens;
mod wait;
mod webhooks;

pub use accredit_models::{self as models, verifyinvestor::*};
#[cfg(feature = "blocking")]
pub use accredit_transport::Blocking;
pub use accredit_transport::{self as transport, ConfigError, Error, ErrorKind};

pub use accreditation::{Accreditation, AskAccreditation};
pub use authorization::{AuthorizationLink, LinkError};
pub use authorization_return::{AuthorizationReturn, ReturnError};
pub use call::Call;
pub use certificate::CertificatePdf;
pub use client::{Client, ClientBuilder, Environment, NoSimulation};
pub use problem::{error_message, pending_verification_request};
pub use reconcile::{CreateRequest, Reconciled};
pub use resume::OpenRequest;
pub use tokens::{ApiToken, UserAuthorizationToken};
pub use wait::{Changes, Wait};
pub use webhooks::{SIGNATURE_HEADER, SOURCE_ADDRESSES, Verified, WebhookError, Webhooks};
#[cfg(feature = "testkit")]
pub use webhooks::{SignatureEncoding, WebhookSigner};
#[cfg(feature = "webhooks-tower")]
pub use webhooks::{VerifyWebhook, WebhookReceiver};
