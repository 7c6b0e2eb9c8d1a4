//! How a signature may be written, whose it may be, and where it stands.

use accredit_verifyinvestor::transport::http::{HeaderMap, HeaderValue};
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, SignatureEncoding, Verified, WebhookError, WebhookSigner, Webhooks,
};

use super::support::{BODY, signer, webhooks};

#[test]
fn the_signature_is_hmac_sha256_of_the_raw_body() {
    // RFC 4231, test case 2.
    let signer = WebhookSigner::new("Jefe").unwrap();
    assert_eq!(
        signer.sign("what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    // A key longer than a block, with another implementation.
    let signer = WebhookSigner::new("a".repeat(200)).unwrap();
    assert_eq!(signer.sign(BODY), LONG_KEY);
}

const LONG_KEY: &str = "73b64c36b9a784fad71f827f5e827cbb6468b76f68cd4ae007669b8611d1eb74";

/// 3 encodings, padded or not, in either case, with the prefix or without it × 3 secrets: all accepted, and by no other secret.
#[test]
fn every_encoding_is_accepted_with_each_of_three_secrets() {
    let secrets = ["new", "old", "older"];
    let three = Webhooks::new("new").unwrap().or("old").unwrap();
    let three = three.or("older").unwrap();
    let stranger = Webhooks::new("stranger").unwrap();
    let mut accepted = 0;
    for secret in secrets {
        for encoding in SignatureEncoding::ALL {
            let plain = WebhookSigner::new(secret).unwrap().encoding(encoding);
            for signer in [plain.clone(), plain.prefixed()] {
                let headers = signer.headers(BODY);
                three.verify(&headers, BODY).unwrap();
                assert_eq!(
                    stranger.verify(&headers, BODY),
                    Err(WebhookError::Signature)
                );
                accepted += 1;
            }
        }
    }
    assert_eq!(accepted, 36);
    assert_eq!(format!("{three:?}"), "Webhooks(3 secrets)");
}

#[test]
fn a_secret_that_was_taken_out_is_refused() {
    let headers = WebhookSigner::new("old").unwrap().headers(BODY);
    let both = Webhooks::new("old").unwrap().or("new").unwrap();
    assert!(both.verify(&headers, BODY).is_ok());
    let new = Webhooks::new("new").unwrap();
    assert_eq!(new.verify(&headers, BODY), Err(WebhookError::Signature));
}

#[test]
fn empty_secrets_are_refused() {
    let refused = Err(WebhookError::EmptySecret);
    assert_eq!(Webhooks::new("").map(drop), refused);
    assert_eq!(webhooks().or("").map(drop), refused);
    assert_eq!(WebhookSigner::new("").map(drop), refused);
}

#[test]
fn missing_and_double_signatures_are_refused() {
    let refused = Err(WebhookError::Signature);
    assert_eq!(webhooks().verify(&HeaderMap::new(), BODY), refused);

    let mut double = signer().headers(BODY);
    let again = double[SIGNATURE_HEADER].clone();
    double.append(SIGNATURE_HEADER, again);
    assert_eq!(webhooks().verify(&double, BODY), refused);
}

#[test]
fn what_is_no_signature_is_refused() {
    let good = signer().sign(BODY);
    let base64 = signer().encoding(SignatureEncoding::Base64).sign(BODY);
    let junk: [Vec<u8>; 19] = [
        "".into(),
        "sha256=".into(),
        "zz".into(),
        // One digit or one byte too few or too many.
        good[1..].into(),
        good[2..].into(),
        format!("{good}0").into(),
        format!("{good}00").into(),
        base64[1..].into(),
        format!("{base64}=").into(),
        format!("{good}{good}").into(),
        // Twice the prefix, another one, another header's list.
        format!("sha256=sha256={good}").into(),
        format!("sha1={good}").into(),
        format!("{good},{good}").into(),
        // Of the right length, and no digits.
        "g".repeat(64).into(),
        "é".repeat(32).into(),
        vec![0xff; 64],
        "!".repeat(44).into(),
        "=".repeat(44).into(),
        // 33 bytes in 44 digits.
        "A".repeat(44).into(),
    ];
    for junk in junk {
        let refused = Err(WebhookError::Signature);
        let values = webhooks().verify_values([&junk], BODY);
        assert_eq!(values.map(drop), refused, "{junk:?}");
        let value = HeaderValue::from_bytes(&junk).unwrap();
        let headers = HeaderMap::from_iter([(SIGNATURE_HEADER.parse().unwrap(), value)]);
        let read = webhooks().verify(&headers, BODY);
        assert_eq!(read.map(drop), refused, "{junk:?}");
    }
    assert!(webhooks().verify_values([good], BODY).is_ok());
}

#[test]
fn a_body_over_the_limit_is_not_looked_at() {
    let at = |length: usize| {
        let body = vec![b' '; length];
        let headers = signer().headers(&body);
        webhooks().verify_signature(&headers, body).map(drop)
    };
    assert_eq!(at(64 * 1024), Ok(()));
    assert_eq!(at(64 * 1024 + 1), Err(WebhookError::TooLarge));
    let small = webhooks().body_limit(10);
    assert_eq!(
        small.verify(&signer().headers(BODY), BODY),
        Err(WebhookError::TooLarge)
    );
}

#[test]
fn a_stored_body_is_verified_first_and_read_later() {
    let headers = signer().headers(BODY);
    let verified = webhooks()
        .verify_signature(&headers, BODY.to_vec())
        .unwrap();
    assert_eq!(verified.bytes(), BODY);
    assert_eq!(
        format!("{verified:?}"),
        format!("Verified({} bytes, sha256 5febb500)", BODY.len())
    );
    let stored = Verified::from_storage(verified.clone().into_bytes());
    assert_eq!(stored, verified);
    assert_eq!(
        stored.event(),
        Ok(webhooks().verify(&headers, BODY).unwrap())
    );

    // What can't be read is accepted, and an error only when it is read.
    let headers = signer().headers("?");
    let unreadable = webhooks().verify_signature(&headers, "?").unwrap();
    assert!(unreadable.event().is_err());
}

#[test]
fn a_signed_body_that_is_no_event_names_the_field_only() {
    let body = br#"{"verification_request_id": "canary"}"#;
    let error = webhooks().verify(&signer().headers(body), body);
    assert_eq!(
        error.unwrap_err().to_string(),
        "the webhook is no event: verification_request_id: expected an id (a whole number)"
    );
}
