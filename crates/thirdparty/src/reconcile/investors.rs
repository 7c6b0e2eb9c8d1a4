//! The probes of investors: a new one, its second identity check, and the page for its papers.

use accredit_models::Timestamp;
use accredit_models::thirdparty::{Entity, Investor, KycStatus, NewEntity, NewInvestor};
use accredit_transport::Error;

use super::compare::{Comparison, Likeness};
use super::look::{Before, Listed, Look, settle};
use super::{NoTrace, Reconcile, Reconciled};
use crate::operations::investors::{
    Create, CreateIdUploadWorkflowUrl, List, Retrieve, RunSecondKyc,
};

impl Listed for List {
    fn ordered(ordering: &str, page_size: i64) -> Self {
        Self {
            ordering: Some(ordering.to_owned()),
            page_size: Some(page_size),
            ..Self::default()
        }
    }

    fn id(item: &Investor) -> u64 {
        item.id.get()
    }

    /// The account's own time is not the investor's: one account can have several.
    fn created_at(_item: &Investor) -> Option<Timestamp> {
        None
    }
}

impl Reconcile for Create {
    type Found = Investor;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<List>().await
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<Investor>, Error> {
        let candidates = look
            .newer::<List>(before, |shown| likeness(&self.body, shown))
            .await?;
        Ok(settle(candidates))
    }
}

fn likeness(sent: &NewInvestor, shown: &Investor) -> Likeness {
    let own = Comparison::new()
        .identity(Some(&sent.kind), shown.kind.as_ref())
        .field(sent.receive_sms.as_ref(), shown.receive_sms.as_ref())
        .field(sent.receive_emails.as_ref(), shown.receive_emails.as_ref())
        .likeness();
    let entity = shown.entity.as_ref();
    let entity = entity.map_or(Likeness::Doubtful, |entity| entities(&sent.entity, entity));
    own.min(entity)
}

fn entities(sent: &NewEntity, shown: &Entity) -> Likeness {
    let comparison = Comparison::new()
        .identity(sent.first_name.as_ref(), shown.first_name.as_ref())
        .identity(sent.last_name.as_ref(), shown.last_name.as_ref())
        .identity(sent.company_name.as_ref(), shown.company_name.as_ref())
        .identity(sent.email.as_ref(), shown.email.as_ref())
        .field(sent.date_of_birth.as_ref(), shown.date_of_birth.as_ref())
        .field(sent.tax_id_number.as_ref(), shown.tax_id_number.as_ref())
        .field(
            sent.accredited_investor.as_ref(),
            shown.accredited_investor.as_ref(),
        )
        .field(sent.net_worth.as_ref(), shown.net_worth.as_ref())
        .field(sent.annual_income.as_ref(), shown.annual_income.as_ref())
        .field(sent.citizenship.as_ref(), shown.citizenship.as_ref())
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
            sent.amount_invested_in_reg_cf_offering_this_year_other_platforms
                .as_ref(),
            shown
                .amount_invested_in_reg_cf_offering_this_year_other_platforms
                .as_ref(),
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
            sent.canadian_eligible_investor_type.as_ref(),
            shown.canadian_eligible_investor_type.as_ref(),
        )
        .field(sent.household_w9.as_ref(), shown.household_w9.as_ref())
        .field(sent.phone.as_ref(), shown.phone.as_ref())
        .field(
            sent.street_address_1.as_ref(),
            shown.street_address_1.as_ref(),
        )
        .field(
            sent.street_address_2.as_ref(),
            shown.street_address_2.as_ref(),
        )
        .field(sent.city.as_ref(), shown.city.as_ref())
        .field(sent.state.as_ref(), shown.state.as_ref())
        .field(sent.region.as_ref(), shown.region.as_ref())
        .field(sent.postal_code.as_ref(), shown.postal_code.as_ref())
        .field(sent.country.as_ref(), shown.country.as_ref());
    let extra = sent.extra.iter();
    extra
        .fold(comparison, |comparison, (name, value)| {
            comparison.field(Some(value), shown.extra.get(name))
        })
        .likeness()
}

impl Reconcile for RunSecondKyc {
    type Found = Investor;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        let investor = look.execute(&Retrieve::new(self.id)).await?;
        let (status, failures) = check(&investor);
        Ok(Before::Kyc(status, failures))
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<Investor>, Error> {
        let investor = look.execute(&Retrieve::new(self.id)).await?;
        let Before::Kyc(status, failures) = before else {
            return Ok(Reconciled::Ambiguous(vec![investor]));
        };
        let is_changed = check(&investor) != (status.clone(), *failures);
        Ok(match (status, is_changed) {
            // A check that is over changes only by another one.
            (Some(KycStatus::Failed | KycStatus::Passed), true) => {
                Reconciled::Applied(Box::new(investor))
            }
            // No check leaves these as they were; after another failure only their number tells.
            (Some(KycStatus::Unverified), false) => Reconciled::NotApplied,
            (Some(KycStatus::Failed), false) if failures.is_some() => Reconciled::NotApplied,
            _ => Reconciled::Ambiguous(vec![investor]),
        })
    }
}

/// Where the identity check stands, and how often it failed.
fn check(investor: &Investor) -> (Option<KycStatus>, Option<i64>) {
    let entity = investor.entity.as_ref();
    (
        entity.and_then(|entity| entity.kyc_status.clone()),
        entity.and_then(|entity| entity.number_kyc_failed),
    )
}

/// No other call shows these links or counts them, and the request names nobody: once lost, what became of it stays open. To
/// ask for another link is another write, and takes nothing from the first, of which nobody knows.
impl Reconcile for CreateIdUploadWorkflowUrl {
    type Found = NoTrace;

    async fn before(&self, _look: &Look) -> Result<Before, Error> {
        Ok(Before::Nothing)
    }

    async fn after(&self, _look: &Look, _before: &Before) -> Result<Reconciled<NoTrace>, Error> {
        Ok(Reconciled::Ambiguous(Vec::new()))
    }
}
