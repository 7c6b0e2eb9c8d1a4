//! Sending webhooks: an outbox in the store, a worker beside the server, knobs that lose, double,
//! delay and reorder, and a record of every attempt.
//!
//! One attempt each, with a time limit; redirects are not followed. What goes to one receiver goes in
//! the order of the events, and no receiver waits for another. It goes to this machine only, unless
//! the builder allowed a host: a sandbox must not be able to call strangers.

mod encoding;
mod fate;
mod handle;
mod outbox;
mod routes;
mod send;
mod settings;
mod worker;

pub(crate) use encoding::body;
pub(crate) use outbox::{deliveries, enqueue, unsettled};
pub(crate) use routes::routes;
pub(crate) use settings::read as settings;
pub(crate) use worker::run;

pub use outbox::{Delivery, DeliveryAttempt};
pub use settings::{WebhookBody, WebhookDelay, WebhookSettings, WebhookSignature};
