//! Waiting, for clients that look at something again and again. Decides nothing about when.

use std::time::Duration;

use crate::clock;
use crate::error::{Error, ErrorKind};

/// Waits that long, by the clock that tests can pause.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), accredit_transport::Error> {
/// accredit_transport::pause(std::time::Duration::from_millis(1)).await
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Build`] on a platform without timers.
pub async fn pause(duration: Duration) -> Result<(), Error> {
    if !clock::EXISTS {
        return Err(Error::new(ErrorKind::Build).with_detail("this platform has no timers"));
    }
    tokio::time::sleep(duration).await;
    Ok(())
}
