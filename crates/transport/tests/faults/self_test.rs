//! The harness against itself: expectations that are wrong, and scripts that the client does not
//! keep to, must all be noticed.

use accredit_transport::ErrorKind::{Connect, Io};
use accredit_transport::RetryClass;

use crate::drive::{run, unlike};
use crate::expect::{fails, ok, refused, unclear, unknown, value};
use crate::fault::{Act, Fault, each, script};
use crate::script::Step::{Close, Closed, IsOpen, Reset};
use crate::script::{connection, fine, good, read, reply, send, status};
use crate::server::Recorded;

/// What must not pass.
fn wrong() -> Vec<Fault> {
    vec![
        each("another value", good()).all(value("bad")),
        each("another kind", connection([read(), Reset])).all(fails(Connect).requests(1)),
        each("another reason", connection([read(), status(503)])).all(unknown(Io).status(503)),
        each("another status", connection([read(), status(404)])).all(refused(403)),
        each("no status", connection([read(), status(503)]))
            .all(unknown(accredit_transport::ErrorKind::Status)),
        each("likely applied", connection([read(), status(503)])).all(unclear(503).applied()),
        each(
            "another hint",
            connection([read(), reply(503, &["retry-after: 40"], "")]),
        )
        .all(unclear(503).hint(41)),
        each(
            "another count of attempts",
            connection([read(), status(503)]),
        )
        .all(unclear(503).attempts(2).requests(1)),
        script(
            "a retry that is not made",
            [connection([read(), status(503)]), good()],
        )
        .all(ok().requests(2)),
        each("a request too many", connection([read(), status(429)])).all(refused(429)),
        each(
            "a request too few",
            connection([read(), fine(), read(), fine()]),
        )
        .all(ok().requests(2)),
        each("a connection too few", connection([read(), fine()])).all(ok().connections(2)),
        script(
            "a connection too many",
            [connection([read(), Close]), good()],
        )
        .acts([Act::Call, Act::Call])
        .all(unknown(Io).then(ok()).connections(1)),
        each(
            "a close that does not come",
            connection([read(), fine(), Closed, read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .all(ok().then(ok()).connections(1)),
        each(
            "a call that is not expected",
            connection([read(), fine(), read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .all(ok().requests(2).connections(1)),
        each(
            "a request that is too early",
            connection([IsOpen("gate"), read(), fine()]),
        )
        .all(ok()),
        each("a trap that is reached", good())
            .acts([Act::Call, Act::SpringTrap])
            .all(ok()),
        each("a check that fails", good())
            .check(|_| Err("no".to_owned()))
            .all(ok()),
        each(
            "a reply that is none",
            connection([read(), send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")]),
        )
        .all(ok()),
    ]
}

pub(crate) fn check() -> Vec<String> {
    let mut missed: Vec<String> = wrong()
        .iter()
        .filter(|fault| run(fault, RetryClass::UnsafeWrite).is_exact())
        .map(|fault| format!("the harness does not notice: {}", fault.name))
        .collect();
    let request = |id: &str, body: &str| Recorded {
        head: format!("POST / HTTP/1.1\r\nx-request-id: {id}\r\n\r\n"),
        body: body.into(),
    };
    let repeated = [
        [request("1", "a"), request("1", "b")],
        [request("1", "a"), request("2", "a")],
    ];
    for requests in repeated {
        if unlike(&requests, 1).is_none() {
            missed.push(format!("the harness does not notice: {requests:?}"));
        }
    }
    missed
}
