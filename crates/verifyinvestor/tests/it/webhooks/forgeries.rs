//! Nothing that was not signed with the secret is accepted.

use std::env;

use accredit_verifyinvestor::{SignatureEncoding, WebhookError, WebhookSigner, Webhooks};
use fastrand::Rng;

use super::support::{signer, webhooks};

fn accepts(webhooks: &Webhooks, value: impl AsRef<[u8]>, body: &[u8]) -> bool {
    match webhooks.verify_values([value], body) {
        Ok(_) => true,
        Err(WebhookError::Signature) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_bit_of_a_300_byte_body_and_of_its_signature_counts() {
    let (webhooks, body) = (webhooks(), body_of(300));
    assert_eq!(body.len(), 300);
    let signature = signer().sign(&body);
    assert!(accepts(&webhooks, &signature, &body));
    let mut refused = 0;
    for bit in 0..body.len() * 8 {
        let mut forged = body.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&webhooks, &signature, &forged), "bit {bit}");
        refused += 1;
    }
    for bit in 0..256 {
        // Four bits a digit.
        let mut forged: Vec<char> = signature.chars().collect();
        let digit = forged[bit / 4].to_digit(16).unwrap() ^ 1 << (bit % 4);
        forged[bit / 4] = char::from_digit(digit, 16).unwrap();
        let forged: String = forged.into_iter().collect();
        assert!(!accepts(&webhooks, forged, &body), "bit {bit}");
        refused += 1;
    }
    assert_eq!(refused, 2_656);
}

/// The same for the bits of the text, where all that may pass is a hex digit in the other case.
#[test]
fn every_bit_of_a_written_signature_counts() {
    let (webhooks, body) = (webhooks(), body_of(300));
    for encoding in SignatureEncoding::ALL {
        for signer in [
            signer().encoding(encoding),
            signer().encoding(encoding).prefixed(),
        ] {
            let signature = signer.sign(&body);
            let digits = signature.find('=').filter(|at| *at == 6).map_or(0, |_| 7);
            let is_hex = signature.len() - digits == 64;
            for bit in 0..signature.len() * 8 {
                let mut forged = signature.clone().into_bytes();
                forged[bit / 8] ^= 1 << (bit % 8);
                let same = is_hex
                    && bit / 8 >= digits
                    && forged.eq_ignore_ascii_case(signature.as_bytes());
                assert_eq!(accepts(&webhooks, &forged, &body), same, "{forged:?}");
            }
        }
    }
}

/// 20,000 of them, or as many as `ACCREDIT_FORGERIES` says. The promise is a million:
///
/// `ACCREDIT_FORGERIES=1000000 cargo test --release -p accredit-verifyinvestor --test it random_forgeries -- --nocapture`
#[test]
fn random_forgeries_are_refused() {
    let count = env::var("ACCREDIT_FORGERIES").map_or(20_000, |count| count.parse().unwrap());
    let seed = env::var("ACCREDIT_SEED").map_or(300, |seed| seed.parse().unwrap());
    let mut random = Rng::with_seed(seed);
    let (webhooks, body) = (webhooks().or("old").unwrap(), body_of(300));
    for round in 0..count {
        let Forgery { value, body } = forge(&mut random, &signer(), &body);
        assert!(
            !accepts(&webhooks, &value, &body),
            "seed {seed}, round {round}: {value:?}"
        );
    }
    println!("{count} forgeries refused, seed {seed}");
}

/// A webhook that nobody signed: the value of its signature header, and its body.
struct Forgery {
    value: Vec<u8>,
    body: Vec<u8>,
}

/// An event of so many bytes.
fn body_of(length: usize) -> Vec<u8> {
    let event = |name: &str| {
        format!(
            r#"{{"action":"verification_result","verification_request_id":90,"legal_name":"{name}","status":"accredited"}}"#
        )
    };
    let fill = length.saturating_sub(event("").len());
    event(&"N".repeat(fill)).into_bytes()
}

/// One of six kinds, at random.
fn forge(random: &mut Rng, signer: &WebhookSigner, body: &[u8]) -> Forgery {
    let mut body = body.to_vec();
    let encoding = random.choice(SignatureEncoding::ALL);
    let mut signer = signer.clone().encoding(encoding.unwrap());
    if random.bool() {
        signer = signer.prefixed();
    }
    let value = match random.u8(..6) {
        // Of the right form and at random.
        0 | 1 => digits(random, encoding.unwrap()),
        // Of no form at all.
        2 => (0..random.usize(..100)).map(|_| random.u8(..)).collect(),
        // By another secret.
        3 => {
            let secret = random.u64(..).to_string();
            let stranger = WebhookSigner::new(secret).unwrap();
            stranger.encoding(encoding.unwrap()).sign(&body).into()
        }
        // Of another body.
        4 => {
            let signature = signer.sign(&body);
            let at = random.usize(..body.len());
            body[at] = body[at].wrapping_add(random.u8(1..));
            signature.into()
        }
        // Right, but for a piece that is missing or too much.
        _ => {
            let mut value = signer.sign(&body).into_bytes();
            // Not the prefix, which may be there or not.
            let at = value.len() - 1 - random.usize(..40);
            if random.bool() {
                // The padding is not needed.
                value[at] = b'0';
                value.truncate(at.min(value.len() - 3));
            } else {
                value.insert(at, random.u8(b'0'..=b'9'));
            }
            value
        }
    };
    Forgery { value, body }
}

fn digits(random: &mut Rng, encoding: SignatureEncoding) -> Vec<u8> {
    // What signs with a key that nobody has is as random as any.
    let noise: Vec<u8> = (0..32).map(|_| random.u8(..)).collect();
    let signer = WebhookSigner::new("no secret of ours").unwrap();
    signer.encoding(encoding).sign(noise).into()
}
