//! Tokens, payment secrets and other opaque strings: they look random and follow from the seed.
//!
//! The same seed and the same calls give the same strings, across a restart on a file as well; so
//! they guard nothing and must never leave a sandbox.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The HMAC-SHA256 of a message.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length is accepted, so there is no failure to report.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// The SHA-256 of a text in lower-case hex.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The opaque string number `count` of a purpose: 64 hex digits.
pub(crate) fn opaque(seed: u64, purpose: &str, count: i64) -> String {
    let message = format!("{purpose}:{count}");
    hex(&hmac(&seed.to_be_bytes(), message.as_bytes()))
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' } else { b'a' - 10 } + nibble);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_published_hmac_sha256_vector() {
        assert_eq!(
            hex(&hmac(
                b"key",
                b"The quick brown fox jumps over the lazy dog"
            )),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn strings_of_one_purpose_differ_and_repeat_with_the_seed() {
        assert_eq!(opaque(1, "token", 1), opaque(1, "token", 1));
        assert_ne!(opaque(1, "token", 1), opaque(1, "token", 2));
        assert_ne!(opaque(1, "token", 1), opaque(2, "token", 1));
        assert_eq!(opaque(1, "token", 1).len(), 64);
    }
}
