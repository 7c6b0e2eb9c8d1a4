//! Many schedules on two threads, and their sums.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::run::{Report, run};
use super::schedule::{Kind, Schedule};

const THREADS: usize = 2;

/// The sums over many schedules.
#[derive(Default)]
pub(crate) struct Totals {
    seed: u64,
    pub(crate) schedules: u64,
    pub(crate) calls: u64,
    requests: u64,
    connections: u64,
    late: Duration,
    took: Duration,
    pub(crate) ends: BTreeMap<(Kind, String), u64>,
    /// The seeds of broken schedules, and what is broken.
    pub(crate) violations: Vec<(u64, String)>,
    broken: usize,
}

impl Totals {
    /// Runs so many schedules, each made from its seed; stops when `enough` are broken.
    pub(crate) fn of(seed: u64, schedules: u64, enough: usize, make: fn(u64) -> Schedule) -> Self {
        let started = Instant::now();
        let totals = Mutex::new(Self {
            seed,
            ..Self::default()
        });
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= schedules || totals.lock().unwrap().broken >= enough {
                            break;
                        }
                        let seed = seed.wrapping_add(number);
                        let report = run(&make(seed), false);
                        totals.lock().unwrap().add(seed, report);
                    }
                });
            }
        });
        let mut totals = totals.into_inner().unwrap();
        totals.took = started.elapsed();
        totals
    }

    fn add(&mut self, seed: u64, report: Report) {
        self.schedules += 1;
        self.calls += report.ends.len() as u64;
        self.requests += report.requests;
        self.connections += report.connections;
        self.late = self.late.max(report.late);
        for end in report.ends {
            *self.ends.entry(end).or_default() += 1;
        }
        self.broken += usize::from(!report.violations.is_empty());
        for violation in report.violations {
            self.violations.push((seed, violation));
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            schedules,
            calls,
            requests,
            connections,
            late,
            took,
            ends,
            violations,
            broken: _,
        } = self;
        writeln!(
            f,
            "{schedules} schedules from seed {seed} in {took:.1?}: {calls} calls, {requests} requests, \
             {connections} connections",
        )?;
        for ((kind, end), count) in ends {
            writeln!(f, "  {:<12} {end:<28} {count:>8}", format!("{kind:?}"))?;
        }
        writeln!(f, "latest return after a deadline: {late:?} (virtual)")?;
        writeln!(f, "violations: {}", violations.len())?;
        for (seed, violation) in violations {
            writeln!(f, "  seed {seed}: {violation}")?;
        }
        if let Some((seed, _)) = violations.first() {
            writeln!(
                f,
                "replay: cargo xtask simulate --seed {seed} --schedules 1"
            )?;
        }
        Ok(())
    }
}
