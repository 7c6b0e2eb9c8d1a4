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
    let mut expired = get("expired token", "investments/");
    expired.knob = Some(Knob::Expire);
    vec![
        post("logout", "auth/logout/").json("{"),
        post("logout", "auth/logout/"),
        get("logged-out token", "investments/"),
        log_in(),
        get("logged in again", "investors/<investor>/").objects(),
        post("logout", "auth/logoutall/").body("text/plain", "x"),
        post("logout", "auth/logoutall/"),
        log_in(),
        expired,
        log_in(),
        get("logged in again", "investors/<investor>/").objects(),
    ]
}
