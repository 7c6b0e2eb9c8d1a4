//! Sums over lists of investments, exact to the last cent. Keeps a sum for each offering and status and the ids of what was
//! added, and no investment.

use std::collections::{BTreeMap, BTreeSet};

use accredit_models::Money;
use accredit_models::thirdparty::{
    InvestmentOrdering, InvestmentStatus, InvestmentSummary, OfferingId,
};
use accredit_transport::{Error, ErrorKind, Operation as _};

use crate::operations::investments::List;
use crate::{Call, Order};

/// Items of a page, unless set.
const PAGE: i64 = 100;

/// What some investments come to together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Total {
    /// How many there are.
    pub count: u64,
    /// Shares or units, without bonus shares.
    pub quantity: i64,
    /// In US dollars, fees included.
    pub amount: Money,
    /// The part of the amount that buys shares, in US dollars.
    pub shares_amount: Money,
    /// How many of them show no [`quantity`](Self::quantity): theirs are missing in the sum.
    pub without_quantity: u64,
    /// How many of them show no [`amount`](Self::amount): theirs are missing in the sum.
    pub without_amount: u64,
    /// How many of them show no [`shares_amount`](Self::shares_amount): theirs are missing in the sum.
    pub without_shares_amount: u64,
}

/// A total and its parts by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    all: Total,
    by_status: Vec<(Option<InvestmentStatus>, Total)>,
}

/// What the investments of a list come to: see [`Call::totals`](crate::Call::totals).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    whole: Breakdown,
    by_offering: BTreeMap<Option<OfferingId>, Breakdown>,
    is_consistent: bool,
}

impl Call<List> {
    /// Adds up the investments of this list, by status and by offering. All its pages are read, one ahead, in the order of the
    /// ids, so that what is new comes last and moves nothing: an order or a page that was set counts for nothing. What is kept
    /// are the sums, and the ids, so that none is added twice.
    ///
    /// `GET /api_third_party/investments/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{InvestmentStatus, OfferingId};
    ///
    /// let totals = client.investments().list().offering_in([OfferingId::new(7)]).totals().await?;
    /// println!("{} USD in {} investments", totals.all().amount, totals.all().count);
    /// println!("{} USD approved", totals.status(&InvestmentStatus::Approved).amount);
    /// for (offering, totals) in totals.offerings() {
    ///     println!("{offering:?}: {}", totals.all().amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the reads; [`Decode`](ErrorKind::Decode) when a sum has more than 28 digits.
    pub async fn totals(mut self) -> Result<Totals, Error> {
        let list = self.operation_mut();
        list.page_size = list.page_size.or(Some(PAGE));
        list.page = None;
        list.ordering = Some(Order::Asc(InvestmentOrdering::Id).to_string());
        list.raw
            .retain(|(name, _)| !["ordering", "page"].contains(&&**name));
        let mut totals = Totals {
            is_consistent: true,
            ..Totals::default()
        };
        let mut count = None;
        let mut added = BTreeSet::new();
        let mut pages = self.pages();
        while let Some(page) = pages.try_next().await? {
            totals.is_consistent &= count.is_none_or(|before| before == page.count);
            count = Some(page.count);
            for item in &page.results {
                if added.insert(item.id) {
                    totals.add(item)?;
                } else {
                    // It moved, across the bound of two pages or further where the service orders in another way.
                    totals.is_consistent = false;
                }
            }
        }
        totals.is_consistent &= count == Some(totals.all().count);
        Ok(totals)
    }
}

impl Totals {
    /// All of them together.
    #[must_use]
    pub fn all(&self) -> &Total {
        self.whole.all()
    }

    /// Those of a status; nothing when there is none.
    #[must_use]
    pub fn status(&self, status: &InvestmentStatus) -> Total {
        self.whole.status(status)
    }

    /// By status; `None` for those that show none.
    pub fn statuses(&self) -> impl Iterator<Item = (Option<&InvestmentStatus>, &Total)> {
        self.whole.statuses()
    }

    /// Those of an offering; `None` when there is none.
    #[must_use]
    pub fn offering(&self, offering: impl Into<OfferingId>) -> Option<&Breakdown> {
        self.by_offering.get(&Some(offering.into()))
    }

    /// By offering, in the order of their ids; `None` for those that show none.
    pub fn offerings(&self) -> impl Iterator<Item = (Option<OfferingId>, &Breakdown)> {
        self.by_offering
            .iter()
            .map(|(offering, breakdown)| (*offering, breakdown))
    }

    /// Whether nothing shows that the list changed while it was read: all pages named the same count, as many investments came,
    /// and none came twice. Where this is `false`, some may be missing: read it again.
    ///
    /// It is no proof. When one investment leaves the list and another enters it between the same two pages, the count stays;
    /// if the first stood on a page that was read already, the next page begins one investment too late, and that one is
    /// missing. Nothing in the answers tells. This can happen only in a list of which something can leave: one that is filtered
    /// by what changes, such as the status. Of a list without filters, or filtered by what stays (offering, investor, a time of
    /// creation), nothing is lost as long as the service orders by the id, which was asked for, and deletes no investment. So
    /// for sums by status read the list without a filter by status, and take [`status`](Self::status) of the totals. Either
    /// way each investment counts as it was when its page was read.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.is_consistent
    }

    fn add(&mut self, item: &InvestmentSummary) -> Result<(), Error> {
        let offering = item.offering.as_ref().map(|offering| offering.id);
        let one = Total {
            count: 1,
            quantity: item.quantity.unwrap_or_default(),
            amount: item.amount.unwrap_or_default(),
            shares_amount: item.shares_amount.unwrap_or_default(),
            without_quantity: u64::from(item.quantity.is_none()),
            without_amount: u64::from(item.amount.is_none()),
            without_shares_amount: u64::from(item.shares_amount.is_none()),
        };
        let part = self.by_offering.entry(offering).or_default();
        self.whole
            .add(item.status.as_ref(), one)
            .and_then(|()| part.add(item.status.as_ref(), one))
            .ok_or_else(|| {
                Error::new(ErrorKind::Decode)
                    .with_operation(const { &List::INFO })
                    .with_detail("the sum has more than 28 digits")
            })
    }
}

impl Breakdown {
    /// All of them together.
    #[must_use]
    pub fn all(&self) -> &Total {
        &self.all
    }

    /// Those of a status; nothing when there is none.
    #[must_use]
    pub fn status(&self, status: &InvestmentStatus) -> Total {
        self.statuses()
            .find(|(other, _)| *other == Some(status))
            .map(|(_, total)| *total)
            .unwrap_or_default()
    }

    /// By status; `None` for those that show none.
    pub fn statuses(&self) -> impl Iterator<Item = (Option<&InvestmentStatus>, &Total)> {
        self.by_status
            .iter()
            .map(|(status, total)| (status.as_ref(), total))
    }

    /// `None` when a sum does not fit.
    fn add(&mut self, status: Option<&InvestmentStatus>, one: Total) -> Option<()> {
        self.all = self.all.plus(one)?;
        let known = |(other, _): &&mut (Option<InvestmentStatus>, Total)| other.as_ref() == status;
        match self.by_status.iter_mut().find(known) {
            Some((_, total)) => *total = total.plus(one)?,
            None => self.by_status.push((status.cloned(), one)),
        }
        Some(())
    }
}

impl Total {
    /// `None` when a sum does not fit. Adding is exact: digits that do not fit are not rounded away.
    fn plus(self, other: Self) -> Option<Self> {
        let sum = |a: Money, b: Money| {
            let (a, b) = (a.get(), b.get());
            let sum = a.checked_add(b)?;
            let is_exact = sum.checked_sub(b) == Some(a) && sum.checked_sub(a) == Some(b);
            is_exact.then(|| Money::new(sum))
        };
        Some(Self {
            count: self.count.checked_add(other.count)?,
            quantity: self.quantity.checked_add(other.quantity)?,
            amount: sum(self.amount, other.amount)?,
            shares_amount: sum(self.shares_amount, other.shares_amount)?,
            without_quantity: self.without_quantity.checked_add(other.without_quantity)?,
            without_amount: self.without_amount.checked_add(other.without_amount)?,
            without_shares_amount: self
                .without_shares_amount
                .checked_add(other.without_shares_amount)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(amount: &str) -> Total {
        Total {
            count: 1,
            quantity: 1,
            amount: amount.parse().unwrap(),
            ..Total::default()
        }
    }

    #[test]
    fn sums_are_exact_or_none() {
        let sum = total("0.10").plus(total("0.20")).unwrap();
        assert_eq!(sum.amount.to_string(), "0.30");
        assert_eq!((sum.count, sum.quantity), (2, 2));
        let most = "79228162514264337593543950335";
        assert_eq!(total(most).plus(total("1")), None);
        assert_eq!(total(most).plus(total("0.4")), None, "never rounded away");
        let many = Total {
            quantity: i64::MAX,
            ..Total::default()
        };
        assert_eq!(many.plus(total("1")), None);
    }
}
