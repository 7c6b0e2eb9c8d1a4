//! One page of a list.

use std::fmt;

use serde::de::{Error, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::object::{self, Empty, Fields, Object};
use crate::redacted::presence;

/// One page of a list, as Django REST Framework prints it.
///
/// `next` and `previous` are the server's own absolute links. Behind a proxy they often name the wrong scheme or host, so
/// nothing here or in the clients ever requests one: a client takes its query and nothing else.
/// `Debug` leaves them out, since they repeat the filters of the request, which can be names and addresses.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// How many items all pages have together.
    pub count: u64,
    /// The server's link to the next page; `None` on the last one.
    pub next: Option<String>,
    /// The server's link to the page before; `None` on the first one.
    pub previous: Option<String>,
    /// The items of this page, in the order asked for.
    pub results: Vec<T>,
}

impl<T> Page<T> {
    /// A page of your own, for tests of code that takes pages.
    #[must_use]
    pub fn new(count: u64, results: Vec<T>) -> Self {
        Self {
            count,
            next: None,
            previous: None,
            results,
        }
    }

    /// The number of the next page, read from the query of [`next`](Self::next); `None` on the last page.
    #[must_use]
    pub fn next_page(&self) -> Option<u64> {
        let (link, _) = self
            .next
            .as_deref()?
            .split_once('#')
            .unwrap_or((self.next.as_deref()?, ""));
        let (_, query) = link.split_once('?')?;
        let number = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("page="))?;
        // In a query a plus is a blank; `u64` would take it for a sign.
        number.parse().ok().filter(|_| !number.starts_with('+'))
    }
}

impl<T: fmt::Debug> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("count", &self.count)
            .field("next", &presence(self.next.as_deref()))
            .field("previous", &presence(self.previous.as_deref()))
            .field("results", &self.results)
            .finish()
    }
}

const FIELDS: &[&str] = &["count", "next", "previous", "results"];

impl<T> object::Always for Page<T> {}

impl<T> object::Blank for Page<T> {
    fn blank() -> Self {
        Self::new(0, Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Object<'de> for Page<T> {
    /// Without `results` it is no page, but what a server says instead.
    fn read<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let mut results: Option<Vec<T>> = None;
        let slots: &mut [object::Slot<'_, 'de, A>] = &mut [
            Some(&mut self.count),
            Some(&mut self.next),
            Some(&mut self.previous),
            Some(&mut results),
        ];
        object::read(FIELDS, slots, None, map)?;
        self.results = results.ok_or_else(|| A::Error::missing_field("results"))?;
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object::deserialize(deserializer)
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields {
            object: "Page",
            empty: Empty::Written,
            names: FIELDS,
            values: &[&self.count, &self.next, &self.previous, &self.results],
            extra: None,
        }
        .serialize(serializer)
    }
}
