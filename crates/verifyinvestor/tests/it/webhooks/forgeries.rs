//! Nothing that was not signed with the secret is accepted.

use std::{env, thread};

use accredit_verifyinvestor::{SignatureEncoding, WebhookError, Webhooks};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use fastrand::Rng;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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

/// 20,000 of them, or as many as `ACCREDIT_FORGERIES` says, on two threads. The promise is a million:
///
/// `ACCREDIT_FORGERIES=1000000 cargo nextest run -p accredit-verifyinvestor --all-features random_forgeries --no-capture`
#[test]
fn random_forgeries_are_refused() {
    const THREADS: u64 = 2;
    let count = env::var("ACCREDIT_FORGERIES").map_or(20_000, |count| count.parse().unwrap());
    let seed = env::var("ACCREDIT_SEED").map_or(300, |seed| seed.parse().unwrap());
    let refused: u64 = thread::scope(|scope| {
        let halves = [count / THREADS, count.div_ceil(THREADS)];
        let threads = (seed..)
            .zip(halves)
            .map(|(seed, count)| scope.spawn(move || refuse(seed, count)));
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(refused, count);
    println!("{count} forgeries refused, seeds {seed} and {}", seed + 1);
}

/// How many were refused, which is all of them.
fn refuse(seed: u64, count: u64) -> u64 {
    let webhooks = webhooks().or("old").unwrap();
    let mut forger = Forger::new(seed, body_of(300));
    for encoding in SignatureEncoding::ALL {
        forger.write(encoding, forger.right);
        assert!(
            accepts(&webhooks, &forger.value, &forger.body),
            "{encoding:?}"
        );
    }
    let refused = (0..count).filter(|round| {
        let change = forger.forge();
        let value = &forger.value;
        assert!(
            !accepts(&webhooks, value, &forger.body),
            "seed {seed}, round {round}: {value:?}"
        );
        // One byte of the body, at most, is another each time.
        if let Some((at, byte)) = change {
            forger.body[at] = byte;
        }
        true
    });
    refused.count().try_into().unwrap()
}

/// Makes webhooks that nobody signed: the value of the signature header, and the body. Both are written to the same place, so that a
/// million of them take seconds.
struct Forger {
    random: Rng,
    value: Vec<u8>,
    body: Vec<u8>,
    /// The signature of the body as it was given.
    right: [u8; 32],
}

impl Forger {
    fn new(seed: u64, body: Vec<u8>) -> Self {
        Self {
            random: Rng::with_seed(seed),
            value: Vec::with_capacity(100),
            right: mac(b"secret", &body),
            body,
        }
    }

    /// One of six kinds, at random; tells which byte of the body was changed, and from what.
    fn forge(&mut self) -> Option<(usize, u8)> {
        let encoding = self.random.choice(SignatureEncoding::ALL).unwrap();
        match self.random.u8(..6) {
            // Of the right form and at random.
            0 | 1 => {
                let mut noise = [0; 32];
                self.random.fill(&mut noise);
                self.write(encoding, noise);
            }
            // Of no form at all.
            2 => {
                let length = self.random.usize(..100);
                self.value.resize(length, 0);
                self.random.fill(&mut self.value);
            }
            // By another secret.
            3 => {
                let stranger = self.random.u64(..).to_le_bytes();
                self.write(encoding, mac(&stranger, &self.body));
            }
            // Of another body.
            4 => {
                self.write(encoding, self.right);
                let at = self.random.usize(..self.body.len());
                let byte = self.body[at];
                self.body[at] = byte.wrapping_add(self.random.u8(1..));
                return Some((at, byte));
            }
            // Right, but for a piece that is missing or too much.
            _ => {
                self.write(encoding, self.right);
                let value = &mut self.value;
                // Not the prefix, which may be there or not.
                let at = value.len() - 1 - self.random.usize(..40);
                if self.random.bool() {
                    // The padding is not needed.
                    value.truncate(at.min(value.len() - 3));
                } else {
                    value.insert(at, self.random.u8(b'0'..=b'9'));
                }
            }
        }
        None
    }

    /// The value of the header for a signature, half of the time with the prefix.
    fn write(&mut self, encoding: SignatureEncoding, signature: [u8; 32]) {
        self.value.clear();
        if self.random.bool() {
            self.value.extend(b"sha256=");
        }
        let digits = match encoding {
            SignatureEncoding::Hex => b"0123456789abcdef",
            SignatureEncoding::HexUpper => b"0123456789ABCDEF",
            encoding => {
                let engine = match encoding {
                    SignatureEncoding::Base64 => STANDARD,
                    SignatureEncoding::Base64Unpadded => STANDARD_NO_PAD,
                    SignatureEncoding::Base64Url => URL_SAFE,
                    _ => URL_SAFE_NO_PAD,
                };
                let mut text = [0; 44];
                let length = engine.encode_slice(signature, &mut text).unwrap();
                self.value.extend(&text[..length]);
                return;
            }
        };
        for byte in signature {
            let pair = [byte >> 4, byte & 15];
            self.value
                .extend(pair.map(|digit| digits[usize::from(digit)]));
        }
    }
}

fn mac(secret: &[u8], body: &[u8]) -> [u8; 32] {
    let keyed: Hmac<Sha256> = Hmac::new_from_slice(secret).unwrap();
    keyed.chain_update(body).finalize().into_bytes().into()
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
