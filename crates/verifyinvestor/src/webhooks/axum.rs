//! The receiver in axum: a verified webhook as an extractor, and errors as empty answers.

use axum_core::{
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse, Response},
};

use super::{Verified, WebhookError, WebhookReceiver};

/// Extracts the webhook of a request that a [`WebhookReceiver`] in the state accepts. What it refuses never reaches the handler, and
/// is answered with an empty body.
///
/// ```
/// use std::sync::Arc;
/// use accredit_verifyinvestor::transport::http::StatusCode;
/// use accredit_verifyinvestor::{Verified, VerificationRequestId, WebhookError, WebhookReceiver, Webhooks};
/// use axum::{Router, extract::{FromRef, State}, routing::post};
/// use tokio::sync::mpsc::UnboundedSender;
///
/// #[derive(Clone)]
/// struct App {
///     receiver: WebhookReceiver,
///     changed: UnboundedSender<VerificationRequestId>,
/// }
///
/// impl FromRef<App> for WebhookReceiver {
///     fn from_ref(app: &App) -> Self {
///         app.receiver.clone()
///     }
/// }
///
/// /// Answers at once; somebody else retrieves the request and acts on what it says. Delivery is not guaranteed and events are
/// /// neither ordered nor dated, so a real one stores what came (see `accredit-inbox`) and polls for what never came.
/// async fn webhook(State(app): State<App>, webhook: Verified) -> Result<StatusCode, WebhookError> {
///     let event = webhook.event()?; // else an empty 400
///     match app.changed.send(event.verification_request_id) {
///         Ok(()) => Ok(StatusCode::NO_CONTENT),
///         Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE),
///     }
/// }
///
/// fn routes(secret: &str, changed: UnboundedSender<VerificationRequestId>) -> Result<Router, WebhookError> {
///     let receiver = WebhookReceiver::new(Webhooks::new(secret)?);
///     Ok(Router::new().route("/webhooks", post(webhook)).with_state(App { receiver, changed }))
/// }
/// # routes("whsec", tokio::sync::mpsc::unbounded_channel().0).unwrap();
/// ```
impl<S> FromRequest<S> for Verified
where
    S: Send + Sync,
    WebhookReceiver: FromRef<S>,
{
    type Rejection = WebhookError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookError> {
        let webhook = WebhookReceiver::from_ref(state).receive(request).await?;
        Ok(webhook.into_body())
    }
}

/// [`status`](WebhookError::status) without a body.
impl IntoResponse for WebhookError {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}
