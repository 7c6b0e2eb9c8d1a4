//! From a request's path to the operations behind it, under the path rules of each service.
//!
//! It knows templates only: what a route does is [`crate::dispatch`]'s business.

use std::borrow::Cow;

use http::Method;

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
    pub(crate) routes: Vec<&'static Route>,
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

fn find(service: Service, path: &str) -> Option<Found> {
    // Among the templates that match, the one with the fewest placeholders wins: `statuses/` before
    // `{id}/`.
    let (template, placeholders) = ROUTES
        .iter()
        .filter(|route| route.service == service)
        .filter_map(|route| Some((route.path, matches(service, route.path, path)?)))
        .min_by_key(|(_, placeholders)| placeholders.len())?;
    let routes = ROUTES
        .iter()
        .filter(|route| route.service == service && route.path == template)
        .collect();
    Some(Found {
        service,
        routes,
        placeholders,
    })
}

fn matches(
    service: Service,
    template: &'static str,
    path: &str,
) -> Option<Vec<(&'static str, String)>> {
    let mut placeholders = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
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
                    || (service == Service::ThirdParty && value.contains(['.', '/']))
                {
                    return None;
                }
                placeholders.push((name, value.into_owned()));
            }
        }
    }
    segments.next().is_none().then_some(placeholders)
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
