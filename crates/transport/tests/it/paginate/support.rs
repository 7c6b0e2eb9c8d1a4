//! A server of lists, two lists to walk, and ways to look at a stream between two polls.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use accredit_transport::http::{Method, Request, Response, Uri};
use accredit_transport::{
    Body, Client, ClientBuilder, Cursor, DecodeError, EncodeError, Error, Operation, OperationInfo,
    PageInfo, Paginate, Reply, RequestEncoder, ResponseKind, RetryClass, Token,
};
use futures_core::Stream;
use tokio::sync::Semaphore;

use crate::support::CANARY;

type Answer = dyn Fn(&str, usize) -> (u16, String) + Send + Sync;

/// Answers by the place that is asked for, and by how often it was asked before.
#[derive(Clone)]
pub(crate) struct Lists(Arc<Inner>);

struct Inner {
    answer: Box<Answer>,
    /// Whether each request waits for [`Lists::open`].
    gated: bool,
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    asked: Mutex<Vec<String>>,
    counts: Mutex<HashMap<String, usize>>,
    answered: Mutex<Vec<String>>,
    under_way: AtomicUsize,
    peak: AtomicUsize,
}

impl Lists {
    pub(crate) fn new(
        answer: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::with_gates(false, answer)
    }

    pub(crate) fn gated(
        answer: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self::with_gates(true, answer)
    }

    fn with_gates(
        gated: bool,
        answer: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            answer: Box::new(answer),
            gated,
            gates: Mutex::default(),
            asked: Mutex::default(),
            counts: Mutex::default(),
            answered: Mutex::default(),
            under_way: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }))
    }

    /// A client without timers, so that it needs no runtime.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        let lists = self.clone();
        Client::builder()
            .base_uri("https://lists.example")
            .token(Token::new("Token", CANARY).unwrap())
            .deadline(None)
            .attempt_timeout(None)
            .first_byte_timeout(None)
            .transport(tower::service_fn(move |request: Request<Body>| {
                let lists = lists.clone();
                let uri = request.uri().clone();
                async move { Ok::<_, Infallible>(lists.serve(&uri).await) }
            }))
    }

    async fn serve(&self, uri: &Uri) -> Response<String> {
        let inner = &*self.0;
        assert_eq!(uri.host(), Some("lists.example"));
        let query = uri.query().unwrap_or_default();
        let place = query.split_once('=').map_or("", |(_, place)| place);
        inner.asked.lock().unwrap().push(place.to_owned());
        let before = {
            let mut counts = inner.counts.lock().unwrap();
            let count = counts.entry(place.to_owned()).or_insert(0);
            *count += 1;
            *count - 1
        };
        let now = inner.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        inner.peak.fetch_max(now, Ordering::SeqCst);
        let _leave = Leave(&inner.under_way);
        if inner.gated {
            self.gate(place).acquire().await.unwrap().forget();
        }
        inner.answered.lock().unwrap().push(place.to_owned());
        let (status, body) = (inner.answer)(place, before);
        Response::builder().status(status).body(body).unwrap()
    }

    fn gate(&self, place: &str) -> Arc<Semaphore> {
        let mut gates = self.0.gates.lock().unwrap();
        let gate = gates
            .entry(place.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(0)));
        Arc::clone(gate)
    }

    /// Lets one request for this place through.
    pub(crate) fn open(&self, place: impl ToString) {
        self.gate(&place.to_string()).add_permits(1);
    }

    /// The places asked for, in order; the start of a list is empty.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.asked.lock().unwrap().clone()
    }

    pub(crate) fn answered(&self) -> Vec<String> {
        self.0.answered.lock().unwrap().clone()
    }

    pub(crate) fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// The most requests that were under way at a time.
    pub(crate) fn peak(&self) -> usize {
        self.0.peak.load(Ordering::SeqCst)
    }
}

/// Counts a request out, answered or cancelled.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A page as the server of these tests writes it. The link's host is never the server's.
pub(crate) fn page(total: u64, items: &[u64], next: Option<impl ToString>) -> (u16, String) {
    let next = next.map(|place| {
        let place = place.to_string();
        format!("http://trap.example:1/else?at={place}")
    });
    let body = serde_json::json!({ "total": total, "items": items, "next": next });
    (200, body.to_string())
}

/// `count` items, from 1, `size` a page, numbered from 1 and well behaved.
pub(crate) fn book(count: u64, size: u64) -> impl Fn(&str, usize) -> (u16, String) + Send + Sync {
    move |place, _| {
        let number: u64 = if place.is_empty() {
            1
        } else {
            place.parse().unwrap()
        };
        let from = (number - 1) * size;
        if from >= count && number > 1 {
            return (404, String::new());
        }
        let to = (from + size).min(count);
        let items: Vec<u64> = (from + 1..=to).collect();
        page(count, &items, (to < count).then_some(number + 1))
    }
}

#[derive(serde::Deserialize, Debug)]
pub(crate) struct Sheet {
    pub(crate) total: u64,
    pub(crate) items: Vec<u64>,
    next: Option<String>,
}

/// A list with page numbers: `GET /numbers?at=2`.
#[derive(Clone, Default)]
pub(crate) struct Numbers(pub(crate) Option<u64>);

impl Operation for Numbers {
    type Output = Sheet;
    const INFO: OperationInfo = OperationInfo::new(
        "numbers.list",
        Method::GET,
        "/numbers",
        RetryClass::Read,
        ResponseKind::Page,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.query_opt("at", self.0.as_ref());
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Sheet, DecodeError> {
        reply.json()
    }
}

impl Paginate for Numbers {
    type Item = u64;

    fn start(&self) -> Option<Cursor> {
        Some(Cursor::Page(self.0.unwrap_or(1)))
    }

    fn at(&self, cursor: &Cursor) -> Self {
        Self(cursor.page())
    }

    fn page_info(page: &Sheet) -> Result<PageInfo, DecodeError> {
        let next = page
            .next
            .as_deref()
            .map(|link| Cursor::page_from_link(link, "at"));
        Ok(PageInfo::new(page.items.len(), next.transpose()?).total(page.total))
    }

    fn into_items(page: Sheet) -> Vec<u64> {
        page.items
    }
}

/// A list with tokens: `GET /tokens?at=x`. It does not say how long it is.
#[derive(Clone, Default)]
pub(crate) struct Tokens(pub(crate) Option<String>);

impl Operation for Tokens {
    type Output = Sheet;
    const INFO: OperationInfo = OperationInfo::new(
        "tokens.list",
        Method::GET,
        "/tokens",
        RetryClass::Read,
        ResponseKind::Page,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.query_opt("at", self.0.as_ref());
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Sheet, DecodeError> {
        reply.json()
    }
}

impl Paginate for Tokens {
    type Item = u64;

    fn start(&self) -> Option<Cursor> {
        self.0.clone().map(Cursor::Token)
    }

    fn at(&self, cursor: &Cursor) -> Self {
        Self(cursor.token().map(str::to_owned))
    }

    fn page_info(page: &Sheet) -> Result<PageInfo, DecodeError> {
        let next = page
            .next
            .as_deref()
            .map(|link| Cursor::token_from_link(link, "at"));
        Ok(PageInfo::new(page.items.len(), next.transpose()?))
    }

    fn into_items(page: Sheet) -> Vec<u64> {
        page.items
    }
}

/// Lets the tasks of this thread run until none has anything to do.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// One poll.
pub(crate) async fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_next(cx))).await
}

/// All that a stream gives up to and with its first error; it must give nothing after that.
pub(crate) async fn drain<T, S>(mut stream: S) -> (Vec<T>, Option<Error>)
where
    S: Stream<Item = Result<T, Error>> + Unpin,
{
    let mut all = Vec::new();
    let mut failed = None;
    while let Some(next) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        assert!(failed.is_none(), "something after the error");
        match next {
            Ok(item) => all.push(item),
            Err(error) => failed = Some(error),
        }
    }
    for _ in 0..3 {
        assert!(matches!(poll(&mut stream).await, Poll::Ready(None)));
    }
    (all, failed)
}
