//! What users of investments would otherwise write: waiting for a status, following changes, adding up. It reads, and never
//! writes.

mod changes;
mod status;
mod totals;
mod wait;

pub use changes::Changes;
pub use totals::{Breakdown, Total, Totals};
pub use wait::{Wait, Waited};
