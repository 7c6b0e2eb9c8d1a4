//! A server that is down for a minute: repetitions must not become a storm of their own, and calls
//! must go well again as soon as the server does. In virtual time, 200 calls a second.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::http::Uri;
use accredit_transport::observe::AttemptEvent;
use accredit_transport::{CallOptions, Client, Observer, Token};
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::simulation::{Kind, call};
use crate::wire::{Wire, reply};

const PER_SECOND: u32 = 200;
const BEFORE: Duration = Duration::from_secs(2);
const OUTAGE: Duration = Duration::from_secs(60);
const AFTER: Duration = Duration::from_secs(3);

/// How a server is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Down {
    /// Nobody listens.
    Refused,
    /// Packets vanish.
    Vanished,
    /// Connections are made and closed.
    Closed,
    /// Every request is answered with this.
    Status(u16, &'static str),
    /// Every second request is.
    Half(u16),
}

/// A server that can be down.
struct Server {
    down: watch::Sender<Option<Down>>,
    requests: AtomicU64,
}

impl Server {
    async fn connect(self: Arc<Self>) -> io::Result<DuplexStream> {
        let down = *self.down.borrow();
        match down {
            Some(Down::Refused) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Down::Vanished) => std::future::pending().await,
            _ => {}
        }
        let (ours, theirs) = tokio::io::duplex(4096);
        tokio::spawn(self.serve(Wire::new(ours)));
        Ok(theirs)
    }

    async fn serve(self: Arc<Self>, mut wire: Wire<DuplexStream>) {
        let mut changes = self.down.subscribe();
        loop {
            let head = tokio::select! {
                // A machine that goes down takes its connections along.
                _ = changes.changed() => return,
                head = wire.head() => head,
            };
            let Some(head) = head else { return };
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            // A server at work: not at once, so that calls overlap.
            sleep(Duration::from_millis(20)).await;
            let down = *self.down.borrow();
            let good = || reply(200, "", &format!("\"call {}\"", head.target()));
            let answer = match down {
                None => good(),
                Some(Down::Half(status)) if number.is_multiple_of(2) => reply(status, "", "{}"),
                Some(Down::Half(_)) => good(),
                Some(Down::Status(status, headers)) => reply(status, headers, "{}"),
                Some(Down::Refused | Down::Vanished | Down::Closed) => return,
            };
            if !wire.send(answer).await {
                return;
            }
        }
    }
}

/// Counts attempts.
#[derive(Clone, Default)]
pub(crate) struct Attempts(Arc<AtomicU64>);

impl Attempts {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Observer for Attempts {
    fn attempt_ended(&self, _: &AttemptEvent<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What was measured of one outage.
#[derive(Debug)]
struct Measured {
    /// Calls that were made while the server was down, and attempts in that time.
    calls: u64,
    attempts: u64,
    /// Calls that were made in the two seconds after it, and how many of them went well.
    healed: u64,
    good: u64,
    /// When the last call failed, since the end of the outage.
    last_failure: Duration,
    /// Failures before the outage.
    failed_before: u64,
}

impl Measured {
    /// Attempts for a thousand calls.
    fn amplification(&self) -> u64 {
        self.attempts * 1000 / self.calls
    }
}

async fn measure(down: Down) -> Measured {
    let server = Arc::new(Server {
        down: watch::Sender::new(None),
        requests: AtomicU64::new(0),
    });
    let attempts = Attempts::default();
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .observer(attempts.clone())
        .connector({
            let server = Arc::clone(&server);
            tower::service_fn(move |_: Uri| Arc::clone(&server).connect())
        })
        .build()
        .unwrap();
    let start = Instant::now();
    // When each call was made, and whether it went well.
    let ends = Arc::new(Mutex::new(Vec::new()));
    let calls = (BEFORE + OUTAGE + AFTER).as_millis() / 1000 * u128::from(PER_SECOND);
    let pause = Duration::from_secs(1) / PER_SECOND;
    let (mut before, mut during) = (0, 0);
    let mut running = Vec::new();
    for number in 0..u32::try_from(calls).unwrap() {
        let at = pause * number;
        sleep_until(start + at).await;
        if at == BEFORE {
            before = attempts.count();
            server.down.send_replace(Some(down));
        } else if at == BEFORE + OUTAGE {
            during = attempts.count() - before;
            server.down.send_replace(None);
        }
        let (client, ends) = (client.clone(), Arc::clone(&ends));
        running.push(tokio::spawn(async move {
            let kind = if number % 5 == 0 {
                Kind::Create
            } else {
                Kind::Read
            };
            let options = CallOptions::new();
            let good = call(&client, kind, number as usize, 100, &options)
                .await
                .is_ok();
            ends.lock().unwrap().push((at, start.elapsed(), good));
        }));
    }
    for call in running {
        call.await.unwrap();
    }
    let heal = BEFORE + OUTAGE;
    let ends = ends.lock().unwrap();
    let made = |from, to| ends.iter().filter(move |(at, ..)| (from..to).contains(at));
    let count = |ends: usize| ends as u64;
    let healed = || made(heal, heal + Duration::from_secs(2));
    Measured {
        calls: count(made(BEFORE, heal).count()),
        attempts: during,
        healed: count(healed().count()),
        good: count(healed().filter(|(.., good)| *good).count()),
        last_failure: made(heal, heal + AFTER)
            .filter(|(.., good)| !good)
            .map(|(_, ended, _)| ended.saturating_sub(heal))
            .max()
            .unwrap_or_default(),
        // The last ones were under way when it went down.
        failed_before: count(
            made(Duration::ZERO, BEFORE - Duration::from_millis(50))
                .filter(|(.., good)| !good)
                .count(),
        ),
    }
}

/// Outages, and the most attempts that a thousand calls may make in each.
const OUTAGES: [(Down, u64); 10] = [
    (Down::Refused, 1100),
    (Down::Status(503, ""), 1100),
    (Down::Status(429, "retry-after: 1\r\n"), 1100),
    (Down::Vanished, 1100),
    (Down::Closed, 1100),
    (Down::Status(503, "retry-after: 2\r\n"), 1100),
    (Down::Status(500, ""), 1100),
    (Down::Status(429, ""), 1100),
    // No total outage: every other request goes well and earns a token, 14 pay for a repetition
    // and 5 for one after a 429.
    (Down::Half(503), 1100),
    (Down::Half(429), 1150),
];

#[tokio::test(start_paused = true)]
async fn an_outage_is_no_storm_and_its_end_is_noticed() {
    println!(
        "outage of 60 s at {PER_SECOND} calls/s: attempts per 1,000 calls, then good of those in 2 s after it"
    );
    // An unoptimised build takes seconds for each; `cargo xtask simulate` measures all of them.
    let count = if cfg!(debug_assertions) {
        1
    } else {
        OUTAGES.len()
    };
    for (down, most) in OUTAGES.into_iter().take(count) {
        let measured = measure(down).await;
        let amplification = measured.amplification();
        println!(
            "  {:<38} {amplification:>5}   {}/{} last failure {:?}",
            format!("{down:?}"),
            measured.good,
            measured.healed,
            measured.last_failure,
        );
        assert_eq!(measured.failed_before, 0, "{down:?}");
        assert_eq!(measured.calls, 60 * u64::from(PER_SECOND));
        assert!(
            (900..=most).contains(&amplification),
            "{down:?} {measured:?}"
        );
        assert!(measured.healed == 2 * u64::from(PER_SECOND), "{measured:?}");
        assert!(
            measured.good * 100 >= measured.healed * 99,
            "{down:?} {measured:?}"
        );
    }
}

/// What the budget is for: without it, the same outage is three times the traffic.
#[tokio::test(start_paused = true)]
async fn without_a_budget_an_outage_would_be_a_storm() {
    use accredit_transport::RetryPolicy;

    let attempts = Attempts::default();
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .observer(attempts.clone())
        .retry(RetryPolicy::default().no_budget())
        .connector(tower::service_fn(|_: Uri| async {
            Err::<DuplexStream, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
        }))
        .build()
        .unwrap();
    for number in 0..100 {
        let options = CallOptions::new();
        let result = call(&client, Kind::Read, number, 0, &options).await;
        assert!(result.is_err());
    }
    assert_eq!(attempts.count(), 300);
}
