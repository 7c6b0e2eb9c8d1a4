//! TLS that is refused, broken off or spoken to the wrong port. Nothing was sent before a handshake
//! is done; after it, a broken record is a broken connection.

use accredit_transport::ErrorKind::{Connect, Io};

use crate::expect::{Expect, fails, ok, unknown};
use crate::fault::{Act, Fault, Place, each, script};
use crate::script::Certificate::{ForeignName, Good};
use crate::script::Step::{Close, CloseBelow, HandshakeRefused, ReadBytes, Reset, SendBelow};
use crate::script::{FINE, connection, fine, good, half, head, read, secure, send, status};

/// A fatal alert: handshake failure.
const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = handshakes();
    faults.extend(records());
    faults
}

/// No connection, three times.
fn unconnected() -> Expect {
    fails(Connect).attempts(3).connections(3)
}

fn handshakes() -> Vec<Fault> {
    let each = |name, steps: Vec<_>| each(name, steps).at(Place::Tls);
    vec![
        each("untrusted_authority", vec![HandshakeRefused(Good)])
            .at(Place::Untrusted)
            .all(unconnected()),
        each("wrong_name", vec![HandshakeRefused(ForeignName)]).all(unconnected()),
        script(
            "wrong_name_then_right",
            [vec![HandshakeRefused(ForeignName)], secure(good())],
        )
        .at(Place::Tls)
        .all(ok().connections(2)),
        each(
            "plain_http_on_a_tls_port",
            vec![ReadBytes, status(400), Close],
        )
        .all(unconnected()),
        each(
            "alert_in_handshake",
            vec![ReadBytes, SendBelow(ALERT.to_vec()), Close],
        )
        .all(unconnected()),
        each("reset_in_handshake", vec![ReadBytes, Reset]).all(unconnected()),
        each("eof_in_handshake", vec![ReadBytes, Close]).all(unconnected()),
        each("tls_on_a_plain_port", vec![HandshakeRefused(Good)])
            .at(Place::Plain)
            .repeatable(fails(Io).attempts(3).requests(0).connections(3))
            .risky(unknown(Io).requests(0).connections(1)),
    ]
}

fn records() -> Vec<Fault> {
    let each = |name, steps: Vec<_>| each(name, secure(steps)).at(Place::Tls);
    let broken = |fault: Fault| fault.repeatable(fails(Io).attempts(3)).risky(unknown(Io));
    let cut = |fault: Fault| {
        fault
            .repeatable(fails(Io).status(200).attempts(3))
            .risky(unknown(Io).status(200).applied())
    };
    let until_close = || send(head(200, &["connection: close"]) + FINE);
    vec![
        each("tls_reuse", connection([read(), fine(), read(), fine()]))
            .acts([Act::Call, Act::Call])
            .all(ok().then(ok()).connections(1)),
        broken(each("tls_reset_after_request", vec![read(), Reset])),
        broken(each(
            "cut_in_a_record",
            vec![
                read(),
                SendBelow([&[0x17, 3, 3, 0, 64][..], &[7; 9]].concat()),
                CloseBelow,
            ],
        )),
        broken(each(
            "corrupt_record",
            vec![
                read(),
                SendBelow([&[0x17, 3, 3, 0, 64][..], &[7; 64]].concat()),
            ],
        )),
        cut(each("cut_in_a_body", vec![read(), half(), CloseBelow])),
        // Without the goodbye nobody knows whether the body was whole.
        cut(each(
            "close_without_close_notify",
            vec![read(), until_close(), CloseBelow],
        )),
        each(
            "close_with_close_notify",
            vec![read(), until_close(), Close],
        )
        .all(ok()),
        each(
            "whole_body_without_close_notify",
            vec![read(), fine(), CloseBelow],
        )
        .all(ok()),
    ]
}
