//! Replies that are too large, framed wrongly, not HTTP, not JSON, or a refusal in a good reply.

use accredit_transport::ErrorKind::{Decode, Io, Refused, TooLarge};

use crate::expect::{fails, ok, refused, unclear, unknown};
use crate::fault::{Act, Fault, each, script};
use crate::script::Step::{Close, Closed, Open, SendUntilClosed};
use crate::script::{
    Connection, FINE, Step, connection, fine, good, head, json, read, reply, send, status,
};

const HTML: &str = "<html><body><h1>Bad Gateway</h1></body></html>";

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = sizes();
    faults.extend(framing());
    faults.extend(heads());
    faults.extend(contents());
    faults
}

fn answer(step: Step) -> Connection {
    connection([read(), step])
}

/// No reply that could be read as one.
fn broken(fault: Fault) -> Fault {
    fault.repeatable(fails(Io).attempts(3)).risky(unknown(Io))
}

/// A head above the limits, whatever it says.
fn head_too_large(fault: Fault) -> Fault {
    fault.repeatable(fails(TooLarge)).risky(unknown(TooLarge))
}

/// A good head and a body that breaks off.
fn cut(fault: Fault) -> Fault {
    fault
        .repeatable(fails(Io).status(200).attempts(3))
        .risky(unknown(Io).status(200).applied())
}

fn sizes() -> Vec<Fault> {
    const CAP: usize = 64;
    let long = || format!(r#"{{"text":"{}"}}"#, "x".repeat(100));
    let capped = |fault: Fault| {
        fault
            .builder(|builder| builder.json_cap(CAP).error_cap(CAP))
            .repeatable(fails(TooLarge).status(200))
            .risky(unknown(TooLarge).status(200).applied())
    };
    let chunked = head(200, &["transfer-encoding: chunked"]);
    vec![
        capped(each("body_above_the_cap", answer(json(200, &long())))),
        capped(each(
            "unannounced_body_above_the_cap",
            answer(send(format!(
                "{chunked}6e\r\n{}\r\n0\r\n\r\n",
                " ".repeat(110)
            ))),
        )),
        capped(each(
            "ten_gigabytes_announced",
            answer(send(head(200, &["content-length: 10737418240"]))),
        )),
        capped(each(
            "endless_chunks",
            connection([
                read(),
                send(chunked.clone()),
                SendUntilClosed(format!("1000\r\n{}\r\n", " ".repeat(4096)).into_bytes()),
            ]),
        )),
        capped(each("error_body_above_the_cap", answer(json(404, &long())))).all(refused(404)),
        capped(each(
            "endless_error_body",
            connection([
                read(),
                send(head(404, &[])),
                SendUntilClosed(vec![b' '; 4096]),
            ]),
        ))
        .all(refused(404)),
        capped(each(
            "body_of_exactly_the_cap",
            answer(json(
                200,
                &format!(r#"{{"text":"fine"}}{}"#, " ".repeat(CAP - FINE.len())),
            )),
        ))
        .all(ok()),
        head_too_large(each(
            "a_thousand_headers",
            answer(send(head(200, &["x-many: 1"; 1000]))),
        )),
        head_too_large(each(
            "endless_head",
            connection([
                read(),
                send("HTTP/1.1 200 OK\r\n"),
                SendUntilClosed(format!("x-long: {}\r\n", "x".repeat(4000)).into_bytes()),
            ]),
        )),
    ]
}

/// Where a body ends.
fn framing() -> Vec<Fault> {
    let chunked = |body: &str| send(head(200, &["transfer-encoding: chunked"]) + body);
    let lengths = |first: &str, second: &str| send(head(200, &[first, second]) + FINE);
    vec![
        // What lies behind the end is no reply to the next request.
        script(
            "length_too_short",
            [
                connection([
                    read(),
                    send(
                        head(200, &["content-length: 15"])
                            + FINE
                            + &head(200, &["content-length: 0"]),
                    ),
                    Closed,
                    Open("closed"),
                ]),
                good(),
            ],
        )
        .acts([Act::Call, Act::Wait("closed"), Act::Call])
        .all(ok().then(ok())),
        cut(each(
            "length_too_long",
            connection([
                read(),
                send(head(200, &["content-length: 16"]) + FINE),
                Close,
            ]),
        )),
        broken(each(
            "two_lengths",
            answer(lengths("content-length: 15", "content-length: 16")),
        )),
        broken(each(
            "negative_length",
            answer(lengths("content-length: -1", "x: y")),
        )),
        broken(each(
            "length_that_is_no_number",
            answer(lengths("content-length: 0x0f", "x: y")),
        )),
        each(
            "chunked_with_length",
            answer(send(
                head(200, &["content-length: 3", "transfer-encoding: chunked"])
                    + "f\r\n"
                    + FINE
                    + "\r\n0\r\n\r\n",
            )),
        )
        .all(ok()),
        each(
            "chunked_with_trailers",
            answer(chunked(&format!("f\r\n{FINE}\r\n0\r\nx-sum: 1\r\n\r\n"))),
        )
        .all(ok()),
        cut(each("chunk_size_that_is_none", answer(chunked("zz\r\n")))),
        cut(each(
            "chunk_size_above_all_numbers",
            answer(chunked("fffffffffffffffff\r\n")),
        )),
        cut(each(
            "chunk_without_its_end",
            answer(chunked(&format!("f\r\n{FINE}xx"))),
        )),
        cut(each(
            "chunks_without_the_last",
            connection([read(), chunked(&format!("f\r\n{FINE}\r\n")), Close]),
        )),
        each(
            "body_until_close",
            connection([read(), send(head(200, &[]) + FINE), Close]),
        )
        .all(ok()),
        each(
            "error_body_cut",
            connection([
                read(),
                send(head(404, &["content-length: 99"]) + "{"),
                Close,
            ]),
        )
        .all(refused(404)),
        each(
            "server_error_body_cut",
            connection([
                read(),
                send(head(500, &["content-length: 99"]) + "{"),
                Close,
            ]),
        )
        .repeatable(refused(500).attempts(3))
        .risky(unclear(500)),
    ]
}

/// What stands before a body, or in the place of a reply.
fn heads() -> Vec<Fault> {
    let garbage = |name, bytes: &[u8]| broken(each(name, connection([read(), send(bytes), Close])));
    let before = |name, code, headers: &[&str]| {
        each(
            name,
            connection([read(), send(head(code, headers)), fine(), read(), fine()]),
        )
        .acts([Act::Call, Act::Call])
        .all(ok().then(ok()).connections(1))
    };
    vec![
        garbage(
            "garbage",
            &[0, 1, 2, 3, 0xff, 0xfe, b'\r', b'\n', b'\r', b'\n'],
        ),
        garbage("another_protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        garbage("http_0_9", b"{\"text\":\"fine\"}\r\n\r\n"),
        garbage(
            "http_2_status_line",
            b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        ),
        garbage(
            "status_that_is_no_number",
            b"HTTP/1.1 2OO OK\r\ncontent-length: 0\r\n\r\n",
        ),
        garbage(
            "header_name_that_is_none",
            b"HTTP/1.1 200 OK\r\nbad name\x01: x\r\n\r\n",
        ),
        before("continue_100_before_the_reply", 100, &[]),
        before(
            "early_hints_103_before_the_reply",
            103,
            &["link: </x>; rel=preload"],
        ),
        each(
            "switching_protocols_101",
            answer(send(head(101, &["connection: upgrade", "upgrade: other"]))),
        )
        .all(refused(101)),
    ]
}

/// Whole replies that do not say what they should.
fn contents() -> Vec<Fault> {
    let page = |name, code| {
        let page = || reply(code, &["content-type: text/html"], HTML);
        each(
            name,
            connection([read(), page(), read(), page(), read(), page()]),
        )
    };
    let unreadable = |name, body: &[u8]| {
        let head = head(200, &[&format!("content-length: {}", body.len())]);
        each(name, answer(send([head.as_bytes(), body].concat())))
            .repeatable(fails(Decode).status(200))
            .risky(unknown(Decode).status(200).applied())
    };
    vec![
        page("html_502_keeps_status", 502)
            .repeatable(refused(502).attempts(3))
            .risky(unclear(502)),
        page("html_504_keeps_status", 504)
            .repeatable(refused(504).attempts(3))
            .risky(unclear(504)),
        page("html_404_keeps_status", 404).all(refused(404)),
        unreadable("html_200", HTML.as_bytes()),
        unreadable("empty_200", b""),
        unreadable("json_of_another_shape", b"{\"text\":[1,2,3]}"),
        unreadable("json_that_ends_early", b"{\"text\":\"fi"),
        unreadable("two_documents", b"{\"text\":\"fine\"}{\"text\":\"fine\"}"),
        unreadable("not_utf8", b"{\"text\":\"fin\xff\"}"),
        unreadable(
            "compressed_without_being_asked",
            &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
        ),
        each(
            "success_false",
            answer(json(200, r#"{"success":false,"message":"no"}"#)),
        )
        .all(fails(Refused).status(200)),
        each("created_201", answer(json(201, FINE))).all(ok()),
        each("teapot_418", answer(status(418))).all(refused(418)),
    ]
}
