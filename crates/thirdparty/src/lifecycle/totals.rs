//! Sums over lists of investments, exact to the last cent. Keeps a sum for each offering and status, and no investment.

use std::collections::{BTreeMap, BTreeSet};

use accredit_models::Money;
use accredit_models::thirdparty::{InvestmentId, InvestmentStatus, InvestmentSummary, OfferingId};
use accredit_transport::{Error, ErrorKind, Operation as _};

use crate::Call;
use crate::operations::investments::List;

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
    /// How many of them show no amount: their amounts are missing in the sum.
    pub without_amount: u64,
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
    /// Adds up the investments of this list, by status and by offering. All its pages are read, one ahead; what is kept are the
    /// sums.
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
        if list.ordering.is_none() {
            // What is new comes last, where it moves nothing.
            list.ordering = Some("id".to_owned());
        }
        let mut totals = Totals {
            is_consistent: true,
            ..Totals::default()
        };
        let mut count = None;
        let mut last_page = BTreeSet::new();
        let mut pages = self.pages();
        while let Some(page) = pages.try_next().await? {
            totals.is_consistent &= count.is_none_or(|before| before == page.count);
            count = Some(page.count);
            let ids: BTreeSet<InvestmentId> = page.results.iter().map(|item| item.id).collect();
            for item in &page.results {
                // What moved across the bound of two pages.
                if !last_page.contains(&item.id) {
                    totals.add(item)?;
                }
            }
            last_page = ids;
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

    /// Whether the list stayed as long as it was while it was read. Where it did not, some may be missing: read it again.
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
            without_amount: u64::from(item.amount.is_none()),
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
            without_amount: self.without_amount.checked_add(other.without_amount)?,
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
