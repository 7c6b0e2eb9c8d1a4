//! `cargo xtask prism`: our clients and our sandbox, with a foreign validator between them.
//!
//! Runs `accredit demo` through two validating proxies, one for each OpenAPI document of the sandbox: every request and every
//! answer has to be as the documents say. Before that the same proxies see exchanges that are not, and have to say so.
//! Where Prism cannot be had the chore says so and ends well: it checks the workspace, not the machine.
//!
//! One thing goes through it unseen: Prism takes a body that is not JSON for text, so the bytes of a certificate arrive changed.

mod bench;
mod log;
mod proxy;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::{Context, Error, Result};
use crate::http::Call;
use crate::process::{Run, target};
use crate::sandbox::{self, Profile, Sandbox};
use log::Seen;
use proxy::Proxy;

const LOGIN: &str = "/api_third_party/auth/login/";
/// An answer that neither document has, made by the sandbox on demand.
const WRONG_ANSWER: &str = "status; status=200; content_type=application/json; body=7";

/// Checks the demo; with `bench`, measures the sandbox beside Prism's mock server instead.
///
/// # Errors
///
/// When an exchange is not as its document says, when a proxy saw none or misses what is wrong, and when a limit is broken.
pub(crate) fn run(bench: bool) -> Result<()> {
    let folder = target()?.join("prism");
    let tool = match proxy::install(&folder) {
        Ok(tool) => tool,
        Err(error) if bench => return Err(error),
        Err(error) => {
            eprintln!("notice: skipped, Prism cannot be had here: {error}");
            return Ok(());
        }
    };
    if bench {
        return bench::run(&tool, &folder);
    }
    let program = sandbox::build(Profile::Dev)?;
    let sandbox = Sandbox::start(&program, &[])?;
    let address = sandbox.address()?.to_owned();
    let mut proxies = Vec::new();
    for service in services(&sandbox)? {
        let document = document(service.name, &sandbox, &folder)?;
        let proxy = Proxy::start(&tool, &document, sandbox.url()?)?;
        service.prove(&proxy).context(service.name)?;
        proxies.push((service, proxy));
    }
    // The demo's own takes the place behind the proxies.
    drop(sandbox);
    let certificate = folder.join("certificate.pdf").display().to_string();
    let mut arguments = vec![
        "demo".to_owned(),
        format!("--certificate={certificate}"),
        format!("--listen={address}"),
    ];
    for (service, proxy) in &proxies {
        arguments.push(format!("--{}-via={}", service.name, proxy.address));
    }
    let demo = Run::new(&program.display().to_string(), arguments)?.checked();
    let mut checks = Vec::new();
    for (service, proxy) in &proxies {
        let seen = proxy.seen()?;
        let (exchanges, violations) = (seen.exchanges, seen.violations.len());
        println!(
            "{}: {exchanges} exchanges, {violations} violations",
            service.name
        );
        checks.push(seen.passed().context(service.name));
    }
    checks.into_iter().collect::<Result<()>>()?;
    demo
}

/// One of the two services, and calls to it.
struct Service {
    name: &'static str,
    /// As its document says, and so is the answer.
    right: Call,
    /// Not as its document says.
    wrong: Call,
}

fn services(sandbox: &Sandbox) -> Result<[Service; 2]> {
    let token = format!("Token {}", sandbox.field("/verifyinvestor/api_token")?);
    let users = Call::get("/api/v1/users").header("Authorization", &token);
    let user = Call::get("/api/v1/users/ada").header("Authorization", &token);
    Ok([
        Service {
            name: "thirdparty",
            right: login(sandbox)?,
            wrong: Call::post(LOGIN, &json!({"email": 7})),
        },
        Service {
            name: "verifyinvestor",
            right: users,
            wrong: user,
        },
    ])
}

impl Service {
    /// Makes sure that the check passes what is right and finds what is not, in a request and in an answer.
    fn prove(&self, proxy: &Proxy) -> Result<()> {
        let see = |call: &Call| -> Result<Seen> {
            call.send(&proxy.address)?;
            proxy.seen()
        };
        if proxy.seen()?.passed().is_ok() {
            return Err(Error::new("a proxy that saw nothing passed"));
        }
        see(&self.right)?.passed()?;
        let wrong_answer = self.right.clone().header("X-Sandbox-Fault", WRONG_ANSWER);
        for (call, part) in [(&self.wrong, "request"), (&wrong_answer, "response")] {
            let seen = see(call)?;
            let found = seen.violations.iter().find(|violation| {
                let what = violation.split_once(": ").map(|(_, what)| what);
                what.is_some_and(|what| what.starts_with(part))
            });
            let found = found.ok_or_else(|| Error::new(format!("a wrong {part} was not found")))?;
            eprintln!("a wrong {part} is found: {found}");
        }
        Ok(())
    }
}

fn login(sandbox: &Sandbox) -> Result<Call> {
    let credentials = json!({
        "email": sandbox.field("/thirdparty/email")?,
        "password": sandbox.field("/thirdparty/password")?,
    });
    Ok(Call::post(LOGIN, &credentials))
}

/// Saves a service's document as the sandbox serves it.
fn document(service: &str, sandbox: &Sandbox, folder: &Path) -> Result<PathBuf> {
    let answer = Call::get(format!("/_sandbox/openapi/{service}.json")).send(sandbox.address()?)?;
    answer.json().context("the document")?;
    let file = folder.join(format!("{service}.json"));
    std::fs::write(&file, answer.body).context(file.display())?;
    Ok(file)
}
