#![doc = include_str!("../README.md")]
#![cfg(feature = "sqlite")]

mod error;
mod store;

pub use error::InboxError;
pub use store::{Delivery, DeliveryId, Inbox, Recorded};
