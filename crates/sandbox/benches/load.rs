//! What the sandbox carries: retrieve-by-id beside a bare hyper server, and a mixed load over 100,000
//! investments. Exits 1 when a limit is broken.
//!
//! `cargo bench -p accredit-sandbox --bench load [-- SECONDS]`
//!
//! Each server runs on its own threads, the client on one more. Both servers of the first figure answer
//! the same bytes, in turns, so that what else the machine does hits both.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types
)]

use std::cell::Cell;
use std::convert::Infallible;
use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use accredit_sandbox::{PARTNER_EMAIL, PARTNER_PASSWORD, Sandbox};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const SCALE: u32 = 100_000;
const CONNECTIONS: usize = 16;
const ROUNDS: usize = 5;
/// Different requests of each kind.
const EACH: u64 = 512;

fn main() -> ExitCode {
    let seconds = env::args()
        .skip(1)
        .find_map(|text| text.parse().ok())
        .unwrap_or(2);
    let time = Duration::from_secs(seconds);
    let mut broken = false;
    let mut check = |name: &str, value: f64, limit: f64, least: bool| {
        let good = if least {
            value >= limit
        } else {
            value <= limit
        };
        broken |= !good;
        let sign = if least { '≥' } else { '≤' };
        let verdict = if good { "ok" } else { "BROKEN" };
        println!("{name:<44} {value:>12.2}  limit {sign} {limit:>8.2}  {verdict}");
    };
    let client = runtime(1);

    let begin = Instant::now();
    let one = serve_sandbox(1);
    println!("{SCALE} investments seeded in {:?}", begin.elapsed());
    let token = client.block_on(login(one));
    let some = client.block_on(Some::of(one, &token));
    let requests: Vec<Vec<u8>> = (0..997)
        .map(|number| {
            get(
                one,
                &token,
                &format!("investments/{}/", some.investment + number * 97),
            )
        })
        .collect();
    let answers: Vec<Bytes> = requests
        .iter()
        .map(|request| client.block_on(fetch(one, request)).into())
        .collect();
    println!("an investment has {} bytes", answers[0].len());
    let plain = serve_plain(answers);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(
            client
                .block_on(load(plain, &requests, CONNECTIONS, time))
                .rate(),
        );
        ours.push(
            client
                .block_on(load(one, &requests, CONNECTIONS, time))
                .rate(),
        );
    }
    let (ours, bare) = (median(ours), median(bare));
    println!("retrieve by id: {ours:.0} req/s, bare hyper: {bare:.0} req/s");
    check(
        "retrieve by id / bare hyper, one thread",
        ours / bare,
        0.5,
        true,
    );

    let two = serve_sandbox(2);
    let token = client.block_on(login(two));
    for (name, requests) in kinds(two, &token, &some) {
        let measured = client.block_on(load(two, &requests, 1, time / 4));
        println!(
            "{name:<28} {:>8.0} req/s  p99 {:>9.2?}",
            measured.rate(),
            measured.percentile(99)
        );
    }
    let mixed = mixed(two, &token, &some);
    let measured = client.block_on(load(two, &mixed, CONNECTIONS, time * 4));
    check(
        "mixed load, calls refused",
        measured.failed as f64,
        0.0,
        false,
    );
    check("mixed load, req/s", measured.rate(), 3_000.0, true);
    check(
        "mixed load, p99 in ms",
        measured.percentile(99).as_secs_f64() * 1e3,
        20.0,
        false,
    );
    if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn runtime(threads: usize) -> Runtime {
    match threads {
        1 => Builder::new_current_thread().enable_all().build().unwrap(),
        _ => Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .unwrap(),
    }
}

/// Serves for as long as the process lives.
fn serve_sandbox(threads: usize) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        runtime(threads).block_on(async {
            let mut sandbox = Sandbox::builder().scale(SCALE).start().await.unwrap();
            sender.send(sandbox.address()).unwrap();
            sandbox.closed().await;
        });
    });
    address.recv().unwrap()
}

/// Answers with these bodies in turn, without a look at the request.
fn serve_plain(bodies: Vec<Bytes>) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    let bodies: Arc<[Bytes]> = bodies.into();
    thread::spawn(move || {
        runtime(1).block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let bodies = Arc::clone(&bodies);
                tokio::spawn(async move {
                    let next = Cell::new(0);
                    let answer = service_fn(move |_| {
                        let body = bodies[next.get()].clone();
                        next.set((next.get() + 1) % bodies.len());
                        let answer = http::Response::builder()
                            .header("content-type", "application/json")
                            .body(Full::new(body))
                            .unwrap();
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
        });
    });
    address.recv().unwrap()
}

fn get(address: SocketAddr, token: &str, path: &str) -> Vec<u8> {
    format!(
        "GET /api_third_party/{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {token}\r\n\r\n"
    )
    .into_bytes()
}

fn post(address: SocketAddr, token: &str, path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST /api_third_party/{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn login(address: SocketAddr) -> String {
    let body = json!({ "email": PARTNER_EMAIL, "password": PARTNER_PASSWORD });
    let answer = fetch(address, &post(address, "", "auth/login/", &body)).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

/// What the requests are about.
struct Some {
    /// The first investment; the others follow without a gap.
    investment: u64,
    /// Its offering, and how much of it was bought.
    offering: u64,
    quantity: u64,
}

impl Some {
    async fn of(address: SocketAddr, token: &str) -> Self {
        let answer = fetch(address, &get(address, token, "investments/?page_size=1")).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["count"], SCALE);
        let first = &answer["results"][0];
        Self {
            investment: first["id"].as_u64().unwrap(),
            offering: first["offering"]["id"].as_u64().unwrap(),
            quantity: first["quantity"].as_u64().unwrap(),
        }
    }

    /// Any of the investments: near numbers are far apart.
    fn any(&self, number: u64) -> u64 {
        self.investment + number.wrapping_mul(2_654_435_761) % u64::from(SCALE)
    }
}

/// One of many investors.
fn investor(number: u64) -> u64 {
    6_000 + number * 301 % 19_000
}

/// The kinds of reads and writes that the mixed load has, each by itself.
fn kinds(address: SocketAddr, token: &str, some: &Some) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let get = |path: String| get(address, token, &path);
    let many = |make: &dyn Fn(u64) -> Vec<u8>| (0..EACH).map(make).collect::<Vec<_>>();
    vec![
        (
            "investment by id",
            many(&|n| get(format!("investments/{}/", some.any(n)))),
        ),
        (
            "investor by id",
            many(&|n| get(format!("investors/{}/", investor(n)))),
        ),
        (
            "newest first",
            many(&|n| {
                get(format!(
                    "investments/?ordering=-created_at&page={}",
                    n % 5 + 1
                ))
            }),
        ),
        (
            "status__in, newest first",
            many(&|n| {
                let list = [
                    "invested,approved",
                    "received",
                    "cancelled,refunded",
                    "accepted",
                ];
                get(format!(
                    "investments/?status__in={}&ordering=-created_at",
                    list[n as usize % 4]
                ))
            }),
        ),
        (
            "of an investor",
            many(&|n| get(format!("investments/?investor={}", investor(n)))),
        ),
        (
            "created in a week",
            many(&|n| {
                let month = n % 10 + 2;
                get(format!(
                    "investments/?created_at__gte=2025-{month:02}-03T00:00:00Z&created_at__lte=2025-{month:02}-10T00:00:00Z"
                ))
            }),
        ),
        (
            "deep page",
            many(&|n| get(format!("investments/?page={}", 100 + n * 997 % 3_800))),
        ),
        (
            "of a type, dearest first",
            many(&|_| get("investments/?offering__type=reg_cf&ordering=-amount".to_owned())),
        ),
        (
            "invoices",
            many(&|n| get(format!("invoices/?page={}", n % 200 + 1))),
        ),
        (
            "search",
            many(&|_| get("investments/?search=lovelace".to_owned())),
        ),
        (
            "new investor",
            many(&|n| {
                let entity = json!({ "first_name": "Ada", "last_name": "Lovelace", "country": "US",
                    "email": format!("ada.{n}@example.com") });
                post(
                    address,
                    token,
                    "investors/",
                    &json!({ "type": "person", "entity": entity }),
                )
            }),
        ),
        (
            "payment secret",
            many(&|n| {
                let path = format!("investments/{}/get_payment_intent_secret/", some.any(n));
                post(address, token, &path, &json!({}))
            }),
        ),
        (
            "new investment",
            many(&|n| {
                let body = json!({ "quantity": some.quantity, "offering": some.offering,
                    "investor": investor(n), "requested_payment_method": "wire" });
                post(address, token, "investments/", &body)
            }),
        ),
    ]
}

/// Four reads to a write; every kind but the search, which looks at every row.
fn mixed(address: SocketAddr, token: &str, some: &Some) -> Vec<Vec<u8>> {
    let kinds: Vec<_> = kinds(address, token, some)
        .into_iter()
        .filter(|(name, _)| *name != "search")
        .map(|(_, requests)| requests)
        .collect();
    // By place in `kinds`: half of the reads are by id, the others lists.
    let order = [
        0, 2, 0, 3, 11, 0, 4, 1, 5, 10, 0, 6, 1, 7, 9, 0, 2, 1, 8, 11,
    ];
    let mut next = [0; 12];
    (0..EACH)
        .flat_map(|_| {
            order.map(|kind| {
                let request = &kinds[kind][next[kind] % kinds[kind].len()];
                next[kind] += 1;
                request.clone()
            })
        })
        .collect()
}

struct Measured {
    time: Duration,
    latencies: Vec<Duration>,
    failed: usize,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.time.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }
}

/// Sends the requests round and round over some connections, each waiting for its answer.
async fn load(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    time: Duration,
) -> Measured {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let requests = requests.to_vec();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = Vec::with_capacity(1 << 17);
                let (mut latencies, mut failed) = (Vec::new(), 0);
                let mut next = number * requests.len() / connections;
                while begin.elapsed() < time {
                    let sent = Instant::now();
                    let (status, _) =
                        exchange(&mut stream, &requests[next % requests.len()], &mut buffer).await;
                    latencies.push(sent.elapsed());
                    failed += usize::from(status >= 400);
                    next += 1;
                }
                (latencies, failed)
            })
        })
        .collect();
    let (mut latencies, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (some, bad) = task.await.unwrap();
        latencies.extend(some);
        failed += bad;
    }
    let time = begin.elapsed();
    latencies.sort_unstable();
    Measured {
        time,
        latencies,
        failed,
    }
}

async fn fetch(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut buffer = Vec::new();
    let (status, head) = exchange(&mut stream, request, &mut buffer).await;
    assert!(status < 300, "{}", String::from_utf8_lossy(&buffer));
    buffer.split_off(head)
}

/// One request and its whole answer: the status, and where the body begins in the buffer.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> (u16, usize) {
    stream.write_all(request).await.unwrap();
    buffer.clear();
    loop {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the answer ended early"
        );
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = head + 4;
        let text = std::str::from_utf8(&buffer[..head]).unwrap();
        let status = text[9..12].parse().unwrap();
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        while buffer.len() < head + length {
            assert!(
                stream.read_buf(buffer).await.unwrap() > 0,
                "the answer ended early"
            );
        }
        return (status, head);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
