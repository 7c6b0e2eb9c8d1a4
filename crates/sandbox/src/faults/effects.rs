//! Carries a fault out around the call that it hits.
//!
//! What concerns the connection is only said here, as a [`Plan`] in the answer's extensions; the
//! [`wire`](super::wire) does it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};

use super::rules::Strike;
use super::wire::Plan;
use super::{Effect, ErrorPage, RetryAfter, Stale, When, mangle};
use crate::reply::Reply;
use crate::state::Shared;
use crate::thirdparty::errors;
use crate::{dispatch, payload};

/// Answers a request that a fault hits.
pub(crate) async fn perform(
    shared: &Arc<Shared>,
    strike: Strike,
    request: Request,
) -> Response<Body> {
    let Strike { when, effect } = strike;
    match effect {
        Effect::Latency(delay) => {
            if when == When::Before {
                tokio::time::sleep(delay).await;
                return dispatch::answered(shared, request).await;
            }
            let response = dispatch::answered(shared, request).await;
            tokio::time::sleep(delay).await;
            response
        }
        Effect::Status {
            status,
            content_type,
            body,
        } => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() =
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if let Ok(value) = HeaderValue::from_str(&content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            instead(shared, when, request, response).await
        }
        Effect::Throttled(after) => instead(shared, when, request, throttled(after)).await,
        Effect::HtmlError(page) => instead(shared, when, request, error_page(page)).await,
        Effect::Reset => {
            let nothing = Response::new(Body::empty());
            planned(instead(shared, when, request, nothing).await, Plan::Reset)
        }
        Effect::MalformedJson => {
            mangle::json(dispatch::answered(shared, request).await, mangle::cut_short).await
        }
        Effect::WrongTypes => {
            mangle::json(
                dispatch::answered(shared, request).await,
                mangle::wrong_types,
            )
            .await
        }
        Effect::UnknownValues => {
            mangle::json(
                dispatch::answered(shared, request).await,
                mangle::unknown_values,
            )
            .await
        }
        Effect::CutBody { bytes } => {
            planned(dispatch::answered(shared, request).await, Plan::Cut(bytes))
        }
        Effect::Drip { bytes, interval } => planned(
            dispatch::answered(shared, request).await,
            Plan::Drip(bytes.max(1), interval),
        ),
        Effect::StaleConnection(stale) => {
            let plan = match stale {
                Stale::AfterAnswer => Plan::CloseAfter,
                Stale::OnNextRequest => Plan::CloseOnNext,
            };
            planned(dispatch::answered(shared, request).await, plan)
        }
    }
}

/// An answer in the place of the call's own, which was carried out or was not.
async fn instead(
    shared: &Arc<Shared>,
    when: When,
    request: Request,
    response: Response<Body>,
) -> Response<Body> {
    match when {
        When::After => drop(dispatch::answered(shared, request).await),
        // An unread body would end the connection: that is another fault.
        When::Before => {
            let limit = shared.settings.max_body_bytes;
            drop(payload::collect(request.into_body(), limit).await);
        }
    }
    response
}

fn planned(mut response: Response<Body>, plan: Plan) -> Response<Body> {
    response.extensions_mut().insert(plan);
    response
}

fn throttled(after: RetryAfter) -> Response<Body> {
    match after {
        RetryAfter::Seconds(seconds) => errors::throttled(Some(seconds.into())).into_response(),
        RetryAfter::Date(seconds) => {
            let mut response = errors::throttled(Some(seconds.into())).into_response();
            // The machine's clock, for it is what the answer's `Date` shows, too.
            let at = Timestamp::now()
                .checked_add(SignedDuration::from_secs(seconds.into()))
                .unwrap_or(Timestamp::MAX);
            let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            if let Ok(value) = HeaderValue::from_str(&date) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
    }
}

fn error_page(page: ErrorPage) -> Response<Body> {
    let title = match page {
        ErrorPage::DjangoServerError => return errors::server_error().into_response(),
        ErrorPage::NginxBadGateway => "502 Bad Gateway",
        ErrorPage::NginxGatewayTimeout => "504 Gateway Time-out",
    };
    let html = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Reply::html(status, html)
        .header(header::SERVER, HeaderValue::from_static("nginx"))
        .into_response();
    let html = HeaderValue::from_static("text/html");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}
