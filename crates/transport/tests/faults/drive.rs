//! One run: a fault against one class, with a runtime, a server and a client of its own.
//!
//! Everything of a run is on one thread, so that its order does not depend on the machine's load.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use accredit_transport::http::Uri;
use accredit_transport::{
    CallOptions, Client, Error, ErrorKind, RetryClass, RetryPolicy, TimeoutPhase, TlsRoots, Token,
};
use tokio::time::Instant;

use crate::expect::{Expect, Outcome, seconds};
use crate::fault::{Act, Fault, Place, Tokens};
use crate::operations::{self, Form, Renewed};
use crate::script::cut;
use crate::server::{AUTHORITY, Recorded, Seen, Server, advance, settle};

/// How long a run may take in real time before it counts as stuck: long enough for a machine that is
/// busy, and short once one was stuck, since a client that is broken leaves hundreds so.
const STUCK: [Duration; 2] = [Duration::from_secs(10), Duration::from_millis(500)];

/// Whether a run was stuck.
static WAS_STUCK: AtomicBool = AtomicBool::new(false);

/// The deadline of a call that the fault does not set.
const DEADLINE: Duration = seconds(60);

/// What became of a run.
pub(crate) struct Ran {
    pub(crate) class: RetryClass,
    pub(crate) expected: Expect,
    pub(crate) got: Expect,
    /// What did not go by the script, and checks that failed.
    pub(crate) failures: Vec<String>,
    /// How long after its deadline a call came back, at most; `None` if none did.
    pub(crate) late: Option<Duration>,
    /// Whether the clock stood still.
    pub(crate) held: bool,
}

impl Ran {
    pub(crate) fn is_exact(&self) -> bool {
        self.failures.is_empty() && self.expected == self.got
    }
}

pub(crate) fn run(fault: &Fault, class: RetryClass) -> Ran {
    let held = fault.is_held();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(held)
        // Tasks run in the order in which they were woken; the sockets are asked when all wait.
        .event_interval(1_000_000)
        .build()
        .unwrap();
    let expected = fault.expected(class);
    let script = cut(
        &fault.script,
        expected.requests,
        expected.connections.unwrap_or_default(),
    );
    let (calls, seen, late) = runtime.block_on(async {
        let mut caller = Caller::new(fault, class, Server::bind(script));
        // Counts real time. While it runs, a paused clock does not move by itself, either.
        let (end, ended) = mpsc::channel::<()>();
        let watch = tokio::task::spawn_blocking(move || {
            let patience = STUCK[usize::from(WAS_STUCK.load(Ordering::Relaxed))];
            ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout)
        });
        let stuck = tokio::select! {
            biased;
            () = caller.run() => false,
            stuck = watch => stuck.unwrap(),
        };
        drop(end);
        if stuck {
            WAS_STUCK.store(true, Ordering::Relaxed);
            let mut seen = Seen::default();
            let progress = caller.server.progress();
            seen.failures
                .push(format!("stuck at act {}; {progress}", caller.at));
            return (caller.calls, seen, caller.late);
        }
        (caller.calls, caller.seen, caller.late)
    });
    runtime.shutdown_background();
    let mut failures = seen.failures;
    if let Some(check) = fault.check
        && let Err(reason) = check(&seen.requests)
    {
        failures.push(reason);
    }
    failures.extend(unlike(&seen.requests, calls.len()));
    let mut outcomes = Vec::new();
    for Called { outcome, error } in calls {
        failures.extend(error.as_ref().and_then(|error| inconsistency(error, fault)));
        outcomes.push(outcome);
    }
    Ran {
        class,
        expected,
        got: Expect {
            calls: outcomes,
            requests: seen.requests.len(),
            connections: Some(seen.connections),
        },
        failures,
        late,
        held,
    }
}

/// What must hold for the requests of every run: a call has one id, and repeats the same request but
/// for its token.
pub(crate) fn unlike(requests: &[Recorded], calls: usize) -> Option<String> {
    let mut firsts: BTreeMap<&str, (Vec<&str>, &[u8])> = BTreeMap::new();
    for request in requests {
        let header = |name: &str| {
            request
                .head
                .lines()
                .find_map(|line| line.strip_prefix(name))
        };
        let Some(id) = header("x-request-id: ") else {
            return Some(format!("{request:?} has no id"));
        };
        let lines = request.head.lines();
        let lines = lines.filter(|line| !line.starts_with("authorization: "));
        let this = (lines.collect(), request.body.as_slice());
        let first = firsts.entry(id).or_insert_with(|| this.clone());
        if *first != this {
            return Some(format!("{request:?} is not the request that it repeats"));
        }
    }
    (firsts.len() > calls).then(|| format!("{} ids for {calls} calls", firsts.len()))
}

/// What must hold for every error, whatever it is.
fn inconsistency(error: &Error, fault: &Fault) -> Option<String> {
    let log = error.attempt_log();
    // An attempt that was still under way, and a reply that came whole, are no failed attempts.
    let unfinished = matches!(
        error.reason(),
        ErrorKind::Timeout(TimeoutPhase::Operation) | ErrorKind::Decode | ErrorKind::Refused
    );
    let failed = error.attempts().saturating_sub(u32::from(unfinished));
    // An attempt that waits for a token is none that was sent, and one that gave a download its head
    // has not failed.
    let other = matches!(fault.tokens, Tokens::Until(_)) || fault.form == Form::Download;
    if !log.iter().map(|attempt| attempt.number).eq(1..=failed) && !other {
        return Some(format!("{failed} attempts failed, and the log is {log:?}"));
    }
    let text = format!("{error} {error:?} {log:?}");
    ["canary", "epoch-"]
        .iter()
        .find(|secret| text.contains(**secret))
        .map(|secret| format!("the error shows the token: {secret}"))
}

struct Called {
    outcome: Outcome,
    error: Option<Error>,
}

/// The caller's side of a run.
struct Caller<'a> {
    fault: &'a Fault,
    class: RetryClass,
    server: Server,
    calls: Vec<Called>,
    seen: Seen,
    late: Option<Duration>,
    /// The act under way.
    at: usize,
}

impl<'a> Caller<'a> {
    fn new(fault: &'a Fault, class: RetryClass, mut server: Server) -> Self {
        if fault.place != Place::Deaf {
            server.listen();
        }
        Self {
            fault,
            class,
            server,
            calls: Vec::new(),
            seen: Seen::default(),
            late: None,
            at: 0,
        }
    }

    fn client(&self) -> Client {
        let fault = self.fault;
        let address = self.server.address();
        let base = match fault.place {
            Place::Plain | Place::Deaf => format!("http://{address}"),
            Place::Tls | Place::Untrusted => format!("https://{address}"),
            // Longer than a label can be: no resolver has to be asked.
            Place::Nowhere => format!("https://{}.test", "x".repeat(64)),
        };
        let policy = RetryPolicy::default()
            .base(Duration::from_millis(1))
            .cap(Duration::from_millis(2))
            .seed(1);
        let builder = Client::builder()
            .base_uri(base)
            .allow_insecure_loopback(true)
            .tls_roots(match fault.place {
                Place::Tls => TlsRoots::None,
                _ => TlsRoots::Bundled,
            })
            .deadline(fault.deadline.unwrap_or(DEADLINE))
            .retry((fault.policy)(policy));
        let builder = match fault.place {
            Place::Tls => builder.root_certificates_pem(&AUTHORITY.pem),
            _ => builder,
        };
        let builder = match fault.tokens {
            Tokens::ForGood => builder.token(Token::new("Token", "canary").unwrap()),
            Tokens::Renewed => builder.token_source(Renewed::default()),
            Tokens::Until(stall) => builder.token_source(Renewed::until(stall)),
        };
        (fault.builder)(builder).build().unwrap()
    }

    async fn run(&mut self) {
        let client = self.client();
        let mut started = Vec::new();
        for (at, act) in self.fault.acts.iter().enumerate() {
            self.at = at;
            match *act {
                Act::Call => {
                    settle().await;
                    let called = self.call(&client).await;
                    self.keep(called);
                }
                Act::CallAtOnce => {
                    let called = self.call(&client).await;
                    self.keep(called);
                }
                Act::Together(count) => {
                    let calls: Vec<_> = (0..count)
                        .map(|_| tokio::spawn(self.call(&client)))
                        .collect();
                    for call in calls {
                        let called = call.await.unwrap();
                        self.keep(called);
                    }
                }
                Act::Start => started.push(tokio::spawn(self.call(&client))),
                Act::Finish => {
                    let called = started.remove(0).await.unwrap();
                    self.keep(called);
                }
                Act::DropAt(gate) => {
                    let called = tokio::select! {
                        biased;
                        called = self.call(&client) => called,
                        () = async {
                            self.server.gates().wait(gate, 1).await;
                            settle().await;
                        } => {
                            let outcome = Outcome::Dropped;
                            (Called { outcome, error: None }, Duration::ZERO)
                        }
                    };
                    self.keep(called);
                }
                Act::CallForeign => {
                    let called = self.call_as(&client, Form::Foreign).await;
                    self.keep(called);
                }
                Act::Open(gate) => self.server.gates().open(gate),
                Act::Wait(gate) => self.server.gates().wait(gate, 1).await,
                Act::Listen => self.server.listen(),
                Act::SpringTrap => self.server.spring_trap(),
                Act::Settle => settle().await,
                Act::Advance(time) => advance(time).await,
            }
        }
        drop(client);
        self.seen = self.server.finish().await;
    }

    fn call(&self, client: &Client) -> impl Future<Output = (Called, Duration)> + Send + 'static {
        self.call_as(client, self.fault.form)
    }

    fn call_as(
        &self,
        client: &Client,
        form: Form,
    ) -> impl Future<Output = (Called, Duration)> + Send + 'static {
        let foreign: Uri = format!("{}/notes/", self.server.trap()).parse().unwrap();
        let options = (self.fault.options)(CallOptions::new());
        let call = operations::call(client.clone(), self.class, form, options, foreign);
        async move {
            let start = Instant::now();
            let (outcome, error) = call.await;
            (Called { outcome, error }, start.elapsed())
        }
    }

    fn keep(&mut self, (called, took): (Called, Duration)) {
        self.calls.push(called);
        let late = took.checked_sub(self.fault.deadline.unwrap_or(DEADLINE));
        self.late = self.late.max(late);
    }
}
