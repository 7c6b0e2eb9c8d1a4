//! Replies that say "later", "again" or "no": what is repeated, how often, and after which wait.

use std::time::Duration;

use accredit_transport::ErrorKind::{Io, Unauthorized};
use accredit_transport::RetryBudget;
use tower::util::MapRequestLayer;

use crate::expect::{Expect, fails, ok, refused, seconds, unclear, unknown};
use crate::fault::{Fault, each, script};
use crate::operations::streamed;
use crate::script::Step::{Advance, Closed, IsOpen, Open, Reset};
use crate::script::{Connection, connection, fine, good, json, read, reply, status, then_wait};
use crate::server::Recorded;

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = statuses();
    faults.extend(hints());
    faults.extend(limits());
    faults.extend(credentials());
    faults
}

/// Replies with this status, for ever, on one connection.
fn always(code: u16) -> Connection {
    connection([
        read(),
        status(code),
        read(),
        status(code),
        read(),
        status(code),
    ])
}

fn statuses() -> Vec<Fault> {
    let retried = |name, code| {
        each(name, always(code))
            .repeatable(refused(code).attempts(3).connections(1))
            .risky(unclear(code))
    };
    let never = |name, code| each(name, always(code)).all(refused(code));
    let then_fine = |name, code| each(name, connection([read(), status(code), read(), fine()]));
    vec![
        retried("internal_error_500", 500),
        retried("bad_gateway_502", 502),
        retried("unavailable_503", 503),
        retried("gateway_timeout_504", 504),
        retried("request_timeout_408", 408),
        each("too_many_requests_429", always(429)).all(refused(429).attempts(3).connections(1)),
        then_fine("unavailable_503_then_fine", 503)
            .repeatable(ok().requests(2).connections(1))
            .risky(unclear(503)),
        then_fine("too_many_requests_429_then_fine", 429).all(ok().requests(2).connections(1)),
        // Not among the statuses that pass by themselves; a server error all the same.
        each("not_implemented_501", always(501))
            .repeatable(refused(501))
            .risky(unclear(501)),
        never("bad_request_400", 400),
        never("forbidden_403", 403),
        never("not_found_404", 404),
        never("conflict_409", 409),
        never("unprocessable_422", 422),
        script(
            "one_failure_after_another",
            [
                connection([read(), status(503), read(), Reset]),
                connection([read(), status(504)]),
            ],
        )
        .repeatable(refused(504).attempts(3).connections(2))
        .risky(unclear(503)),
        // Turned away, then lost: the first proves nothing about the second.
        script(
            "turned_away_then_lost",
            [
                connection([read(), status(429), read(), Reset]),
                connection([read(), status(429)]),
            ],
        )
        .repeatable(refused(429).attempts(3))
        .risky(unknown(Io).attempts(2).connections(1)),
        each("first_attempt_is_immediate", good()).held().all(ok()),
    ]
}

/// What the server says about the wait.
fn hints() -> Vec<Fault> {
    const DATES: [&str; 2] = [
        "date: Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after: Wed, 21 Oct 2015 07:28:02 GMT",
    ];
    const SHORT: Duration = Duration::from_millis(1999);
    // The next connection comes after two seconds and no earlier.
    let waits = |code, headers: &[&str]| {
        let mut first = then_wait(code, headers, SHORT);
        first.extend([Open("due"), Advance(Duration::from_millis(3))]);
        [first, connection([IsOpen("due"), read(), fine()])]
    };
    let lost = |name, code, wait: &str, expect: fn(u16) -> Expect, seconds| {
        each(name, connection([read(), reply(code, &[wait], "")]))
            .held()
            .all(expect(code).hint(seconds))
    };
    vec![
        script("seconds_with_429", waits(429, &["retry-after: 2"])).all(ok().requests(2)),
        script("date_with_429", waits(429, &DATES)).all(ok().requests(2)),
        script("seconds_with_503", waits(503, &["retry-after: 2"]))
            .repeatable(ok().requests(2))
            .risky(unclear(503).hint(2)),
        script("date_with_503", waits(503, &DATES))
            .repeatable(ok().requests(2))
            .risky(unclear(503).hint(2)),
        script(
            "seconds_with_503_for_a_server_that_is_trusted",
            waits(503, &["retry-after: 2"]),
        )
        .policy(|policy| policy.retry_unsafe_503(true))
        .all(ok().requests(2)),
        each(
            "bare_503_for_a_server_that_is_trusted",
            connection([read(), status(503), read(), fine()]),
        )
        .policy(|policy| policy.retry_unsafe_503(true))
        .repeatable(ok().requests(2).connections(1))
        .risky(unclear(503)),
        lost("hint_above_the_cap", 429, "retry-after: 31", refused, 31),
        lost(
            "hint_of_centuries",
            429,
            "retry-after: 99999999999",
            refused,
            99_999_999_999,
        ),
        lost(
            "hint_beyond_the_deadline",
            429,
            "retry-after: 20",
            refused,
            20,
        )
        .deadline(seconds(20)),
        each(
            "hint_above_the_cap_with_503",
            connection([read(), reply(503, &["retry-after: 31"], "")]),
        )
        .repeatable(refused(503).hint(31))
        .risky(unclear(503).hint(31)),
        each(
            "hint_of_nothing",
            connection([read(), reply(429, &["retry-after: 0"], ""), read(), fine()]),
        )
        .all(ok().requests(2).connections(1)),
        each(
            "hint_that_is_none",
            connection([
                read(),
                reply(429, &["retry-after: soon"], ""),
                read(),
                fine(),
            ]),
        )
        .all(ok().requests(2).connections(1)),
        each(
            "hint_with_500",
            connection([read(), reply(500, &["retry-after: 0"], ""), read(), fine()]),
        )
        .repeatable(ok().requests(2).connections(1))
        .risky(unclear(500).hint(0)),
    ]
}

/// Sends bodies that can be sent only once.
fn streams(fault: Fault) -> Fault {
    fault.builder(|builder| builder.layer(MapRequestLayer::new(streamed)))
}

/// How often, and for which bodies.
fn limits() -> Vec<Fault> {
    let once = |fault: Fault| fault.repeatable(refused(503)).risky(unclear(503));
    let twice = |fault: Fault| {
        fault
            .repeatable(refused(503).attempts(2))
            .risky(unclear(503))
    };
    vec![
        once(each("one_attempt_by_the_client", always(503)).policy(|policy| policy.attempts(1))),
        once(each("one_attempt_by_the_call", always(503)).options(|options| options.attempts(1))),
        twice(each("two_attempts_by_the_call", always(503)).options(|options| options.attempts(2))),
        once(
            each("empty_budget", always(503)).policy(|policy| policy.budget(RetryBudget::new(13))),
        ),
        twice(
            each("budget_for_one", always(503))
                .policy(|policy| policy.budget(RetryBudget::new(14))),
        ),
        each("budget_for_two_throttles", always(429))
            .policy(|policy| policy.attempts(9).budget(RetryBudget::new(10)))
            .all(refused(429).attempts(3).connections(1)),
        once(streams(each("unclonable_body_is_sent_once", always(503)))),
        streams(each(
            "unclonable_body_is_sent_once_to_a_throttle",
            always(429),
        ))
        .all(refused(429)),
        streams(each(
            "unclonable_body_is_lost_with_its_connection",
            connection([read(), Reset]),
        ))
        .repeatable(fails(Io))
        .risky(unknown(Io)),
    ]
}

fn credentials() -> Vec<Fault> {
    let rejects = || json(401, r#"{"detail":"Invalid token."}"#);
    let rejected = || fails(Unauthorized).status(401);
    vec![
        each(
            "unauthorized_with_a_token_for_good",
            connection([read(), rejects()]),
        )
        .all(rejected()),
        each(
            "unauthorized_then_renewed",
            connection([read(), rejects(), read(), fine()]),
        )
        .renewable()
        .check(each_with_its_token)
        .all(ok().requests(2).connections(1)),
        each(
            "unauthorized_twice",
            connection([read(), rejects(), read(), rejects()]),
        )
        .renewable()
        .check(each_with_its_token)
        .all(rejected().attempts(2).connections(1)),
        each(
            "renewed_without_attempts_or_budget",
            connection([read(), rejects(), read(), fine()]),
        )
        .renewable()
        .policy(|policy| policy.attempts(1).budget(RetryBudget::new(0)))
        .all(ok().requests(2).connections(1)),
        each(
            "renewed_then_unavailable",
            connection([read(), rejects(), read(), status(503), read(), fine()]),
        )
        .renewable()
        .repeatable(ok().requests(3).connections(1))
        .risky(unclear(503).attempts(2).connections(1)),
        streams(each(
            "unclonable_body_is_not_sent_with_a_new_token",
            connection([read(), rejects()]),
        ))
        .renewable()
        .all(rejected()),
        each(
            "renewed_at_once",
            connection([read(), reply(401, &["connection: close"], ""), Closed]),
        )
        .renewable()
        .held()
        .all(rejected().attempts(2)),
    ]
}

/// The first request has the first token, the second the second.
fn each_with_its_token(requests: &[Recorded]) -> Result<(), String> {
    for (epoch, Recorded { head, .. }) in requests.iter().enumerate() {
        if !head.contains(&format!("Token epoch-{epoch}\r\n")) {
            return Err(format!(
                "request {epoch} does not have the token of its time"
            ));
        }
    }
    Ok(())
}
