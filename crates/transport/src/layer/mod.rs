//! The layers of the stack, one per file, each usable on its own in any tower stack.
//!
//! Every layer takes any service whose error turns into [`Error`] and fails with that
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

use http::{Request, Response, StatusCode};

use crate::error::Error;
use crate::operation::OperationInfo;

/// The facts of the operation that a request belongs to; `None` for a raw request.
pub(crate) fn info_of<B>(request: &Request<B>) -> Option<&'static OperationInfo> {
    request
        .extensions()
        .get::<&'static OperationInfo>()
        .copied()
}

/// Whether the reply will be a document. Of the reply to a raw request nothing is known.
fn expects_document<B>(request: &Request<B>) -> bool {
    info_of(request).is_some_and(|info| info.response().is_document())
}

/// The status of a reply, also of one that broke off.
fn status_of<R>(result: &Result<Response<R>, Error>) -> Option<StatusCode> {
    match result {
        Ok(response) => Some(response.status()),
        Err(error) => error.status(),
    }
}
