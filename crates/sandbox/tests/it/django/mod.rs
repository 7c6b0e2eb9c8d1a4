//! The sandbox beside a live Django REST Framework application (`tests/django`), request by request.
//!
//! Where the application cannot run, the comparison is skipped with a notice; in CI it fails.
//! `cargo xtask django` shows what it prints.
//!
//! Compared are the status, the headers of [`HEADERS`] and the body: bytes for bytes, but for objects,
//! of which the application has a slice. `Vary` is not compared: it tells which middleware and
//! renderers are installed, and nobody knows those of the service.

mod cases;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use accredit_sandbox::{Effect, ErrorPage, Fault, Sandbox};
use django_application::Application;
use serde_json::Value;

use crate::support::{Answer, Scratch, exchange};
use cases::{Case, How, Knob, cases};

const HEADERS: [&str; 5] = [
    "allow",
    "content-type",
    "location",
    "retry-after",
    "www-authenticate",
];

/// Fields that each side fills by its own counter or clock.
const OWN: [&str; 12] = [
    "created_at",
    "date_joined",
    "entity",
    "expiry",
    "id",
    "investor",
    "last_login",
    "offering",
    "payment_intent_client_secret",
    "token",
    "updated_at",
    "user",
];

/// One of the two, with what it answered so far.
struct Side {
    name: &'static str,
    address: SocketAddr,
    variables: HashMap<String, String>,
}

#[tokio::test]
async fn django_answers_the_same() {
    let Some(application) = Application::start() else {
        return;
    };
    // On a file, so that a user's account can be ended: no control does that.
    let file = Scratch::new("django.db");
    let builder = Sandbox::builder().data(&file.path);
    let sandbox = builder.start().await.unwrap();
    let mut django = Side::new("Django", application.address().parse().unwrap());
    let mut ours = Side::new("sandbox", sandbox.address());
    let offering = crate::support::offering_id(&sandbox, "reg_a");
    django.set("offering", "1".to_owned());
    ours.set("offering", offering.to_string());
    let (mut same, mut designed, mut different) = (0, 0, 0);
    for case in cases() {
        match case.knob {
            Some(Knob::Expire) => {
                django.turn("expire/").await;
                sandbox.advance_clock(Duration::from_secs(11 * 3_600));
            }
            Some(Knob::Active(active)) => {
                let knob = if active { "activate/" } else { "deactivate/" };
                django.turn(knob).await;
                let store = rusqlite::Connection::open(&file.path).unwrap();
                store
                    .execute("UPDATE users SET is_active = ?1", [active])
                    .unwrap();
            }
            Some(Knob::Tokens(limit)) => {
                django.turn_to("token_limit", limit).await;
                let limit = limit.unwrap_or("none");
                sandbox.set_switch("token_limit", limit).unwrap();
            }
            Some(Knob::Throttle(rate)) => {
                django.turn_to("throttle", rate).await;
                sandbox.set_throttle(rate).unwrap();
            }
            Some(Knob::Broken(broken)) => {
                django.turn_to("break", broken.then_some("1")).await;
                if broken {
                    let page = Effect::HtmlError(ErrorPage::DjangoServerError);
                    sandbox.inject(Fault::new(page)).unwrap();
                } else {
                    sandbox.clear_faults();
                }
            }
            None => {}
        }
        let theirs = django.answer(&case).await;
        let answer = ours.answer(&case).await;
        let difference = compare(&case, &theirs, &answer);
        match (&case.by_design, difference) {
            (None, None) => {
                same += 1;
                println!("same       {:<24} {}", case.row, case.shown());
            }
            (Some(reason), Some(_)) => {
                designed += 1;
                println!("by design  {:<24} {}: {reason}", case.row, case.shown());
            }
            (None, Some(difference)) => {
                different += 1;
                println!("DIFFERENT  {:<24} {}\n{difference}", case.row, case.shown());
            }
            (Some(_), None) => {
                different += 1;
                println!(
                    "DIFFERENT  {:<24} {}\n  the difference by design is gone",
                    case.row,
                    case.shown()
                );
            }
        }
    }
    println!("{same} the same, {designed} different by design, {different} different");
    assert_eq!(different, 0, "see the lines above");
}

impl Side {
    fn new(name: &'static str, address: SocketAddr) -> Self {
        Self {
            name,
            address,
            variables: HashMap::new(),
        }
    }

    fn set(&mut self, name: &str, value: String) {
        self.variables.insert(format!("<{name}>"), value);
    }

    /// Puts this side's values in the places of `<names>`.
    fn fill(&self, text: &str) -> String {
        self.variables
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(name, value)
            })
    }

    async fn turn(&self, knob: &str) {
        let request = format!(
            "POST /_test/{knob} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            self.address
        );
        let answer = exchange(self.address, request.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn turn_to(&self, knob: &str, value: Option<&str>) {
        match value {
            Some(value) => self.turn(&format!("{knob}/?value={value}")).await,
            None => self.turn(&format!("{knob}/")).await,
        }
    }

    async fn answer(&mut self, case: &Case) -> Answer {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            case.method,
            self.fill(&case.path),
            self.address
        );
        for (name, value) in &case.headers {
            head.push_str(&format!("{name}: {}\r\n", self.fill(value)));
        }
        let body = match std::str::from_utf8(&case.body) {
            Ok(text) => self.fill(text).into_bytes(),
            Err(_) => case.body.clone(),
        };
        if !body.is_empty() || case.method == "POST" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut answer = exchange(self.address, &[head.as_bytes(), &body].concat()).await;
        if let Some((name, pointer)) = case.keep {
            let found = answer.json().pointer(pointer).cloned();
            let value = match found {
                Some(Value::String(text)) => text,
                Some(other) => other.to_string(),
                None => panic!("{}: no {pointer} in {}", self.name, answer.text()),
            };
            self.set(name, value);
        }
        // Both answer with their own address.
        let host = self.address.to_string();
        if let Ok(text) = std::str::from_utf8(&answer.body) {
            answer.body = text.replace(&host, "HOST").into_bytes();
        }
        answer
    }
}

fn compare(case: &Case, theirs: &Answer, ours: &Answer) -> Option<String> {
    let mut differences = Vec::new();
    let mut note = |what: &str, theirs: String, ours: String| {
        if theirs != ours {
            differences.push(format!(
                "  {what}\n    Django:  {theirs}\n    sandbox: {ours}"
            ));
        }
    };
    note("status", theirs.status.to_string(), ours.status.to_string());
    for name in HEADERS {
        note(
            name,
            format!("{:?}", theirs.header(name)),
            format!("{:?}", ours.header(name)),
        );
    }
    match case.how {
        How::Bytes => note(
            "body",
            String::from_utf8_lossy(&theirs.body).into_owned(),
            String::from_utf8_lossy(&ours.body).into_owned(),
        ),
        How::Objects if theirs.status != ours.status => note(
            "body",
            String::from_utf8_lossy(&theirs.body).into_owned(),
            String::from_utf8_lossy(&ours.body).into_owned(),
        ),
        How::Objects => {
            let mut paths = Vec::new();
            contains(&theirs.json(), &ours.json(), "", &mut paths);
            for (path, theirs, ours) in paths {
                note(&format!("body at {path}"), theirs, ours);
            }
        }
    }
    (!differences.is_empty()).then(|| differences.join("\n"))
}

/// A list of choices of which the application has a few.
const FEW: &str = "/country/choices";

/// Whether all of an object is in ours too, in the same order; ours may have more.
fn contains(theirs: &Value, ours: &Value, path: &str, found: &mut Vec<(String, String, String)>) {
    match (theirs, ours) {
        (Value::Array(_), Value::Array(_)) if path.ends_with(FEW) => {}
        (Value::Object(theirs), Value::Object(ours)) => {
            let common = |name: &&String| theirs.contains_key(*name);
            let order: Vec<_> = ours.keys().filter(common).collect();
            let expected: Vec<_> = theirs.keys().collect();
            if order != expected {
                found.push((
                    path.to_owned(),
                    format!("{expected:?}"),
                    format!("{order:?}"),
                ));
                return;
            }
            for (name, value) in theirs {
                contains(value, &ours[name], &format!("{path}/{name}"), found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (number, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                contains(theirs, ours, &format!("{path}/{number}"), found);
            }
        }
        _ => {
            let own = path
                .rsplit('/')
                .next()
                .is_some_and(|name| OWN.contains(&name));
            let (theirs, ours) = if own {
                (form(theirs), form(ours))
            } else {
                (theirs.to_string(), ours.to_string())
            };
            if theirs != ours {
                found.push((path.to_owned(), theirs, ours));
            }
        }
    }
}

/// What a value looks like, whatever it is.
fn form(value: &Value) -> String {
    match value {
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() && c != 'T' && c != 'Z' {
                    'x'
                } else {
                    c
                }
            })
            .collect(),
        other => other.to_string(),
    }
}
