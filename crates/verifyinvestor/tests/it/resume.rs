//! Never two requests: duplicates, lost answers, and what became of them.

use std::time::{Duration, SystemTime};

use accredit_sandbox::{Effect, Fault, Sandbox};
use accredit_verifyinvestor::models::same_legal_name;
use accredit_verifyinvestor::transport::testkit::{Answer, Script};
use accredit_verifyinvestor::{
    Client, Environment, Error, ErrorKind, OpenRequest, Reconciled, UserId,
    VerificationRequestStatus as Status, pending_verification_request,
};

use crate::support::{Service, account, count, frozen, strict, switched, violet};

pub(crate) const NAME: &str = "Violet Howard";
pub(crate) const CREATE: &str = "verification_requests.create";

/// The four kinds of request, each by its own call.
async fn create_or_resume(
    client: &Client,
    user: UserId,
    kind: usize,
) -> Result<OpenRequest, Error> {
    let requests = client.user_verification_requests(user);
    match kind {
        0 => requests.create().legal_name(NAME).create_or_resume().await,
        1 => {
            requests
                .create_aml_kyc()
                .legal_name(NAME)
                .create_or_resume()
                .await
        }
        2 => {
            let create = requests.create_qualified_purchaser().legal_name(NAME);
            create.create_or_resume().await
        }
        _ => {
            let create = requests.create_qualified_client().legal_name(NAME);
            create.create_or_resume().await
        }
    }
}

const OPERATIONS: [&str; 4] = [
    CREATE,
    "verification_requests.create_aml_kyc",
    "verification_requests.create_qualified_purchaser",
    "verification_requests.create_qualified_client",
];

/// How many creates a scripted service was asked for.
pub(crate) fn creates(script: &Script) -> usize {
    let operations = script.operations();
    operations.iter().filter(|name| **name == CREATE).count()
}

#[tokio::test]
async fn each_kind_is_made_once_and_then_resumed() {
    for status in ["422", "403"] {
        let sandbox = switched("duplicate_pending_status", status).await;
        let client = account(&sandbox);
        let user = violet(&sandbox);
        for kind in 0..4 {
            let made = create_or_resume(&client, user, kind).await.unwrap();
            assert!(made.is_new && made.status.is_none() && made.investor_url.is_some());
            for _ in 0..2 {
                let resumed = create_or_resume(&client, user, kind).await.unwrap();
                assert!(!resumed.is_new);
                assert_eq!(
                    (resumed.id, &resumed.investor_url),
                    (made.id, &made.investor_url)
                );
                assert_eq!(resumed.status, Some(Status::AcceptedByInvestor));
            }
            assert_eq!(count(&client, user).await, kind + 1);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_make_a_second_request() {
    for effect in [
        Effect::Reset,
        Effect::CutBody { bytes: 20 },
        Effect::MalformedJson,
        Effect::HtmlError(accredit_sandbox::ErrorPage::NginxGatewayTimeout),
    ] {
        let sandbox = strict().await;
        let client = account(&sandbox);
        let user = violet(&sandbox);
        for (kind, operation) in OPERATIONS.into_iter().enumerate() {
            let lost = Fault::new(effect.clone()).on(operation).after_call();
            sandbox.inject(lost.times(1)).unwrap();
            let made = create_or_resume(&client, user, kind).await.unwrap();
            assert!(made.is_new, "{effect:?} {operation}");
            assert_eq!(made.status, Some(Status::AcceptedByInvestor));
            assert_eq!(
                count(&client, user).await,
                kind + 1,
                "{effect:?} {operation}"
            );
            let resumed = create_or_resume(&client, user, kind).await.unwrap();
            assert_eq!((resumed.id, resumed.is_new), (made.id, false));
        }
    }
}

#[tokio::test]
async fn a_request_that_did_not_arrive_is_made_with_the_second_attempt() {
    let sandbox = strict().await;
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.user_verification_requests(user);
    sandbox
        .inject(Fault::new(Effect::Reset).on(CREATE).times(1))
        .unwrap();
    let create = requests.create().legal_name(NAME).deal_name("Deal");
    let made = create.create_or_resume().await.unwrap();
    assert_eq!(
        (made.is_new, made.deal_name.as_deref()),
        (true, Some("Deal"))
    );
    assert_eq!(count(&client, user).await, 1);

    // Nor does the second: it is not known, and the next call finds out. (A request of the same moment that does not say its kind
    // would be in doubt.)
    sandbox.advance_clock(Duration::from_secs(60));
    sandbox
        .inject(Fault::new(Effect::Reset).on(OPERATIONS[1]).times(2))
        .unwrap();
    let error = create_or_resume(&client, user, 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(count(&client, user).await, 1);
    assert!(create_or_resume(&client, user, 1).await.unwrap().is_new);

    // One of before is not this one: the second attempt meets it.
    sandbox
        .inject(Fault::new(Effect::Reset).on(CREATE).times(1))
        .unwrap();
    sandbox.advance_clock(Duration::from_secs(60));
    let resumed = create_or_resume(&client, user, 0).await.unwrap();
    assert_eq!((resumed.id, resumed.is_new), (made.id, false));
    assert_eq!(count(&client, user).await, 2);
}

#[tokio::test]
async fn a_lost_answer_whose_request_cannot_be_looked_for_stays_unknown() {
    let sandbox = strict().await;
    let client = account(&sandbox);
    let user = violet(&sandbox);
    sandbox
        .inject(Fault::new(Effect::Reset).on(CREATE).after_call())
        .unwrap();
    sandbox
        .inject(Fault::new(Effect::Reset).on("verification_requests.list"))
        .unwrap();
    let error = create_or_resume(&client, user, 0).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::OutcomeUnknown, Some(CREATE))
    );
    assert_eq!(sandbox.faults()[0].used, 1, "not repeated blindly");
    sandbox.clear_faults();
    let resumed = create_or_resume(&client, user, 0).await.unwrap();
    assert!(!resumed.is_new);
    assert_eq!(count(&client, user).await, 1);
}

#[tokio::test]
async fn reconcile_tells_applied_not_applied_and_ambiguous() {
    // A service whose clock is years off ours.
    let sandbox = frozen("2031-01-02T03:04:05.678Z").await;
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.user_verification_requests(user);
    let create = requests
        .create()
        .legal_name("howard, violet")
        .deal_name("A")
        .into_operation();
    let kyc = requests.create_aml_kyc().legal_name(NAME).into_operation();

    let since = SystemTime::now();
    let nothing = client.reconcile(&create, since).await.unwrap();
    assert_eq!(nothing, Reconciled::NotApplied);
    sandbox
        .inject(Fault::new(Effect::Reset).on(CREATE).after_call())
        .unwrap();
    let error = client.execute(&create).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let Reconciled::Applied(found) = client.reconcile(&create, since).await.unwrap() else {
        panic!("it was made");
    };
    assert_eq!(found.deal_name.as_deref(), Some("A"));
    // Not another kind, another deal, another name, another portal.
    let other_deal = requests
        .create()
        .legal_name(NAME)
        .deal_name("B")
        .into_operation();
    let other_name = requests
        .create()
        .legal_name("Viola Howard")
        .into_operation();
    let other_portal = requests
        .create()
        .legal_name(NAME)
        .portal_name("P")
        .into_operation();
    for other in [&other_deal, &other_name, &other_portal] {
        let none = client.reconcile(other, since).await.unwrap();
        assert_eq!(none, Reconciled::NotApplied);
    }
    // A service that has shown no kind yet may show none: then it may be of another.
    let doubt = client.reconcile(&kyc, since).await.unwrap();
    assert!(matches!(doubt, Reconciled::Ambiguous(_)));
    let shown = requests.create_aml_kyc().legal_name("Viola Howard");
    shown.send().await.unwrap();
    let nothing = client.reconcile(&kyc, since).await.unwrap();
    assert_eq!(nothing, Reconciled::NotApplied);
    // Not one of an earlier day.
    sandbox.advance_clock(Duration::from_secs(3_600));
    assert_eq!(
        client.reconcile(&create, since).await.unwrap(),
        Reconciled::NotApplied
    );
    let hours_ago = since - Duration::from_secs(2 * 3_600);
    assert!(matches!(
        client.reconcile(&create, hours_ago).await.unwrap(),
        Reconciled::Applied(_)
    ));
    // The caller's clock was set back meanwhile: who knows when it began.
    let in_future = since + Duration::from_secs(3_600);
    let Reconciled::Ambiguous(one) = client.reconcile(&create, in_future).await.unwrap() else {
        panic!("it may be the one");
    };
    assert_eq!(one.len(), 1);
    let nothing = client.reconcile(&kyc, in_future).await.unwrap();
    assert_eq!(nothing, Reconciled::NotApplied);

    // Two since then that fit: who knows.
    sandbox.clear_faults();
    let any = requests.create().into_operation();
    let viola = requests
        .create()
        .legal_name("Viola Howard")
        .send()
        .await
        .unwrap();
    let Reconciled::Ambiguous(both) = client.reconcile(&any, hours_ago).await.unwrap() else {
        panic!("two fit");
    };
    assert_eq!(
        both.iter().map(|request| request.id).collect::<Vec<_>>(),
        [found.id, viola.id]
    );
}

/// A service that says less than the sandbox does.
fn scripted(detail: &str, root: &str) -> (Script, Client) {
    let script = Script::new()
        .on("root", Answer::json(200, root.to_owned()).times(9))
        .on(
            "verification_requests.list",
            Answer::json(200, r#"[{"id": 90}]"#).times(9),
        )
        .on(
            "verification_requests.retrieve",
            Answer::json(200, detail.to_owned()).times(9),
        );
    let service = Service::following(script.clone());
    (script, service.client())
}

pub(crate) const ROOT: &str = r#"{"current_time": "2026-01-01T00:00:00.000-08:00"}"#;

#[tokio::test]
async fn what_does_not_say_enough_is_ambiguous() {
    let since = SystemTime::now();
    let full = r#"{"id": 90, "created_at": "2026-01-01T08:00:00Z", "legal_name": "VIOLET HOWARD"}"#;
    for (detail, root, is_clear) in [
        (full, ROOT, true),
        (full, r#"{"version": "1.1"}"#, false),
        (
            r#"{"id": 90, "created_at": "2026-01-01T08:00:00Z"}"#,
            ROOT,
            false,
        ),
        (r#"{"id": 90, "legal_name": "VIOLET HOWARD"}"#, ROOT, false),
        (r#"{"id": 90}"#, ROOT, false),
    ] {
        let (script, client) = scripted(detail, root);
        let requests = client.user_verification_requests(135_u64);
        let create = requests.create().legal_name(NAME).into_operation();
        let reconciled = client.reconcile(&create, since).await.unwrap();
        assert_eq!(
            matches!(reconciled, Reconciled::Applied(_)),
            is_clear,
            "{detail}"
        );
        assert_eq!(
            matches!(reconciled, Reconciled::Ambiguous(_)),
            !is_clear,
            "{detail}"
        );
        // And no second request is risked.
        let _ = script
            .clone()
            .on(CREATE, Answer::fail(ErrorKind::Io).times(9));
        let resumed = requests.create().legal_name(NAME).create_or_resume().await;
        assert_eq!(resumed.is_ok(), is_clear);
        assert_eq!(creates(&script), 1);
        if let Err(error) = resumed {
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        }
    }
}

/// Only a deal that is shown and is another one tells that a request is not this one.
#[tokio::test]
async fn a_request_that_does_not_show_its_deal_is_ambiguous() {
    let since = SystemTime::now();
    for (shown, is_applied) in [
        (r#", "deal_name": "Series A""#, Some(true)),
        (r#", "deal_name": "  Series A ""#, Some(true)),
        (r#", "deal_name": null"#, Some(false)),
        ("", Some(false)),
        (r#", "deal_name": "Series B""#, None),
    ] {
        let detail = format!(
            r#"{{"id": 90, "created_at": "2026-01-01T08:00:00Z", "legal_name": "VIOLET HOWARD"{shown}}}"#
        );
        let (_, client) = scripted(&detail, ROOT);
        let requests = client.user_verification_requests(135_u64);
        let create = requests.create().legal_name(NAME).deal_name(" Series A");
        let create = create.into_operation();
        let reconciled = client.reconcile(&create, since).await.unwrap();
        let is_as_expected = match is_applied {
            Some(true) => matches!(reconciled, Reconciled::Applied(_)),
            Some(false) => matches!(reconciled, Reconciled::Ambiguous(_)),
            None => reconciled == Reconciled::NotApplied,
        };
        assert!(is_as_expected, "{shown}: {reconciled:?}");
    }
}

/// FACTS B.2 does not show the `type` where a request is read.
#[tokio::test]
async fn without_a_type_a_request_is_no_answer_to_any_but_the_first_kind() {
    let since = SystemTime::now();
    let silent = r#"{"id": 90, "created_at": "2026-01-01T08:00:00Z", "legal_name": "VIOLET HOWARD", "status": "in_review"}"#;
    let refusal = r#"{"error": "A pending verification request already exists."}"#;
    let (script, client) = scripted(silent, ROOT);
    let requests = client.user_verification_requests(135_u64);
    let first = requests.create().legal_name(NAME);
    let reconciled = client.reconcile(&first.into_operation(), since).await;
    assert!(matches!(reconciled.unwrap(), Reconciled::Applied(_)));

    // It may be the one: so neither "not applied", after which one would send it again, nor "applied".
    let kyc = requests.create_aml_kyc().legal_name(NAME);
    let reconciled = client
        .reconcile(&kyc.into_operation(), since)
        .await
        .unwrap();
    assert!(matches!(reconciled, Reconciled::Ambiguous(found) if found.len() == 1));
    let _ = script
        .clone()
        .on(OPERATIONS[1], Answer::fail(ErrorKind::Io))
        .on(OPERATIONS[1], Answer::json(422, refusal));
    let lost = requests
        .create_aml_kyc()
        .legal_name(NAME)
        .create_or_resume()
        .await;
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    let refused = requests
        .create_aml_kyc()
        .legal_name(NAME)
        .create_or_resume()
        .await;
    assert_eq!(refused.unwrap_err().status().unwrap().as_u16(), 422);
    script.on(CREATE, Answer::json(422, refusal));
    let resumed = requests.create().legal_name(NAME).create_or_resume().await;
    assert_eq!(resumed.unwrap().id.get(), 90);
}

/// The service's rule for duplicates may know no kinds.
#[tokio::test]
async fn a_pending_request_of_another_kind_is_not_taken_for_this_one() {
    let refusal = r#"{"error": "A pending verification request already exists.",
        "pending_verification_request": {"id": 90, "investor_url": "http://x.test/90"}}"#;
    for status in [422, 403] {
        let pending = || Answer::json(status, refusal).times(2);
        let (script, client) = scripted(r#"{"id": 90, "status": "in_review"}"#, ROOT);
        let _ = script.on(CREATE, pending()).on(OPERATIONS[1], pending());
        let requests = client.user_verification_requests(135_u64);
        let resumed = requests.create().create_or_resume().await.unwrap();
        assert_eq!((resumed.id.get(), resumed.is_new), (90, false));
        // What the request in full lacks comes with the refusal.
        assert_eq!(resumed.investor_url.unwrap().expose(), "http://x.test/90");
        let error = requests
            .create_aml_kyc()
            .create_or_resume()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.status().unwrap().as_u16()),
            (ErrorKind::Status, status)
        );
        assert_eq!(pending_verification_request(&error).unwrap().id.get(), 90);

        let (script, client) = scripted(r#"{"id": 90, "type": "aml_kyc"}"#, ROOT);
        let _ = script.on(CREATE, pending()).on(OPERATIONS[1], pending());
        let requests = client.user_verification_requests(135_u64);
        assert!(requests.create().create_or_resume().await.is_err());
        assert!(requests.create_aml_kyc().create_or_resume().await.is_ok());
    }
}

/// 403 is documented for it, the words are not, and the request may not be with them.
#[tokio::test]
async fn a_refusal_that_does_not_say_which_request_is_pending_is_looked_into() {
    let open = r#"{"id": 90, "status": "in_review", "legal_name": "HOWARD, VIOLET"}"#;
    for (status, words, detail, is_found) in [
        (
            403,
            "A pending verification request already exists.",
            open,
            true,
        ),
        (422, "There is one pending.", open, true),
        (403, "The portal name is not authorized.", open, false),
        (422, "Incorrect or missing params provided.", open, false),
        (
            403,
            "pending",
            r#"{"id": 90, "status": "accredited", "legal_name": "VIOLET HOWARD"}"#,
            false,
        ),
        (
            403,
            "pending",
            r#"{"id": 90, "status": "in_review"}"#,
            false,
        ),
        (
            403,
            "pending",
            r#"{"id": 90, "legal_name": "VIOLET HOWARD"}"#,
            false,
        ),
    ] {
        let (script, client) = scripted(detail, ROOT);
        let refusal = format!(r#"{{"error": "{words}"}}"#);
        let _ = script
            .clone()
            .on(CREATE, Answer::json(status, refusal).times(2));
        let requests = client.user_verification_requests(135_u64);
        let resumed = requests.create().legal_name(NAME).create_or_resume().await;
        match resumed {
            Ok(resumed) => assert!(is_found && resumed.id.get() == 90 && !resumed.is_new),
            Err(error) => {
                assert!(!is_found, "{detail}");
                assert_eq!(error.status().unwrap().as_u16(), status);
            }
        }
        assert_eq!(creates(&script), 1);
        // Without a name there is nothing to recognise it by.
        assert!(requests.create().create_or_resume().await.is_err());
    }
}

#[tokio::test]
async fn other_refusals_stay_what_they_are() {
    let sandbox = strict().await;
    let client = account(&sandbox);
    let requests = client.user_verification_requests(violet(&sandbox));
    let create = requests.create().portal_name("Stranger");
    let error = create.create_or_resume().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 403)
    );
    let nobody = client.user_verification_requests(1_u64).create();
    assert!(nobody.create_or_resume().await.unwrap_err().is_not_found());
    let stranger = Client::builder(Environment::Sandbox(sandbox.base_url()));
    let stranger = stranger.api_token("wrong").build().unwrap();
    let create = stranger
        .user_verification_requests(violet(&sandbox))
        .create();
    assert!(
        create
            .create_or_resume()
            .await
            .unwrap_err()
            .is_unauthorized()
    );
}

/// Two implementations of one rule, which share no code: the service's duplicates are what the models call the same name.
#[tokio::test]
async fn the_sandbox_and_the_models_agree_on_what_one_name_is() {
    let names = [
        "Violet Howard",
        "HOWARD, VIOLET",
        "violet  howard.",
        "Violet-Howard",
        "VioletHoward",
        "Violet Anne Howard",
        "Howard, Violet Anne",
        "Some Company, L.L.C.",
        "some company llc",
        "Some Company Inc",
        "Zoë Ångström",
        "ÅNGSTRÖM，ZOË",
        "Zoe Angstrom",
        "Straße AG",
        "STRASSE AG",
        "Γιώργος Σεφέρης",
        "ΣΕΦΈΡΗΣ ΓΙΏΡΓΟΣ",
        "O'Brien",
        "OBrien",
    ];
    for one in names {
        let sandbox = Sandbox::start().await.unwrap();
        let client = account(&sandbox);
        let requests = client.user_verification_requests(violet(&sandbox));
        let first = requests.create().legal_name(one).send().await.unwrap();
        for other in names {
            let second = requests
                .create()
                .legal_name(other)
                .create_or_resume()
                .await
                .unwrap();
            let is_duplicate = second.id == first.id;
            assert_eq!(
                is_duplicate,
                same_legal_name(one, other),
                "{one} and {other}"
            );
        }
    }
}
