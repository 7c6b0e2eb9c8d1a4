//! How connections are made, shared, kept and given up: the behaviours that every HTTP/1 client is
//! asked for.
//!
//! This client reads replies whole and has no call to condemn a connection: it condemns one itself
//! after a timeout or a broken exchange, and not after a reply that is merely an error.

use accredit_transport::ErrorKind::{Connect, Decode, Io, Origin, Timeout};
use accredit_transport::TimeoutPhase::FirstByte;

use crate::expect::{dropped, fails, ok, refused, seconds, unclear, unknown, value};
use crate::fault::{Act, Fault, Place, each, script};
use crate::operations::Form;
use crate::script::Step::{Advance, Arrived, Close, Closed, Open, Quiet, Reset, Vanish, Wait};
use crate::script::{
    FINE, Step, connection, fine, good, half, head, json, read, reply, rest, send, stall, status,
};
use crate::server::Recorded;

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = kept();
    faults.extend(given_up());
    faults.extend(broken());
    faults.extend(bodiless());
    faults
}

/// What is kept and shared.
fn kept() -> Vec<Fault> {
    vec![
        each(
            "reuse_after_full_read",
            connection([read(), fine(), read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .all(ok().then(ok()).connections(1)),
        each(
            "active_body_survives_idle_timeout",
            connection([read(), half(), Advance(seconds(40)), rest()]),
        )
        .builder(|builder| builder.attempt_timeout(None))
        .all(ok()),
        script("held_body_opens_second_connection", [held_body(), good()])
            .acts([
                Act::Start,
                Act::Wait("half"),
                Act::Call,
                Act::Open("rest"),
                Act::Finish,
            ])
            .all(ok().then(ok()).connections(2)),
        each(
            "concurrency_opens_as_many_connections",
            connection([read(), Open("asked"), Wait("asked", 3), Quiet, fine()]),
        )
        .acts([Act::Together(3)])
        .all(ok().then(ok()).then(ok()).connections(3)),
        script(
            "no_pipelining",
            [
                connection([read(), Open("asked"), Wait("go", 1), Quiet, fine()]),
                good(),
            ],
        )
        .acts([
            Act::Start,
            Act::Wait("asked"),
            Act::Start,
            Act::Settle,
            Act::Open("go"),
            Act::Finish,
            Act::Finish,
        ])
        .all(ok().then(ok()).connections(2)),
        each(
            "a_5xx_does_not_poison",
            connection([read(), status(500), read(), fine()]),
        )
        .policy(|policy| policy.attempts(1))
        .acts([Act::Call, Act::Call])
        .repeatable(refused(500).then(ok()).connections(1))
        .risky(unclear(500).then(ok()).connections(1)),
        each(
            "undecodable_reply_does_not_poison",
            connection([read(), json(200, "[]"), read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .repeatable(fails(Decode).status(200).then(ok()).connections(1))
        .risky(
            unknown(Decode)
                .status(200)
                .applied()
                .then(ok())
                .connections(1),
        ),
        each("origin_form_and_host", good())
            .check(origin_form)
            .all(ok()),
        each("two_origins_never_share", good())
            .acts([Act::Call, Act::CallForeign])
            .all(ok().then(fails(Origin).attempts(0))),
    ]
}

/// What is given up before it can do harm.
fn given_up() -> Vec<Fault> {
    vec![
        script(
            "idle_connection_is_evicted",
            [
                connection([read(), fine(), Closed, Open("evicted")]),
                good(),
            ],
        )
        .acts([
            Act::Call,
            Act::Settle,
            Act::Advance(seconds(31)),
            Act::Wait("evicted"),
            Act::Call,
        ])
        .all(ok().then(ok())),
        script(
            "drop_mid_body_retires_connection",
            [connection([read(), half(), Open("half"), Closed]), good()],
        )
        .acts([Act::DropAt("half"), Act::Call])
        .all(dropped().then(ok())),
        script(
            "drop_before_head_retires_connection",
            [connection([read(), Open("asked"), Closed]), good()],
        )
        .acts([Act::DropAt("asked"), Act::Call])
        .all(dropped().then(ok())),
        script(
            "stale_idle_connection_is_replaced",
            [
                connection([read(), fine(), Close, Closed, Open("stale")]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Wait("stale"), Act::Call])
        .all(ok().then(ok())),
        // The request leaves before the close is seen: whether it arrived is open.
        script(
            "unobserved_stale_close",
            [
                connection([read(), fine(), Wait("close", 1), Vanish]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Settle, Act::Open("close"), Act::CallAtOnce])
        .repeatable(ok().then(ok()))
        .risky(ok().then(unknown(Io)).requests(1)),
        script(
            "unasked_408_then_close",
            [
                connection([
                    read(),
                    fine(),
                    send(head(408, &["content-length: 0"])),
                    Close,
                    Closed,
                    Open("stale"),
                ]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Wait("stale"), Act::Call])
        .all(ok().then(ok())),
        script(
            "connection_close_is_not_reused",
            [
                connection([
                    read(),
                    reply(200, &["connection: close"], FINE),
                    Closed,
                    Open("closed"),
                ]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Wait("closed"), Act::Call])
        .all(ok().then(ok())),
        script(
            "http_1_0_is_not_reused",
            [
                connection([
                    read(),
                    send(format!(
                        "HTTP/1.0 200 OK\r\ncontent-length: 15\r\n\r\n{FINE}"
                    )),
                    Closed,
                    Open("closed"),
                ]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Wait("closed"), Act::Call])
        .all(ok().then(ok())),
        script("timeout_poisons", [stall([read()], seconds(5)), good()])
            .builder(|builder| builder.first_byte_timeout(seconds(5)))
            .policy(|policy| policy.attempts(1))
            .acts([Act::Call, Act::Call])
            .repeatable(fails(Timeout(FirstByte)).then(ok()))
            .risky(unknown(Timeout(FirstByte)).then(ok())),
        script(
            "poison_lets_the_active_body_finish",
            [held_body(), connection([read(), Reset])],
        )
        .policy(|policy| policy.attempts(1))
        .acts([
            Act::Start,
            Act::Wait("half"),
            Act::Call,
            Act::Open("rest"),
            Act::Finish,
        ])
        .repeatable(fails(Io).then(ok()))
        .risky(unknown(Io).then(ok())),
    ]
}

/// What breaks under a request.
fn broken() -> Vec<Fault> {
    vec![
        each("reset_on_accept", connection([Arrived, Reset]))
            .repeatable(fails(Io).attempts(3).requests(0).connections(3))
            .risky(unknown(Io).requests(0).connections(1)),
        each("close_on_accept", connection([Arrived, Vanish]))
            .repeatable(fails(Io).attempts(3).requests(0).connections(3))
            .risky(unknown(Io).requests(0).connections(1)),
        each("reset_after_request", connection([read(), Reset]))
            .repeatable(fails(Io).attempts(3))
            .risky(unknown(Io)),
        script(
            "reset_after_request_then_fine",
            [connection([read(), Reset]), good()],
        )
        .repeatable(ok().requests(2))
        .risky(unknown(Io)),
        each(
            "reset_in_body",
            connection([read(), half(), Step::Settle, Reset]),
        )
        .repeatable(fails(Io).status(200).attempts(3))
        .risky(unknown(Io).status(200).applied()),
        each("eof_before_reply", connection([read(), Close]))
            .repeatable(fails(Io).attempts(3))
            .risky(unknown(Io)),
        each(
            "eof_in_head",
            connection([read(), send("HTTP/1.1 200 OK\r\ncontent-le"), Close]),
        )
        .repeatable(fails(Io).attempts(3))
        .risky(unknown(Io)),
        each("eof_in_body", connection([read(), half(), Close]))
            .repeatable(fails(Io).status(200).attempts(3))
            .risky(unknown(Io).status(200).applied()),
        script(
            "body_cut_midway_is_retried",
            [connection([read(), half(), Close]), good()],
        )
        .repeatable(ok().requests(2))
        .risky(unknown(Io).status(200).applied()),
        each("unresolvable_host", Vec::new())
            .at(Place::Nowhere)
            .all(fails(Connect).attempts(3).connections(0)),
        each("refused_connection", Vec::new())
            .at(Place::Deaf)
            .all(fails(Connect).attempts(3).connections(0)),
        each("refused_connection_then_fine", good())
            .at(Place::Deaf)
            .held()
            .acts([
                Act::Start,
                Act::Settle,
                Act::Listen,
                Act::Advance(seconds(1)),
                Act::Finish,
            ])
            .all(ok()),
    ]
}

/// Replies that end with their head.
fn bodiless() -> Vec<Fault> {
    let length = || send(head(200, &["content-length: 15"]));
    let no_content = || send(head(204, &[]));
    vec![
        each(
            "head_with_length",
            connection([read(), length(), read(), length()]),
        )
        .form(Form::Head)
        .acts([Act::Call, Act::Call])
        .all(value("").then(value("")).connections(1)),
        each(
            "no_content",
            connection([read(), no_content(), read(), no_content()]),
        )
        .form(Form::Empty)
        .acts([Act::Call, Act::Call])
        .all(value("").then(value("")).connections(1)),
        each(
            "no_content_where_a_document_is_due",
            connection([read(), no_content()]),
        )
        .repeatable(fails(Decode).status(204))
        .risky(unknown(Decode).status(204).applied()),
        each(
            "not_modified_with_length",
            connection([
                read(),
                send(head(304, &["content-length: 15"])),
                read(),
                fine(),
            ]),
        )
        .acts([Act::Call, Act::Call])
        .all(refused(304).then(ok()).connections(1)),
    ]
}

/// A body that waits for its second half.
fn held_body() -> Vec<Step> {
    connection([read(), half(), Open("half"), Wait("rest", 1), rest()])
}

fn origin_form(requests: &[Recorded]) -> Result<(), String> {
    for Recorded { head, .. } in requests {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let hosts: Vec<&str> = head
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with("host:"))
            .collect();
        if !target.starts_with("/notes/")
            || !matches!(hosts[..], [host] if host.contains(" 127.0.0.1:"))
        {
            return Err(format!("target {target:?}, {hosts:?}"));
        }
    }
    Ok(())
}
