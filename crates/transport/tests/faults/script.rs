//! What the server does, as data: connections, each a list of steps.
//!
//! Never waits for time: a step waits for the client, for a gate, or moves the paused clock itself.

use std::time::Duration;

/// One thing that the server does on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Takes a TLS handshake, with a certificate for the address or for another name.
    Handshake(Certificate),
    /// Takes a TLS handshake that the client has to break off.
    HandshakeRefused(Certificate),
    /// Reads one whole request: head and body.
    Read,
    /// Reads bytes that are no request of HTTP: at least one.
    ReadBytes,
    /// Waits until bytes have arrived, and leaves them unread.
    Arrived,
    /// Holds when no byte has arrived that was not read.
    Quiet,
    /// Sends these bytes; `{trap}` stands for the origin that nothing may reach.
    Send(Vec<u8>),
    /// Sends these bytes below TLS.
    SendBelow(Vec<u8>),
    /// Sends these bytes again and again until the client closes.
    SendUntilClosed(Vec<u8>),
    /// Ends its side in good order.
    Close,
    /// Ends its side without the goodbye of TLS.
    CloseBelow,
    /// Resets the connection.
    Reset,
    /// Lets go of the connection and hears no more of it, whatever the client sends.
    Vanish,
    /// Waits until the client closes: the proof that it will not use the connection again.
    Closed,
    /// Opens a gate by one.
    Open(&'static str),
    /// Holds when a gate is open by now.
    IsOpen(&'static str),
    /// Waits until a gate was opened so often.
    Wait(&'static str, usize),
    /// Lets the client do all that needs no time: read what was sent, above all.
    Settle,
    /// Moves the paused clock.
    Advance(Duration),
}

/// What the server shows in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    ForeignName,
}

/// What happens on one connection. Behind its last step, the client must close without another byte.
pub(crate) type Connection = Vec<Step>;

/// Steps, single or in groups, as one connection.
pub(crate) fn connection(steps: impl IntoIterator<Item = Step>) -> Connection {
    steps.into_iter().collect()
}

pub(crate) const FINE: &str = r#"{"text":"fine"}"#;

pub(crate) fn read() -> Step {
    Step::Read
}

pub(crate) fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// The good reply, with a length, on a connection that stays open.
pub(crate) fn fine() -> Step {
    json(200, FINE)
}

/// The good reply to the middle of its body.
pub(crate) fn half() -> Step {
    send(head(200, &[&format!("content-length: {}", FINE.len())]) + &FINE[..HALF])
}

/// The rest of it.
pub(crate) fn rest() -> Step {
    send(&FINE[HALF..])
}

const HALF: usize = 5;

/// A request and the good reply to it.
pub(crate) fn good() -> Connection {
    vec![read(), fine()]
}

/// A connection on which a handshake stands before the rest.
pub(crate) fn secure(steps: impl IntoIterator<Item = Step>) -> Connection {
    std::iter::once(Step::Handshake(Certificate::Good))
        .chain(steps)
        .collect()
}

/// A JSON reply with a length.
pub(crate) fn json(status: u16, body: &str) -> Step {
    reply(status, &["content-type: application/json"], body)
}

/// A reply without a body, on a connection that stays open.
pub(crate) fn status(status: u16) -> Step {
    reply(status, &[], "")
}

/// A reply with a length.
pub(crate) fn reply(status: u16, headers: &[&str], body: &str) -> Step {
    let length = format!("content-length: {}", body.len());
    let headers: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
    send(head(status, &headers) + body)
}

/// The head of a reply, to the empty line.
pub(crate) fn head(status: u16, headers: &[&str]) -> String {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text
}

/// A reply after which the client closes the connection, and a wait of the client's that the paused
/// clock goes past.
pub(crate) fn then_wait(status: u16, headers: &[&str], wait: Duration) -> Connection {
    let headers: Vec<&str> = headers
        .iter()
        .copied()
        .chain(["connection: close"])
        .collect();
    vec![
        read(),
        reply(status, &headers, ""),
        Step::Closed,
        Step::Advance(wait),
    ]
}

/// Lets a limit of the client run out after these steps: the clock goes past it, the client closes,
/// and the clock goes past the wait before the next attempt.
pub(crate) fn stall(steps: impl IntoIterator<Item = Step>, limit: Duration) -> Connection {
    let mut steps = connection(steps);
    steps.extend([
        Step::Advance(limit + TICK),
        Step::Closed,
        Step::Advance(BACKOFF),
    ]);
    steps
}

/// The clock counts whole milliseconds, and a limit that starts between two ends at the second.
const TICK: Duration = Duration::from_millis(1);

/// Longer than any wait between attempts of this harness.
pub(crate) const BACKOFF: Duration = Duration::from_millis(5);

/// The part of a script that a run of so many requests and connections goes through. A script that
/// ends before is started over.
pub(crate) fn cut(script: &[Connection], requests: usize, connections: usize) -> Vec<Connection> {
    let mut left = requests;
    let mut done = Vec::new();
    for connection in script.iter().cycle().take(connections) {
        let mut taken = Vec::new();
        for step in connection {
            if matches!(step, Step::Read) {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            taken.push(step.clone());
        }
        done.push(taken);
    }
    done
}

/// How many connections of a script so many requests take.
pub(crate) fn connections_for(script: &[Connection], requests: usize) -> usize {
    let mut left = requests;
    let mut count = 0;
    for connection in script.iter().cycle() {
        let reads = connection
            .iter()
            .filter(|step| matches!(step, Step::Read))
            .count();
        if left == 0 || reads == 0 {
            break;
        }
        count += 1;
        left = left.saturating_sub(reads);
    }
    count
}
