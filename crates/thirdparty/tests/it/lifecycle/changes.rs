//! Following changes while they are made, by a service that filters and orders, and by one that does not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use accredit_thirdparty::models::Timestamp;
use accredit_thirdparty::transport::Body;
use accredit_thirdparty::transport::http::{Request, Response, Uri};
use accredit_thirdparty::{
    Client, Credentials, Error, ErrorKind, InvestmentId, InvestmentStatus, InvestmentSummary,
};

use crate::support::{
    EMAIL, PASSWORD, Service, TOKEN, investor, is_login, login, offering, partner, partner_builder,
    reply, wire_investment,
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

/// What a service does not know, parameters and fields of the order: none of it; then one that does not filter, one that does
/// not order either, and those that order by the other of two fields only, as the framework does with a field it does not know.
const UNKNOWN: [&[&str]; 6] = [
    &[],
    &["updated_at__gte"],
    &["updated_at__gte", "ordering"],
    &["updated_at__gte", "updated_at"],
    &["updated_at"],
    &["updated_at__gte", "id"],
];

/// A pair of a query without what is unknown; `None` when nothing is left.
fn known(pair: &str, unknown: &[&str]) -> Option<String> {
    let (name, value) = pair.split_once('=').unwrap();
    if unknown.contains(&name) {
        return None;
    }
    if name != "ordering" {
        return Some(pair.to_owned());
    }
    let fields = value.split("%2C").filter(|field| {
        let field = field.trim_start_matches('-');
        !unknown.contains(&field)
    });
    let fields: Vec<_> = fields.collect();
    (!fields.is_empty()).then(|| format!("ordering={}", fields.join("%2C")))
}

/// A client of which this is lost on the way, and before each of whose requests something happens.
fn client(
    sandbox: &Sandbox,
    unknown: &'static [&'static str],
    meddle: impl Fn() + Clone + Send + Sync + 'static,
) -> Client {
    let strip = move |mut request: Request<Body>| {
        meddle();
        if let Some(query) = request.uri().query() {
            let kept = query.split('&').filter_map(|pair| known(pair, unknown));
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

#[tokio::test]
async fn only_an_order_that_is_proved_saves_pages() {
    let (sandbox, _, ids) = some(13).await;
    sandbox.advance_clock(Duration::from_secs(60));
    let since = Timestamp::from(sandbox.now());
    for id in &ids[4..7] {
        sandbox.advance_clock(Duration::from_secs(1));
        sandbox.investments().advance(*id, "received").unwrap();
    }
    // Two to see whether it orders. Then two pages and one of six, or all seven twice.
    for (unknown, expected) in UNKNOWN.into_iter().zip([5, 5, 16, 16, 6, 5]) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let client = client(&sandbox, unknown, move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        client.auth().login().await.unwrap();
        asked.store(0, Ordering::SeqCst);
        let list = client.investments().list().page_size(2);
        let mut changes = list.changes_since(since);
        for id in &ids[4..7] {
            assert_eq!(changes.try_next().await.unwrap().unwrap().id, *id);
        }
        assert!(changes.try_next().await.unwrap().is_none());
        assert_eq!(asked.load(Ordering::SeqCst), expected, "{unknown:?}");
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
        (5, &[5][..], true),
        (5, &[1], true),
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

/// A service that keeps the order of what changed in these minutes, by the number of the page that is asked for, and two a page.
fn shrinking(list: impl Fn(u64) -> Vec<u64> + Send + Sync + 'static) -> Service {
    let requests = AtomicUsize::new(0);
    Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        let asked = requests.fetch_add(1, Ordering::SeqCst);
        assert!(asked < 200, "it goes on for ever");
        let query = request.uri().query().unwrap();
        let number = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(given, _)| *given == name).unwrap();
            value.parse::<usize>().unwrap()
        };
        let (page, size) = (number("page"), number("page_size"));
        let mut ids = list(if size == 1 {
            0
        } else {
            u64::try_from(page).unwrap()
        });
        if !query.contains("ordering=-updated_at") {
            ids.reverse();
        }
        let here = ids.chunks(size).nth(page - 1).unwrap();
        let items = here
            .iter()
            .map(|id| format!(r#"{{"id": {id}, "updated_at": "2026-01-01T00:{id:02}:00Z"}}"#));
        let items = items.collect::<Vec<_>>().join(",");
        let next = match page * size < ids.len() {
            true => format!("\"?page={}\"", page + 1),
            false => "null".to_owned(),
        };
        let count = ids.len();
        reply(
            200,
            "application/json",
            format!(r#"{{"count": {count}, "next": {next}, "results": [{items}]}}"#),
        )
    })
}

/// What is told before the end, or before an error.
async fn told_until(service: &Service) -> (Vec<u64>, Option<Error>) {
    let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let list = service.client().investments().list().page_size(2);
    let mut changes = list.changes_since(since);
    let mut told = Vec::new();
    loop {
        match changes.try_next().await {
            Ok(Some(change)) => told.push(change.id.get()),
            Ok(None) => return (told, None),
            Err(error) => return (told, Some(error)),
        }
    }
}

#[tokio::test]
async fn a_list_that_becomes_shorter_in_every_pass_is_told_as_far_as_it_is_sure() {
    // In every pass a new one comes, and the newest leaves, before the second page or the third.
    let state = Mutex::new((0, (1..10).collect::<Vec<u64>>()));
    let service = shrinking(move |page| {
        let (passes, ids) = &mut *state.lock().unwrap();
        if page == 1 {
            *passes += 1;
            ids.push(9 + *passes);
        } else if page == 2 + *passes % 2 {
            ids.pop();
        }
        ids.iter().rev().copied().collect()
    });
    let (told, error) = told_until(&service).await;
    assert_eq!(told, [1, 2, 3, 4, 5, 6, 7]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert_eq!(
        error.to_string(),
        "investments.list: stopped before the end of the list: it became shorter again and again"
    );
}

/// Two copies answer by turns, one without the newest. What is newer than a gap is told after what was in it, so that who comes
/// back with the time of the last one misses nothing.
#[tokio::test]
async fn a_copy_that_lags_behind_hides_nothing() {
    let requests = AtomicUsize::new(0);
    let service = shrinking(move |_| {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let newest = if number < 14 && number % 2 == 1 { 8 } else { 9 };
        (1..=newest).rev().collect()
    });
    let (told, error) = told_until(&service).await;
    assert_eq!(told, (1..10).collect::<Vec<_>>());
    assert!(error.is_none());
    // For ever.
    let requests = AtomicUsize::new(0);
    let service = shrinking(move |_| {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        (1..=9 - u64::from(number % 2 == 1)).rev().collect()
    });
    let (told, error) = told_until(&service).await;
    assert_eq!(told, [1, 2]);
    assert_eq!(error.unwrap().kind(), ErrorKind::Pagination);
}

/// A service that orders investments 9 to 1, each changed on the day of its number; which of them stand on a page, and whether
/// there is one, is the closure's.
fn two_a_page(answer: impl Fn(u64) -> Option<Vec<u64>> + Send + Sync + 'static) -> Service {
    Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        let query = request.uri().query().unwrap();
        let number = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(given, _)| *given == name).unwrap();
            value.parse::<u64>().unwrap()
        };
        let ids = match (number("page_size"), query.contains("ordering=-updated_at")) {
            (1, true) => Some(vec![9]),
            (1, false) => Some(vec![1]),
            _ => answer(number("page")),
        };
        let Some(ids) = ids else {
            return reply(404, "application/json", r#"{"detail": "Invalid page."}"#);
        };
        let next = if ids.last() == Some(&1) {
            "null".to_owned()
        } else {
            format!("\"?page={}\"", number("page") + 1)
        };
        let items = ids
            .iter()
            .map(|id| format!(r#"{{"id": {id}, "updated_at": "2026-01-0{id}T00:00:00Z"}}"#));
        let items = items.collect::<Vec<_>>().join(",");
        reply(
            200,
            "application/json",
            format!(r#"{{"count": 9, "next": {next}, "results": [{items}]}}"#),
        )
    })
}

async fn told(client: &Client) -> Result<Vec<u64>, Error> {
    told_since(client, "2026-01-01T00:00:00Z").await
}

async fn told_since(client: &Client, since: &str) -> Result<Vec<u64>, Error> {
    let since: Timestamp = since.parse().unwrap();
    let list = client.investments().list().page_size(2);
    let mut changes = list.changes_since(since);
    let mut told = Vec::new();
    while let Some(change) = changes.try_next().await? {
        told.push(change.id.get());
    }
    assert!(changes.try_next().await?.is_none());
    Ok(told)
}

/// A service may know one field to order by, and no list of them: then a pass comes in an order of its own.
#[tokio::test]
async fn an_order_that_is_kept_for_one_field_only_saves_no_pages() {
    let service = two_a_page(|page| {
        let pages = [[3, 2], [9, 8], [7, 6], [5, 4]];
        let here = usize::try_from(page - 1).unwrap();
        Some(pages.get(here).map_or(vec![1], |ids| ids.to_vec()))
    });
    let told = told_since(&service.client(), "2026-01-03T00:00:00Z").await;
    assert_eq!(told.unwrap(), (3..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_that_is_gone_is_looked_for_again_and_not_for_ever() {
    // Gone for a while: the list was shorter.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = two_a_page(move |page| match page {
        1 => Some(vec![9, 8]),
        _ if count.fetch_add(1, Ordering::SeqCst) < 3 => None,
        _ => Some(vec![2, 1]),
    });
    assert_eq!(told(&service.client()).await.unwrap(), [1, 2, 8, 9]);
    // Gone for ever, though the page before names it.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = two_a_page(move |page| match page {
        1 => Some(vec![9, 8]),
        _ => {
            count.fetch_add(1, Ordering::SeqCst);
            None
        }
    });
    let error = told(&service.client()).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.operation(), Some("investments.list"));
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_list_that_leads_in_circles_is_an_error() {
    let item = r#"{"id": 2, "updated_at": "2026-01-02T00:00:00Z"}"#;
    let body = format!(r#"{{"count": 9, "next": "?page=2", "results": [{item}]}}"#);
    let error = told(&Service::json(200, &body).client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    let line = "investments.list: stopped before the end of the list: the server named page 2 after page 2";
    assert_eq!(error.to_string(), line);
}

/// A refused login has a status, too, and says nothing of a page.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_not_found_is_no_page_that_is_gone() {
    let logins = AtomicUsize::new(0);
    let service = Service::new(move |request| {
        let query = request.uri().query().unwrap_or_default();
        if is_login(request) {
            return match logins.fetch_add(1, Ordering::SeqCst) {
                0 => login(TOKEN),
                _ => reply(404, "text/html", "<html>"),
            };
        }
        if query.contains("page=2") {
            return reply(401, "application/json", r#"{"detail": "Invalid token."}"#);
        }
        let item = r#"{"id": 2, "updated_at": "2026-01-02T00:00:00Z"}"#;
        let body = format!(r#"{{"count": 2, "next": "?page=2", "results": [{item}]}}"#);
        reply(200, "application/json", body)
    });
    // After each call so much time passes that the next one would log in again.
    let late = |result: Result<Response<Body>, Error>| async {
        tokio::time::advance(Duration::from_secs(2)).await;
        result
    };
    let client = service
        .builder()
        .credentials(Credentials::password(EMAIL, PASSWORD))
        .configure(move |stack| stack.layer(tower::util::ThenLayer::new(late)))
        .build()
        .unwrap();
    let error = told(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.is_not_found(), "by its status alone");
    let seen = service.seen_with_credentials().into_iter();
    let seen: Vec<_> = seen.map(|(name, _)| name).collect();
    let list = "investments";
    assert_eq!(seen, ["login", list, list, list, list, "login"]);
}
