//! Certificates: one page, any name, the same bytes for the same seed.

use accredit_sandbox::{Clock, Sandbox};
use serde_json::json;

use crate::support::{Client, pdf_text};

/// The certificate of an accredited investor with a legal name.
async fn certificate(name: &str) -> Vec<u8> {
    let start = "2026-03-01T12:00:00Z".parse().unwrap();
    let sandbox = Sandbox::builder()
        .strict(true)
        .seed(5)
        .clock(Clock::Frozen(start))
        .start()
        .await
        .unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let request = client
        .post(&path, &json!({ "legal_name": name }))
        .await
        .json();
    let path = format!("{path}/{}", request["id"]);
    client
        .post(&format!("{path}/simulate_investor_completion"), &json!({}))
        .await;
    client
        .post(
            &format!("{path}/review"),
            &json!({ "status": "accredited" }),
        )
        .await;
    let certificate = client.get(&format!("{path}/certificate")).await;
    assert_eq!(certificate.status, 200);
    certificate.body
}

#[tokio::test]
async fn the_same_seed_gives_the_same_certificate() {
    let first = certificate("张伟 Zoë").await;
    assert!(first.starts_with(b"%PDF-") && first.ends_with(b"%%EOF"));
    assert_eq!(first, certificate("张伟 Zoë").await);
}

#[tokio::test]
async fn a_name_in_any_script_can_be_read_back() {
    for name in [
        "ZOË O'BRIEN-MÜLLER",
        "ŁUKASZ DVOŘÁK",
        "ДМИТРИЙ ШОСТАКОВИЧ",
        "ΓΙΏΡΓΟΣ ΣΕΦΈΡΗΣ",
        "张伟",
        "𠮷野家",
        "ゆきひろ まつもと",
        "김연아",
        "अमृता शेर-गिल",
        "สมชาย ใจดี",
        "محمد علي",
        "דוד בן גוריון",
        "NGUYỄN VĂN A",
        "😀 LLC",
    ] {
        let Some(text) = pdf_text(&certificate(name).await) else {
            return;
        };
        // Around text from right to left there are marks of its direction.
        let plain: String = text
            .chars()
            .filter(|character| !matches!(character, '\u{202a}'..='\u{202e}'))
            .collect();
        let found = plain.lines().any(|line| line.trim() == name);
        assert!(found, "{name} is not a line of {plain:?}");
    }
}

#[tokio::test]
async fn a_name_of_any_length_leaves_one_page() {
    let certificate = certificate(&"NAME ".repeat(2000)).await;
    let pages = certificate
        .windows(b"/Type /Page\n".len())
        .filter(|window| window == b"/Type /Page\n")
        .count();
    assert_eq!(pages, 1);
    if let Some(text) = pdf_text(&certificate) {
        assert!(text.contains("NAME NAME"));
    }
}
