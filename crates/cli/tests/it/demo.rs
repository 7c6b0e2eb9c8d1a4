//! `accredit demo`.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

const OPERATIONS: [&str; 18] = [
    "auth.login",
    "investors.check_tax_id_number_valid",
    "investors.create",
    "investors.kyc_country_codes",
    "investments.create",
    "investments.get_payment_intent_secret",
    "subscription_agreement_investor_signatures.create",
    "the investor signs on the hosted page",
    "the investor grants access on the authorization page",
    "verification_requests.create",
    "verification_requests.simulate_investor_completion",
    "verification_requests.review",
    "signed webhook",
    "verification_requests.certificate",
    "investments.retrieve",
    "investments.list",
    "invoices.list",
    "auth.logout",
];

fn accredit(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_accredit"))
        .args(arguments)
        .env_remove("ACCREDIT_PASSWORD")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// A file of this test alone, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("accredit-{}-{name}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_demo_takes_one_investment_through_both_services() {
    let certificate = Scratch::new("steps.pdf");
    let output = accredit(
        &["demo", "--json", "--certificate", certificate.path()],
        &[],
    );
    assert!(output.status.success(), "{output:?}");
    let steps: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let operations: Vec<&str> = steps
        .iter()
        .map(|step| step["operation"].as_str().unwrap())
        .collect();
    assert_eq!(operations, OPERATIONS);
    let step = |operation: &str| {
        steps
            .iter()
            .find(|step| step["operation"] == operation)
            .unwrap()
    };
    assert_eq!(step("auth.login")["status"], "200 OK");
    assert_eq!(step("investments.create")["status"], "201 Created");
    assert_eq!(step("signed webhook")["detail"], "verified: accredited");
    assert!(
        step("investments.retrieve")["detail"]
            .as_str()
            .unwrap()
            .ends_with("is invested")
    );
    assert_eq!(
        step("investments.list")["detail"],
        "1 of 1 invested or received"
    );
    assert!(
        step("invoices.list")["detail"]
            .as_str()
            .unwrap()
            .starts_with("1 for investor")
    );
    for step in &steps {
        assert!(step["duration_us"].is_u64(), "{step}");
        assert!(
            !step.to_string().contains("Lovelace"),
            "a step shows a name: {step}"
        );
        assert!(
            !step.to_string().contains("123-45"),
            "a step shows a tax id: {step}"
        );
    }
}

#[test]
fn the_certificate_is_a_pdf_that_others_read() {
    let certificate = Scratch::new("certificate.pdf");
    let output = accredit(&["demo", "--certificate", certificate.path()], &[]);
    assert!(output.status.success(), "{output:?}");
    assert!(std::fs::read(&certificate.0).unwrap().starts_with(b"%PDF-"));
    let Ok(text) = Command::new("pdftotext")
        .args([certificate.path(), "-"])
        .output()
    else {
        eprintln!("skipped the reading: pdftotext is not installed (Debian's poppler-utils)");
        return;
    };
    assert!(text.status.success(), "{text:?}");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("ADA LOVELACE"), "{text}");
}

#[test]
fn one_line_a_step_and_nothing_else_on_stdout() {
    let certificate = Scratch::new("lines.pdf");
    let output = accredit(&["demo", "--certificate", certificate.path()], &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().count(), OPERATIONS.len());
    for (line, operation) in stdout.lines().zip(OPERATIONS) {
        assert!(line.contains(operation) && line.contains(" ms "), "{line}");
    }
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("18 steps in ")
    );
}

#[test]
fn a_wrong_password_is_exit_code_4_and_names_the_operation() {
    let output = accredit(&["demo"], &[("ACCREDIT_PASSWORD", "canary-wrong")]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: auth.login: 400 Bad Request"),
        "{stderr}"
    );
    assert!(!stderr.contains("canary"), "{stderr}");
}

#[test]
fn a_password_that_no_header_or_form_could_hold_does_not_panic() {
    let output = accredit(&["demo"], &[("ACCREDIT_PASSWORD", "\u{1}\n\u{7f}é")]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[test]
fn misspelt_arguments_are_exit_code_2() {
    assert_eq!(accredit(&["demmo"], &[]).status.code(), Some(2));
    assert_eq!(accredit(&["demo", "--jsno"], &[]).status.code(), Some(2));
}

#[test]
fn a_certificate_that_cannot_be_saved_is_said() {
    let output = accredit(&["demo", "--certificate", "/nowhere/at/all.pdf"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("/nowhere/at/all.pdf")
    );
}
