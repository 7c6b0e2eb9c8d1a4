//! The items of a list, page after page. Adds nothing per item to what decoding the page made.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::{FusedStream, Stream};

use super::{Pages, Paginate};
use crate::error::Error;
use crate::options::CallOptions;

/// The items of a list, in the server's order: a lazy [`Stream`] over [`Pages`].
///
/// Nothing is sent until it is polled. An empty page is passed over; the list ends where the server
/// names no next page. After the end, and after the first error, it gives `None` for ever. Dropping
/// it cancels what is under way.
///
/// What is said of [`Pages`] about fetching ahead, deadlines and lists that change holds here too.
///
/// ```no_run
/// # use accredit_transport::{Client, Error, Paginate};
/// # async fn example<L: Paginate<Item = String>>(client: Client, list: L) -> Result<(), Error> {
/// let mut items = client.items(list).prefetch(8);
/// while let Some(item) = items.try_next().await? {
///     println!("{item}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream sends nothing until it is polled"]
pub struct Items<O: Paginate> {
    pages: Pages<O>,
    page: vec::IntoIter<O::Item>,
}

impl<O: Paginate> Items<O> {
    pub(super) fn new(pages: Pages<O>) -> Self {
        Self {
            pages,
            page: Vec::new().into_iter(),
        }
    }

    /// Fetches up to `pages` pages ahead of the one whose items are given out: see
    /// [`Pages::prefetch`].
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.pages = self.pages.prefetch(pages);
        self
    }

    /// Gives up with an error after this many pages: see [`Pages::max_pages`].
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.pages = self.pages.max_pages(pages);
        self
    }

    /// Sets what each page's call sets for itself: see [`Pages::options`].
    pub fn options(mut self, options: CallOptions) -> Self {
        self.pages = self.pages.options(options);
        self
    }

    /// How many items the whole list has, as the last page said; `None` before the first page, and
    /// where the server does not say.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// The next item; `None` at the end.
    ///
    /// Dropping the future loses nothing: the page under way stays under way.
    ///
    /// # Errors
    ///
    /// Once: what fetching a page failed with, or
    /// [`ErrorKind::Pagination`](crate::ErrorKind::Pagination).
    pub async fn try_next(&mut self) -> Result<Option<O::Item>, Error> {
        poll_fn(|cx| self.poll_item(cx)).await.transpose()
    }

    /// All items that are left, if there are at most `limit` of them.
    ///
    /// Meant for lists that are known to be short; a long one is better taken item by item. When
    /// the first page already says that the list is too long, the others are not fetched.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Pagination`](crate::ErrorKind::Pagination) when there are more: nothing is cut
    /// off silently. Otherwise as [`try_next`](Self::try_next).
    pub async fn try_collect_all(mut self, limit: usize) -> Result<Vec<O::Item>, Error> {
        let whole = self.pages.is_at_the_first_page();
        let above = |count: u64| u64::try_from(limit).is_ok_and(|limit| count > limit);
        let mut all: Vec<O::Item> = std::mem::take(&mut self.page).collect();
        loop {
            if let Some(total) = self.total().filter(|total| whole && above(*total)) {
                let detail = format!("there are {total} items and the limit is {limit}");
                return Err(Pages::<O>::stopped(detail));
            }
            if all.len() > limit {
                let detail = format!("there are more than {limit} items, which is the limit");
                return Err(Pages::<O>::stopped(detail));
            }
            match self.pages.try_next().await? {
                Some(page) if all.is_empty() => all = O::into_items(page),
                Some(page) => all.append(&mut O::into_items(page)),
                None => return Ok(all),
            }
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<O::Item, Error>>> {
        loop {
            if let Some(item) = self.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(cx)) {
                Some(Ok(page)) => self.page = O::into_items(page).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Nothing in it is pinned in place.
impl<O: Paginate> Unpin for Items<O> {}

impl<O: Paginate> Stream for Items<O> {
    type Item = Result<O::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.page.len(), None)
    }
}

impl<O: Paginate> FusedStream for Items<O> {
    fn is_terminated(&self) -> bool {
        self.page.len() == 0 && self.pages.is_terminated()
    }
}

impl<O: Paginate> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left_of_page", &self.page.len())
            .finish()
    }
}
