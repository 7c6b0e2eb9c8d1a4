//! Waiting for a status, in time that is paused.

use std::time::Duration;

use accredit_sandbox::{Effect, ErrorPage, Fault, Sandbox};
use accredit_thirdparty::lifecycle::{Wait, Waited};
use accredit_thirdparty::{Client, ErrorKind, InvestmentId, InvestmentStatus};
use tokio::time::{Instant, sleep};

use crate::support::{Names, investor, offering, partner, partner_builder, wire_investment};

const SECOND: Duration = Duration::from_secs(1);

async fn started(sandbox: &Sandbox) -> (Client, InvestmentId) {
    let client = partner(sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(sandbox, "reg_a");
    let id = wire_investment(&client, offering, &investor, 10).await.id;
    (client, id)
}

fn wait(client: &Client, id: InvestmentId) -> Wait {
    client.investments().wait(id).every(10 * SECOND)
}

/// What a wait ends with, in short.
fn short(waited: &Waited) -> (&'static str, &str) {
    let (how, investment) = match waited {
        Waited::Reached(investment) => ("reached", investment),
        Waited::Ended(investment) => ("ended", investment),
        Waited::TimedOut(investment) => ("timed out", investment),
    };
    (how, investment.status.as_ref().unwrap().as_str())
}

#[tokio::test(start_paused = true)]
async fn a_status_is_waited_for_until_it_comes() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let (_, id) = started(&sandbox).await;
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    let start = Instant::now();
    let payment = async {
        sleep(100 * SECOND).await;
        sandbox.investments().advance(id, "received").unwrap();
    };
    let wait = wait(&client, id).until(InvestmentStatus::Received);
    let (waited, ()) = tokio::join!(wait, payment);
    assert_eq!(short(&waited.unwrap()), ("reached", "received"));
    let took = start.elapsed();
    assert!(took >= 100 * SECOND && took <= 111 * SECOND, "{took:?}");
    let looks = names
        .take()
        .into_iter()
        .filter(|name| *name == "investments.retrieve")
        .count();
    assert!((11..=22).contains(&looks), "{looks} looks");
}

#[tokio::test(start_paused = true)]
async fn what_can_no_longer_come_is_not_waited_for() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let (client, id) = started(&sandbox).await;
    let start = Instant::now();
    // Passed by between two looks.
    sandbox.investments().advance(id, "invested").unwrap();
    let waited = wait(&client, id).until(InvestmentStatus::Received).await;
    assert_eq!(short(&waited.unwrap()), ("ended", "invested"));
    let either = [InvestmentStatus::Received, InvestmentStatus::Invested];
    let waited = wait(&client, id).until_any(either).await;
    assert_eq!(short(&waited.unwrap()), ("reached", "invested"));
    let cancelled = async {
        sleep(SECOND).await;
        sandbox.investments().advance(id, "cancelled").unwrap();
    };
    let never = wait(&client, id).until_matching(|investment| investment.quantity == Some(11));
    let (waited, ()) = tokio::join!(never, cancelled);
    assert_eq!(short(&waited.unwrap()), ("ended", "cancelled"));
    let waited = wait(&client, id).until_matching(|investment| investment.quantity == Some(10));
    assert_eq!(short(&waited.await.unwrap()), ("reached", "cancelled"));
    assert!(start.elapsed() <= 12 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn time_runs_out_at_the_deadline() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let (client, id) = started(&sandbox).await;
    let start = Instant::now();
    let wait = || wait(&client, id).deadline(33 * SECOND);
    let waited = wait().until(InvestmentStatus::Received).await;
    assert_eq!(short(&waited.unwrap()), ("timed out", "started"));
    assert_eq!(start.elapsed().as_secs(), 33);
    // Also while an answer is waited for, of which nothing has come yet.
    sandbox
        .inject(Fault::new(Effect::Latency(60 * SECOND)))
        .unwrap();
    let error = wait()
        .deadline(5 * SECOND)
        .until(InvestmentStatus::Received)
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(
        error.to_string(),
        "investments.retrieve: timed out: not read once within the deadline"
    );
    assert_eq!(start.elapsed().as_secs(), 38);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out_and_a_refusal_is_not() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let (client, id) = started(&sandbox).await;
    let down =
        || Fault::new(Effect::HtmlError(ErrorPage::NginxBadGateway)).on("investments.retrieve");
    sandbox.inject(down()).unwrap();
    let back = async {
        sleep(60 * SECOND).await;
        sandbox.clear_faults();
    };
    let started = wait(&client, id).until(InvestmentStatus::Started);
    let (waited, ()) = tokio::join!(started, back);
    assert_eq!(short(&waited.unwrap()), ("reached", "started"));

    // Down to the end: the last word is the error, unless something was seen before.
    sandbox.inject(down()).unwrap();
    let never = wait(&client, id)
        .deadline(60 * SECOND)
        .until(InvestmentStatus::Started);
    assert_eq!(never.await.unwrap_err().status().unwrap().as_u16(), 502);
    sandbox.clear_faults();
    let outage = async {
        sleep(SECOND).await;
        sandbox.inject(down()).unwrap();
    };
    let never = wait(&client, id)
        .deadline(60 * SECOND)
        .until(InvestmentStatus::Received);
    let (waited, ()) = tokio::join!(never, outage);
    assert_eq!(short(&waited.unwrap()), ("timed out", "started"));
    sandbox.clear_faults();

    let nobody = wait(&client, InvestmentId::new(99_999)).until(InvestmentStatus::Started);
    let error = nobody.await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.kind(), ErrorKind::Status);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_asks_no_more() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let (_, id) = started(&sandbox).await;
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    let wait = || {
        wait(&client, id)
            .deadline(None)
            .until(InvestmentStatus::Received)
    };
    assert!(tokio::time::timeout(25 * SECOND, wait()).await.is_err());
    assert!(!names.take().is_empty());
    sleep(60 * SECOND).await;
    assert_eq!(names.take(), [""; 0]);
    sandbox.investments().advance(id, "received").unwrap();
    // As on a task of its own.
    let waited = tokio::spawn(wait()).await.unwrap().unwrap();
    assert_eq!(short(&waited), ("reached", "received"));
}
