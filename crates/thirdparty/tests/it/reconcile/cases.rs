//! Single cases, some of them over a service that behaves worse than the sandbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use accredit_sandbox::{Effect, Fault, Sandbox};
use accredit_thirdparty::models::Timestamp;
use accredit_thirdparty::transport::http::Method;
use accredit_thirdparty::{
    Client, ErrorKind, InvestorId, InvestorType, OfferingId, Reconciled, SubscriptionAgreementName,
};
use tokio::time::Instant;

use crate::support::{
    Service, TOKEN, investor, is_login, login, offering, partner, person, reply, wire_investment,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn lost() -> Fault {
    Fault::new(Effect::Reset).on("investments.create").times(1)
}

#[tokio::test(start_paused = true)]
async fn a_write_that_ran_is_found_and_not_sent_again() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    // The same order before: bought twice on purpose, and not to be taken for the second one.
    let earlier = wire_investment(&client, offering, &investor, 10).await;
    let order = client.investments().create(offering, investor.id, 10);
    let mut write = order.prepare();
    assert_eq!(write.operation().body.quantity, 10);
    assert!(!write.is_open());
    sandbox.inject(lost().after_call()).unwrap();
    let error = write.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);

    let error = write.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
    assert_eq!(
        error.to_string(),
        "investments.create: the request could not be built: it may have run: reconcile it before it is sent again"
    );
    let start = Instant::now();
    let Reconciled::Applied(found) = write.reconcile().await.unwrap() else {
        panic!("it ran");
    };
    assert!(start.elapsed() < PATIENCE, "one look is enough");
    assert!(found.id > earlier.id);
    assert!(!write.is_open());
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Build);
    let all = client.investments().list().send().await.unwrap();
    assert_eq!(all.count, 2);
    // Asked again, it says the same.
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::Applied(found));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_did_not_run_may_be_sent_again_after_two_looks() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    wire_investment(&client, offering, &investor, 10).await;
    let order = client.investments().create(offering, investor.id, 10);
    let mut write = order.prepare();
    assert_eq!(
        write.reconcile().await.unwrap(),
        Reconciled::NotApplied,
        "nothing was sent yet"
    );
    sandbox.inject(lost()).unwrap();
    write.send().await.unwrap_err();
    let start = Instant::now();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
    assert!(start.elapsed() >= PATIENCE);
    let created = write.send().await.unwrap();
    assert_eq!(created.quantity, Some(10));
    let all = client.investments().list().send().await.unwrap();
    assert_eq!(all.count, 2);
}

/// The look is right before the write: what others made until then is theirs.
#[tokio::test(start_paused = true)]
async fn what_was_made_between_prepare_and_send_is_not_taken_for_the_write() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let order = || client.investments().create(offering, investor.id, 10);
    let mut write = order().prepare();
    order().send().await.unwrap();
    sandbox.inject(lost()).unwrap();
    write.send().await.unwrap_err();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);

    // Nor what was made after a send that was refused.
    let refused = Fault::new(Effect::Status {
        status: 403,
        content_type: "application/json".to_owned(),
        body: r#"{"detail": "Not now."}"#.to_owned(),
    });
    let mut write = order().prepare();
    sandbox
        .inject(refused.on("investments.create").times(1))
        .unwrap();
    let error = write.send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    let theirs = order().send().await.unwrap();
    sandbox.inject(lost().after_call()).unwrap();
    let error = write.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => assert!(found.id > theirs.id),
        other => panic!("{other:?}"),
    }
}

/// A server may go on with a write for longer than anybody waits.
#[tokio::test(start_paused = true)]
async fn a_write_that_lands_after_both_looks_is_not_sent_again() {
    let lists = [0, 0, 0, 1];
    let service = service(move |number, _| {
        let there = lists.get(number).copied().unwrap_or(1);
        page(&[investment(9, 25, "")][..there])
    });
    let client = service.client();
    let mut write = order(&client).prepare();
    write.send().await.err().unwrap();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
    let error = write.send().await.err().unwrap();
    // Not an error after which a program may think that there is no order.
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(
        error.to_string(),
        "investments.create: outcome unknown: it may have run: when it was sent before; nothing was sent now"
    );
    assert!(write.is_open());
    assert!(matches!(
        write.reconcile().await.unwrap(),
        Reconciled::Applied(_)
    ));
    assert_eq!(writes(&service), 1);
}

/// Who asks again after it was said that it did not run hears of it, too.
#[tokio::test(start_paused = true)]
async fn a_write_that_lands_after_both_looks_is_found_by_a_third() {
    for (late, is_ours) in [
        (investment(9, 25, ""), true),
        (investment(9, 24, ""), false),
    ] {
        let service = service(move |number, _| match number {
            0..4 => page(&[]),
            _ => page(std::slice::from_ref(&late)),
        });
        let client = service.client();
        let mut write = order(&client).prepare();
        write.send().await.err().unwrap();
        assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
        let start = Instant::now();
        assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
        assert!(start.elapsed() < PATIENCE, "two looks were before");
        match write.reconcile().await.unwrap() {
            Reconciled::Applied(found) => assert!(is_ours && found.id.get() == 9),
            Reconciled::Ambiguous(found) => assert!(!is_ours && found[0].id.get() == 9),
            Reconciled::NotApplied => panic!("it landed"),
        }
        assert_eq!(write.is_open(), !is_ours);
        assert_eq!(write.send().await.err().unwrap().kind(), ErrorKind::Build);
        assert_eq!(writes(&service), 1);
    }
}

/// While it cannot be seen what is there, nothing is written.
#[tokio::test(start_paused = true)]
async fn a_look_that_fails_leaves_the_write_unsent() {
    let service = service(|_, _| "<h1>Not JSON</h1>".to_owned());
    let client = service.client();
    let mut write = order(&client).prepare();
    let error = write.send().await.err().unwrap();
    assert_eq!(error.operation(), Some("investments.list"));
    assert_ne!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(!write.is_open());
    assert_eq!(writes(&service), 0);
}

#[tokio::test(start_paused = true)]
async fn times_of_a_clock_finer_than_the_services_are_found() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_cf");
    let now: Timestamp = "2026-03-01T10:00:00.123456789Z".parse().unwrap();
    let order = client.investments().create(offering, investor.id, 10);
    let mut write = order.reg_cf_disclosure_acknowledged_at(now).prepare();
    sandbox.inject(lost().after_call()).unwrap();
    write.send().await.unwrap_err();
    let Reconciled::Applied(investment) = write.reconcile().await.unwrap() else {
        panic!("it ran");
    };
    let name = SubscriptionAgreementName::SubscriptionAgreement;
    let sign = client.investor_signatures().create(investment.id, name);
    let mut write = sign.investor_signature_date(now).prepare();
    let operation = "subscription_agreement_investor_signatures.create";
    let lost = Fault::new(Effect::Reset).on(operation).after_call();
    sandbox.inject(lost.times(1)).unwrap();
    write.send().await.unwrap_err();
    let outcome = write.reconcile().await.unwrap();
    assert!(matches!(outcome, Reconciled::Applied(_)), "{outcome:?}");
}

/// The sandbox makes the intent with the investment; another service may make it when it is asked for.
#[tokio::test(start_paused = true)]
async fn a_payment_intent_that_is_new_was_made_by_the_write() {
    let cases = [
        (["null", "null"], false),
        (["null", r#""pi_1""#], true),
        ([r#""pi_1""#, r#""pi_1""#], false),
        ([r#""pi_1""#, r#""pi_2""#], true),
        // It was taken away; asked for again, there is one.
        ([r#""pi_1""#, r#""""#], false),
    ];
    for (intents, is_new) in cases {
        let service = service(move |number, _| {
            let intent = intents[number.min(1)];
            investment(9, 25, &format!(r#", "payment_intent_id": {intent}"#))
        });
        let client = service.client();
        let mut write = client.investments().payment_intent_secret(9).prepare();
        let error = write.send().await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        let outcome = write.reconcile().await.unwrap();
        assert_eq!(
            matches!(outcome, Reconciled::Applied(_)),
            is_new,
            "{intents:?}"
        );
        assert!(outcome.is_settled());
    }
}

/// What was there before a program ended is not known.
#[tokio::test(start_paused = true)]
async fn a_payment_intent_that_may_have_been_there_is_ambiguous() {
    let long_ago: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (intent, is_there) in [("null", false), (r#""pi_1""#, true)] {
        let more = format!(r#", "payment_intent_id": {intent}"#);
        let service = service(move |_, _| investment(9, 25, &more));
        let secret = service.client().investments().payment_intent_secret(9);
        let mut write = secret.resume(long_ago).await.unwrap();
        match write.reconcile().await.unwrap() {
            Reconciled::Ambiguous(found) => assert!(is_there && found[0].id.get() == 9),
            outcome => assert!(!is_there && outcome == Reconciled::NotApplied),
        }
    }
}

/// There is nothing to wait for.
#[tokio::test(start_paused = true)]
async fn of_a_write_that_was_answered_nothing_may_be_shown() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let order = client.investments().create(offering, investor.id, 10);
    let order = order.send().await.unwrap();
    let secret = client.investments().payment_intent_secret(order.id);
    let mut write = secret.prepare();
    write.send().await.unwrap();
    let start = Instant::now();
    let outcome = write.reconcile().await.unwrap();
    assert_eq!(outcome, Reconciled::Ambiguous(vec![]));
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Build);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_nobody_waits_for_leaves_the_outcome_open() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let order = client.investments().create(offering, investor.id, 10);
    let mut write = order.prepare();
    let slow = Fault::new(Effect::Latency(Duration::from_secs(5)));
    sandbox
        .inject(slow.on("investments.create").after_call())
        .unwrap();
    let limit = Duration::from_secs(1);
    assert!(tokio::time::timeout(limit, write.send()).await.is_err());
    assert!(write.is_open());
    assert!(matches!(
        write.reconcile().await.unwrap(),
        Reconciled::Applied(_)
    ));
}

#[tokio::test]
async fn a_refused_write_is_not_open() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let order = client.investments().create(offering, investor.id, 0);
    let mut write = order.prepare();
    let error = write.send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(!write.is_open());
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_taken_up_by_the_time_at_which_it_began() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let long_ago = sandbox.now();
    let created = wire_investment(&client, offering, &investor, 10).await;
    let order = || {
        let create = client.investments().create(offering, investor.id, 10);
        create.requested_payment_method(accredit_thirdparty::PaymentMethod::Wire)
    };
    let mut write = order().resume(Timestamp::from(long_ago)).await.unwrap();
    assert!(write.is_open());
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Build);
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => assert_eq!(found.id, created.id),
        other => panic!("{other:?}"),
    }
    // By a clock that was ahead by two minutes then, and was put right since.
    let ahead = long_ago.checked_add(Duration::from_secs(120)).unwrap();
    let mut write = order().resume(Timestamp::from(ahead)).await.unwrap();
    match write.reconcile().await.unwrap() {
        Reconciled::Ambiguous(found) => assert_eq!(found[0].id, created.id),
        other => panic!("{other:?}"),
    }
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Build);
    // Begun well after what is there.
    let later = long_ago.checked_add(Duration::from_secs(600)).unwrap();
    let mut write = order().resume(Timestamp::from(later)).await.unwrap();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
    write.send().await.unwrap();

    // The service shows no time of investors: an older one may be this one, and none is none.
    let create = |name| {
        client
            .investors()
            .create(person(name), InvestorType::Person)
    };
    let mut write = create("Lovelace").resume(long_ago).await.unwrap();
    match write.reconcile().await.unwrap() {
        Reconciled::Ambiguous(found) => assert_eq!(found[0].id, investor.id),
        other => panic!("{other:?}"),
    }
    assert!(write.is_open());
    let mut write = create("Hopper").resume(long_ago).await.unwrap();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
}

#[tokio::test(start_paused = true)]
async fn checks_and_pages_that_leave_no_mark_are_ambiguous() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    wire_investment(&client, offering(&sandbox, "reg_a"), &investor, 10).await;
    sandbox
        .inject(
            Fault::new(Effect::Reset)
                .on("investors.run_second_kyc")
                .times(2),
        )
        .unwrap();
    // The first check has passed: a second one that passes too changes nothing.
    let check = || client.investors().run_second_kyc(investor.id);
    let mut write = check().prepare();
    write.send().await.unwrap_err();
    assert!(!write.reconcile().await.unwrap().is_settled());
    let mut write = check().resume(sandbox.now()).await.unwrap();
    assert!(!write.reconcile().await.unwrap().is_settled());

    let page = client.investors().create_id_upload_workflow();
    let mut write = page.resume(sandbox.now()).await.unwrap();
    assert_eq!(
        write.reconcile().await.unwrap(),
        Reconciled::Ambiguous(vec![])
    );
}

/// How many writes a service was sent, logins aside.
fn writes(service: &Service) -> usize {
    let seen = service.seen();
    let writes = seen
        .iter()
        .filter(|request| request.method() == Method::POST && !is_login(request));
    writes.count()
}

/// A service with a list of investments that changes with the number of lists asked for; its writes are lost.
fn service(list: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Service {
    let lists = Arc::new(AtomicUsize::new(0));
    Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        if request.method() == Method::POST {
            return reply(502, "text/html", "<h1>Bad Gateway</h1>");
        }
        let number = lists.fetch_add(1, Ordering::SeqCst);
        let query = request.uri().query().unwrap_or_default();
        reply(200, "application/json", list(number, query))
    })
}

fn investment(id: u64, quantity: i64, more: &str) -> String {
    format!(
        r#"{{"id": {id}, "quantity": {quantity}, "offering": {{"id": 7}}, "investor": {{"id": 42}}{more}}}"#
    )
}

/// A page of a list, by the number and the size that a query asks for.
fn paged(ids: &[u64], query: &str) -> String {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(given, _)| *given == name);
        found.map(|(_, value)| value.parse::<usize>().unwrap())
    };
    let (number, size) = (number("page").unwrap_or(1), number("page_size").unwrap());
    let here = ids.chunks(size).nth(number - 1).unwrap_or_default();
    let items: Vec<_> = here.iter().map(|id| investment(*id, 25, "")).collect();
    let next = match number * size < ids.len() {
        true => format!("\"http://x/?page={}\"", number + 1),
        false => "null".to_owned(),
    };
    page(&items).replace("\"next\": null", &format!("\"next\": {next}"))
}

fn reads(service: &Service) -> usize {
    let seen = service.seen();
    let reads = seen
        .iter()
        .filter(|request| request.method() == Method::GET);
    reads.count()
}

fn page(items: &[String]) -> String {
    format!(
        r#"{{"count": {}, "next": null, "previous": null, "results": [{}]}}"#,
        items.len(),
        items.join(",")
    )
}

fn order(
    client: &Client,
) -> accredit_thirdparty::Call<
    impl accredit_thirdparty::Reconcile<Found = accredit_thirdparty::InvestmentSummary>,
> {
    let create = client
        .investments()
        .create(OfferingId::new(7), InvestorId::new(42), 25);
    create.us_person(true)
}

/// What a probe says of a write of which the list shows this before it, at the first look and at the second.
async fn outcome(lists: [Vec<String>; 3]) -> Reconciled<u64> {
    let service = service(move |number, _| page(&lists[number.min(2)]));
    let client = service.client();
    let mut write = order(&client).prepare();
    let error = write.send().await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => Reconciled::Applied(Box::new(found.id.get())),
        Reconciled::NotApplied => Reconciled::NotApplied,
        Reconciled::Ambiguous(found) => {
            Reconciled::Ambiguous(found.into_iter().map(|found| found.id.get()).collect())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_decides() {
    let ours = || investment(9, 25, "");
    let old = || investment(3, 25, r#", "us_person": true"#);
    // One that lands late is seen by the second look.
    let seen = outcome([vec![old()], vec![old()], vec![ours(), old()]]).await;
    assert_eq!(seen, Reconciled::Applied(Box::new(9)));
    let seen = outcome([vec![old()], vec![old()], vec![old()]]).await;
    assert_eq!(seen, Reconciled::NotApplied);
    // Others that came meanwhile are not ours.
    let other = || investment(10, 25, "").replace("42", "43");
    let seen = outcome([vec![], vec![other(), ours()], vec![]]).await;
    assert_eq!(seen, Reconciled::Applied(Box::new(9)));
    let seen = outcome([vec![], vec![other()], vec![other()]]).await;
    assert_eq!(seen, Reconciled::NotApplied);
    // Ours, if the service changed it: better asked than bought twice.
    let changed = [
        investment(9, 25, r#", "us_person": false"#),
        investment(9, 24, r#", "us_person": true"#),
    ];
    for changed in changed {
        let seen = outcome([vec![], vec![changed.clone()], vec![]]).await;
        assert_eq!(seen, Reconciled::Ambiguous(vec![9]));
        let seen = outcome([vec![], vec![changed, investment(8, 25, "")], vec![]]).await;
        assert_eq!(seen, Reconciled::Applied(Box::new(8)));
    }
    // And one of which the service shows nothing but that it is there.
    let silent = || r#"{"id": 9}"#.to_owned();
    let seen = outcome([vec![], vec![silent()], vec![]]).await;
    assert_eq!(seen, Reconciled::Ambiguous(vec![9]));
    let twin = || investment(8, 25, "");
    let seen = outcome([vec![], vec![ours(), twin()], vec![]]).await;
    assert_eq!(seen, Reconciled::Ambiguous(vec![9, 8]));
}

#[tokio::test(start_paused = true)]
async fn a_list_in_another_order_is_read_to_its_end() {
    // The same order as ours stands at the end of the first list, on its second page, with the highest id.
    let pages = |ids: &[u64], query: &str| {
        let (first, second) = ids.split_at(12);
        let (ids, next) = if query.contains("page=2") {
            (second, "null")
        } else {
            (first, r#""http://x/?page=2""#)
        };
        let items: Vec<_> = ids.iter().map(|id| investment(*id, 25, "")).collect();
        format!(
            r#"{{"count": 14, "next": {next}, "previous": null, "results": [{}]}}"#,
            items.join(",")
        )
    };
    let old: Vec<u64> = (1..=14).collect();
    let service = service(move |_, query| pages(&old, query));
    let client = service.client();
    let mut write = order(&client).prepare();
    write.send().await.err().unwrap();
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
    assert_eq!(
        reads(&service),
        7,
        "a glance; then both pages, before and at both looks"
    );
    let seen = service.seen();
    let queries = seen.iter().filter_map(|request| request.uri().query());
    let large = queries.filter(|query| query.contains("page_size=100"));
    assert_eq!(large.count(), 6, "few large pages");
}

/// A service that does not tell the time: how far its clock is from ours is taken to be five minutes at most.
#[tokio::test(start_paused = true)]
async fn what_is_a_little_older_than_a_write_of_unknown_time_is_ambiguous() {
    let found = async |created_at: &str| {
        let ours = investment(9, 25, &format!(r#", "created_at": "{created_at}""#));
        let service = service(move |_, _| page(std::slice::from_ref(&ours)));
        let began: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let client = service.client();
        let mut write = order(&client).resume(began).await.unwrap();
        write.reconcile().await.unwrap()
    };
    let after = found("2026-03-01T10:00:01Z").await;
    assert!(matches!(after, Reconciled::Applied(_)), "{after:?}");
    let before = found("2026-03-01T09:57:00Z").await;
    assert!(matches!(before, Reconciled::Ambiguous(_)), "{before:?}");
    let long_before = found("2026-03-01T09:54:00Z").await;
    assert_eq!(long_before, Reconciled::NotApplied);
}

/// A service that takes no order by ids, or not any more, has one of its own, and may begin with ids that go down.
#[tokio::test(start_paused = true)]
async fn a_list_that_begins_with_falling_ids_in_an_order_of_its_own_is_read_to_its_end() {
    type Ids = Box<dyn Fn(bool) -> Vec<u64> + Send + Sync>;
    let down = |from: u64, to: u64| (to..=from).rev();
    // By offering or status, and then by id: ours comes into the second group, where the highest one stands.
    let grouped = move |ran: bool| {
        let ours = ran.then_some(71);
        down(60, 21).chain(ours).chain([70]).chain(down(20, 1))
    };
    // By the time of change: what others change moves up above ours.
    let changed = move |ran: bool| {
        let above = if ran { 40 } else { 60 };
        let ours = ran.then_some(71);
        let rest = down(if ran { 20 } else { 0 }, 1);
        let below = ran.then(|| down(60, 41)).into_iter().flatten();
        down(above, 21)
            .chain(ours)
            .chain(below)
            .chain(if ran { rest } else { down(20, 1) })
    };
    let cases: [(&str, bool, Ids); 3] = [
        (
            "grouped",
            false,
            Box::new(move |ran| grouped(ran).collect()),
        ),
        (
            "by change",
            false,
            Box::new(move |ran| changed(ran).collect()),
        ),
        (
            "by change later",
            true,
            Box::new(move |ran| changed(ran).collect()),
        ),
    ];
    for (name, is_ordered_first, ids) in cases {
        let ran = AtomicBool::new(false);
        let service = Service::new(move |request| {
            if is_login(request) {
                return login(TOKEN);
            }
            if request.method() == Method::POST {
                ran.store(true, Ordering::SeqCst);
                return reply(502, "text/html", "<h1>Bad Gateway</h1>");
            }
            let query = request.uri().query().unwrap();
            let ran = ran.load(Ordering::SeqCst);
            let mut ids = ids(ran);
            if is_ordered_first && !ran {
                ids.sort_unstable();
                if query.contains("ordering=-id") {
                    ids.reverse();
                }
            }
            reply(200, "application/json", paged(&ids, query))
        });
        let client = service.client();
        let mut write = order(&client).prepare();
        write.send().await.err().unwrap();
        match write.reconcile().await.unwrap() {
            Reconciled::Applied(found) => assert_eq!(found.id.get(), 71, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Two reads before the write, and one after it, however long the list is.
#[tokio::test(start_paused = true)]
async fn of_a_list_that_is_ordered_little_is_read() {
    let ran = AtomicBool::new(false);
    let service = Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        if request.method() == Method::POST {
            ran.store(true, Ordering::SeqCst);
            return reply(502, "text/html", "<h1>Bad Gateway</h1>");
        }
        let query = request.uri().query().unwrap();
        let mut ids: Vec<u64> = (1..=if ran.load(Ordering::SeqCst) { 61 } else { 60 }).collect();
        if query.contains("ordering=-id") {
            ids.reverse();
        }
        reply(200, "application/json", paged(&ids, query))
    });
    let client = service.client();
    let mut write = order(&client).prepare();
    write.send().await.err().unwrap();
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => assert_eq!(found.id.get(), 61),
        other => panic!("{other:?}"),
    }
    assert_eq!(reads(&service), 3);
}

/// What others make while the pages are read moves ours on to the next one.
#[tokio::test(start_paused = true)]
async fn one_that_stands_on_two_pages_is_one() {
    let service = service(|number, query| {
        assert_eq!(query.contains("page=2"), number == 2);
        let others = |ids: std::ops::Range<u64>| {
            let others = ids.rev().map(|id| investment(id, 25, ""));
            others.map(|other| other.replace("42", "43"))
        };
        let ours = || std::iter::once(investment(10, 25, ""));
        let first = || page(&others(11..30).chain(ours()).collect::<Vec<_>>());
        match number {
            0 => page(&[]),
            1 => first().replace(r#""next": null"#, r#""next": "http://x/?page=2""#),
            _ => page(&ours().chain(others(5..10)).collect::<Vec<_>>()),
        }
    });
    let client = service.client();
    let mut write = order(&client).prepare();
    write.send().await.err().unwrap();
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => assert_eq!(found.id.get(), 10),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_write_can_be_made_on_another_task() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let create = client
        .investors()
        .create(person("Lovelace"), InvestorType::Person);
    let task = tokio::spawn(async move {
        let mut write = create.prepare().patience(Duration::ZERO);
        write.send().await?;
        write.reconcile().await
    });
    assert!(matches!(
        task.await.unwrap().unwrap(),
        Reconciled::Applied(_)
    ));
}
