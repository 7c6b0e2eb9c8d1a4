//! The sandbox from outside: real requests over TCP, answers compared word for word.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod access;
mod browser;
mod certificates;
mod contract;
mod control;
mod crash;
mod django;
mod faults;
mod faults_wire;
mod flow;
mod hosts;
mod inspector;
mod models;
mod persistence;
mod repeat;
mod robustness;
mod scale;
mod snapshots;
mod stopping;
mod support;
mod switches;
mod thirdparty_auth;
mod thirdparty_bodies;
mod thirdparty_filters;
mod thirdparty_investments;
mod thirdparty_lists;
mod thirdparty_pages;
mod throttling;
mod tls;
mod verifyinvestor_api;
mod verifyinvestor_browser;
mod verifyinvestor_names;
mod verifyinvestor_requests;
mod verifyinvestor_status;
mod webhook_knobs;
mod webhooks;
