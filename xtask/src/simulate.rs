//! The transport against seeded random fault schedules, many more than its own test runs.

use crate::error::Result;
use crate::process::Run;

/// The tests that do it, by their full names.
const RANDOM: &str = "simulation::schedules";
const OUTAGES: &str = "outage::an_outage_is_no_storm_and_its_end_is_noticed";

/// How many schedules, from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Simulate {
    schedules: u64,
    seed: u64,
}

impl Simulate {
    /// What the transport promises.
    pub(crate) const PROMISED: Self = Self {
        schedules: 100_000,
        seed: 1,
    };

    /// Reads the flags; `None` where they say nothing that we know.
    pub(crate) fn parse(mut flags: &[&str]) -> Option<Self> {
        let mut asked = Self::PROMISED;
        while let [flag, value, rest @ ..] = flags {
            match *flag {
                "--schedules" => asked.schedules = value.parse().ok()?,
                "--seed" => asked.seed = value.parse().ok()?,
                _ => return None,
            }
            flags = rest;
        }
        // None at all would prove nothing, and look as if it did.
        (flags.is_empty() && asked.schedules > 0).then_some(asked)
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
            RANDOM,
        ];
        if self.schedules > 1 {
            test.push(OUTAGES);
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
        assert_eq!(Simulate::parse(&[]), asked(100_000, 1));
        assert_eq!(
            Simulate::parse(&["--seed", "7", "--schedules", "1"]),
            asked(1, 7)
        );
        for flags in [
            &["--seed"][..],
            &["--seed", "x"],
            &["--sed", "1"],
            &["7"],
            &["--schedules", "0"],
        ] {
            assert_eq!(Simulate::parse(flags), None, "{flags:?}");
        }
    }

    /// A test that is asked for by a name that it no longer has does not run, and does not fail.
    #[test]
    fn the_tests_have_these_names() {
        let proofs = crate::process::root()
            .unwrap()
            .join("crates/transport/tests/proofs");
        for test in [RANDOM, OUTAGES] {
            let (module, name) = test.split_once("::").unwrap();
            let file = proofs.join(module);
            let text = std::fs::read_to_string(file.with_extension("rs"))
                .or_else(|_| std::fs::read_to_string(file.join("mod.rs")))
                .unwrap();
            assert!(
                text.contains(&format!("\nfn {name}()"))
                    || text.contains(&format!("\nasync fn {name}()"))
            );
        }
    }
}
