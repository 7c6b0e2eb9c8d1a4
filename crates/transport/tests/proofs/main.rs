//! What the transport promises, proved against servers that keep to no rule: seeded random fault
//! schedules in virtual time, outages, wrong origins, hostile replies, cancelled calls, hostile
//! values.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod cancellation;
mod child;
mod hostile;
mod origins;
mod outage;
mod simulation;
mod targets;
mod wire;
