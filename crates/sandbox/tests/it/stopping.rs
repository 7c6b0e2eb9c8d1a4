//! The server ends, and drops connections, in bounded time, whatever its clients hold back.
//!
//! The tests' clock is tokio's paused one: it jumps to the next timer once everybody waits.

use std::time::Duration;

use accredit_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::apart;

/// Sends bytes and reads until the given ones came.
async fn exchange(sandbox: &Sandbox, request: &str, end: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen
        .windows(end.len())
        .any(|window| window == end.as_bytes())
    {
        let mut chunk = [0; 1024];
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(
            read > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&seen)
        );
        seen.extend_from_slice(&chunk[..read]);
    }
    stream
}

/// A whole request, whose answer shows that the server has also read the half of the next one.
async fn half_a_head(sandbox: &Sandbox) -> TcpStream {
    let host = sandbox.address();
    let request = format!(
        "GET /_sandbox/health HTTP/1.1\r\nhost: {host}\r\n\r\nGET /_sandbox/health HTTP/1.1\r\nho"
    );
    exchange(sandbox, &request, "\"ok\"").await
}

/// One byte of a body of ten; the interim answer shows that the server waits for the body.
async fn half_a_body(sandbox: &Sandbox) -> TcpStream {
    let host = sandbox.address();
    let request = format!(
        "POST /api/v1/users HTTP/1.1\r\nhost: {host}\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n"
    );
    let mut stream = exchange(sandbox, &request, "100 Continue\r\n\r\n").await;
    stream.write_all(b"{").await.unwrap();
    stream
}

#[tokio::test(start_paused = true)]
async fn stop_does_not_wait_for_ever_for_half_a_request() {
    let sandbox = apart(78).await;
    let address = sandbox.address();
    let mut head = half_a_head(&sandbox).await;
    let mut body = half_a_body(&sandbox).await;
    let start = Instant::now();
    timeout(Duration::from_secs(10), sandbox.stop())
        .await
        .expect("stopped in time");
    assert!(start.elapsed() <= Duration::from_millis(2_100));
    for stream in [&mut head, &mut body] {
        // The end of the stream or a reset: either way the server has let go of it.
        let read = timeout(Duration::from_secs(1), stream.read(&mut [0; 1])).await;
        assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
    }
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn stop_closes_idle_connections_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let host = sandbox.address();
    let request = format!("GET /_sandbox/health HTTP/1.1\r\nhost: {host}\r\n\r\n");
    let _idle = exchange(&sandbox, &request, "\"ok\"").await;
    let start = Instant::now();
    sandbox.stop().await;
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_not_waited_for() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut stream = half_a_head(&sandbox).await;
    let start = Instant::now();
    let mut rest = Vec::new();
    let read = timeout(Duration::from_secs(90), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "still open");
    assert!(start.elapsed() <= Duration::from_secs(61));
}
