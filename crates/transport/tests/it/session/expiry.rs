//! How long a token lives, by whose clock, and who renews it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use accredit_transport::http::StatusCode;
use accredit_transport::{Lease, Token, TokenSource as _};
use tokio::task::JoinSet;
use tokio::time::advance;

use super::support::{HOUR, Scripted, ask, begin, crowd, hours, outage, token};
use crate::support::CANARY;

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
    let (log, _listening) = crate::support::record();
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
