//! Investors: the parties that invest, each with its entity.

use accredit_models::thirdparty::{Country, InvestorId, InvestorType, NewEntity};

use super::handle;
use crate::{
    Call,
    operations::investors::{
        CheckTaxIdNumberValid, Create, CreateIdUploadWorkflowUrl, GetAchCreditTransfer,
        KybCountryCodes, KycCountryCodes, List, Retrieve, RunSecondKyc, Values,
    },
};

handle! {
    /// Investors: the parties that invest, each with its entity.
    Investors
}

impl Investors {
    /// Your investors, a page at a time, filtered by the setters of the call.
    ///
    /// `GET /api_third_party/investors/`
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Adds an investor. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/investors/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{Country, InvestorType, NewEntity};
    ///
    /// let ada = NewEntity::new().first_name("Ada").last_name("Lovelace").country(Country::US);
    /// let investor = client.investors().create(ada, InvestorType::Person).send().await?;
    /// println!("investor {}", investor.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, entity: NewEntity, kind: InvestorType) -> Call<Create> {
        Call::new(&self.client, Create::new(entity, kind))
    }

    /// One investor.
    ///
    /// `GET /api_third_party/investors/{id}/`
    pub fn retrieve(&self, id: impl Into<InvestorId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }

    /// Where the investor's wire or ACH payment goes.
    ///
    /// `GET /api_third_party/investors/{id}/get_ach_credit_transfer/`
    #[doc(alias = "get_ach_credit_transfer")]
    pub fn ach_credit_transfer(&self, id: impl Into<InvestorId>) -> Call<GetAchCreditTransfer> {
        Call::new(&self.client, GetAchCreditTransfer::new(id))
    }

    /// Has the identity check run again. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/investors/{id}/run_second_kyc/`
    pub fn run_second_kyc(&self, id: impl Into<InvestorId>) -> Call<RunSecondKyc> {
        Call::new(&self.client, RunSecondKyc::new(id))
    }

    /// Asks whether a tax id is well-formed for a country and kind of investor. One that is not comes as a 400.
    ///
    /// `POST /api_third_party/investors/check_tax_id_number_valid/`
    #[doc(alias = "check_tax_id_number_valid")]
    pub fn check_tax_id(
        &self,
        tax_id_number: impl Into<String>,
        country_code: Country,
        investor_type: InvestorType,
    ) -> Call<CheckTaxIdNumberValid> {
        Call::new(
            &self.client,
            CheckTaxIdNumberValid::new(tax_id_number, country_code, investor_type),
        )
    }

    /// Makes a page on which an investor uploads an identity document.
    ///
    /// `POST /api_third_party/investors/create_id_upload_workflow_url/`
    #[doc(alias = "create_id_upload_workflow_url")]
    pub fn create_id_upload_workflow(&self) -> Call<CreateIdUploadWorkflowUrl> {
        Call::new(&self.client, CreateIdUploadWorkflowUrl)
    }

    /// The countries whose companies can be checked (know your business).
    ///
    /// `GET /api_third_party/investors/kyb_country_codes/`
    pub fn kyb_country_codes(&self) -> Call<KybCountryCodes> {
        Call::new(&self.client, KybCountryCodes)
    }

    /// The countries whose people can be checked (know your customer).
    ///
    /// `GET /api_third_party/investors/kyc_country_codes/`
    pub fn kyc_country_codes(&self) -> Call<KycCountryCodes> {
        Call::new(&self.client, KycCountryCodes)
    }

    /// Chosen fields of all investors, flat.
    ///
    /// `GET /api_third_party/investors/values/`
    pub fn values(&self) -> Call<Values> {
        Call::new(&self.client, Values::default())
    }
}
