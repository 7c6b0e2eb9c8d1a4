//! What every store promises, asked of all of them.

use accredit_inbox::{
    ChangeLease, DeliveryId, Look, MemoryStore, NewDelivery, Outcome, Recorded, RequestLease,
    SqliteStore, Store,
};
use accredit_verifyinvestor::{VerificationRequestStatus as Status, models::Personal};

use crate::support::{Folder, at, id};

/// Declares each test once for each store.
macro_rules! on_every_store {
    ($($name:ident)+) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(&super::MemoryStore::new()).await; })+
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                let folder = super::Folder::new();
                let store = super::SqliteStore::open(folder.file("inbox.db")).await.unwrap();
                super::$name(&store).await;
            })+
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test] async fn $name() {
                let Some(server) = crate::postgres::Server::start() else { return };
                let store = accredit_inbox::PostgresStore::connect(server.config()).await.unwrap();
                super::$name(&store).await;
            })+
        }
    };
}

on_every_store! {
    a_delivery_makes_its_request_due_and_is_settled_by_a_look
    a_delivery_that_comes_during_a_look_is_not_settled_by_it
    the_same_bytes_are_news_again_once_they_are_settled
    what_can_not_be_read_is_kept_until_somebody_settles_it
    a_lease_is_exclusive_and_is_taken_over_when_it_is_over
    a_failed_look_keeps_status_deliveries_and_count
    changes_of_one_request_come_one_at_a_time_in_order
    a_change_is_retried_set_aside_and_revived
    following_a_request_twice_changes_nothing
    the_longest_due_come_first
    purging_forgets_what_was_dealt_with_and_no_request
    unknown_statuses_are_stored_as_they_are
    an_id_beyond_the_columns_is_an_error_and_not_another_request
    many_callers_never_hold_the_same_lease
    many_callers_never_hold_the_same_change
    what_was_given_up_is_followed_again_and_what_is_over_is_not
    a_revived_change_waits_for_the_one_that_is_under_way
    what_can_not_be_read_is_read_page_by_page
    a_clock_that_was_set_back_keeps_nothing_out_of_reach
    a_live_lease_is_not_cut_short_when_the_clock_is_set_back
}

fn delivery(request: Option<u64>, text: &str) -> NewDelivery {
    let mut digest = [0; 32];
    for (place, byte) in digest.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    NewDelivery {
        digest,
        body: Personal::new(text.as_bytes().to_vec()),
        request: request.map(id),
    }
}

async fn lease(store: &impl Store, now: u64) -> RequestLease {
    let mut leases = store
        .lease_requests(10, at(now), at(now + 60))
        .await
        .unwrap();
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

async fn lease_change(store: &impl Store, now: u64) -> ChangeLease {
    let mut leases = store
        .lease_changes(10, at(now), at(now + 60))
        .await
        .unwrap();
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

async fn nothing_is_due(store: &impl Store, now: u64) {
    assert_eq!(
        store
            .lease_requests(10, at(now), at(now + 60))
            .await
            .unwrap(),
        []
    );
}

async fn no_change_is_due(store: &impl Store, now: u64) {
    assert_eq!(
        store
            .lease_changes(10, at(now), at(now + 60))
            .await
            .unwrap(),
        []
    );
}

fn moved(to: Status) -> Look {
    Look {
        moved_to: Some(to),
        answered: true,
        ..Look::default()
    }
}

fn retry(seconds: u64) -> Outcome {
    Outcome::Retry {
        at: at(seconds),
        error: "broken".into(),
    }
}

async fn a_delivery_makes_its_request_due_and_is_settled_by_a_look(store: &impl Store) {
    let recorded = store
        .accept(delivery(Some(90), "one"), at(0))
        .await
        .unwrap();
    assert_eq!(recorded, Recorded::New);
    let stats = store.stats(at(0)).await.unwrap();
    assert_eq!(
        (stats.pending, stats.due, stats.open, stats.unreadable),
        (1, 1, 1, 0)
    );
    assert_eq!((stats.last_hint, stats.last_read), (Some(at(0)), None));

    let held = lease(store, 1).await;
    assert_eq!((held.request, held.hints, &held.status), (id(90), 1, &None));
    let look = Look {
        next: Some(at(60)),
        ..moved(Status::InReview)
    };
    assert!(store.record(&held, look, at(2)).await.unwrap());
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!((known.status, known.sequence), (Some(Status::InReview), 1));
    assert_eq!(
        (known.due_at, known.hinted_at, known.read_at),
        (Some(at(60)), Some(at(0)), Some(at(2)))
    );
    let stats = store.stats(at(3)).await.unwrap();
    assert_eq!((stats.pending, stats.due, stats.waiting), (0, 0, 1));
    nothing_is_due(store, 59).await;

    let held = lease(store, 60).await;
    assert_eq!(
        (held.status.clone(), held.sequence),
        (Some(Status::InReview), 1)
    );
    assert!(
        store
            .record(&held, moved(Status::Accredited), at(61))
            .await
            .unwrap()
    );
    nothing_is_due(store, 1_000_000).await;
    assert_eq!(
        store.stats(at(61)).await.unwrap().open,
        0,
        "it came to an end"
    );
    store
        .accept(delivery(Some(90), "two"), at(62))
        .await
        .unwrap();
    assert_eq!(
        lease(store, 62).await.request,
        id(90),
        "and a delivery wakes it"
    );
}

/// Its look may have been answered before the change that the delivery tells of.
async fn a_delivery_that_comes_during_a_look_is_not_settled_by_it(store: &impl Store) {
    store
        .accept(delivery(Some(90), "one"), at(0))
        .await
        .unwrap();
    let held = lease(store, 0).await;
    // The same bytes count as well: a request can come back to a status.
    for text in ["one", "two"] {
        store.accept(delivery(Some(90), text), at(1)).await.unwrap();
        nothing_is_due(store, 1).await;
    }
    assert!(
        store
            .record(&held, moved(Status::InReview), at(2))
            .await
            .unwrap()
    );
    assert_eq!(store.stats(at(2)).await.unwrap().pending, 2);
    let again = lease(store, 2).await;
    assert_eq!(again.hints, 3);
    assert!(
        store
            .record(
                &again,
                Look {
                    answered: true,
                    ..Look::default()
                },
                at(3)
            )
            .await
            .unwrap()
    );
    assert_eq!(store.stats(at(3)).await.unwrap().pending, 0);
    nothing_is_due(store, 3).await;
}

/// An inbox that counts each body once and for ever drops real events.
async fn the_same_bytes_are_news_again_once_they_are_settled(store: &impl Store) {
    for round in 0..3 {
        let now = round * 10;
        for expected in [Recorded::New, Recorded::Duplicate, Recorded::Duplicate] {
            let recorded = store
                .accept(delivery(Some(90), "one"), at(now))
                .await
                .unwrap();
            assert_eq!(recorded, expected);
        }
        assert_eq!(store.stats(at(now)).await.unwrap().pending, 1);
        let held = lease(store, now).await;
        let look = Look {
            answered: true,
            ..Look::default()
        };
        assert!(store.record(&held, look, at(now)).await.unwrap());
    }
}

async fn what_can_not_be_read_is_kept_until_somebody_settles_it(store: &impl Store) {
    for text in ["first", "second"] {
        let recorded = store.accept(delivery(None, text), at(0)).await.unwrap();
        assert_eq!(recorded, Recorded::New);
        let recorded = store.accept(delivery(None, text), at(1)).await.unwrap();
        assert_eq!(recorded, Recorded::Duplicate);
    }
    nothing_is_due(store, 1).await;
    let kept = store.unreadable(None, 10).await.unwrap();
    let bodies: Vec<_> = kept
        .iter()
        .map(|kept| kept.body.expose().as_slice())
        .collect();
    assert_eq!(bodies, [&b"first"[..], b"second"]);
    assert_eq!(store.unreadable(None, 1).await.unwrap(), kept[..1]);
    assert_eq!(kept[0].received_at, at(0));
    assert_eq!(store.stats(at(1)).await.unwrap().unreadable, 2);

    assert!(store.resolve(kept[0].id, None, at(2)).await.unwrap());
    assert!(!store.resolve(kept[0].id, None, at(2)).await.unwrap());
    nothing_is_due(store, 2).await;
    assert!(
        store
            .resolve(kept[1].id, Some(id(91)), at(3))
            .await
            .unwrap()
    );
    assert_eq!(lease(store, 3).await.request, id(91));
    assert!(
        !store
            .resolve(DeliveryId(999), Some(id(92)), at(3))
            .await
            .unwrap()
    );
    assert_eq!(store.request(id(92)).await.unwrap(), None);
    assert_eq!(store.unreadable(None, 10).await.unwrap(), []);
}

async fn a_lease_is_exclusive_and_is_taken_over_when_it_is_over(store: &impl Store) {
    store.track(&[id(90)], at(0)).await.unwrap();
    let late = lease(store, 0).await;
    nothing_is_due(store, 59).await;
    let next = lease(store, 60).await;
    assert!(next.fence > late.fence);
    assert!(
        !store
            .record(&late, moved(Status::Accredited), at(61))
            .await
            .unwrap()
    );
    assert!(
        store
            .record(&next, moved(Status::InReview), at(61))
            .await
            .unwrap()
    );
    assert!(
        !store
            .record(&next, moved(Status::Accredited), at(61))
            .await
            .unwrap(),
        "one look each"
    );
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!((known.status, known.sequence), (Some(Status::InReview), 1));

    let unheard = lease_change(store, 61).await;
    let late = lease_change(store, 121).await;
    assert_eq!((unheard.attempts, late.attempts), (1, 1), "not begun");
    assert!(!store.begin(&unheard).await.unwrap());
    assert!(store.begin(&late).await.unwrap());
    no_change_is_due(store, 180).await;
    let next = lease_change(store, 181).await;
    assert_eq!((late.attempts, next.attempts), (1, 2));
    assert_eq!(late.change, next.change);
    assert!(!store.begin(&late).await.unwrap());
    assert!(
        !store
            .conclude(&late, Outcome::Handled, at(182))
            .await
            .unwrap()
    );
    assert!(store.conclude(&next, retry(200), at(182)).await.unwrap());
    assert!(
        !store
            .conclude(&next, Outcome::Handled, at(182))
            .await
            .unwrap()
    );
}

async fn a_failed_look_keeps_status_deliveries_and_count(store: &impl Store) {
    store
        .accept(delivery(Some(90), "one"), at(0))
        .await
        .unwrap();
    let held = lease(store, 0).await;
    store
        .record(&held, moved(Status::InReview), at(1))
        .await
        .unwrap();
    store
        .accept(delivery(Some(90), "two"), at(2))
        .await
        .unwrap();
    let held = lease(store, 2).await;
    let look = Look {
        quiet: 3,
        failures: 4,
        error: Some("502 Bad Gateway".to_owned()),
        next: Some(at(30)),
        ..Look::default()
    };
    assert!(store.record(&held, look, at(3)).await.unwrap());
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!((known.status, known.sequence), (Some(Status::InReview), 1));
    assert_eq!(known.error.as_deref(), Some("502 Bad Gateway"));
    assert_eq!((known.read_at, known.due_at), (Some(at(1)), Some(at(30))));
    assert_eq!(
        store.stats(at(3)).await.unwrap().pending,
        1,
        "nobody has read it yet"
    );
    let held = lease(store, 30).await;
    assert_eq!((held.quiet, held.failures), (3, 4));

    // What lies behind is noted, until an answer that does not.
    let behind = Look {
        refused: Some(Status::AcceptedByInvestor),
        answered: true,
        next: Some(at(40)),
        ..Look::default()
    };
    assert!(store.record(&held, behind, at(31)).await.unwrap());
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!(known.refused, Some(Status::AcceptedByInvestor));
    assert_eq!((known.status, known.error), (Some(Status::InReview), None));
    assert_eq!(store.stats(at(31)).await.unwrap().refused, 1);
    let held = lease(store, 40).await;
    store
        .record(
            &held,
            Look {
                answered: true,
                ..Look::default()
            },
            at(41),
        )
        .await
        .unwrap();
    assert_eq!(store.stats(at(41)).await.unwrap().refused, 0);
}

async fn changes_of_one_request_come_one_at_a_time_in_order(store: &impl Store) {
    let path = [
        Status::WaitingForReview,
        Status::InReview,
        Status::Accredited,
    ];
    for (now, status) in (0..).zip(&path) {
        store
            .accept(delivery(Some(90), status.as_str()), at(now))
            .await
            .unwrap();
        let held = lease(store, now).await;
        store
            .record(&held, moved(status.clone()), at(now))
            .await
            .unwrap();
    }
    let mut from = None;
    for (sequence, status) in (1..).zip(path) {
        let held = lease_change(store, 10).await;
        assert_eq!(held.change.request, id(90));
        assert_eq!((held.change.sequence, &held.change.from), (sequence, &from));
        assert_eq!(held.change.to, status);
        assert_eq!(held.change.seen_at, at(sequence - 1));
        no_change_is_due(store, 10).await;
        from = Some(status);
        assert!(
            store
                .conclude(&held, Outcome::Handled, at(10))
                .await
                .unwrap()
        );
    }
    no_change_is_due(store, 1000).await;
    assert_eq!(store.stats(at(10)).await.unwrap().waiting, 0);
}

/// Of one request, at the same time.
async fn two_changes(store: &impl Store) {
    for status in [Status::InReview, Status::Accredited] {
        store
            .accept(delivery(Some(90), status.as_str()), at(0))
            .await
            .unwrap();
        let held = lease(store, 0).await;
        store.record(&held, moved(status), at(0)).await.unwrap();
    }
}

async fn a_change_is_retried_set_aside_and_revived(store: &impl Store) {
    two_changes(store).await;
    let held = lease_change(store, 0).await;
    assert!(store.begin(&held).await.unwrap());
    store.conclude(&held, retry(5), at(0)).await.unwrap();
    no_change_is_due(store, 4).await;
    let held = lease_change(store, 5).await;
    assert_eq!((held.attempts, held.change.sequence), (2, 1));
    assert!(store.begin(&held).await.unwrap());
    let poison = Outcome::Poison {
        error: "hopeless".into(),
    };
    store.conclude(&held, poison, at(5)).await.unwrap();

    let aside = store.poisoned(10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!((&aside[0].change, aside[0].attempts), (&held.change, 2));
    assert_eq!(aside[0].error.expose(), "hopeless");
    assert_eq!(store.stats(at(5)).await.unwrap().poisoned, 1);
    let later = lease_change(store, 5).await;
    assert_eq!(later.change.sequence, 2, "later changes go on without it");
    store
        .conclude(&later, Outcome::Handled, at(5))
        .await
        .unwrap();

    assert!(
        !store.revive(id(90), 2, at(6)).await.unwrap(),
        "that one was handled"
    );
    assert!(!store.revive(id(91), 1, at(6)).await.unwrap());
    assert!(store.revive(id(90), 1, at(6)).await.unwrap());
    assert!(!store.revive(id(90), 1, at(6)).await.unwrap());
    let held = lease_change(store, 6).await;
    assert_eq!((held.attempts, held.change.sequence), (1, 1));
    assert_eq!(store.poisoned(10).await.unwrap(), []);
}

async fn following_a_request_twice_changes_nothing(store: &impl Store) {
    assert_eq!(
        store.track(&[id(90), id(91), id(90)], at(0)).await.unwrap(),
        2
    );
    let held = store.lease_requests(1, at(0), at(60)).await.unwrap();
    let look = Look {
        next: Some(at(99)),
        ..moved(Status::InReview)
    };
    store.record(&held[0], look, at(0)).await.unwrap();
    assert_eq!(store.track(&[id(90), id(91)], at(1)).await.unwrap(), 0);
    let known = store.request(held[0].request).await.unwrap().unwrap();
    assert_eq!((known.due_at, known.hinted_at), (Some(at(99)), None));
    assert_eq!(store.track(&[], at(1)).await.unwrap(), 0);
}

async fn the_longest_due_come_first(store: &impl Store) {
    for (request, now) in [(1, 30), (2, 10), (3, 20)] {
        store.track(&[id(request)], at(now)).await.unwrap();
    }
    let mut order = Vec::new();
    for _ in 0..3 {
        let held = store.lease_requests(1, at(40), at(100)).await.unwrap();
        order.push(held[0].request.get());
    }
    assert_eq!(order, [2, 3, 1]);
}

async fn purging_forgets_what_was_dealt_with_and_no_request(store: &impl Store) {
    store.accept(delivery(None, "unread"), at(0)).await.unwrap();
    for status in [
        Status::WaitingForReview,
        Status::InReview,
        Status::Accredited,
    ] {
        store
            .accept(delivery(Some(90), status.as_str()), at(0))
            .await
            .unwrap();
        let held = lease(store, 0).await;
        store.record(&held, moved(status), at(10)).await.unwrap();
    }
    let held = lease_change(store, 10).await;
    store
        .conclude(&held, Outcome::Handled, at(10))
        .await
        .unwrap();
    let held = lease_change(store, 10).await;
    store
        .conclude(&held, Outcome::Poison { error: "".into() }, at(10))
        .await
        .unwrap();

    assert_eq!(
        store.purge(at(10), 100).await.unwrap(),
        0,
        "not before its time"
    );
    assert_eq!(
        store.purge(at(11), 2).await.unwrap(),
        3,
        "two deliveries and a handled change"
    );
    assert_eq!(store.purge(at(11), 2).await.unwrap(), 1);
    assert_eq!(store.purge(at(1000), 2).await.unwrap(), 0);
    let stats = store.stats(at(11)).await.unwrap();
    assert_eq!((stats.unreadable, stats.poisoned, stats.waiting), (1, 1, 1));
    // A request that is forgotten counts from 1 again, and its keys come twice.
    store
        .accept(delivery(Some(90), "again"), at(12))
        .await
        .unwrap();
    assert_eq!(lease(store, 12).await.sequence, 3);
}

async fn unknown_statuses_are_stored_as_they_are(store: &impl Store) {
    let odd = Status::from_value("on_hold_by_the_regulator's office");
    store.track(&[id(90)], at(0)).await.unwrap();
    let held = lease(store, 0).await;
    store
        .record(&held, moved(odd.clone()), at(0))
        .await
        .unwrap();
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!(known.status, Some(odd.clone()));
    let held = lease_change(store, 0).await;
    assert_eq!(held.change.to, odd);
    assert_eq!(held.change.key(), "90-1-on_hold_by_the_regulator's office");
}

async fn an_id_beyond_the_columns_is_an_error_and_not_another_request(store: &impl Store) {
    let (large, largest) = (u64::try_from(i64::MAX).unwrap(), u64::MAX);
    store.track(&[id(large)], at(0)).await.unwrap();
    assert_eq!(lease(store, 0).await.request, id(large));
    // The memory has no columns.
    if let Ok(known) = store.request(id(largest)).await {
        assert_eq!(known, None);
    } else {
        store.track(&[id(largest)], at(0)).await.unwrap_err();
        store
            .accept(delivery(Some(largest), "one"), at(0))
            .await
            .unwrap_err();
    }
}

async fn many_callers_never_hold_the_same_lease(store: &impl Store) {
    let requests: Vec<_> = (1..=60).map(id).collect();
    store.track(&requests, at(0)).await.unwrap();
    let callers = (0..8).map(|_| async {
        let mut mine = Vec::new();
        loop {
            let held = store.lease_requests(3, at(0), at(60)).await.unwrap();
            if held.is_empty() {
                return mine;
            }
            for lease in held {
                assert!(
                    store
                        .record(&lease, moved(Status::InReview), at(0))
                        .await
                        .unwrap()
                );
                mine.push(lease.request);
            }
        }
    });
    let mut seen = Vec::new();
    for caller in join_all(callers).await {
        seen.extend(caller);
    }
    seen.sort_unstable_by_key(|id| id.get());
    assert_eq!(seen, requests);
    let stats = store.stats(at(0)).await.unwrap();
    assert_eq!(stats.waiting, 60);
}

async fn many_callers_never_hold_the_same_change(store: &impl Store) {
    let requests: Vec<_> = (1..=60).map(id).collect();
    store.track(&requests, at(0)).await.unwrap();
    for lease in store.lease_requests(60, at(0), at(60)).await.unwrap() {
        let look = moved(Status::InReview);
        assert!(store.record(&lease, look, at(0)).await.unwrap());
    }
    let callers = (0..8).map(|_| async {
        let mut mine = Vec::new();
        loop {
            let held = store.lease_changes(3, at(0), at(60)).await.unwrap();
            if held.is_empty() {
                return mine;
            }
            for lease in held {
                assert!(store.begin(&lease).await.unwrap());
                let done = store.conclude(&lease, Outcome::Handled, at(0));
                assert!(done.await.unwrap());
                mine.push((lease.change.request, lease.attempts));
            }
        }
    });
    let mut seen = Vec::new();
    for caller in join_all(callers).await {
        seen.extend(caller);
    }
    seen.sort_unstable_by_key(|(id, _)| id.get());
    let once: Vec<_> = requests.into_iter().map(|id| (id, 1)).collect();
    assert_eq!(seen, once);
    assert_eq!(store.stats(at(0)).await.unwrap().waiting, 0);
}

/// They may be about people.
#[test]
fn the_words_of_a_handler_are_not_printed() {
    let (at, error) = (at(0), "Ada Lovelace is not known here".into());
    let retry = Outcome::Retry { at, error };
    assert!(!format!("{retry:?}").contains("Ada"));
    let error = "Ada Lovelace is not known here".into();
    let poison = Outcome::Poison { error };
    assert!(!format!("{poison:?}").contains("Ada"));
}

async fn what_was_given_up_is_followed_again_and_what_is_over_is_not(store: &impl Store) {
    let ids = [id(90), id(91), id(92)];
    store.track(&ids, at(0)).await.unwrap();
    // One never seen, one seen in the middle, one at its end; none of them is to be looked at again.
    for lease in store.lease_requests(3, at(0), at(60)).await.unwrap() {
        let look = match lease.request.get() {
            90 => Look {
                answered: true,
                missing: 4,
                ..Look::default()
            },
            91 => moved(Status::InReview),
            _ => moved(Status::AcceptedExpire),
        };
        store.record(&lease, look, at(1)).await.unwrap();
    }
    nothing_is_due(store, 1000).await;
    assert_eq!(store.track(&ids, at(1000)).await.unwrap(), 2);
    assert_eq!(store.track(&ids, at(1001)).await.unwrap(), 0);
    let mut leases = store.lease_requests(3, at(1000), at(1060)).await.unwrap();
    leases.sort_by_key(|lease| lease.request.get());
    let requests: Vec<_> = leases
        .iter()
        .map(|lease| (lease.request.get(), lease.missing))
        .collect();
    assert_eq!(requests, [(90, 4), (91, 0)]);
}

/// Two changes of one request at a time would be handled out of their order.
async fn a_revived_change_waits_for_the_one_that_is_under_way(store: &impl Store) {
    two_changes(store).await;
    let first = lease_change(store, 0).await;
    let error = "hopeless".into();
    let poison = Outcome::Poison { error };
    store.conclude(&first, poison, at(0)).await.unwrap();
    let second = lease_change(store, 0).await;
    assert!(store.revive(id(90), 1, at(1)).await.unwrap());
    no_change_is_due(store, 1).await;
    assert!(
        store
            .conclude(&second, Outcome::Handled, at(2))
            .await
            .unwrap()
    );
    assert_eq!(lease_change(store, 2).await.change.sequence, 1);
}

async fn what_can_not_be_read_is_read_page_by_page(store: &impl Store) {
    for text in ["one", "two", "three"] {
        store.accept(delivery(None, text), at(0)).await.unwrap();
    }
    let (mut bodies, mut after) = (Vec::new(), None);
    loop {
        let page = store.unreadable(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        bodies.extend(page.iter().map(|kept| kept.body.expose().clone()));
    }
    assert_eq!(bodies, [&b"one"[..], b"two", b"three"]);
}

/// Later than the clock of any server that is asked.
const AHEAD: u64 = 10_000_000_000;

async fn a_clock_that_was_set_back_keeps_nothing_out_of_reach(store: &impl Store) {
    let (ahead, now) = (AHEAD + 1_000_000, AHEAD);
    // Written while the clock was ahead: a wait of a minute after a look, a hint, a change that comes again in ten seconds.
    store.track(&[id(90), id(91)], at(ahead)).await.unwrap();
    for lease in store
        .lease_requests(2, at(ahead), at(ahead + 60))
        .await
        .unwrap()
    {
        let look = Look {
            next: (lease.request == id(90)).then_some(at(ahead + 60)),
            ..moved(Status::from_value("on_hold"))
        };
        store.record(&lease, look, at(ahead)).await.unwrap();
    }
    store
        .accept(delivery(Some(91), "hint"), at(ahead))
        .await
        .unwrap();
    let changes = store
        .lease_changes(2, at(ahead), at(ahead + 60))
        .await
        .unwrap();
    for change in changes {
        let outcome = if change.change.request == id(90) {
            retry(ahead + 10)
        } else {
            Outcome::Handled
        };
        store.conclude(&change, outcome, at(ahead)).await.unwrap();
    }

    assert_eq!(store.redate(at(ahead)).await.unwrap(), 0);
    assert_eq!(
        store.redate(at(ahead - 10)).await.unwrap(),
        0,
        "clocks may differ by so much"
    );
    nothing_is_due(store, now).await;
    assert!(store.redate(at(now)).await.unwrap() > 0);
    assert_eq!(store.redate(at(now)).await.unwrap(), 0);
    assert_eq!(lease(store, now).await.request, id(91), "the hint");
    nothing_is_due(store, now + 59).await;
    no_change_is_due(store, now + 9).await;
    assert_eq!(lease_change(store, now + 10).await.change.request, id(90));
    let known = store.request(id(90)).await.unwrap().unwrap();
    assert_eq!(
        known.due_at,
        Some(at(now + 60)),
        "the wait is as long as it was"
    );
    assert_eq!(
        store.purge(at(now + 1), 10).await.unwrap(),
        1,
        "nor is what was handled kept for longer"
    );
}

async fn a_live_lease_is_not_cut_short_when_the_clock_is_set_back(store: &impl Store) {
    let (ahead, now) = (AHEAD + 1_000_000, AHEAD);
    store.track(&[id(90), id(91)], at(now)).await.unwrap();
    let leases = store
        .lease_requests(1, at(now), at(now + 60))
        .await
        .unwrap();
    store
        .record(&leases[0], moved(Status::Accredited), at(now))
        .await
        .unwrap();
    // The clock is set ahead, both are leased, and it is set back while they are under way.
    let look = lease(store, ahead).await;
    let change = lease_change(store, ahead).await;
    assert!(store.begin(&change).await.unwrap());
    assert_eq!(store.redate(at(now + 5)).await.unwrap(), 2);
    store
        .accept(delivery(Some(91), "hint"), at(now + 6))
        .await
        .unwrap();
    for moment in [now + 6, now + 64] {
        nothing_is_due(store, moment).await;
        no_change_is_due(store, moment).await;
    }
    assert!(
        store
            .record(&look, moved(Status::InReview), at(now + 64))
            .await
            .unwrap()
    );
    // The other one died with its process.
    let mut late = change;
    let again = store
        .lease_changes(10, at(now + 65), at(now + 125))
        .await
        .unwrap();
    assert_eq!(
        again.len(),
        2,
        "its own, and the new one of the other request"
    );
    late.attempts += 1;
    assert!(
        again
            .iter()
            .any(|lease| lease.change == late.change && lease.attempts == late.attempts)
    );
    assert!(
        !store
            .conclude(&late, Outcome::Handled, at(now + 66))
            .await
            .unwrap()
    );
}

/// All at the same time, in this task.
pub(crate) async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return std::task::Poll::Pending;
        }
        let outputs = futures.iter_mut().filter_map(|(_, output)| output.take());
        std::task::Poll::Ready(outputs.collect())
    })
    .await
}
