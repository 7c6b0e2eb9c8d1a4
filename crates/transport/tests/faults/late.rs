//! How late calls come back in real time, on this machine as it is now: measured, not judged. The
//! judged numbers come from clocks that stand still.

use std::time::{Duration, Instant};

use accredit_transport::{CallOptions, Client, RetryPolicy, Token};
use tokio::net::TcpListener;

use crate::operations::{CLASSES, Form, call};

const DEADLINE: Duration = Duration::from_millis(50);

/// Calls of each class, all at once.
const CALLS: usize = 25;

/// Calls a server that takes requests and answers none; how long after its deadline the last call
/// came back, and how many there were.
pub(crate) fn measure() -> (Duration, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // Nobody accepts: the system takes the connections and keeps them waiting.
        let server = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", server.local_addr().unwrap());
        let client = Client::builder()
            .base_uri(&base)
            .allow_insecure_loopback(true)
            .token(Token::new("Token", "canary").unwrap())
            .deadline(DEADLINE)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let calls: Vec<_> = CLASSES
            .iter()
            .flat_map(|class| [*class; CALLS])
            .map(|class| {
                let call = call(
                    client.clone(),
                    class,
                    Form::Document,
                    CallOptions::new(),
                    base.parse().unwrap(),
                );
                tokio::spawn(async move {
                    let start = Instant::now();
                    call.await;
                    start.elapsed().saturating_sub(DEADLINE)
                })
            })
            .collect();
        let count = calls.len();
        let mut latest = Duration::ZERO;
        for call in calls {
            latest = latest.max(call.await.unwrap());
        }
        (latest, count)
    })
}
