//! The reads of a probe: what is newest in a list, and what has come since.
//!
//! The service is asked for the newest first, and is free to ignore that: then the list has an order of its own, and its first
//! ids may go down all the same. So the order is believed only where the ids go down when they are to, and up when they are to;
//! else the whole list is read.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use accredit_models::Timestamp;
use accredit_models::thirdparty::KycStatus;
use accredit_transport::{
    CallOptions, DecodeError, EncodeError, Error, Operation, OperationInfo, Paginate, Reply,
    RequestEncoder,
};

use super::Reconciled;
use super::compare::Likeness;
use crate::operations::investments::Statuses;
use crate::{Call, Client};

/// How many ids have to go down in a row, and up, before the list counts as ordered by them.
const EVIDENCE: usize = 10;
/// Items of a page when only the newest or the oldest one is wanted; no fewer than the evidence.
const GLANCE: i64 = 10;
/// Items of a page when all new ones are wanted.
const PAGE: i64 = 20;
/// Items of a page when the whole list is read.
const WHOLE: i64 = 100;
/// How far a time that was noted may be ahead of the service's: where the service does not tell its own, or because this machine's
/// clock has been put right since.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// How far off the difference of the clocks may be, which is known to the second, besides the time of the call.
const BLUR: Duration = Duration::from_secs(2);

/// Reads for a probe, with the settings of the write's own call.
#[derive(Clone, Debug)]
pub struct Look {
    client: Client,
    options: CallOptions,
}

/// What was there before a write.
#[derive(Clone, Debug)]
pub enum Before {
    /// No id of the list was higher; and whether it was seen to be ordered by them.
    Id(u64, bool),
    /// It began no earlier than this, by the service's clock; earlier by five minutes at most, if the clock that its time was noted
    /// by has been put right since.
    Time(Timestamp),
    /// Where the identity check stood.
    Kyc(Option<KycStatus>, Option<i64>),
    /// The payment intent.
    Intent(Option<String>),
    /// Nothing is known, or would help.
    Nothing,
}

/// How old an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Older,
    Newer,
    Unknown,
}

impl Before {
    fn age(&self, id: u64, created_at: Option<Timestamp>) -> Age {
        match (self, created_at) {
            (Self::Id(highest, _), _) if id <= *highest => Age::Older,
            (Self::Time(earliest), Some(created_at))
                if created_at < moved(*earliest, Duration::ZERO, SKEW) =>
            {
                Age::Older
            }
            (Self::Time(earliest), Some(created_at)) if created_at < *earliest => Age::Unknown,
            (Self::Id(..), _) | (Self::Time(_), Some(_)) => Age::Newer,
            _ => Age::Unknown,
        }
    }
}

/// A list that a probe looks at.
pub(super) trait Listed: Paginate {
    fn ordered(ordering: &str, page_size: i64) -> Self;

    fn id(item: &Self::Item) -> u64;

    /// `None` where the service does not show it.
    fn created_at(item: &Self::Item) -> Option<Timestamp>;
}

impl Look {
    pub(super) fn new(client: Client, options: CallOptions) -> Self {
        Self { client, options }
    }

    pub(super) async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.client.execute_with(operation, &self.options).await
    }

    /// The highest id of a list, zero when it is empty.
    pub(super) async fn highest<L: Listed>(&self) -> Result<Before, Error> {
        let page = self.execute(&L::ordered("-id", GLANCE)).await?;
        let is_last = is_last::<L>(&page);
        let mut order = Order::default();
        for item in L::into_items(page) {
            order.note(L::id(&item));
        }
        let is_ordered = !is_last && order.is_evident() && self.is_ordered::<L>(&mut None).await?;
        if !is_last && !is_ordered {
            let mut pages = self.call(L::ordered("-id", WHOLE)).pages().prefetch(0);
            while let Some(page) = pages.try_next().await? {
                for item in L::into_items(page) {
                    order.note(L::id(&item));
                }
            }
        }
        Ok(Before::Id(order.highest, is_ordered))
    }

    /// Whether the ids go up when they are to; asked for once.
    async fn is_ordered<L: Listed>(&self, known: &mut Option<bool>) -> Result<bool, Error> {
        if let Some(known) = *known {
            return Ok(known);
        }
        let page = self.execute(&L::ordered("id", GLANCE)).await?;
        let ids: Vec<u64> = L::into_items(page).iter().map(L::id).collect();
        let goes_up = ids.len() >= EVIDENCE && ids.is_sorted_by(|one, next| one < next);
        Ok(*known.insert(goes_up))
    }

    /// What of a list came after `before`, or may have, and looks like the write.
    pub(super) async fn newer<L: Listed>(
        &self,
        before: &Before,
        likeness: impl Fn(&L::Item) -> Likeness + Send + Sync,
    ) -> Result<Vec<(Likeness, L::Item)>, Error> {
        let (highest, mut is_ordered) = match before {
            Before::Id(highest, is_ordered) => (*highest, Some(*is_ordered)),
            _ => (0, None),
        };
        let size = if is_ordered == Some(false) {
            WHOLE
        } else {
            PAGE
        };
        let mut pages = self.call(L::ordered("-id", size)).pages().prefetch(0);
        let mut order = Order::default();
        let mut found = Vec::new();
        while let Some(page) = pages.try_next().await? {
            let is_last = is_last::<L>(&page);
            let mut reached_older = false;
            for item in L::into_items(page) {
                let id = L::id(&item);
                // What is added meanwhile moves the others on: some come twice.
                if !order.note(id) {
                    continue;
                }
                let age = before.age(id, L::created_at(&item));
                reached_older |= age == Age::Older;
                let likeness = match age {
                    Age::Older => continue,
                    Age::Newer => likeness(&item),
                    Age::Unknown => likeness(&item).min(Likeness::Doubtful),
                };
                if likeness > Likeness::Other {
                    found.push((likeness, item));
                }
            }
            // A list of which the highest one is missing is not the same one, or in another order now.
            let may_stop = reached_older && order.is_evident() && order.highest >= highest;
            if !is_last && may_stop && self.is_ordered::<L>(&mut is_ordered).await? {
                break;
            }
        }
        Ok(found)
    }

    /// The time at which something began, by the service's clock and no later than it was.
    pub(super) async fn since(&self, began: Timestamp) -> Result<Before, Error> {
        let asked = now();
        let theirs = self.execute(&Date).await?;
        let (Some(asked), Some(answered), Some(theirs)) = (asked, now(), theirs) else {
            return Ok(Before::Time(began));
        };
        let took = answered.duration_since(asked).unwrap_or_default();
        let (ahead, behind) = match theirs.duration_since(asked) {
            Ok(ahead) => (ahead, Duration::ZERO),
            Err(error) => (Duration::ZERO, error.duration()),
        };
        Ok(Before::Time(moved(began, ahead, behind + took + BLUR)))
    }

    fn call<O: Operation>(&self, operation: O) -> Call<O> {
        Call::new(&self.client, operation).options(self.options.clone())
    }
}

/// Whether no page comes after this one.
fn is_last<L: Listed>(page: &L::Output) -> bool {
    L::page_info(page).is_ok_and(|info| info.next.is_none())
}

/// What the candidates say together.
pub(super) fn settle<T>(candidates: Vec<(Likeness, T)>) -> Reconciled<T> {
    let (same, doubtful): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|(likeness, _)| *likeness == Likeness::Same);
    let items = |list: Vec<(Likeness, T)>| list.into_iter().map(|(_, item)| item).collect();
    let mut same: Vec<T> = items(same);
    match (same.pop(), doubtful.is_empty()) {
        (Some(one), _) if same.is_empty() => Reconciled::Applied(Box::new(one)),
        (Some(one), _) => {
            same.push(one);
            Reconciled::Ambiguous(same)
        }
        (None, true) => Reconciled::NotApplied,
        (None, false) => Reconciled::Ambiguous(items(doubtful)),
    }
}

/// Whether the ids of a list go down.
struct Order {
    seen: BTreeSet<u64>,
    last: u64,
    goes_down: bool,
    highest: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            seen: BTreeSet::new(),
            last: u64::MAX,
            goes_down: true,
            highest: 0,
        }
    }
}

impl Order {
    /// Whether it is the first of this id.
    fn note(&mut self, id: u64) -> bool {
        if !self.seen.insert(id) {
            return false;
        }
        self.goes_down &= id < self.last;
        self.last = id;
        self.highest = self.highest.max(id);
        true
    }

    fn is_evident(&self) -> bool {
        self.goes_down && self.seen.len() >= EVIDENCE
    }
}

/// A read of which only the server's clock matters.
struct Date;

impl Operation for Date {
    type Output = Option<SystemTime>;

    const INFO: OperationInfo = Statuses::INFO;

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        Statuses.encode(request)
    }

    fn decode(reply: Reply) -> Result<Self::Output, DecodeError> {
        Ok(reply.date())
    }
}

/// `None` on bare WebAssembly, which has no clock.
fn now() -> Option<SystemTime> {
    let exists = !cfg!(all(target_family = "wasm", target_os = "unknown"));
    exists.then(SystemTime::now)
}

/// Later and then earlier; where the calendar ends, nothing is moved.
fn moved(time: Timestamp, later: Duration, earlier: Duration) -> Timestamp {
    let instant = time.instant();
    let moved = instant
        .checked_add(later)
        .and_then(|instant| instant.checked_sub(earlier));
    moved.unwrap_or(instant).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_evident_after_ten_that_go_down() {
        let mut order = Order::default();
        for id in (5..15).rev() {
            assert!(!order.is_evident());
            assert!(order.note(id));
            assert!(!order.note(id));
        }
        assert!(order.is_evident());
        assert!(order.note(99));
        assert!(!order.is_evident());
        assert_eq!(order.highest, 99);
    }

    #[test]
    fn candidates_settle_what_they_can() {
        use Likeness::{Doubtful, Same};
        assert_eq!(settle::<u8>(vec![]), Reconciled::NotApplied);
        assert_eq!(settle(vec![(Same, 1)]), Reconciled::Applied(Box::new(1)));
        assert_eq!(
            settle(vec![(Doubtful, 2), (Same, 1)]),
            Reconciled::Applied(Box::new(1))
        );
        assert_eq!(settle(vec![(Doubtful, 2)]), Reconciled::Ambiguous(vec![2]));
        assert_eq!(
            settle(vec![(Same, 1), (Doubtful, 3), (Same, 2)]),
            Reconciled::Ambiguous(vec![1, 2])
        );
    }

    #[test]
    fn ages_follow_from_the_id_or_the_time() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let before = Before::Id(7, true);
        assert_eq!(before.age(7, None), Age::Older);
        assert_eq!(before.age(8, Some(at("1999-01-01"))), Age::Newer);
        let before = Before::Time(at("2026-01-01T00:00:00Z"));
        assert_eq!(before.age(9, Some(at("2025-12-31T23:54:59Z"))), Age::Older);
        for doubtful in ["2025-12-31T23:55:00Z", "2025-12-31T23:59:59Z"] {
            assert_eq!(before.age(9, Some(at(doubtful))), Age::Unknown);
        }
        assert_eq!(before.age(1, Some(at("2026-01-01T00:00:00Z"))), Age::Newer);
        assert_eq!(before.age(1, None), Age::Unknown);
        assert_eq!(Before::Nothing.age(1, Some(at("1999-01-01"))), Age::Unknown);
    }
}
