//! From a request's path to the operations behind it, under the path rules of each service.
//!
//! It knows templates only: what a route does is [`crate::dispatch`]'s business.

use std::borrow::Cow;
use std::sync::LazyLock;

use http::{HeaderValue, Method};

use crate::generated::routes::ROUTES;
use crate::route::{Route, Service};

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Destination {
    /// A path of the contract with the routes (one per method) behind it.
    Found(Found),
    /// Django's `APPEND_SLASH`: this path does exist with a slash at its end.
    MissingSlash,
    /// No such path in this service.
    Unknown(Service),
}

/// The routes of one path and the values of its placeholders.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) service: Service,
    pub(crate) routes: &'static [&'static Route],
    /// What DRF says of the methods: GET brings HEAD with it, OPTIONS is always there.
    pub(crate) allow: &'static HeaderValue,
    pub(crate) placeholders: Vec<(&'static str, String)>,
}

impl Found {
    /// The operation's name, for people: empty where the path has none of that method.
    pub(crate) fn name(&self, method: &Method) -> &'static str {
        let method = deciding(method);
        let mut routes = self.routes.iter();
        routes
            .find(|route| route.method == method)
            .map_or("", |route| route.name)
    }
}

/// The method that decides: HEAD runs what GET runs.
pub(crate) fn deciding(method: &Method) -> &str {
    if *method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    }
}

/// Resolves a path.
pub(crate) fn resolve(path: &str) -> Destination {
    if path == "/api/v1" || path.starts_with("/api/v1/") || path == "/api/v1.json" {
        // Rails takes a trailing slash and a `.json` suffix anywhere.
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".json").unwrap_or(path);
        return find(Service::VerifyInvestor, path).map_or(
            Destination::Unknown(Service::VerifyInvestor),
            Destination::Found,
        );
    }
    match find(Service::ThirdParty, path) {
        Some(found) => Destination::Found(found),
        None if !path.ends_with('/')
            && find(Service::ThirdParty, &format!("{path}/")).is_some() =>
        {
            Destination::MissingSlash
        }
        None => Destination::Unknown(Service::ThirdParty),
    }
}

/// A path of the contract, ready to be compared.
struct Template {
    service: Service,
    segments: Vec<&'static str>,
    routes: Vec<&'static Route>,
    allow: HeaderValue,
}

/// Those with the fewest placeholders first: `statuses/` before `{id}/`.
static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let mut paths: Vec<_> = ROUTES
        .iter()
        .map(|route| (route.service, route.path))
        .collect();
    paths.sort_by_key(|(_, path)| (path.matches('{').count(), *path));
    paths.dedup();
    let template = |(service, path): (Service, &'static str)| {
        let of_path = |route: &&Route| route.service == service && route.path == path;
        let routes: Vec<_> = ROUTES.iter().filter(of_path).collect();
        Template {
            service,
            segments: path.split('/').collect(),
            allow: allow(&routes),
            routes,
        }
    };
    paths.into_iter().map(template).collect()
});

fn allow(routes: &[&Route]) -> HeaderValue {
    let has = |method: &str| routes.iter().any(|route| route.method == method);
    HeaderValue::from_static(match (has("GET"), has("POST")) {
        (true, true) => "GET, POST, HEAD, OPTIONS",
        (true, false) => "GET, HEAD, OPTIONS",
        (false, true) => "POST, OPTIONS",
        (false, false) => "OPTIONS",
    })
}

fn find(service: Service, path: &str) -> Option<Found> {
    let segments: Vec<_> = path.split('/').collect();
    TEMPLATES
        .iter()
        .filter(|template| template.service == service && template.segments.len() == segments.len())
        .find_map(|template| {
            Some(Found {
                service,
                placeholders: matches(template, &segments)?,
                routes: &template.routes,
                allow: &template.allow,
            })
        })
}

fn matches(template: &Template, segments: &[&str]) -> Option<Vec<(&'static str, String)>> {
    let mut placeholders = Vec::new();
    for (expected, segment) in template.segments.iter().zip(segments) {
        match expected
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            None if expected == segment => {}
            None => return None,
            Some(name) => {
                let value = decode(segment)?;
                // DRF's look-up pattern is `[^/.]+`: anything else is no URL of that view.
                if value.is_empty()
                    || (template.service == Service::ThirdParty && value.contains(['.', '/']))
                {
                    return None;
                }
                placeholders.push((name, value.into_owned()));
            }
        }
    }
    Some(placeholders)
}

fn decode(segment: &str) -> Option<Cow<'_, str>> {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Vec<&'static str> {
        match resolve(path) {
            Destination::Found(found) => found.routes.iter().map(|route| route.name).collect(),
            Destination::MissingSlash => vec!["301"],
            Destination::Unknown(Service::ThirdParty) => vec!["404 html"],
            Destination::Unknown(Service::VerifyInvestor) => vec!["404 json"],
        }
    }

    #[test]
    fn every_route_of_the_table_resolves_to_itself() {
        for route in ROUTES {
            let path: Vec<_> = route
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "7" } else { part })
                .collect();
            assert!(
                names(&path.join("/")).contains(&route.name),
                "{}",
                route.path
            );
        }
    }

    #[test]
    fn a_fixed_name_wins_over_a_placeholder() {
        assert_eq!(
            names("/api_third_party/investments/statuses/"),
            ["investments.statuses"]
        );
        assert_eq!(
            names("/api_third_party/investments/abc/"),
            ["investments.retrieve"]
        );
    }

    #[test]
    fn each_service_has_its_own_path_rules() {
        assert_eq!(names("/api_third_party/investments"), ["301"]);
        assert_eq!(names("/api_third_party/investments//"), ["404 html"]);
        assert_eq!(names("/api_third_party/investments/1.5/"), ["404 html"]);
        assert_eq!(names("/api_third_party/nothing"), ["404 html"]);
        assert_eq!(names("/api/v1/users/"), ["users.list"]);
        assert_eq!(names("/api/v1/users.json"), ["users.list"]);
        assert_eq!(names("/api/v1/nothing"), ["404 json"]);
        assert_eq!(names("/"), ["404 html"]);
    }
}
