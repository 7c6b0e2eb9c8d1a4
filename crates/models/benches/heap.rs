//! The decoding budgets of memory, J3 and J4: allocations and peak heap of a list of 100 investments and of one in detail.
//! Exits 1 when one is broken.
//!
//! `cargo bench -p accredit-models --bench heap`

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_types)]

use std::{hint::black_box, process::ExitCode};

use accredit_models::{Money, Page, Reply, Timestamp, thirdparty};

#[allow(dead_code)]
mod plain;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const LIST: &[u8] = include_bytes!("../tests/pages/list_100.json");
const DETAIL: &[u8] = include_bytes!("../tests/pages/detail.json");

fn main() -> ExitCode {
    let mut broken = 0;
    let mut check = |name: &str, value: f64, limit: f64| {
        let verdict = if value <= limit { "ok" } else { "BROKEN" };
        broken += u32::from(value > limit);
        println!("{name:<58} {value:>9.3}  limit {limit:>9.3}  {verdict}");
    };
    let (blocks, peak) = heap(|| {
        drop(black_box(
            Page::<thirdparty::InvestmentSummary>::decode(black_box(LIST)).unwrap(),
        ))
    });
    let (plain_blocks, plain_peak) = heap(|| {
        drop(black_box(
            serde_json::from_slice::<plain::Page<plain::InvestmentSummary>>(black_box(LIST))
                .unwrap(),
        ))
    });
    let per_item = |blocks: u64| blocks as f64 / 100.0;
    println!(
        "plain: {:.2} allocations an item, peak {:.3} x body",
        per_item(plain_blocks),
        per_byte(plain_peak, LIST)
    );
    check("J3 list, allocations an item", per_item(blocks), 32.0);
    check(
        "J3 allocations of 1,000 timestamps",
        scalars::<Timestamp>("2025-07-25T14:28:10.580123Z"),
        0.0,
    );
    check(
        "J3 allocations of 1,000 timestamps with an offset",
        scalars::<Timestamp>("2025-07-25T14:28:10.58-07:00"),
        0.0,
    );
    check(
        "J3 allocations of 1,000 decimals",
        scalars::<Money>("10234.50"),
        0.0,
    );
    check(
        "J3 allocations of 1,000 known enum values",
        scalars::<thirdparty::InvestmentStatus>("accepted"),
        0.0,
    );
    check("J4 list, peak heap / body", per_byte(peak, LIST), 1.0);
    let (_, peak) = heap(|| {
        drop(black_box(
            thirdparty::Investment::decode(black_box(DETAIL)).unwrap(),
        ))
    });
    check("J4 detail, peak heap / body", per_byte(peak, DETAIL), 1.0);
    check(
        "J4 bytes of a list item",
        size_of::<thirdparty::InvestmentSummary>() as f64,
        1024.0,
    );
    check(
        "J4 bytes of a detail",
        size_of::<thirdparty::Investment>() as f64,
        1024.0,
    );
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn per_byte(peak: usize, body: &[u8]) -> f64 {
    peak as f64 / body.len() as f64
}

/// Blocks allocated, and the peak, of one call.
fn heap(call: impl Fn()) -> (u64, usize) {
    call();
    let profiler = dhat::Profiler::builder().testing().build();
    call();
    let stats = dhat::HeapStats::get();
    drop(profiler);
    (stats.total_blocks, stats.max_bytes)
}

/// Allocations of decoding 1,000 values into a vector that is there already.
fn scalars<T: for<'de> serde::Deserialize<'de>>(text: &str) -> f64 {
    let json = format!("{text:?}");
    let mut values: Vec<T> = Vec::with_capacity(1000);
    let profiler = dhat::Profiler::builder().testing().build();
    for _ in 0..1000 {
        values.push(serde_json::from_str(&json).unwrap());
    }
    let blocks = dhat::HeapStats::get().total_blocks;
    drop(profiler);
    drop(values);
    blocks as f64
}
