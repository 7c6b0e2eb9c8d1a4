//! T4: a list of 100 investments from the call to typed values: ours with its models, the peers with plain derived types.

use std::io;

use crate::client::{Peer, Server};
use crate::t3::{latency, limited};
use crate::table::print;

const LIMIT: f64 = 0.65;

pub(crate) fn run(server: &Server) -> io::Result<usize> {
    let rows = latency(server, "typed", &Peer::TYPED, Peer::Reqwest, (41, 20))?;
    Ok(print(
        "T4: typed list of 100, end to end",
        "x reqwest",
        &limited(rows, LIMIT),
    ))
}
