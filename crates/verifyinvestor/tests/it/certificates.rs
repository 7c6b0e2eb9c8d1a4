//! Certificates as files, against the sandbox and against replies that are none.

use std::fs;
use std::path::PathBuf;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::{ErrorKind, ReviewStatus};

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
    let review = simulation.review_by_id(request.id, ReviewStatus::Accredited);
    review.send().await.unwrap();

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
