//! What may be read from a body only once its signature was verified. Verifies nothing: this crate has no keys.

use std::fmt;

use serde::{Serialize, Serializer};

/// The door through which the crate that verified a signature reads what was signed. The type inside implements neither
/// `Deserialize` nor [`Reply`](crate::Reply), so that nobody reads it from any body by accident.
///
/// Not for users, and not part of what stays the same between versions: `accredit_verifyinvestor::Verified` is.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Serialize> Serialize for Signed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
