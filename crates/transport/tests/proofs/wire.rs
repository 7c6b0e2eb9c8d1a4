//! HTTP/1.1 by hand, for servers that need to break it: reads requests, byte by byte if need be.
//!
//! Never judges what it reads.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A server's end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
}

/// The head of a request, as it stood on the wire.
pub(crate) struct Head(pub(crate) String);

impl Head {
    /// The value of the first header of this name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The request target.
    pub(crate) fn target(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }

    /// The length of the body.
    pub(crate) fn length(&self) -> usize {
        self.header("content-length")
            .map_or(0, |length| length.parse().unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next head; `None` when the connection ends before it does.
    pub(crate) async fn head(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = self.buffer.drain(..end).collect();
        Some(Head(String::from_utf8(head).unwrap()))
    }

    /// Reads so many bytes of a body; `false` when the connection ends before.
    pub(crate) async fn body(&mut self, length: usize) -> bool {
        while self.buffer.len() < length {
            if !self.more().await {
                return false;
            }
        }
        self.buffer.drain(..length);
        true
    }

    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }

    /// Writes all of it; `false` when the client is gone.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Says nothing more and waits until the client hangs up.
    pub(crate) async fn stall(&mut self) {
        let mut rest = [0; 1024];
        while matches!(self.stream.read(&mut rest).await, Ok(read) if read > 0) {}
    }
}

/// A reply with a length.
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}")
}
