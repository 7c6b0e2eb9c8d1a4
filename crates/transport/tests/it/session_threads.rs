//! The session between real threads, where wake-ups can get lost.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
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
