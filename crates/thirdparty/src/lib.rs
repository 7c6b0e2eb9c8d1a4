#![doc = include_str!("../README.md")]

mod call;
mod client;
mod columns;
mod credentials;
pub mod lifecycle;
mod multipart;
mod negative;
pub mod operations;
mod paging;
mod parties;
mod problem;
pub mod reconcile;
mod reply;
pub mod resources;
mod session;
pub mod uploads;

pub use accredit_models::{self as models, thirdparty::*};
#[cfg(feature = "blocking")]
pub use accredit_transport::Blocking;
pub use accredit_transport::{self as transport, ConfigError, Error, ErrorKind};

pub use call::Call;
pub use client::{Client, ClientBuilder, Environment};
pub use columns::{Column, Columns, Order, OrderBy};
pub use credentials::Credentials;
pub use parties::{NewCompany, NewPerson, NewTrust, NewTrustIra};
pub use problem::{ErrorExt, FieldErrors, Problem};
pub use reconcile::{NoTrace, Prepared, Reconcile, Reconciled};
