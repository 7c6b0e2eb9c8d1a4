//! The investments that changed since some time, oldest change first.
//!
//! Pages by number lose items of a list that changes, if what is changed moves to the end: all behind it moves up, across the
//! bounds of pages. So the newest changes are asked for first: then what is changed moves to the front, and the others move
//! down, where they are met twice and not lost. A pass goes down to the time asked for; then another one looks for what was
//! changed meanwhile, until there is nothing.
//!
//! What leaves the list, which may be filtered, moves up all behind it. That shows in a smaller count, and what may have been
//! passed by then is no older than what comes next. So of such a pass only this and what is older is told, as nothing may be told
//! before what is older; another pass looks for the rest.
//!
//! That the service filters by `updated_at__gte` and orders by `updated_at` is inferred, and what it does not know it ignores:
//! of several fields to order by each one alone. So nothing stands on it. What is older is left out here; and that it orders is
//! believed only when, asked by `updated_at` alone, it names one investment first and another, older one first the other way
//! round, and the first page of a pass, which is asked for by the id too, begins no earlier than the one and is without the other.
//! Where that does not show (also because there is one
//! investment, or one time), every page is read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use accredit_models::thirdparty::{InvestmentId, InvestmentSummary};
use accredit_models::{Page, Timestamp};
use accredit_transport::{CallOptions, Error, ErrorKind, Operation as _};
use futures_core::{FusedStream, Stream};

use crate::operations::investments::List;
use crate::{Call, Client, paging};

/// Items of a page, unless set.
const PAGE: i64 = 100;

/// How often a pass begins anew because a page was gone, which a page that the service itself named should not be.
const GONE: u32 = 3;

/// How many passes in a row may be cut short by what leaves the list, and tell nothing.
const RESTLESS: u32 = 10;

/// The investments that changed since some time, as a lazy [`Stream`], oldest change first: see
/// [`Investments::changes_since`](crate::resources::Investments::changes_since).
///
/// After the end, and after the first error, it gives `None` for ever. Dropping it cancels what is under way.
#[must_use = "a stream sends nothing until it is polled"]
pub struct Changes {
    client: Client,
    options: CallOptions,
    list: List,
    since: Timestamp,
    /// The time of the last change that was told, of each investment.
    told: BTreeMap<InvestmentId, Timestamp>,
    /// All that changed before this was told, but for what changed since.
    floor: Timestamp,
    order: Order,
    pass: Pass,
    /// How many passes in a row told nothing, as the list had become shorter.
    restless: u32,
    ready: VecDeque<InvestmentSummary>,
    under_way: Option<PageFuture>,
    is_over: bool,
}

type PageFuture = Pin<Box<dyn Future<Output = Result<Page<InvestmentSummary>, Error>> + Send>>;

/// Whether the service orders by the time of change.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Not asked yet.
    Unasked,
    /// This comes first when the newest is asked for.
    Newest(InvestmentId, Timestamp),
    /// This comes first when the oldest is asked for, and is older than what comes first when the newest is, which changed then.
    Oldest(InvestmentId, Timestamp),
    Kept,
    Ignored,
}

/// One way down the list.
struct Pass {
    page: i64,
    /// How many there were in all, by the last page.
    count: Option<u64>,
    /// How often it began anew because a page was gone.
    gone: u32,
    /// What is newer than this may have been passed by, as the list has become shorter.
    doubt: Option<Timestamp>,
    found: BTreeMap<InvestmentId, InvestmentSummary>,
}

impl Call<List> {
    /// The investments of this list that changed at this time or later, oldest change first. The order is that of the
    /// changes, whatever was set. Of an investment that leaves the list by its change nothing is told.
    ///
    /// See [`Investments::changes_since`](crate::resources::Investments::changes_since).
    pub fn changes_since(self, time: impl Into<Timestamp>) -> Changes {
        // With its offset: the service would read a time without one, or a day, in a zone of its own.
        let since = Timestamp::from(time.into().instant());
        let (client, mut list, options) = self.into_parts();
        list.updated_at_gte = Some(since);
        list.page_size = list.page_size.or(Some(PAGE));
        list.raw
            .retain(|(name, _)| !["ordering", "page", "updated_at__gte"].contains(&&**name));
        Changes {
            client,
            options,
            list,
            since,
            told: BTreeMap::new(),
            floor: since,
            order: Order::Unasked,
            pass: Pass::new(),
            restless: 0,
            ready: VecDeque::new(),
            under_way: None,
            is_over: false,
        }
    }
}

impl Changes {
    /// Leaves out changes of these investments that are of the very time asked for: those that were told before a program
    /// came back with the time of the last one.
    pub fn told(mut self, ids: impl IntoIterator<Item = InvestmentId>) -> Self {
        let since = self.since;
        self.told.extend(ids.into_iter().map(|id| (id, since)));
        self
    }

    /// The next one; `None` when all is told.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Once: what a read failed with, which is a 404 when a page that the service names stays gone;
    /// [`Decode`](ErrorKind::Decode) for an investment without the time of its change; [`Pagination`](ErrorKind::Pagination)
    /// for a list that leads in circles, and for one of which so much leaves in each of ten passes that nothing is sure: to come
    /// back later with the time of the last one is safe.
    pub async fn try_next(&mut self) -> Result<Option<InvestmentSummary>, Error> {
        poll_fn(|context| self.poll_change(context))
            .await
            .transpose()
    }

    fn poll_change(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<InvestmentSummary, Error>>> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(change)));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let mut under_way = match self.under_way.take() {
                Some(under_way) => under_way,
                None => fetch(&self.client, &self.options, self.next_list()),
            };
            let Poll::Ready(answer) = under_way.as_mut().poll(context) else {
                self.under_way = Some(under_way);
                return Poll::Pending;
            };
            if let Err(error) = self.take(answer) {
                self.is_over = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    /// The page to be asked for.
    fn next_list(&self) -> List {
        let mut list = self.list.clone();
        let ordering = match self.order {
            // Alone: a service that knows the other field only would order by that one, and seem to know both.
            Order::Unasked => "-updated_at",
            Order::Newest(..) => "updated_at",
            Order::Oldest(..) | Order::Kept | Order::Ignored => "-updated_at,-id",
        };
        if let Order::Unasked | Order::Newest(..) = self.order {
            list.page_size = Some(1);
        }
        list.ordering = Some(ordering.to_owned());
        list.page = Some(self.pass.page);
        list
    }

    fn take(&mut self, answer: Result<Page<InvestmentSummary>, Error>) -> Result<(), Error> {
        let page = match answer {
            // The list has become shorter.
            Err(error)
                if error.kind() == ErrorKind::Status
                    && error.is_not_found()
                    && self.pass.page > 1
                    && self.pass.gone < GONE =>
            {
                self.pass.gone += 1;
                self.pass.start();
                return Ok(());
            }
            answer => answer?,
        };
        let first = page.results.first();
        let first = first.map(|item| time_of(item).map(|time| (item.id, time)));
        let first = first.transpose()?;
        match (self.order, first) {
            (Order::Unasked, Some((newest, time))) => {
                self.order = Order::Newest(newest, time);
                return Ok(());
            }
            (Order::Newest(newest, latest), Some((oldest, time))) => {
                self.order = if oldest != newest && time < latest {
                    Order::Oldest(oldest, latest)
                } else {
                    Order::Ignored
                };
                return Ok(());
            }
            (Order::Unasked | Order::Newest(..), None) => {
                self.is_over = true;
                return Ok(());
            }
            (Order::Oldest(..) | Order::Kept | Order::Ignored, _) => {}
        }
        let next = paging::info(&page).map_err(|error| failed(error.to_string()))?;
        let next = next.next.as_ref().and_then(paging::number);
        if let Order::Oldest(oldest, latest) = self.order {
            let begins_late = first.is_some_and(|(_, time)| time >= latest);
            let has_oldest = page.results.iter().any(|item| item.id == oldest);
            self.order = if begins_late && !has_oldest {
                Order::Kept
            } else {
                Order::Ignored
            };
        }
        let count = self.pass.count.replace(page.count);
        if count.is_some_and(|before| page.count < before) {
            self.pass.doubt = Some(first.map_or(self.since, |(_, time)| time));
        }
        // On one page only: between two pages others may have moved these down.
        let (mut last, mut reached_older) = (None, false);
        for item in page.results {
            let time = time_of(&item)?;
            if last.replace(time).is_some_and(|last| last < time) {
                self.order = Order::Ignored;
            }
            reached_older |= time < self.floor;
            let before = self.told.get(&item.id);
            if time >= self.since && before.is_none_or(|before| *before < time) {
                self.pass.found.insert(item.id, item);
            }
        }
        if let Some(next) = next
            && !(reached_older && matches!(self.order, Order::Kept))
        {
            let last = std::mem::replace(&mut self.pass.page, next);
            if next <= last {
                return Err(endless(format!(
                    "the server named page {next} after page {last}"
                )));
            }
            Ok(())
        } else {
            self.tell()
        }
    }

    /// Gives out what a pass found and is sure, and begins the next one.
    fn tell(&mut self) -> Result<(), Error> {
        let pass = std::mem::replace(&mut self.pass, Pass::new());
        let is_kept = matches!(self.order, Order::Kept);
        let (sure, doubtful): (BTreeMap<_, _>, BTreeMap<_, _>) =
            pass.found.into_iter().partition(|(_, change)| {
                let is_behind = || is_kept && change.updated_at <= pass.doubt;
                pass.doubt.is_none() || is_behind()
            });
        self.pass.found = doubtful;
        let mut changes: Vec<_> = sure.into_values().collect();
        changes.sort_by_key(|change| (change.updated_at, change.id));
        self.is_over = changes.is_empty() && pass.doubt.is_none();
        self.restless = match pass.doubt {
            Some(_) if changes.is_empty() => self.restless + 1,
            _ => 0,
        };
        if self.restless == RESTLESS {
            return Err(endless("it became shorter again and again"));
        }
        for change in changes {
            if let Some(time) = change.updated_at {
                self.told.insert(change.id, time);
                self.floor = self.floor.max(time);
            }
            self.ready.push_back(change);
        }
        Ok(())
    }
}

impl Pass {
    fn new() -> Self {
        Self {
            page: 1,
            count: None,
            gone: 0,
            doubt: None,
            found: BTreeMap::new(),
        }
    }

    /// Once more from the top; what was found stays found.
    fn start(&mut self) {
        let found = std::mem::take(&mut self.found);
        *self = Self {
            gone: self.gone,
            found,
            ..Self::new()
        };
    }
}

fn fetch(client: &Client, options: &CallOptions, list: List) -> PageFuture {
    let (client, options) = (client.clone(), options.clone());
    Box::pin(async move { client.execute_with(&list, &options).await })
}

fn time_of(item: &InvestmentSummary) -> Result<Timestamp, Error> {
    let time = item.updated_at;
    time.ok_or_else(|| failed("an investment without `updated_at`"))
}

fn failed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Decode)
        .with_operation(const { &List::INFO })
        .with_detail(detail)
}

fn endless(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Pagination)
        .with_operation(const { &List::INFO })
        .with_detail(detail)
}

impl Stream for Changes {
    type Item = Result<InvestmentSummary, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(context)
    }
}

impl FusedStream for Changes {
    fn is_terminated(&self) -> bool {
        self.is_over && self.ready.is_empty()
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("since", &self.since)
            .field("told", &self.told.len())
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
