//! `accredit demo`.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

const OPERATIONS: [&str; 22] = [
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
    "the wire arrives and the issuer's escrow takes it",
    "investments.retrieve",
    "investments.create",
    "investments.list",
    "investments.list",
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
    let all = |operation: &str| -> Vec<&Value> {
        let of = |step: &&Value| step["operation"] == operation;
        steps.iter().filter(of).collect()
    };
    let step = |operation: &str| all(operation)[0];
    assert_eq!(step("auth.login")["status"], "200 OK");
    assert_eq!(step("investments.create")["status"], "201 Created");
    assert_eq!(step("signed webhook")["status"], "204 No Content");
    assert_eq!(step("signed webhook")["detail"], "verified: accredited");
    assert!(
        step("investments.retrieve")["detail"]
            .as_str()
            .unwrap()
            .ends_with("is invested")
    );
    let ids: Vec<&str> = all("investments.create")
        .iter()
        .map(|step| step["detail"].as_str().unwrap())
        .map(|detail| detail.split(' ').nth(1).unwrap())
        .collect();
    let lists: Vec<&Value> = all("investments.list")
        .iter()
        .map(|step| &step["detail"])
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(
        lists,
        [
            "1 of 1 received or invested, from $5000",
            &*format!("page 1 of 2: investment {}", ids[0]),
            &*format!("page 2 of 2: investment {}", ids[1]),
        ]
    );
    assert_eq!(
        step("invoices.list")["detail"],
        format!("1 for investment {}", ids[0])
    );
    let without_http: Vec<&Value> = steps
        .iter()
        .filter(|step| step["status"] == "-")
        .map(|step| &step["operation"])
        .collect();
    assert_eq!(
        without_http,
        ["the wire arrives and the issuer's escrow takes it"]
    );
    for step in &steps {
        assert!(step["duration_us"].is_u64(), "{step}");
        assert_eq!(step["ok"], true, "{step}");
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
            .starts_with("22 steps in ")
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

/// Behind each option stands nothing, so the first call that takes it fails, and no earlier one.
#[test]
fn the_calls_of_each_service_go_through_what_is_named_for_it() {
    for (option, operation) in [
        ("--thirdparty-via", "auth.login"),
        ("--verifyinvestor-via", "verification_requests.create"),
    ] {
        let nothing = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = nothing.local_addr().unwrap().to_string();
        drop(nothing);
        let output = accredit(&["demo", "--json", option, &address], &[]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        let last: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
        assert_eq!(last["operation"], operation);
    }
}

#[test]
fn the_demo_listens_where_it_is_told_and_nowhere_else() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = accredit(&["demo", "--listen", &address], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(&address), "{stderr}");
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
fn columns_stand_under_each_other() {
    let certificate = Scratch::new("columns.pdf");
    let output = accredit(&["demo", "--certificate", certificate.path()], &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let places: Vec<_> = stdout.lines().map(|line| line.find(" ms  ")).collect();
    assert!(places[0].is_some(), "{stdout}");
    assert!(places.iter().all(|place| *place == places[0]), "{stdout}");
}

#[test]
fn the_last_line_of_a_failure_is_json_too() {
    let output = accredit(
        &["demo", "--json"],
        &[("ACCREDIT_PASSWORD", "canary-wrong")],
    );
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let step: Value = serde_json::from_str(&stdout).expect("one line of JSON");
    assert_eq!(step["operation"], "auth.login");
    assert_eq!(step["status"], "400 Bad Request");
    assert_eq!(step["ok"], false);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: "), "{stderr}");
}

#[test]
fn the_help_lists_every_exit_code() {
    let output = accredit(&["--help"], &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    for line in [
        "0  done",
        "3  the service could not be reached or failed",
        "4  the service refused the credentials",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
}

#[test]
fn a_certificate_that_cannot_be_saved_is_said() {
    let output = accredit(
        &["demo", "--json", "--certificate", "/nowhere/at/all.pdf"],
        &[],
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("/nowhere/at/all.pdf"), "{stderr}");
    assert!(stderr.contains("because: No such file"), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["operation"], "verification_requests.certificate");
    assert_eq!(last["ok"], false);
}

#[test]
fn a_named_certificate_replaces_what_was_there() {
    let certificate = Scratch::new("again.pdf");
    std::fs::write(&certificate.0, vec![b'x'; 100_000]).unwrap();
    let output = accredit(&["demo", "--certificate", certificate.path()], &[]);
    assert!(output.status.success(), "{output:?}");
    let pdf = std::fs::read(&certificate.0).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 100_000);
}

/// A predictable name in a folder that all users share can be a link to a file of somebody else's choice.
#[cfg(unix)]
#[test]
fn without_a_name_each_certificate_is_a_new_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Scratch::new("folder");
    std::fs::create_dir(&folder.0).unwrap();
    for _ in 0..2 {
        let output = accredit(&["demo"], &[("TMPDIR", folder.path())]);
        assert!(output.status.success(), "{output:?}");
    }
    let files: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_dir_all(&folder.0).unwrap();
}
