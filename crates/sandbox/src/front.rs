//! The way in: turns away who may not come, and tells the two APIs from the sandbox's own pages.
//!
//! The APIs' paths go straight to their routes. Only the sandbox's own go through a router.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::state::Shared;
use crate::{access, control, dispatch, host};

/// Answers everything that a connection brings.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    shared: Arc<Shared>,
    pages: TowerToHyperService<Router>,
}

impl Front {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let pages = TowerToHyperService::new(control::router(Arc::clone(&shared)));
        Self { shared, pages }
    }

    pub(crate) async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let request = request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(body)
            }
        });
        let has_body = request.method() != Method::HEAD;
        let response = self.respond(request).await?;
        Ok(if has_body {
            response
        } else {
            without_body(response)
        })
    }

    async fn respond(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let Self { shared, pages } = self;
        if let Some(refusal) = host::refusal(&shared, &request) {
            return Ok(refusal.into_response());
        }
        if host::is_api(&request) {
            return Ok(dispatch::dispatch(&shared, request).await);
        }
        match access::refusal(&shared, &request) {
            Some(refusal) => Ok(refusal.into_response()),
            None => pages.call(request).await,
        }
    }
}

/// The answer to HEAD: it says how long the body would be. The server would leave the body out by
/// itself, and never come to its end.
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
