//! Writes of every kind under random faults between client and sandbox, against what the sandbox really holds.
//!
//! Every worker writes the same content again and again, so that only the time tells its objects apart. Time is paused: a
//! wait takes none, and a latency beyond a timeout neither.
//!
//! `ACCREDIT_RECONCILE_ROUNDS` sets how many rounds of eight writes there are, `ACCREDIT_RECONCILE_SEED` which faults.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_sandbox::{Effect, ErrorPage, Fault, RetryAfter, Sandbox, Stale};
use accredit_thirdparty::transport::RetryPolicy;
use accredit_thirdparty::{
    Call, Client, DocumentSide, Error, ErrorKind, Investor, InvestorId, InvestorType,
    KybDocumentType, OfferingId, Prepared, Reconcile, Reconciled, SubscriptionAgreementName,
};

use crate::support::{investor, offering, partner, partner_builder, person};

/// Rounds unless set, which take some seconds.
const ROUNDS: u64 = 16;
const WORKERS: u64 = 8;

/// The operations that write, and how many in a hundred calls of them are hit by each fault.
const WRITES: [&str; 7] = [
    "investments.create",
    "investments.get_payment_intent_secret",
    "investors.create",
    "investors.create_id_upload_workflow_url",
    "investors.run_second_kyc",
    "kyb_documents.create",
    "subscription_agreement_investor_signatures.create",
];
const CHANCE_OF_A_WRITE: u32 = 5;
/// The same for all calls, reads and logins too.
const CHANCE_OF_ANY: u32 = 1;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn inject(sandbox: &Sandbox) {
    let status = |status, body: &str| Effect::Status {
        status,
        content_type: "application/json".to_owned(),
        body: body.to_owned(),
    };
    let page = Effect::HtmlError;
    // Longer than any timeout of the client.
    let slow = Effect::Latency(Duration::from_secs(90));
    let faults = [
        Fault::new(Effect::Reset),
        Fault::new(Effect::Reset).after_call(),
        Fault::new(page(ErrorPage::NginxBadGateway)),
        Fault::new(page(ErrorPage::NginxBadGateway)).after_call(),
        Fault::new(page(ErrorPage::NginxGatewayTimeout)).after_call(),
        Fault::new(page(ErrorPage::DjangoServerError)),
        Fault::new(page(ErrorPage::DjangoServerError)).after_call(),
        Fault::new(status(503, "{}")).after_call(),
        Fault::new(status(200, "<html>")),
        Fault::new(slow.clone()),
        Fault::new(slow).after_call(),
        Fault::new(Effect::MalformedJson),
        Fault::new(Effect::CutBody { bytes: 0 }),
        Fault::new(Effect::CutBody { bytes: 20 }),
        Fault::new(Effect::StaleConnection(Stale::AfterAnswer)),
        Fault::new(Effect::StaleConnection(Stale::OnNextRequest)),
        Fault::new(Effect::Throttled(RetryAfter::Seconds(1))),
    ];
    for fault in faults {
        for operation in WRITES {
            let fault = fault.clone().on(operation);
            sandbox
                .inject(fault.chance(CHANCE_OF_A_WRITE, 100))
                .unwrap();
        }
        sandbox.inject(fault.chance(CHANCE_OF_ANY, 100)).unwrap();
    }
}

/// What became of all writes of one kind.
#[derive(Clone, Debug, Default)]
struct Kind {
    writes: u64,
    answered: u64,
    unknown: u64,
    applied: u64,
    not_applied: u64,
    ambiguous: u64,
    /// Of the objects that answers and probes named.
    claimed: Vec<u64>,
}

#[derive(Clone, Debug, Default)]
struct Ledger(Arc<Mutex<BTreeMap<&'static str, Kind>>>);

impl Ledger {
    fn note(&self, kind: &'static str, change: impl FnOnce(&mut Kind)) {
        change(self.0.lock().unwrap().entry(kind).or_default());
    }
}

/// Reads again until it succeeds, whatever goes wrong; a read that the service refuses would go on for ever.
async fn insist<T>(mut read: impl AsyncFnMut() -> Result<T, Error>) -> T {
    for _ in 0..1_000 {
        if let Ok(answer) = read().await {
            return answer;
        }
    }
    panic!("a thousand reads failed");
}

/// Writes until it is done, sending again whenever it is known that nothing was done.
async fn write<O: Reconcile>(
    ledger: &Ledger,
    call: impl Fn() -> Call<O>,
    answered: fn(&O::Output) -> u64,
    found: fn(&O::Found) -> u64,
) -> Option<u64> {
    let kind = O::INFO.name();
    let mut write: Prepared<O> = insist(async || call().prepare().await).await;
    ledger.note(kind, |kind| kind.writes += 1);
    loop {
        let error = match write.send().await {
            Ok(answer) => {
                let id = answered(&answer);
                ledger.note(kind, |kind| {
                    kind.answered += 1;
                    kind.claimed.push(id);
                });
                return Some(id);
            }
            Err(error) => error,
        };
        if error.kind() != ErrorKind::OutcomeUnknown {
            let refused = error.status().is_some_and(|status| status.as_u16() == 400);
            assert!(
                !refused,
                "{error}: {:?}",
                String::from_utf8_lossy(error.body())
            );
            continue;
        }
        ledger.note(kind, |kind| kind.unknown += 1);
        match insist(async || write.reconcile().await).await {
            Reconciled::Applied(applied) => {
                let id = found(&applied);
                ledger.note(kind, |kind| {
                    kind.applied += 1;
                    kind.claimed.push(id);
                });
                return Some(id);
            }
            Reconciled::NotApplied => ledger.note(kind, |kind| kind.not_applied += 1),
            Reconciled::Ambiguous(_) => {
                assert!(write.is_open());
                let again = write.send().await.err();
                assert_eq!(again.unwrap().kind(), ErrorKind::Build);
                ledger.note(kind, |kind| kind.ambiguous += 1);
                return None;
            }
        }
    }
}

/// One after the other, of the same content each time.
async fn work(client: Client, ledger: Ledger, offering: OfferingId, worker: u64, rounds: u64) {
    for _ in 0..rounds {
        let entity = person("Kycfail").first_name(format!("Worker {worker}"));
        let investors = client.investors();
        let create = || investors.create(entity.clone(), InvestorType::Person);
        let investor = write(&ledger, create, |new| new.id.get(), |found| found.id.get()).await;
        let Some(investor) = investor.map(InvestorId::new) else {
            continue;
        };
        let investments = client.investments();
        let create = || investments.create(offering, investor, 10);
        let mut investment = None;
        for _ in 0..2 {
            investment = write(&ledger, create, |new| new.id.get(), |found| found.id.get()).await;
        }
        let Some(investment) = investment else {
            continue;
        };
        let secret = || investments.payment_intent_secret(investment);
        write(&ledger, secret, |_| 0, |_| 0).await;
        let check = || investors.run_second_kyc(investor);
        write(&ledger, check, |_| 0, |_| 0).await;
        let read: Investor = insist(async || investors.retrieve(investor).send().await).await;
        let entity = read.entity.unwrap().id;
        let (kind, side) = (KybDocumentType::Other, DocumentSide::Front);
        let upload = || {
            client
                .kyb_documents()
                .create(entity, kind.clone(), side.clone(), b"%PDF-1.7".to_vec())
        };
        write(&ledger, upload, |new| new.id.get(), |found| found.id.get()).await;
        let name = SubscriptionAgreementName::SubscriptionAgreement;
        let sign = || {
            client
                .investor_signatures()
                .create(investment, name.clone())
        };
        write(&ledger, sign, |new| new.id.get(), |found| found.id.get()).await;
        let page = || investors.create_id_upload_workflow();
        write(&ledger, page, |_| 0, |found| match *found {}).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_lost_or_made_twice_under_random_faults() {
    let rounds = setting("ACCREDIT_RECONCILE_ROUNDS", ROUNDS);
    let seed = setting("ACCREDIT_RECONCILE_SEED", 1);
    let sandbox = Sandbox::builder()
        .strict(true)
        .seed(seed)
        .start()
        .await
        .unwrap();
    let ledger = Ledger::default();
    let first_check = one_clean_check(&sandbox, &ledger).await;
    inject(&sandbox);
    let client = partner_builder(&sandbox)
        .configure(move |stack| {
            // The budget is for a server in trouble; here it would only make reads fail sooner.
            stack.retry(RetryPolicy::default().no_budget().seed(seed))
        })
        .build()
        .unwrap();
    let offering = offering(&sandbox, "reg_a");
    let local = tokio::task::LocalSet::new();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let share = rounds / WORKERS + u64::from(worker < rounds % WORKERS);
            local.spawn_local(work(
                client.clone(),
                ledger.clone(),
                offering,
                worker,
                share,
            ))
        })
        .collect();
    local.await;
    for worker in workers {
        worker.await.unwrap();
    }
    sandbox.clear_faults();
    let kinds = ledger.0.lock().unwrap().clone();
    let truth = truth(&sandbox).await;
    let (mut unknown, mut settled) = (0, 0);
    for (name, kind) in &kinds {
        println!(
            "{name}: {} writes, {} answered, {} unknown: {} applied, {} not applied, {} ambiguous",
            kind.writes,
            kind.answered,
            kind.unknown,
            kind.applied,
            kind.not_applied,
            kind.ambiguous
        );
        if *name == "investors.create_id_upload_workflow_url" {
            // The service shows nothing of it.
            assert_eq!(kind.unknown, kind.ambiguous);
            continue;
        }
        unknown += kind.unknown;
        settled += kind.applied + kind.not_applied;
    }
    println!("seed {seed}: {settled} of {unknown} unknown outcomes resolved");
    assert!(unknown > rounds, "there were faults");
    assert!(settled * 1_000 >= unknown * 999);
    for (name, mut ids) in truth {
        let kind = &kinds[name];
        let mut claimed = kind.claimed.clone();
        claimed.sort_unstable();
        ids.sort_unstable();
        if kind.ambiguous == 0 {
            // One object for each write, none for none, none for two: nothing wrong and nothing twice.
            assert_eq!(claimed, ids, "{name}");
            assert_eq!(kind.writes, u64::try_from(ids.len()).unwrap(), "{name}");
        } else {
            let mut once = claimed.clone();
            once.dedup();
            assert_eq!(once, claimed, "{name}");
            assert!(claimed.iter().all(|id| ids.contains(id)), "{name}");
            let rest = u64::try_from(ids.len() - claimed.len()).unwrap();
            assert!(rest <= kind.ambiguous, "{name}: {rest} that nobody wrote");
        }
        println!("{name}: {} in the sandbox, each of one write", ids.len());
    }
    // Each first check and each second one is a row there.
    let kyc = &kinds["investors.run_second_kyc"];
    let checks = one_clean_check(&sandbox, &ledger).await - first_check - 1;
    println!("investors.run_second_kyc: {checks} checks in the sandbox, the first ones included");
    assert_eq!(checks, kyc.writes + kyc.answered + kyc.applied);
}

/// A new investor, checked once without any fault: the number of the check.
async fn one_clean_check(sandbox: &Sandbox, ledger: &Ledger) -> u64 {
    let client = partner(sandbox);
    let investor = investor(&client, "Lovelace").await.id;
    ledger.note("investors.create", |kind| {
        kind.writes += 1;
        kind.answered += 1;
        kind.claimed.push(investor.get());
    });
    let check = client.investors().run_second_kyc(investor).send().await;
    let check = check.unwrap().verification_entity.unwrap();
    u64::try_from(check.id).unwrap()
}

/// The ids of all that there is.
async fn truth(sandbox: &Sandbox) -> Vec<(&'static str, Vec<u64>)> {
    let client = partner(sandbox);
    let all = 10_000_000;
    let list = client.investors().list().page_size(100).items();
    let investors = list.try_collect_all(all).await.unwrap();
    let list = client.investments().list().page_size(100).items();
    let investments = list.try_collect_all(all).await.unwrap();
    let list = client.kyb_documents().list().page_size(100).items();
    let documents = list.try_collect_all(all).await.unwrap();
    let list = client.investor_signatures().list().page_size(100).items();
    let signatures = list.try_collect_all(all).await.unwrap();
    vec![
        (
            "investors.create",
            investors.iter().map(|item| item.id.get()).collect(),
        ),
        (
            "investments.create",
            investments.iter().map(|item| item.id.get()).collect(),
        ),
        (
            "kyb_documents.create",
            documents.iter().map(|item| item.id.get()).collect(),
        ),
        (
            "subscription_agreement_investor_signatures.create",
            signatures.iter().map(|item| item.id.get()).collect(),
        ),
    ]
}
