//! One call to an emulated operation, with everything its handler may use.
//!
//! It reads; it never writes an error body: those belong to the service.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::clock;
use crate::contract::Difference;
use crate::payload::Payload;
use crate::route::Route;
use crate::state::Shared;
use crate::store::Reader;

/// A call on its way through a handler.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) route: &'static Route,
    pub(crate) shared: &'a Shared,
    /// The transaction of this call.
    pub(crate) db: &'a Connection,
    pub(crate) now: Timestamp,
    pub(crate) payload: &'a Payload,
    pub(crate) placeholders: &'a [(&'static str, String)],
    /// The query, decoded, in the order sent.
    pub(crate) query: &'a [(String, String)],
    /// The path as the client wrote it.
    pub(crate) path: &'a str,
    /// Scheme and authority as the client addressed us: `http://127.0.0.1:8080`.
    pub(crate) origin: &'a str,
    /// The logged-in partner; 0 on calls without credentials.
    pub(crate) user: i64,
    /// In strict mode: what the contract does not list of the request.
    pub(crate) unlisted: Option<&'a Difference>,
    /// The presented Third Party token, for logout.
    pub(crate) token: Option<&'a str>,
}

impl Call<'_> {
    /// The last placeholder of the path: the object that the call is about. Empty when there is
    /// none.
    pub(crate) fn last_placeholder(&self) -> &str {
        self.placeholders.last().map_or("", |(_, value)| value)
    }

    /// The id of the object that the call is about; `None` when it is not a number.
    pub(crate) fn last_id(&self) -> Option<i64> {
        self.last_placeholder().parse().ok()
    }

    /// The first id of the path: the owner, on paths that name one.
    pub(crate) fn first_id(&self) -> Option<i64> {
        self.placeholders
            .first()
            .and_then(|(_, value)| value.parse().ok())
    }

    /// A query parameter; of a repeated one the last, as Django and Rails read it.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The present in the store's form.
    pub(crate) fn now_text(&self) -> String {
        clock::stored(self.now)
    }

    /// Reads what is shown of objects.
    pub(crate) fn reader(&self) -> Reader<'_> {
        self.shared.store.reader(self.db, self.origin)
    }

    /// The next opaque string of a purpose.
    pub(crate) fn opaque(&self, purpose: &str) -> rusqlite::Result<String> {
        self.shared.store.opaque(self.db, purpose)
    }
}
