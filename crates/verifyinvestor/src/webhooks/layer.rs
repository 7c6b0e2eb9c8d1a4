//! The receiver as a tower service: what is inside sees verified webhooks and nothing else.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::{Verified, WebhookReceiver};

/// The service that a [`WebhookReceiver`] makes as a layer.
///
/// It is always ready: it asks the inner service only once there is a verified webhook for it.
#[derive(Clone, Debug)]
pub struct VerifyWebhook<S> {
    receiver: WebhookReceiver,
    inner: S,
}

impl<S> VerifyWebhook<S> {
    pub(super) const fn new(receiver: WebhookReceiver, inner: S) -> Self {
        Self { receiver, inner }
    }
}

impl<S, B, R> Service<Request<B>> for VerifyWebhook<S>
where
    S: Service<Request<Verified>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    R: Default,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self {
            receiver,
            mut inner,
        } = self.clone();
        Box::pin(async move {
            let webhook = match receiver.receive(request).await {
                Ok(webhook) => webhook,
                Err(error) => return Ok(empty(error.status())),
            };
            let answer = async {
                poll_fn(|context| inner.poll_ready(context)).await?;
                inner.call(webhook).await
            };
            // The error is not printed: it can quote the body.
            Ok(answer.await.unwrap_or_else(|_: S::Error| {
                tracing::warn!("the service behind the webhook's receiver failed");
                empty(StatusCode::SERVICE_UNAVAILABLE)
            }))
        })
    }
}

fn empty<R: Default>(status: StatusCode) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = status;
    response
}
