//! Waiting for a decision, in virtual time, and against the sandbox.

use std::time::Duration;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::transport::testkit::{Answer, Gate, Script};
use accredit_verifyinvestor::transport::{RetryPolicy, TimeoutPhase};
use accredit_verifyinvestor::{
    Environment, ErrorKind, ReviewStatus, VerificationRequestStatus as Status, Wait,
};

use crate::support::{Service, account, violet};

fn request(status: &str) -> Answer {
    Answer::json(200, format!(r#"{{"id": 90, "status": "{status}"}}"#))
}

fn wait(script: &Script) -> Wait {
    let service = Service::following(script.clone());
    let client = service
        .builder(Environment::Production)
        .api_token("t")
        // One attempt makes one look.
        .configure(|transport| transport.retry(RetryPolicy::default().attempts(1)));
    let client = client.build().unwrap();
    client.verification_requests().wait(90_u64)
}

#[tokio::test(start_paused = true)]
async fn it_waits_with_jitter_until_the_request_is_decided() {
    let script: Script = [
        request("accepted_by_investor").times(20),
        request("a_status_of_tomorrow").times(20),
        Answer::json(200, r#"{"id": 90}"#).times(20),
        request("not_accredited"),
    ]
    .into_iter()
    .collect();
    let decided = wait(&script).until_decided().await.unwrap();
    assert_eq!(decided.status, Some(Status::NotAccredited));
    script.assert_done();
    let times = script.times();
    assert_eq!(times[0], Duration::ZERO, "the first look is at once");
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (half, more) = (Duration::from_secs(15), Duration::from_secs(46));
    assert!(
        waits.iter().all(|wait| (half..more).contains(wait)),
        "{waits:?}"
    );
    assert!(
        waits.iter().min() < Some(&Duration::from_secs(22)),
        "{waits:?}"
    );
    assert!(
        waits.iter().max() > Some(&Duration::from_secs(38)),
        "{waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn it_looks_as_often_as_it_is_told_but_not_without_a_pause() {
    for (every, least, most) in [
        (Duration::ZERO, 500, 1_500),
        (Duration::from_secs(600), 300_000, 900_000),
    ] {
        let script = Script::new()
            .then(request("in_review"))
            .then(request("accredited"));
        wait(&script).every(every).until_decided().await.unwrap();
        let between = (script.times()[1] - script.times()[0]).as_millis();
        assert!((least..=most).contains(&between), "{between}");
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_given_once_each_and_end_with_the_decision() {
    let script: Script = [
        request("waiting_for_review").times(3),
        Answer::json(
            200,
            r#"{"id": 90, "status": "waiting_for_review", "waiting_for_info": true}"#,
        )
        .times(2),
        request("accredited"),
    ]
    .into_iter()
    .collect();
    let mut changes = wait(&script).changes();
    assert_eq!(script.count(), 0, "nothing is sent unasked");
    let mut seen = Vec::new();
    while let Some(request) = changes.try_next().await.unwrap() {
        seen.push((request.status.unwrap(), request.waiting_for_info));
    }
    let expected = [
        (Status::WaitingForReview, None),
        (Status::WaitingForReview, Some(true)),
        (Status::Accredited, None),
    ];
    assert_eq!(seen, expected);
    assert!(changes.try_next().await.unwrap().is_none());
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_it_while_it_rests_and_while_it_looks() {
    let limit = Duration::from_secs(100);
    let resting = Script::new().otherwise(request("in_review"));
    let looking = Script::new()
        .then(request("in_review"))
        .otherwise(Answer::hang());
    for script in [resting, looking] {
        let started = tokio::time::Instant::now();
        let mut changes = wait(&script).deadline(limit).changes();
        assert!(changes.try_next().await.unwrap().is_some());
        let error = changes.try_next().await.unwrap_err();
        assert_eq!(started.elapsed(), limit);
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
        let line = "verification_requests.retrieve_short: timed out: not decided within 100s; the status is in_review";
        assert_eq!(error.to_string(), line);
        assert!(
            changes.try_next().await.unwrap().is_none(),
            "it gave up for good"
        );
    }
    // No clock can express it, and it is decided before.
    let script = Script::new().then(request("accredited"));
    let wait = wait(&script).deadline(Duration::MAX).every(Duration::MAX);
    assert!(wait.until_decided().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_can_pass_is_waited_out_and_what_cannot_ends_it() {
    let script: Script = [
        request("in_review"),
        Answer::status(503).times(9),
        request("in_review"),
        Answer::status(503).times(9),
        request("accredited"),
    ]
    .into_iter()
    .collect();
    assert!(wait(&script).until_decided().await.is_ok());
    script.assert_done();

    let script = Script::new().otherwise(Answer::status(503));
    let error = wait(&script).until_decided().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert_eq!(script.count(), 10);

    for status in [401, 403, 404] {
        let script = Script::new()
            .then(request("in_review"))
            .then(Answer::status(status));
        let error = wait(&script).until_decided().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        script.assert_done();
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_wait_loses_nothing() {
    let gate = Gate::new();
    let script = Script::new()
        .then(request("in_review"))
        .then(request("accredited").behind(&gate));
    let mut changes = wait(&script).changes();
    assert!(changes.try_next().await.unwrap().is_some());
    // Dropped while it rests, again and again, and while it looks.
    let mut tries = 0;
    while script.count() < 2 {
        let short = tokio::time::timeout(Duration::from_millis(100), changes.try_next());
        assert!(short.await.is_err());
        tries += 1;
    }
    assert!(tries > 100, "{tries}");
    gate.open(1);
    let change = changes.try_next().await.unwrap().unwrap();
    assert_eq!(change.status, Some(Status::Accredited));
    script.assert_done();
}

#[tokio::test]
async fn a_decision_of_the_sandbox_is_seen() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.user_verification_requests(user);
    let made = requests.create().send().await.unwrap();
    let wait = || client.verification_requests().wait(made.id);
    let first = wait().changes().try_next().await.unwrap().unwrap();
    assert_eq!(first.status, Some(Status::AcceptedByInvestor));
    let simulation = client.simulate().unwrap();
    let completion = simulation.investor_completion(user, made.id);
    completion.send().await.unwrap();
    let review = simulation.review(user, made.id, ReviewStatus::Accredited);
    review.send().await.unwrap();
    let mut changes = wait().changes();
    let last = changes.try_next().await.unwrap().unwrap();
    assert_eq!(last.status, Some(Status::Accredited));
    assert!(changes.try_next().await.unwrap().is_none());
    // Decided already: no wait at all.
    assert_eq!(wait().until_decided().await.unwrap(), last);
    let unknown = client.verification_requests().wait(1_u64);
    assert!(unknown.until_decided().await.unwrap_err().is_not_found());
}
