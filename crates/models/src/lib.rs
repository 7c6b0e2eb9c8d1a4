//! Typed models of the Issuance *Third Party API* and of *VerifyInvestor.com*: what both services send and take, and
//! nothing else. No I/O, no HTTP, no async: the crate builds for `wasm32-unknown-unknown` and has no features.
//!
//! ```
//! use accredit_models::{Reply, thirdparty::{InvestmentStatus, PaymentIntentSecret}, Envelope};
//!
//! let body = br#"{"data": {"payment_intent_secret": "pi_1_secret_2", "charges_count": 0}, "success": true, "message": ""}"#;
//! let intent = Envelope::<PaymentIntentSecret>::decode(body)?.into_data()?;
//! assert_eq!(intent.charges_count, Some(0));
//! assert!(!format!("{intent:?}").contains("pi_1"));                          // secrets never print themselves
//!
//! let status = InvestmentStatus::from_value("frozen_by_court");               // not in today's list: kept, not refused
//! assert!(!status.is_known());
//! assert_eq!(status.as_str(), "frozen_by_court");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules of the types
//!
//! * **Values of a list** are open enums ([`open_enum`]): a value that the vendor adds tomorrow is kept as sent.
//! * **Ids** are newtypes over `u64` ([`id`]) that read a number or a numeric string and print a number.
//! * **Money** ([`Money`]) and percentages ([`Percent`]) are exact decimals, read from the digits of the text, never through a float.
//! * **Time** ([`Timestamp`], [`Date`]) keeps the offset and the precision that the text has.
//! * A field is required only where the evidence says so. Missing and `null` both read as `None`; unknown fields never fail.
//! * [`Secret`] and [`Personal`] values print `[redacted]`; reading them takes an `expose()` that a search finds.
//! * A reply that does not fit gives a [`DecodeError`] with the JSON path and the expected type, never the value.
#![warn(missing_docs)]

mod decimal;
mod decode;
mod envelope;
mod file;
pub mod id;
mod json;
mod json_path;
mod legal_name;
mod object;
pub mod open_enum;
mod page;
mod redacted;
mod signed;
mod time;
mod verification_status;

pub mod thirdparty;
pub mod verifyinvestor;

pub use decimal::{DecimalError, Money, Percent};
pub use decode::{DecodeError, Reply};
pub use envelope::{Envelope, Refused};
pub use file::File;
pub use json::Json;
pub use legal_name::same_legal_name;
pub use page::Page;
pub use redacted::{Personal, Secret};
#[doc(hidden)]
pub use signed::Signed;
pub use time::{Date, TimeError, Timestamp};

/// The decimal type inside [`Money`] and [`Percent`], re-exported so that users need no version of their own.
pub use rust_decimal::Decimal;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
