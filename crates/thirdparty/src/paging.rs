//! What all lists of the service have in common: pages with numbers, from 1. Of the link to the next page only the number
//! is read.

use accredit_models::Page;
use accredit_transport::{Cursor, DecodeError, PageInfo};

/// The number of the first page of a walk; `None` for a number that the service will refuse.
pub(crate) fn start(page: Option<i64>) -> Option<Cursor> {
    u64::try_from(page.unwrap_or(1)).ok().map(Cursor::Page)
}

/// The number of a page as the parameter takes it. One that is too large stays too large: the service has no such page.
pub(crate) fn number(cursor: &Cursor) -> Option<i64> {
    cursor
        .page()
        .map(|number| i64::try_from(number).unwrap_or(i64::MAX))
}

/// A link without a number is an error and not the end of the list.
pub(crate) fn info<T>(page: &Page<T>) -> Result<PageInfo, DecodeError> {
    let next = match page.next.as_deref() {
        None | Some("") => None,
        Some(link) => Some(Cursor::page_from_link(link, "page")?),
    };
    Ok(PageInfo::new(page.results.len(), next).total(page.count))
}
