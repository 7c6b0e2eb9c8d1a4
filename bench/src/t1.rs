//! T1: instructions of the client process for one get of 1 KB.
//!
//! Ours does authentication, agent, request id, four timeouts, retry, spans and the whole body; bare hyper-util does none
//! of that. Both make the URL of the id that is asked for: that is a part of the call, in any client. The second row is
//! hyper-util with a URL made beforehand, which no client of an API can have.

use std::io;

use crate::client::{Peer, Server, per_unit};
use crate::table::{Row, print};

const LIMIT: f64 = 1.15;

pub(crate) fn run(server: &Server) -> io::Result<usize> {
    let yardstick = instructions(Peer::Hyper, server, "one")?;
    let row = |name: &str, count: f64| Row::new(name, format!("{count:.0} Ir"), count / yardstick);
    let ready = instructions(Peer::Hyper, server, "ready")?;
    let mut rows = vec![row("hyper", yardstick), row("hyper, URL beforehand", ready)];
    for peer in Peer::RAW.into_iter().filter(|&peer| peer != Peer::Hyper) {
        rows.push(row(peer.name(), instructions(peer, server, "one")?).ours_at_most(LIMIT));
    }
    Ok(print("T1: instructions per get-one", "x hyper", &rows))
}

fn instructions(peer: Peer, server: &Server, work: &str) -> io::Result<f64> {
    let tool = [
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    ];
    per_unit(&tool, peer, server, work, (500, 5_500), |report| {
        let line = report
            .lines()
            .find(|line| line.contains("I refs:") || line.contains("I   refs:"))?;
        line.rsplit(' ').next()?.replace(',', "").parse().ok()
    })
}
