//! Checks the contract against its evidence: the vendors' samples and lists in `spec/samples/`, which nobody edits.
//!
//! Reads the contract as the generator resolves it, so it holds for what is generated. Lives in tests only.

mod broken;
mod filters;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    catalog::{Body, Catalog, Operation, Rust, Shape},
    openapi::{self, ResponseKind},
};

const THIRDPARTY: &str = "thirdparty";
const VERIFYINVESTOR: &str = "verifyinvestor";

/// Samples of errors and events: no operation of ours answers with them, so each has its type here.
const OTHERS: [(&str, &str); 6] = [
    ("verification_requests.create.422", "PendingRequestError"),
    ("verification_requests.review.error", "ErrorMessage"),
    (
        "verification_requests.simulate_investor_completion.422",
        "ErrorMessage",
    ),
    ("verification_requests.webhook.404", "ErrorMessage"),
    ("webhook.event.completed", "WebhookEvent"),
    ("webhook.event.pending", "WebhookEvent"),
];

/// Two samples of one operation.
const BILLING: [&str; 2] = [
    "billing.all_types.response",
    "billing.regular_only.response",
];

/// The lists of the two `enums.json` and their types.
const LISTS: [(&str, &str, &str); 13] = [
    (THIRDPARTY, "kyc_status", "KycStatus"),
    (THIRDPARTY, "investor_type", "InvestorType"),
    (THIRDPARTY, "offering_type", "OfferingType"),
    (THIRDPARTY, "investment_status", "InvestmentStatus"),
    (THIRDPARTY, "kyb_document_type", "KybDocumentType"),
    (THIRDPARTY, "document_side", "DocumentSide"),
    (
        THIRDPARTY,
        "subscription_agreement_document_name",
        "SubscriptionAgreementName",
    ),
    (THIRDPARTY, "country", "Country"),
    (
        VERIFYINVESTOR,
        "verification_request_status",
        "VerificationRequestStatus",
    ),
    (
        VERIFYINVESTOR,
        "verification_request_type",
        "VerificationRequestType",
    ),
    (
        VERIFYINVESTOR,
        "legacy_verification_status",
        "VerificationStatus",
    ),
    (VERIFYINVESTOR, "review_status", "ReviewStatus"),
    (VERIFYINVESTOR, "webhook_action", "WebhookAction"),
];

/// An entry of `endpoints.json`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    name: String,
    method: String,
    path: String,
    success: Option<u16>,
    request_sample: Option<String>,
    response_sample: Option<String>,
    response: Option<String>,
}

/// An entry of a list of `enums.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    value: String,
    label: Option<String>,
}

fn spec() -> PathBuf {
    crate::process::root().unwrap().join("spec")
}

fn catalog(service: &'static str) -> Catalog {
    Catalog::load(&spec(), service).unwrap()
}

fn samples(service: &str) -> PathBuf {
    spec().join("samples").join(if service == THIRDPARTY {
        "issuance"
    } else {
        service
    })
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Collects what is wrong with a sample: one line for each path.
struct Check<'c> {
    catalog: &'c Catalog,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, words: impl std::fmt::Display) {
        self.problems.push(format!("{path}: {words}"));
    }

    fn value(&mut self, path: &str, rust: &Rust, value: &Value) {
        let fits = match rust {
            Rust::Json => true,
            Rust::Bool => value.is_boolean(),
            Rust::Integer => value.is_i64() || value.is_u64(),
            // The document prints the placeholder "text" for decimals.
            Rust::Money | Rust::Percent => value.is_string() || value.is_number(),
            Rust::Text | Rust::File => value.is_string(),
            Rust::Timestamp => value
                .as_str()
                .is_some_and(|text| text.len() > 10 && text.contains('T')),
            Rust::Date => value
                .as_str()
                .is_some_and(|text| text.len() == 10 && text.matches('-').count() == 2),
            Rust::List(item) => {
                for (at, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(&format!("{path}[{at}]"), item, value);
                }
                value.is_array()
            }
            Rust::Named(name) => return self.named(path, name, value),
        };
        if !fits {
            self.problem(path, format_args!("not a {rust:?}"));
        }
    }

    fn named(&mut self, path: &str, name: &str, value: &Value) {
        let Some(r#type) = self.catalog.get(name) else {
            return self.problem(path, format_args!("{name} is not defined"));
        };
        match (&r#type.shape, value) {
            (Shape::Id, Value::Number(number)) if number.is_u64() => {}
            (Shape::Enum { values, .. }, Value::String(text)) => {
                if values.iter().all(|known| known.wire != *text) {
                    self.problem(path, format_args!("{name} lacks the value {text}"));
                }
            }
            (Shape::Object { fields, .. }, Value::Object(object)) => {
                for (key, value) in object {
                    let path = format!("{path}.{key}");
                    match fields.iter().find(|field| field.wire == *key) {
                        None => self.problem(&path, format_args!("{name} has no such field")),
                        Some(field) if value.is_null() && !field.required => {}
                        Some(field) => self.value(&path, &field.rust, value),
                    }
                }
                for field in fields
                    .iter()
                    .filter(|field| field.required && !object.contains_key(&field.wire))
                {
                    self.problem(path, format_args!("{name} requires {}", field.wire));
                }
            }
            _ => self.problem(path, format_args!("not a {name}")),
        }
    }
}

/// What is wrong with a body of the given type, in the wrapper of its kind.
fn check_body(catalog: &Catalog, kind: ResponseKind, rust: &Rust, body: &Value) -> Vec<String> {
    let mut check = Check {
        catalog,
        problems: Vec::new(),
    };
    let (part, keys): (&str, &[&str]) = match kind {
        ResponseKind::Page => ("results", &["count", "next", "previous", "results"]),
        ResponseKind::Envelope => ("data", &["success", "message", "data"]),
        _ => {
            check.value("$", rust, body);
            return check.problems;
        }
    };
    let given: BTreeSet<&str> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    if given != keys.iter().copied().collect() {
        check.problem(
            "$",
            format_args!("a wrapper of {given:?} and not of {keys:?}"),
        );
    }
    match kind {
        ResponseKind::Page => check.value(
            "$.results",
            &Rust::List(Box::new(rust.clone())),
            &body[part],
        ),
        _ => check.value("$.data", rust, &body[part]),
    }
    check.problems
}

/// What is wrong with a sample, by the name of its file.
fn check_sample(catalog: &Catalog, stem: &str, body: &Value) -> Vec<String> {
    let named = |name: &str| {
        check_body(
            catalog,
            ResponseKind::Json,
            &Rust::Named(name.to_owned()),
            body,
        )
    };
    if let Some((_, name)) = OTHERS.iter().find(|(other, _)| *other == stem) {
        return named(name);
    }
    let (id, part) = if BILLING.contains(&stem) {
        ("billing", "response")
    } else {
        stem.rsplit_once('.').unwrap_or((stem, ""))
    };
    let Some(operation) = find(catalog, id) else {
        return vec![format!("{stem}: no operation {id}")];
    };
    match (part, &operation.body, &operation.output) {
        ("request", Some(Body { type_name, .. }), _) => named(type_name),
        ("response", _, Some(output)) => check_body(catalog, operation.kind, output, body),
        _ => vec![format!("{stem}: {id} has no {part} body")],
    }
}

fn find<'c>(catalog: &'c Catalog, id: &str) -> Option<&'c Operation> {
    catalog
        .operations
        .iter()
        .find(|operation| operation.id == id)
}

/// What is wrong with the operation of an endpoint.
fn check_endpoint(catalog: &Catalog, endpoint: &Endpoint) -> Vec<String> {
    let Some(operation) = find(catalog, &endpoint.name) else {
        return vec![format!("no operation {}", endpoint.name)];
    };
    let (path, query) = endpoint
        .path
        .split_once('?')
        .unwrap_or((&endpoint.path, ""));
    let mut problems = Vec::new();
    let mut check = |is_right: bool, words: String| {
        if !is_right {
            problems.push(format!("{}: {words}", endpoint.name));
        }
    };
    check(
        operation.method == endpoint.method,
        format!("method {}", operation.method),
    );
    check(operation.path == path, format!("path {}", operation.path));
    for name in query.split('&').filter(|name| !name.is_empty()) {
        check(
            operation
                .query
                .iter()
                .any(|parameter| parameter.wire == name),
            format!("no parameter {name}"),
        );
    }
    let succeeds = |wanted: u16| {
        operation
            .statuses
            .iter()
            .any(|(status, _)| *status == wanted)
    };
    // The Third Party API's document prints 200 for every call; what its framework really answers stands beside it.
    let created = operation.action() == "create";
    let expected = endpoint.success.unwrap_or(if created { 201 } else { 200 });
    check(succeeds(expected), format!("no status {expected}"));
    check(
        endpoint.request_sample.is_none() || operation.body.is_some(),
        "no request body".to_owned(),
    );
    check(
        endpoint.response_sample.is_none() || operation.output.is_some(),
        "no reply body".to_owned(),
    );
    let kind = match endpoint.response.as_deref() {
        Some("no body") => operation.kind == ResponseKind::Empty,
        Some("application/pdf") => operation.kind == ResponseKind::Bytes,
        Some(other) => panic!("{other}: a new kind of reply"),
        None => endpoint.response_sample.is_some(),
    };
    check(kind, format!("a reply of kind {:?}", operation.kind));
    problems
}

/// What is wrong with a type's values: each of the list, in its order, with its label.
fn check_list(catalog: &Catalog, name: &str, list: &[Choice]) -> Vec<String> {
    let Some(Shape::Enum { values, .. }) = catalog.get(name).map(|r#type| &r#type.shape) else {
        return vec![format!("{name} is no enum")];
    };
    let mut problems = Vec::new();
    let mut last = None;
    for Choice { value, label } in list {
        match values.iter().position(|known| known.wire == *value) {
            None => problems.push(format!("{name} lacks {value}")),
            Some(at) => {
                if last.is_some_and(|last| at < last) {
                    problems.push(format!("{name}.{value} is out of order"));
                }
                last = Some(at);
                if label.is_some() && values[at].label != *label {
                    problems.push(format!("{name}.{value} is labelled {:?}", values[at].label));
                }
            }
        }
    }
    problems
}

fn none(problems: Vec<String>) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_path_of_every_sample_is_in_the_contract() {
    let mut checked = 0;
    let mut problems = Vec::new();
    for service in [THIRDPARTY, VERIFYINVESTOR] {
        let catalog = catalog(service);
        for entry in std::fs::read_dir(samples(service)).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            if ["endpoints", "enums"].contains(&stem) {
                continue;
            }
            let found = check_sample(&catalog, stem, &read(&path));
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{stem}: {problem}")),
            );
            checked += 1;
        }
    }
    none(problems);
    assert_eq!(checked, 56);
}

#[test]
fn every_documented_endpoint_is_an_operation() {
    for (service, count) in [(THIRDPARTY, 30), (VERIFYINVESTOR, 16)] {
        let catalog = catalog(service);
        let endpoints: Vec<Endpoint> = read(&samples(service).join("endpoints.json"));
        assert_eq!(endpoints.len(), count);
        none(
            endpoints
                .iter()
                .flat_map(|endpoint| check_endpoint(&catalog, endpoint))
                .collect(),
        );
        for operation in &catalog.operations {
            assert!(
                !operation.statuses.is_empty(),
                "{} never succeeds",
                operation.id
            );
        }
    }
}

#[test]
fn nothing_is_added_to_the_third_party_api_and_eight_calls_to_the_other() {
    assert_eq!(catalog(THIRDPARTY).operations.len(), 30);
    let endpoints: Vec<Endpoint> = read(&samples(VERIFYINVESTOR).join("endpoints.json"));
    let documented: BTreeSet<String> = endpoints
        .into_iter()
        .map(|endpoint| endpoint.name)
        .collect();
    let catalog = catalog(VERIFYINVESTOR);
    let added: BTreeSet<&str> = catalog
        .operations
        .iter()
        .map(|operation| &*operation.id)
        .filter(|id| !documented.contains(*id))
        .collect();
    let expected = [
        "invitations.create",
        "invitations.list",
        "invitations.retrieve",
        "users.retrieve_by_identifier",
        "verification_requests.certificate_short",
        "verification_requests.list_short",
        "verification_requests.review_short",
        "verification_requests.webhook_short",
    ];
    assert_eq!(added, BTreeSet::from(expected));
    let short = find(&catalog, "verification_requests.list_short").unwrap();
    assert!(short.query.iter().any(|parameter| parameter.wire == "type"));
}

#[test]
fn every_value_of_every_list_is_in_the_contract() {
    let mut lists = BTreeMap::new();
    for service in [THIRDPARTY, VERIFYINVESTOR] {
        let read: BTreeMap<String, Vec<Choice>> = read(&samples(service).join("enums.json"));
        lists.extend(read.into_iter().map(|(name, list)| ((service, name), list)));
    }
    for (service, list, name) in LISTS {
        let list = lists.remove(&(service, list.to_owned())).unwrap();
        none(check_list(&catalog(service), name, &list));
        if name == "Country" {
            assert_eq!(list.len(), 249);
        }
    }
    // Two lists are no types: they are about a page in the browser and about the network.
    let document: Value = openapi::read(&spec().join("verifyinvestor.openapi.yaml")).unwrap();
    for ((_, name), list) in lists {
        let values: Vec<&str> = list.iter().map(|choice| &*choice.value).collect();
        let given = match &*name {
            "authorization_url_param" => &document["info"]["x-authorization-link"]["query"],
            "webhook_source_ips" => find_key(&document, "x-source-addresses").unwrap(),
            _ => panic!("{name}: a list that nothing is checked against"),
        };
        assert_eq!(*given, json!(values), "{name}");
    }
}

fn find_key<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => object
            .get(key)
            .or_else(|| object.values().find_map(|value| find_key(value, key))),
        Value::Array(list) => list.iter().find_map(|value| find_key(value, key)),
        _ => None,
    }
}

/// Text that was decoded twice shows as these.
#[test]
fn the_countries_are_spelled_in_utf_8() {
    let catalog = catalog(THIRDPARTY);
    let Shape::Enum { values, .. } = &catalog.get("Country").unwrap().shape else {
        panic!("no enum")
    };
    assert_eq!(values.len(), 249);
    let labels: Vec<&str> = values
        .iter()
        .map(|value| value.label.as_deref().unwrap())
        .collect();
    assert!(labels.contains(&"Åland Islands") && labels.contains(&"Curaçao"));
    assert!(
        labels
            .iter()
            .all(|label| !label.contains(['\u{fffd}', 'Ã', '\u{c2}', '\\']))
    );
    assert!(
        values
            .iter()
            .all(|value| value.wire.len() == 2 && value.variant == value.wire)
    );
}
