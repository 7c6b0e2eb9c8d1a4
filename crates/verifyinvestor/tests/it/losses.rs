//! Answers that are lost at random or come late: never two requests, and none without a trace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use accredit_sandbox::{Effect, Fault, Sandbox};
use accredit_verifyinvestor::transport::testkit::{Answer, Captured, Script};
use accredit_verifyinvestor::{Client, Environment, ErrorKind, Reconciled};
use fastrand::Rng;
use tokio::time::Instant;

use crate::resume::{CREATE, NAME, ROOT, creates};
use crate::support::{Service, account, count, violet};

/// Whatever is lost, before or after it was carried out, and however often one tries again.
#[tokio::test]
async fn random_losses_make_one_request_each() {
    const NAMES: usize = 60;
    let sandbox = Sandbox::builder().strict(true).seed(11);
    let sandbox = sandbox.start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.user_verification_requests(user);
    for fault in [
        Fault::new(Effect::Reset).on(CREATE).chance(1, 3),
        Fault::new(Effect::Reset)
            .on(CREATE)
            .chance(1, 2)
            .after_call(),
        // Counts the others.
        Fault::new(Effect::Latency(Duration::ZERO)).on(CREATE),
        Fault::new(Effect::Reset)
            .on("verification_requests.list")
            .chance(1, 10),
    ] {
        sandbox.inject(fault).unwrap();
    }
    let (mut unknown, mut found) = (0, 0);
    for number in 0..NAMES {
        let name = format!("Holding {number}");
        loop {
            let create = requests.create().legal_name(name.as_str());
            match create.create_or_resume().await {
                Ok(request) => {
                    found += usize::from(request.status.is_some());
                    break;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
                    unknown += 1;
                }
            }
        }
    }
    assert!(
        unknown > 0 && found > NAMES / 4,
        "{unknown} unknown, {found} found"
    );
    // Two at most for each call.
    let [before, after, whole, _] = sandbox.faults().try_into().unwrap();
    let sent = before.used + after.used + whole.used;
    let calls = u64::try_from(NAMES + unknown).unwrap();
    assert!(
        (calls + 1..=2 * calls).contains(&sent),
        "{sent} in {calls} calls"
    );
    sandbox.clear_faults();
    let mut names = Vec::new();
    for item in requests.list().send().await.unwrap() {
        let request = requests.retrieve(item.id).send().await.unwrap();
        names.push(request.legal_name.unwrap().into_exposed());
    }
    names.sort();
    names.dedup();
    assert_eq!((names.len(), count(&client, user).await), (NAMES, NAMES));
}

/// A service that would make every request that it is asked for: a second create of what was made shows.
#[derive(Default)]
struct Willing {
    random: Rng,
    /// Of each request, the legal name.
    made: Vec<String>,
    /// How many of the answers to creates were lost after the request was made, and before.
    lost: [usize; 2],
}

impl Willing {
    const NOW: &str = "2026-01-01T00:00:00Z";

    fn answer(&mut self, request: &Captured) -> Answer {
        let path = request.path();
        match request.operation() {
            "root" => Answer::json(200, format!(r#"{{"current_time": "{}"}}"#, Self::NOW)),
            CREATE if self.random.u8(..3) == 0 => {
                self.lost[1] += 1;
                Answer::fail(ErrorKind::Io)
            }
            CREATE => {
                let body: HashMap<String, String> = request.json();
                self.made.push(body["legal_name"].to_uppercase());
                if self.random.bool() {
                    self.lost[0] += 1;
                    return Answer::fail(ErrorKind::Io);
                }
                Answer::json(201, format!(r#"{{"id": {}}}"#, self.made.len()))
            }
            "verification_requests.list" if self.random.u8(..10) == 0 => Answer::status(404),
            "verification_requests.list" => {
                let items = (1..=self.made.len()).map(|id| format!(r#"{{"id": {id}}}"#));
                let items: Vec<_> = items.collect();
                Answer::json(200, format!("[{}]", items.join(",")))
            }
            _ => {
                let id: usize = path.rsplit('/').next().unwrap().parse().unwrap();
                let name = &self.made[id - 1];
                let now = Self::NOW;
                let body =
                    format!(r#"{{"id": {id}, "legal_name": "{name}", "created_at": "{now}"}}"#);
                Answer::json(200, body)
            }
        }
    }
}

/// Without the service's rule against duplicates, which would hide them.
#[tokio::test]
async fn random_losses_send_no_create_after_one_that_arrived() {
    const NAMES: usize = 60;
    let willing = Arc::new(Mutex::new(Willing {
        random: Rng::with_seed(11),
        ..Willing::default()
    }));
    let service = Arc::clone(&willing);
    let script = Script::new().otherwise_by(move |request| service.lock().unwrap().answer(request));
    let client = Service::following(script.clone()).client();
    let requests = client.user_verification_requests(135_u64);
    let (mut answered, mut unknown) = (0, 0);
    for number in 0..NAMES {
        let name = format!("Holding {number}");
        let before = creates(&script);
        let create = requests.create().legal_name(name.as_str());
        let resumed = create.create_or_resume().await;
        assert!(creates(&script) - before <= 2, "{name}");
        let willing = willing.lock().unwrap();
        let mine = name.to_uppercase();
        let made: Vec<_> = (1..)
            .zip(&willing.made)
            .filter(|(_, name)| **name == mine)
            .collect();
        match resumed {
            Ok(request) => {
                assert!(request.is_new);
                assert_eq!(made, [(request.id.get(), &mine)]);
                answered += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
                assert!(made.len() <= 1, "{name}");
                unknown += 1;
            }
        }
    }
    let willing = willing.lock().unwrap();
    assert!(
        answered > NAMES / 2 && unknown > 0,
        "{answered} and {unknown}"
    );
    assert!(
        willing.lost.iter().all(|lost| *lost > NAMES / 6),
        "{:?}",
        willing.lost
    );
    assert!(creates(&script) > NAMES, "none was repeated");
}

/// The service's time is of the moment when it answers, and that may be long after it was asked.
#[tokio::test(start_paused = true)]
async fn a_slow_look_does_not_lose_the_request_out_of_sight() {
    let made = r#"{"id": 90, "created_at": "2026-01-01T07:59:41Z", "legal_name": "VIOLET HOWARD"}"#;
    let script = Script::new()
        .on(
            CREATE,
            Answer::fail(ErrorKind::Io).delay(Duration::from_secs(5)),
        )
        .on(
            "root",
            Answer::json(200, ROOT).delay(Duration::from_secs(15)),
        )
        .on(
            "verification_requests.list",
            Answer::json(200, r#"[{"id": 90}]"#),
        )
        .on("verification_requests.retrieve", Answer::json(200, made));
    let client = Service::following(script.clone()).client();
    let requests = client.user_verification_requests(135_u64);
    let resumed = requests.create().legal_name(NAME).create_or_resume().await;
    assert_eq!(resumed.unwrap().id.get(), 90);
    assert_eq!(creates(&script), 1);
}

/// The service goes on with a create after this client has given it up, and holds nothing against a second one.
#[tokio::test(start_paused = true)]
async fn a_create_that_lands_after_the_first_look_is_not_repeated() {
    let made = r#"{"id": 90, "created_at": "2026-01-01T08:00:20Z", "legal_name": "VIOLET HOWARD"}"#;
    let later = r#"{"current_time": "2026-01-01T00:00:40.000-08:00"}"#;
    let list = "verification_requests.list";
    for is_call in [true, false] {
        let script = Script::new()
            .on(CREATE, Answer::fail(ErrorKind::Io))
            .on("root", Answer::json(200, ROOT))
            .on(list, Answer::json(200, "[]"))
            .on("root", Answer::json(200, later))
            .on(list, Answer::json(200, r#"[{"id": 90}]"#))
            .on("verification_requests.retrieve", Answer::json(200, made));
        let service = Service::following(script.clone());
        let patience = Duration::from_secs(30);
        let builder = service.builder(Environment::Production).patience(patience);
        let client = builder.api_token("token").build().unwrap();
        let create = client.user_verification_requests(135_u64).create();
        let create = create.legal_name(NAME);
        let began = Instant::now();
        if is_call {
            let resumed = create.create_or_resume().await.unwrap();
            assert_eq!((resumed.id.get(), resumed.is_new), (90, true));
        } else {
            let create = create.into_operation();
            client.execute(&create).await.unwrap_err();
            // The caller's calendar is not paused, so it says that no time passed.
            let since = SystemTime::now() - 2 * patience;
            let found = client.reconcile(&create, since).await.unwrap();
            assert!(matches!(found, Reconciled::Applied(_)), "{found:?}");
        }
        assert!(began.elapsed() >= patience);
        assert_eq!(creates(&script), 1);
        script.assert_done();
    }
}

/// What a client has unless it is told otherwise.
#[tokio::test(start_paused = true)]
async fn a_create_is_repeated_after_thirty_seconds_at_the_earliest() {
    let script = Script::new()
        .on(CREATE, Answer::fail(ErrorKind::Io))
        .on("root", Answer::json(200, ROOT).times(2))
        .on(
            "verification_requests.list",
            Answer::json(200, "[]").times(2),
        )
        .on(CREATE, Answer::json(201, r#"{"id": 91}"#));
    let transport = script.clone();
    let builder = Client::builder(Environment::Production).api_token("token");
    let builder = builder.configure(move |stack| stack.transport(transport.service()));
    let client = builder.build().unwrap();
    let began = Instant::now();
    let requests = client.user_verification_requests(135_u64);
    let resumed = requests.create().legal_name(NAME).create_or_resume().await;
    assert_eq!(resumed.unwrap().id.get(), 91);
    let elapsed = began.elapsed();
    assert!((30..32).contains(&elapsed.as_secs()), "{elapsed:?}");
    script.assert_done();
}
