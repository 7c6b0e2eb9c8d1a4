//! Proves that the checks of the contract can fail: each gets something broken.

use serde_json::{Value, json};

use super::{
    Choice, Endpoint, THIRDPARTY, VERIFYINVESTOR, catalog, check_endpoint, check_list,
    check_sample, read, samples,
};

#[test]
fn a_sample_that_does_not_fit_is_found() {
    let catalog = catalog(THIRDPARTY);
    let page = |item: Value| json!({"count": 1, "next": null, "previous": null, "results": [item]});
    let problems = |item: Value| check_sample(&catalog, "investments.list.response", &page(item));
    assert_eq!(
        problems(json!({"id": 1, "investor": {"id": 2, "entity": {"id": 3}}})),
        [""; 0]
    );
    for (item, problem) in [
        (
            json!({"id": 1, "ammount": "1.00"}),
            "$.results[0].ammount: InvestmentSummary has no such field",
        ),
        (
            json!({"id": 1, "quantity": "one"}),
            "$.results[0].quantity: not a Integer",
        ),
        (
            json!({"id": 1, "quantity": 1.5}),
            "$.results[0].quantity: not a Integer",
        ),
        (json!({"id": "one"}), "$.results[0].id: not a InvestmentId"),
        (json!({"id": null}), "$.results[0].id: not a InvestmentId"),
        (
            json!({"id": 1, "status": "frozen"}),
            "$.results[0].status: InvestmentStatus lacks the value frozen",
        ),
        (
            json!({"id": 1, "created_at": "2025-07-25"}),
            "$.results[0].created_at: not a Timestamp",
        ),
        (
            json!({"id": 1, "from_invoice": "true"}),
            "$.results[0].from_invoice: not a Bool",
        ),
        (
            json!({"id": 1, "amount": true}),
            "$.results[0].amount: not a Money",
        ),
        (
            json!({"id": 1, "watchlistentity_set": [{"id": 1}, {"id": 2, "hits": 1}]}),
            "$.results[0].watchlistentity_set[1].hits: WatchlistEntity has no such field",
        ),
        // Open objects keep what is not listed; what the document shows has to be listed all the same.
        (
            json!({"id": 1, "investor": {"id": 2, "entity": {"id": 3, "shoe_size": 44}}}),
            "$.results[0].investor.entity.shoe_size: EntitySummary has no such field",
        ),
        (json!({}), "$.results[0]: InvestmentSummary requires id"),
        (json!(5), "$.results[0]: not a InvestmentSummary"),
    ] {
        assert_eq!(problems(item), [problem]);
    }
}

#[test]
fn a_sample_in_the_wrong_wrapper_or_of_no_operation_is_found() {
    let catalog = catalog(THIRDPARTY);
    let problems = |stem: &str, body: Value| check_sample(&catalog, stem, &body).join("\n");
    assert!(problems("investments.list.response", json!([])).contains("a wrapper of"));
    assert!(
        problems(
            "investments.statuses.response",
            json!({"data": {}, "success": true})
        )
        .contains("a wrapper of")
    );
    assert!(
        problems("investments.freeze.response", json!({}))
            .contains("no operation investments.freeze")
    );
    assert!(problems("investments.list.request", json!({})).contains("has no request body"));
    assert!(problems("auth.logout.response", json!({})).contains("has no response body"));
}

#[test]
fn an_endpoint_that_differs_is_found() {
    let catalog = catalog(VERIFYINVESTOR);
    let endpoints: Vec<Endpoint> = read(&samples(VERIFYINVESTOR).join("endpoints.json"));
    let review = endpoints
        .iter()
        .find(|endpoint| endpoint.name == "verification_requests.review")
        .unwrap();
    let problems = |change: fn(&mut Endpoint)| {
        let mut changed = review.clone();
        change(&mut changed);
        check_endpoint(&catalog, &changed)
    };
    assert_eq!(problems(|_| {}), [""; 0]);
    assert_eq!(
        problems(|e| e.name = "verification_requests.undo".to_owned()),
        ["no operation verification_requests.undo"]
    );
    assert_eq!(
        problems(|e| e.method = "GET".to_owned()),
        ["verification_requests.review: method POST"]
    );
    assert_eq!(
        problems(|e| e.path.push_str("?colour")),
        ["verification_requests.review: no parameter colour"]
    );
    assert_eq!(
        problems(|e| e.success = Some(204)),
        ["verification_requests.review: no status 204"]
    );
    assert_eq!(
        problems(|e| e.response = Some("no body".to_owned())),
        ["verification_requests.review: a reply of kind Json"]
    );
    assert_eq!(problems(|e| e.path.push('/')).len(), 1);
}

#[test]
fn a_value_that_is_missing_or_labelled_otherwise_is_found() {
    let catalog = catalog(THIRDPARTY);
    let problems = |list: &[(&str, &str)]| {
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: Some((*label).to_owned()),
        };
        check_list(
            &catalog,
            "KycStatus",
            &list.iter().map(choice).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        problems(&[("unverified", "Unverified"), ("failed", "Failed")]),
        [""; 0]
    );
    assert_eq!(
        problems(&[("frozen", "Frozen")]),
        ["KycStatus lacks frozen"]
    );
    assert_eq!(
        problems(&[("failed", "FAILED")]),
        ["KycStatus.failed is labelled Some(\"Failed\")"]
    );
    assert_eq!(
        problems(&[("failed", "Failed"), ("passed", "Passed")]),
        ["KycStatus.passed is out of order"]
    );
    assert_eq!(
        check_list(&catalog, "Investor", &[]),
        ["Investor is no enum"]
    );
}
