//! The OpenAPI documents of both services: served as they stand, and in strict mode held against every
//! call.
//!
//! In strict mode a mismatch is answered with 500, and says where it is. Of an answer that is whatever
//! the document does not list: a status, a media type, a field, a value. Of a request it is what the
//! service takes without a word although the document does not list it: an unknown parameter or field,
//! a value of another type. Such a call is undone. What the service itself refuses keeps its 4xx: a
//! client's mistake is none of ours.
//!
//! Hosted pages and `/_sandbox/` are not checked, nor addresses and methods that no operation has.

mod answer;
mod request;
mod schema;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::get;
use http::{Response, StatusCode};
use serde_json::Value;

pub(crate) use answer::checked;
pub(crate) use request::difference;

use crate::dispatch;
use crate::json::object;
use crate::reply::Reply;
use crate::route::{Route, Service};
use crate::state::Shared;

const THIRDPARTY: &str = include_str!("../generated/thirdparty.json");
const VERIFYINVESTOR: &str = include_str!("../generated/verifyinvestor.json");
/// What stands in the documents for the base URL.
const SERVER: &str = "http://sandbox.invalid";

/// Where a call and its document part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `answer`, `body`, `query`, `status` or `content-type`.
    part: &'static str,
    /// The JSON pointer within the part.
    pointer: String,
    expected: String,
}

impl Difference {
    /// The loud answer.
    pub(crate) fn reply(&self) -> Reply {
        let detail = match self.part {
            "answer" | "status" => "The sandbox's answer is not what the contract says.",
            _ => "The service takes this without a word, but the contract does not list it.",
        };
        Reply::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &object! {
                "detail": detail,
                "part": self.part,
                "pointer": self.pointer.clone(),
                "expected": self.expected.clone(),
            },
        )
    }
}

/// The two documents, at the addresses of the sandbox's own interface.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/_sandbox/openapi/{file}", get(document))
}

async fn document(
    State(shared): State<Arc<Shared>>,
    Path(file): Path<String>,
    request: Request,
) -> Response<Body> {
    let text = match file.as_str() {
        "thirdparty.json" => THIRDPARTY,
        "verifyinvestor.json" => VERIFYINVESTOR,
        _ => {
            let detail = "there are two documents: thirdparty.json and verifyinvestor.json";
            return Reply::json(StatusCode::NOT_FOUND, &object! { "detail": detail })
                .into_response();
        }
    };
    let origin = dispatch::origin(&shared, request.headers(), request.uri());
    Reply::document(text.replacen(SERVER, &origin, 1)).into_response()
}

/// A parsed document.
#[derive(Debug)]
struct Document(Value);

impl Document {
    /// The document of a service. It is parsed on first use: a lenient sandbox never does.
    fn of(service: Service) -> &'static Self {
        static DOCUMENTS: [LazyLock<Document>; 2] = [
            LazyLock::new(|| Document::parse(THIRDPARTY)),
            LazyLock::new(|| Document::parse(VERIFYINVESTOR)),
        ];
        let [thirdparty, verifyinvestor] = &DOCUMENTS;
        match service {
            Service::ThirdParty => thirdparty,
            Service::VerifyInvestor => verifyinvestor,
        }
    }

    /// That our own files parse is tested.
    fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    fn operation(&self, route: &Route) -> Option<&Value> {
        let item = self.0.get("paths")?.get(route.path)?;
        item.get(route.method.to_ascii_lowercase())
    }

    /// A value, or what it refers to.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.0.pointer(reference.strip_prefix('#')?))
            .unwrap_or(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::routes::ROUTES;

    #[test]
    fn every_route_is_in_its_document_with_its_status() {
        for route in ROUTES {
            let operation = Document::of(route.service).operation(route);
            let operation = operation.unwrap_or_else(|| panic!("{}", route.path));
            let status = route.status.to_string();
            assert!(
                operation["responses"].get(status).is_some(),
                "{}",
                route.name
            );
            assert_eq!(operation["operationId"], route.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(document: &Document, value: &Value, count: &mut usize) {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                let place = reference.strip_prefix('#').unwrap();
                assert!(document.0.pointer(place).is_some(), "{reference}");
                *count += 1;
            }
            let values: Vec<&Value> = match value {
                Value::Array(list) => list.iter().collect(),
                Value::Object(map) => map.values().collect(),
                _ => Vec::new(),
            };
            for value in values {
                walk(document, value, count);
            }
        }
        for service in [Service::ThirdParty, Service::VerifyInvestor] {
            let (document, mut count) = (Document::of(service), 0);
            walk(document, &document.0, &mut count);
            assert!(count > 100, "{count}");
            assert_eq!(document.0["servers"][0]["url"], SERVER);
        }
    }
}
