//! Whether there is a clock. Bare WebAssembly has none: std's clocks and tokio's timers panic
//! there.

use tokio::time::Instant;

/// Whether time can be measured and waited for.
pub(crate) const EXISTS: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Now, by the clock that tests can pause.
pub(crate) fn now() -> Option<Instant> {
    EXISTS.then(Instant::now)
}
