//! Finding out what became of a write: under random faults, and case by case.

mod cases;
mod faults;
mod ledger;
