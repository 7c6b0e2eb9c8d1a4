//! Whether there is a clock, and what it and the server's show. Bare WebAssembly has none: std's
//! clocks and tokio's timers panic there.

use std::time::SystemTime;

use http::HeaderMap;
use http::header::DATE;
use tokio::time::Instant;

/// Whether time can be measured and waited for.
pub(crate) const EXISTS: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Now, by the clock that tests can pause.
pub(crate) fn now() -> Option<Instant> {
    EXISTS.then(Instant::now)
}

/// Now, by the calendar of this machine, which may be wrong by hours.
pub(crate) fn wall() -> Option<SystemTime> {
    EXISTS.then(SystemTime::now)
}

/// Now, by the calendar of the server: the `Date` of a reply that has just come.
pub(crate) fn of_server(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}
