//! Servers that lead nowhere, and limits.

use std::collections::{HashMap, HashSet};

use accredit_transport::ErrorKind;

use super::support::{Lists, Numbers, Tokens, book, drain, page, settle};

#[tokio::test]
async fn duplicate_cursor_ends_with_error() {
    for prefetch in [0, 1, 8] {
        let lists = Lists::new(|place, _| match place {
            "" => page(0, &[1], Some("a")),
            "a" => page(0, &[2], Some("b")),
            "b" => page(0, &[3], Some("a")),
            other => panic!("{other}"),
        });
        let items = lists.client().items(Tokens::default()).prefetch(prefetch);
        let (all, failed) = drain(items).await;
        assert_eq!(all, [1, 2, 3], "what came before it is given out");
        let error = failed.unwrap();
        assert_eq!(error.kind(), ErrorKind::Pagination);
        assert_eq!(
            error.to_string(),
            "tokens.list: stopped before the end of the list: the server named the same page twice"
        );
        assert!(!error.is_retryable());
        assert_eq!(lists.asked(), ["", "a", "b"]);

        // The start counts too.
        let items = lists.client().items(Tokens(Some(String::from("a"))));
        let (all, failed) = drain(items.prefetch(prefetch)).await;
        assert_eq!((all, failed.is_some()), (vec![2, 3], true));
    }
}

#[tokio::test]
async fn page_numbers_that_do_not_go_forward_end_with_error() {
    for (start, answer, all) in [
        (None, "1", vec![1]),
        (None, "0", vec![1]),
        (Some(3), "3", vec![3]),
        (Some(3), "2", vec![3]),
    ] {
        for prefetch in [0, 1, 8] {
            let lists =
                Lists::new(move |place, _| page(50, &[place.parse().unwrap_or(1)], Some(answer)));
            let items = lists.client().items(Numbers(start)).prefetch(prefetch);
            let (found, failed) = drain(items).await;
            assert_eq!(found, all);
            assert_eq!(failed.unwrap().kind(), ErrorKind::Pagination);
            assert_eq!(lists.asked().len(), 1);
        }
    }
    let lists = Lists::new(|place, _| match place {
        "3" => page(50, &[3], Some(2)),
        _ => book(50, 1)(place, 0),
    });
    let (found, failed) = drain(lists.client().items(Numbers::default())).await;
    assert_eq!(found, [1, 2, 3]);
    assert_eq!(
        failed.unwrap().to_string(),
        "numbers.list: stopped before the end of the list: the server named page 2 after page 3"
    );
}

#[tokio::test]
async fn a_link_that_names_no_page_does_not_cut_the_list_short() {
    for next in ["canary", "-2", "", "2&at=3", "9999999999999999999999"] {
        let lists = Lists::new(move |_, _| page(50, &[1], Some(next)));
        let (found, failed) = drain(lists.client().items(Numbers::default())).await;
        assert_eq!(found, [1], "{failed:?}");
        let error = failed.unwrap();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.operation(), Some("numbers.list"));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert_eq!(lists.asked().len(), 1);
    }
}

#[tokio::test]
async fn pages_above_the_limit_are_not_asked_for() {
    for prefetch in [0, 1, 8] {
        for (limit, asked) in [(0, 0), (1, 1), (3, 3)] {
            let lists = Lists::new(book(10, 2));
            let pages = lists.client().pages(Numbers::default()).prefetch(prefetch);
            let mut pages = pages.max_pages(limit);
            for _ in 0..asked {
                assert!(pages.try_next().await.unwrap().is_some());
                settle().await;
            }
            let error = pages.try_next().await.unwrap_err();
            settle().await;
            assert_eq!(lists.asked().len(), asked);
            assert!(pages.try_next().await.unwrap().is_none());
            assert_eq!(error.kind(), ErrorKind::Pagination);
            assert!(
                error
                    .to_string()
                    .ends_with(&format!(": there are more than {limit} pages")),
                "{error}"
            );
        }
        let lists = Lists::new(book(10, 2));
        let items = lists.client().items(Numbers::default()).prefetch(prefetch);
        assert!(drain(items.max_pages(5)).await.1.is_none());
    }
}

#[tokio::test]
async fn an_endless_list_ends_at_ten_thousand_pages() {
    let lists = Lists::new(|place, _| {
        let number = place.parse().unwrap_or(0);
        page(0, &[number], Some(number + 1))
    });
    let (found, failed) = drain(lists.client().items(Tokens::default())).await;
    assert_eq!((found.len(), lists.asked().len()), (10_000, 10_000));
    assert_eq!(failed.unwrap().kind(), ErrorKind::Pagination);
}

#[tokio::test]
async fn all_items_are_collected_or_none() {
    let lists = Lists::new(book(10, 2));
    let items = || lists.client().items(Numbers::default()).prefetch(0);
    for limit in [10, 11, usize::MAX] {
        let all = items().try_collect_all(limit).await.unwrap();
        assert_eq!(all, (1..=10).collect::<Vec<_>>());
    }
    let asked = lists.asked().len();
    let error = items().try_collect_all(9).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert_eq!(
        error.to_string(),
        "numbers.list: stopped before the end of the list: there are 10 items and the limit is 9"
    );
    assert_eq!(
        lists.asked().len(),
        asked + 1,
        "the first page said how many"
    );

    // What was taken before does not count, nor do the pages before the start.
    let mut rest = items();
    assert_eq!(rest.try_next().await.unwrap(), Some(1));
    assert_eq!(rest.try_collect_all(9).await.unwrap().len(), 9);
    let tail = lists.client().items(Numbers(Some(5)));
    assert_eq!(tail.try_collect_all(2).await.unwrap(), [9, 10]);

    // A server that does not say how many there are.
    let tokens = || lists.client().items(Tokens::default());
    assert_eq!(tokens().try_collect_all(10).await.unwrap().len(), 10);
    for limit in [0, 1, 2, 9] {
        let error = tokens().try_collect_all(limit).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "tokens.list: stopped before the end of the list: there are more than {limit} items, which is the limit"
            )
        );
    }
    let lists = Lists::new(book(0, 2));
    let none = lists.client().items(Numbers::default()).try_collect_all(0);
    assert!(none.await.unwrap().is_empty());
    let lists = Lists::new(|_, _| (501, String::new()));
    let failed = lists.client().items(Numbers::default()).try_collect_all(5);
    assert_eq!(failed.await.unwrap_err().status().unwrap(), 501);
}

/// Servers at random: any next page, any length, any total, failures. Whatever they do, the walk
/// is that of a loop without any look-ahead, and it ends.
#[tokio::test]
async fn a_walk_ahead_is_the_walk_one_by_one() {
    #[derive(Clone)]
    struct Leaf {
        total: u64,
        items: Vec<u64>,
        next: Option<u64>,
        broken: bool,
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..200 {
        let length = 1 + random.below(12);
        let tame = random.below(2) == 0;
        let leaves: HashMap<u64, Leaf> = (1..=length)
            .map(|number| {
                let next = match random.below(10) {
                    0 if !tame => Some(1 + random.below(length + 1)),
                    1 if !tame => None,
                    _ => (number < length).then_some(number + 1),
                };
                let items = (0..random.below(4)).map(|item| number * 10 + item);
                let leaf = Leaf {
                    total: random.below(40),
                    items: items.collect(),
                    next,
                    broken: random.below(30) == 0,
                };
                (number, leaf)
            })
            .collect();

        let mut expected: Vec<u64> = Vec::new();
        let (mut number, mut passed) = (1, HashSet::new());
        let ends_well = loop {
            let Some(leaf) = leaves.get(&number).filter(|leaf| !leaf.broken) else {
                break false;
            };
            expected.extend(&leaf.items);
            passed.insert(number);
            match leaf.next {
                None => break true,
                Some(next) if next <= number => break false,
                Some(next) => number = next,
            }
        };

        for prefetch in [0, 1, 2, 5, 16] {
            let leaves = leaves.clone();
            let lists = Lists::new(
                move |place, _| match leaves.get(&place.parse().unwrap_or(1)) {
                    Some(leaf) if leaf.broken => (501, String::new()),
                    Some(leaf) => page(leaf.total, &leaf.items, leaf.next),
                    None => (404, String::new()),
                },
            );
            let items = lists.client().items(Numbers::default()).prefetch(prefetch);
            let (found, failed) = drain(items).await;
            assert_eq!(found, expected, "{prefetch}");
            assert_eq!(failed.is_none(), ends_well, "{prefetch}: {failed:?}");
            let mut wanted = lists.asked();
            wanted.retain(|place| passed.contains(&place.parse().unwrap_or(1)));
            assert!(
                !tame || wanted.len() == passed.len(),
                "a page of the list was asked for twice"
            );
        }
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
