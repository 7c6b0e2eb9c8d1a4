//! Webhooks: what is accepted, what is refused, and how a receiver behaves.

mod axum;
mod forgeries;
mod layer;
mod receiver;
mod sandbox;
mod signatures;
mod support;
mod tolerances;
