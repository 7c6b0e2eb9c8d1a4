//! T3: latency of one get after the other over loopback.

use std::io;

use crate::client::{Client, Peer, Server};
use crate::table::{Row, median, print};

const ONE: f64 = 1.05;
const PAGE: f64 = 0.85;

pub(crate) fn run(server: &Server) -> io::Result<usize> {
    let one = latency(server, "one", &Peer::RAW, Peer::Hyper, (41, 400))?;
    let page = latency(server, "page", &Peer::RAW, Peer::Hyper, (41, 100))?;
    Ok(print(
        "T3: sequential latency, 1 KB",
        "x hyper",
        &limited(one, ONE),
    ) + print(
        "T3: sequential latency, page of 370 KB as bytes",
        "x hyper",
        &limited(page, PAGE),
    ))
}

pub(crate) fn limited(rows: Vec<Row>, limit: f64) -> Vec<Row> {
    rows.into_iter()
        .map(|row| row.ours_at_most(limit))
        .collect()
}

/// Medians over interleaved rounds, and the median of each round's ratio to the yardstick: what disturbs the machine then
/// disturbs both.
pub(crate) fn latency(
    server: &Server,
    work: &str,
    peers: &[Peer],
    yardstick: Peer,
    (rounds, times): (usize, u32),
) -> io::Result<Vec<Row>> {
    let mut clients = Vec::new();
    for &peer in peers {
        let mut client = Client::start(peer, server, work)?;
        client.run(times)?;
        clients.push((peer, client, Vec::new()));
    }
    for _ in 0..rounds {
        for (_, client, took) in &mut clients {
            took.push(client.run(times)?.nanoseconds / f64::from(times));
        }
    }
    let all: Vec<(Peer, Vec<f64>)> = clients
        .into_iter()
        .map(|(peer, _, took)| (peer, took))
        .collect();
    let base = all
        .iter()
        .find(|(peer, _)| *peer == yardstick)
        .map(|(_, took)| took.clone())
        .unwrap_or_default();
    let rows = all.into_iter().map(|(peer, took)| {
        let ratios = took
            .iter()
            .zip(&base)
            .map(|(took, base)| took / base)
            .collect();
        let middle = median(took) / 1e3;
        Row::new(peer, format!("{middle:.1} us"), median(ratios))
    });
    Ok(rows.collect())
}
