//! Decoding time of the list and the detail against plain derived types. Budget: list at most 0.68 of plain (J2).
//!
//! `cargo bench -p accredit-models --bench decode`

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use accredit_models::{Page, Reply, thirdparty};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[allow(dead_code, clippy::disallowed_types)]
mod plain;

const LIST: &[u8] = include_bytes!("../tests/pages/list_100.json");
const DETAIL: &[u8] = include_bytes!("../tests/pages/detail.json");

fn decode(c: &mut Criterion) {
    let mut list = c.benchmark_group("list of 100 investments");
    list.throughput(Throughput::Bytes(LIST.len() as u64));
    list.bench_function("plain derived types, from_slice", |b| {
        b.iter(|| {
            serde_json::from_slice::<plain::Page<plain::InvestmentSummary>>(black_box(LIST))
                .unwrap()
        });
    });
    list.bench_function("accredit-models", |b| {
        b.iter(|| Page::<thirdparty::InvestmentSummary>::decode(black_box(LIST)).unwrap());
    });
    list.finish();

    let mut detail = c.benchmark_group("one investment in detail");
    detail.throughput(Throughput::Bytes(DETAIL.len() as u64));
    detail.bench_function("plain derived types, from_slice", |b| {
        b.iter(|| serde_json::from_slice::<plain::Investment>(black_box(DETAIL)).unwrap());
    });
    detail.bench_function("accredit-models", |b| {
        b.iter(|| thirdparty::Investment::decode(black_box(DETAIL)).unwrap());
    });
    detail.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
