//! The books of a run: what the client says of each write, and what the sandbox really did, by its own log of requests.
//! What a probe sees is no part of the latter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use accredit_thirdparty::Client;
use accredit_thirdparty::transport::http::{HeaderName, HeaderValue, Method, Request};
use accredit_thirdparty::transport::{Body, CallOptions, Operation};
use serde_json::Value;

/// The header that numbers a write for [`tagged`].
pub(super) const NUMBER: HeaderName = HeaderName::from_static("x-write-number");

/// Moves the number of a write into its query, where the sandbox's log shows it. The reads of its probe lose it.
pub(super) fn tagged(mut request: Request<Body>) -> Request<Body> {
    let number = request.headers_mut().remove(NUMBER);
    if let Some(number) = number.filter(|_| request.method() == Method::POST) {
        let tagged = format!("{}?write={}", request.uri(), number.to_str().unwrap());
        *request.uri_mut() = tagged.parse().unwrap();
    }
    request
}

/// What the service shows of a write that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// Enough to tell that it ran.
    Plain,
    /// Nothing, since there is nothing to tell: whether it runs never, once or twice is the same.
    Same,
    /// Nothing, or what something else may have left: those of which `reconcile` says so.
    None,
}

/// What a client says of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Answered,
    Applied,
    NotApplied,
    Ambiguous,
}

/// What was said of some writes, and how much of that was false.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) writes: u64,
    answered: u64,
    pub(super) applied: u64,
    pub(super) not_applied: u64,
    pub(super) ambiguous: u64,
    pub(super) wrong: u64,
    pub(super) doubled: u64,
}

impl Count {
    pub(super) fn unknown(&self) -> u64 {
        self.resolved() + self.ambiguous
    }

    pub(super) fn resolved(&self) -> u64 {
        self.applied + self.not_applied
    }

    fn add(&mut self, other: &Self) {
        self.writes += other.writes;
        self.answered += other.answered;
        self.applied += other.applied;
        self.not_applied += other.not_applied;
        self.ambiguous += other.ambiguous;
        self.wrong += other.wrong;
        self.doubled += other.doubled;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} unknown outcomes of {} writes: {} applied, {} not applied, {} ambiguous; {} wrong, {} doubled",
            self.unknown(),
            self.writes,
            self.applied,
            self.not_applied,
            self.ambiguous,
            self.wrong,
            self.doubled
        )
    }
}

/// All books together.
#[derive(Debug)]
pub(super) struct Ledger {
    /// No fault hits what it sends.
    observer: Client,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    last_number: u64,
    counts: BTreeMap<&'static str, (Option<Trace>, Count)>,
    /// Types and operations.
    exercised: BTreeSet<(&'static str, &'static str)>,
    /// The ids that answers and probes named, by operation.
    claimed: BTreeMap<&'static str, Vec<u64>>,
    /// The last request of the log that is noted here.
    last_request: u64,
    /// How often each write was carried out.
    carried_out: BTreeMap<u64, u64>,
    late: u64,
    rivals: u64,
}

impl Ledger {
    /// `observer` has logged in already.
    pub(super) fn new(observer: Client) -> Self {
        Self {
            observer,
            books: Mutex::default(),
        }
    }

    /// A new write: its number.
    pub(super) fn begin<O>(
        &self,
        label: &'static str,
        trace: Trace,
        operation: &'static str,
    ) -> u64 {
        let mut books = self.books();
        books.last_number += 1;
        books
            .exercised
            .insert((std::any::type_name::<O>(), operation));
        let (kind, count) = books.counts.entry(label).or_default();
        *kind = Some(trace);
        count.writes += 1;
        books.last_number
    }

    /// Writes down what is said of a write, and whether it is true.
    pub(super) async fn note(&self, label: &'static str, number: u64, word: Word) {
        self.read_log().await;
        let mut books = self.books();
        let ran = books.carried_out.get(&number).copied().unwrap_or_default();
        let (trace, count) = books.counts.get_mut(label).unwrap();
        let (did_run, did_nothing) = match trace {
            // To say that something was changed would be false, and nothing that ran is lost.
            Some(Trace::Same) => (false, true),
            _ => (ran > 0, ran == 0),
        };
        let is_true = match word {
            Word::Answered => ran > 0,
            Word::Applied => did_run,
            Word::NotApplied => did_nothing,
            Word::Ambiguous => true,
        };
        count.wrong += u64::from(!is_true);
        // A doubled write is noted once, when it is over.
        let is_twice = ran > 1 && *trace != Some(Trace::Same) && word != Word::NotApplied;
        count.doubled += u64::from(is_twice);
        let said = match word {
            Word::Answered => &mut count.answered,
            Word::Applied => &mut count.applied,
            Word::NotApplied => &mut count.not_applied,
            Word::Ambiguous => &mut count.ambiguous,
        };
        *said += 1;
    }

    /// Whether the sandbox has carried out a write.
    pub(super) async fn has_run(&self, number: u64) -> bool {
        self.read_log().await;
        self.books().carried_out.contains_key(&number)
    }

    /// Carries out a write for certain: one of that number that arrives late, or somebody else's.
    pub(super) async fn land<O: Operation>(&self, write: &O, number: Option<u64>) -> O::Output {
        let no_fault = HeaderValue::from_static("latency; ms=0");
        let mut options = CallOptions::new();
        options = options.header(HeaderName::from_static("x-sandbox-fault"), no_fault);
        match number {
            Some(number) => {
                options = options.header(NUMBER, number.into());
                self.books().late += 1;
            }
            None => self.books().rivals += 1,
        }
        self.observer.execute_with(write, &options).await.unwrap()
    }

    /// How many writes were late, and how many somebody else's.
    pub(super) fn landed(&self) -> (u64, u64) {
        let books = self.books();
        (books.late, books.rivals)
    }

    pub(super) fn claim(&self, operation: &'static str, id: u64) {
        self.books().claimed.entry(operation).or_default().push(id);
    }

    /// The ids that were named, in order.
    pub(super) fn claimed(&self, operation: &str) -> Vec<u64> {
        let mut ids = self.books().claimed[operation].clone();
        ids.sort_unstable();
        ids
    }

    /// What was said of the writes that leave such a trace.
    pub(super) fn total(&self, matches: impl Fn(Trace) -> bool) -> Count {
        let mut total = Count::default();
        for (trace, count) in self.books().counts.values() {
            if trace.is_some_and(&matches) {
                total.add(count);
            }
        }
        total
    }

    pub(super) fn print(&self) {
        for (label, (_, count)) in &self.books().counts {
            println!("{label}: {count}");
        }
    }

    /// The types of the writes there were.
    pub(super) fn types(&self) -> BTreeSet<&'static str> {
        self.books().exercised.iter().map(|both| both.0).collect()
    }

    /// Their operations.
    pub(super) fn operations(&self) -> BTreeSet<String> {
        let books = self.books();
        let names = books.exercised.iter().map(|both| both.1.to_owned());
        names.collect()
    }

    /// Notes what the sandbox has carried out since it was asked last. It keeps some requests only: none may be missed.
    async fn read_log(&self) {
        let last = self.books().last_request;
        let path = format!("/_sandbox/requests?after={last}");
        let request = Request::get(path).body(()).unwrap();
        let reply = self.observer.transport().send(request).await.unwrap();
        let entries: Vec<Value> = serde_json::from_slice(&reply.body).unwrap();
        let mut books = self.books();
        for entry in entries {
            let id = entry["id"].as_u64().unwrap();
            // Somebody else has asked meanwhile.
            if id <= books.last_request {
                continue;
            }
            assert_eq!(id, books.last_request + 1, "requests fell out of the log");
            books.last_request = id;
            // What reached the client may be another status, or nothing.
            let status = match &entry["fault"] {
                Value::Null => &entry["status"],
                fault => &fault["call_status"],
            };
            let ran = status.as_u64().is_some_and(|status| status < 300);
            let target = entry["target"].as_str().unwrap();
            if let Some((_, number)) = target.split_once("?write=").filter(|_| ran) {
                let number = number.parse().unwrap();
                *books.carried_out.entry(number).or_default() += 1;
            }
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }
}
