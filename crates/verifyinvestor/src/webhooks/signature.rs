//! How a signature is written: the 32 bytes in any of the spellings that are in use. Compares nothing.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::WebhookError;

/// An HMAC-SHA256 as somebody claims it.
pub(super) type Claimed = [u8; 32];

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The signature that the values of the header give. None, more than one and one that is none are all the same error.
pub(super) fn only<V: AsRef<[u8]>>(
    values: impl IntoIterator<Item = V>,
) -> Result<Claimed, WebhookError> {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => decode(value.as_ref()),
        _ => None,
    }
    .ok_or(WebhookError::Signature)
}

fn decode(text: &[u8]) -> Option<Claimed> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"sha256=").unwrap_or(text);
    match text.len() {
        64 => hex(text),
        43 | 44 => base64(&STANDARD, text).or_else(|| base64(&URL_SAFE, text)),
        _ => None,
    }
}

/// Both cases. Without branches on what the digits are, which would cost more than hashing them.
fn hex(text: &[u8]) -> Option<Claimed> {
    let (pairs, _) = text.as_chunks::<2>();
    let mut claimed = Claimed::default();
    let mut all = 0;
    for (byte, [high, low]) in claimed.iter_mut().zip(pairs) {
        let (high, low) = (digit(*high), digit(*low));
        all |= high | low;
        *byte = high << 4 | low & 0x0f;
    }
    (all < 16).then_some(claimed)
}

/// What a hex digit is worth; more than 15 for what is none.
const fn digit(text: u8) -> u8 {
    let number = text.wrapping_sub(b'0');
    let letter = (text | 0x20).wrapping_sub(b'a');
    if number < 10 {
        number
    } else if letter < 6 {
        letter + 10
    } else {
        u8::MAX
    }
}

fn base64(engine: &GeneralPurpose, text: &[u8]) -> Option<Claimed> {
    // 44 digits hold 33 bytes, and none of them is one too many.
    let mut bytes = [0; 33];
    let length = engine.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for text in 0..=u8::MAX {
            let value = char::from(text).to_digit(16);
            let ours = Some(u32::from(digit(text))).filter(|digit| *digit < 16);
            assert_eq!(ours, value, "{text:#x}");
        }
    }
}
