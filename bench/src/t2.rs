//! T2: allocations and system calls of the client process for one get of 1 KB over a connection that is open.

use std::io;

use crate::client::{Client, Peer, Server, per_unit};
use crate::table::{Row, print};

const ALLOCATIONS: f64 = 20.0;
const CALLS: f64 = 4.0;

pub(crate) fn run(server: &Server) -> io::Result<usize> {
    let mut allocations = Vec::new();
    let mut calls = Vec::new();
    for peer in Peer::RAW {
        let count = allocated(peer, server)?;
        allocations.push(Row::new(peer, format!("{count:.2}"), count).ours_at_most(ALLOCATIONS));
        // A wake-up that comes late is one call less, so the second digit is noise.
        let count = called(peer, server)?;
        let rounded = (count * 10.0).round() / 10.0;
        calls.push(Row::new(peer, format!("{count:.2}"), rounded).ours_at_most(CALLS));
    }
    Ok(
        print("T2: allocations per get-one", "allocations", &allocations)
            + print("T2: system calls per get-one", "calls", &calls),
    )
}

fn allocated(peer: Peer, server: &Server) -> io::Result<f64> {
    let mut client = Client::start(peer, server, "one")?;
    // The connection, and what grows once.
    client.run(200)?;
    Ok(client.run(2_000)?.allocations / 2_000.0)
}

fn called(peer: Peer, server: &Server) -> io::Result<f64> {
    let tool = ["strace", "--follow-forks", "--summary-only", "--quiet=all"];
    per_unit(&tool, peer, server, "one", (500, 2_500), |report| {
        let line = report
            .lines()
            .find(|line| line.trim_end().ends_with(" total"))?;
        // `% time`, `seconds`, `usecs/call`, `calls`.
        line.split_whitespace().nth(3)?.parse().ok()
    })
}
