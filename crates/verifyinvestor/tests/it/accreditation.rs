//! The one question that matters, against the sandbox through every stage of an investor's life.

use std::time::Duration;

use accredit_sandbox::{Effect, Fault, Sandbox};
use accredit_verifyinvestor::transport::testkit::{Answer, Script};
use accredit_verifyinvestor::{
    Accreditation, Call, Client, CreateRequest, ErrorKind, ReviewStatus, UserId,
    VerificationRequestId,
};

use crate::support::{Service, account, agree, complete, count, frozen, public, review, violet};

const NAME: &str = "Violet Howard";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn start() -> (Sandbox, Client, UserId) {
    let sandbox = frozen("2026-03-01T18:00:00Z").await;
    let (client, user) = (account(&sandbox), violet(&sandbox));
    (sandbox, client, user)
}

async fn ask(client: &Client, user: UserId, name: &str) -> Accreditation {
    client.accreditation(user, name, None).send().await.unwrap()
}

/// So many questions about an investor who shares no name, on 1 April: the requests alone tell of them.
fn unshared(questions: usize) -> Script {
    let time = r#"{"current_time": "2026-04-01T09:00:00Z"}"#;
    Script::new()
        .on(
            "users.retrieve",
            Answer::json(200, r#"{"id": 1}"#).times(questions),
        )
        .on("root", Answer::json(200, time).times(questions))
}

fn pending(answer: &Accreditation) -> VerificationRequestId {
    match answer {
        Accreditation::Pending {
            request,
            investor_url: Some(_),
            ..
        } => *request,
        other => panic!("{other:?}"),
    }
}

/// A request under way of which the investor has to do nothing now.
fn waits(answer: &Accreditation) -> VerificationRequestId {
    match answer {
        Accreditation::Pending {
            request,
            investor_url: None,
            ..
        } => *request,
        other => panic!("{other:?}"),
    }
}

fn until(answer: &Accreditation) -> String {
    match answer {
        Accreditation::Accredited {
            until, certificate, ..
        } => {
            assert!(certificate.as_bytes().starts_with(b"%PDF-"));
            until.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Makes a request, has it completed and found good.
async fn verify<O: CreateRequest>(
    client: &Client,
    user: UserId,
    create: Call<O>,
) -> VerificationRequestId {
    let id = create.send().await.unwrap().id;
    complete(client, user, id).await;
    review(client, user, id, ReviewStatus::Accredited).await;
    id
}

#[tokio::test]
async fn an_investor_is_asked_once_verified_and_expires_after_ninety_days() {
    let (sandbox, client, user) = start().await;
    let first = client
        .accreditation(user, NAME, None)
        .deal_name("Series A")
        .issuer_email("issuer@example.com")
        .redirect_url("https://portal.example/back")
        .webhook_url("https://portal.example/hook");
    let request = pending(&first.send().await.unwrap());
    let made = client
        .verification_requests()
        .retrieve(request)
        .send()
        .await
        .unwrap();
    assert_eq!(made.deal_name.as_deref(), Some("Series A"));
    assert_eq!(
        made.redirect_url.unwrap().expose(),
        "https://portal.example/back"
    );
    assert_eq!(
        made.webhook_url.unwrap().expose(),
        "https://portal.example/hook"
    );

    // Asked again at every stage: the same request.
    assert_eq!(
        pending(&ask(&client, user, "howard, violet").await),
        request
    );
    complete(&client, user, request).await;
    assert_eq!(waits(&ask(&client, user, NAME).await), request);
    review(&client, user, request, ReviewStatus::NeedMoreInformation).await;
    assert_eq!(pending(&ask(&client, user, NAME).await), request);
    assert_eq!(count(&client, user).await, 1);

    // Completed on 2 March: 90 days later is 31 May.
    sandbox.advance_clock(DAY);
    let page = made.investor_url.unwrap();
    crate::support::submit(&sandbox, page.expose(), "decision=complete").await;
    review(&client, user, request, ReviewStatus::Accredited).await;
    for name in [NAME, "HOWARD, VIOLET"] {
        assert_eq!(
            until(&ask(&client, user, name).await),
            "2026-05-31",
            "{name}"
        );
    }
    sandbox.advance_clock(DAY * 89);
    assert_eq!(until(&ask(&client, user, NAME).await), "2026-05-31");
    sandbox.advance_clock(DAY);
    assert_eq!(ask(&client, user, NAME).await, Accreditation::Expired);
    assert_eq!(
        count(&client, user).await,
        1,
        "a new one is the caller's decision"
    );

    let requests = client.user_verification_requests(user);
    let again = requests
        .create()
        .legal_name(NAME)
        .create_or_resume()
        .await
        .unwrap();
    assert!(again.is_new);
    assert_eq!(pending(&ask(&client, user, NAME).await), again.id);
    complete(&client, user, again.id).await;
    review(&client, user, again.id, ReviewStatus::Accredited).await;
    assert_eq!(until(&ask(&client, user, NAME).await), "2026-08-29");
}

#[tokio::test]
async fn a_refused_investor_is_not_accredited_and_not_asked_again() {
    let (sandbox, client, user) = start().await;
    let request = pending(&ask(&client, user, NAME).await);
    complete(&client, user, request).await;
    review(&client, user, request, ReviewStatus::NotAccredited).await;
    for _ in 0..2 {
        assert_eq!(ask(&client, user, NAME).await, Accreditation::NotAccredited);
    }
    assert_eq!(count(&client, user).await, 1);

    // Another name of the same investor is another question; left alone, it expires.
    let other = pending(&ask(&client, user, "Howard Holdings, LLC").await);
    assert_ne!(other, request);
    sandbox.advance_clock(DAY * 31);
    assert_eq!(
        ask(&client, user, "Howard Holdings LLC").await,
        Accreditation::Expired
    );
    assert_eq!(ask(&client, user, NAME).await, Accreditation::NotAccredited);
    assert_eq!(count(&client, user).await, 2);
}

#[tokio::test]
async fn a_declined_request_is_not_accredited() {
    for decision in ["decline", "cancel"] {
        let (sandbox, client, user) = start().await;
        sandbox
            .set_switch("first_status", "waiting_for_investor_acceptance")
            .unwrap();
        let request = pending(&ask(&client, user, NAME).await);
        let request = client
            .verification_requests()
            .retrieve(request)
            .send()
            .await
            .unwrap();
        let page = request.investor_url.unwrap();
        if decision == "cancel" {
            crate::support::submit(&sandbox, page.expose(), "decision=accept").await;
        }
        let form = format!("decision={decision}");
        crate::support::submit(&sandbox, page.expose(), &form).await;
        assert_eq!(
            ask(&client, user, NAME).await,
            Accreditation::NotAccredited,
            "{decision}"
        );
        assert_eq!(count(&client, user).await, 1);
    }
}

/// All four kinds have certificates, and the one of a name is the latest of any kind.
#[tokio::test]
async fn another_kind_of_certificate_proves_no_accreditation() {
    let (_sandbox, client, user) = start().await;
    let requests = client.user_verification_requests(user);
    let kyc = || requests.create_aml_kyc().legal_name(NAME);
    let first = verify(&client, user, kyc()).await;
    let by_name = client.users().verification_certificate(user, NAME);
    assert!(by_name.download_if_verified().await.unwrap().is_some());
    let request = pending(&ask(&client, user, NAME).await);
    assert_ne!(request, first);

    // Nor does it stand in for the right one.
    complete(&client, user, request).await;
    review(&client, user, request, ReviewStatus::Accredited).await;
    verify(&client, user, kyc()).await;
    let answer = ask(&client, user, NAME).await;
    let Accreditation::Accredited { certificate, .. } = answer else {
        panic!("{answer:?}");
    };
    let right = requests.certificate(request).send().await.unwrap();
    assert_eq!(certificate.into_bytes(), right);
}

#[tokio::test]
async fn a_portal_has_requests_of_its_own() {
    let (sandbox, client, user) = start().await;
    let own = pending(&ask(&client, user, NAME).await);
    let portal = |portal| client.accreditation(user, NAME, portal).send();
    let error = portal(Some("Some Portal")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 403)
    );
    let link = client
        .authorization_link(&public(&sandbox), "43")
        .portal_name("Some Portal")
        .email("violet.howard@example.com")
        .legal_name(NAME);
    assert_eq!(agree(&sandbox, link).await, user);
    let of_portal = pending(&portal(Some("Some Portal")).await.unwrap());
    assert_ne!(of_portal, own);
    assert_eq!(
        pending(&portal(Some(" ")).await.unwrap()),
        own,
        "a blank portal is none"
    );

    // The investor shares the name with both, so one verification counts for both.
    complete(&client, user, own).await;
    review(&client, user, own, ReviewStatus::Accredited).await;
    assert_eq!(until(&portal(None).await.unwrap()), "2026-05-30");
    assert_eq!(
        until(&portal(Some("Some Portal")).await.unwrap()),
        "2026-05-30"
    );

    // And its certificate is that of the accreditation, though a later one is of another kind.
    let requests = client.user_verification_requests(user);
    verify(&client, user, requests.create_aml_kyc().legal_name(NAME)).await;
    let right = requests.certificate(own).send().await.unwrap();
    let answer = portal(Some("Some Portal")).await.unwrap();
    let Accreditation::Accredited { certificate, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(certificate.as_bytes(), right);
}

#[tokio::test]
async fn an_answer_that_is_lost_on_the_way_makes_no_second_request() {
    let (sandbox, client, user) = start().await;
    let lost = Fault::new(Effect::Reset).on("verification_requests.create");
    sandbox.inject(lost.after_call().times(1)).unwrap();
    let request = pending(&ask(&client, user, NAME).await);
    assert_eq!(pending(&ask(&client, user, NAME).await), request);
    assert_eq!(count(&client, user).await, 1);
}

#[tokio::test]
async fn without_its_certificate_nobody_is_accredited() {
    let (sandbox, client, user) = start().await;
    let request = pending(&ask(&client, user, NAME).await);
    complete(&client, user, request).await;
    review(&client, user, request, ReviewStatus::Accredited).await;
    let answer = |status: u16, content_type: &str, body: &str| Effect::Status {
        status,
        content_type: content_type.to_owned(),
        body: body.to_owned(),
    };
    // Not there yet, no PDF, half a PDF, none at all: an error, and nothing is asked anew.
    let gone = answer(
        404,
        "application/json",
        r#"{"error": "A certificate could not be found."}"#,
    );
    let fault = |effect| Fault::new(effect).on("verification_requests.certificate");
    for effect in [
        gone,
        answer(200, "application/pdf", "<html>"),
        answer(200, "application/pdf", ""),
        Effect::CutBody { bytes: 100 },
        Effect::Reset,
        answer(500, "text/html", "<html>"),
    ] {
        sandbox.clear_faults();
        sandbox.inject(fault(effect.clone())).unwrap();
        let asked = client.accreditation(user, NAME, None).send().await;
        assert!(asked.is_err(), "{effect:?}: {asked:?}");
        // Which would speak of the user.
        assert!(!asked.unwrap_err().is_not_found(), "{effect:?}");
        assert_eq!(count(&client, user).await, 1);
    }
    sandbox.clear_faults();
    assert_eq!(until(&ask(&client, user, NAME).await), "2026-05-30");
}

/// Verified on behalf of someone else: the service knows, and this account has no request.
#[tokio::test]
async fn a_verification_of_someone_elses_counts_with_the_certificate_of_the_name() {
    let user = r#"{"id": 1, "legal_profile": {"verify_investor_legal_name": "VIOLET HOWARD",
        "verified_accredited_expires_at": "2026-05-30", "authorized_parties": [{"name": null, "identifier": "42"}]}}"#;
    let script = |time: &'static str, pdf: Answer| {
        Script::new()
            .on("users.retrieve", Answer::json(200, user).times(2))
            .on("verification_requests.list", Answer::json(200, "[]"))
            .on("root", Answer::json(200, time))
            .on("users.verification_certificate", pdf)
    };
    let in_time = r#"{"current_time": "2026-05-29T16:59:59.000-07:00"}"#;
    let pdf = || Answer::status(200).body("%PDF-1.7 of the name");
    let good = script(in_time, pdf());
    let client = Service::following(good.clone()).client();
    assert_eq!(
        until(&ask(&client, UserId::new(1), NAME).await),
        "2026-05-30"
    );

    // A second later it is the 30th in UTC.
    let late = script(
        r#"{"current_time": "2026-05-29T17:00:00.000-07:00"}"#,
        pdf(),
    );
    let client = Service::following(late).client();
    assert_eq!(
        ask(&client, UserId::new(1), NAME).await,
        Accreditation::Expired
    );

    // Without its certificate, which may be in the making, it is an error; nobody is asked anew.
    let none = script(
        in_time,
        Answer::json(404, r#"{"error": "A certificate could not be found."}"#),
    );
    let client = Service::following(none.clone()).client();
    let error = client.accreditation(1_u64, NAME, None).send().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.operation(), Some("users.verification_certificate"));
    none.assert_done();

    // A service that does not tell the time proves nothing.
    let timeless = script("{}", pdf());
    let client = Service::following(timeless).client();
    let error = client
        .accreditation(1_u64, NAME, None)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("current_time"), "{error}");
}

/// FACTS B.2 shows the `type` in the reply to a creation and not in the details: a verification of another kind may look like
/// one for accreditation.
#[tokio::test]
async fn a_request_without_a_type_proves_nothing_but_the_profiles_day() {
    const USER: &str = "/api/v1/users/1/verification_requests";
    let detail = |id: u64, completed: &str, expires: &str| {
        let body = format!(
            r#"{{"id": {id}, "created_at": "2026-02-01T08:00:00Z", "waiting_for_info": false, "status": "accredited",
                "legal_name": "VIOLET HOWARD", "portal_name": null, "deal_name": null, "investor": {{"id": 1}},
                "completed_at": "{completed}T08:00:00Z", "verified_expires_at": "{expires}"}}"#
        );
        Answer::json(200, body)
    };
    let service = |day: &str| {
        let user = format!(
            r#"{{"id": 1, "legal_profile": {{"verify_investor_legal_name": "VIOLET HOWARD",
                "verified_accredited_expires_at": {day}, "authorized_parties": [{{"name": null, "identifier": "42"}}]}}}}"#
        );
        let time = r#"{"current_time": "2026-04-01T09:00:00.000-07:00"}"#;
        let pdf = |id: u64| Answer::status(200).body(format!("%PDF-1.7 of {id}"));
        let script = Script::new()
            .on("users.retrieve", Answer::json(200, user))
            .on("root", Answer::json(200, time))
            .on(format!("{USER}/90"), detail(90, "2026-03-20", "2026-06-18"))
            .on(format!("{USER}/91"), detail(91, "2026-03-01", "2026-05-30"));
        script
            .on(format!("{USER}/90/certificate"), pdf(90))
            .on(format!("{USER}/91/certificate"), pdf(91))
    };
    let start = |script: Script, requests: &'static str| {
        let list = Answer::json(200, requests);
        Service::following(script.on("verification_requests.list", list)).client()
    };
    // The AML/KYC check alone, passed: whatever the profile says, that was not accreditation.
    for day in ["null", r#""2026-05-30""#] {
        let client = start(service(day), r#"[{"id": 90}]"#);
        let answer = ask(&client, UserId::new(1), NAME).await;
        assert_eq!(answer, Accreditation::NotAccredited, "{day}");
    }
    let script = unshared(1)
        .on(
            "verification_requests.list",
            Answer::json(200, r#"[{"id": 91}]"#),
        )
        .on(
            "verification_requests.retrieve",
            detail(91, "2026-03-01", "2026-05-30"),
        );
    let client = Service::following(script).client();
    let answer = ask(&client, UserId::new(1), NAME).await;
    assert_eq!(
        answer,
        Accreditation::NotAccredited,
        "the profile is not shown"
    );

    // The accreditation, alone and beside that: its own certificate.
    for requests in [r#"[{"id": 91}]"#, r#"[{"id": 90}, {"id": 91}]"#] {
        let client = start(service(r#""2026-05-30""#), requests);
        let answer = ask(&client, UserId::new(1), NAME).await;
        let Accreditation::Accredited {
            until, certificate, ..
        } = answer
        else {
            panic!("{requests}: {answer:?}");
        };
        assert_eq!(until.to_string(), "2026-05-30");
        assert_eq!(certificate.as_bytes(), b"%PDF-1.7 of 91");
    }

    // Two of that day: the caller knows which it was, or nobody.
    for (chosen, is_proved) in [(None, false), (Some(93), false), (Some(91), true)] {
        let twin = detail(92, "2026-03-01", "2026-05-30");
        let script = service(r#""2026-05-30""#).on(format!("{USER}/92"), twin);
        let client = start(script, r#"[{"id": 91}, {"id": 92}]"#);
        let mut ask = client.accreditation(1_u64, NAME, None);
        if let Some(id) = chosen {
            ask = ask.request(id);
        }
        match ask.send().await.unwrap() {
            Accreditation::Accredited { certificate, .. } => {
                assert!(is_proved, "{chosen:?}");
                assert_eq!(certificate.as_bytes(), b"%PDF-1.7 of 91");
            }
            other => assert!(!is_proved, "{chosen:?}: {other:?}"),
        }
    }
}

/// A service that does not refuse a second one makes it once, whatever becomes of the two.
#[tokio::test]
async fn a_link_is_not_asked_for_where_the_service_made_another() {
    let detail = |id: u64, status: &str| {
        let body =
            format!(r#"{{"id": {id}, "status": "{status}", "legal_name": "VIOLET HOWARD"}}"#);
        Answer::json(200, body)
    };
    let made = r#"{"id": 91, "investor_url": "http://x.test/91"}"#;
    let first_ends = [
        "accepted_by_investor",
        "in_review",
        "not_accredited",
        "accepted_expire",
    ];
    let calls = 1 + first_ends.len();
    let mut script = unshared(calls)
        .on(
            "verification_requests.list",
            Answer::json(200, r#"[{"id": 90}]"#),
        )
        .on(
            "verification_requests.retrieve",
            detail(90, "accepted_by_investor"),
        )
        .on("verification_requests.create", Answer::json(201, made));
    for status in first_ends {
        script = script
            .on(
                "verification_requests.list",
                Answer::json(200, r#"[{"id": 90}, {"id": 91}]"#),
            )
            .on("verification_requests.retrieve", detail(90, status))
            .on(
                "verification_requests.retrieve",
                detail(91, "accepted_by_investor"),
            );
    }
    let client = Service::following(script.clone()).client();
    assert_eq!(pending(&ask(&client, UserId::new(1), NAME).await).get(), 91);
    for status in first_ends {
        let again = ask(&client, UserId::new(1), NAME).await;
        assert_eq!(waits(&again).get(), 91, "{status}");
    }
    script.assert_done();
}

/// One for the issuer and one for a portal, for another name, of another kind: none stands in the way of the others' links.
#[tokio::test]
async fn the_links_of_the_issuer_and_of_a_portal_are_asked_for_apart() {
    let begun = |id: u64, fields: &str| {
        format!(r#"{{"id": {id}, "status": "accepted_by_investor", "legal_name": {fields}}}"#)
    };
    let details = [
        begun(90, r#""VIOLET HOWARD", "portal_name": null"#),
        begun(91, r#""VIOLET HOWARD", "portal_name": "P""#),
        begun(92, r#""HOWARD HOLDINGS", "portal_name": null"#),
        begun(
            93,
            r#""VIOLET HOWARD", "portal_name": null, "type": "aml_kyc""#,
        ),
    ];
    for (portal, id) in [(None, 90), (Some("P"), 91)] {
        let refusal = format!(
            r#"{{"error": "A pending verification request already exists.",
                "pending_verification_request": {{"id": {id}, "investor_url": "http://x.test/{id}"}}}}"#
        );
        let mut script = unshared(1).on(
            "verification_requests.list",
            Answer::json(200, r#"[{"id": 90}, {"id": 91}, {"id": 92}, {"id": 93}]"#),
        );
        for detail in &details {
            script = script.on(
                "verification_requests.retrieve",
                Answer::json(200, detail.clone()),
            );
        }
        let script = script.on("verification_requests.create", Answer::json(422, refusal));
        let client = Service::following(script.clone()).client();
        let asked = client.accreditation(1_u64, NAME, portal).send().await;
        assert_eq!(pending(&asked.unwrap()).get(), id, "{portal:?}");
        script.assert_done();
    }
}

/// FACTS B.2 shows the link in the reply to a creation and in the refusal of a second one, not where a request is read.
#[tokio::test]
async fn the_link_of_an_open_request_comes_with_the_refusal_of_another() {
    const LINK: &str = "http://x.test/investor/verification-requests/90/verification-method";
    const CREATE: &str = "verification_requests.create";
    let refusal = format!(
        r#"{{"error": "A pending verification request already exists.",
            "pending_verification_request": {{"id": 90, "investor_url": "{LINK}", "investor": {{"id": 1}}}}}}"#
    );
    let refused = || Answer::json(422, refusal.clone());
    let other = refusal.replace(r#""id": 90"#, r#""id": 95"#);
    for (status, answer, link, creates) in [
        ("waiting_for_investor_acceptance", refused(), Some(LINK), 1),
        ("accepted_by_investor", refused(), Some(LINK), 1),
        (
            "waiting_for_information_from_investor",
            refused(),
            Some(LINK),
            1,
        ),
        (
            r#"of_tomorrow", "waiting_for_info": true, "deal_name": ""#,
            refused(),
            Some(LINK),
            1,
        ),
        // What is known already is no error; the link of another one is not this one's.
        ("accepted_by_investor", Answer::status(422), None, 1),
        ("accepted_by_investor", Answer::json(422, other), None, 1),
        // The investor has nothing to do there, whether the link is shown or not.
        ("in_review", refused(), None, 0),
        ("of_tomorrow", refused(), None, 0),
        (
            r#"in_review", "investor_url": "http://x.test/90"#,
            refused(),
            None,
            0,
        ),
    ] {
        let detail = format!(
            r#"{{"id": 90, "status": "{status}", "legal_name": "VIOLET HOWARD", "investor": {{"id": 1}},
                "created_at": "2026-02-01T08:00:00Z"}}"#
        );
        let list = Answer::json(200, r#"[{"id": 90}]"#);
        let script = unshared(2)
            .on("verification_requests.list", list.times(2))
            .on(
                "verification_requests.retrieve",
                Answer::json(200, detail).times(3),
            )
            .on(CREATE, answer);
        let client = Service::following(script.clone()).client();
        let answer = ask(&client, UserId::new(1), NAME).await;
        let Accreditation::Pending {
            request,
            investor_url,
            ..
        } = answer
        else {
            panic!("{status}: {answer:?}");
        };
        let url = investor_url.as_ref().map(|url| url.expose());
        assert_eq!((request.get(), url), (90, link), "{status}");
        let made = script
            .operations()
            .into_iter()
            .filter(|name| *name == CREATE);
        assert_eq!(made.count(), creates, "{status}");
    }
}

/// One that does not say its name is found by the service's refusal alone.
#[tokio::test]
async fn a_request_met_by_the_refusal_has_a_link_while_it_is_the_investors_turn() {
    let refusal = r#"{"error": "A pending verification request already exists.",
        "pending_verification_request": {"id": 90, "investor_url": "http://x.test/90"}}"#;
    for (status, is_turn) in [("accepted_by_investor", true), ("in_review", false)] {
        let detail = format!(r#"{{"id": 90, "status": "{status}"}}"#);
        let script = unshared(1)
            .on(
                "verification_requests.list",
                Answer::json(200, r#"[{"id": 90}]"#),
            )
            .on(
                "verification_requests.retrieve",
                Answer::json(200, detail).times(2),
            )
            .on("verification_requests.create", Answer::json(422, refusal));
        let client = Service::following(script.clone()).client();
        let answer = ask(&client, UserId::new(1), NAME).await;
        let id = if is_turn {
            pending(&answer)
        } else {
            waits(&answer)
        };
        assert_eq!(id.get(), 90, "{status}");
        script.assert_done();
    }
}

/// What is no refusal is not kept quiet: the request may have been made.
#[tokio::test]
async fn a_link_whose_answer_is_lost_is_an_error_and_not_asked_for_again() {
    const CREATE: &str = "verification_requests.create";
    for (answer, kind) in [
        (Answer::fail(ErrorKind::Io), ErrorKind::OutcomeUnknown),
        (Answer::status(502), ErrorKind::OutcomeUnknown),
        (Answer::status(401), ErrorKind::Unauthorized),
    ] {
        let detail =
            r#"{"id": 90, "status": "accepted_by_investor", "legal_name": "VIOLET HOWARD"}"#;
        let script = unshared(1)
            .on(
                "verification_requests.list",
                Answer::json(200, r#"[{"id": 90}]"#),
            )
            .on("verification_requests.retrieve", Answer::json(200, detail))
            .on(CREATE, answer);
        let client = Service::following(script.clone()).client();
        let error = client.accreditation(1_u64, NAME, None).send().await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (kind, Some(CREATE)));
        script.assert_done();
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_an_error() {
    let (_sandbox, client, user) = start().await;
    for blank in ["", " \t"] {
        let error = client
            .accreditation(user, blank, None)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Build);
        assert!(!error.may_have_been_sent());
    }
    let nobody = client.accreditation(1_u64, NAME, None).send().await;
    assert!(nobody.unwrap_err().is_not_found());
    assert_eq!(count(&client, user).await, 0);
}
