//! The last requests to the two APIs and what they were answered.
//!
//! Keeping one costs a lock and no copy; masking waits until somebody looks. Large bodies are not kept, only their size.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use jiff::Timestamp;

use super::mask;
use crate::clock;
use crate::faults::Struck;
use crate::json::{Json, object};

/// How many requests are kept.
const ENTRIES: usize = 200;

/// The largest body that is kept.
const BODY: usize = 16 * 1024;

/// The log. Ids count from 1 and are never used again, not after [`clear`](Self::clear) either.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    last: u64,
    kept: VecDeque<(u64, Entry)>,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) method: Method,
    /// Path and query, or more of it where the client wrote more.
    pub(crate) target: Uri,
    /// Empty where no operation was found.
    pub(crate) operation: &'static str,
    /// Of the call's own answer; `None` when a fault kept it from being carried out.
    pub(crate) status: Option<StatusCode>,
    /// What struck it.
    pub(crate) fault: Option<Struck>,
    pub(crate) took: Duration,
    pub(crate) request: Kept,
    pub(crate) reply: Kept,
}

/// A body with its type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    content_type: Cow<'static, str>,
    size: usize,
    body: Bytes,
}

impl Kept {
    pub(crate) fn new(content_type: impl Into<Cow<'static, str>>, body: &Bytes) -> Self {
        Self {
            content_type: content_type.into(),
            size: body.len(),
            body: if body.len() > BODY {
                Bytes::new()
            } else {
                body.clone()
            },
        }
    }

    fn show(&self) -> Json {
        let body = (self.size == self.body.len())
            .then(|| mask::body(&self.content_type, &self.body))
            .flatten();
        object! {
            "content_type": self.content_type.clone(),
            "bytes": i64::try_from(self.size).unwrap_or(i64::MAX),
            "body": body,
        }
    }
}

impl Entry {
    /// What a list shows. The status is what the client saw: `null` when the connection was reset.
    pub(super) fn line(&self, id: u64) -> Json {
        let own = self.status.map(|status| status.as_u16());
        let seen = match self.fault {
            Some(fault) => fault.seen_status(own),
            None => own,
        };
        object! {
            "id": i64::try_from(id).unwrap_or(i64::MAX),
            "at": clock::stored(self.at),
            "method": self.method.as_str().to_owned(),
            "target": mask::target(&self.target.to_string()),
            "operation": self.operation,
            "status": seen.map(i64::from),
            "fault": self.fault.map(|fault| fault.show(own)),
            "microseconds": i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX),
        }
    }

    /// The same with the bodies. That of the reply is the call's own.
    pub(super) fn whole(&self, id: u64) -> Json {
        self.line(id)
            .with("request", self.request.show())
            .with("reply", self.reply.show())
    }
}

impl RequestLog {
    pub(crate) fn add(&self, entry: Entry) {
        let mut entries = self.entries();
        entries.last += 1;
        let id = entries.last;
        if entries.kept.len() == ENTRIES {
            entries.kept.pop_front();
        }
        entries.kept.push_back((id, entry));
    }

    /// What came after the request of that number, oldest first.
    pub(super) fn after(&self, id: u64) -> Vec<(u64, Entry)> {
        let entries = self.entries();
        let newer = entries.kept.iter().filter(|(newer, _)| *newer > id);
        newer.cloned().collect()
    }

    pub(super) fn find(&self, id: u64) -> Option<Entry> {
        let entries = self.entries();
        let found = entries.kept.iter().find(|(kept, _)| *kept == id);
        found.map(|(_, entry)| entry.clone())
    }

    pub(super) fn clear(&self) {
        self.entries().kept.clear();
    }

    /// Held for moments that cannot panic.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            method: Method::GET,
            target: Uri::from_static("/"),
            operation: "",
            status: Some(StatusCode::OK),
            fault: None,
            took: Duration::ZERO,
            request: Kept::default(),
            reply: Kept::default(),
        }
    }

    #[test]
    fn the_oldest_make_room_and_numbers_are_never_used_again() {
        let log = RequestLog::default();
        for _ in 0..=ENTRIES {
            log.add(entry());
        }
        let kept = log.after(0);
        assert_eq!(kept.len(), ENTRIES);
        assert_eq!(kept.first().map(|(id, _)| *id), Some(2));
        assert!(log.find(1).is_none());
        log.clear();
        log.add(entry());
        let ids: Vec<_> = log.after(0).iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [u64::try_from(ENTRIES).unwrap() + 2]);
    }

    #[test]
    fn a_large_body_is_a_size() {
        let large = Kept::new("application/json", &Bytes::from(vec![b' '; BODY + 1]));
        assert_eq!(
            large.show(),
            object! { "content_type": "application/json", "bytes": 16_385_i64, "body": Json::Null }
        );
    }
}
