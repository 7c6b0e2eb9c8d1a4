//! Waiting for investments, following their changes, adding them up.

mod changes;
mod totals;
mod wait;
