//! Timestamps and dates: read in all the forms that the services use, printed as they were read, compared as instants.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use accredit_models::{Date, TimeError, Timestamp};
use jiff::tz::Offset;
use proptest::{prelude::*, test_runner::Config};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn every_form_prints_as_it_was_read() {
    for text in [
        "2025-07-25T14:28:10.580Z",
        "2025-07-25T14:28:10Z",
        "2025-07-25T14:28:10.000000Z",
        "2025-07-25T14:28:10.123456789Z",
        "2018-01-11T15:28:38.972-08:00",
        "2018-01-11T15:28:38+05:45",
        "2018-01-11T15:28:38.1+00:00",
        "2018-01-11T15:28:38.972",
        "2018-01-11T15:28:38",
        "2018-01-11",
        "2024-02-29T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "1815-12-10T00:00:00.5-00:30",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-30T22:00:00.999999999Z",
    ] {
        let json = format!("\"{text}\"");
        let read: Timestamp =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(
            (read.to_string(), format!("{read:?}")),
            (text.to_owned(), text.to_owned())
        );
    }
}

/// Allowed by ISO 8601, sent by nobody we know: the instant is kept, the spelling is not.
#[test]
fn other_spellings_keep_the_instant() {
    for (text, plain) in [
        ("2025-07-25 14:28:10Z", "2025-07-25T14:28:10Z"),
        ("2025-07-25t14:28:10z", "2025-07-25T14:28:10Z"),
        ("2025-07-25T14:28:10,5Z", "2025-07-25T14:28:10.5Z"),
        ("2025-07-25T14:28Z", "2025-07-25T14:28:00Z"),
        ("2025-07-25T14:28:10+0200", "2025-07-25T14:28:10+02:00"),
        ("2025-07-25T14:28:10+02", "2025-07-25T14:28:10+02:00"),
        ("20250725T142810Z", "2025-07-25T14:28:10Z"),
    ] {
        assert_eq!(time(text).to_string(), plain);
        assert_eq!(time(text), time(plain));
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        " ",
        "text",
        "now",
        "2025",
        "2025-07",
        "07/25/2025",
        "25.07.2025",
        "2025-7-5",
        "2025-07-25T",
        "2025-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2025-07-25T24:00:00Z",
        "2025-07-25T23:60:00Z",
        "2025-07-25T23:59:61Z",
        "2025-07-25T14:28:10.Z",
        "2025-07-25T14:28:10.1234567890Z",
        "2025-07-25T14:28:10ZZ",
        "2025-07-25T14:28:10Z ",
        " 2025-07-25T14:28:10Z",
        "2025-07-25T14:28:10+99:00",
        "2025-07-25T14:28:10+02:00:30",
        "2025-07-25T14:28:10+02:00[Europe/Paris]",
        "2025-07-25T14:28:10[Europe/Paris]",
        "1753453690",
        "1753453690.5",
        "２025-07-25T14:28:10Z",
        "2025-07-25T14:28:10é",
        "-2025-07-25",
        "+12025-07-25T14:28:10Z",
        "99999-01-01T00:00:00Z",
        // The range of the instant ends a little before that of the calendar.
        "9999-12-31T23:59:59Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        assert!(
            serde_json::from_str::<Timestamp>(&serde_json::to_string(text).unwrap()).is_err(),
            "{text:?}"
        );
    }
    for token in ["0", "1753453690", "null", "true", "[]", "{}"] {
        assert!(serde_json::from_str::<Timestamp>(token).is_err(), "{token}");
    }
    let error: TimeError = "canary".parse::<Timestamp>().unwrap_err();
    assert_eq!(error.to_string(), "not an ISO 8601 date or date-time");
}

/// As jiff and most of the world do, since no clock of ours has that second.
#[test]
fn a_leap_second_reads_as_the_second_before_it() {
    assert_eq!(
        time("2016-12-31T23:59:60Z").to_string(),
        "2016-12-31T23:59:59Z"
    );
    assert!(time("2016-12-31T23:59:60Z") < time("2017-01-01T00:00:00Z"));
}

#[test]
fn the_offset_is_kept_apart_from_the_instant() {
    assert_eq!(time("2025-07-25T14:28:10Z").offset(), Some(Offset::UTC));
    assert_eq!(
        time("2018-01-11T15:28:38.972-08:00").offset(),
        Some(Offset::constant(-8))
    );
    assert_eq!(time("2018-01-11T15:28:38.972").offset(), None);
    assert_eq!(time("2018-01-11").offset(), None);
    let (pacific, utc) = (time("2018-01-11T16:00:00-08:00"), time("2018-01-12"));
    assert_eq!(pacific, utc);
    assert_eq!(pacific.instant(), jiff::Timestamp::from(utc));
    assert_eq!(HashSet::from([pacific, utc]).len(), 1);
    assert_eq!(size_of::<Option<Timestamp>>(), 16);
}

#[test]
fn an_instant_prints_with_the_digits_that_it_needs() {
    for text in [
        "2025-07-25T14:28:10Z",
        "2025-07-25T14:28:10.580Z",
        "2025-07-25T14:28:10.580100Z",
        "1969-12-31T23:59:59.000000001Z",
    ] {
        let instant: jiff::Timestamp = text.parse().unwrap();
        assert_eq!(Timestamp::from(instant).to_string(), text);
        assert_eq!(Timestamp::from(instant).instant(), instant);
    }
    for end in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        assert_eq!(Timestamp::from(end).instant(), end);
        assert_eq!(time(&Timestamp::from(end).to_string()).instant(), end);
    }
}

#[test]
fn a_date_reads_in_both_forms_and_keeps_its_day() {
    for text in [
        "2017-09-13",
        "2017-09-13T00:00:00-07:00",
        "2017-09-13T23:59:59.999Z",
        "2017-09-13T23:30:00+14:00",
    ] {
        let date: Date = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        assert_eq!(date.to_string(), "2017-09-13");
        assert_eq!(serde_json::to_string(&date).unwrap(), "\"2017-09-13\"");
    }
    for text in [
        "",
        "text",
        "2017-09",
        "2017-02-29",
        "2017-13-01",
        "13.09.2017",
        "2017-09-13T",
        "2017-09-13x",
        "2017-09-13T25:00:00Z",
        "20",
    ] {
        assert!(text.parse::<Date>().is_err(), "{text:?}");
    }
    assert!(
        serde_json::from_str::<Date>("20170913").is_err(),
        "a number is no date"
    );
    assert!("2017-09-13".parse::<Date>().unwrap() < "2017-09-14".parse().unwrap());
}

/// A date-time as a service prints it, with its instant.
fn printed() -> impl Strategy<Value = (String, jiff::Timestamp)> {
    let second = prop_oneof![
        jiff::Timestamp::MIN.as_second() + 100_000..jiff::Timestamp::MAX.as_second() - 100_000,
        -2_000_000_000_i64..4_000_000_000,
        -2_i64..2,
    ];
    // Z, none, or minutes east.
    let zone = prop_oneof![
        Just(None),
        Just(Some(None)),
        (-1439_i32..=1439).prop_map(|minutes| Some(Some(minutes)))
    ];
    (second, 0_u32..=9, any::<u32>(), zone).prop_map(|(second, digits, fraction, zone)| {
        let fraction = fraction % 10_u32.pow(digits);
        let minutes = zone.flatten().unwrap_or(0);
        let offset = Offset::from_seconds(minutes * 60).unwrap();
        let local = offset.to_datetime(jiff::Timestamp::from_second(second).unwrap());
        let mut text = format!(
            "{}T{:02}:{:02}:{:02}",
            local.date(),
            local.hour(),
            local.minute(),
            local.second()
        );
        if digits > 0 {
            text.push_str(&format!(
                ".{fraction:0width$}",
                width = usize::try_from(digits).unwrap()
            ));
        }
        match zone {
            None => text.push('Z'),
            Some(None) => {}
            Some(Some(minutes)) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                text.push_str(&format!(
                    "{sign}{:02}:{:02}",
                    minutes.abs() / 60,
                    minutes.abs() % 60
                ));
            }
        }
        let nanosecond = i128::from(fraction) * 10_i128.pow(9 - digits);
        let instant =
            jiff::Timestamp::from_nanosecond(i128::from(second) * 1_000_000_000 + nanosecond)
                .unwrap();
        (text, instant)
    })
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 3_000, ..Config::default() })]

    #[test]
    fn a_date_time_survives_to_the_letter((text, instant) in printed()) {
        let json = format!("\"{text}\"");
        let read: Timestamp = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), json);
        prop_assert_eq!(read.instant(), instant);
        // Another spelling of the same instant is equal, and hashes alike.
        let plain = Timestamp::from(instant);
        prop_assert_eq!(read, plain);
        let state = RandomState::new();
        prop_assert_eq!(state.hash_one(read), state.hash_one(plain));
        let date: Date = text.parse().unwrap();
        prop_assert!(text.starts_with(&date.to_string()));
    }

    #[test]
    fn order_is_the_order_of_instants((_, one) in printed(), (_, other) in printed()) {
        prop_assert_eq!(Timestamp::from(one).cmp(&Timestamp::from(other)), one.cmp(&other));
    }

    /// The quick parser takes over the common form only; this one has every way to be slightly wrong.
    #[test]
    fn the_quick_parser_agrees_with_jiff(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|z|[+-][0-2][0-9]:[0-5][0-9])",
    ) {
        let ours = text.parse::<Timestamp>().ok().map(Timestamp::instant);
        prop_assert_eq!(ours, text.parse::<jiff::Timestamp>().ok());
    }

    #[test]
    fn a_bare_date_is_its_first_instant(day in -700_000_i64..2_900_000) {
        let instant = jiff::Timestamp::from_second(day * 86_400).unwrap();
        let text = Offset::UTC.to_datetime(instant).date().to_string();
        prop_assert_eq!(time(&text).instant(), instant);
        prop_assert_eq!(time(&text).to_string(), text);
    }

    #[test]
    fn no_text_panics(text in prop_oneof![".{0,40}", "[-+0-9TZ:., \\[\\]]{0,40}", "\\PC{0,5}[0-9]{4}-07-25T\\PC{0,12}"]) {
        if let Ok(read) = text.parse::<Timestamp>() {
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
        let _ = text.parse::<Date>();
    }
}
