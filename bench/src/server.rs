//! The server of all measures: HTTP/1.1 over loopback, one thread, replies made beforehand, so that it costs as little as a
//! server can.
//!
//! Knows `GET` without a body and keep-alive, nothing else.

use std::io::{self, Write as _};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::client::folder;

/// How long the pages of P1 take.
const DELAY: Duration = Duration::from_millis(20);

/// How many pages P1 has.
pub(crate) const PAGES: usize = 200;

/// Runs until the runner closes its end of standard input; says its address in the first line.
pub(crate) fn run() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Ends with the runner, however that ends.
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        io::stdout().flush()?;
        let replies = Rc::new(Replies::new()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let replies = Rc::clone(&replies);
            tokio::task::spawn_local(async move { replies.serve(stream).await });
        }
    })
}

struct Replies {
    one: Vec<u8>,
    page: Vec<u8>,
    numbered: Vec<Vec<u8>>,
}

impl Replies {
    fn new() -> io::Result<Self> {
        let read = |path: &str| std::fs::read_to_string(folder().join(path));
        let one = read("fixtures/one_1k.json")?;
        // The models crate has it for its own benches.
        let list = read("../crates/models/tests/pages/list_100.json")?;
        let next = r#""next":"http://127.0.0.1/api_third_party/investments/?page=2&page_size=100""#;
        assert!(list.contains(next), "the fixture is another one");
        Ok(Self {
            one: reply(&one),
            page: reply(&list),
            numbered: (1..=PAGES)
                .map(|page| {
                    let link = match page {
                        PAGES => r#""next":null"#.to_owned(),
                        page => next.replace("page=2", &format!("page={}", page + 1)),
                    };
                    reply(&list.replacen(next, &link, 1))
                })
                .collect(),
        })
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut head = Vec::with_capacity(4096);
        loop {
            let Some(end) = head.windows(4).position(|end| end == b"\r\n\r\n") else {
                if stream.read_buf(&mut head).await? == 0 {
                    return Ok(());
                }
                continue;
            };
            let reply = self.answer(&head).await;
            head.drain(..end + 4);
            stream.write_all(reply).await?;
        }
    }

    async fn answer(&self, head: &[u8]) -> &[u8] {
        if head.starts_with(b"GET /one/") {
            return &self.one;
        }
        // A page that has a number is one of P1.
        let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
        let line = std::str::from_utf8(line).unwrap_or_default();
        let number = line.split_once("page=").map(|(_, rest)| rest);
        let number = number.map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
        });
        match number.and_then(|number| number.parse::<usize>().ok()) {
            None => &self.page,
            Some(number) => {
                tokio::time::sleep(DELAY).await;
                self.numbered
                    .get(number.wrapping_sub(1))
                    .unwrap_or(&self.page)
            }
        }
    }
}

fn reply(body: &str) -> Vec<u8> {
    // What a framework behind a proxy sends, about.
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\ndate: Sat, 21 Nov 2026 09:00:00 GMT\r\n\r\n{body}"
    )
    .into_bytes()
}
