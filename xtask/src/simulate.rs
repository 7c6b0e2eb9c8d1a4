//! The transport against seeded random fault schedules, many more than its own test runs.

use crate::error::Result;
use crate::process::Run;

/// What the transport promises.
const SCHEDULES: u64 = 100_000;

/// How many schedules, from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Simulate {
    schedules: u64,
    seed: u64,
}

impl Simulate {
    /// Reads the flags; `None` where they say nothing that we know.
    pub(crate) fn parse(mut flags: &[&str]) -> Option<Self> {
        let mut asked = Self {
            schedules: SCHEDULES,
            seed: 1,
        };
        while let [flag, value, rest @ ..] = flags {
            match *flag {
                "--schedules" => asked.schedules = value.parse().ok()?,
                "--seed" => asked.seed = value.parse().ok()?,
                _ => return None,
            }
            flags = rest;
        }
        flags.is_empty().then_some(asked)
    }

    /// Runs them, optimised, and the outages; a single schedule is shown step by step.
    ///
    /// # Errors
    ///
    /// When a promise is broken; the seed is printed.
    pub(crate) fn run(self) -> Result<()> {
        let mut test = vec![
            "test",
            "--locked",
            "--release",
            "--package",
            "accredit-transport",
            "--test",
            "proofs",
            "--",
            "--exact",
            "--nocapture",
            "simulation::schedules",
        ];
        if self.schedules > 1 {
            test.push("outage::an_outage_is_no_storm_and_its_end_is_noticed");
        }
        Run::cargo(test)?
            .variable("SIMULATE_SCHEDULES", self.schedules.to_string())
            .variable("SIMULATE_SEED", self.seed.to_string())
            .checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_in_any_order_and_unknown_ones_are_refused() {
        let asked = |schedules, seed| Some(Simulate { schedules, seed });
        assert_eq!(Simulate::parse(&[]), asked(SCHEDULES, 1));
        assert_eq!(
            Simulate::parse(&["--seed", "7", "--schedules", "1"]),
            asked(1, 7)
        );
        for flags in [&["--seed"][..], &["--seed", "x"], &["--sed", "1"], &["7"]] {
            assert_eq!(Simulate::parse(flags), None, "{flags:?}");
        }
    }
}
