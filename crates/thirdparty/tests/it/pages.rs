//! Lists as streams: against the sandbox, and against a server whose links lead elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use accredit_sandbox::Sandbox;
use accredit_thirdparty::{Client, Environment, ErrorKind, InvestmentId, Problem};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Names, TOKEN, investor, offering, partner, partner_builder, wire_investment};

/// A sandbox with 13 investments, and their ids in the order in which they were made.
async fn thirteen() -> (Sandbox, Vec<InvestmentId>) {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let mut ids = Vec::new();
    for quantity in 10..23 {
        let created = wire_investment(&client, offering, &investor, quantity).await;
        ids.push(created.id);
    }
    (sandbox, ids)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_walked_in_order_with_nothing_lost_or_doubled() {
    let (sandbox, ids) = thirteen().await;
    let names = Names::default();
    let client = names.watch(partner_builder(&sandbox)).build().unwrap();
    client.investments().list().send().await.unwrap();
    names.take();
    for prefetch in [0, 1, 2, 8] {
        for (size, pages) in [(1, 13), (3, 5), (4, 4), (12, 2), (13, 1), (100, 1)] {
            let list = client.investments().list().ordering("id").page_size(size);
            let mut all = list.items().prefetch(prefetch);
            let mut walked = Vec::new();
            while let Some(investment) = all.try_next().await.unwrap() {
                walked.push(investment.id);
            }
            assert_eq!(walked, ids, "{prefetch} ahead, {size} a page");
            assert_eq!(all.total(), Some(13));
            assert_eq!(names.take(), vec!["investments.list"; pages]);
        }
    }

    let list = client.investments().list().ordering("-id").page_size(5);
    let mut pages = list.pages().prefetch(8);
    let mut walked = Vec::new();
    let mut sizes = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        assert_eq!(page.count, 13);
        sizes.push(page.results.len());
        walked.extend(page.results.into_iter().map(|investment| investment.id));
    }
    assert_eq!(sizes, [5, 5, 3]);
    assert!(walked.iter().rev().eq(&ids));
}

#[tokio::test]
async fn filters_and_the_first_page_hold_for_the_whole_walk() {
    let (sandbox, ids) = thirteen().await;
    let client = partner(&sandbox);
    let list = || client.investments().list().ordering("id").page_size(2);
    let collect = async |list: accredit_thirdparty::Call<_>| {
        let all = list.items().try_collect_all(13).await.unwrap();
        let ids = all
            .into_iter()
            .map(|investment: accredit_thirdparty::InvestmentSummary| investment.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(collect(list().id_in(ids[3..9].to_vec())).await, ids[3..9]);
    assert_eq!(collect(list().page(6)).await, ids[10..]);
    // A number in a parameter of one's own is the start too, and does not hold the walk there.
    assert_eq!(collect(list().param("page", "6")).await, ids[10..]);

    let error = list().items().try_collect_all(12).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pagination);
    assert_eq!(
        error.to_string(),
        "investments.list: stopped before the end of the list: there are 13 items and the limit is 12"
    );
    let error = list().page(8).items().try_next().await.unwrap_err();
    assert!(error.is_not_found() && Problem::of(&error).is_some());
}

#[tokio::test]
async fn every_list_can_be_walked() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    for name in ["Lovelace", "Hopper", "Noether"] {
        investor(&client, name).await;
    }
    let investors = client.investors().list().page_size(1).items();
    assert_eq!(investors.try_collect_all(3).await.unwrap().len(), 3);
    let invoices = client.invoices().list().page_size(1).items();
    assert!(invoices.try_collect_all(0).await.unwrap().is_empty());
    let documents = client.kyb_documents().list().page_size(1).items();
    assert!(documents.try_collect_all(0).await.unwrap().is_empty());
    let signatures = client.investor_signatures().list().page_size(1).items();
    assert!(signatures.try_collect_all(0).await.unwrap().is_empty());
}

/// Accepts and counts; answers nothing.
async fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, connections)
}

/// A server with a list of three pages, whose links are written by `link`.
async fn liar(
    link: impl Fn(u64) -> String + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let (link, seen) = (Arc::new(link), Arc::clone(&heads));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&link), Arc::clone(&seen)));
        }
    });
    let client = Client::builder(Environment::Sandbox(base))
        .token(TOKEN)
        .build();
    (client.unwrap(), heads)
}

async fn answer(
    stream: TcpStream,
    link: Arc<impl Fn(u64) -> String>,
    heads: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let page = head.split_once("page=").map_or("1", |(_, rest)| &rest[..1]);
        let page: u64 = page.parse().unwrap();
        let next = if page < 3 {
            format!("{:?}", link(page + 1))
        } else {
            "null".into()
        };
        let body =
            format!(r#"{{"count":3,"next":{next},"previous":null,"results":[{{"id":{page}}}]}}"#);
        heads.lock().unwrap().push(head);
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}

#[tokio::test]
async fn hostile_next_links_are_never_requested() {
    let (address, connections) = trap().await;
    let links = [
        "http://{trap}/api_third_party/investments/?page={page}",
        "https://{trap}/?page={page}",
        "//{trap}/api_third_party/investments/?page={page}",
        "\\\\{trap}\\?page={page}",
        "http:{trap}?page={page}",
        "http://api.issuance.com@{trap}/?page={page}",
        "http://user:password@{trap}:1/?page={page}",
        "http://[::ffff:127.0.0.1]:1/?page={page}",
        "http://{trap}%2f@api.issuance.com/?page={page}",
        "file:///etc/passwd?page={page}",
        "/admin/delete/../?page={page}",
        "http://{trap}/?next=http://{trap}/&page={page}&token=x#?page=9",
        "?page={page}",
    ];
    for link in links {
        for prefetch in [0, 1, 8] {
            let text = link.replace("{trap}", &address);
            let (client, heads) = liar(move |page| text.replace("{page}", &page.to_string())).await;
            let items = client.investors().list().items().prefetch(prefetch);
            let ids: Vec<u64> = items
                .try_collect_all(10)
                .await
                .unwrap()
                .into_iter()
                .map(|investor| investor.id.get())
                .collect();
            assert_eq!(ids, [1, 2, 3], "{link}");
            let heads = heads.lock().unwrap();
            assert_eq!(heads.len(), 3);
            for head in heads.iter() {
                assert!(
                    head.starts_with("GET /api_third_party/investors/ HTTP/1.1\r\n")
                        || head.starts_with("GET /api_third_party/investors/?page="),
                    "{head}"
                );
                assert!(head.contains(&format!("Token {TOKEN}\r\n")), "{head}");
            }
        }
    }
    // What leads to no page is an error, and no request either.
    for link in [
        "http://{trap}/?cursor=2",
        "http://{trap}/2",
        "http://{trap}/?page=2&page=3",
    ] {
        let text = link.replace("{trap}", &address);
        let (client, heads) = liar(move |_| text.clone()).await;
        let error = client
            .investors()
            .list()
            .items()
            .try_collect_all(10)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{link}");
        assert!(!format!("{error} {error:?}").contains(&address));
        assert_eq!(heads.lock().unwrap().len(), 1);
    }
    // One connection of our own shows that the trap works, and that nothing came before it.
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    let mut own = TcpStream::connect(&address).await.unwrap();
    assert_eq!(own.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
