//! Carries a fault out around the call that it hits.
//!
//! What concerns the connection is only said here, as a [`Plan`] in the answer's extensions; the
//! [`wire`](super::wire) does it.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};

use super::rules::Strike;
use super::wire::Plan;
use super::{Effect, ErrorPage, RetryAfter, Stale, Struck, When, mangle};
use crate::inspector::{Entry, Kept};
use crate::reply::Reply;
use crate::state::Shared;
use crate::thirdparty::errors;
use crate::{dispatch, payload};

/// Answers a request that a fault hits.
pub(crate) async fn perform(
    shared: &Arc<Shared>,
    strike: Strike,
    mut request: Request,
) -> Response<Body> {
    request.extensions_mut().insert(Struck::new(&strike));
    let Strike {
        operation,
        when,
        effect,
        ..
    } = strike;
    let instead = async |request, response| {
        match when {
            When::After => drop(dispatch::answered(shared, request).await),
            When::Before => left_out(shared, operation, request).await,
        }
        response
    };
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
            instead(request, response).await
        }
        Effect::Throttled(after) => instead(request, throttled(after)).await,
        Effect::HtmlError(page) => instead(request, error_page(page)).await,
        Effect::Reset => {
            let nothing = Response::new(Body::empty());
            planned(instead(request, nothing).await, Plan::Reset)
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

/// Notes a request whose call is not carried out.
async fn left_out(shared: &Shared, operation: &'static str, request: Request) {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    // An unread body would end the connection: that is another fault.
    let body = payload::collect(body, shared.settings.max_body_bytes).await;
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    shared.requests.add(Entry {
        at: shared.clock.now(),
        method: parts.method,
        target: parts.uri,
        operation,
        status: None,
        fault: parts.extensions.get().copied(),
        took: started.elapsed(),
        request: Kept::new(
            content_type.unwrap_or_default().to_owned(),
            &body.unwrap_or_default(),
        ),
        reply: Kept::default(),
    });
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
