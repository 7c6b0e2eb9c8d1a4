//! A tower HTTP client stack for SDKs.

mod decode;
mod encode;
mod error;
mod operation;
mod retry_after;

pub use bytes;
pub use http;

pub use encode::RequestEncoder;
pub use error::{ConfigError, DecodeError, EncodeError, Error, ErrorKind, TimeoutPhase};
pub use operation::{Operation, OperationInfo, Reply, ResponseKind, RetryClass};

/// Any error, boxed: what transports and layers of others fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
