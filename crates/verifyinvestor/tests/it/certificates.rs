//! Certificates as files, against the sandbox and against replies that are none.

use std::fs;
use std::path::PathBuf;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::transport::testkit::{Answer, Script};
use accredit_verifyinvestor::{Accreditation, Environment, ErrorKind, ReviewStatus};

use crate::support::{Service, account, violet};

/// An empty directory.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("accredit-certificates-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_certificate_is_written_whole_for_its_owner_alone() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.users().verification_requests(user);
    let request = requests.create().send().await.unwrap();
    let simulation = client.simulate().unwrap();
    let completion = simulation.investor_completion(user, request.id);
    completion.send().await.unwrap();
    // Not yet: the error of `send`, with its body.
    let error = requests
        .certificate(request.id)
        .download()
        .await
        .unwrap_err();
    assert!(error.is_not_found() && !error.body().is_empty());
    // And that is no error, where one asks so.
    let short = || client.verification_requests().certificate(request.id);
    let by_name = || {
        client
            .users()
            .verification_certificate(user, "Violet Howard")
    };
    let long = requests.certificate(request.id).download_if_verified();
    assert!(long.await.unwrap().is_none());
    assert!(short().download_if_verified().await.unwrap().is_none());
    assert!(by_name().download_if_verified().await.unwrap().is_none());
    let review = simulation.review_by_id(request.id, ReviewStatus::Accredited);
    review.send().await.unwrap();
    let long = requests.certificate(request.id).download_if_verified();
    assert!(long.await.unwrap().is_some());
    assert!(short().download_if_verified().await.unwrap().is_some());
    assert!(by_name().download_if_verified().await.unwrap().is_some());

    let directory = Directory::new("written");
    let target = directory.0.join("certificate.pdf");
    let certificate = client.verification_requests().certificate(request.id);
    let download = certificate.download().await.unwrap();
    assert_eq!(download.content_type(), Some("application/pdf"));
    let length = download.length().unwrap();
    assert_eq!(download.write_to(&target).await.unwrap(), length);
    assert_eq!(directory.names(), ["certificate.pdf"]);
    let written = fs::read(&target).unwrap();
    assert!(written.starts_with(b"%PDF-") && written.len() as u64 == length);
    let in_memory = requests.certificate(request.id).send().await.unwrap();
    assert_eq!(written, in_memory);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_page_with_a_good_status_becomes_no_certificate() {
    let directory = Directory::new("refused");
    let target = directory.0.join("certificate.pdf");
    for body in ["<html>canary</html>", "", "%PDF", " %PDF-1.7 canary"] {
        let client = Service::answering(200, "application/pdf", body).client();
        let calls = [
            client
                .verification_requests()
                .certificate(90_u64)
                .download()
                .await,
            client
                .users()
                .verification_requests(1_u64)
                .certificate(90_u64)
                .download()
                .await,
            client
                .users()
                .verification_certificate(1_u64, "canary")
                .download()
                .await,
        ];
        for download in calls {
            let error = download.unwrap().write_to(&target).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
            assert!(
                !format!("{error} {error:?}").contains("canary"),
                "{error:?}"
            );
            assert!(directory.names().is_empty());
        }
    }
}

/// The status with which this service refuses a token has the same name for a file.
#[tokio::test]
async fn a_refused_token_is_named_for_a_download_too() {
    let body = r#"{"error": "Invalid token."}"#;
    let client = Service::json(403, body).client();
    let certificate = client.verification_requests().certificate(90_u64);
    let error = certificate.download().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

/// "Not verified yet" is `None`; a request or a user that is not there is a mistake.
#[tokio::test]
async fn what_does_not_exist_is_not_merely_unverified() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let (users, short) = (client.users(), client.verification_requests());
    let errors = [
        short.certificate(1_u64).download_if_verified().await,
        users
            .verification_requests(user)
            .certificate(1_u64)
            .download_if_verified()
            .await,
        users
            .verification_requests(1_u64)
            .certificate(1_u64)
            .download_if_verified()
            .await,
        users
            .verification_certificate(1_u64, "Violet Howard")
            .download_if_verified()
            .await,
    ];
    for error in errors {
        assert!(error.unwrap_err().is_not_found());
    }
    // Any other failure stays one, too.
    for status in [401, 403, 422] {
        let client = Service::json(status, "{}").client();
        let certificate = client.verification_requests().certificate(1_u64);
        let error = certificate.download_if_verified().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

#[tokio::test]
async fn half_a_certificate_and_one_above_the_cap_leave_no_file() {
    let directory = Directory::new("cut");
    let target = directory.0.join("certificate.pdf");
    fs::write(&target, "of before").unwrap();
    let file = |length| format!("%PDF-1.7{}", "x".repeat(length));
    let script = Script::new()
        .then(Answer::status(200).body(file(1_900)).cut_after(1_000))
        .then(Answer::status(200).body(file(2_000)));
    let service = Service::following(script);
    let client = service
        .builder(Environment::Production)
        .api_token("t")
        .configure(|transport| transport.bytes_cap(2_007));
    let client = client.build().unwrap();
    for kind in [ErrorKind::Io, ErrorKind::TooLarge] {
        let certificate = client.verification_requests().certificate(90_u64);
        let error = match certificate.download().await {
            Ok(download) => download.write_to(&target).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), kind);
        assert_eq!(directory.names(), ["certificate.pdf"]);
        assert_eq!(fs::read(&target).unwrap(), b"of before");
    }
}

#[tokio::test]
async fn a_certificate_in_memory_is_written_whole_too() {
    let directory = Directory::new("memory");
    let user = r#"{"id": 1, "legal_profile": {"verify_investor_legal_name": "A",
        "verified_accredited_expires_at": "2026-05-30", "authorized_parties": [{"name": null}]}}"#;
    let script = Script::new()
        .on("users.retrieve", Answer::json(200, user))
        .on("verification_requests.list", Answer::json(200, "[]"))
        .on(
            "root",
            Answer::json(200, r#"{"current_time": "2026-05-01T00:00:00Z"}"#),
        )
        .on(
            "users.verification_certificate",
            Answer::status(200).body("%PDF-1.7 canary"),
        );
    let client = Service::following(script).client();
    let answer = client.accreditation(1_u64, "A", None).send().await.unwrap();
    assert!(answer.is_accredited());
    assert!(!format!("{answer:?}").contains("canary"));
    let Accreditation::Accredited { certificate, .. } = answer else {
        panic!("{answer:?}");
    };
    let target = directory.0.join("certificate.pdf");
    certificate.write_to(&target).await.unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"%PDF-1.7 canary");
    let nowhere = directory.0.join("none").join("certificate.pdf");
    let error = certificate.write_to(&nowhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert_eq!(directory.names(), ["certificate.pdf"]);
}
