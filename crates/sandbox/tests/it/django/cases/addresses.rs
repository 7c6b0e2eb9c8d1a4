//! Addresses, methods and what both sides can speak.

use super::{Case, LOGIN, get, post};

pub(super) fn negotiation() -> Vec<Case> {
    let accept = |value: &str| {
        get("unacceptable Accept", "investors/?id=<investor>").header("accept", value)
    };
    let mut cases: Vec<_> = [
        "text/html",
        "application/xml, text/*;q=0.5",
        "application",
        "json",
        "application/jsonp",
    ]
    .into_iter()
    .map(accept)
    .collect();
    cases.extend(
        [
            "*/*",
            "application/*",
            "APPLICATION/JSON",
            "text/html, application/json;q=0.1",
            "*/json",
            "application/json; charset=utf-8",
            "",
        ]
        .into_iter()
        .map(|value| accept(value).objects()),
    );
    cases.extend([
        Case::new("unacceptable Accept", "PUT", "investors/").header("accept", "text/html"),
        get("unacceptable Accept", "investors/")
            .without("authorization")
            .header("accept", "text/html"),
        get("format in the query", "investors/?format=xml"),
        get(
            "format in the query",
            "investors/?id=<investor>&format=json",
        )
        .objects(),
        get("format in the query", "investors/?id=<investor>&format=").objects(),
        get("indent in Accept", "investors/99999/").header("accept", "application/json; indent=4"),
        get("indent in Accept", "investors/99999/").header("accept", "application/json; indent=0"),
        Case::new("wrong method", "PUT", "investments/"),
        Case::new("wrong method", "PUT", "investments/<investment>/").json("{"),
        Case::new("wrong method", "DELETE", "investments/99999/"),
        Case::new("wrong method", "PATCH", "kyb_documents/"),
        Case::new("wrong method", "POST", "investors/<investor>/"),
        Case::new("wrong method", "GET", "auth/logout/"),
        Case::new("wrong method", "BREW", "investors/"),
        Case::new("wrong method", "TRACE", "investors/"),
        post("wrong content type", "investments/").body("text/plain", "x"),
        post("wrong content type", "investments/").body("application/xml; charset=utf-8", "<a/>"),
        post("wrong content type", "investments/").body("", "x"),
        post("wrong content type", "investments/")
            .without("content-type")
            .body("application/jsonx", "{}"),
        post("wrong content type", "investments/").header("content-type", "text/plain"),
        post("wrong content type", "investments/").body("Application/JSON; charset=utf-8", "{}"),
        post("wrong content type", "auth/login/")
            .without("authorization")
            .body("text/csv", "a,b"),
        post("wrong content type", "auth/logout/")
            .header("authorization", "Token abc")
            .body("text/csv", "a"),
    ]);
    cases
}

pub(super) fn addresses() -> Vec<Case> {
    let mut cases = vec![
        get("missing slash", "investments"),
        get("missing slash", "investments").without("authorization"),
        get("missing slash", "investments?page=2&status=a%20b"),
        get("missing slash", "investments/7"),
        post("missing slash", "investments").json("{}"),
        post("missing slash", "auth/login")
            .without("authorization")
            .json(LOGIN),
        Case::new("missing slash", "PUT", "investments"),
        Case::new("missing slash", "HEAD", "investments"),
        Case::new("missing slash", "OPTIONS", "investments"),
        get("missing slash", "investments?"),
        get("unknown URL", "nothing/"),
        get("unknown URL", "nothing"),
        get("unknown URL", "nothing/")
            .without("authorization")
            .header("accept", "application/json"),
        post("unknown URL", "nothing/").json("{}"),
        get("unknown URL", "investments/1.5/"),
        get("unknown URL", "investments//"),
        get("unknown URL", "investments/1/2/"),
        get("unknown URL", ""),
        get("object not found", "investments/99999/"),
        get("object not found", "investors/0/"),
        get("object not found", "kyb_documents/99999/"),
        get("object not found", "investors/-1/"),
        get("object not found", "investors/99999999999999999999/"),
        get("object not found", "investors/abc/"),
        get("object not found", "investors/1e3/"),
        get("object not found", "investors/%20/"),
        get("object not found", "investors/a%2Fb/"),
        get("object not found", "investors/1_000_000/"),
        get("object not found", "investors/null/"),
        get("object by another spelling", "investors/%20<investor>/").objects(),
        get("object by another spelling", "investors/+<investor>/").objects(),
        get("object by another spelling", "investors/0<investor>/").objects(),
    ];
    for path in ["auth/login/", "auth/logout/", "auth/logoutall/"] {
        cases.push(Case::new("OPTIONS", "OPTIONS", path).objects());
    }
    for path in [
        "investments/<investment>/",
        "investors/<investor>/",
        "investors/99999/",
    ] {
        cases.push(Case::new("OPTIONS", "OPTIONS", path).objects());
    }
    for path in ["investments/", "investors/", "kyb_documents/"] {
        cases.push(Case::new("OPTIONS", "OPTIONS", path).objects());
    }
    cases
}
