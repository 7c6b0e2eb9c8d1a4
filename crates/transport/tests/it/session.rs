//! The session that renews itself: when it logs in, how often, and who waits for what. In virtual
//! time but for the threads.

mod callers;
mod client;
mod expiry;
mod owner;
mod refusals;
mod support;
mod threads;
