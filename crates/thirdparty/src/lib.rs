#![doc = include_str!("../README.md")]

mod call;
mod client;
mod credentials;
mod multipart;
pub mod operations;
mod paging;
mod problem;
pub mod reconcile;
mod reply;
pub mod resources;
mod session;

pub use accredit_models::{self as models, thirdparty::*};
#[cfg(feature = "blocking")]
pub use accredit_transport::Blocking;
pub use accredit_transport::{self as transport, ConfigError, Error, ErrorKind};

pub use call::Call;
pub use client::{Client, ClientBuilder, Environment};
pub use credentials::Credentials;
pub use problem::Problem;
pub use reconcile::{Outcome, Prepared, Reconcile};
