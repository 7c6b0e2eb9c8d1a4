//! Connections are used again, taken when they come free, and closed when nobody uses them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use accredit_transport::http::{Method, Request, Uri};
use accredit_transport::{CallOptions, Client, ErrorKind, RetryPolicy, TimeoutPhase, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};
use tower::service_fn;

use crate::support::{Create, Retrieve, Server, json, raw};

/// A client whose connections are these, one after the other, and then none.
fn client(pipes: impl IntoIterator<Item = DuplexStream>) -> Client {
    let pipes: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(pipes.into_iter().collect()));
    Client::builder()
        .base_uri("https://a.test")
        .token(Token::new("Token", "t").unwrap())
        .retry(RetryPolicy::none())
        .connect_timeout(None)
        .connector(service_fn(move |_: Uri| {
            let pipe = pipes.lock().unwrap().pop_front();
            async move {
                match pipe {
                    Some(pipe) => Ok::<_, io::Error>(pipe),
                    None => std::future::pending().await,
                }
            }
        }))
        .build()
        .unwrap()
}

/// The head of one request.
async fn head(stream: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

async fn answer(stream: &mut DuplexStream, body: &str) {
    let reply = raw("200 OK", "application/json", body);
    stream.write_all(reply.as_bytes()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_15_s_and_not_before() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let client = client([ours]);
    let server = async {
        head(&mut theirs).await;
        answer(&mut theirs, "\"1\"").await;
        let answered = Instant::now();
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
        answered.elapsed().as_secs()
    };
    let (called, open_for) = tokio::join!(client.execute(&Retrieve("1")), server);
    assert_eq!(called.unwrap(), "1");
    assert_eq!(open_for, 15);
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_use_stays_open_and_each_use_counts_anew() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let client = client([ours]);
    let server = async {
        for _ in 0..4 {
            let seen = head(&mut theirs).await;
            assert_eq!(seen.matches("host: a.test\r\n").count(), 1, "{seen}");
            answer(&mut theirs, "\"1\"").await;
        }
    };
    let calls = async {
        for _ in 0..4 {
            client.execute(&Retrieve("1")).await.unwrap();
            tokio::time::sleep(Duration::from_secs(14)).await;
        }
    };
    tokio::join!(server, calls);
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_a_connection_that_comes_free_before_its_own() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    // There is no second connection.
    let client = client([ours]);
    let server = async {
        for body in ["\"1\"", "\"2\""] {
            head(&mut theirs).await;
            answer(&mut theirs, body).await;
        }
    };
    let (one, two) = (Retrieve("1"), Retrieve("2"));
    let calls = async { tokio::join!(client.execute(&one), client.execute(&two)) };
    let ((one, two), ()) = tokio::join!(calls, server);
    assert_eq!((one.unwrap(), two.unwrap()), ("1".into(), "2".into()));
}

/// The server closes, and the client uses the connection before its task can see that.
#[tokio::test(start_paused = true)]
async fn a_write_that_found_its_connection_closed_is_sent_once_over_another() {
    let ((one, mut one_theirs), (two, mut two_theirs)) =
        (tokio::io::duplex(4096), tokio::io::duplex(4096));
    let client = client([one, two]);
    let server = async {
        head(&mut one_theirs).await;
        answer(&mut one_theirs, "\"1\"").await;
    };
    let (called, ()) = tokio::join!(client.execute(&Retrieve("1")), server);
    called.unwrap();
    drop(one_theirs);
    let server = async {
        let seen = head(&mut two_theirs).await;
        answer(&mut two_theirs, "true").await;
        seen
    };
    let (called, seen) = tokio::join!(client.execute(&Create("x")), server);
    called.unwrap();
    assert!(seen.starts_with("POST /notes/ HTTP/1.1\r\n"), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gave_up_leaves_its_connection_attempt_to_nobody() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let client = client([ours]);
    {
        let mut call = pin!(client.execute(&Retrieve("1")));
        tokio::select! {
            biased;
            _ = &mut call => panic!("nobody answered"),
            _ = head(&mut theirs) => {}
        }
    }
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0, "it is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads_connections_are_used_again() {
    let server = Server::start((0..400).map(|_| json("\"1\""))).await;
    let client = server.client();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    client.execute(&Retrieve("1")).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(server.seen().len(), 400);
    // Eight, and a few more where a call came before the connection had seen the end of a reply.
    assert!(server.connections() <= 40, "{}", server.connections());
}

#[tokio::test]
async fn connect_is_refused() {
    let client = client([]);
    let request = Request::builder().method(Method::CONNECT).uri("/x");
    let error = client.send(request.body(()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
}

/// As many connections as are asked for, each answered as `serve` does, and how many there were.
fn endless<F>(serve: fn(DuplexStream, usize) -> F) -> (Client, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicUsize::new(0));
    let made = Arc::clone(&count);
    let client = Client::builder()
        .base_uri("https://a.test")
        .token(Token::new("Token", "t").unwrap())
        .retry(RetryPolicy::none())
        .connector(service_fn(move |_: Uri| {
            let number = made.fetch_add(1, Ordering::SeqCst);
            async move {
                let (ours, theirs) = tokio::io::duplex(4096);
                tokio::spawn(serve(theirs, number));
                Ok::<_, io::Error>(ours)
            }
        }))
        .build()
        .unwrap();
    (client, count)
}

/// Answers everything with the number of the connection, until the client closes.
async fn tells_its_number(mut stream: DuplexStream, number: usize) {
    while let Some(()) = try_head(&mut stream).await {
        answer(&mut stream, &format!("\"{number}\"")).await;
    }
}

async fn try_head(stream: &mut DuplexStream) -> Option<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(())
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn the_connection_that_was_used_last_is_used_next_and_the_others_grow_old() {
    let (client, count) = endless(tells_its_number);
    let (one, two) = (Retrieve("1"), Retrieve("2"));
    let (one, two) = tokio::join!(client.execute(&one), client.execute(&two));
    assert_eq!((one.unwrap(), two.unwrap()), ("0".into(), "1".into()));
    let mut last = String::new();
    for _ in 0..4 {
        sleep(Duration::from_secs(10)).await;
        let told = client.execute(&Retrieve("1")).await.unwrap();
        assert!(last.is_empty() || told == last, "{told} after {last}");
        last = told;
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(
        tasks(),
        3,
        "one connection with its server, and the sweeper"
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_connections_are_kept() {
    let (client, count) = endless(|mut stream, number| async move {
        // So that none comes free before all are there.
        try_head(&mut stream).await;
        sleep(Duration::from_secs(1)).await;
        answer(&mut stream, &format!("\"{number}\"")).await;
        let _ = stream.read_u8().await;
    });
    let calls: Vec<_> = (0..70)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(&Retrieve("1")).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 70);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(tasks(), 2 * 64 + 1, "both ends of each, and the sweeper");
    drop(client);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_will_close_is_not_used_again() {
    let (client, count) = endless(|mut stream, _| async move {
        while try_head(&mut stream).await.is_some() {
            let reply = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                         connection: close\r\ncontent-length: 3\r\n\r\n\"1\"";
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    for _ in 0..3 {
        client.execute(&Retrieve("1")).await.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asked_for_is_no_reply_to_the_next_request() {
    let (client, count) = endless(|mut stream, number| async move {
        while try_head(&mut stream).await.is_some() {
            answer(&mut stream, &format!("\"{number}\"")).await;
            sleep(Duration::from_millis(1)).await;
            answer(&mut stream, "\"forged\"").await;
        }
    });
    for number in 0..3 {
        let told = client.execute(&Retrieve("1")).await.unwrap();
        assert_eq!(told, number.to_string());
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

/// The one that waits gives up in the very moment in which the connection comes free.
#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_free_for_one_that_gave_up_serves_the_next() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let client = client([ours]);
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.execute(&Retrieve("1")).await }
    });
    head(&mut theirs).await;
    let waiting = Retrieve("2");
    let mut waiting = Box::pin(client.execute(&waiting));
    assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await);
    answer(&mut theirs, "\"1\"").await;
    assert_eq!(first.await.unwrap().unwrap(), "1");
    drop(waiting);
    let server = async {
        let seen = head(&mut theirs).await;
        answer(&mut theirs, "\"3\"").await;
        seen
    };
    let (called, seen) = tokio::join!(client.execute(&Retrieve("3")), server);
    assert_eq!(called.unwrap(), "3");
    assert!(seen.starts_with("GET /notes/3/ "), "{seen}");
    drop((client, theirs));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tasks(), 0, "nobody goes on connecting");
}

#[tokio::test(start_paused = true)]
async fn time_that_runs_out_without_a_connection_leaves_no_doubt() {
    let client = client([]);
    for options in [
        CallOptions::new().deadline(Duration::from_secs(1)),
        CallOptions::new().attempt_timeout(Duration::from_secs(1)),
        CallOptions::new().first_byte_timeout(Duration::from_secs(1)),
    ] {
        let error = client
            .execute_with(&Create("x"), &options)
            .await
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout(_)), "{error:?}");
        assert!(!error.may_have_been_sent(), "{error:?}");
    }
}

/// The attempt before left a doubt, and the one that found no connection does not take it away.
#[tokio::test(start_paused = true)]
async fn time_that_runs_out_in_a_second_attempt_forgets_nothing_of_the_first() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let client = client([ours]);
    let server = async {
        head(&mut theirs).await;
        drop(theirs);
    };
    let options = CallOptions::new()
        .retry(RetryPolicy::default())
        .deadline(Duration::from_secs(9));
    let read = Retrieve("1");
    let (called, ()) = tokio::join!(client.execute_with(&read, &options), server);
    let error = called.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert!(error.may_have_been_sent(), "{error:?}");
}

#[test]
fn a_client_outlives_the_runtime_of_its_connections() {
    let (client, count) = endless(tells_its_number);
    for number in 0..3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let told = runtime.block_on(client.execute(&Retrieve("1"))).unwrap();
        assert_eq!(told, number.to_string());
    }
    assert_eq!(count.load(Ordering::SeqCst), 3);
}
