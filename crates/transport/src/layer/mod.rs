//! The layers of the stack, one per file, each usable on its own in any tower stack.
//!
//! Every layer takes any service whose error turns into [`Error`](crate::Error) and fails with that
//! error itself. They read what they need to know of a request from its extensions (`&'static
//! OperationInfo`); without it they assume the careful answer. The order they are meant for, and
//! why, is written down in one place: the function that composes the client's stack,
//! `src/stack.rs`.

pub mod auth;
pub mod base_uri;
pub mod collect;
pub mod decompress;
pub mod headers;
pub mod in_flight;
pub mod operation;
pub mod request_id;
pub mod retry;
pub mod timeout;
pub mod trace;

pub use auth::AuthLayer;
pub use base_uri::BaseUriLayer;
pub use collect::CollectLayer;
pub use decompress::DecompressLayer;
pub use headers::DefaultHeadersLayer;
pub use in_flight::InFlightLayer;
pub use operation::OperationLayer;
pub use request_id::RequestIdLayer;
pub use retry::RetryLayer;
pub use timeout::TimeoutLayer;
pub use trace::AttemptTraceLayer;

use http::Request;

use crate::operation::OperationInfo;

/// The facts of the operation that a request belongs to; `None` for a raw request.
pub(crate) fn info_of<B>(request: &Request<B>) -> Option<&'static OperationInfo> {
    request
        .extensions()
        .get::<&'static OperationInfo>()
        .copied()
}
