//! The session that renews itself: when it logs in, how often, and who waits for what. In virtual
//! time.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use accredit_transport::http::StatusCode;
use accredit_transport::{
    Error, ErrorKind, Lease, Login, Reply, Session, Token, TokenSource, async_trait,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use crate::support::CANARY;

const HOUR: Duration = Duration::from_secs(3600);

type Answer = dyn FnMut(usize) -> Result<Lease, Error> + Send;

/// Logs in as the test says, and counts. Shared with the session that it was given to.
#[derive(Clone)]
struct Scripted(Arc<Script>);

struct Script {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// How long each login takes.
    takes: Duration,
    gate: Option<Semaphore>,
    answer: Mutex<Box<Answer>>,
    possible: bool,
}

impl Scripted {
    /// Takes 100 ms for a login; the answer gets its number, from 1.
    fn new(answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static) -> Self {
        Self::with(Duration::from_millis(100), None, answer)
    }

    /// No login ends before the gate lets it.
    fn gated(answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static) -> Self {
        Self::with(Duration::ZERO, Some(Semaphore::new(0)), answer)
    }

    fn with(
        takes: Duration,
        gate: Option<Semaphore>,
        answer: impl FnMut(usize) -> Result<Lease, Error> + Send + 'static,
    ) -> Self {
        Self(Arc::new(Script {
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            takes,
            gate,
            answer: Mutex::new(Box::new(answer)),
            possible: true,
        }))
    }

    fn session(&self) -> Arc<Session<Self>> {
        Arc::new(Session::new(self.clone()))
    }

    fn logins(&self) -> usize {
        self.0.begun.load(Ordering::SeqCst)
    }

    fn open(&self) {
        self.0.gate.as_ref().unwrap().add_permits(1);
    }
}

#[async_trait]
impl Login for Scripted {
    async fn log_in(&self) -> Result<Lease, Error> {
        let number = self.0.begun.fetch_add(1, Ordering::SeqCst) + 1;
        if !self.0.takes.is_zero() {
            sleep(self.0.takes).await;
        }
        if let Some(gate) = &self.0.gate {
            gate.acquire().await.unwrap().forget();
        }
        let answer = self.0.answer.lock().unwrap_or_else(PoisonError::into_inner)(number);
        self.0.ended.fetch_add(1, Ordering::SeqCst);
        answer
    }

    fn is_possible(&self) -> bool {
        self.0.possible
    }
}

fn token(number: usize) -> Token {
    Token::new("Token", &format!("t{number}")).unwrap()
}

/// Numbered tokens that live this long.
fn hours(hours: u32) -> impl FnMut(usize) -> Result<Lease, Error> {
    move |number| Ok(Lease::new(token(number)).lifetime(hours * HOUR))
}

fn endless(number: usize) -> Result<Lease, Error> {
    Ok(Lease::new(token(number)))
}

fn refusal() -> Error {
    let reply = Reply::new(StatusCode::BAD_REQUEST, Default::default(), "{}");
    Error::from_reply(reply).into_unauthorized()
}

fn outage() -> Error {
    let reply = Reply::new(StatusCode::SERVICE_UNAVAILABLE, Default::default(), "");
    Error::from_reply(reply)
}

/// As the auth layer asks: without waiting if that is possible.
async fn ask(session: &Session<Scripted>) -> Result<Token, Error> {
    match session.ready() {
        Some(token) => Ok(token),
        None => session.token().await,
    }
}

/// As many callers at once; how often each answer was given.
async fn crowd(session: &Arc<Session<Scripted>>, callers: usize) -> Vec<Result<Token, Error>> {
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        let session = Arc::clone(session);
        calls.spawn(async move { ask(&session).await });
    }
    calls.join_all().await
}

/// Polls once; the future must have to wait.
async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut *future).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_calls_make_one_login() {
    let login = Scripted::new(endless);
    let session = login.session();
    for answer in crowd(&session, 1000).await {
        assert_eq!(answer.unwrap(), token(1));
    }
    assert_eq!(login.logins(), 1);
    assert_eq!(session.current(), Some(token(1)));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_expiry_make_one_login() {
    let login = Scripted::new(hours(10));
    let session = login.session();
    assert_eq!(ask(&session).await.unwrap(), token(1));
    advance(10 * HOUR - Duration::from_millis(101)).await;
    assert_eq!(session.current(), Some(token(1)));
    advance(Duration::from_millis(1)).await;
    assert_eq!(
        session.current(),
        None,
        "its life began before the login was sent"
    );
    for answer in crowd(&session, 1000).await {
        assert_eq!(answer.unwrap(), token(2));
    }
    assert_eq!(login.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_caller_renews_early_and_the_others_go_on() {
    let login = Scripted::gated(hours(10));
    let session = login.session();
    login.open();
    ask(&session).await.unwrap();
    // 5 % of ten hours are 30 minutes.
    advance(10 * HOUR - Duration::from_secs(1801)).await;
    crowd(&session, 100).await;
    assert_eq!(login.logins(), 1, "not yet");
    advance(Duration::from_secs(1)).await;
    let mut renewing = Box::pin(ask(&session));
    begin(&mut renewing).await;
    assert_eq!(login.logins(), 2);
    assert_eq!(session.ready(), Some(token(1)));
    for answer in crowd(&session, 1000).await {
        assert_eq!(answer.unwrap(), token(1));
    }
    login.open();
    assert_eq!(renewing.await.unwrap(), token(2));
    assert_eq!((session.ready(), login.logins()), (Some(token(2)), 2));
    // A crowd that all found the token due at once: one of them renews.
    advance(9 * HOUR + HOUR / 2).await;
    assert_eq!(session.ready(), None);
    login.open();
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let session = Arc::clone(&session);
        calls.spawn(async move { session.token().await.unwrap() });
    }
    let given = calls.join_all().await;
    assert!(
        given
            .iter()
            .all(|given| [token(2), token(3)].contains(given))
    );
    assert_eq!(login.logins(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_old_token_as_long_as_it_lives() {
    let login = Scripted::new(|number| {
        if number == 1 {
            hours(10)(1)
        } else {
            Err(outage())
        }
    });
    let session = login.session();
    ask(&session).await.unwrap();
    advance(10 * HOUR - Duration::from_secs(1800)).await;
    for _ in 0..3 {
        assert_eq!(ask(&session).await.unwrap(), token(1));
        for answer in crowd(&session, 100).await {
            assert_eq!(answer.unwrap(), token(1));
        }
    }
    assert_eq!(login.logins(), 2, "not right after it failed");
    advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&session).await.unwrap(), token(1));
    assert_eq!(login.logins(), 3);
    advance(HOUR / 2).await;
    let error = ask(&session).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(login.logins(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_recorded() {
    let log = crate::support::Log::default();
    let _recording = log.install();
    let login = Scripted::new(|number| match number {
        1 => Ok(Lease::new(Token::new("Token", CANARY).unwrap()).lifetime(HOUR)),
        _ => Err(outage()),
    });
    let session = login.session();
    ask(&session).await.unwrap();
    assert_eq!(log.text(), "");
    advance(HOUR - Duration::from_secs(100)).await;
    ask(&session).await.unwrap();
    let text = log.text();
    let expected = "accredit_transport::session: renewal failed failure=\"status\" status=503";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains(CANARY), "{text}");
    // An error that the caller gets says it itself.
    advance(HOUR).await;
    ask(&session).await.unwrap_err();
    assert_eq!(log.text(), text);
}

/// The wait for a renewal may outlast the token; then its end counts.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_outlasts_the_token_is_shared_by_all() {
    for fails in [false, true] {
        let login = Scripted::gated(move |number| {
            if number == 2 && fails {
                Err(outage())
            } else {
                hours(10)(number)
            }
        });
        let session = login.session();
        login.open();
        ask(&session).await.unwrap();
        advance(10 * HOUR - Duration::from_secs(1)).await;
        let mut renewing = Box::pin(ask(&session));
        begin(&mut renewing).await;
        advance(Duration::from_secs(2)).await;
        let waiting = tokio::spawn({
            let session = Arc::clone(&session);
            async move { crowd(&session, 100).await }
        });
        tokio::task::yield_now().await;
        login.open();
        let answers = waiting.await.unwrap().into_iter().chain([renewing.await]);
        for answer in answers {
            if fails {
                assert_eq!(
                    answer.unwrap_err().status(),
                    Some(StatusCode::SERVICE_UNAVAILABLE)
                );
            } else {
                assert_eq!(answer.unwrap(), token(2));
            }
        }
        assert_eq!(login.logins(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_of_zero_serves_those_who_waited() {
    let login = Scripted::new(hours(0));
    let session = login.session();
    for number in 1..=3 {
        for answer in crowd(&session, 100).await {
            assert_eq!(answer.unwrap(), token(number));
        }
        assert_eq!(login.logins(), number);
        assert_eq!(session.current(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_lifetime_is_not_renewed_in_its_first_half() {
    let second = Duration::from_secs(1);
    let login = Scripted::new(move |number| Ok(Lease::new(token(number)).lifetime(10 * second)));
    let session = login.session();
    for tenth in 0..1000 {
        ask(&session).await.unwrap();
        assert!(
            login.logins() <= 1 + tenth / 49,
            "{tenth}: {}",
            login.logins()
        );
        advance(second / 10).await;
    }
    assert!(login.logins() > 15);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_twelve_hours_wrong_does_not_matter() {
    for (ahead, behind) in [(12 * HOUR, Duration::ZERO), (Duration::ZERO, 12 * HOUR)] {
        let login = Scripted::new(move |number| {
            let server_now = SystemTime::now() + ahead - behind;
            Ok(Lease::new(token(number)).expires(server_now + 10 * HOUR, Some(server_now)))
        });
        let session = login.session();
        ask(&session).await.unwrap();
        advance(9 * HOUR + HOUR / 2 - Duration::from_secs(1)).await;
        assert_eq!(session.ready(), Some(token(1)));
        advance(Duration::from_secs(1)).await;
        assert_eq!((session.ready(), session.current()), (None, Some(token(1))));
        advance(HOUR / 2).await;
        assert_eq!(session.current(), None);
        assert_eq!(ask(&session).await.unwrap(), token(2));
        assert_eq!(login.logins(), 2);
    }
}

/// Whose clock is wrong then is not known, and no server gives out a dead token.
#[test]
fn an_expiry_that_is_past_tells_nothing() {
    let now = SystemTime::now();
    let lease = |expiry, server_now| Lease::new(token(1)).expires(expiry, server_now).good_for();
    assert_eq!(lease(now, Some(now)), None);
    assert_eq!(lease(now - HOUR, Some(now)), None);
    assert_eq!(lease(now - HOUR, None), None);
    let second = Duration::from_secs(1);
    assert_eq!(lease(now + second, Some(now)), Some(second));
}

#[tokio::test(start_paused = true)]
async fn without_a_date_the_local_clock_counts() {
    let login = Scripted::new(|number| {
        Ok(Lease::new(token(number)).expires(SystemTime::now() + 10 * HOUR, None))
    });
    let session = login.session();
    ask(&session).await.unwrap();
    advance(9 * HOUR).await;
    assert_eq!(session.ready(), Some(token(1)));
    advance(HOUR).await;
    assert_eq!(session.current(), None);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_in_half_a_minute() {
    let login = Scripted::new(|_| Err(refusal()));
    let session = login.session();
    let mut calls = JoinSet::new();
    for caller in 0..1000 {
        let session = Arc::clone(&session);
        calls.spawn(async move {
            sleep(Duration::from_millis(10) * caller).await;
            ask(&session).await.unwrap_err()
        });
    }
    for error in calls.join_all().await {
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(error.body(), b"{}");
    }
    // Ten seconds less ten milliseconds after the first call; the login took a hundred of them.
    advance(Duration::from_millis(30_099 - 9_990)).await;
    ask(&session).await.unwrap_err();
    assert_eq!(login.logins(), 1);
    advance(Duration::from_millis(1)).await;
    ask(&session).await.unwrap_err();
    assert_eq!(login.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_pauses_are_settable() {
    let login = Scripted::new(|number| Err(if number < 3 { refusal() } else { outage() }));
    let session = Session::new(login.clone())
        .refusal_pause(Duration::from_secs(2))
        .failure_pause(Duration::ZERO);
    let session = Arc::new(session);
    for expected in [1, 2] {
        crowd(&session, 100).await;
        advance(Duration::from_millis(1999)).await;
        ask(&session).await.unwrap_err();
        assert_eq!(login.logins(), expected);
        advance(Duration::from_millis(1)).await;
    }
    for expected in [3, 4, 5] {
        // All who wait share the end, even if nothing is remembered.
        crowd(&session, 100).await;
        assert_eq!(login.logins(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_over_after_a_second() {
    let login = Scripted::new(|number| {
        if number == 1 {
            Err(outage())
        } else {
            endless(number)
        }
    });
    let session = login.session();
    for error in crowd(&session, 1000).await {
        let error = error.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(error.is_transient());
    }
    advance(Duration::from_millis(999)).await;
    ask(&session).await.unwrap_err();
    assert_eq!(login.logins(), 1);
    advance(Duration::from_millis(1)).await;
    for answer in crowd(&session, 1000).await {
        assert_eq!(answer.unwrap(), token(2));
    }
    assert_eq!(login.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_owner_logs_in_whatever_failed_before() {
    let login = Scripted::new(|number| {
        if number < 3 {
            Err(refusal())
        } else {
            endless(number)
        }
    });
    let session = login.session();
    ask(&session).await.unwrap_err();
    session.log_in().await.unwrap_err();
    assert_eq!(login.logins(), 2);
    assert_eq!(session.log_in().await.unwrap().token(), &token(3));
    assert_eq!(ask(&session).await.unwrap(), token(3));
    assert_eq!(
        session.log_in().await.unwrap().token(),
        &token(4),
        "though there is a token"
    );
    assert_eq!(session.ready(), Some(token(4)));
    // The failure is forgotten, too.
    session.forget(&token(4));
    assert_eq!(ask(&session).await.unwrap(), token(5));
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_owner_s_login_in_spite_of_a_failure_before() {
    let login = Scripted::gated(|number| {
        if number == 1 {
            Err(refusal())
        } else {
            endless(number)
        }
    });
    let session = login.session();
    login.open();
    ask(&session).await.unwrap_err();
    let mut owner = Box::pin(session.log_in());
    begin(&mut owner).await;
    let mut call = Box::pin(ask(&session));
    begin(&mut call).await;
    login.open();
    assert_eq!(call.await.unwrap(), token(2));
    assert_eq!(owner.await.unwrap().token(), &token(2));
    assert_eq!(login.logins(), 2);
}

/// The password may have been put right after the login under way was sent.
#[tokio::test(start_paused = true)]
async fn the_owner_does_not_take_the_failure_of_an_earlier_login() {
    let login = Scripted::gated(|number| match number {
        1 => Err(refusal()),
        number => endless(number),
    });
    let session = login.session();
    let mut call = Box::pin(ask(&session));
    begin(&mut call).await;
    let mut owner = Box::pin(session.log_in());
    begin(&mut owner).await;
    assert_eq!(login.logins(), 1);
    login.open();
    login.open();
    assert!(call.await.unwrap_err().is_unauthorized());
    assert_eq!(owner.await.unwrap().token(), &token(2));
    // One that succeeds does for both.
    let mut owners = [Box::pin(session.log_in()), Box::pin(session.log_in())];
    for owner in &mut owners {
        begin(owner).await;
    }
    login.open();
    for owner in owners {
        assert_eq!(owner.await.unwrap().token(), &token(3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_of_the_owner_keeps_the_token() {
    let login = Scripted::new(|number| {
        if number == 1 {
            endless(1)
        } else {
            Err(refusal())
        }
    });
    let session = login.session();
    ask(&session).await.unwrap();
    assert!(session.log_in().await.unwrap_err().is_unauthorized());
    assert_eq!(session.ready(), Some(token(1)));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_caller_leaves_its_login_to_the_others() {
    let login = Scripted::gated(endless);
    let session = login.session();
    let mut first = Box::pin(ask(&session));
    begin(&mut first).await;
    let others = tokio::spawn({
        let session = Arc::clone(&session);
        async move { crowd(&session, 1000).await }
    });
    tokio::task::yield_now().await;
    drop(first);
    login.open();
    for answer in others.await.unwrap() {
        assert_eq!(answer.unwrap(), token(1));
    }
    assert_eq!(login.logins(), 1, "the login went on");
}

#[tokio::test(start_paused = true)]
async fn when_all_callers_went_away_the_next_begins_anew() {
    let login = Scripted::gated(endless);
    let session = login.session();
    for _ in 0..2 {
        let mut calls = [Box::pin(ask(&session)), Box::pin(ask(&session))];
        for call in &mut calls {
            begin(call).await;
        }
    }
    assert_eq!(
        (login.logins(), login.0.ended.load(Ordering::SeqCst)),
        (2, 0)
    );
    login.open();
    assert_eq!(ask(&session).await.unwrap(), token(3));
}

/// As a page that is fetched ahead while the loop makes another call: it is there, and is not polled.
#[tokio::test(start_paused = true)]
async fn a_caller_that_is_not_polled_holds_up_nobody() {
    let login = Scripted::new(endless);
    let session = login.session();
    let mut ahead = [Box::pin(ask(&session)), Box::pin(ask(&session))];
    for call in &mut ahead {
        begin(call).await;
    }
    let answer = tokio::time::timeout(Duration::from_secs(1), ask(&session));
    assert_eq!(answer.await.expect("no wait").unwrap(), token(1));
    for call in ahead {
        assert_eq!(call.await.unwrap(), token(1));
    }
    assert_eq!(login.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_login_hangs_nobody() {
    let login = Scripted::new(|number| {
        assert!(number > 1, "as the test wants it");
        endless(number)
    });
    let session = login.session();
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let session = Arc::clone(&session);
        calls.spawn(async move { ask(&session).await });
    }
    let (mut panics, mut errors) = (0, 0);
    while let Some(call) = calls.join_next().await {
        match call {
            Err(_) => panics += 1,
            Ok(answer) => errors += usize::from(answer.unwrap_err().kind() == ErrorKind::Auth),
        }
    }
    assert_eq!((panics, errors), (1, 9));
    assert_eq!(ask(&session).await.unwrap(), token(2));
}

#[tokio::test(start_paused = true)]
async fn a_late_401_for_an_old_token_keeps_the_new_one() {
    let login = Scripted::new(endless);
    let session = login.session();
    ask(&session).await.unwrap();
    assert!(session.invalidate(&token(1)).await);
    assert_eq!(session.current(), None);
    assert!(
        session.invalidate(&token(1)).await,
        "asking again gives another"
    );
    assert_eq!(ask(&session).await.unwrap(), token(2));
    assert!(session.invalidate(&token(1)).await);
    assert_eq!((session.ready(), login.logins()), (Some(token(2)), 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nothing_can_replace_is_kept() {
    assert!(!token(1).invalidate(&token(1)).await);
    let mut script = Scripted::new(|_| Err(Error::auth("there is no password")));
    Arc::get_mut(&mut script.0).unwrap().possible = false;
    let session = Session::new(script.clone()).with_lease(&Lease::new(token(1)));
    assert!(!session.invalidate(&token(1)).await);
    assert_eq!(session.ready(), Some(token(1)));
    assert!(session.invalidate(&token(9)).await, "asking again gives 1");
    // Forgotten, it may have been asked for by a call that is still under way.
    session.forget(&token(1));
    assert!(!session.invalidate(&token(1)).await);
    assert_eq!(script.logins(), 0);
}

/// A thousand calls with the same dead token, each repeated once as the retry layer does it.
#[tokio::test(start_paused = true)]
async fn a_storm_of_401_makes_one_login_an_epoch() {
    let login = Scripted::new(endless);
    let session = login.session();
    let dead = Arc::new(AtomicUsize::new(0));
    for epoch in 1..=5 {
        let mut calls = JoinSet::new();
        for caller in 0..1000_u32 {
            let (session, dead) = (Arc::clone(&session), Arc::clone(&dead));
            calls.spawn(async move {
                let mut given = ask(&session).await.unwrap();
                // Replies come whenever they do.
                sleep(Duration::from_millis(1) * (caller % 300)).await;
                if given == token(dead.load(Ordering::SeqCst)) {
                    assert!(session.invalidate(&given).await);
                    given = ask(&session).await.unwrap();
                }
                given
            });
        }
        for given in calls.join_all().await {
            assert_eq!(given, token(epoch));
        }
        assert_eq!(login.logins(), epoch);
        advance(Duration::from_secs(1)).await;
        dead.store(epoch, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_every_token_is_asked_for_one_a_second() {
    let login = Scripted::new(endless);
    let session = login.session();
    let mut calls = JoinSet::new();
    for caller in 0..1000 {
        let session = Arc::clone(&session);
        calls.spawn(async move {
            sleep(Duration::from_millis(10) * caller).await;
            let refused = ask(&session).await.unwrap();
            if session.invalidate(&refused).await {
                let again = ask(&session).await.unwrap();
                session.invalidate(&again).await;
            }
        });
    }
    calls.join_all().await;
    // Ten seconds; the first token has no predecessor that was refused.
    assert!((8..=12).contains(&login.logins()), "{}", login.logins());
}

#[tokio::test(start_paused = true)]
async fn a_logout_forgets_its_own_token_only() {
    let login = Scripted::new(endless);
    let session = login.session();
    ask(&session).await.unwrap();
    session.log_in().await.unwrap();
    session.forget(&token(1));
    assert_eq!(session.ready(), Some(token(2)));
    session.forget(&token(2));
    assert_eq!((session.ready(), session.current()), (None, None));
    assert_eq!(ask(&session).await.unwrap(), token(3));
}

#[tokio::test(start_paused = true)]
async fn a_logout_during_a_login_does_not_touch_it() {
    let login = Scripted::gated(endless);
    let session = login.session();
    login.open();
    ask(&session).await.unwrap();
    let mut second = Box::pin(session.log_in());
    begin(&mut second).await;
    session.forget(&token(1));
    let mut call = Box::pin(ask(&session));
    begin(&mut call).await;
    login.open();
    assert_eq!(second.await.unwrap().token(), &token(2));
    assert_eq!(call.await.unwrap(), token(2));
    assert_eq!((session.ready(), login.logins()), (Some(token(2)), 2));
}

#[tokio::test(start_paused = true)]
async fn a_login_from_before_the_end_of_all_sessions_is_not_kept() {
    let login = Scripted::gated(endless);
    let session = login.session();
    let mut before = Box::pin(ask(&session));
    begin(&mut before).await;
    session.forget_all();
    let mut after = Box::pin(ask(&session));
    begin(&mut after).await;
    assert_eq!(login.logins(), 2, "it does not wait for the old one");
    login.open();
    login.open();
    let given = [before.await.unwrap(), after.await.unwrap()];
    assert_ne!(given[0], given[1]);
    assert_eq!(session.ready(), Some(given[1].clone()));
}

#[tokio::test(start_paused = true)]
async fn debug_has_no_canary() {
    let canary = || Token::new("Token", CANARY).unwrap();
    let lease = Lease::new(canary()).lifetime(HOUR).with_answer(CANARY);
    assert_eq!(lease.answer::<&str>(), Some(&CANARY));
    assert_eq!(lease.answer::<String>(), None);
    let login = Scripted::new({
        let lease = lease.clone();
        move |number| match number {
            1 => Ok(lease.clone()),
            _ => {
                let reply = Reply::new(StatusCode::FORBIDDEN, Default::default(), CANARY);
                Err(Error::from_reply(reply))
            }
        }
    });
    let session = login.session();
    ask(&session).await.unwrap();
    let with_token = format!("{session:?}");
    let error = session.log_in().await.unwrap_err();
    session.forget_all();
    let shared = ask(&session).await.unwrap_err();
    assert_eq!(login.logins(), 2);
    let words = format!("{lease:?} {with_token} {session:?} {error} {error:?} {shared} {shared:?}");
    assert!(with_token.contains("has_token: true"), "{words}");
    assert!(!words.contains(CANARY), "{words}");
}

/// The cause of a failure goes to all who waited, not only to the first.
#[tokio::test(start_paused = true)]
async fn all_who_waited_learn_the_cause() {
    let login = Scripted::new(|_| {
        let cause = std::io::Error::other("no route");
        Err(Error::new(ErrorKind::Connect).with_source(cause))
    });
    for error in crowd(&login.session(), 10).await {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "no route");
    }
}
