//! The crypto providers of the transport, each in a program of its own: real handshakes over
//! loopback with one provider, both and none, over HTTP/1.1 and HTTP/2.
//!
//! The program stands in `tests/providers`, outside the workspace: built together with other members
//! it would get the providers that they ask for.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use crate::ci::seconds;
use crate::error::{Context, Error, Result};
use crate::process::{Run, root};

/// Where the program stands.
pub(crate) const MANIFEST: &str = "tests/providers/Cargo.toml";

/// One way to build the program.
struct Way {
    providers: &'static str,
    protocols: &'static str,
    features: &'static str,
}

const fn way(providers: &'static str, protocols: &'static str, features: &'static str) -> Way {
    Way {
        providers,
        protocols,
        features,
    }
}

/// All ways. Both providers together are not the sum of each alone: which one is the default, and
/// that none is missing, shows only alone.
const WAYS: [Way; 10] = [
    way("ring", "h1", "ring"),
    way("ring", "h1+h2", "ring,http2"),
    way("aws-lc-rs", "h1", "aws-lc-rs"),
    way("aws-lc-rs", "h1+h2", "aws-lc-rs,http2"),
    way("both", "h1", "ring,aws-lc-rs"),
    way("both", "h1+h2", "ring,aws-lc-rs,http2"),
    way("none, own TLS", "h1", "own-tls"),
    way("none, own TLS", "h1+h2", "own-tls,http2"),
    way("none, pipes", "h1", ""),
    way("none, pipes", "h1+h2", "http2"),
];

/// Builds and runs the program in every way and prints a table.
///
/// # Errors
///
/// When it does not build or shake hands in one of them.
pub(crate) fn run() -> Result<()> {
    let root = root()?;
    // The versions of the workspace; what the program needs beyond them is added by cargo.
    let lock = root.join(MANIFEST).with_file_name("Cargo.lock");
    fs::copy(root.join("Cargo.lock"), &lock).context(lock.display())?;
    let mut table = Table { rows: Vec::new() };
    for way in &WAYS {
        let start = Instant::now();
        let worked = way.run();
        if let Err(error) = &worked {
            eprintln!("error: {error}");
        }
        table.rows.push((way, worked.is_ok(), start.elapsed()));
    }
    eprint!("\n{table}");
    if table.rows.iter().all(|(_, worked, _)| *worked) {
        Ok(())
    } else {
        Err(Error::new("not every provider works"))
    }
}

impl Way {
    fn run(&self) -> Result<()> {
        let program = [
            "run",
            "--quiet",
            "--manifest-path",
            MANIFEST,
            // Shares what is built already.
            "--target-dir",
            "target",
            "--no-default-features",
            "--features",
            self.features,
        ];
        Run::cargo(program)?.checked()
    }
}

/// Whether each way worked, and how long it took to build and run.
struct Table {
    rows: Vec<(&'static Way, bool, Duration)>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<14} {:<9} {:<6} {:>9}",
            "providers", "protocols", "result", "time"
        )?;
        for (way, worked, time) in &self.rows {
            let Way {
                providers,
                protocols,
                features: _,
            } = way;
            let word = if *worked { "ok" } else { "FAILED" };
            let time = seconds(*time);
            writeln!(f, "{providers:<14} {protocols:<9} {word:<6} {time:>9}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_is_made_with_and_without_http2() {
        for pair in WAYS.chunks(2) {
            let [plain, http2] = pair else {
                panic!("a way without its other half");
            };
            assert_eq!(plain.providers, http2.providers);
            assert_eq!((plain.protocols, http2.protocols), ("h1", "h1+h2"));
            let expected = format!("{},http2", plain.features);
            assert_eq!(http2.features, expected.trim_start_matches(','));
        }
    }

    #[test]
    fn the_table_tells_what_failed() {
        let rows = vec![
            (&WAYS[1], true, Duration::from_millis(1_260)),
            (&WAYS[6], false, Duration::from_secs(100)),
        ];
        assert_eq!(
            Table { rows }.to_string(),
            "\
providers      protocols result      time
ring           h1+h2     ok         1.2 s
none, own TLS  h1        FAILED   100.0 s
"
        );
    }
}
