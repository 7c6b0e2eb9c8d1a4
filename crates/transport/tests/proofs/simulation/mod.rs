//! Seeded random fault schedules in virtual time: the real client and hyper over pipes in memory,
//! against a server that fails in every way it knows and counts what it really ran.
//!
//! `cargo xtask simulate` runs many more schedules than the test here, and replays one by its seed.

mod check;
mod fault;
mod operations;
mod rng;
mod run;
mod schedule;
mod tokens;
mod totals;
mod world;

pub(crate) use operations::call;
use run::run;
pub(crate) use schedule::Kind;
use schedule::Schedule;
use totals::Totals;

/// As many as fit in 15 s of an unoptimised build on two slow cores.
const SCHEDULES: u64 = 4_000;

/// A number from the environment: how `cargo xtask simulate` says what it wants.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect(variable))
}

/// No unsafe write runs twice, no call outlives its deadline, no error says what is not true, and
/// nothing is left behind.
#[test]
fn schedules() {
    let schedules = number("SIMULATE_SCHEDULES").unwrap_or(SCHEDULES);
    let seed = number("SIMULATE_SEED").unwrap_or(1);
    if schedules == 1 {
        let schedule = Schedule::new(seed);
        let report = run(&schedule, true);
        println!("{schedule:#?}\n{}", report.trace.join("\n"));
    }
    let totals = Totals::of(seed, schedules, 10, Schedule::new);
    println!("{totals}");
    assert!(totals.violations.is_empty(), "see above");
}

/// The proof can fail: a client that repeats what it must not is caught, again and again.
mod the_checks_notice {
    use std::time::Duration;

    use super::{Kind, Schedule, Totals};

    /// How often the checks complain of this, in hard schedules of one operation.
    fn complaints(of: &str, make: fn(u64) -> Schedule) -> usize {
        let totals = Totals::of(1, 300, usize::MAX, make);
        let complaints = totals.violations.iter();
        complaints.filter(|(_, text)| text.contains(of)).count()
    }

    fn hard(seed: u64, operation: Kind) -> Schedule {
        let mut schedule = Schedule::new(seed);
        schedule.health = 40;
        schedule.client.attempts = 5;
        schedule.client.budget = None;
        for call in &mut schedule.calls {
            call.operation = operation;
            call.attempts = None;
        }
        schedule
    }

    #[test]
    fn a_create_that_says_it_is_a_read() {
        let twice = complaints("ran more than once", |seed| hard(seed, Kind::Mislabelled));
        assert!(twice >= 50, "{twice}");
    }

    #[test]
    fn a_503_that_is_taken_for_a_refusal() {
        let twice = complaints("ran more than once", |seed| {
            let mut schedule = hard(seed, Kind::Create);
            schedule.client.trusts_503 = true;
            schedule
        });

        assert!(twice >= 3, "{twice}");
    }

    #[test]
    fn a_deadline_that_is_not_kept() {
        let late = complaints("came back after its deadline", |seed| {
            let mut schedule = hard(seed, Kind::Create);
            for call in &mut schedule.calls {
                call.told = Some(call.deadline + Duration::from_millis(25));
            }
            schedule
        });
        assert!(late >= 5, "{late}");
    }
}

/// What makes a seed worth printing.
#[test]
fn a_seed_replays_to_the_letter() {
    for seed in 100..120 {
        let traces = [1, 2].map(|_| run(&Schedule::new(seed), true).trace);
        assert_eq!(traces[0], traces[1]);
    }
}
