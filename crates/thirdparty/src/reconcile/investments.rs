//! The probes of investments: a new one, and the payment of one.

use accredit_models::Timestamp;
use accredit_models::thirdparty::{Investment, InvestmentSummary, NewInvestment};
use accredit_transport::Error;

use super::compare::{Comparison, Likeness};
use super::look::{Before, Listed, Look, settle};
use super::{Reconcile, Reconciled};
use crate::operations::investments::{Create, GetPaymentIntentSecret, List, Retrieve};

impl Listed for List {
    fn ordered(ordering: &str, page_size: i64) -> Self {
        Self {
            ordering: Some(ordering.to_owned()),
            page_size: Some(page_size),
            ..Self::default()
        }
    }

    fn id(item: &InvestmentSummary) -> u64 {
        item.id.get()
    }

    fn created_at(item: &InvestmentSummary) -> Option<Timestamp> {
        item.created_at
    }
}

impl Reconcile for Create {
    type Found = InvestmentSummary;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<List>().await
    }

    async fn after(
        &self,
        look: &Look,
        before: &Before,
    ) -> Result<Reconciled<InvestmentSummary>, Error> {
        let mut candidates = look
            .newer::<List>(before, |shown| listed(&self.body, shown))
            .await?;
        if is_shown_in_full_only(&self.body) {
            for (likeness, candidate) in &mut candidates {
                let shown = look.execute(&Retrieve::new(candidate.id)).await?;
                *likeness = (*likeness).min(in_full(&self.body, &shown));
            }
        }
        Ok(settle(candidates))
    }
}

/// Compares with what a list shows.
fn listed(sent: &NewInvestment, shown: &InvestmentSummary) -> Likeness {
    let offering = shown.offering.as_ref().map(|offering| &offering.id);
    let investor = shown.investor.as_ref().map(|investor| &investor.id);
    Comparison::new()
        .identity(Some(&sent.offering), offering)
        .identity(Some(&sent.investor), investor)
        .field(Some(&sent.quantity), shown.quantity.as_ref())
        .field(
            sent.accredited_investor.as_ref(),
            shown.accredited_investor.as_ref(),
        )
        .field(sent.net_worth.as_ref(), shown.net_worth.as_ref())
        .field(sent.annual_income.as_ref(), shown.annual_income.as_ref())
        .field(sent.us_person.as_ref(), shown.us_person.as_ref())
        .field(
            sent.exempt_from_backup_withholding.as_ref(),
            shown.exempt_from_backup_withholding.as_ref(),
        )
        .field(
            sent.amount_invested_in_reg_cf_offering_this_year.as_ref(),
            shown.amount_invested_in_reg_cf_offering_this_year.as_ref(),
        )
        .field(
            sent.is_entity_submitted.as_ref(),
            shown.is_entity_submitted.as_ref(),
        )
        .field(
            sent.user_browser_type.as_ref(),
            shown.user_browser_type.as_ref(),
        )
        .field(
            sent.accredited_investor_type.as_ref(),
            shown.accredited_investor_type.as_ref(),
        )
        .field(
            sent.attorney_or_cpa_email.as_ref(),
            shown.attorney_or_cpa_email.as_ref(),
        )
        .field(
            sent.reg_cf_disclosure_acknowledged_at.as_ref(),
            shown.reg_cf_disclosure_acknowledged_at.as_ref(),
        )
        .field(
            sent.bonus_shares_code.as_ref(),
            shown.bonus_shares_code.as_ref(),
        )
        .field(
            sent.canadian_eligible_investor_type.as_ref(),
            shown.canadian_eligible_investor_type.as_ref(),
        )
        .field(
            sent.requested_payment_method.as_ref(),
            shown.requested_payment_method.as_ref(),
        )
        .field(sent.receive_sms.as_ref(), shown.receive_sms.as_ref())
        .likeness()
}

/// Whether something was sent that lists do not show.
fn is_shown_in_full_only(sent: &NewInvestment) -> bool {
    sent.household_w9.is_some()
        || sent
            .amount_invested_in_reg_cf_offering_this_year_other_platforms
            .is_some()
}

/// Compares with what only the investment in full shows.
fn in_full(sent: &NewInvestment, shown: &Investment) -> Likeness {
    Comparison::new()
        .field(sent.household_w9.as_ref(), shown.household_w9.as_ref())
        .field(
            sent.amount_invested_in_reg_cf_offering_this_year_other_platforms
                .as_ref(),
            shown
                .amount_invested_in_reg_cf_offering_this_year_other_platforms
                .as_ref(),
        )
        .likeness()
}

impl Reconcile for GetPaymentIntentSecret {
    type Found = Investment;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        let investment = look.execute(&Retrieve::new(self.id)).await?;
        Ok(Before::Intent(intent(&investment)))
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<Investment>, Error> {
        let investment = look.execute(&Retrieve::new(self.id)).await?;
        let now = intent(&investment);
        Ok(match before {
            _ if now.is_none() => Reconciled::NotApplied,
            Before::Intent(then) if *then == now => Reconciled::NotApplied,
            Before::Intent(_) => Reconciled::Applied(Box::new(investment)),
            // It may have been there before.
            _ => Reconciled::Ambiguous(vec![investment]),
        })
    }
}

/// The payment intent, if there is one.
fn intent(investment: &Investment) -> Option<String> {
    let intent = investment.payment_intent_id.clone();
    intent.filter(|intent| !intent.is_empty())
}
