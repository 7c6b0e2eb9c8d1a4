//! The line that says that the sandbox is ready: where it is, and what opens it.
//!
//! Programs read it. What is not there is left out; nothing that is there ever changes its meaning.

use std::io::{self, Write as _};

use accredit_sandbox::Sandbox;
use serde::Serialize;

use super::CaFile;

#[derive(Debug, Serialize)]
struct Ready<'a> {
    event: &'static str,
    thirdparty: ThirdParty<'a>,
    verifyinvestor: VerifyInvestor<'a>,
    control_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    control_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<String>,
}

#[derive(Debug, Serialize)]
struct ThirdParty<'a> {
    base_url: &'a str,
    email: &'static str,
    password: &'static str,
}

#[derive(Debug, Serialize)]
struct VerifyInvestor<'a> {
    base_url: &'a str,
    api_token: &'static str,
    user_authorization_token: &'static str,
    webhook_secret: &'static str,
}

/// Prints the line.
pub(crate) fn print(sandbox: &Sandbox, ca: Option<&CaFile>) -> io::Result<()> {
    let base_url = &sandbox.base_url();
    let partner = sandbox.thirdparty_credentials();
    let ready = Ready {
        event: "ready",
        thirdparty: ThirdParty {
            base_url,
            email: partner.email,
            password: partner.password,
        },
        verifyinvestor: VerifyInvestor {
            base_url,
            api_token: sandbox.verifyinvestor_api_token(),
            user_authorization_token: sandbox.authorization_token(),
            webhook_secret: sandbox.webhook_secret(),
        },
        control_url: format!("{base_url}/_sandbox/"),
        control_token: sandbox.control_token(),
        ca_file: ca.map(|ca| ca.path().display().to_string()),
    };
    let mut line = serde_json::to_vec(&ready)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}
