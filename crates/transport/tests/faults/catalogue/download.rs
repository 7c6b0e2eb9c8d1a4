//! Files that come piece by piece. Up to the head they are calls like any other; behind it nothing is
//! repeated, because the caller has pieces in hand, and the limits are those of the body alone.

use accredit_transport::ErrorKind::{Decode, Io, Timeout, TooLarge};
use accredit_transport::TimeoutPhase::{Download, FirstByte, Idle, Operation};

use crate::expect::{Expect, fails, refused, seconds, unclear, unknown, value};
use crate::fault::{Act, Fault, each, script};
use crate::operations::Form;
use crate::script::Step::{Advance, Close, Closed, Open, Reset, SendUntilClosed};
use crate::script::{
    Connection, FINE, Step, connection, fine, good, half, head, json, read, reply, rest, send,
    stall, status,
};

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = heads();
    faults.extend(bodies());
    faults.extend(times());
    faults
        .into_iter()
        .map(|fault| fault.form(Form::Download))
        .collect()
}

/// The whole file.
fn whole() -> Expect {
    value(FINE)
}

/// A good head, and then this.
fn after_head(fault: Fault, reason: accredit_transport::ErrorKind) -> Fault {
    fault
        .repeatable(fails(reason).status(200))
        .risky(unknown(reason).status(200).applied())
}

fn heads() -> Vec<Fault> {
    vec![
        each(
            "download_reuse",
            connection([read(), fine(), read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .all(whole().then(whole()).connections(1)),
        each(
            "download_503_then_fine",
            connection([read(), status(503), read(), fine()]),
        )
        .repeatable(whole().requests(2).connections(1))
        .risky(unclear(503)),
        script(
            "download_reset_then_fine",
            [connection([read(), Reset]), good()],
        )
        .repeatable(whole().requests(2))
        .risky(unknown(Io)),
        each(
            "download_404_page",
            connection([read(), reply(404, &["content-type: text/html"], "<p>")]),
        )
        .all(refused(404)),
        each(
            "download_foreign_redirect",
            connection([read(), reply(302, &["location: {trap}/file"], "")]),
        )
        .all(refused(302)),
        each("download_stall_before_head", stall([read()], seconds(5)))
            .builder(|builder| builder.first_byte_timeout(seconds(5)))
            .repeatable(fails(Timeout(FirstByte)).attempts(3))
            .risky(unknown(Timeout(FirstByte))),
    ]
}

fn bodies() -> Vec<Fault> {
    let chunked = |body: &str| send(head(200, &["transfer-encoding: chunked"]) + body);
    let capped =
        |fault: Fault| after_head(fault.builder(|builder| builder.bytes_cap(10)), TooLarge);
    vec![
        after_head(
            each("download_cut", connection([read(), half(), Close])),
            Io,
        ),
        after_head(
            each(
                "download_reset_in_body",
                connection([read(), half(), Step::Settle, Reset]),
            ),
            Io,
        ),
        after_head(
            each(
                "download_bad_chunk",
                connection([read(), chunked("1\r\n{\r\nzz\r\n")]),
            ),
            Io,
        ),
        after_head(
            each(
                "download_without_the_last_chunk",
                connection([read(), chunked("1\r\n{\r\n"), Close]),
            ),
            Io,
        ),
        after_head(
            each(
                "download_of_a_page_in_its_place",
                connection([read(), reply(200, &[], "<html>")]),
            ),
            Decode,
        ),
        capped(each(
            "download_announced_above_the_cap",
            connection([read(), json(200, FINE)]),
        )),
        capped(each(
            "download_without_end",
            connection([
                read(),
                chunked("1\r\n{\r\n"),
                SendUntilClosed(b"3\r\nxyz\r\n".to_vec()),
            ]),
        )),
        script(
            "download_dropped",
            [connection([read(), half(), Open("half"), Closed]), good()],
        )
        .acts([Act::DropAt("half"), Act::Call])
        .all(crate::expect::dropped().then(whole())),
    ]
}

fn times() -> Vec<Fault> {
    // Longer than an attempt may take, never silent for as long as ten seconds.
    let slow = || -> Connection {
        let mut steps = vec![read(), send(head(200, &["content-length: 15"]))];
        for byte in FINE.bytes().take(5) {
            steps.extend([Advance(seconds(9)), send([byte])]);
        }
        steps
    };
    let slow_to_the_end = slow().into_iter().chain([rest()]);
    vec![
        each(
            "slow_stream_is_not_killed_by_attempt_timeout",
            connection(slow_to_the_end),
        )
        .all(whole()),
        after_head(
            each(
                "idle_stream_times_out",
                stall([read(), half()], seconds(10)),
            ),
            Timeout(Idle),
        ),
        after_head(
            each("download_takes_too_long", stall(slow(), seconds(5)))
                .builder(|builder| builder.download_timeout(seconds(50))),
            Timeout(Download),
        ),
        after_head(
            each(
                "download_beyond_the_deadline_of_its_call",
                stall([read(), half()], seconds(5)),
            )
            .builder(|builder| builder.deadline(seconds(60)))
            .options(|options| options.deadline(seconds(5)))
            .deadline(seconds(5)),
            Timeout(Operation),
        ),
    ]
}
