//! The promises about webhooks that want an optimised build: what verifying costs beside a bare SHA-256 of the same body (W1), and
//! whether the time of it tells where a signature is wrong or which secret fits (R15, Welch's t).
//!
//! `cargo bench -p accredit-verifyinvestor --bench webhooks`
//!
//! Prints each figure with its limit and `ok` or `BROKEN`, and exits 1 when one is broken. `ACCREDIT_ROUNDS=5` divides the work by
//! twenty, for a look. On a busy machine the times mean little; the t value least of all.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types
)]

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use accredit_verifyinvestor::{WebhookSigner, Webhooks};
use sha2::{Digest as _, Sha256};

mod welch;

const SECRET: &str = "whsec_5f1c2d0b8e7a49c3";

fn main() -> ExitCode {
    // Cargo says `--bench`; tests of all targets say nothing and want none of this.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let percent = env::var("ACCREDIT_ROUNDS").map_or(100, |percent| percent.parse().unwrap());
    let mut broken = 0;
    let mut check = |name: &str, value: f64, limit: f64| {
        let verdict = if value <= limit { "ok" } else { "BROKEN" };
        broken += u32::from(value > limit);
        println!("{name:<64} {value:>9.3}  limit {limit:>7.3}  {verdict}");
    };
    check(
        "W1 500 B, verify / SHA-256",
        cost(500, 2_000, 2 * percent),
        1.6,
    );
    check(
        "W1 1 MB, verify / SHA-256",
        cost(1_000_000, 1, 2 * percent),
        1.01,
    );
    let samples = 10_000 * percent;
    println!("t of Welch's test, {samples} samples, the largest of several crops:");
    check(
        "R15 |t|, wrong in the first byte or in the last",
        first_or_last_byte(samples),
        4.5,
    );
    check(
        "R15 |t|, right by the first of three secrets or by the last",
        first_or_last_secret(samples),
        4.5,
    );
    // Else the two lines above would prove nothing.
    let leak = leaking_comparison(samples);
    check(
        "    the same of a comparison that leaks, as 4.5 / |t|",
        4.5 / leak,
        1.0,
    );
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What it costs to verify a body, in bare hashes of it: the fastest of rounds in turns, as whatever
/// interrupts a program only adds.
fn cost(length: usize, times: u32, rounds: u32) -> f64 {
    let body = vec![b'x'; length];
    let webhooks = Webhooks::new(SECRET).unwrap().body_limit(length);
    let mut headers = WebhookSigner::new(SECRET).unwrap().headers(&body);
    // A request has others.
    for (name, value) in [
        ("host", "receiver.example"),
        ("user-agent", "rest-client/2.1"),
        ("accept", "*/*"),
        ("content-type", "application/json"),
        ("content-length", "500"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        (0..times).for_each(|_| work());
        start.elapsed()
    };
    let verify = || {
        let verified = black_box(&webhooks).verify_signature(black_box(&headers), black_box(&body));
        assert!(black_box(verified).is_ok());
    };
    let hash = || {
        black_box(Sha256::digest(black_box(&body)));
    };
    let rounds: Vec<(Duration, Duration)> = (0..rounds.max(3))
        .map(|_| (time(&verify), time(&hash)))
        .collect();
    let fastest = |pick: fn(&(Duration, Duration)) -> Duration| {
        let fastest = rounds.iter().map(pick).min().unwrap();
        fastest.as_secs_f64() / f64::from(times)
    };
    let (verify, hash) = (fastest(|round| round.0), fastest(|round| round.1));
    println!(
        "{length} bytes: verify {:.0} ns, SHA-256 {:.0} ns",
        verify * 1e9,
        hash * 1e9
    );
    verify / hash
}

/// Signatures that differ from the right one in one digit.
fn first_or_last_byte(samples: u32) -> f64 {
    let body = vec![b'x'; 500];
    let webhooks = Webhooks::new(SECRET).unwrap();
    let classes = [0, 63].map(|at| {
        let mut value = signature(SECRET, &body);
        value[at] = if value[at] == b'0' { b'1' } else { b'0' };
        value
    });
    welch::largest_t(samples, classes, |value| {
        assert!(black_box(webhooks.verify_values([value], &body)).is_err());
    })
}

fn first_or_last_secret(samples: u32) -> f64 {
    let body = vec![b'x'; 500];
    let webhooks = Webhooks::new("first").unwrap().or("second").unwrap();
    let webhooks = webhooks.or("third").unwrap();
    let classes = ["first", "third"].map(|secret| signature(secret, &body));
    welch::largest_t(samples, classes, |value| {
        assert!(black_box(webhooks.verify_values([value], &body)).is_ok());
    })
}

/// What the test finds where bytes are compared one by one and the first that differs ends it.
fn leaking_comparison(samples: u32) -> f64 {
    let right = [7_u8; 32];
    let classes = [0, 31].map(|at| {
        let mut wrong = right;
        wrong[at] ^= 1;
        wrong
    });
    welch::largest_t(samples, classes, |given| {
        let mut pairs = black_box(&right).iter().zip(given);
        assert!(black_box(
            pairs.any(|(right, given)| black_box(right) != given)
        ));
    })
}

fn signature(secret: &str, body: &[u8]) -> [u8; 64] {
    let signature = WebhookSigner::new(secret).unwrap().sign(body);
    signature.into_bytes().try_into().unwrap()
}
