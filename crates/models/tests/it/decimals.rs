//! Money and percentages: exact or refused, never rounded.

use accredit_models::{Decimal, DecimalError, Money, Percent};
use proptest::{prelude::*, test_runner::Config};

fn read(token: &str) -> Option<Money> {
    serde_json::from_str(token).ok()
}

fn encode(value: Money) -> String {
    serde_json::to_string(&value).unwrap()
}

#[test]
fn the_scale_survives_as_text_and_as_a_bare_number() {
    for text in [
        "0",
        "0.00",
        "100.00",
        "1.50",
        "-4.81",
        "0.10",
        "4.810000",
        "9999999999999999999999999999",
        "0.0000000000000000000000000001",
        "12345678901234.56789012345678",
        "79228162514264337593543950335",
    ] {
        let expected = format!("\"{text}\"");
        for token in [expected.as_str(), text] {
            let money = read(token).unwrap_or_else(|| panic!("{token}"));
            assert_eq!(
                (encode(money), money.to_string()),
                (expected.clone(), text.to_owned())
            );
        }
        assert_eq!(
            serde_json::from_str::<Percent>(&expected)
                .unwrap()
                .to_string(),
            text
        );
    }
}

/// 0.1 + 0.2, and the price that a float prints as 4.8099999999999996.
#[test]
fn a_bare_number_never_passes_through_a_float() {
    let sum = read("0.1").unwrap().get() + read("0.2").unwrap().get();
    assert_eq!(sum.to_string(), "0.3");
    assert_eq!(read("4.81").unwrap().to_string(), "4.81");
    assert_eq!(
        read("9007199254740993").unwrap().to_string(),
        "9007199254740993"
    );
    assert_eq!(read("1.10").unwrap().to_string(), "1.10");
}

#[test]
fn what_is_no_decimal_or_does_not_fit_is_refused() {
    let texts = [
        "",
        " ",
        "-",
        ".",
        "+",
        "e5",
        "1e",
        "1e+",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "0x10",
        "1_000",
        "_1",
        "1__0.0",
        "1,000.00",
        "1 000",
        " 1",
        "1 ",
        "$1",
        "1.2.3",
        "1-2",
        "--1",
        "text",
        "١٢",
        "１",
        "½",
        "1\u{0}",
        "1e400",
        "1e-400",
        "1e29",
        "1e2147483648",
        "1e99999999999999999999",
        "1e_2",
        "1_0e2",
        "79228162514264337593543950336",
        "0.00000000000000000000000000001",
        "1.00000000000000000000000000001",
        "123456789012345678901234567890",
        "1234567890123456.78901234567890123",
        "12345678901234567890123456789.5e1",
    ];
    for text in texts {
        assert!(text.parse::<Money>().is_err(), "{text:?}");
        assert_eq!(
            read(&serde_json::to_string(text).unwrap()),
            None,
            "{text:?}"
        );
    }
    for token in [
        "null",
        "true",
        "[]",
        "{}",
        "[1]",
        "{\"amount\": 1}",
        "1e400",
        "-1e400",
        "1e-29",
        "\"1",
        "00x",
    ] {
        assert_eq!(read(token), None, "{token}");
    }
    let long = format!("\"{}\"", "9".repeat(100_000));
    assert_eq!(read(&long), None);
}

#[test]
fn scientific_notation_is_exact() {
    for (text, plain) in [
        ("1E+2", "100"),
        ("1e2", "100"),
        ("1.50e1", "15.0"),
        ("-2.5E-3", "-0.0025"),
        ("1e28", "10000000000000000000000000000"),
        ("0e0", "0"),
    ] {
        assert_eq!(text.parse::<Money>().unwrap().to_string(), plain, "{text}");
        assert_eq!(read(text).unwrap().to_string(), plain, "{text}");
    }
}

#[test]
fn the_error_is_about_the_form_and_not_the_value() {
    let error: DecimalError = "canary".parse::<Money>().unwrap_err();
    assert_eq!(error.to_string(), "not a decimal of at most 28 digits");
    let error = serde_json::from_str::<Money>("\"canary\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("invalid value: another text, expected a decimal"),
        "{error}"
    );
}

/// A decimal is taken from the text of the body, so a tree that has forgotten the digits cannot give one.
#[test]
fn decimals_are_read_from_a_text_and_not_from_a_value() {
    assert_eq!(
        serde_json::from_slice::<Money>(b"4.81").unwrap(),
        read("4.81").unwrap()
    );
    let value: serde_json::Value = serde_json::from_str("4.81").unwrap();
    assert!(serde_json::from_value::<Money>(value).is_err());
    assert!(serde_json::from_reader::<_, Money>(&b"4.81"[..]).is_err());
}

#[test]
fn money_and_percent_are_not_the_same_and_compare_by_value() {
    let (one, other): (Money, Money) = ("1.0".parse().unwrap(), "1.00".parse().unwrap());
    assert_eq!(one, other);
    assert!(one < Money::from(2));
    assert_eq!(Money::from(25_u64).to_string(), "25");
    assert_eq!(
        Decimal::from(Percent::new(Decimal::new(250, 2))).to_string(),
        "2.50"
    );
    assert_eq!(size_of::<Option<Money>>(), 20);
}

/// Sign, digits without zeros at either end, and the power of ten of the last digit.
fn exact(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap()),
        None => (text, 0_i64),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let zeros = i64::try_from(digits.len() - significant.len()).unwrap();
    let scale = i64::try_from(fraction.len()).unwrap();
    (negative, significant.to_owned(), exponent - scale + zeros)
}

#[test]
fn the_oracle_knows_its_arithmetic() {
    assert_eq!(exact("-0012.50e3"), exact("-12500"));
    assert_eq!(exact("0.00"), exact("0e7"));
    assert_ne!(exact("1.01"), exact("1.1"));
}

/// Texts as a service prints them: no needless zeros in front.
fn plain() -> impl Strategy<Value = String> {
    (any::<bool>(), "[1-9][0-9]{0,27}", 0_usize..=28).prop_map(|(negative, digits, scale)| {
        let sign = if negative { "-" } else { "" };
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    })
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 3_000, ..Config::default() })]

    #[test]
    fn twenty_eight_digits_survive_to_the_letter(text in plain()) {
        let expected = format!("\"{text}\"");
        prop_assert_eq!(read(&expected).map(encode), Some(expected.clone()));
        prop_assert_eq!(read(&text).map(encode), Some(expected.clone()));
        prop_assert_eq!(serde_json::from_str::<Percent>(&text).unwrap().to_string(), text);
    }

    #[test]
    fn a_decimal_is_exact_or_refused(text in "[-+]?[0-9]{0,31}(\\.[0-9]{0,31})?([eE][-+]?[0-9]{1,2})?") {
        if let Ok(money) = text.parse::<Money>() {
            prop_assert_eq!(exact(&money.to_string()), exact(&text));
            let again: Money = money.to_string().parse().unwrap();
            prop_assert_eq!(again.to_string(), money.to_string());
        }
    }

    #[test]
    fn no_text_panics_and_only_decimals_pass(text in prop_oneof![".{0,12}", "[-+0-9._eExX ]{0,12}"]) {
        let read = read(&serde_json::to_string(&text).unwrap());
        prop_assert_eq!(read, text.parse::<Money>().ok());
        if read.is_some() {
            prop_assert!(text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)), "{text}");
            prop_assert!(text.bytes().any(|b| b.is_ascii_digit()));
        }
    }
}
