//! Who waits for a login, who goes away, and what each is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use accredit_transport::http::StatusCode;
use accredit_transport::{Error, ErrorKind, Lease, Reply, Token};
use tokio::task::JoinSet;

use super::support::{HOUR, Scripted, ask, begin, crowd, endless, token};
use crate::support::CANARY;

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
