//! The requests that are sent to Django and to the sandbox, row by row of the framework's behaviour.
//!
//! `<name>` in a path, a header or a body is the value that the same side gave before.

mod access;
mod addresses;
mod bodies;
mod lists;

/// How two bodies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Bytes,
    /// The application has a slice of each object: what it has must be in ours, with the same value.
    Objects,
}

/// What happens before a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knob {
    /// All tokens expire.
    Expire,
    /// The account is no longer active, or is again.
    Active(bool),
    /// So many tokens a user.
    Tokens(Option<&'static str>),
    /// So many calls in a period.
    Throttle(Option<&'static str>),
    /// Every call breaks the server, or none does.
    Broken(bool),
}

/// One request.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) row: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) how: How,
    /// A variable and where its value stands in the answer.
    pub(crate) keep: Option<(&'static str, &'static str)>,
    pub(crate) by_design: Option<&'static str>,
    pub(crate) knob: Option<Knob>,
}

impl Case {
    /// A request with the token that both sides gave.
    fn new(row: &'static str, method: &'static str, path: &str) -> Self {
        Self {
            row,
            method,
            path: format!("/api_third_party/{path}"),
            headers: vec![("authorization", "Token <token>".to_owned())],
            body: Vec::new(),
            how: How::Bytes,
            keep: None,
            by_design: None,
            knob: None,
        }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self.header("content-type", content_type)
    }

    fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Each part is a name, a file name where it is one, and its content.
    fn multipart(self, parts: &[(&str, Option<&str>, &str)]) -> Self {
        let mut body = String::new();
        for (name, file, content) in parts {
            let file = file
                .map(|file| format!("; filename=\"{file}\""))
                .unwrap_or_default();
            body.push_str(&format!(
                "--B\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
            ));
        }
        body.push_str("--B--\r\n");
        self.body("multipart/form-data; boundary=B", body)
    }

    fn objects(mut self) -> Self {
        self.how = How::Objects;
        self
    }

    fn keep(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.keep = Some((name, pointer));
        self
    }

    fn after(mut self, knob: Knob) -> Self {
        self.knob = Some(knob);
        self
    }

    fn by_design(mut self, reason: &'static str) -> Self {
        self.by_design = Some(reason);
        self
    }

    /// The request in one line.
    pub(crate) fn shown(&self) -> String {
        let accept = self
            .headers
            .iter()
            .find(|(name, _)| matches!(*name, "accept"))
            .map(|(_, value)| format!(" accept {value}"))
            .unwrap_or_default();
        let body: String = String::from_utf8_lossy(&self.body)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(72)
            .collect();
        format!("{} {}{accept} {body}", self.method, self.path)
            .trim_end()
            .to_owned()
    }
}

fn get(row: &'static str, path: &str) -> Case {
    Case::new(row, "GET", path)
}

fn post(row: &'static str, path: &str) -> Case {
    Case::new(row, "POST", path)
}

const LOGIN: &str = r#"{"email":"partner@example.com","password":"sandbox-password"}"#;

fn log_in() -> Case {
    post("login", "auth/login/")
        .without("authorization")
        .json(LOGIN)
        .objects()
        .keep("token", "/token")
}

/// All requests, in the order in which they are sent.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![log_in()];
    cases.extend(access::credentials());
    cases.extend(bodies::objects());
    cases.extend(addresses::negotiation());
    cases.extend(addresses::addresses());
    cases.extend(bodies::malformed());
    cases.extend(bodies::fields());
    cases.extend(bodies::files());
    cases.extend(lists::pages());
    cases.extend(lists::filters());
    cases.extend(lists::orders());
    cases.extend(access::logout());
    cases.extend(access::limits());
    cases
}
