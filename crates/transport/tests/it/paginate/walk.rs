//! What is asked for, when, and how far ahead.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use accredit_transport::http::{HeaderName, HeaderValue, Method, Request, Response};
use accredit_transport::{
    Body, CallOptions, Cursor, DecodeError, EncodeError, ErrorKind, Items, Operation,
    OperationInfo, PageInfo, Pages, Paginate, Reply, RequestEncoder, ResponseKind, RetryClass,
    RetryPolicy,
};
use tokio::time::Instant;

use super::support::{Lists, Numbers, Sheet, Tokens, book, drain, page, poll, settle};
use crate::support::record;

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    range.collect()
}

#[test]
fn streams_can_be_stored_sent_and_polled_without_a_pin() {
    fn check<T: Send + Unpin + 'static>() {}
    check::<Pages<Numbers>>();
    check::<Items<Tokens>>();
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_poll() {
    let lists = Lists::new(book(10, 2));
    let pages = lists.client().pages(Numbers::default()).prefetch(8);
    let items = lists.client().items(Numbers::default());
    settle().await;
    assert!(lists.asked().is_empty());
    drop((pages, items));
    settle().await;
    assert!(lists.asked().is_empty());
}

#[tokio::test]
async fn every_item_comes_once_and_in_order_however_far_ahead() {
    for (count, size) in [(0, 2), (1, 2), (2, 2), (10, 2), (11, 2), (50, 1)] {
        for prefetch in [0, 1, 2, 7, 16, usize::MAX] {
            let lists = Lists::new(book(count, size));
            let items = lists.client().items(Numbers::default()).prefetch(prefetch);
            let (all, failed) = drain(items).await;
            assert!(failed.is_none(), "{failed:?}");
            assert_eq!(all, numbers(1..=count));
            // Never a page beyond the last one.
            let expected = count.div_ceil(size).max(1);
            assert_eq!(lists.asked().len(), usize::try_from(expected).unwrap());
        }
    }
}

#[tokio::test]
async fn pages_that_come_in_the_wrong_order_are_given_out_in_the_right_one() {
    let lists = Lists::gated(book(10, 2));
    let mut pages = lists.client().pages(Numbers::default()).prefetch(8);
    lists.open("");
    assert_eq!(pages.try_next().await.unwrap().unwrap().items, [1, 2]);
    settle().await;
    assert_eq!(lists.asked(), ["", "2", "3", "4", "5"]);
    for number in [5, 4, 3] {
        lists.open(number);
        settle().await;
        assert!(poll(&mut pages).await.is_pending());
    }
    assert_eq!(lists.answered(), ["", "5", "4", "3"]);
    lists.open(2);
    for expected in [[3, 4], [5, 6], [7, 8], [9, 10]] {
        assert_eq!(pages.try_next().await.unwrap().unwrap().items, expected);
    }
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn requests_under_way_are_the_one_waited_for_and_those_ahead() {
    for (prefetch, ahead) in [(0, 0), (1, 1), (2, 2), (5, 5), (16, 16), (17, 16), (99, 16)] {
        let lists = Lists::gated(book(80, 2));
        let mut pages = lists.client().pages(Numbers::default()).prefetch(prefetch);
        assert!(poll(&mut pages).await.is_pending());
        settle().await;
        assert_eq!(lists.under_way(), 1, "nothing can be guessed yet");
        for number in 1..=10 {
            match number {
                1 => lists.open(""),
                _ => lists.open(number),
            }
            settle().await;
            assert!(poll(&mut pages).await.is_ready());
            settle().await;
            assert_eq!(lists.under_way(), ahead, "page {number} is consumed");
            assert!(poll(&mut pages).await.is_pending());
            settle().await;
            assert_eq!(lists.under_way(), ahead + 1, "page {number} is done");
        }
        assert_eq!(lists.peak(), ahead + 1);
        assert_eq!(lists.asked().len(), 11 + ahead);
    }
}

#[tokio::test]
async fn a_token_is_asked_for_as_soon_as_it_is_known_and_no_earlier() {
    let lists = Lists::gated(|place, _| match place {
        "" => page(0, &[1], Some("a")),
        "a" => page(0, &[2], Some("b")),
        "b" => page(0, &[3], None::<&str>),
        other => panic!("{other}"),
    });
    let mut items = lists.client().items(Tokens::default()).prefetch(5);
    lists.open("");
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    settle().await;
    assert_eq!(lists.asked(), ["", "a"]);
    lists.open("a");
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    settle().await;
    assert_eq!(lists.asked(), ["", "a", "b"]);
    lists.open("b");
    assert_eq!(items.try_next().await.unwrap(), Some(3));
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(items.total(), None);
    assert_eq!(lists.peak(), 1);
}

#[tokio::test]
async fn pages_ahead_come_while_the_stream_is_not_polled() {
    let lists = Lists::new(book(10, 2));
    let mut items = lists.client().items(Numbers::default()).prefetch(3);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    settle().await;
    assert_eq!(lists.answered(), ["", "2", "3", "4"]);
    assert_eq!(items.total(), Some(10));

    let lists = Lists::new(book(10, 2));
    let mut items = lists.client().items(Numbers::default()).prefetch(0);
    for expected in [1, 2] {
        assert_eq!(items.try_next().await.unwrap(), Some(expected));
        settle().await;
        assert_eq!(lists.asked(), [""], "nothing runs ahead");
    }
}

/// 41 pages, 20 ms each: the first alone, because nothing is known yet, then as many at a time as
/// are allowed.
#[tokio::test(start_paused = true)]
async fn pages_ahead_save_the_time_that_they_should() {
    for (prefetch, rounds) in [(0, 41), (1, 21), (3, 11), (7, 6), (15, 4)] {
        let answer = |request: Request<Body>| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let query = request.uri().query().unwrap_or_default();
            let (_, body) = book(82, 2)(query.trim_start_matches("at="), 0);
            Ok::<_, Infallible>(Response::new(body))
        };
        let builder = Lists::new(book(0, 1)).builder();
        let client = builder
            .transport(tower::service_fn(answer))
            .build()
            .unwrap();
        let start = Instant::now();
        let items = client.items(Numbers::default()).prefetch(prefetch);
        assert_eq!(drain(items).await.0, numbers(1..=82));
        assert_eq!(start.elapsed().as_millis(), 20 * rounds, "{prefetch} ahead");
    }
}

#[tokio::test]
async fn dropping_the_stream_cancels_what_is_under_way() {
    let lists = Lists::gated(book(20, 2));
    let mut pages = lists.client().pages(Numbers::default()).prefetch(3);
    lists.open("");
    assert!(pages.try_next().await.unwrap().is_some());
    assert!(poll(&mut pages).await.is_pending());
    settle().await;
    assert_eq!(lists.under_way(), 4);
    drop(pages);
    settle().await;
    assert_eq!((lists.under_way(), lists.asked().len()), (0, 5));
}

#[tokio::test]
async fn dropping_a_wait_loses_nothing() {
    let lists = Lists::gated(book(4, 2));
    let mut items = lists.client().items(Numbers::default());
    for expected in 1..=4 {
        for _ in 0..3 {
            let mut wait = pin!(items.try_next());
            let poll = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(item) = poll {
                assert_eq!(item.unwrap(), Some(expected));
                break;
            }
            lists.open(if expected == 1 { "" } else { "2" });
            settle().await;
        }
    }
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(lists.asked(), ["", "2"]);
}

#[test]
fn without_a_runtime_pages_move_while_the_stream_is_polled() {
    let lists = Lists::gated(book(10, 2));
    let mut items = pin!(lists.client().items(Numbers::default()).prefetch(2));
    let mut next = || {
        use futures_core::Stream as _;
        let mut cx = Context::from_waker(Waker::noop());
        items
            .as_mut()
            .poll_next(&mut cx)
            .map(|item| item.transpose().unwrap())
    };
    assert_eq!(next(), Poll::Pending);
    lists.open("");
    assert_eq!(next(), Poll::Ready(Some(1)));
    // Sent, so that a network that needs no polling can bring them.
    assert_eq!(lists.asked(), ["", "2", "3"]);
    assert_eq!(next(), Poll::Ready(Some(2)));
    assert_eq!(next(), Poll::Pending);
    assert_eq!(lists.asked(), ["", "2", "3", "4"]);
    lists.open(4);
    lists.open(3);
    assert_eq!(next(), Poll::Pending);
    assert_eq!(lists.answered(), ["", "3", "4"]);
    lists.open(2);
    lists.open(5);
    for item in 3..=10 {
        assert_eq!(next(), Poll::Ready(Some(item)));
    }
    assert_eq!(next(), Poll::Ready(None));
}

#[test]
fn a_page_that_was_lost_with_its_runtime_is_fetched_again() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let lists = Lists::gated(book(6, 2));
    let mut items = lists.client().items(Numbers::default()).prefetch(2);
    lists.open("");
    runtime().block_on(async {
        assert_eq!(items.try_next().await.unwrap(), Some(1));
        settle().await;
    });
    assert_eq!(lists.asked(), ["", "2", "3"]);
    lists.open(2);
    lists.open(3);
    runtime().block_on(async {
        assert_eq!(drain(items).await.0, numbers(2..=6));
    });
}

#[tokio::test]
async fn a_panic_on_a_page_ahead_reaches_the_consumer() {
    let lists = Lists::new(|place, _| match place {
        "" => page(4, &[1, 2], Some(2)),
        _ => panic!("of the layer"),
    });
    let mut items = lists.client().items(Numbers::default());
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    let consumer = tokio::spawn(async move { items.try_next().await });
    assert!(consumer.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn the_servers_word_goes_before_the_guess() {
    let lists = Lists::gated(|place, _| match place {
        "" => page(100, &[1], Some(2)),
        "2" => page(100, &[2], Some(7)),
        "7" => page(100, &[7], Some(8)),
        "8" => page(100, &[8], None::<u64>),
        other => panic!("{other} is not part of the list"),
    });
    let mut items = lists.client().items(Numbers::default()).prefetch(3);
    lists.open("");
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    settle().await;
    assert_eq!(lists.asked(), ["", "2", "3", "4"]);
    lists.open(2);
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    settle().await;
    // Page 5 was a guess too, made when page 2 was waited for. They are gone, and no more are made.
    assert_eq!(lists.asked(), ["", "2", "3", "4", "5", "7"]);
    assert_eq!(lists.under_way(), 1);
    lists.open(7);
    assert_eq!(items.try_next().await.unwrap(), Some(7));
    settle().await;
    assert_eq!(lists.under_way(), 1);
    lists.open(8);
    assert_eq!(items.try_next().await.unwrap(), Some(8));
    assert_eq!(items.try_next().await.unwrap(), None);
    settle().await;
    assert_eq!((lists.asked().len(), lists.under_way()), (7, 0));
}

#[tokio::test]
async fn a_page_ahead_that_a_shrunken_list_has_no_more_is_not_missed() {
    for prefetch in [0, 1, 2, 8] {
        let lists = Lists::new(|place, _| match place {
            "" => page(8, &[1, 2], Some(2)),
            "2" => page(4, &[3, 4], None::<u64>),
            _ => (404, String::from(r#"{"detail":"Invalid page."}"#)),
        });
        let items = lists.client().items(Numbers::default()).prefetch(prefetch);
        let (all, failed) = drain(items).await;
        assert_eq!(all, numbers(1..=4));
        assert!(failed.is_none(), "{failed:?}");
    }
}

#[tokio::test]
async fn a_page_ahead_that_came_too_early_is_asked_for_again_when_the_server_names_it() {
    for status in [404, 400] {
        let lists = Lists::new(move |place, before| match (place, before) {
            ("", _) => page(6, &[1, 2], Some(2)),
            ("2", _) => page(6, &[3, 4], Some(3)),
            ("3", 0) => (status, String::new()),
            _ => page(6, &[5, 6], None::<u64>),
        });
        let items = lists.client().items(Numbers::default()).prefetch(4);
        let (all, failed) = drain(items).await;
        assert!(failed.is_none(), "{failed:?}");
        assert_eq!(all, numbers(1..=6));
        assert_eq!(lists.asked(), ["", "2", "3", "3"]);
    }
}

#[tokio::test]
async fn a_page_ahead_that_failed_for_another_reason_is_not_asked_for_again() {
    for (status, asked) in [(404, 4), (403, 4), (401, 3), (429, 3), (408, 3), (503, 3)] {
        let lists = Lists::new(move |place, _| match place {
            "3" => (status, String::new()),
            _ => book(6, 2)(place, 0),
        });
        let builder = lists.builder().retry(RetryPolicy::none());
        let items = builder.build().unwrap().items(Numbers::default());
        let (all, failed) = drain(items.prefetch(4)).await;
        assert_eq!(all, numbers(1..=4));
        assert_eq!(failed.unwrap().status().unwrap(), status);
        assert_eq!(lists.asked().len(), asked, "{status}");
    }
}

#[tokio::test]
async fn pages_ahead_that_are_not_needed_are_cancelled_with_the_last_page() {
    let lists = Lists::gated(|place, _| match place {
        "" => page(8, &[1, 2], Some(2)),
        _ => page(8, &[3, 4], None::<u64>),
    });
    let mut pages = lists.client().pages(Numbers::default()).prefetch(3);
    lists.open("");
    assert!(pages.try_next().await.unwrap().is_some());
    settle().await;
    assert_eq!((lists.asked().len(), lists.under_way()), (4, 3));
    lists.open(2);
    assert!(pages.try_next().await.unwrap().is_some());
    settle().await;
    assert_eq!((lists.asked().len(), lists.under_way()), (4, 0));
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_guessed_is_as_many_pages_as_the_items_fill() {
    // A last page that is not full.
    let lists = Lists::new(book(5, 2));
    let mut pages = lists.client().pages(Numbers::default()).prefetch(8);
    assert!(pages.try_next().await.unwrap().is_some());
    settle().await;
    assert_eq!(lists.asked(), ["", "2", "3"]);
    // A short page in between does not make pages shorter.
    let lists = Lists::new(|place, _| match place {
        "" => page(9, &[1, 2, 3, 4], Some(2)),
        "2" => page(9, &[5], Some(3)),
        "3" => page(9, &[6, 7, 8, 9], None::<u64>),
        other => panic!("{other}"),
    });
    let mut pages = lists.client().pages(Numbers::default()).prefetch(8);
    for length in [4, 1, 4] {
        let page = pages.try_next().await.unwrap().unwrap();
        assert_eq!(page.items.len(), length);
        settle().await;
        assert_eq!(lists.asked(), ["", "2", "3"]);
    }
    // Pages without items fill no list.
    let lists = Lists::new(|_, _| page(9, &[], Some(2)));
    let mut pages = lists.client().pages(Numbers::default()).prefetch(8);
    assert!(pages.try_next().await.unwrap().is_some());
    settle().await;
    assert_eq!(lists.asked(), ["", "2"]);
}

#[tokio::test]
async fn a_page_that_the_server_named_and_does_not_have_is_an_error() {
    // Guessed, named, asked again; and, without guesses, asked once.
    for (prefetch, asked) in [(4, 4), (0, 3), (1, 4)] {
        let lists = Lists::new(|place, _| match place {
            "" => page(6, &[1, 2], Some(2)),
            "2" => page(6, &[3, 4], Some(3)),
            _ => (404, String::new()),
        });
        let items = lists.client().items(Numbers::default()).prefetch(prefetch);
        let (all, failed) = drain(items).await;
        assert_eq!(all, numbers(1..=4));
        let error = failed.unwrap();
        assert!(error.is_not_found());
        assert_eq!(error.operation(), Some("numbers.list"));
        assert_eq!(lists.asked().len(), asked, "{prefetch}");
    }
}

#[tokio::test]
async fn a_list_that_grows_is_followed_to_its_new_end() {
    for prefetch in [0, 1, 3, 16] {
        // Each page knows of two items more than the one before.
        let lists = Lists::new(|place, _| {
            let number = place.parse().unwrap_or(1);
            let items = [number * 2 - 1, number * 2];
            page(
                (number + 1).min(9) * 2,
                &items,
                (number < 9).then_some(number + 1),
            )
        });
        let mut items = lists.client().items(Numbers::default()).prefetch(prefetch);
        for item in 1..=18 {
            assert_eq!(items.try_next().await.unwrap(), Some(item));
            let known = item.div_ceil(2) + 1;
            assert_eq!(items.total(), Some(known.min(9) * 2));
        }
        assert_eq!(items.try_next().await.unwrap(), None);
        assert_eq!(lists.asked().len(), 9);
    }
}

#[tokio::test]
async fn an_error_in_the_middle_comes_after_the_pages_before_it() {
    for prefetch in [0, 1, 8] {
        let lists = Lists::new(|place, _| match place {
            "3" => (418, String::new()),
            _ => book(20, 2)(place, 0),
        });
        let items = lists.client().items(Numbers::default()).prefetch(prefetch);
        let (all, failed) = drain(items).await;
        assert_eq!(all, numbers(1..=4), "{prefetch}");
        assert_eq!(failed.unwrap().status().unwrap(), 418);
        let asked = lists.asked().len();
        settle().await;
        assert_eq!((lists.asked().len(), lists.under_way()), (asked, 0));
    }
}

#[tokio::test]
async fn empty_page_with_cursor_continues() {
    let answer = |place: &str, _: usize| match place {
        "" => page(3, &[], Some(2)),
        "2" => page(3, &[1, 2], Some(3)),
        "3" | "4" => page(3, &[], place.parse::<u64>().ok().map(|number| number + 1)),
        "5" => page(3, &[3], None::<u64>),
        other => panic!("{other}"),
    };
    for prefetch in [0, 1, 4] {
        let lists = Lists::new(answer);
        let client = lists.client();
        let items = client.items(Numbers::default()).prefetch(prefetch);
        assert_eq!(drain(items).await.0, [1, 2, 3]);
        let items = client.items(Tokens::default()).prefetch(prefetch);
        assert_eq!(drain(items).await.0, [1, 2, 3]);
        let (pages, _) = drain(client.pages(Tokens::default()).prefetch(prefetch)).await;
        let lengths: Vec<usize> = pages.iter().map(|page| page.items.len()).collect();
        assert_eq!(lengths, [0, 2, 0, 0, 1]);
        assert_eq!(lists.asked().len(), 15);
    }
}

#[tokio::test]
async fn a_walk_starts_where_the_operation_says() {
    let lists = Lists::new(book(10, 2));
    let mut pages = lists.client().pages(Numbers(Some(3))).prefetch(4);
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!((first.total, &*first.items), (10, &[5, 6][..]));
    let rest = drain(pages.into_items()).await;
    assert_eq!(rest.0, numbers(7..=10));
    assert_eq!(lists.asked(), ["3", "4", "5"]);
}

#[tokio::test]
async fn options_hold_for_every_page() {
    let lists = Lists::new(book(6, 2));
    let check = |request: Request<Body>| {
        assert_eq!(request.headers()["x-walk"], "1");
        request
    };
    let client = lists
        .builder()
        .layer(tower::util::MapRequestLayer::new(check))
        .build()
        .unwrap();
    let header = (
        HeaderName::from_static("x-walk"),
        HeaderValue::from_static("1"),
    );
    let options = CallOptions::new().header(header.0, header.1);
    let items = client.items(Numbers::default()).options(options);
    assert_eq!(drain(items).await.0.len(), 6);
    assert_eq!(lists.asked().len(), 3);
}

#[tokio::test]
async fn pages_ahead_belong_to_the_span_of_the_consumer() {
    let (log, _listening) = record();
    let lists = Lists::new(book(6, 2));
    {
        let span = tracing::info_span!("consumer");
        let items = lists.client().items(Numbers::default()).prefetch(2);
        let walk = tracing::Instrument::instrument(drain(items), span);
        assert_eq!(walk.await.0.len(), 6);
    }
    let text = log.text();
    let attempts: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("attempt=1"))
        .collect();
    assert_eq!(attempts.len(), 3, "{text}");
    assert!(
        attempts.iter().all(|line| line.contains("consumer:")),
        "{text}"
    );
}

#[tokio::test]
async fn a_status_of_a_page_keeps_its_kind() {
    let lists = Lists::new(|_, _| (401, String::new()));
    let (all, failed) = drain(lists.client().items(Numbers::default())).await;
    assert!(all.is_empty());
    assert_eq!(failed.unwrap().kind(), ErrorKind::Unauthorized);
    assert_eq!(lists.asked().len(), 1);
}

/// The same list, of which each page has an effect.
#[derive(Clone, Default)]
struct Firing(Numbers);

impl Operation for Firing {
    type Output = Sheet;
    const INFO: OperationInfo = OperationInfo::new(
        "firing.list",
        Method::GET,
        "/numbers",
        RetryClass::EffectfulRead,
        ResponseKind::Page,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        self.0.encode(request)
    }

    fn decode(reply: Reply) -> Result<Sheet, DecodeError> {
        Numbers::decode(reply)
    }
}

impl Paginate for Firing {
    type Item = u64;

    fn start(&self) -> Option<Cursor> {
        self.0.start()
    }

    fn at(&self, cursor: &Cursor) -> Self {
        Self(self.0.at(cursor))
    }

    fn page_info(page: &Sheet) -> Result<PageInfo, DecodeError> {
        Numbers::page_info(page)
    }

    fn into_items(page: Sheet) -> Vec<u64> {
        Numbers::into_items(page)
    }
}

#[tokio::test]
async fn a_page_with_effects_is_not_asked_for_before_it_is_wanted() {
    for prefetch in [None, Some(1), Some(8)] {
        let lists = Lists::new(book(10, 2));
        let mut pages = lists.client().pages(Firing::default());
        if let Some(prefetch) = prefetch {
            pages = pages.prefetch(prefetch);
        }
        for wanted in 1..=5 {
            pages.try_next().await.unwrap().unwrap();
            settle().await;
            assert_eq!(lists.asked().len(), wanted, "{prefetch:?}");
        }
        assert!(pages.try_next().await.unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_time_ran_out_before_it_was_waited_for_is_asked_for_again() {
    let lists = Lists::gated(book(6, 2));
    let limit = Duration::from_secs(60);
    let client = lists.builder().deadline(limit).build().unwrap();
    let mut pages = client.pages(Numbers::default());
    lists.open("");
    pages.try_next().await.unwrap().unwrap();
    // The consumer does something else, and page 2 is never answered.
    tokio::time::sleep(2 * limit).await;
    let begun = Instant::now();
    let (next, ()) = tokio::join!(pages.try_next(), async {
        settle().await;
        lists.open(2);
    });
    assert_eq!(next.unwrap().unwrap().items, [3, 4]);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(lists.asked(), ["", "2", "2", "3"]);
    // But not while the consumer waits for it.
    let error = pages.try_next().await.unwrap_err();
    assert_eq!(begun.elapsed(), limit);
    assert!(error.is_timeout());
}
