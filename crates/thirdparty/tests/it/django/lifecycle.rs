//! Waiting, changes and totals over live lists, with their real filters and their real order.

use std::time::Duration;

use accredit_thirdparty::lifecycle::{Changes, Waited};
use accredit_thirdparty::models::Timestamp;
use accredit_thirdparty::{InvestmentId, InvestmentStatus};
use tokio::sync::oneshot;

use super::{Django, OFFERING};

/// All the rest of them.
async fn told(mut changes: Changes) -> Vec<InvestmentId> {
    let mut told = Vec::new();
    while let Some(change) = changes.try_next().await.unwrap() {
        told.push(change.id);
    }
    told
}

async fn updated_at(django: &Django, id: InvestmentId) -> Timestamp {
    let read = django.client.investments().retrieve(id).send().await;
    read.unwrap().updated_at.unwrap()
}

/// What the lists may be unable to do, as knobs: a name that django-filter does not know filters nothing, and of the fields to
/// order by, DRF drops those that it does not allow and keeps the others.
const LISTS: [(&str, &str); 7] = [
    ("", ""),
    ("", "?value=yes"),
    ("?value=id", ""),
    ("?value=id", "?value=yes"),
    ("?value=updated_at", ""),
    ("?value=updated_at", "?value=yes"),
    ("?value=amount", "?value=yes"),
];

#[tokio::test]
async fn changes_are_told_in_their_order_whatever_the_lists_can_do() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Lovelace").await;
    let list = || django.client.investments().list().investor(investor.id);
    let since = updated_at(&django, ids[4]).await;
    let after = since.instant() + Duration::from_nanos(1);
    for (place, status) in [(3, "received"), (0, "received"), (2, "cancelled")] {
        django.advance(ids[place], status).await;
    }
    let all = [ids[4], ids[3], ids[0], ids[2]];
    for (ordering, filter) in LISTS {
        django.turn("ordering", ordering).await;
        django.turn("updated_at_unknown", filter).await;
        for size in [2, 100] {
            let list = || list().page_size(size);
            let lists = format!("{ordering:?} {filter:?} {size}");
            assert_eq!(told(list().changes_since(since)).await, all, "{lists}");
            // The service keeps microseconds: this is after the last change of the fifth.
            let later = list().changes_since(after);
            assert_eq!(told(later).await, all[1..], "{lists}");
            let known = list().changes_since(since).told([ids[4]]);
            assert_eq!(told(known).await, all[1..], "{lists}");
        }
    }
}

#[tokio::test]
async fn what_changes_while_the_changes_are_read_is_told() {
    let Some(django) = Django::start() else {
        return;
    };
    for (ordering, filter) in LISTS {
        django.turn("ordering", ordering).await;
        django.turn("updated_at_unknown", filter).await;
        let (investor, ids) = django.five("Hopper").await;
        let list = django.client.investments().list().investor(investor.id);
        let since = updated_at(&django, ids[0]).await;
        let mut changes = list.page_size(2).changes_since(since);
        assert_eq!(changes.try_next().await.unwrap().unwrap().id, ids[0]);
        django.advance(ids[3], "received").await;
        django.advance(ids[0], "received").await;
        let rest = told(changes).await;
        assert_eq!(rest[..2], ids[1..3], "{ordering:?} {filter:?}");
        assert_eq!(rest[rest.len() - 2..], [ids[3], ids[0]]);
        assert!(rest.contains(&ids[4]), "{rest:?}");
    }
}

#[tokio::test]
async fn totals_are_exact_over_pages() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Hamilton").await;
    django.advance(ids[1], "approved").await;
    for size in [1, 2, 5] {
        let list = django.client.investments().list().investor(investor.id);
        let totals = list.page_size(size).totals().await.unwrap();
        assert!(totals.is_consistent());
        let all = totals.all();
        assert_eq!((all.count, all.quantity, all.without_amount), (5, 60, 0));
        assert_eq!(all.amount.to_string(), "642.60");
        assert_eq!(all.shares_amount.to_string(), "630.00");
        let approved = totals.status(&InvestmentStatus::Approved);
        assert_eq!(
            (approved.count, approved.amount.to_string().as_str()),
            (1, "117.81")
        );
        let offering = totals.offering(OFFERING).unwrap();
        assert_eq!(offering.all(), all);
        let started = offering.status(&InvestmentStatus::Started);
        assert_eq!(started.amount.to_string(), "524.79");
        assert_eq!(totals.offerings().count(), 1);
    }
}

#[tokio::test]
async fn a_status_is_waited_for() {
    let Some(django) = Django::start() else {
        return;
    };
    let (_, ids) = django.five("Noether").await;
    let wait = |id| {
        let wait = django.client.investments().wait(id);
        wait.every(Duration::from_millis(5))
    };
    // It moves on as soon as it was seen as it was.
    let (seen, was_seen) = oneshot::channel();
    let mut seen = Some(seen);
    let waiting = wait(ids[0]).until_matching(|investment| {
        if let Some(seen) = seen.take() {
            seen.send(()).unwrap();
        }
        investment.status == Some(InvestmentStatus::Received)
    });
    let moving = async {
        was_seen.await.unwrap();
        django.advance(ids[0], "received").await;
    };
    match tokio::join!(waiting, moving).0.unwrap() {
        Waited::Reached(investment) => assert_eq!(investment.id, ids[0]),
        other => panic!("{other:?}"),
    }
    django.advance(ids[1], "cancelled").await;
    let ended = wait(ids[1]).until(InvestmentStatus::Received).await;
    assert!(matches!(ended.unwrap(), Waited::Ended(_)));
}

#[tokio::test]
async fn of_an_instant_django_keeps_microseconds() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Bartik").await;
    let instant: Timestamp = "2026-03-01T10:00:00.123456789Z".parse().unwrap();
    let create = django
        .client
        .investments()
        .create(OFFERING, investor.id, 20);
    let create = create.reg_cf_disclosure_acknowledged_at(instant);
    let created = create.send().await.unwrap();
    let kept = created.reg_cf_disclosure_acknowledged_at.unwrap();
    assert_eq!(kept, "2026-03-01T10:00:00.123456Z".parse().unwrap());
    // A filter by more digits is one by the first six: cut off, and not rounded.
    let read = django.client.investments().retrieve(ids[2]).send().await;
    let third = read.unwrap().created_at.unwrap();
    let almost_next = third.instant() + Duration::from_nanos(999);
    let list = || django.client.investments().list().investor(investor.id);
    let found = super::found(list().created_at(almost_next)).await;
    assert_eq!(found, ids[2..3]);
    let next = third.instant() + Duration::from_micros(1);
    let found = super::found(list().created_at_gte(next)).await;
    assert_eq!(found, [&ids[3..], &[created.id]].concat());
}
