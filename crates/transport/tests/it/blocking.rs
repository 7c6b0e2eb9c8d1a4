//! Calls from programs without async, over real sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll};
use std::thread;

use accredit_transport::{Blocking, Client, ClientBuilder, Error, ErrorKind, RetryPolicy, Token};
use futures_core::Stream;

use crate::support::{Create, Retrieve};

/// Reads one request; gives its first line, or `None` at the end of the connection.
fn read_request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            first = line;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(first)
}

fn answer(stream: &mut BufReader<TcpStream>, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let stream = stream.get_mut();
    stream.write_all((head + body).as_bytes()).unwrap();
}

fn listen() -> (TcpListener, ClientBuilder) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let builder = Client::builder()
        .base_uri(format!("http://{}", listener.local_addr().unwrap()))
        .allow_insecure_loopback(true)
        .retry(RetryPolicy::none())
        .token(Token::new("Token", "t").unwrap());
    (listener, builder)
}

/// A server that answers one request on each of its first `kept` connections, keeps them, closes
/// them all when it is told to, says so, and then serves as usual. Gives all that it was asked.
fn closing(listener: TcpListener, kept: usize) -> (Sender<()>, Receiver<()>, Receiver<String>) {
    let (close, told) = channel();
    let (closed, done) = channel();
    let (asked, requests) = channel();
    thread::spawn(move || {
        let mut connections: Vec<_> = (0..kept)
            .map(|_| BufReader::new(listener.accept().unwrap().0))
            .collect();
        for connection in &mut connections {
            asked.send(read_request(connection).unwrap()).unwrap();
        }
        for connection in &mut connections {
            answer(connection, "\"ok\"");
        }
        told.recv().unwrap();
        drop(connections);
        closed.send(()).unwrap();
        while let Ok((stream, _)) = listener.accept() {
            let mut stream = BufReader::new(stream);
            while let Some(request) = read_request(&mut stream) {
                asked.send(request).unwrap();
                answer(&mut stream, "true");
            }
        }
    });
    (close, done, requests)
}

/// Runs all of these at once.
async fn all<F: Future<Output: Send + 'static> + Send + 'static>(
    calls: impl Iterator<Item = F>,
) -> Result<Vec<F::Output>, Error> {
    let calls: Vec<_> = calls.map(tokio::spawn).collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    Ok(results)
}

#[test]
fn a_write_is_not_lost_on_connections_that_were_closed_between_two_calls() {
    for kept in [1, 64] {
        let (listener, builder) = listen();
        let client = builder.build().unwrap();
        let (close, closed, requests) = closing(listener, kept);
        let blocking = Blocking::new().unwrap();
        let reads = (0..kept).map(|_| {
            let client = client.clone();
            async move { client.execute(&Retrieve("1")).await.unwrap() }
        });
        assert_eq!(blocking.run(all(reads)).unwrap().len(), kept);
        close.send(()).unwrap();
        closed.recv().unwrap();
        blocking.run(client.execute(&Create("x"))).unwrap();
        let asked: Vec<_> = requests.try_iter().collect();
        assert_eq!(asked.len(), kept + 1);
        assert_eq!(asked[kept], "post /notes/ http/1.1");
    }
}

#[test]
fn a_kept_connection_is_used_again() {
    let (listener, builder) = listen();
    let client = builder.build().unwrap();
    let server = thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        for _ in 0..3 {
            read_request(&mut stream).unwrap();
            answer(&mut stream, "\"ok\"");
        }
    });
    let blocking = Blocking::new().unwrap();
    for _ in 0..3 {
        assert_eq!(blocking.run(client.execute(&Retrieve("1"))).unwrap(), "ok");
    }
    server.join().unwrap();
}

#[test]
fn calls_of_several_threads_run_at_the_same_time() {
    const THREADS: usize = 4;
    let (listener, builder) = listen();
    let client = builder.build().unwrap();
    // Answers only when all have asked.
    let barrier = Arc::new(Barrier::new(THREADS));
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while read_request(&mut stream).is_some() {
                    barrier.wait();
                    answer(&mut stream, "\"ok\"");
                }
            });
        }
    });
    let blocking = Blocking::new().unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..5 {
                    blocking.run(client.execute(&Retrieve("1"))).unwrap();
                }
            });
        }
    });
}

/// Counts down, with a failure at zero.
struct Countdown(u32);

impl Stream for Countdown {
    type Item = Result<u32, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = self.0;
        self.0 = left.saturating_sub(1);
        Poll::Ready(Some(if left == 0 {
            Err(Error::new(ErrorKind::Io))
        } else {
            Ok(left)
        }))
    }
}

#[test]
fn a_stream_is_an_iterator_that_ends_after_its_first_failure() {
    let blocking = Blocking::new().unwrap();
    let mut items = blocking.iter(Countdown(3));
    let good: Vec<_> = items.by_ref().take(3).map(Result::unwrap).collect();
    assert_eq!(good, [3, 2, 1]);
    assert_eq!(items.next().unwrap().unwrap_err().kind(), ErrorKind::Io);
    assert!(items.next().is_none());
}

#[tokio::test]
async fn inside_async_code_it_is_an_error_and_no_panic() {
    let blocking = Blocking::new().unwrap();
    let error = blocking.run(async { Ok::<_, Error>(()) }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request could not be built: a blocking call inside async code would stop it: await the \
         call instead"
    );
    let mut items = blocking.iter(Countdown(3));
    assert_eq!(items.next().unwrap().unwrap_err().kind(), ErrorKind::Build);
    assert!(items.next().is_none());
    drop(items);
    drop(blocking);
}
