//! Servers that take their time: each limit, alone and against the others, on a clock that the
//! script moves.

use std::time::Duration;

use accredit_transport::ErrorKind::Timeout;
use accredit_transport::TimeoutPhase::{Attempt, Connect, FirstByte, Operation};

use crate::expect::{fails, ok, refused, seconds, unknown};
use crate::fault::{Act, Fault, Place, each, script};
use crate::script::Step::{Advance, ReadBytes};
use crate::script::{BACKOFF, Step, good, half, head, read, send, stall, then_wait};

const LIMIT: Duration = seconds(5);

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = attempts();
    faults.extend(deadlines());
    faults
}

/// The limits of one attempt.
fn attempts() -> Vec<Fault> {
    let drip = || {
        let mut steps = vec![read(), send(head(200, &["transfer-encoding: chunked"]))];
        for _ in 0..4 {
            steps.extend([send("1\r\n \r\n"), Advance(seconds(1))]);
        }
        stall(steps, seconds(1))
    };
    let first_byte = |fault: Fault| {
        fault
            .builder(|builder| builder.first_byte_timeout(LIMIT))
            .repeatable(fails(Timeout(FirstByte)).attempts(3))
            .risky(unknown(Timeout(FirstByte)))
    };
    let in_body = |fault: Fault| {
        fault
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .repeatable(fails(Timeout(Attempt)).status(200).attempts(3))
            .risky(unknown(Timeout(Attempt)).status(200).applied())
    };
    vec![
        first_byte(each("stall_before_head", stall([read()], LIMIT))),
        first_byte(each(
            "stall_in_head",
            stall([read(), send("HTTP/1.1 200 OK\r\ncont")], LIMIT),
        )),
        first_byte(each("stall_before_head_then_fine", stall([read()], LIMIT)))
            .then_fine()
            .repeatable(ok().requests(2)),
        in_body(each("stall_in_body", stall([read(), half()], LIMIT))),
        in_body(each("drip_in_body", drip())),
        in_body(each(
            "stall_in_body_then_fine",
            stall([read(), half()], LIMIT),
        ))
        .then_fine()
        .repeatable(ok().requests(2)),
        each("attempt_limit_before_head", stall([read()], LIMIT))
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .repeatable(fails(Timeout(Attempt)).attempts(3))
            .risky(unknown(Timeout(Attempt))),
        each("attempt_limit_of_the_call", stall([read()], LIMIT))
            .options(|options| options.attempt_timeout(LIMIT))
            .repeatable(fails(Timeout(Attempt)).attempts(3))
            .risky(unknown(Timeout(Attempt))),
        // The server has said no; only its words are missing.
        each("stall_in_error_body", error_body(404))
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .all(fails(Timeout(Attempt)).status(404)),
        each("stall_in_throttle_body", error_body(429))
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .all(fails(Timeout(Attempt)).status(429).attempts(3)),
        each("stall_in_server_error_body", error_body(500))
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .repeatable(fails(Timeout(Attempt)).status(500).attempts(3))
            .risky(unknown(Timeout(Attempt)).status(500)),
        each("stall_in_handshake", stall([ReadBytes], seconds(3)))
            .at(Place::Tls)
            .all(fails(Timeout(Connect)).attempts(3).connections(3)),
        script(
            "stall_in_handshake_then_fine",
            [
                stall([ReadBytes], seconds(3)),
                crate::script::secure(good()),
            ],
        )
        .at(Place::Tls)
        .all(ok().connections(2)),
    ]
}

/// The deadline of the whole call.
fn deadlines() -> Vec<Fault> {
    let ends = |fault: Fault| {
        fault
            .deadline(LIMIT)
            .repeatable(fails(Timeout(Operation)))
            .risky(unknown(Timeout(Operation)))
    };
    vec![
        ends(each("deadline_before_head", stall([read()], LIMIT))),
        ends(each(
            "deadline_in_head",
            stall([read(), send("HTTP/1.1 ")], LIMIT),
        )),
        ends(each("deadline_in_body", stall([read(), half()], LIMIT)))
            .repeatable(fails(Timeout(Operation)).status(200))
            .risky(unknown(Timeout(Operation)).status(200).applied()),
        ends(each("deadline_of_the_call", stall([read()], LIMIT)))
            .builder(|builder| builder.deadline(seconds(60)))
            .options(|options| options.deadline(LIMIT)),
        // Both attempts together take longer than the call may.
        script(
            "deadline_in_second_attempt",
            [stall([read()], seconds(3)), stall([read()], seconds(2))],
        )
        .builder(|builder| builder.attempt_timeout(seconds(3)))
        .deadline(LIMIT)
        .repeatable(fails(Timeout(Operation)).attempts(2))
        .risky(unknown(Timeout(Attempt))),
        script(
            "deadline_after_a_throttle",
            [
                then_wait(
                    429,
                    &["retry-after: 2"],
                    seconds(2) + Duration::from_millis(2),
                ),
                stall([read()], seconds(3)),
            ],
        )
        .deadline(LIMIT)
        .repeatable(fails(Timeout(Operation)).attempts(2))
        .risky(unknown(Timeout(Operation)).attempts(2)),
        // No time is left for the wait, so it is not begun.
        each("no_wait_beyond_the_deadline", connection_of_503())
            .deadline(Duration::from_millis(1))
            .policy(|policy| policy.base(seconds(20)).cap(seconds(20)))
            .repeatable(refused(503))
            .risky(crate::expect::unclear(503))
            .held(),
        // A login that never ends: nothing was sent.
        script("deadline_in_the_login", [])
            .tokens_until(0)
            .acts([Act::Start, Act::Advance(LIMIT + MILLISECOND), Act::Finish])
            .deadline(LIMIT)
            .all(fails(Timeout(Operation)).unsent().attempts(0)),
        script("attempt_limit_in_the_login_then_fine", [good()])
            .tokens_until(0)
            .acts([
                Act::Start,
                Act::Advance(LIMIT + MILLISECOND),
                Act::Advance(BACKOFF),
                Act::Finish,
            ])
            .builder(|builder| builder.attempt_timeout(LIMIT))
            .all(ok()),
        // What was sent was refused before it ran.
        each(
            "deadline_in_the_login_after_a_401",
            then_wait(401, &[], LIMIT + MILLISECOND),
        )
        .tokens_until(1)
        .deadline(LIMIT)
        .all(fails(Timeout(Operation)).attempts(1)),
        // The attempt was under way, and the pool knows that it had no connection yet.
        each("deadline_in_handshake", stall([ReadBytes], LIMIT))
            .at(Place::Tls)
            .builder(|builder| builder.connect_timeout(None))
            .deadline(LIMIT)
            .all(
                fails(Timeout(Operation))
                    .unsent()
                    .requests(0)
                    .connections(1),
            ),
    ]
}

/// The head of an error, and half a word.
fn error_body(status: u16) -> Vec<Step> {
    let head = head(status, &["content-length: 9"]);
    stall([read(), send(head + "{")], LIMIT)
}

fn connection_of_503() -> Vec<Step> {
    vec![read(), crate::script::status(503)]
}

impl Fault {
    /// The same, once only.
    fn then_fine(mut self) -> Self {
        self.script.push(good());
        self
    }
}
