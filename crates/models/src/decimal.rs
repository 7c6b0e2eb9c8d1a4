//! Exact decimals on the wire: money and percentages.
//!
//! Both services print decimals as JSON strings with fixed places (`"100.00"`), and one endpoint prints a bare number.
//! Either form is read from its digits; nothing here ever passes through a float, and the scale survives a round trip.

use std::{cell::Cell, fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Expected, Unexpected},
};
use serde_json::value::RawValue;

/// A text that is no decimal, or one of more than 28 significant digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecimalError(());

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal of at most 28 digits")
    }
}

impl std::error::Error for DecimalError {}

/// The form of nearly every amount, digits with a point between them, read faster than in general. `None` says nothing.
fn parse_plain(text: &str) -> Option<Decimal> {
    let (mut value, mut digits, mut point) = (0_i64, 0_u32, None);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if digits < 18 => {
                value = value * 10 + i64::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && point.is_none() => point = Some(digits),
            _ => return None,
        }
    }
    let places = digits - point.unwrap_or(digits);
    (digits > 0 && (places > 0 || point.is_none())).then(|| Decimal::new(value, places))
}

/// Reads every digit or fails: a number that does not fit is never rounded.
fn parse(text: &str) -> Result<Decimal, DecimalError> {
    if let Some(decimal) = parse_plain(text) {
        return Ok(decimal);
    }
    // The parser below would skip the underscores of Rust literals, which no service sends.
    if text.as_bytes().contains(&b'_') {
        return Err(DecimalError(()));
    }
    Decimal::from_str_exact(text).or_else(|_| parse_scientific(text))
}

/// `from_scientific` rounds a mantissa that is too long, so the mantissa has to fit first.
fn parse_scientific(text: &str) -> Result<Decimal, DecimalError> {
    let (mantissa, _) = text.split_once(['e', 'E']).ok_or(DecimalError(()))?;
    Decimal::from_str_exact(mantissa)
        .and_then(|_| Decimal::from_scientific(text))
        .map_err(|_| DecimalError(()))
}

/// What an error says was expected.
pub(crate) const EXPECTED: &str = "a decimal (a string or a number)";

struct Digits;

impl Expected for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
}

thread_local! {
    /// The address of the last token that was refused. serde_json places an error about raw text at the end of the object
    /// around it, and a `Deserialize` has no other way to say where it was.
    static REFUSED: Cell<usize> = const { Cell::new(0) };
}

/// Where in `text` the decimal stands that this thread refused last.
pub(crate) fn refused_at(text: &str) -> Option<usize> {
    let offset = REFUSED.get().checked_sub(text.as_ptr().addr())?;
    (offset < text.len()).then_some(offset)
}

/// Takes the token as text, so that a bare number keeps its digits. Works with serde_json's deserializer, which is the
/// only one that can give the text of a number.
fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let token = <&RawValue>::deserialize(deserializer)?.get();
    let text = match token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(text) => text,
        None if token.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => token,
        None => {
            REFUSED.set(token.as_ptr().addr());
            return Err(D::Error::invalid_type(
                Unexpected::Other("another type"),
                &Digits,
            ));
        }
    };
    parse(text).map_err(|_| {
        REFUSED.set(token.as_ptr().addr());
        D::Error::invalid_value(Unexpected::Other("another text"), &Digits)
    })
}

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// From a decimal, with its scale.
            #[must_use]
            pub const fn new(value: Decimal) -> Self {
                Self(value)
            }

            /// The decimal.
            #[must_use]
            pub const fn get(self) -> Decimal {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = DecimalError;

            fn from_str(text: &str) -> Result<Self, DecimalError> {
                parse(text).map(Self)
            }
        }

        impl From<Decimal> for $name {
            fn from(value: Decimal) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Decimal {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer).map(Self)
            }
        }
    };
}

decimal! {
    /// An amount of US dollars, exact to the last digit.
    ///
    /// Reads a JSON string or a bare number, prints a string, keeps its scale. There is no way in from a float.
    ///
    /// ```
    /// use accredit_models::Money;
    ///
    /// let fee: Money = "100.00".parse()?;
    /// assert_eq!(fee.to_string(), "100.00");
    /// assert_eq!(serde_json::from_str::<Money>("4.81")?.to_string(), "4.81");    // digits, not a float
    /// assert!("about 5".parse::<Money>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Money
}

decimal! {
    /// A percentage, exact: `2.50` means two and a half per cent. Not money, so it has a type of its own.
    Percent
}

impl From<u64> for Money {
    fn from(dollars: u64) -> Self {
        Self(Decimal::from(dollars))
    }
}

impl From<u32> for Money {
    fn from(dollars: u32) -> Self {
        Self(Decimal::from(dollars))
    }
}

impl From<i32> for Money {
    fn from(dollars: i32) -> Self {
        Self(Decimal::from(dollars))
    }
}
