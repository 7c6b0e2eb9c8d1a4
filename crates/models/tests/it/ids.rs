//! What holds for every id type.

use accredit_models::{id::ParseIdError, thirdparty::InvestmentId};
use proptest::{prelude::*, test_runner::Config};

use crate::examples::ALL;

/// JavaScript's and every float's largest exact integers are below these.
const LARGE: [u64; 4] = [
    9_007_199_254_740_993,
    u64::MAX - 1,
    u64::MAX,
    i64::MAX as u64 + 1,
];

#[test]
fn an_id_never_passes_through_a_float() {
    for id in &ALL.ids {
        for number in [0, 1, 90].into_iter().chain(LARGE) {
            assert_eq!((id.read)(&number.to_string()), Ok(number), "{}", id.name);
            assert_eq!(
                (id.read)(&format!("\"{number}\"")),
                Ok(number),
                "{}: form-encoded",
                id.name
            );
            assert_eq!((id.parse)(&number.to_string()), Some(number), "{}", id.name);
            assert_eq!(
                (id.print)(number),
                (number.to_string(), number.to_string()),
                "{}",
                id.name
            );
        }
    }
}

#[test]
fn what_is_no_whole_number_is_refused() {
    let texts = [
        "",
        " ",
        "1 ",
        " 1",
        "+1",
        "-1",
        "-0",
        "1.0",
        "1.5",
        "1e3",
        "1E3",
        "0x10",
        "1_000",
        "1,000",
        "٣",
        "１",
        "one",
        "18446744073709551616",
        "99999999999999999999999",
        "1\n",
        "\u{feff}1",
    ];
    let tokens = [
        "1.0",
        "1.5",
        "1e3",
        "-1",
        "18446744073709551616",
        "1e400",
        "null",
        "true",
        "[1]",
        "{\"id\": 1}",
        "\"\"",
    ];
    for id in &ALL.ids {
        for text in texts {
            assert_eq!((id.parse)(text), None, "{}: {text:?}", id.name);
            let json = serde_json::to_string(text).unwrap();
            assert!((id.read)(&json).is_err(), "{}: {json}", id.name);
        }
        for token in tokens {
            assert!((id.read)(token).is_err(), "{}: {token}", id.name);
        }
    }
}

#[test]
fn the_error_says_what_an_id_is() {
    let error: ParseIdError = "Ada".parse::<InvestmentId>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "an id is a whole number from 0 to 18446744073709551615"
    );
}

#[test]
fn an_optional_id_takes_16_bytes_and_a_debug_form_names_its_type() {
    assert_eq!(size_of::<Option<InvestmentId>>(), 16);
    assert_eq!(format!("{:?}", InvestmentId::new(7)), "InvestmentId(7)");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_number_survives_in_both_forms(number: u64) {
        for id in &ALL.ids {
            prop_assert_eq!((id.read)(&number.to_string()), Ok(number));
            prop_assert_eq!((id.read)(&format!("\"{number}\"")), Ok(number));
            prop_assert_eq!((id.print)(number), (number.to_string(), number.to_string()));
        }
    }

    #[test]
    fn a_text_is_an_id_if_it_is_digits_that_fit(text in "[ +-]?[0-9]{0,22}[.eE_x ]?[0-9]{0,2}") {
        let expected = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        for id in &ALL.ids {
            prop_assert_eq!((id.parse)(&text), expected);
        }
    }
}
