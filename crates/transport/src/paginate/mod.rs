//! Lists that come in pages, as streams.
//!
//! Owns the walk from page to page: what is asked for next, how far ahead, and when a server that
//! leads nowhere is given up. Never requests a link: of a link one query parameter is read, and the
//! request goes where the client's requests go.

mod cursor;
mod fetch;
mod guard;
mod items;
mod pages;

pub use cursor::Cursor;
pub use items::Items;
pub use pages::Pages;

use crate::error::DecodeError;
use crate::operation::Operation;

/// An operation that gives one page of a list and can be asked for another.
///
/// [`Client::pages`](crate::Client::pages) and [`Client::items`](crate::Client::items) walk it.
///
/// ```
/// use accredit_transport::http::Method;
/// use accredit_transport::{
///     Cursor, DecodeError, EncodeError, Operation, OperationInfo, PageInfo, Paginate, Reply, RequestEncoder,
///     ResponseKind, RetryClass,
/// };
///
/// #[derive(Clone, Default)]
/// struct ListNotes {
///     after: Option<String>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Notes {
///     notes: Vec<String>,
///     next: Option<String>,
/// }
///
/// impl Operation for ListNotes {
///     type Output = Notes;
///     const INFO: OperationInfo =
///         OperationInfo::new("notes.list", Method::GET, "/notes", RetryClass::Read, ResponseKind::Page);
///
///     fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
///         request.query_opt("after", self.after.as_ref());
///         Ok(())
///     }
///
///     fn decode(reply: Reply) -> Result<Notes, DecodeError> {
///         reply.json()
///     }
/// }
///
/// impl Paginate for ListNotes {
///     type Item = String;
///
///     fn start(&self) -> Option<Cursor> {
///         self.after.clone().map(Cursor::Token)
///     }
///
///     fn at(&self, cursor: &Cursor) -> Self {
///         Self { after: cursor.token().map(str::to_owned) }
///     }
///
///     fn page_info(page: &Notes) -> Result<PageInfo, DecodeError> {
///         let next = page.next.as_deref().map(|link| Cursor::token_from_link(link, "after")).transpose()?;
///         Ok(PageInfo::new(page.notes.len(), next))
///     }
///
///     fn into_items(page: Notes) -> Vec<String> {
///         page.notes
///     }
/// }
///
/// # async fn example(client: accredit_transport::Client) -> Result<(), accredit_transport::Error> {
/// let mut notes = client.items(ListNotes::default());
/// while let Some(note) = notes.try_next().await? {
///     println!("{note}");
/// }
/// # Ok(())
/// # }
/// ```
pub trait Paginate: Operation<Output: 'static> + Clone + 'static {
    /// What the list holds.
    type Item: Send + 'static;

    /// Where this operation starts, `None` if that has no name.
    ///
    /// Where pages have numbers, the first one's: then a server that sends the walk back to its
    /// start is noticed at once.
    fn start(&self) -> Option<Cursor>;

    /// The same list at another place: all else as it is.
    #[must_use]
    fn at(&self, cursor: &Cursor) -> Self;

    /// What a page says of itself and of the next one.
    ///
    /// # Errors
    ///
    /// When there is a next page and its place cannot be read. Saying "no next page" then would cut
    /// the list short.
    fn page_info(page: &Self::Output) -> Result<PageInfo, DecodeError>;

    /// The items of a page, in the server's order.
    fn into_items(page: Self::Output) -> Vec<Self::Item>;
}

/// What a page says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageInfo {
    /// How many items it holds.
    pub len: usize,
    /// How many items all pages have together, if the server says.
    pub total: Option<u64>,
    /// Where the next page is; `None` on the last one.
    pub next: Option<Cursor>,
}

impl PageInfo {
    /// A page of `len` items.
    #[must_use]
    pub const fn new(len: usize, next: Option<Cursor>) -> Self {
        Self {
            len,
            total: None,
            next,
        }
    }

    /// Adds how many items all pages have together. With numbered pages it is what lets more than
    /// one page be fetched ahead.
    #[must_use]
    pub const fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }
}
