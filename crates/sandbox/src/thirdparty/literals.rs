//! Values in query strings and bodies, read as Django's forms and DRF's fields read them.
//!
//! Never through a float: numbers are decimals, money is whole cents.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

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

/// A number filter's bound, in the units of the column: whole for ids and counts, cents for money.
pub(crate) fn bound(text: &str, cents: bool) -> Result<Decimal, &'static str> {
    let value = match decimal(text) {
        Some(value) => value,
        None => beyond(text).ok_or("Enter a number.")??,
    };
    if !cents {
        return Ok(value);
    }
    // What no column can hold is beyond every column; clamping keeps the comparison true.
    let limit = Decimal::from(i64::MAX) / Decimal::ONE_HUNDRED;
    Ok(value
        .clamp(-limit, limit)
        .saturating_mul(Decimal::ONE_HUNDRED))
}

/// The nearest integer that SQLite holds.
pub(crate) fn saturated(value: Decimal) -> i64 {
    value.to_i64().unwrap_or(if value.is_sign_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
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

/// A number with more digits than [`decimal`] holds, moved to the nearest one that compares alike;
/// above 10⁵⁰ django-filter refuses it. `None` when the text is no number at all.
fn beyond(text: &str) -> Option<Result<Decimal, &'static str>> {
    let text = text.trim();
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if !digits(whole) || !digits(fraction) || exponent_digits.is_empty() || !digits(exponent_digits)
    {
        return None;
    }
    let significant = whole.trim_start_matches('0');
    if significant.is_empty() && fraction.trim_start_matches('0').is_empty() {
        return (!mantissa.is_empty() && mantissa != ".").then_some(Ok(Decimal::ZERO));
    }
    let far = if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    let leading = if significant.is_empty() {
        let zeros = fraction.len() - fraction.trim_start_matches('0').len();
        -i64::try_from(zeros).unwrap_or(i64::MAX)
    } else {
        i64::try_from(significant.len()).unwrap_or(i64::MAX)
    };
    let power = exponent.parse().unwrap_or(far).saturating_add(leading);
    let size = if power > 51 && !negative {
        return Some(Err("Ensure this value is less than or equal to 1e+50."));
    } else if power > 0 {
        Decimal::MAX
    } else {
        Decimal::new(1, 28)
    };
    Some(Ok(if negative { -size } else { size }))
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
        assert_eq!(
            bound("99999999999999999999", true).map(saturated),
            Ok(i64::MAX)
        );
        assert_eq!(bound("1e40", true).map(saturated), Ok(i64::MAX));
        assert_eq!(bound("-1e400", false).map(saturated), Ok(i64::MIN));
        assert_eq!(
            bound("1e-400", true).map(|value| value.ceil()),
            Ok(Decimal::ONE)
        );
        assert_eq!(bound("0e400", true), Ok(Decimal::ZERO));
        assert_eq!(bound("10.005", true), Ok(Decimal::new(1_000_500, 3)));
        let too_large = "Ensure this value is less than or equal to 1e+50.";
        assert_eq!(bound("1e60", true), Err(too_large));
    }
}
