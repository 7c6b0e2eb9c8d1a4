#![doc = include_str!("../README.md")]

mod change;
mod clock;
mod error;
mod graph;
mod inbox;
mod source;
mod store;
mod worker;

pub use change::{Change, Handler, HandlerError};
pub use clock::{Clock, SystemClock};
pub use error::StoreError;
pub use graph::Step;
pub use inbox::Inbox;
pub use source::{Source, SourceError};
pub use store::memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use store::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
pub use store::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
pub use worker::Worker;
