//! Who is let in, and out again.

use super::{Case, Knob, LOGIN, get, log_in, post};

pub(super) fn credentials() -> Vec<Case> {
    let list = |row, value: &str| get(row, "investments/").header("authorization", value);
    let login = |body: &str| {
        post("login", "auth/login/")
            .without("authorization")
            .json(body)
    };
    vec![
        get("missing Authorization", "investments/").without("authorization"),
        post("missing Authorization", "investments/")
            .without("authorization")
            .json("{"),
        Case::new("missing Authorization", "PUT", "investments/").without("authorization"),
        Case::new("missing Authorization", "OPTIONS", "investments/").without("authorization"),
        Case::new("missing Authorization", "HEAD", "investments/").without("authorization"),
        get("missing Authorization", "investments/99999/").without("authorization"),
        list("wrong scheme", "Bearer <token>"),
        list("wrong scheme", "<token>"),
        list("wrong scheme", ""),
        list("any case of the scheme", "tOKEN <token>").objects(),
        list("nothing after Token", "Token"),
        list("spaces in the token", "Token a b"),
        list("unknown token", "Token abc"),
        list("unknown token", &format!("Token {}", "0".repeat(64))),
        login("{}"),
        login(r#"{"email":"","password":""}"#),
        login(r#"{"email":null,"password":null}"#),
        login(r#"{"email":"x","password":"y"}"#),
        login(r#"{"email":7,"password":true}"#),
        login(r#"{"email":["a@b.co"],"password":{}}"#),
        login(r#"{"email":"partner@example.com","password":"wrong"}"#),
        login(r#"{"email":"nobody@example.com","password":"sandbox-password"}"#),
        login(r#"{"email":" partner@example.com ","password":"sandbox-password"}"#).objects(),
        login(LOGIN)
            .header("authorization", "Bearer an-id-token")
            .objects(),
        login("").header("authorization", "Token"),
        post("login", "auth/login/")
            .without("authorization")
            .form("email=partner%40example.com&password=sandbox-password")
            .objects(),
        get("wrong method", "auth/login/").without("authorization"),
    ]
}

pub(super) fn logout() -> Vec<Case> {
    vec![
        post("logout", "auth/logout/").json("{"),
        post("logout", "auth/logout/"),
        get("logged-out token", "investments/"),
        log_in(),
        get("logged in again", "investors/<investor>/").objects(),
        post("logout", "auth/logoutall/").body("text/plain", "x"),
        post("logout", "auth/logoutall/"),
        log_in(),
        get("expired token", "investments/").after(Knob::Expire),
        log_in(),
        get("logged in again", "investors/<investor>/").objects(),
    ]
}

pub(super) fn limits() -> Vec<Case> {
    let list = |row| get(row, "investors/<investor>/").objects();
    let login = || {
        post("token limit", "auth/login/")
            .without("authorization")
            .json(LOGIN)
    };
    vec![
        get("inactive user", "investments/").after(Knob::Active(false)),
        post("inactive user", "auth/logout/"),
        post("inactive user", "auth/login/")
            .without("authorization")
            .json(LOGIN),
        list("active again").after(Knob::Active(true)),
        // Tokens that have expired or were logged out do not count.
        post("token limit", "auth/logoutall/").after(Knob::Tokens(Some("1"))),
        log_in(),
        login(),
        login().body(
            "application/json",
            r#"{"email":"partner@example.com","password":"wrong"}"#,
        ),
        list("token limit"),
        log_in().after(Knob::Expire),
        login(),
        login().objects().after(Knob::Tokens(None)),
        get("throttled", "investments/").after(Knob::Throttle(Some("0/hour"))),
        list("throttled").after(Knob::Throttle(Some("2/day"))),
        Case::new("throttled", "PUT", "investments/"),
        get("throttled", "investors/<investor>/"),
        post("throttled", "investments/").json("{"),
        Case::new("throttled", "OPTIONS", "investments/"),
        get("throttled", "investments/99999999/"),
        get("throttled", "investments/").header("authorization", "Token abc"),
        get("throttled", "investments/").header("accept", "text/html"),
        get("throttled", "nowhere/"),
        post("throttled", "auth/login/")
            .without("authorization")
            .json("{}"),
        post("throttled", "auth/login/")
            .without("authorization")
            .json("{}"),
        post("throttled", "auth/login/")
            .without("authorization")
            .json("{}"),
        get("throttled", "auth/login/")
            .without("authorization")
            .header("x-forwarded-for", "192.0.2.1"),
        list("no longer throttled").after(Knob::Throttle(None)),
        get("broken", "investments/").after(Knob::Broken(true)),
        post("broken", "investments/").json("{}"),
        Case::new("broken", "HEAD", "investments/"),
        post("broken", "auth/login/").without("authorization"),
        list("mended").after(Knob::Broken(false)),
    ]
}
