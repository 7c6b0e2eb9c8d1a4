//! P1: 200 pages of 100 investments, each 20 ms away, some at a time: ours typed and in order, beside bare hyper-util that
//! fetches as many at a time and drops what it gets.

use std::io;

use crate::client::{Client, Peer, Server};
use crate::table::{Row, median, print};

/// Pages at a time, the limit of the time, in times of fetching alone. K = 2 has no goal of its own.
const STEPS: [(usize, f64); 4] = [(1, 1.10), (2, 1.2), (4, 1.2), (8, 1.2)];

/// What each further page under way may add: a body, hyper's buffer, 100 investments.
const MEGABYTES_A_PAGE: f64 = 1.0;

const ROUNDS: usize = 5;

/// Whose peaks of memory are looked at.
const PROCESSES: usize = 5;

pub(crate) fn run(server: &Server) -> io::Result<usize> {
    let mut times = Vec::new();
    let mut peaks = Vec::new();
    for (at_once, limit) in STEPS {
        let work = at_once.to_string();
        let mut fetch = Client::start_free(Peer::Hyper, server, &work)?;
        let mut ours = Client::start_free(Peer::Thirdparty, server, &work)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push((
                fetch.run(1)?.nanoseconds / 1e6,
                ours.run(1)?.nanoseconds / 1e6,
            ));
        }
        let (alone, all) = rounds.iter().copied().unzip();
        let ratio = median(rounds.iter().map(|(alone, all)| all / alone).collect());
        let (alone, all) = (median(alone), median(all));
        times.push(
            Row::new(
                format!("K = {at_once}"),
                format!("{all:.0} / {alone:.0} ms"),
                ratio,
            )
            .at_most(limit),
        );
        // What the allocator keeps for its threads differs from one process to the next.
        let mut megabytes = vec![ours.peak_memory()? / 1e6];
        while megabytes.len() < PROCESSES {
            let mut again = Client::start_free(Peer::Thirdparty, server, &work)?;
            for _ in 0..ROUNDS {
                again.run(1)?;
            }
            megabytes.push(again.peak_memory()? / 1e6);
        }
        peaks.push((at_once, median(megabytes)));
    }
    let smallest = peaks.first().map_or(f64::NAN, |(_, peak)| *peak);
    let memory = peaks.into_iter().map(|(at_once, peak)| {
        let a_page = (peak - smallest) / (at_once as f64 - 1.0).max(1.0);
        let row = Row::new(format!("K = {at_once}"), format!("{peak:.1} MB"), a_page);
        // Steps of a few pages are lost in what the allocator keeps.
        if at_once == 8 {
            row.at_most(MEGABYTES_A_PAGE)
        } else {
            row
        }
    });
    let memory: Vec<Row> = memory.collect();
    Ok(print(
        "P1: 200 pages, typed, beside fetching alone",
        "x fetch",
        &times,
    ) + print("P1: peak resident memory", "MB a page", &memory))
}
