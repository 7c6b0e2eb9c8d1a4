//! The table of hostile replies: what is sent, how the call must end.

use std::time::Duration;

/// A reply that means harm.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// How the client reads it.
    pub(crate) reads: Reads,
    /// What is sent once.
    pub(crate) head: fn() -> Vec<u8>,
    /// What is sent over and over behind it, at most so often, with a pause after each.
    pub(crate) piece: fn() -> Vec<u8>,
    pub(crate) times: u64,
    pub(crate) pause: Duration,
    /// The limit of the attempt.
    pub(crate) patience: Duration,
    /// How it may end: names of kinds of errors, or `ok`.
    pub(crate) ends: &'static [&'static str],
}

/// The operation that gets the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// A short text.
    Text,
    /// A list of texts.
    List,
    /// An object of which one field is known, the others are passed over.
    Object,
    /// Any JSON.
    Tree,
    /// A file, up to 16 MiB.
    File,
    /// A file, as a stream that is thrown away, up to 64 MiB.
    Stream,
}

use Reads::{File, List, Object, Stream, Text, Tree};

const ENDLESS: u64 = u64::MAX;
/// Where the limit of a size must be met, not one of time.
const PATIENT: Duration = Duration::from_secs(60);
/// Where time must end it.
const SHORT: Duration = Duration::from_millis(700);
const NO_PAUSE: Duration = Duration::ZERO;
const DROP: Duration = Duration::from_millis(50);

const TIMEOUT: &[&str] = &["Timeout(FirstByte)", "Timeout(Attempt)"];
const TOO_LARGE: &[&str] = &["TooLarge"];
const DECODE: &[&str] = &["Decode"];
const IO: &[&str] = &["Io"];

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn nothing() -> Vec<u8> {
    Vec::new()
}

/// A reply with a length and this body.
fn whole(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut reply = format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    reply.extend(body);
    reply
}

fn chunked() -> Vec<u8> {
    bytes("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n")
}

fn chunk() -> Vec<u8> {
    let mut chunk = bytes("10000\r\n");
    chunk.extend([b' '; 0x10000]);
    chunk.extend(b"\r\n");
    chunk
}

/// A reply of one piece, read at leisure.
const fn once(
    name: &'static str,
    reads: Reads,
    head: fn() -> Vec<u8>,
    ends: &'static [&'static str],
) -> Attack {
    Attack {
        name,
        reads,
        head,
        piece: nothing,
        times: 0,
        pause: NO_PAUSE,
        patience: PATIENT,
        ends,
    }
}

/// A reply that does not end.
const fn endless(
    name: &'static str,
    reads: Reads,
    head: fn() -> Vec<u8>,
    piece: fn() -> Vec<u8>,
    ends: &'static [&'static str],
) -> Attack {
    Attack {
        piece,
        times: ENDLESS,
        ..once(name, reads, head, ends)
    }
}

/// A reply that does not end, and that only time can end.
const fn slow(
    name: &'static str,
    head: fn() -> Vec<u8>,
    piece: fn() -> Vec<u8>,
    pause: Duration,
) -> Attack {
    Attack {
        pause,
        patience: SHORT,
        ..endless(name, Text, head, piece, TIMEOUT)
    }
}

pub(crate) const ATTACKS: &[Attack] = &[
    // The control: what is harmless comes through.
    once("harmless", Text, || whole(b"\"ok\""), &["ok"]),
    // Time.
    slow("silence", nothing, nothing, DROP),
    slow(
        "drip in the head",
        || bytes("HTTP/1.1 200 X\r\nx: "),
        || bytes("x"),
        DROP,
    ),
    slow(
        "drip in the body",
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 999\r\n\r\n\""),
        || bytes("x"),
        DROP,
    ),
    slow("drip of chunks", chunked, || bytes("1\r\n \r\n"), DROP),
    slow("drip in a chunk size", chunked, || bytes("0"), DROP),
    slow(
        "endless 100 Continue",
        nothing,
        || bytes("HTTP/1.1 100 Continue\r\n\r\n").repeat(100),
        Duration::from_millis(1),
    ),
    slow(
        "endless 103 Early Hints",
        nothing,
        || bytes("HTTP/1.1 103 X\r\nlink: <x>\r\n\r\n").repeat(100),
        Duration::from_millis(1),
    ),
    // Size of the body.
    endless("endless chunks", Text, chunked, chunk, TOO_LARGE),
    endless("endless chunks of a file", File, chunked, chunk, TOO_LARGE),
    endless(
        "endless chunks of a stream",
        Stream,
        chunked,
        chunk,
        TOO_LARGE,
    ),
    endless(
        "endless body without a length",
        Text,
        || bytes("HTTP/1.1 200 X\r\n\r\n"),
        || vec![b' '; 65536],
        TOO_LARGE,
    ),
    endless(
        "10 GiB announced",
        Text,
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 10737418240\r\n\r\n"),
        || vec![b' '; 65536],
        TOO_LARGE,
    ),
    endless(
        "10 GiB announced for a file",
        File,
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 10737418240\r\n\r\n"),
        || vec![b' '; 65536],
        TOO_LARGE,
    ),
    slow(
        "7 MiB announced, nothing sent",
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 7340032\r\n\r\n\""),
        nothing,
        DROP,
    ),
    endless(
        "100 MiB of one text",
        Text,
        || bytes("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1\r\n\"\r\n"),
        chunk,
        TOO_LARGE,
    ),
    endless(
        "endless body of a 500",
        Text,
        || bytes("HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n"),
        chunk,
        &["Status"],
    ),
    endless(
        "10 GiB body of a 404",
        Text,
        || bytes("HTTP/1.1 404 X\r\ncontent-length: 10737418240\r\n\r\n"),
        || vec![b' '; 65536],
        &["Status"],
    ),
    endless(
        "endless surplus behind a reply",
        Text,
        || whole(b"\"ok\""),
        || vec![b' '; 65536],
        &["ok"],
    ),
    // Framing.
    Attack {
        patience: SHORT,
        ..endless(
            "chunks of one byte",
            Text,
            chunked,
            || bytes("1\r\n \r\n").repeat(10_000),
            &["TooLarge", "Timeout(Attempt)"],
        )
    },
    endless(
        "chunk extensions",
        Text,
        chunked,
        || {
            bytes("1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=y\r\n \r\n")
                .repeat(100)
        },
        IO,
    ),
    endless(
        "an endless chunk extension",
        Text,
        || bytes("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1;"),
        || vec![b'x'; 65536],
        IO,
    ),
    endless(
        "endless trailers",
        Text,
        || bytes("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n4\r\n\"ok\"\r\n0\r\n"),
        || bytes("x: y\r\n").repeat(10_000),
        IO,
    ),
    once(
        "a chunk of 2^64 bytes",
        Text,
        || bytes("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n10000000000000000\r\n"),
        IO,
    ),
    once(
        "two lengths",
        Text,
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n\"ok\"x"),
        IO,
    ),
    once(
        "a negative length",
        Text,
        || bytes("HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\n"),
        IO,
    ),
    once(
        "a length of 2^64",
        Text,
        || bytes("HTTP/1.1 200 X\r\ncontent-length: 18446744073709551616\r\n\r\n"),
        IO,
    ),
    // Heads.
    once(
        "10,000 headers",
        Text,
        || {
            [
                bytes("HTTP/1.1 200 X\r\n"),
                bytes("x: y\r\n").repeat(10_000),
                bytes("\r\n"),
            ]
            .concat()
        },
        TOO_LARGE,
    ),
    once(
        "a header of 1 MiB",
        Text,
        || {
            [
                bytes("HTTP/1.1 200 X\r\nx: "),
                vec![b'y'; 1 << 20],
                bytes("\r\n\r\n"),
            ]
            .concat()
        },
        TOO_LARGE,
    ),
    endless(
        "an endless header",
        Text,
        || bytes("HTTP/1.1 200 X\r\nx: "),
        || vec![b'y'; 65536],
        TOO_LARGE,
    ),
    endless(
        "an endless status line",
        Text,
        || bytes("HTTP/1.1 200 "),
        || vec![b'y'; 65536],
        &["TooLarge", "Io"],
    ),
    endless("no HTTP at all", Text, nothing, || vec![0xff; 65536], IO),
    once(
        "15 cookies of 4 KiB",
        Text,
        || {
            [
                bytes("HTTP/1.1 200 X\r\n"),
                format!("set-cookie: {}\r\n", "c".repeat(4000))
                    .repeat(15)
                    .into_bytes(),
                bytes("content-length: 4\r\n\r\n\"ok\""),
            ]
            .concat()
        },
        &["ok"],
    ),
    once(
        "90 cookies of 4 KiB",
        Text,
        || {
            [
                bytes("HTTP/1.1 200 X\r\n"),
                format!("set-cookie: {}\r\n", "c".repeat(4000))
                    .repeat(90)
                    .into_bytes(),
                bytes("content-length: 4\r\n\r\n\"ok\""),
            ]
            .concat()
        },
        TOO_LARGE,
    ),
    once(
        "30 Retry-Afters",
        Text,
        || {
            [bytes("HTTP/1.1 503 X\r\n"), bytes("retry-after: 999999999999999999999\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\nretry-after: -1\r\n").repeat(10), bytes("content-length: 0\r\n\r\n")].concat()
        },
        &["Status"],
    ),
    // Contents.
    once(
        "JSON of depth 100,000",
        Tree,
        || whole(&b"[".repeat(100_000)),
        DECODE,
    ),
    once(
        "JSON of depth 100,000, closed",
        Tree,
        || whole(&[b"[".repeat(100_000), b"]".repeat(100_000)].concat()),
        DECODE,
    ),
    once(
        "depth in a field that is passed over",
        Object,
        || {
            whole(
                &[
                    b"{\"x\":".to_vec(),
                    b"[".repeat(100_000),
                    b"]".repeat(100_000),
                    b",\"known\":1}".to_vec(),
                ]
                .concat(),
            )
        },
        &["ok"],
    ),
    once(
        "objects of depth 100,000",
        Tree,
        || whole(&b"{\"a\":".repeat(100_000)),
        DECODE,
    ),
    once(
        "a million numbers for a text",
        Text,
        || whole(format!("[{}0]", "0,".repeat(1_000_000)).as_bytes()),
        DECODE,
    ),
    once(
        "a million numbers for texts",
        List,
        || whole(format!("[{}0]", "0,".repeat(1_000_000)).as_bytes()),
        DECODE,
    ),
    once(
        "a million numbers passed over",
        Object,
        || whole(format!("{{\"x\":[{}0],\"known\":1}}", "0,".repeat(1_000_000)).as_bytes()),
        &["ok"],
    ),
    once(
        "a million keys passed over",
        Object,
        || whole(format!("{{{}\"known\":1}}", "\"k\":0,".repeat(1_000_000)).as_bytes()),
        &["ok"],
    ),
    once(
        "the same key twice",
        Object,
        || whole(b"{\"known\":1,\"known\":2}"),
        DECODE,
    ),
    once(
        "a number of a million digits",
        Object,
        || whole(format!("{{\"known\":{}}}", "9".repeat(1_000_000)).as_bytes()),
        DECODE,
    ),
    once("no UTF-8", Text, || whole(b"\"\xff\xfe\xf8\""), DECODE),
    once("half a surrogate", Text, || whole(b"\"\\ud800\""), DECODE),
    once("nothing at all", Text, || whole(b""), DECODE),
    once(
        "a coding nobody asked for",
        Text,
        || bytes("HTTP/1.1 200 X\r\ncontent-encoding: br\r\ncontent-length: 4\r\n\r\nxxxx"),
        DECODE,
    ),
    #[cfg(feature = "gzip")]
    once("1 GiB in 1 MiB of gzip", Text, bomb, TOO_LARGE),
    #[cfg(feature = "gzip")]
    once(
        "gzip that breaks off",
        Text,
        || {
            bytes(
                "HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: 10\r\n\r\n\x1f\x08\0\0\0\0\0\0\0\0",
            )
        },
        &["Io", "Decode"],
    ),
];

/// Blanks, a thousand of them for each byte.
#[cfg(feature = "gzip")]
fn bomb() -> Vec<u8> {
    use std::io::Write as _;

    let best = flate2::Compression::best();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), best);
    let blanks = vec![b' '; 1 << 20];
    // A gigabyte takes seconds to pack: the same member, repeated, is gzip as well.
    for _ in 0..64 {
        gzip.write_all(&blanks).unwrap();
    }
    let member = gzip.finish().unwrap();
    let body = member.repeat(16);
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    [head.into_bytes(), body].concat()
}
