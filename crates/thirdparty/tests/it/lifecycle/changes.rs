//! Following changes while they are made, by a service that filters and orders, and by one that does not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use accredit_thirdparty::models::Timestamp;
use accredit_thirdparty::transport::Body;
use accredit_thirdparty::transport::http::{Request, Uri};
use accredit_thirdparty::{Client, ErrorKind, InvestmentId, InvestmentStatus, InvestmentSummary};

use crate::support::{
    Service, TOKEN, investor, is_login, login, offering, partner, partner_builder, reply,
    wire_investment,
};

/// A sandbox whose clock stands still unless it is moved, with some investments of one instant.
async fn some(count: i64) -> (Sandbox, Timestamp, Vec<InvestmentId>) {
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    let builder = Sandbox::builder().strict(true).clock(Clock::Frozen(now));
    let sandbox = builder.start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let mut ids = Vec::new();
    for quantity in 0..count {
        ids.push(
            wire_investment(&client, offering, &investor, 10 + quantity)
                .await
                .id,
        );
    }
    (sandbox, Timestamp::from(now), ids)
}

/// The parameters that a service does not know: as it should be, one that does not filter, one that does not order either.
const UNKNOWN: [&[&str]; 3] = [&[], &["updated_at__gte"], &["updated_at__gte", "ordering"]];

/// A client of which these parameters are lost on the way, and before each of whose requests something happens.
fn client(
    sandbox: &Sandbox,
    unknown: &'static [&'static str],
    meddle: impl Fn() + Clone + Send + Sync + 'static,
) -> Client {
    let strip = move |mut request: Request<Body>| {
        meddle();
        if let Some(query) = request.uri().query() {
            let kept = query.split('&').filter(|pair| {
                let name = pair.split('=').next().unwrap();
                !unknown.contains(&name)
            });
            let kept = kept.collect::<Vec<_>>().join("&");
            let uri = format!("{}?{kept}", request.uri().path());
            *request.uri_mut() = uri.parse::<Uri>().unwrap();
        }
        request
    };
    partner_builder(sandbox)
        .configure(move |stack| stack.layer(tower::util::MapRequestLayer::new(strip.clone())))
        .build()
        .unwrap()
}

fn key(change: &InvestmentSummary) -> (Timestamp, InvestmentId) {
    (change.updated_at.unwrap(), change.id)
}

#[tokio::test]
async fn changes_of_one_instant_are_told_once_and_in_order() {
    let (sandbox, start, ids) = some(13).await;
    sandbox.advance_clock(Duration::from_secs(60));
    for id in &ids[4..9] {
        sandbox.investments().advance(*id, "received").unwrap();
    }
    sandbox.advance_clock(Duration::from_micros(1));
    sandbox.investments().advance(ids[0], "received").unwrap();
    let later = start
        .instant()
        .checked_add(Duration::from_secs(60))
        .unwrap();
    for unknown in UNKNOWN {
        let client = client(&sandbox, unknown, || ());
        for size in [2, 5] {
            let list = || client.investments().list().page_size(size);
            let told = async |mut changes: accredit_thirdparty::lifecycle::Changes| {
                let mut told = Vec::new();
                while let Some(change) = changes.try_next().await.unwrap() {
                    told.push(key(&change));
                }
                assert!(changes.try_next().await.unwrap().is_none());
                assert!(told.is_sorted(), "{told:?}");
                told.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
            };
            let all = [&ids[1..4], &ids[9..], &ids[4..9], &ids[..1]].concat();
            assert_eq!(told(list().changes_since(start)).await, all, "{size}");
            let since = [&ids[4..9], &ids[..1]].concat();
            assert_eq!(told(list().changes_since(later)).await, since);
            let known = list().changes_since(later).told(ids[4..8].to_vec());
            assert_eq!(told(known).await, [ids[8], ids[0]]);
            let filtered = list()
                .id_in([ids[2], ids[5]])
                .ordering("-amount")
                .changes_since(start);
            assert_eq!(told(filtered).await, [ids[2], ids[5]]);
            let future = later.checked_add(Duration::from_secs(60)).unwrap();
            assert_eq!(told(list().changes_since(future)).await, []);
        }
        let mut changes = client.investments().changes_since(later);
        assert_eq!(changes.try_next().await.unwrap().unwrap().id, ids[4]);
    }
}

/// A draw of SplitMix64.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) % below
}

/// Moves investments on at random, never one twice at one instant, which cannot be seen.
struct Meddler {
    sandbox: Arc<Sandbox>,
    ids: Vec<InvestmentId>,
    state: Mutex<(u64, BTreeMap<InvestmentId, Timestamp>)>,
}

impl Meddler {
    fn meddle(&self) {
        let way = [
            "started",
            "not_received",
            "received",
            "invested",
            "approved",
            "accepted",
        ];
        let (random, changed) = &mut *self.state.lock().unwrap();
        if changed.len() > 8 {
            return;
        }
        for _ in 0..draw(random, 4) {
            if draw(random, 2) == 0 {
                self.sandbox.advance_clock(Duration::from_secs(1));
            }
            let now = Timestamp::from(self.sandbox.now());
            let id = self.ids[usize::try_from(draw(random, 11)).unwrap()];
            let status = self.sandbox.investments().status(id).unwrap().unwrap();
            let place = way.iter().position(|other| *other == status).unwrap();
            if let Some(next) = way.get(place + 1)
                && changed.insert(id, now) != Some(now)
            {
                self.sandbox.investments().advance(id, next).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_or_told_twice_while_investments_change() {
    // Investments leave the filtered list, and what stands behind them moves up.
    let open = ["started", "not_received", "received"].map(InvestmentStatus::from_value);
    let list = |client: &Client, filtered| {
        let list = client.investments().list();
        if filtered {
            list.status_in(open.clone())
        } else {
            list
        }
    };
    let mut again = 0;
    for seed in 0..4_u64 {
        for unknown in UNKNOWN {
            let filtered = seed % 2 == 0;
            let (sandbox, start, ids) = some(11).await;
            // Not of the instant at which all began.
            sandbox.advance_clock(Duration::from_secs(1));
            let meddler = Arc::new(Meddler {
                sandbox: Arc::new(sandbox),
                ids,
                state: Mutex::new((seed, BTreeMap::new())),
            });
            let sandbox = &meddler.sandbox;
            let busy = Arc::clone(&meddler);
            let busy = client(sandbox, unknown, move || busy.meddle());
            let mut random = seed;
            let size = 1 + i64::try_from(draw(&mut random, 4)).unwrap();
            let mut changes = list(&busy, filtered).page_size(size).changes_since(start);
            let mut last: BTreeMap<InvestmentId, Timestamp> = BTreeMap::new();
            while let Some(change) = changes.try_next().await.unwrap() {
                let (time, id) = key(&change);
                let before = last.insert(id, time);
                assert!(before.is_none_or(|before| before < time), "{id} twice");
                again += u32::from(before.is_some());
            }
            // What was changed behind the back of its last pass is told to who comes again.
            let latest = last.values().max().copied().unwrap();
            let known = last.iter().filter(|(_, time)| **time == latest);
            let known: Vec<_> = known.map(|(id, _)| *id).collect();
            let quiet = client(sandbox, unknown, || ());
            let mut changes = list(&quiet, filtered).changes_since(latest).told(known);
            while let Some(change) = changes.try_next().await.unwrap() {
                let (time, id) = key(&change);
                let before = last.insert(id, time);
                assert!(before.is_none_or(|before| before < time), "{id} twice");
            }
            let truth = list(&partner(sandbox), filtered).page_size(100);
            for investment in truth.send().await.unwrap().results {
                let (time, id) = key(&investment);
                assert_eq!(last.get(&id), Some(&time), "seed {seed}, {unknown:?}: {id}");
            }
        }
    }
    assert!(again > 10, "they changed meanwhile: {again}");
}

#[tokio::test]
async fn a_filtered_list_tells_what_is_in_it() {
    let (sandbox, start, ids) = some(4).await;
    sandbox.advance_clock(Duration::from_secs(1));
    sandbox.investments().advance(ids[1], "received").unwrap();
    let client = partner(&sandbox);
    let received = client
        .investments()
        .list()
        .status(InvestmentStatus::Received);
    let mut changes = received.changes_since(start);
    assert_eq!(changes.try_next().await.unwrap().unwrap().id, ids[1]);
    assert!(changes.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_investment_without_the_time_of_its_change_is_an_error_once() {
    let service = Service::json(200, r#"{"count": 1, "next": null, "results": [{"id": 1}]}"#);
    let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut changes = service.client().investments().changes_since(since);
    let error = changes.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "investments.list: the reply could not be read: an investment without `updated_at`"
    );
    assert!(changes.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn what_moves_up_when_another_leaves_the_list_is_not_lost() {
    // Five changed; the newest leaves between the two pages, and takes the third out of sight.
    let answers = [
        (5, &[1][..], true),
        (5, &[5, 4], true),
        (4, &[2, 1], false),
        (4, &[4, 3], true),
        (4, &[2, 1], false),
        (4, &[4, 3], true),
    ];
    let lists = AtomicUsize::new(0);
    let service = Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        let (count, ids, more) = answers[lists.fetch_add(1, Ordering::SeqCst)];
        let next = if more { r#""?page=2""# } else { "null" };
        let items = ids
            .iter()
            .map(|id: &u64| format!(r#"{{"id": {id}, "updated_at": "2026-01-0{id}T00:00:00Z"}}"#));
        let items = items.collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"count": {count}, "next": {next}, "results": [{items}]}}"#);
        reply(200, "application/json", body)
    });
    let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut changes = service.client().investments().changes_since(since);
    let mut told = Vec::new();
    while let Some(change) = changes.try_next().await.unwrap() {
        told.push(change.id.get());
    }
    assert_eq!(told, [1, 2, 3, 4, 5]);
}
