//! Logging in and out on purpose.

use accredit_transport::TokenSource as _;

use super::support::{Scripted, ask, begin, endless, refusal, token};

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
