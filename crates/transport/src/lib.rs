//! A tower HTTP client stack for SDKs.

mod body;
mod builder;
mod call;
mod client;
mod clock;
#[cfg(feature = "hyper")]
mod connect;
mod decode;
mod encode;
mod error;
pub mod layer;
mod operation;
mod options;
mod origin;
mod retry_after;
mod stack;
#[cfg(feature = "hyper")]
mod tls;
mod token;
mod transport;

pub use async_trait::async_trait;
pub use bytes;
pub use http;

pub use body::Body;
pub use builder::ClientBuilder;
pub use client::{Client, LayeredService};
pub use encode::RequestEncoder;
pub use error::{ConfigError, DecodeError, EncodeError, Error, ErrorKind, TimeoutPhase};
pub use layer::collect::BodyCaps;
pub use operation::{Operation, OperationInfo, Reply, ResponseKind, RetryClass};
pub use options::CallOptions;
pub use origin::Origin;
#[cfg(feature = "hyper")]
pub use tls::{TlsProvider, TlsRoots};
pub use token::{Token, TokenSource};

/// Any error, boxed: what transports and layers of others fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
