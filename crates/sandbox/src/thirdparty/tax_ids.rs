//! Whether a tax identification number can be one.
//!
//! The service's own rule is not documented; this is the sandbox's, from the published formats. It
//! looks nothing up: a well-formed number is valid.
//!
//! | country, investor | valid when |
//! |---|---|
//! | US person | nine digits: a social security number (area not 000, 666 or 9xx; group not 00; serial not 0000) or an ITIN (9xx, group 50–65, 70–88, 90–92, 94–99) |
//! | US company or trust | nine digits with a prefix that the tax office gives out |
//! | CA | nine digits that pass the Luhn check |
//! | others | 4 to 20 letters or digits |
//!
//! Spaces, dots and hyphens do not count. A US citizen abroad is checked as a US person.

use super::fields::{Fields, Presence};
use super::{envelope, kyc, refusal};
use crate::call::Call;
use crate::json::object;
use crate::reply::Outcome;

/// EIN prefixes that were never given out.
const UNUSED_EIN_PREFIXES: [u32; 17] = [
    0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
];

/// `POST /api_third_party/investors/check_tax_id_number_valid/`: 400 when the number is not valid.
pub(crate) fn check(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let number = fields.text("tax_id_number", Presence::Required);
    let country = fields.choice("country_code", Presence::Required, &kyc::COUNTRIES);
    let types = ["person", "company", "trust", "trust_ira"];
    let kind = fields.choice("investor_type", Presence::Required, &types);
    let citizen = fields
        .boolean("is_us_citizen", Presence::Optional)
        .unwrap_or_default();
    let (Some(number), Some(country), Some(kind)) = (number, country, kind) else {
        return Err(fields.refuse());
    };
    fields.check()?;
    let person = kind == "person";
    let country = if citizen && person {
        "US"
    } else {
        country.as_str()
    };
    if is_valid(&number, country, person) {
        Ok(envelope(object! { "is_valid": true }))
    } else {
        Err(refusal(
            "The tax id number is not valid.",
            object! { "is_valid": false },
        )
        .into())
    }
}

fn is_valid(number: &str, country: &str, person: bool) -> bool {
    let bare: String = number
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.'))
        .collect();
    let digits: Option<u32> = (bare.len() == 9 && bare.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| bare.parse().ok())
        .flatten();
    match (country, digits) {
        ("US", Some(digits)) if person => is_social_security_number(digits) || is_itin(digits),
        ("US", Some(digits)) => !UNUSED_EIN_PREFIXES.contains(&(digits / 10_000_000)),
        ("CA", Some(digits)) => digits > 0 && passes_luhn(&bare),
        ("US" | "CA", None) => false,
        _ => {
            (4..=20).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
    }
}

fn is_social_security_number(digits: u32) -> bool {
    let (area, group, serial) = (digits / 1_000_000, digits / 10_000 % 100, digits % 10_000);
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

fn is_itin(digits: u32) -> bool {
    let group = digits / 10_000 % 100;
    digits / 100_000_000 == 9 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_published_formats() {
        for (number, country, person, valid) in [
            ("123-45-6789", "US", true, true),
            ("000-45-6789", "US", true, false),
            ("666-45-6789", "US", true, false),
            ("123-00-6789", "US", true, false),
            ("123-45-0000", "US", true, false),
            ("900-70-1234", "US", true, true),
            ("900-45-1234", "US", true, false),
            ("12-3456789", "US", false, true),
            ("00-3456789", "US", false, false),
            ("046 454 286", "CA", true, true),
            ("046 454 287", "CA", true, false),
            ("12345678", "US", true, false),
            ("AB123456C", "GB", true, true),
            ("a/b", "GB", true, false),
            ("", "GB", true, false),
        ] {
            assert_eq!(
                is_valid(number, country, person),
                valid,
                "{number} {country}"
            );
        }
    }
}
