//! The session between real threads, where wake-ups can get lost.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use accredit_transport::{Error, Lease, Login, Session, Token, TokenSource, async_trait};
use tokio::task::JoinSet;

fn token(number: usize) -> Token {
    Token::new("Token", &format!("t{number}")).unwrap()
}

/// A login that is woken from another thread, in many turns.
struct Hasty(Arc<AtomicUsize>);

#[async_trait]
impl Login for Hasty {
    async fn log_in(&self) -> Result<Lease, Error> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..number % 4 {
            let turn = tokio::spawn(tokio::task::yield_now());
            turn.await.map_err(|_| Error::auth("stopped"))?;
        }
        Ok(Lease::new(token(number)))
    }
}

/// Does what it is told in its first poll, which then has to wait; ends in the second.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<Hook>>>, Arc<AtomicUsize>);

type Hook = Box<dyn FnOnce(&mut Context<'_>) + Send>;

#[async_trait]
impl Login for Told {
    async fn log_in(&self) -> Result<Lease, Error> {
        poll_fn(|cx| {
            self.1.fetch_add(1, Ordering::SeqCst);
            let hook = self.0.lock().unwrap().take();
            match hook {
                Some(hook) => {
                    hook(cx);
                    Poll::Pending
                }
                None => Poll::Ready(Ok(Lease::new(token(1)))),
            }
        })
        .await
    }
}

/// Whether it was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Flag {
    fn poll<F: Future + ?Sized>(self: &Arc<Self>, mut future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(self));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

type Call = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;

fn call(session: &Arc<Session<Told>>) -> Call {
    let session = Arc::clone(session);
    Box::pin(async move { session.token().await })
}

/// The login is woken while one caller polls it. Another one, woken by that, finds it taken; then the
/// first goes away.
#[test]
fn a_wake_up_during_a_poll_is_not_lost() {
    let told = Told::default();
    let session = Arc::new(Session::new(told.clone()));
    let second = Arc::new(Mutex::new(call(&session)));
    let woken = Arc::new(Flag::default());
    *told.0.lock().unwrap() = Some(Box::new({
        let (second, woken) = (Arc::clone(&second), Arc::clone(&woken));
        move |cx| {
            let mut second = second.lock().unwrap();
            assert!(woken.poll(second.as_mut()).is_pending());
            cx.waker().wake_by_ref();
            assert!(woken.take());
            assert!(woken.poll(second.as_mut()).is_pending());
        }
    }));
    let mut first = call(&session);
    assert!(Arc::new(Flag::default()).poll(first.as_mut()).is_pending());
    drop(first);
    assert!(woken.take(), "nobody carries the login on");
    let Poll::Ready(given) = woken.poll(second.lock().unwrap().as_mut()) else {
        panic!("the login was woken");
    };
    assert_eq!(given.unwrap(), token(1));
}

#[test]
fn a_caller_that_went_away_is_held_and_woken_no_more() {
    let told = Told::default();
    let session = Arc::new(Session::new(told.clone()));
    *told.0.lock().unwrap() = Some(Box::new(|_| {}));
    let gone = Arc::new(Flag::default());
    let mut calls = [call(&session), call(&session)];
    for call in &mut calls {
        assert!(gone.poll(call.as_mut()).is_pending());
    }
    let [first, second] = calls;
    drop(first);
    assert_eq!(Arc::strong_count(&gone), 2);
    drop(second);
    assert_eq!(Arc::strong_count(&gone), 1);
    assert!(!gone.take());
}

#[test]
fn a_thousand_callers_poll_the_login_no_more_often_than_one() {
    let told = Told::default();
    let session = Arc::new(Session::new(told.clone()));
    let waker = Arc::new(Mutex::new(None));
    *told.0.lock().unwrap() = Some(Box::new({
        let waker = Arc::clone(&waker);
        move |cx| *waker.lock().unwrap() = Some(cx.waker().clone())
    }));
    let woken = Arc::new(Flag::default());
    let mut calls: Vec<Call> = (0..1000).map(|_| call(&session)).collect();
    for _ in 0..3 {
        for call in &mut calls {
            assert!(woken.poll(call.as_mut()).is_pending());
        }
    }
    assert_eq!(told.1.load(Ordering::SeqCst), 1);
    waker.lock().unwrap().take().unwrap().wake();
    for call in &mut calls {
        assert!(woken.poll(call.as_mut()).is_ready());
    }
    assert_eq!(told.1.load(Ordering::SeqCst), 2);
}

const TASKS: usize = 8;
const ROUNDS: usize = 5_000;

async fn stress<F: Future<Output = ()> + Send + 'static>(work: impl Fn(usize) -> F) {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(work(task));
    }
    // A lost wake-up would wait for ever.
    let done = tokio::time::timeout(Duration::from_secs(60), tasks.join_all());
    done.await.expect("a task hangs");
}

fn note(refused: &Mutex<Vec<Token>>, token: &Token) {
    let mut refused = refused.lock().unwrap();
    // The latest are the likeliest.
    if !refused.iter().rev().any(|known| known == token) {
        refused.push(token.clone());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_make_no_more_logins_than_epochs() {
    let logins = Arc::new(AtomicUsize::new(0));
    let session = Session::new(Hasty(Arc::clone(&logins))).failure_pause(Duration::ZERO);
    let session = Arc::new(session);
    let refused = Arc::new(Mutex::new(Vec::<Token>::new()));
    stress(|task| {
        let (session, refused) = (Arc::clone(&session), Arc::clone(&refused));
        async move {
            for round in 0..ROUNDS {
                let token = session.token().await.unwrap();
                if (round + task) % 7 == 0 {
                    note(&refused, &token);
                    assert!(session.invalidate(&token).await);
                }
            }
        }
    })
    .await;
    let (logins, epochs) = (
        logins.load(Ordering::SeqCst),
        refused.lock().unwrap().len() + 1,
    );
    assert!(logins <= epochs, "{logins} logins in {epochs} epochs");
    assert!(epochs > ROUNDS / 7, "{epochs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_give_up_hang_nobody() {
    let logins = Arc::new(AtomicUsize::new(0));
    let session = Session::new(Hasty(Arc::clone(&logins))).failure_pause(Duration::ZERO);
    let session = Arc::new(session);
    stress(|task| {
        let session = Arc::clone(&session);
        async move {
            for round in 0..ROUNDS {
                let polls = (round * TASKS + task) % 5;
                let mut left = polls;
                let mut call = pin!(session.token());
                let given = poll_fn(|cx| match call.as_mut().poll(cx) {
                    Poll::Ready(given) => Poll::Ready(Some(given)),
                    Poll::Pending if left == 0 && polls < 3 => Poll::Ready(None),
                    Poll::Pending => {
                        left = left.saturating_sub(1);
                        Poll::Pending
                    }
                })
                .await;
                match given {
                    Some(given) => drop(session.invalidate(&given.unwrap()).await),
                    None if polls == 0 => session.forget_all(),
                    None => {}
                }
            }
        }
    })
    .await;
    assert!(logins.load(Ordering::SeqCst) <= TASKS * ROUNDS);
}
