//! Pages and envelopes.

use accredit_models::{
    Envelope, Page, Reply,
    thirdparty::{Invoice, PaymentIntentSecret, TaxIdValidity},
};
use proptest::{prelude::*, test_runner::Config};

fn page(next: &str) -> Page<u8> {
    let mut page = Page::new(1, vec![1]);
    page.next = Some(next.to_owned());
    page
}

#[test]
fn the_next_page_is_read_from_the_query_and_nothing_else() {
    for (next, number) in [
        ("http://api.example.org/accounts/?page=4", Some(4)),
        ("https://evil.example/?page=4", Some(4)),
        ("/api/?ordering=-id&page=12&page_size=100", Some(12)),
        ("?page=2#page=9", Some(2)),
        ("http://a/?page_size=100", None),
        ("http://a/?xpage=3", None),
        ("http://a/?q=?page=3", None),
        ("http://a/#?page=3", None),
        ("http://a/page=3", None),
        ("http://a/?page=", None),
        ("http://a/?page=-1", None),
        ("http://a/?page=+1", None),
        ("http://a/?page=last", None),
        ("http://a/?page=18446744073709551616", None),
        ("http://a/?page=3%20", None),
        ("javascript:alert(1)", None),
        ("", None),
        ("?", None),
        ("?&&=&page", None),
    ] {
        assert_eq!(page(next).next_page(), number, "{next}");
    }
    assert_eq!(Page::<u8>::new(0, Vec::new()).next_page(), None);
}

#[test]
fn a_page_needs_its_count_and_results_only() {
    let page = Page::<Invoice>::decode(br#"{"count": 0, "results": []}"#).unwrap();
    assert_eq!(page, Page::new(0, Vec::new()));
    for body in [
        r#"{"results": []}"#,
        r#"{"count": 1}"#,
        r#"{"count": -1, "results": []}"#,
        r#"{"count": 1, "results": null}"#,
        "[]",
    ] {
        assert!(Page::<Invoice>::decode(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn an_envelope_gives_its_data() {
    for body in [
        r#"{"success": true, "message": "", "data": {"is_valid": true}}"#,
        r#"{"data": {"is_valid": true}}"#,
        r#"{"success": null, "message": null, "data": {"is_valid": true}}"#,
    ] {
        let data = Envelope::<TaxIdValidity>::decode(body.as_bytes())
            .unwrap()
            .into_data()
            .unwrap();
        assert_eq!(data.is_valid, Some(true), "{body}");
    }
}

/// A 200 that says `success: false` is a failure, even with data.
#[test]
fn a_refusal_keeps_its_words_to_itself() {
    for (body, message) in [
        (
            r#"{"success": false, "message": "canary", "data": {"is_valid": true}}"#,
            Some("canary"),
        ),
        (
            r#"{"success": false, "message": "canary", "data": null}"#,
            Some("canary"),
        ),
        (r#"{"success": true, "message": "canary"}"#, Some("canary")),
        (r#"{"success": false}"#, None),
        ("{}", None),
    ] {
        let refused = Envelope::<TaxIdValidity>::decode(body.as_bytes())
            .unwrap()
            .into_data()
            .unwrap_err();
        assert_eq!(refused.message(), message, "{body}");
        assert!(
            !format!("{refused} {refused:?} {refused:#?}").contains("canary"),
            "{body}"
        );
        assert_eq!(
            refused.to_string(),
            "the server refused the action, or sent no answer"
        );
        assert_eq!(refused.into_message().as_deref(), message);
    }
}

/// The words of an envelope may quote what was sent; the links of a page repeat the filters, which may be about people.
#[test]
fn debug_of_a_reply_has_no_canary() {
    let body =
        br#"{"success": true, "message": "canary", "data": {"payment_intent_secret": "canary"}}"#;
    let reply = Envelope::<PaymentIntentSecret>::decode(body).unwrap();
    assert_eq!(
        format!("{reply:?}"),
        "Envelope { data: Some(PaymentIntentSecret { payment_intent_secret: Some([redacted]), charges_count: None }), \
         success: Some(true), message: Some([redacted]) }"
    );
    let page = page("http://a/?investor__user__email=canary%40example.com&page=2");
    assert_eq!(
        format!("{page:?}"),
        "Page { count: 1, next: Some([redacted]), previous: None, results: [1] }"
    );
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_link_makes_a_page_number_out_of_nothing(next in ".{0,60}") {
        if let Some(number) = page(&next).next_page() {
            let digits = next.split("page=").skip(1).any(|rest| {
                rest.split(['&', '#']).next().and_then(|text| text.parse::<u64>().ok()) == Some(number)
            });
            prop_assert!(digits, "{next}");
        }
    }

    #[test]
    fn a_page_number_survives_any_company(number: u64, before in "([a-z_]{1,8}=[a-z0-9%]{0,8}&){0,3}", after in "(&[a-z]{1,5}=[a-z0-9]{0,5}){0,2}") {
        prop_assume!(!before.contains("page="));
        prop_assert_eq!(page(&format!("http://a/?{before}page={number}{after}")).next_page(), Some(number));
    }
}
