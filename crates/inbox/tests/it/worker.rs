//! The worker in paused time, over a source that says what it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_inbox::{
    Change, Clock as _, Handler, HandlerError, Inbox, Look, MemoryStore, Source, SourceError,
    Store as _, Worker,
};
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus as Status};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{at, body, id, receive, tokio_clock};
use crate::suspending::Suspending;

/// A service that is told where requests stand. Clones share it.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    statuses: HashMap<u64, Status>,
    failing: bool,
    /// The list of all requests never comes.
    listless: bool,
    looks: Vec<(u64, Instant)>,
}

impl Service {
    fn set(&self, request: u64, status: Status) {
        self.0.lock().unwrap().statuses.insert(request, status);
    }

    fn remove(&self, request: u64) {
        self.0.lock().unwrap().statuses.remove(&request);
    }

    fn fail(&self, failing: bool) {
        self.0.lock().unwrap().failing = failing;
    }

    fn looks(&self, request: u64) -> Vec<Instant> {
        let state = self.0.lock().unwrap();
        let looks = state.looks.iter().filter(|(id, _)| *id == request);
        looks.map(|(_, at)| *at).collect()
    }
}

#[async_trait::async_trait]
impl Source for Service {
    async fn status(&self, request: VerificationRequestId) -> Result<Option<Status>, SourceError> {
        let mut state = self.0.lock().unwrap();
        state.looks.push((request.get(), Instant::now()));
        if state.failing {
            return Err(SourceError::new("502 Bad Gateway"));
        }
        let status = state.statuses.get(&request.get()).cloned();
        status.map(Some).ok_or_else(SourceError::missing)
    }

    async fn requests(&self) -> Result<Vec<VerificationRequestId>, SourceError> {
        if self.0.lock().unwrap().listless {
            std::future::pending::<()>().await;
        }
        let state = self.0.lock().unwrap();
        if state.failing {
            return Err(SourceError::new("502 Bad Gateway"));
        }
        Ok(state.statuses.keys().map(|request| id(*request)).collect())
    }
}

/// A handler that notes what it is called with, and does what it is told.
#[derive(Clone, Default)]
struct Notes(Arc<NotesState>);

#[derive(Default)]
struct NotesState {
    calls: Mutex<Vec<(String, Instant)>>,
    called: Notify,
    mood: Mutex<Mood>,
    gate: Notify,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Good,
    Failing,
    Panicking,
    Hanging,
    /// Until the gate opens.
    Slow,
}

impl Notes {
    fn mood(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    fn keys(&self) -> Vec<String> {
        let calls = self.0.calls.lock().unwrap();
        calls.iter().map(|(key, _)| key.clone()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        let calls = self.0.calls.lock().unwrap();
        calls.iter().map(|(_, at)| *at).collect()
    }

    /// Waits for so many calls in all; two hours of paused time are no wait at all.
    async fn wait_for(&self, calls: usize) {
        let called = async {
            while self.keys().len() < calls {
                self.0.called.notified().await;
            }
        };
        let limit = Duration::from_secs(2 * 60 * 60);
        let waited = tokio::time::timeout(limit, called).await;
        assert!(waited.is_ok(), "not called: {:?}", self.keys());
    }
}

#[async_trait::async_trait]
impl Handler for Notes {
    async fn handle(&self, change: &Change) -> Result<(), HandlerError> {
        let mood = *self.0.mood.lock().unwrap();
        self.0
            .calls
            .lock()
            .unwrap()
            .push((change.key(), Instant::now()));
        self.0.called.notify_one();
        match mood {
            Mood::Good => Ok(()),
            Mood::Failing => Err("the portal is down".into()),
            Mood::Panicking => panic!("a bug of the portal"),
            Mood::Hanging => std::future::pending().await,
            Mood::Slow => {
                self.0.gate.notified().await;
                Ok(())
            }
        }
    }
}

/// A worker on its own task.
struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(worker: Worker) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let shutdown = async move { drop(stopped.changed().await) };
            worker.run_until(shutdown).await;
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

fn inbox() -> Inbox {
    Inbox::in_memory().clock(tokio_clock())
}

async fn deliver(inbox: &Inbox, request: u64, status: &str) {
    let body = body(request, status);
    receive(inbox, &body).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_a_hint_and_the_service_is_believed() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    service.set(90, Status::InReview);
    deliver(&inbox, 90, "accredited").await;
    let begin = Instant::now();
    notes.wait_for(1).await;
    assert_eq!(notes.keys(), ["90-1-in_review"]);
    assert!(
        begin.elapsed() < Duration::from_millis(10),
        "it is woken, it does not wait for its tick"
    );
    service.set(90, Status::Accredited);
    // An old one again, and out of order: both say nothing and both wake it.
    deliver(&inbox, 90, "waiting_for_review").await;
    notes.wait_for(2).await;
    assert_eq!(notes.keys()[1], "90-2-accredited");
    running.stop().await;
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.pending, stats.waiting, stats.open), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_delivered_is_found_ever_more_rarely() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    service.set(90, Status::InReview);
    assert!(inbox.track(90).await.unwrap());
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    sleep(Duration::from_secs(4 * 60 * 60)).await;
    assert_eq!(notes.keys(), ["90-1-in_review"]);
    let looks = service.looks(90);
    let waits: Vec<_> = looks
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis())
        .collect();
    // After a change and after the first quiet look alike, then doubled; the tick is part of it.
    for (wait, full) in waits
        .iter()
        .zip([60, 60, 120, 240, 480, 900, 900, 900, 900])
    {
        // Half of it goes to jitter at most, and a second of a minute to the tick; timers are exact to a millisecond.
        let full = full * 1000 + 1;
        assert!((full * 59 / 120..=full).contains(wait), "{waits:?}");
    }
    assert!(waits.len() > 15, "{waits:?}");

    service.set(90, Status::Accredited);
    notes.wait_for(2).await;
    let changed = service.looks(90).len();
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(service.looks(90).len(), changed, "an end is not polled");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_lies_behind_is_noted_and_not_handed_on() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    service.set(90, Status::Accredited);
    deliver(&inbox, 90, "accredited").await;
    notes.wait_for(1).await;
    service.set(90, Status::WaitingForReview);
    deliver(&inbox, 90, "waiting_for_review").await;
    sleep(Duration::from_secs(1)).await;
    let known = inbox.request(90).await.unwrap().unwrap();
    assert_eq!(
        (known.status, known.refused),
        (Some(Status::Accredited), Some(Status::WaitingForReview))
    );
    assert_eq!(inbox.stats().await.unwrap().refused, 1);
    assert_eq!(notes.keys().len(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_is_asked_ever_more_rarely_and_loses_nothing() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    service.set(90, Status::Accredited);
    service.fail(true);
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    deliver(&inbox, 90, "accredited").await;
    sleep(Duration::from_secs(2 * 60 * 60)).await;
    let looks = service.looks(90).len();
    assert!((15..=25).contains(&looks), "{looks} looks in two hours");
    let known = inbox.request(90).await.unwrap().unwrap();
    assert_eq!(known.error.as_deref(), Some("502 Bad Gateway"));
    assert_eq!(inbox.stats().await.unwrap().pending, 1);
    service.fail(false);
    sleep(Duration::from_secs(15 * 60 + 2)).await;
    assert_eq!(notes.keys(), ["90-1-accredited"]);
    assert_eq!(inbox.stats().await.unwrap().pending, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn looks_heed_the_rate() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    for request in 1..=100 {
        service.set(request, Status::Accredited);
        inbox.track(request).await.unwrap();
    }
    let begin = Instant::now();
    let worker = inbox
        .worker(service.clone(), notes.clone())
        .looks_per_second(10)
        .parallel(4);
    let running = Running::start(worker);
    notes.wait_for(100).await;
    let took = begin.elapsed();
    assert!(
        (9_000..12_000).contains(&took.as_millis()),
        "{took:?} for a hundred at ten a second"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn looks_at_once_are_no_more_than_those_of_a_second() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    for request in 1..=100 {
        service.set(request, Status::Accredited);
        inbox.track(request).await.unwrap();
    }
    let worker = inbox
        .worker(service, notes.clone())
        .looks_per_second(2)
        .parallel(16);
    let running = Running::start(worker);
    sleep(Duration::from_millis(250)).await;
    assert_eq!(notes.keys().len(), 2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(notes.keys().len(), 4);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_handler_is_asked_again_and_in_the_end_set_aside() {
    for mood in [Mood::Failing, Mood::Panicking, Mood::Hanging] {
        let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
        notes.mood(mood);
        service.set(90, Status::InReview);
        inbox.track(90).await.unwrap();
        let worker = inbox.worker(service.clone(), notes.clone()).attempts(4);
        let running = Running::start(worker.time_limit(Duration::from_secs(2)));
        sleep(Duration::from_secs(60)).await;
        assert_eq!(notes.keys(), ["90-1-in_review"; 4]);
        let times = notes.times();
        let waits: Vec<_> = times
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_millis())
            .collect();
        for (wait, full) in waits.iter().zip([1000, 2000, 4000]) {
            let late = 1000
                + if matches!(mood, Mood::Hanging) {
                    2000
                } else {
                    0
                };
            assert!((full / 2..=full + late).contains(wait), "{waits:?}");
        }
        let aside = inbox.poisoned(10).await.unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!(
            (aside[0].change.key().as_str(), aside[0].attempts),
            ("90-1-in_review", 4)
        );
        let words = match mood {
            Mood::Failing => "the portal is down",
            Mood::Panicking => "the handler panicked",
            _ => "the handler took longer than its time limit",
        };
        assert_eq!(aside[0].error.expose(), words);

        // It holds up neither the next change nor itself once it is revived.
        notes.mood(Mood::Good);
        service.set(90, Status::Accredited);
        deliver(&inbox, 90, "accredited").await;
        notes.wait_for(5).await;
        assert!(inbox.revive(90, 1).await.unwrap());
        notes.wait_for(6).await;
        assert_eq!(notes.keys()[4..], ["90-2-accredited", "90-1-in_review"]);
        running.stop().await;
        let stats = inbox.stats().await.unwrap();
        assert_eq!((stats.waiting, stats.poisoned), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_what_is_under_way_and_begins_nothing() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    notes.mood(Mood::Slow);
    for request in [90, 91] {
        service.set(request, Status::InReview);
        inbox.track(request).await.unwrap();
    }
    let running = Running::start(inbox.worker(service.clone(), notes.clone()).parallel(1));
    // The first change is with the handler, the second one waits behind it.
    sleep(Duration::from_secs(1)).await;
    running.stop.send_replace(true);
    sleep(Duration::from_secs(1)).await;
    assert!(!running.task.is_finished(), "the handler is not done");
    deliver(&inbox, 92, "in_review").await;
    notes.0.gate.notify_one();
    running.task.await.unwrap();
    assert_eq!(notes.keys().len(), 1);
    let stats = inbox.stats().await.unwrap();
    assert_eq!(
        (stats.waiting, stats.due),
        (1, 1),
        "what was not begun is there for the next worker"
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_dropped_anywhere_loses_nothing() {
    let inbox = Inbox::new(Suspending::default()).clock(tokio_clock());
    let (service, notes) = (Service::default(), Notes::default());
    service.set(90, Status::InReview);
    for round in 0..40_u64 {
        let status =
            [Status::InReview, Status::WaitingForReview][usize::from(round % 2 == 0)].clone();
        service.set(90, status.clone());
        deliver(&inbox, 90, status.as_str()).await;
        let worker = inbox.worker(service.clone(), notes.clone());
        let worker = worker
            .time_limit(Duration::from_secs(1))
            .tick(Duration::from_millis(10));
        {
            // Polled a few times more each round, then dropped: at another await point each time.
            let mut run = Box::pin(worker.run_until(std::future::pending()));
            for _ in 0..round {
                let polled = std::future::poll_fn(|context| {
                    let _ = run.as_mut().poll(context);
                    std::task::Poll::Ready(())
                });
                polled.await;
                tokio::task::yield_now().await;
            }
        }
        // The next one takes over what the lease of the last one still held.
        let running = Running::start(worker);
        sleep(Duration::from_secs(5)).await;
        running.stop().await;
        let known = inbox.request(90).await.unwrap().unwrap();
        assert_eq!(known.status, Some(status));
        assert_eq!(known.sequence, round + 1);
        let stats = inbox.stats().await.unwrap();
        assert_eq!((stats.waiting, stats.pending), (0, 0), "round {round}");
    }
    let mut keys = notes.keys();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 40);
}

#[tokio::test(start_paused = true)]
async fn requests_of_others_are_discovered_when_asked_to() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    service.fail(true);
    let worker = inbox.worker(service.clone(), notes.clone());
    let running = Running::start(worker.discover_every(Duration::from_secs(600)));
    sleep(Duration::from_secs(30)).await;
    service.set(90, Status::Accredited);
    service.fail(false);
    notes.wait_for(1).await;
    service.set(91, Status::InReview);
    let begin = Instant::now();
    notes.wait_for(2).await;
    assert!(
        begin.elapsed() <= Duration::from_secs(601),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(notes.keys(), ["90-1-accredited", "91-1-in_review"]);
    for request in 1000..3500 {
        service.set(request, Status::InReview);
    }
    sleep(Duration::from_secs(601)).await;
    assert_eq!(inbox.stats().await.unwrap().open, 2501, "a long list, too");
    running.stop().await;
}

/// A newer version may read what an older one could not: here, one that was stored without its request, behind many that stay
/// what they are.
#[tokio::test(start_paused = true)]
async fn what_can_be_read_now_is_read_when_a_worker_starts() {
    let store = MemoryStore::new();
    let odd = (0..250_u8).map(|number| (number, vec![0xFF, number]));
    for (number, bytes) in odd.chain([(250, body(90, "accredited"))]) {
        let delivery = accredit_inbox::NewDelivery {
            digest: [number; 32],
            body: accredit_verifyinvestor::models::Personal::new(bytes),
            request: None,
        };
        store.accept(delivery, at(0)).await.unwrap();
    }
    let (service, notes) = (Service::default(), Notes::default());
    service.set(90, Status::Accredited);
    let inbox = Inbox::new(store);
    let running = Running::start(inbox.worker(service, notes.clone()));
    notes.wait_for(1).await;
    running.stop().await;
    assert_eq!(notes.keys(), ["90-1-accredited"]);
    assert_eq!(
        inbox.unreadable(1000).await.unwrap().len(),
        250,
        "the others stay"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_there_is_left_alone_until_a_delivery_tells_of_it() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    deliver(&inbox, 90, "in_review").await;
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(service.looks(90).len(), 10);
    service.set(90, Status::InReview);
    deliver(&inbox, 90, "in_review").await;
    notes.wait_for(1).await;
    running.stop().await;
}

/// A token of another account, or one bad day of the service, must not end what was begun.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_seen_is_asked_for_on_and_on() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    service.set(90, Status::InReview);
    inbox.track(90).await.unwrap();
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    notes.wait_for(1).await;
    service.remove(90);
    sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert!(service.looks(90).len() > 90, "every 15 minutes");
    service.set(90, Status::Accredited);
    notes.wait_for(2).await;
    running.stop().await;
}

/// The body of a delivery about nobody's request is personal data all the same.
#[tokio::test(start_paused = true)]
async fn what_was_given_up_is_forgotten_in_time_and_followed_again_when_told_to() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    deliver(&inbox, 90, "in_review").await;
    let running = Running::start(inbox.worker(service.clone(), notes.clone()));
    sleep(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(service.looks(90).len(), 10);
    assert_eq!(inbox.stats().await.unwrap().pending, 0);
    assert_eq!(inbox.purge(Duration::ZERO).await.unwrap(), 1);

    assert!(inbox.track(90).await.unwrap());
    assert!(!inbox.track(90).await.unwrap());
    sleep(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(service.looks(90).len(), 20, "as often as the first time");
    service.set(90, Status::InReview);
    assert!(inbox.track(90).await.unwrap());
    notes.wait_for(1).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn settings_without_an_end_lease_for_long_and_do_not_spin() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    notes.mood(Mood::Slow);
    service.set(90, Status::InReview);
    inbox.track(90).await.unwrap();
    let forever = || {
        inbox
            .worker(service.clone(), notes.clone())
            .time_limit(Duration::MAX)
            .poll(Duration::MAX, Duration::MAX)
            .tick(Duration::MAX)
            .keep(Duration::MAX)
            .discover_every(Duration::MAX)
            .looks_per_second(u32::MAX)
            .parallel(u32::MAX)
    };
    let running = [
        Running::start(forever()),
        Running::start(forever().tick(Duration::from_secs(1))),
    ];
    sleep(Duration::from_secs(600)).await;
    assert_eq!(notes.keys().len(), 1, "one of the two has it, and keeps it");
    assert_eq!(service.looks(90).len(), 1);
    notes.0.gate.notify_one();
    for one in running {
        one.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_delays_nothing_for_long() {
    let (service, notes) = (Service::default(), Notes::default());
    let ahead = Arc::new(Mutex::new(Duration::from_secs(30 * 24 * 60 * 60)));
    let (time, offset) = (tokio_clock(), Arc::clone(&ahead));
    let inbox = Inbox::in_memory().clock(move || time.now() + *offset.lock().unwrap());
    service.set(90, Status::InReview);
    inbox.track(90).await.unwrap();
    // Whatever else keeps the worker busy.
    service.0.lock().unwrap().listless = true;
    let worker = inbox
        .worker(service.clone(), notes.clone())
        .discover_every(Duration::from_secs(1))
        .time_limit(Duration::from_secs(60 * 60));
    let running = Running::start(worker);
    notes.wait_for(1).await;
    *ahead.lock().unwrap() = Duration::ZERO;
    let before = service.looks(90).len();
    sleep(Duration::from_secs(2 * 60 + 2)).await;
    assert!(
        service.looks(90).len() > before,
        "noticed within a minute, and looked at within the next"
    );
    running.stop().await;
}

/// A look that found a change.
async fn changed(store: &MemoryStore) {
    store.track(&[id(90)], at(0)).await.unwrap();
    let look = store.lease_requests(1, at(0), at(1)).await.unwrap();
    let moved = Look {
        moved_to: Some(Status::Accredited),
        answered: true,
        ..Look::default()
    };
    store.record(&look[0], moved, at(0)).await.unwrap();
}

/// A process may die with a change that did it nothing, which is nobody's fault.
#[tokio::test(start_paused = true)]
async fn a_process_that_dies_once_costs_no_change_its_only_attempt() {
    for deaths in 1..=3 {
        let store = MemoryStore::new();
        let (service, notes) = (Service::default(), Notes::default());
        let inbox = Inbox::new(store.clone()).clock(tokio_clock());
        changed(&store).await;
        for _ in 0..deaths {
            let taken = store.lease_changes(1, at(0), at(0)).await.unwrap();
            assert!(store.begin(&taken[0]).await.unwrap());
        }
        let running = Running::start(inbox.worker(service, notes.clone()).attempts(1));
        sleep(Duration::from_secs(60)).await;
        running.stop().await;
        let aside = inbox.poisoned(1).await.unwrap();
        if deaths < 3 {
            assert_eq!(notes.keys(), ["90-1-accredited"]);
            assert_eq!(aside, []);
        } else {
            assert_eq!(notes.keys(), [""; 0], "three in a row are too many");
            assert_eq!(
                aside[0].error.expose(),
                "the handler was never heard of again"
            );
        }
    }
}

/// A database may take a lease down and lose its answer, again and again: no handler is to blame for what it never heard of.
#[tokio::test(start_paused = true)]
async fn leases_of_which_nobody_heard_cost_no_attempt() {
    let store = MemoryStore::new();
    let (service, notes) = (Service::default(), Notes::default());
    let inbox = Inbox::new(store.clone()).clock(tokio_clock());
    changed(&store).await;
    for _ in 0..50 {
        let taken = store.lease_changes(1, at(0), at(0)).await.unwrap();
        assert_eq!(taken.len(), 1);
    }
    let running = Running::start(inbox.worker(service, notes.clone()).attempts(1));
    notes.wait_for(1).await;
    running.stop().await;
    assert_eq!(notes.keys(), ["90-1-accredited"]);
    assert_eq!(inbox.poisoned(1).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_was_dealt_with_is_forgotten_after_its_time() {
    let (inbox, service, notes) = (inbox(), Service::default(), Notes::default());
    service.set(90, Status::Accredited);
    deliver(&inbox, 90, "accredited").await;
    let worker = inbox
        .worker(service, notes.clone())
        .keep(Duration::from_secs(24 * 60 * 60));
    let running = Running::start(worker);
    notes.wait_for(1).await;
    sleep(Duration::from_secs(26 * 60 * 60)).await;
    running.stop().await;
    assert_eq!(
        inbox.purge(Duration::ZERO).await.unwrap(),
        0,
        "nothing was left to forget"
    );
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_read_keeps_nothing_from_being_forgotten() {
    let (service, notes) = (Service::default(), Notes::default());
    let store = Suspending {
        failing: true,
        ..Suspending::default()
    };
    let inbox = Inbox::new(store).clock(tokio_clock());
    service.set(90, Status::Accredited);
    deliver(&inbox, 90, "accredited").await;
    let worker = inbox.worker(service, notes.clone()).keep(Duration::ZERO);
    let running = Running::start(worker);
    notes.wait_for(1).await;
    sleep(Duration::from_secs(2 * 60 * 60)).await;
    running.stop().await;
    assert_eq!(inbox.purge(Duration::ZERO).await.unwrap(), 0);
}
