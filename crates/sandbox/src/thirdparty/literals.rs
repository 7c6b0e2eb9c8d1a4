//! Values in query strings and bodies, read as Django's forms and DRF's fields read them.
//!
//! Never through a float: numbers are decimals, money is whole cents.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

/// A number of at most 28 digits.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        text.parse().ok()
    }
}

/// A number filter's bound in the units of its column, exact however many digits it was given with:
/// SQLite's integers are all that it is ever compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Without its fraction, cut towards zero; what no column can hold is the nearest that one can.
    whole: i64,
    has_fraction: bool,
    negative: bool,
}

impl Bound {
    pub(crate) fn is_integer(self) -> bool {
        !self.has_fraction
    }

    pub(crate) fn trunc(self) -> i64 {
        self.whole
    }

    pub(crate) fn floor(self) -> i64 {
        self.whole
            .saturating_sub((self.has_fraction && self.negative).into())
    }

    pub(crate) fn ceil(self) -> i64 {
        self.whole
            .saturating_add((self.has_fraction && !self.negative).into())
    }
}

/// Reads a number filter's bound: whole for ids and counts, cents for money. django-filter refuses
/// what is above 10⁵⁰.
pub(crate) fn bound(text: &str, cents: bool) -> Result<Bound, &'static str> {
    let number = Number::read(text).ok_or("Enter a number.")?;
    if number.is_beyond_django() {
        return Err("Ensure this value is less than or equal to 1e+50.");
    }
    Ok(number.scaled(if cents { 2 } else { 0 }))
}

/// A decimal number of any size: ±0.`digits` × 10^`power`, the first digit not zero.
struct Number {
    negative: bool,
    digits: String,
    power: i64,
}

impl Number {
    /// What Python's `Decimal` reads, but for NaN and Infinity, which forms refuse.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim().replace('_', "");
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = all_digits(whole)
            && all_digits(fraction)
            && all_digits(exponent_digits)
            && !(whole.is_empty() && fraction.is_empty())
            && !exponent_digits.is_empty();
        if !is_number {
            return None;
        }
        // An exponent of more digits than an i64 has is as good as the largest one.
        let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        });
        let written = format!("{whole}{fraction}");
        let digits = written.trim_start_matches('0');
        let zeros = written.len() - digits.len();
        let place = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        Some(Self {
            negative,
            digits: digits.trim_end_matches('0').to_owned(),
            power: (place(whole.len()) - place(zeros)).saturating_add(exponent),
        })
    }

    /// Python compares with the float 1e50, which is a little more than 10⁵⁰.
    fn is_beyond_django(&self) -> bool {
        const LIMIT: &str = "10000000000000000762976984109188700329496497094656";
        !self.negative
            && !self.digits.is_empty()
            && (self.power > 51 || (self.power == 51 && self.digits.as_str() > LIMIT))
    }

    /// The number times 10^`places`.
    fn scaled(&self, places: i64) -> Bound {
        let point = usize::try_from(self.power.saturating_add(places)).unwrap_or_default();
        let (whole, fraction) = self
            .digits
            .split_at_checked(point)
            .unwrap_or((&self.digits, ""));
        let sign = if self.negative { "-" } else { "" };
        let beyond = if self.negative { i64::MIN } else { i64::MAX };
        let whole = if whole.is_empty() {
            0
        } else if point > 19 {
            beyond
        } else {
            // At most 19 digits, which may still be more than an i64 holds.
            format!("{sign}{whole:0<point$}").parse().unwrap_or(beyond)
        };
        Bound {
            whole,
            has_fraction: !fraction.is_empty(),
            negative: self.negative,
        }
    }
}

/// A date-time with or without an offset, or a bare date; the server's zone is UTC.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        local
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })
}

/// The boolean widget of django-filter: true and false in any case, nothing else.
pub(crate) fn boolean(raw: &str) -> Option<bool> {
    if raw.eq_ignore_ascii_case("true") {
        Some(true)
    } else if raw.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Filters of no declared type: present and not plainly false.
pub(crate) fn is_on(raw: &str) -> bool {
    !matches!(
        raw.to_ascii_lowercase().as_str(),
        "false" | "0" | "no" | "off"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_as_django_reads_them() {
        assert_eq!(decimal("10.50"), Some(Decimal::new(1_050, 2)));
        assert_eq!(decimal(" 1e3 "), Some(Decimal::from(1_000)));
        for bad in [
            "", "abc", "NaN", "Infinity", "-", "1,5", "1e", "e5", ".", "1.2.3",
        ] {
            assert_eq!(bound(bad, true), Err("Enter a number."), "{bad}");
        }
        assert_eq!(timestamp("2025-01-01"), timestamp("2025-01-01T00:00:00Z"));
        assert_eq!(
            timestamp("2025-01-01T01:00:00+01:00"),
            timestamp("2025-01-01T00:00:00Z")
        );
        assert_eq!(timestamp("2025-13-01"), None);
    }

    #[test]
    fn numbers_beyond_the_column_compare_as_beyond() {
        let whole = |text, cents| bound(text, cents).map(Bound::trunc);
        assert_eq!(whole("99999999999999999999", true), Ok(i64::MAX));
        assert_eq!(whole("9223372036854775807", false), Ok(i64::MAX));
        assert_eq!(whole("9223372036854775806", false), Ok(i64::MAX - 1));
        assert_eq!(whole("-9223372036854775809", false), Ok(i64::MIN));
        assert_eq!(whole("1e40", true), Ok(i64::MAX));
        assert_eq!(whole("-1e400", false), Ok(i64::MIN));
        assert_eq!(whole("-1e99999999999999999999", true), Ok(i64::MIN));
        assert_eq!(whole("0e400", true), Ok(0));
        assert_eq!(bound("1e-400", true).map(Bound::ceil), Ok(1));
        assert_eq!(bound("-1e-400", true).map(Bound::floor), Ok(-1));
        assert_eq!(
            bound("1e-99999999999999999999", true).map(Bound::ceil),
            Ok(1)
        );
        let too_large = Err("Ensure this value is less than or equal to 1e+50.");
        assert_eq!(whole("1e50", true), Ok(i64::MAX));
        for text in ["1e60", "2e50", "1.0000000000000001e50"] {
            assert_eq!(whole(text, true), too_large, "{text}");
        }
    }

    #[test]
    fn bounds_are_exact_in_the_units_of_the_column() {
        let parts = |text, cents| {
            let bound = bound(text, cents).unwrap();
            (bound.floor(), bound.trunc(), bound.ceil())
        };
        assert_eq!(parts("10.005", true), (1_000, 1_000, 1_001));
        assert_eq!(parts("-10.005", true), (-1_001, -1_000, -1_000));
        assert_eq!(parts("+1_0.50", true), (1_050, 1_050, 1_050));
        assert_eq!(parts("0.05", true), (5, 5, 5));
        assert_eq!(parts(".5e1", false), (5, 5, 5));
        assert_eq!(parts("1200e-2", false), (12, 12, 12));
        assert_eq!(parts("-0.0", true), (0, 0, 0));
        let long = format!("276.94{}1", "0".repeat(90));
        assert_eq!(parts(&long, true), (27_694, 27_694, 27_695));
    }
}
