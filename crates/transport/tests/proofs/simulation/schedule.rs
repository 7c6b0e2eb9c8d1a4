//! What a seed stands for: the client's settings, the calls, and how bad the day of the server is.

use std::time::Duration;

use super::rng::Rng;

/// One run: some calls of one client against one server.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) client: Settings,
    pub(crate) calls: Vec<Plan>,
    /// How often in a hundred connections and requests go well.
    pub(crate) health: u64,
    pub(crate) tokens: Tokens,
}

/// The settings of the client.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) attempts: u32,
    pub(crate) base: Duration,
    pub(crate) cap: Duration,
    pub(crate) budget: Option<u32>,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) attempt: Duration,
    /// Unsafe by intent, to see that the checks notice: a 503 is taken for a refusal.
    pub(crate) trusts_503: bool,
}

/// Where tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// One for good: a 401 is final.
    Fixed,
    /// A session, whose logins take a while.
    Session,
    /// The same, and now and then a login fails or hangs.
    Moody,
    /// A login for every call that has no token.
    Simple,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) at: Duration,
    pub(crate) operation: Kind,
    /// The length of the body of a write.
    pub(crate) length: usize,
    pub(crate) deadline: Duration,
    /// The deadline that the client is told, if it is another: to see that the checks notice.
    pub(crate) told: Option<Duration>,
    pub(crate) attempts: Option<u32>,
    /// When its future is dropped.
    pub(crate) dropped: Option<Duration>,
}

/// An operation of each class, and one that lies about its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Read,
    Check,
    Create,
    Fire,
    Mislabelled,
}

impl Kind {
    /// Whether running it twice does harm, whatever its class says.
    pub(crate) const fn is_unsafe(self) -> bool {
        matches!(self, Self::Create | Self::Fire | Self::Mislabelled)
    }
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = &mut Rng::new(seed);
        let attempts = rng.pick(&[1, 2, 3, 3, 3, 5, 8]);
        let client = Settings {
            attempts,
            base: rng.pick(&[0, 10, 100, 100, 2000]).milliseconds(),
            cap: rng.pick(&[50, 5000, 5000]).milliseconds(),
            budget: rng.pick(&[None, Some(0), Some(40), Some(500), Some(500)]),
            connect: rng.pick(&[100, 3000, 3000]).milliseconds(),
            first_byte: rng.pick(&[300, 5000, 20_000]).milliseconds(),
            attempt: rng.pick(&[500, 8000, 30_000]).milliseconds(),
            trusts_503: false,
        };
        let calls = (0..=rng.below(8)).map(|_| Plan::draw(rng)).collect();
        Self {
            seed,
            client,
            calls,
            health: rng.pick(&[5, 30, 50, 70, 90]),
            tokens: rng.pick(&[
                Tokens::Fixed,
                Tokens::Session,
                Tokens::Moody,
                Tokens::Simple,
            ]),
        }
    }
}

impl Plan {
    fn draw(rng: &mut Rng) -> Self {
        Self {
            // Some together, some one after the other over the connections of those before.
            at: if rng.percent(30) {
                Duration::ZERO
            } else {
                rng.time(30_000)
            },
            operation: rng.pick(&[
                Kind::Read,
                Kind::Check,
                Kind::Create,
                Kind::Create,
                Kind::Create,
                Kind::Fire,
            ]),
            length: rng.pick(&[0, 20, 20, 300, 3000, 20_000]),
            deadline: match rng.below(4) {
                0 => Duration::from_millis(1) + rng.time(3000),
                1 => rng.time(10_000),
                2 => Duration::from_secs(10),
                _ => Duration::from_secs(60),
            },
            told: None,
            attempts: rng.pick(&[None, None, None, Some(1), Some(2), Some(4)]),
            dropped: if rng.percent(6) {
                Some(rng.time(4000))
            } else {
                None
            },
        }
    }
}

/// Numbers as times, for tables.
trait Milliseconds {
    fn milliseconds(self) -> Duration;
}

impl Milliseconds for u64 {
    fn milliseconds(self) -> Duration {
        Duration::from_millis(self)
    }
}
