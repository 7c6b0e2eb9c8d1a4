//! The walk from page to page: what is asked for, how far ahead, and when to stop.
//!
//! The server's word decides where the next page is. A number is guessed only to have the page
//! under way before that word comes, and a guess that the word does not confirm is dropped.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use http::StatusCode;

use super::fetch::{Fetch, PageFuture};
use super::guard::Guard;
use super::{Cursor, Items, Paginate};
use crate::error::{Error, ErrorKind};
use crate::operation;
use crate::options::{CallOptions, Turns};

/// Above this, a page ahead is a burden for the server and no gain for the caller.
const MOST_AHEAD: usize = 16;

/// How far a list is followed unless [`Pages::max_pages`] says otherwise.
const MAX_PAGES: u64 = 10_000;

/// The pages of a list, in order: a lazy [`Stream`] of what the operation answers.
///
/// Nothing is sent until it is polled. The list ends where the server names no next page, not at an
/// empty page. After the end, and after the first error, the stream gives `None` for ever. Dropping
/// it cancels what is under way.
///
/// **Deadlines.** Each page is a call of its own, with a deadline of its own; the walk as a whole
/// has none.
///
/// **Fetching ahead.** One page, unless [`prefetch`](Self::prefetch) says otherwise. Where there is
/// a tokio runtime (and the feature `hyper`), pages ahead run on tasks of their own, within the
/// span of whoever polls, and so does their decoding, a page at a time. Elsewhere they move while
/// the stream is polled.
///
/// **Circles.** A server that names a place twice, or a page number that does not go forward, is an
/// error ([`ErrorKind::Pagination`]), as are more than [`max_pages`](Self::max_pages) pages.
///
/// **Lists that change.** Pages are what the server said at different times: a list that grows or
/// shrinks at its front while it is walked repeats items or leaves some out. Order by something
/// that new items come last in.
///
/// ```no_run
/// # use accredit_transport::{Client, Error, Paginate};
/// # async fn example<L: Paginate<Output = Vec<String>>>(client: Client, list: L) -> Result<(), Error> {
/// let mut pages = client.pages(list).prefetch(3).max_pages(500);
/// while let Some(page) = pages.try_next().await? {
///     println!("{} on this page", page.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream sends nothing until it is polled"]
pub struct Pages<O: Paginate> {
    operation: O,
    fetch: FetchPage<O>,
    options: CallOptions,
    turns: Turns,
    prefetch: usize,
    max_pages: u64,
    state: State,
    /// Pages under way, from the next one to be given out.
    ahead: VecDeque<Slot<O::Output>>,
    guard: Guard,
    /// How many pages were given out.
    given: u64,
    /// How many items the server says there are.
    total: Option<u64>,
    /// The most items that a page had: the length of a full page.
    full: usize,
    /// False once the server's word was not the number that was expected.
    guessing: bool,
}

type FetchPage<O> =
    Box<dyn Fn(O, CallOptions) -> PageFuture<<O as crate::Operation>::Output> + Send + Sync>;

enum State {
    /// The next page to be given out is here.
    Walking(Place),
    /// The last page was given out; what it said of the next one is this error.
    Failing(Error),
    Over,
}

/// Where a page is. The first one is asked for with the operation as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    First,
    At(Cursor),
}

struct Slot<T> {
    place: Place,
    /// Whether it was asked for before the server had named it.
    guessed: bool,
    /// Whether its time ran out, if it did, while nobody waited for it.
    unwanted: bool,
    fetch: Fetch<T>,
}

impl<O: Paginate> Pages<O> {
    /// The pages of `operation`, each fetched by `fetch`: for clients that stand on a
    /// [`Client`](crate::Client) and say more of its errors. `declare_call!` makes these.
    pub fn new<F, R>(operation: O, fetch: F) -> Self
    where
        F: Fn(O, CallOptions) -> R + Send + Sync + 'static,
        R: Future<Output = Result<O::Output, Error>> + Send + 'static,
    {
        Self {
            operation,
            fetch: Box::new(move |operation, options| Box::pin(fetch(operation, options))),
            options: CallOptions::new(),
            turns: Turns::default(),
            prefetch: Self::ahead_of(1),
            max_pages: MAX_PAGES,
            state: State::Walking(Place::First),
            ahead: VecDeque::new(),
            guard: Guard::default(),
            given: 0,
            total: None,
            full: 0,
            guessing: true,
        }
    }

    /// Fetches up to `pages` pages ahead of the one that is waited for or consumed; 0 fetches one
    /// after the other, on the task that polls. The default is 1, the most is 16; of a list whose
    /// [class](crate::RetryClass) has effects it is always 0.
    ///
    /// So up to `pages` + 1 requests are under way at a time. More than one page ahead is possible
    /// where pages have numbers and the server says how many items there are: it is never asked
    /// for more pages than these fill. A page ahead that turns out not to be part of the list is
    /// dropped with whatever it failed with; one whose time ran out before it was waited for is
    /// asked for again.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.prefetch = Self::ahead_of(pages);
        self
    }

    /// A page with effects is asked for when it is wanted, or its effects are not.
    fn ahead_of(pages: usize) -> usize {
        if O::INFO.class().is_repeatable() {
            pages.min(MOST_AHEAD)
        } else {
            0
        }
    }

    /// Gives up with an error ([`ErrorKind::Pagination`]) when there are more than this many pages,
    /// 10,000 by default. Pages above it are not asked for.
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.max_pages = pages;
        self
    }

    /// Sets what each page's call sets for itself, in the place of what was set before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The items of these pages; of the pages that are left, when some were taken.
    pub fn into_items(self) -> Items<O> {
        Items::new(self)
    }

    /// How many items the whole list has, as the last page said; `None` before the first page, and
    /// where the server does not say.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The next page; `None` at the end.
    ///
    /// Dropping the future loses nothing: the page under way stays under way.
    ///
    /// # Errors
    ///
    /// Once: what fetching a page failed with, or [`ErrorKind::Pagination`].
    pub async fn try_next(&mut self) -> Result<Option<O::Output>, Error> {
        poll_fn(|cx| self.poll_page(cx)).await.transpose()
    }

    /// Whether the first page to come is that of the whole list.
    pub(super) fn is_at_the_first_page(&self) -> bool {
        let from_the_start = matches!(self.operation.start(), None | Some(Cursor::Page(0 | 1)));
        from_the_start && matches!(self.state, State::Walking(Place::First))
    }

    /// The walk ends here, though the list may not.
    pub(super) fn stopped(detail: String) -> Error {
        Error::new(ErrorKind::Pagination)
            .with_operation(operation::info::<O>())
            .with_detail(detail)
    }

    pub(super) fn poll_page(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<O::Output, Error>>> {
        loop {
            let place = match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Failing(error) => return Poll::Ready(Some(Err(error))),
                State::Walking(place) => place,
            };
            if self.given >= self.max_pages {
                let detail = format!("there are more than {} pages", self.max_pages);
                self.end(State::Over);
                return Poll::Ready(Some(Err(Self::stopped(detail))));
            }
            if self.ahead.is_empty() {
                self.ask(place.clone());
            }
            self.state = State::Walking(place.clone());
            self.guess(self.prefetch + 1);
            let Some(front) = self.ahead.front_mut() else {
                return Poll::Ready(None);
            };
            let there = front.fetch.poll(cx);
            front.unwanted &= there.is_ready();
            self.advance(1, cx);
            ready!(there);
            let Some(front) = self.ahead.pop_front() else {
                return Poll::Ready(None);
            };
            match front.fetch.into_page() {
                Some(Ok(page)) => {
                    self.arrived(&place, &page);
                    self.advance(0, cx);
                    return Poll::Ready(Some(Ok(page)));
                }
                Some(Err(error))
                    if !(front.guessed && is_out_of_range(&error)
                        || front.unwanted && error.is_timeout()) =>
                {
                    self.end(State::Over);
                    return Poll::Ready(Some(Err(error)));
                }
                // Asked for before its time, lost with its runtime, or out of time because nothing
                // moved while the consumer did something else. The server has named it by now, so it
                // is asked again, and what comes then counts.
                _ => self.ask(place),
            }
        }
    }

    /// Takes note of what a page says, and has the next ones under way.
    fn arrived(&mut self, place: &Place, page: &O::Output) {
        if self.given == 0
            && let Some(start) = self.operation.start()
        {
            let _ = self.guard.pass(&start);
        }
        self.given += 1;
        let info = match O::page_info(page) {
            Ok(info) => info,
            Err(error) => {
                let error = Error::new(ErrorKind::Decode)
                    .with_operation(operation::info::<O>())
                    .with_detail(error.to_string());
                return self.end(State::Failing(error));
            }
        };
        self.total = info.total;
        let Some(next) = info.next else {
            return self.end(State::Over);
        };
        if let Err(detail) = self.guard.pass(&next) {
            return self.end(State::Failing(Self::stopped(detail)));
        }
        self.full = self.full.max(info.len);
        let own = self.number(place);
        self.guessing &= own.is_none() || next.page() == own.and_then(|own| own.checked_add(1));
        let next = Place::At(next);
        if self.ahead.front().is_some_and(|slot| slot.place != next) {
            self.ahead.clear();
        }
        if self.ahead.is_empty() && self.prefetch > 0 && self.given < self.max_pages {
            let fetch = Fetch::ahead(self.page(&next));
            self.ahead.push_back(Slot {
                place: next.clone(),
                guessed: false,
                unwanted: true,
                fetch,
            });
        }
        self.state = State::Walking(next);
        self.guess(self.prefetch);
    }

    /// Moves the pages on that have no task to do so, from the one at `from`.
    fn advance(&mut self, from: usize, cx: &mut Context<'_>) {
        for slot in self.ahead.iter_mut().skip(from) {
            slot.fetch.advance(cx);
        }
    }

    /// Ends the walk; pages under way are cancelled.
    fn end(&mut self, state: State) {
        self.ahead.clear();
        self.state = state;
    }

    /// Asks for the page that is wanted now, in front of those ahead.
    fn ask(&mut self, place: Place) {
        let fetch = Fetch::here(self.page(&place));
        self.ahead.push_front(Slot {
            place,
            guessed: false,
            unwanted: false,
            fetch,
        });
    }

    /// Asks for pages that will come if they are numbered, until `limit` are under way.
    fn guess(&mut self, limit: usize) {
        while self.ahead.len() < limit
            && let Some(number) = self.ahead.back().and_then(|slot| self.after(&slot.place))
        {
            let place = Place::At(Cursor::Page(number));
            let fetch = Fetch::ahead(self.page(&place));
            self.ahead.push_back(Slot {
                place,
                guessed: true,
                unwanted: true,
                fetch,
            });
        }
    }

    /// The page behind one that is asked for, if it can be told.
    fn after(&self, place: &Place) -> Option<u64> {
        let full = u64::try_from(self.full).ok()?;
        let last = self.total?.checked_div(full)? + u64::from(self.total? % full != 0);
        let next = self.number(place)?.checked_add(1)?;
        let under_way = u64::try_from(self.ahead.len()).ok()?;
        let allowed = self.given.saturating_add(under_way) < self.max_pages;
        (self.guessing && allowed && next <= last).then_some(next)
    }

    fn number(&self, place: &Place) -> Option<u64> {
        match place {
            Place::First => self.operation.start()?.page(),
            Place::At(cursor) => cursor.page(),
        }
    }

    fn page(&self, place: &Place) -> PageFuture<O::Output> {
        let operation = match place {
            Place::First => self.operation.clone(),
            Place::At(cursor) => self.operation.at(cursor),
        };
        (self.fetch)(operation, self.options.clone().in_turn(&self.turns))
    }
}

/// Whether this may only mean that the list had no such page when it was asked for.
fn is_out_of_range(error: &Error) -> bool {
    let status = error.status().filter(StatusCode::is_client_error);
    error.kind() == ErrorKind::Status && status.is_some() && !error.is_transient()
}

/// Nothing in it is pinned in place.
impl<O: Paginate> Unpin for Pages<O> {}

impl<O: Paginate> Stream for Pages<O> {
    type Item = Result<O::Output, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_page(cx)
    }
}

impl<O: Paginate> FusedStream for Pages<O> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

impl<O: Paginate> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &O::INFO.name())
            .field("given", &self.given)
            .field("under_way", &self.ahead.len())
            .field("over", &self.is_terminated())
            .finish_non_exhaustive()
    }
}
