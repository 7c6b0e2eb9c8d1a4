//! What a validating Prism says of the exchanges that go through it.

use crate::error::{Error, Result};

/// A call came in; what follows, up to the next, is about it.
const CALL: &str = "Request received";
/// A part of it, or of its answer, is not as the document says.
const VIOLATION: &str = "Violation: ";
/// There is no answer of the service's.
const TERMINATED: &str = "Request terminated with error";
/// A line of Prism's own log got lost.
const LOST: &str = "Invalid JSON and unable to correct";

/// Whether a line tells of a call to this path.
pub(super) fn is_call(line: &str, path: &str) -> bool {
    line.trim_end().ends_with(CALL) && line.split(' ').any(|word| word == path)
}

/// What went through a proxy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) exchanges: usize,
    /// Each with the call that it is about.
    pub(super) violations: Vec<String>,
}

impl Seen {
    /// Reads lines of the log. What stands before the first call is about an earlier one.
    pub(super) fn read(lines: &[String]) -> Self {
        let mut seen = Self::default();
        let mut call = None;
        for line in lines {
            if let Some((before, _)) = line.split_once(CALL) {
                seen.exchanges += 1;
                // `[time] › [HTTP SERVER] get /path ℹ  info`
                let words = before.split("] ").last().unwrap_or_default();
                let words: Vec<&str> = words.split_whitespace().take(2).collect();
                call = Some(words.join(" "));
            }
            let Some(call) = &call else { continue };
            let found = [VIOLATION, TERMINATED, LOST].iter().find_map(|sign| {
                let place = line.find(sign)?;
                line.get(place..)
            });
            if let Some(found) = found {
                let found = found.strip_prefix(VIOLATION).unwrap_or(found);
                seen.violations.push(format!("{call}: {found}"));
            }
        }
        seen
    }

    /// Passes when something went through and all of it was as the document says.
    ///
    /// # Errors
    ///
    /// When nothing went through, and when something of it was not.
    pub(super) fn passed(&self) -> Result<()> {
        if self.exchanges == 0 {
            return Err(Error::new("no exchange went through the proxy"));
        }
        if self.violations.is_empty() {
            return Ok(());
        }
        let list = self.violations.join("\n  ");
        let count = self.violations.len();
        Err(Error::new(format!("{count} violations\n  {list}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const GOOD: &str = "\
[3:22:59 PM] › [HTTP SERVER] post /api/v1/users/3444/verification_requests ℹ  info      Request received
[3:22:59 PM] ›     [PROXY] ℹ  info      > Forwarding \"post\" request to http://127.0.0.1:4110/api/v1/users/3444/verification_requests...
[3:22:59 PM] ›     [PROXY] ℹ  info      The upstream call to /api/v1/users/3444/verification_requests has returned 201
[3:22:59 PM] ›     [PROXY] ℹ  info      < Received forward response";

    #[test]
    fn a_clean_log_passes_and_an_empty_one_does_not() {
        let seen = Seen::read(&lines(&format!("{GOOD}\n{GOOD}")));
        assert_eq!(seen.exchanges, 2);
        seen.passed().unwrap();
        let error = Seen::read(&[]).passed().unwrap_err().to_string();
        assert_eq!(error, "no exchange went through the proxy");
    }

    #[test]
    fn every_sign_of_trouble_is_a_violation_of_its_call() {
        let call = "[3:23:30 PM] › [HTTP SERVER] get /api/v1/users ℹ  info      Request received";
        for (line, expected) in [
            (
                "[3:23:30 PM] ›     [VALIDATOR] ✖  error     Violation: response.body.0.id Response body property 0.id must be integer",
                "get /api/v1/users: response.body.0.id Response body property 0.id must be integer",
            ),
            (
                "[3:20:12 PM] ›     [VALIDATOR] ⚠  warning   Violation: request Selected route not found",
                "get /api/v1/users: request Selected route not found",
            ),
            (
                "[3:20:12 PM] › [HTTP SERVER] get /api/v1/users ✖  error     Request terminated with error: FetchError",
                "get /api/v1/users: Request terminated with error: FetchError",
            ),
            (
                "[3:20:12 PM] › [CLI] …  awaiting  Invalid JSON and unable to correct",
                "get /api/v1/users: Invalid JSON and unable to correct",
            ),
        ] {
            let seen = Seen::read(&lines(&format!("{GOOD}\n{call}\n{line}\n{GOOD}")));
            assert_eq!(seen.exchanges, 3);
            assert_eq!(seen.violations, [expected]);
            assert!(seen.passed().is_err());
        }
    }

    #[test]
    fn what_is_left_of_an_earlier_call_is_not_counted_again() {
        let late = "[3:20:12 PM] ›     [VALIDATOR] ⚠  warning   Violation: request Selected route not found";
        let seen = Seen::read(&lines(&format!("{late}\n{GOOD}")));
        assert_eq!((seen.exchanges, seen.violations.len()), (1, 0));
    }

    #[test]
    fn a_call_is_known_by_its_whole_path() {
        let call = "[3:23:30 PM] › [HTTP SERVER] get /mark ℹ  info      Request received";
        assert!(is_call(call, "/mark"));
        assert!(!is_call(call, "/mar"));
        assert!(!is_call(
            "[PROXY] The upstream call to /mark has returned 404",
            "/mark"
        ));
    }
}
