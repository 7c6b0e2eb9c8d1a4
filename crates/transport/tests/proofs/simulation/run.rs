//! Runs one schedule from start to end, in virtual time, and judges it.

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use accredit_transport::http::Uri;
use accredit_transport::{CallOptions, Client, RetryBudget, RetryPolicy};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::check::{Ended, How, violations};
use super::operations::call;
use super::schedule::{Kind, Plan, Schedule};
use super::tokens;
use super::world::World;

/// Longer than any connection or server lives on after the last call: the server's longest silence
/// (70 s) and the idle time of the pool.
const AFTERWARDS: Duration = Duration::from_secs(150);

/// What became of one schedule.
pub(crate) struct Report {
    /// The operation and one word for the end of each call.
    pub(crate) ends: Vec<(Kind, String)>,
    pub(crate) requests: u64,
    pub(crate) connections: u64,
    /// The worst that a call came back after its deadline.
    pub(crate) late: Duration,
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<String>,
}

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// Counts the panics of this thread, also those that the runtime catches.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
}

/// Runs a schedule.
pub(crate) fn run(schedule: &Schedule, trace: bool) -> Report {
    count_panics();
    let panics = PANICS.get();
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut report = runtime.block_on(simulate(schedule, trace));
    if PANICS.get() > panics {
        report.violations.push(String::from("something panicked"));
    }
    report
}

async fn simulate(schedule: &Schedule, trace: bool) -> Report {
    let Schedule {
        seed,
        client: settings,
        calls,
        health,
        tokens: _,
    } = schedule;
    let world = World::new(*seed, *health, calls.len(), trace);
    let client = client(schedule, &world);
    let running: Vec<_> = calls
        .iter()
        .enumerate()
        .map(|(number, plan)| {
            let (client, world) = (client.clone(), Arc::clone(&world));
            tokio::spawn(make(client, world, number, *plan))
        })
        .collect();
    drop(client);
    let mut report = Report {
        ends: Vec::new(),
        requests: 0,
        connections: 0,
        late: Duration::ZERO,
        violations: Vec::new(),
        trace: Vec::new(),
    };
    let mut ends = Vec::new();
    for call in running {
        ends.push(call.await.ok());
    }
    // Nothing may happen any more, so that what the server saw is all that it will see.
    sleep(AFTERWARDS).await;
    let left = Handle::current().metrics().num_alive_tasks();
    if left > 0 {
        report.violations.push(format!("{left} tasks are left"));
    }
    for (number, (plan, ended)) in calls.iter().zip(ends).enumerate() {
        let seen = world.seen(number);
        report.requests += u64::from(seen.requests);
        // The panic is a violation already.
        let Some(ended) = ended else { continue };
        report.ends.push((plan.operation, ended.how.name()));
        report.late = report.late.max(ended.took.saturating_sub(plan.deadline));
        for what in violations(number, plan, settings, &ended, seen) {
            let how = ended.how.name();
            let line = format!("call {number} ({:?}, {how}): {what}", plan.operation);
            report.violations.push(line);
        }
    }
    report.connections = world.connections();
    report.trace = world.trace();
    report
}

fn client(schedule: &Schedule, world: &Arc<World>) -> Client {
    let settings = &schedule.client;
    let policy = RetryPolicy::default()
        .attempts(settings.attempts)
        .base(settings.base)
        .cap(settings.cap)
        .retry_unsafe_503(settings.trusts_503)
        .seed(schedule.seed);
    let policy = match settings.budget {
        Some(tokens) => policy.budget(RetryBudget::new(tokens)),
        None => policy.no_budget(),
    };
    let builder = tokens::provide(Client::builder(), schedule.tokens, world);
    let world = Arc::clone(world);
    builder
        .base_uri("https://sim.test")
        .json_cap(super::world::CAP)
        .connect_timeout(settings.connect)
        .first_byte_timeout(settings.first_byte)
        .attempt_timeout(settings.attempt)
        .retry(policy)
        .connector(tower::service_fn(move |_: Uri| {
            Arc::clone(&world).connect()
        }))
        .build()
        .unwrap()
}

async fn make(client: Client, world: Arc<World>, number: usize, plan: Plan) -> Ended {
    sleep(plan.at).await;
    let mut options = CallOptions::new().deadline(plan.told.unwrap_or(plan.deadline));
    if let Some(attempts) = plan.attempts {
        options = options.attempts(attempts);
    }
    world.note(|| format!("call {number}: {plan:?}"));
    let started = Instant::now();
    let calling = call(&client, plan.operation, number, plan.length, &options);
    let how = match plan.dropped {
        Some(after) => match timeout(after, calling).await {
            Ok(result) => How::With(result),
            Err(_) => How::Dropped,
        },
        None => How::With(calling.await),
    };
    let took = started.elapsed();
    world.note(|| match &how {
        How::With(Err(error)) => format!("call {number}: {}: {error}", how.name()),
        How::With(Ok(text)) => format!("call {number}: ok: {text}"),
        How::Dropped => format!("call {number}: dropped"),
    });
    Ended { how, took }
}
