//! Whether there is a clock, and what it and the server's show. Bare WebAssembly has none: std's
//! clocks and tokio's timers panic there.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;
use tokio::time::Instant;

/// Whether time can be measured and waited for.
pub(crate) const EXISTS: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Now, by the clock that tests can pause.
pub(crate) fn now() -> Option<Instant> {
    EXISTS.then(Instant::now)
}

/// How long ago that was; zero where there is no clock.
pub(crate) fn since(started: Option<Instant>) -> Duration {
    started.map_or(Duration::ZERO, |started| started.elapsed())
}

/// A limit that holds unless it is set: none where there is no clock.
pub(crate) fn default_limit(seconds: u64) -> Option<Duration> {
    EXISTS.then(|| Duration::from_secs(seconds))
}

/// Now, by the calendar of this machine, which may be wrong by hours.
pub(crate) fn wall() -> Option<SystemTime> {
    EXISTS.then(SystemTime::now)
}

/// Now, by the calendar of the server: the `Date` of a reply that has just come.
pub(crate) fn of_server(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}
