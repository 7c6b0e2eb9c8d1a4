//! Measures the transport beside its peers: `cargo run --release --manifest-path bench/Cargo.toml -- all`, or one of `t1`,
//! `t2`, `t3`, `t4`, `p1`, `b1`. Exits 1 when a figure is above its limit.

mod b1;
mod client;
mod p1;
mod server;
mod t1;
mod t2;
mod t3;
mod t4;
mod table;

use std::io;
use std::process::ExitCode;

use client::{Peer, Server};

const MEASURES: [&str; 6] = ["t1", "t2", "t3", "t4", "p1", "b1"];

fn main() -> ExitCode {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let done = match chosen.as_slice() {
        [role] if role == "server" => server::run().map(|()| 0),
        [all] if all == "all" => measure(&MEASURES),
        [] => Err(io::Error::other(
            "say what to measure: all, t1, t2, t3, t4, p1, b1",
        )),
        some => measure(&some.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(over) => {
            println!("\n{over} above the limit");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// How many figures are above their limit.
fn measure(names: &[&str]) -> io::Result<usize> {
    for name in names {
        let peers: &[Peer] = match *name {
            "t1" | "t2" | "t3" => &Peer::RAW,
            "t4" => &Peer::TYPED,
            "p1" => &[Peer::Hyper, Peer::Thirdparty],
            _ => &[],
        };
        for peer in peers {
            peer.build()?;
        }
    }
    let server = Server::start()?;
    let mut over = 0;
    for name in names {
        over += match *name {
            "t1" => t1::run(&server)?,
            "t2" => t2::run(&server)?,
            "t3" => t3::run(&server)?,
            "t4" => t4::run(&server)?,
            "p1" => p1::run(&server)?,
            "b1" => b1::run()?,
            other => return Err(io::Error::other(format!("{other} is no measure"))),
        };
    }
    Ok(over)
}
