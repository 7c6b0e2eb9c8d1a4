//! Values in query strings and bodies, read as Django's forms and DRF's fields read them.
//!
//! Never through a float: numbers are decimals, money is whole cents.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// The most digits of an amount, and how many of them stand behind the point.
pub(super) const AMOUNT_DIGITS: i64 = 20;
pub(super) const AMOUNT_PLACES: i64 = 2;

/// An amount of money in a body, as DRF's decimal field reads and prints it; its complaint
/// otherwise. How many digits the service takes is not known: 20 are a guess.
pub(crate) fn amount(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.chars().count() > 1_000 {
        return Err("String value too large.");
    }
    let written = Written::read(text).ok_or("A valid number is required.")?;
    let digits = written.digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let (total, whole, places) = if written.power >= 0 {
        let total = length.saturating_add(written.power);
        (total, total, 0)
    } else {
        let places = written.power.saturating_neg();
        (length.max(places), (length - places).max(0), places)
    };
    if total > AMOUNT_DIGITS {
        return Err("Ensure that there are no more than 20 digits in total.");
    }
    if places > AMOUNT_PLACES {
        return Err("Ensure that there are no more than 2 decimal places.");
    }
    if whole > AMOUNT_DIGITS - AMOUNT_PLACES {
        return Err("Ensure that there are no more than 18 digits before the decimal point.");
    }
    let zeros = usize::try_from(AMOUNT_PLACES - places + written.power.max(0)).unwrap_or_default();
    let cents = format!("{:0>3}", format!("{digits}{}", "0".repeat(zeros)));
    let cents = if digits == "0" { "000" } else { &cents };
    let (whole, fraction) = cents.split_at_checked(cents.len() - 2).unwrap_or_default();
    let sign = if written.negative { "-" } else { "" };
    Ok(format!("{sign}{whole}.{fraction}"))
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
    fn read(text: &str) -> Option<Self> {
        let Written {
            negative,
            digits: written,
            power,
        } = Written::read(text.trim())?;
        let digits = written.trim_start_matches('0');
        let place = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        Some(Self {
            negative,
            digits: digits.trim_end_matches('0').to_owned(),
            power: place.saturating_add(power),
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

/// A decimal number as it was written: ±`digits` × 10^`power`.
struct Written {
    negative: bool,
    digits: String,
    power: i64,
}

impl Written {
    /// What Python's `Decimal` reads, but for NaN and Infinity, which forms refuse.
    fn read(text: &str) -> Option<Self> {
        let text = text.replace('_', "");
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
        let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        Some(Self {
            negative: text.starts_with('-'),
            digits: format!("{whole}{fraction}"),
            power: i64::saturating_sub(exponent, places),
        })
    }
}

/// A date as Python's ISO parser or Django's own pattern reads it: `2025-01-02`, `20250102`,
/// `2025-1-2`.
pub(crate) fn date(text: &str) -> Option<Date> {
    let digits = |text: &str, least: usize, most: usize| {
        let fits = (least..=most).contains(&text.len());
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        (fits && is_number).then(|| text.parse::<i16>().ok())?
    };
    let parts: Vec<_> = if text.contains('-') {
        text.split('-').collect()
    } else {
        vec![text.get(..4)?, text.get(4..6)?, text.get(6..8)?]
    };
    let ([year, month, day], true) = (parts.as_slice(), text.contains('-') || text.len() == 8)
    else {
        return None;
    };
    let part = |text| i8::try_from(digits(text, 1, 2)?).ok();
    Date::new(digits(year, 4, 4)?, part(month)?, part(day)?).ok()
}

/// A date-time with or without an offset, or a bare date; the server's zone is UTC.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.ends_with('z') {
        return None;
    }
    // Django's own pattern takes months and days of one digit, where a time follows.
    let padded = text.split_once(['T', ' ']).and_then(|(day, time)| {
        let has_short_part = day.split('-').any(|part| part.len() == 1);
        has_short_part.then(|| Some(format!("{}T{time}", date(day)?)))?
    });
    let text = padded.as_deref().unwrap_or(text);
    text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        local
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })
}

/// The boolean widget of django-filter: true and false in any case, 1 and 0, nothing else.
pub(crate) fn boolean(raw: &str) -> Option<bool> {
    if raw == "1" || raw.eq_ignore_ascii_case("true") {
        Some(true)
    } else if raw == "0" || raw.eq_ignore_ascii_case("false") {
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
        for (text, expected) in [
            ("10.5", "10.50"),
            (" 1e3 ", "1000.00"),
            ("-007", "-7.00"),
            (".05", "0.05"),
            ("0", "0.00"),
            ("0e5", "0.00"),
        ] {
            assert_eq!(amount(text), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(date("2025-1-2"), date("20250102"));
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
        assert_eq!(
            timestamp("2025-1-2 10:00"),
            timestamp("2025-01-02T10:00:00Z")
        );
        for bad in ["2025-13-01", "2025-01-01T10:00:00z", "2025-1-1"] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
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
