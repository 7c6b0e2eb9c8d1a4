//! What a refused password, an outage and a 401 lead to, and how seldom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use accredit_transport::http::StatusCode;
use accredit_transport::{Error, ErrorKind, Lease, Session, TokenSource as _};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use super::support::{Scripted, ask, crowd, endless, outage, refusal, token};

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
