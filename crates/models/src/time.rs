//! Points in time and calendar dates as both services write them.
//!
//! A [`Timestamp`] keeps the offset and the number of fraction digits of its text, so that what was read prints the same;
//! two timestamps are equal when they name the same instant. Nothing here asks a clock.

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use jiff::{
    Span, civil,
    fmt::temporal::{Pieces, PiecesOffset},
    tz::Offset,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// A text that is no date or no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeError(());

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ISO 8601 date or date-time")
    }
}

impl std::error::Error for TimeError {}

/// How the text of a timestamp named its zone.
#[derive(Clone, Copy)]
enum Zone {
    /// `Z`.
    Utc,
    /// A numeric offset, `-07:00`.
    Numeric,
    /// No offset at all; read as UTC.
    Unstated,
    /// A date without a time of day; read as its first instant in UTC.
    DateOnly,
}

/// A point in time, to the nanosecond.
///
/// Reads ISO 8601 with `Z`, a numeric offset, or none (read as UTC), with zero to nine fraction digits, and a bare date where
/// a vendor sends one. Prints what it read. Compares as an instant.
///
/// ```
/// use accredit_models::Timestamp;
///
/// let pacific: Timestamp = "2018-04-30T11:09:10.451-07:00".parse()?;
/// let utc: Timestamp = "2018-04-30T18:09:10.451000Z".parse()?;
/// assert_eq!(pacific, utc);
/// assert_eq!(pacific.to_string(), "2018-04-30T11:09:10.451-07:00");
/// # Ok::<(), accredit_models::TimeError>(())
/// ```
// 16 bytes, and `Zone` leaves room for `None`: lists carry five of these per item.
#[derive(Clone, Copy)]
pub struct Timestamp {
    second: i64,
    nanosecond: u32,
    offset_minutes: i16,
    fraction_digits: u8,
    zone: Zone,
}

impl Timestamp {
    /// The instant.
    ///
    /// Seconds and nanoseconds come from a jiff value, so they are always in its range.
    #[must_use]
    pub fn instant(self) -> jiff::Timestamp {
        let nanosecond = i32::try_from(self.nanosecond).unwrap_or_default();
        jiff::Timestamp::new(self.second, nanosecond).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The offset that the text stated; `None` for a bare date or a date-time without one.
    #[must_use]
    pub fn offset(self) -> Option<Offset> {
        match self.zone {
            Zone::Utc => Some(Offset::UTC),
            Zone::Numeric => Some(self.stated_offset()),
            Zone::Unstated | Zone::DateOnly => None,
        }
    }

    /// The calendar date of the instant in UTC, whatever the offset that the text stated.
    ///
    /// ```
    /// let late: accredit_models::Timestamp = "2017-06-14T19:01:55.971-07:00".parse()?;
    /// assert_eq!(late.utc_date(), "2017-06-15".parse()?);
    /// # Ok::<(), accredit_models::TimeError>(())
    /// ```
    #[must_use]
    pub fn utc_date(self) -> Date {
        Date(Offset::UTC.to_datetime(self.instant()).date())
    }

    fn stated_offset(self) -> Offset {
        Offset::from_seconds(i32::from(self.offset_minutes) * 60).unwrap_or(Offset::UTC)
    }

    fn local(self) -> civil::DateTime {
        self.stated_offset().to_datetime(self.instant())
    }

    /// `None` sends the general parser after a text that is not in the services' own fixed form.
    fn parse_fixed(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (
            &[
                y0,
                y1,
                y2,
                y3,
                b'-',
                mo0,
                mo1,
                b'-',
                d0,
                d1,
                b'T',
                h0,
                h1,
                b':',
                mi0,
                mi1,
                b':',
                s0,
                s1,
            ],
            rest,
        ) = bytes.split_first_chunk::<19>()?
        else {
            return None;
        };
        let (nanosecond, fraction_digits, rest) = match rest {
            [b'.', rest @ ..] => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (fraction, rest) = rest.split_at_checked(digits)?;
                if !(1..=9).contains(&digits) {
                    return None;
                }
                let value = fraction
                    .iter()
                    .fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
                let unit = 10_u32.pow(9 - u32::try_from(digits).ok()?);
                (value * unit, u8::try_from(digits).ok()?, rest)
            }
            _ => (0, 0, rest),
        };
        if rest != b"Z" {
            return None;
        }
        let two = |tens: u8, ones: u8| -> Option<i8> {
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| (tens - b'0').cast_signed() * 10 + (ones - b'0').cast_signed())
        };
        let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
        let date = civil::Date::new(year, two(mo0, mo1)?, two(d0, d1)?).ok()?;
        // A leap second is left to the general parser, which clamps it.
        let time = civil::Time::new(two(h0, h1)?, two(mi0, mi1)?, two(s0, s1)?, 0).ok()?;
        let instant = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
        Some(Self {
            second: instant.as_second(),
            nanosecond,
            offset_minutes: 0,
            fraction_digits,
            zone: Zone::Utc,
        })
    }

    fn parse_general(text: &str) -> Result<Self, TimeError> {
        let error = |_| TimeError(());
        let pieces = Pieces::parse(text).map_err(error)?;
        let (zone, offset) = match (pieces.offset(), pieces.time()) {
            (Some(PiecesOffset::Zulu), _) => (Zone::Utc, Offset::UTC),
            (Some(PiecesOffset::Numeric(numeric)), _) => (Zone::Numeric, numeric.offset()),
            (Some(_), _) => return Err(TimeError(())),
            (None, Some(_)) => (Zone::Unstated, Offset::UTC),
            (None, None) => (Zone::DateOnly, Offset::UTC),
        };
        if offset.seconds() % 60 != 0 || pieces.time_zone_annotation().is_some() {
            return Err(TimeError(()));
        }
        let local = pieces
            .date()
            .to_datetime(pieces.time().unwrap_or(civil::Time::midnight()));
        let instant = offset.to_timestamp(local).map_err(error)?;
        let (second, nanosecond) = floor(instant);
        let digits = text.split_once(['.', ',']).map_or(0, |(_, rest)| {
            rest.bytes().take_while(u8::is_ascii_digit).count()
        });
        Ok(Self {
            second,
            nanosecond,
            offset_minutes: i16::try_from(offset.seconds() / 60).map_err(|_| TimeError(()))?,
            fraction_digits: u8::try_from(digits).map_err(|_| TimeError(()))?,
            zone,
        })
    }
}

/// jiff counts both parts towards zero; ours counts nanoseconds upwards only.
fn floor(instant: jiff::Timestamp) -> (i64, u32) {
    match u32::try_from(instant.subsec_nanosecond()) {
        Ok(nanosecond) => (instant.as_second(), nanosecond),
        Err(_) => {
            let below = instant.subsec_nanosecond() + 1_000_000_000;
            (instant.as_second() - 1, below.unsigned_abs())
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        match Self::parse_fixed(text) {
            Some(timestamp) => Ok(timestamp),
            None => Self::parse_general(text),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local();
        if let Zone::DateOnly = self.zone {
            return write!(f, "{}", local.date());
        }
        let (date, time) = (local.date(), local.time());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}")?;
        if let digits @ 1..=9 = self.fraction_digits {
            let fraction = self.nanosecond / 10_u32.pow(u32::from(9 - digits));
            write!(f, ".{fraction:0width$}", width = usize::from(digits))?;
        }
        match self.zone {
            Zone::Utc => f.write_str("Z"),
            Zone::Numeric => {
                let sign = if self.offset_minutes < 0 { '-' } else { '+' };
                let minutes = self.offset_minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Unstated | Zone::DateOnly => Ok(()),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.second, self.nanosecond).cmp(&(other.second, other.nanosecond))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timestamp {}

impl hash::Hash for Timestamp {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (self.second, self.nanosecond).hash(state);
    }
}

/// Prints in UTC with as many digits as the instant needs: none, milli-, micro- or nanoseconds.
impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        let (second, nanosecond) = floor(instant);
        let fraction_digits = match nanosecond {
            0 => 0,
            n if n % 1_000_000 == 0 => 3,
            n if n % 1_000 == 0 => 6,
            _ => 9,
        };
        Self {
            second,
            nanosecond,
            offset_minutes: 0,
            fraction_digits,
            zone: Zone::Utc,
        }
    }
}

impl From<Timestamp> for jiff::Timestamp {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.instant()
    }
}

/// A calendar date, `2025-07-25`.
///
/// Reads a date-time too, since VerifyInvestor.com is not consistent about expiry dates, and keeps its date as written.
///
/// ```
/// use accredit_models::Date;
///
/// let expiry: Date = "2017-09-13".parse()?;
/// assert_eq!(expiry, "2017-09-13T00:00:00-07:00".parse()?);
/// assert_eq!(expiry.civil().year(), 2017);
/// # Ok::<(), accredit_models::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The date as jiff has it.
    #[must_use]
    pub const fn civil(self) -> civil::Date {
        self.0
    }

    /// The date so many days later, or earlier; `None` beyond the years -9999 to 9999.
    ///
    /// ```
    /// let completed: accredit_models::Date = "2017-06-15".parse()?;
    /// assert_eq!(completed.checked_add_days(90), Some("2017-09-13".parse()?));
    /// # Ok::<(), accredit_models::TimeError>(())
    /// ```
    #[must_use]
    pub fn checked_add_days(self, days: i64) -> Option<Self> {
        let span = Span::new().try_days(days).ok()?;
        self.0.checked_add(span).ok().map(Self)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let pieces = Pieces::parse(text).map_err(|_| TimeError(()))?;
        Ok(Self(pieces.date()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Self(date)
    }
}

impl From<Date> for civil::Date {
    fn from(date: Date) -> Self {
        date.0
    }
}

struct TextVisitor<T> {
    expected: &'static str,
    parsed: std::marker::PhantomData<T>,
}

impl<T: FromStr> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Other("another text"), &self))
    }
}

macro_rules! text_serde {
    ($name:ident, $expected:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parsed = std::marker::PhantomData;
                deserializer.deserialize_str(TextVisitor {
                    expected: $expected,
                    parsed,
                })
            }
        }
    };
}

text_serde!(Timestamp, "an ISO 8601 date-time");
text_serde!(Date, "an ISO 8601 date");
