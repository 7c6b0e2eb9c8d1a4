//! Replies that mean harm, each to a client in a process of its own: a typed error in time, no
//! panic, and at most 32 MiB more memory than a harmless call.

mod attacks;

use std::sync::Arc;
use std::time::Duration;

use accredit_transport::http::Method;
use accredit_transport::{
    BytesOperation, CallOptions, Client, DecodeError, EncodeError, Error, ErrorKind, Operation,
    OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass, RetryPolicy, Token,
};
use attacks::{ATTACKS, Attack, Reads};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::child;
use crate::wire::{Wire, reply};

/// The most that a hostile reply may add to the resident memory, in KiB.
const GROWTH: u64 = 32 * 1024;

/// The memory of a few children at a time.
const AT_ONCE: usize = 3;

/// `GET /{what}`, read as `READS`.
struct Get<const READS: u8>(&'static str);

impl<const READS: u8> Operation for Get<READS> {
    type Output = ();
    const INFO: OperationInfo = OperationInfo::new(
        "hostile.get",
        Method::GET,
        "/{what}",
        RetryClass::Read,
        match READS {
            4 => ResponseKind::Bytes,
            _ => ResponseKind::Json,
        },
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("what", self.0)
    }

    fn decode(reply: Reply) -> Result<(), DecodeError> {
        match READS {
            0 => reply.json::<String>().map(drop),
            1 => reply.json::<Vec<String>>().map(drop),
            2 => reply
                .json::<Known>()
                .map(|known| assert_eq!(known.known, 1)),
            3 => reply.json::<serde_json::Value>().map(drop),
            _ => Ok(()),
        }
    }
}

#[derive(serde::Deserialize)]
struct Known {
    known: u64,
}

impl BytesOperation for Get<4> {}

/// Reads a file piece by piece and keeps none.
async fn stream(client: &Client) -> Result<(), Error> {
    let mut download = client.download(&Get::<4>("attack")).await?;
    let mut length = 0;
    while let Some(chunk) = download.chunk().await? {
        length += chunk.len();
        if length > 64 << 20 {
            return Err(Error::new(ErrorKind::TooLarge));
        }
    }
    Ok(())
}

fn client(address: &str, patience: Duration) -> Client {
    let builder = Client::builder()
        .base_uri(address)
        .allow_insecure_loopback(true)
        .retry(RetryPolicy::none())
        .bytes_cap(16 << 20)
        .first_byte_timeout(patience)
        .attempt_timeout(patience)
        .token(Token::new("Token", "t").unwrap());
    #[cfg(feature = "gzip")]
    let builder = builder.gzip(true);
    builder.build().unwrap()
}

/// One number, in KiB, of what the kernel says of this process.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}

/// Run by the test below in a process of its own, with an address and the number of an attack.
#[tokio::test]
async fn child_that_is_attacked() {
    let Some(argument) = child::argument() else {
        return;
    };
    let (address, number) = argument.split_once(' ').unwrap();
    let attack = &ATTACKS[number.parse::<usize>().unwrap()];
    // All that a first call allocates for good.
    let easy = client(address, Duration::from_secs(60));
    easy.execute(&Get::<0>("warm")).await.unwrap();
    let hard = client(address, attack.patience);
    // From here on the high-water mark is that of the attack.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    let started = Instant::now();
    let result = match attack.reads {
        Reads::Text => hard.execute(&Get::<0>("attack")).await,
        Reads::List => hard.execute(&Get::<1>("attack")).await,
        Reads::Object => hard.execute(&Get::<2>("attack")).await,
        Reads::Tree => hard.execute(&Get::<3>("attack")).await,
        Reads::File => hard.execute(&Get::<4>("attack")).await,
        Reads::Stream => stream(&hard).await,
    };
    let took = started.elapsed().as_millis();
    // What is told of the error may cost memory, too.
    let end = match &result {
        Ok(()) => String::from("ok"),
        Err(error) => {
            assert!(error.to_string().len() < 500, "{error}");
            assert!(format!("{error:?}").len() < 2000, "{error:?}");
            assert!(error.body().len() <= 64 * 1024);
            let _ = (error.retry_after(), error.api::<serde_json::Value>());
            format!("{:?}", error.kind())
        }
    };
    // The client is as good as before. What a server sends unasked can be taken for the reply to a
    // request that is just then sent on the same connection, so one repetition is allowed.
    let again = CallOptions::new().retry(RetryPolicy::default().attempts(2));
    hard.execute_with(&Get::<0>("warm"), &again).await.unwrap();
    let growth = memory("VmHWM:").saturating_sub(before);
    println!("\nRESULT\t{end}\t{growth}\t{took}");
}

/// Serves one attack.
async fn serve(stream: TcpStream, attack: &'static Attack) {
    stream.set_nodelay(true).unwrap();
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.head().await {
        if head.target() == "/warm" {
            if !wire.send(reply(200, "", "\"warm\"")).await {
                return;
            }
            continue;
        }
        if !wire.send((attack.head)()).await {
            return;
        }
        let piece = (attack.piece)();
        for _ in 0..attack.times {
            if !wire.send(&piece).await {
                return;
            }
            sleep(attack.pause).await;
        }
    }
}

/// Runs one attack and gives its row of the table, and what is wrong with it.
async fn run(number: usize) -> (String, Option<String>) {
    let attack = &ATTACKS[number];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let argument = format!("http://{} {number}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, attack));
        }
    });
    let said = child::run("hostile::child_that_is_attacked", &argument, &[]).await;
    serving.abort();
    let line = said.lines().find_map(|line| line.strip_prefix("RESULT\t"));
    let fields: Vec<_> = line.expect(&said).split('\t').collect();
    let (end, growth, took) = (fields[0], fields[1].parse::<u64>().unwrap(), fields[2]);
    let row = format!(
        "  {:<40} {end:<20} {growth:>6} KiB {took:>6} ms",
        attack.name
    );
    let wrong = if !attack.ends.contains(&end) {
        Some(format!("{row}: expected {:?}", attack.ends))
    } else if growth > GROWTH {
        Some(format!("{row}: takes more than {GROWTH} KiB"))
    } else {
        None
    };
    (row, wrong)
}

#[tokio::test]
async fn hostile_replies_end_in_typed_errors_and_take_little_memory() {
    if !cfg!(target_os = "linux") {
        println!("skipped: memory is measured on Linux only");
        return;
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = Vec::new();
    for number in 0..ATTACKS.len() {
        let place = Arc::clone(&places);
        running.push(tokio::spawn(async move {
            let _place = place.acquire().await.unwrap();
            run(number).await
        }));
    }
    println!(
        "{} hostile replies: the end, the growth of resident memory, the time",
        running.len()
    );
    let mut all_wrong = Vec::new();
    for attack in running {
        let (row, wrong) = attack.await.unwrap();
        println!("{row}");
        all_wrong.extend(wrong);
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}
