//! Investors: the parties that invest, each with its entity.

use accredit_models::thirdparty::{Country, InvestorId, InvestorType, NewEntity, NewInvestor};

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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{InvestorOrdering, InvestorType, Order};
    ///
    /// let companies = client
    ///     .investors()
    ///     .list()
    ///     .kind(InvestorType::Company)
    ///     .ordering(Order::Asc(InvestorOrdering::Id))
    ///     .send()
    ///     .await?;
    /// println!("{} of {}", companies.results.len(), companies.count);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 for a page beyond the last; a 400 for a value that a filter does not take, by its name in
    /// [`fields()`](crate::ErrorExt::fields); a `Build` error, before anything is sent, for a list of
    /// values that is empty or one of whose values holds a comma.
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Adds an investor: the entity in whose name it invests, and of what kind that is. See also
    /// [`create_party`](Self::create_party). Not repeated by the client unless it provably did not reach the service.
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
    ///
    /// # Errors
    ///
    /// A 400 names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again. A field of the
    /// entity stands there by its path: `entity.email`.
    pub fn create(&self, entity: NewEntity, kind: InvestorType) -> Call<Create> {
        Call::new(&self.client, Create::new(entity, kind))
    }

    /// Adds an investor from a builder that asks for what its kind needs and brings the kind along:
    /// [`NewPerson`](crate::NewPerson), [`NewCompany`](crate::NewCompany), [`NewTrust`](crate::NewTrust) or
    /// [`NewTrustIra`](crate::NewTrustIra).
    ///
    /// `POST /api_third_party/investors/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{Country, NewCompany};
    ///
    /// let engines = NewCompany::new("Analytical Engines LLC").country(Country::US).email("ada@example.com");
    /// let investor = client.investors().create_party(engines).receive_emails(true).send().await?;
    /// println!("investor {}", investor.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_party(&self, party: impl Into<NewInvestor>) -> Call<Create> {
        let body = party.into();
        Call::new(&self.client, Create { body })
    }

    /// One investor. Fields of its entity that this version does not list stand in `extra`.
    ///
    /// `GET /api_third_party/investors/{id}/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let investor = client.investors().retrieve(42_u64).send().await?;
    /// if let Some(entity) = &investor.entity {
    ///     println!("{:?}, also {:?}", entity.kyc_status, entity.extra.keys());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours.
    pub fn retrieve(&self, id: impl Into<InvestorId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }

    /// Where the investor's wire or ACH payment goes.
    ///
    /// `GET /api_third_party/investors/{id}/get_ach_credit_transfer/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let answer = client.investors().ach_credit_transfer(42_u64).send().await?;
    /// if let Some(account) = answer.ach_credit_transfer.and_then(|wire| wire.account_number) {
    ///     // A bank number: for the investor's eyes, and for no log.
    ///     let _for_the_investor: &str = account.expose();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours. `Refused` when the service says so in its envelope.
    #[doc(alias = "get_ach_credit_transfer")]
    pub fn ach_credit_transfer(&self, id: impl Into<InvestorId>) -> Call<GetAchCreditTransfer> {
        Call::new(&self.client, GetAchCreditTransfer::new(id))
    }

    /// Has the identity check run again. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/investors/{id}/run_second_kyc/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let started = client.investors().run_second_kyc(42_u64).send().await?;
    /// println!("{:?}", started.verification_entity);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 400 or `Refused` when the service does not run it, a 404 when there is no such investor. When nobody knows whether it
    /// ran, the kind is `OutcomeUnknown`: read the investor before you do it again.
    pub fn run_second_kyc(&self, id: impl Into<InvestorId>) -> Call<RunSecondKyc> {
        Call::new(&self.client, RunSecondKyc::new(id))
    }

    /// Asks whether a tax id is well-formed for a country and kind of investor. Nothing is stored.
    ///
    /// `POST /api_third_party/investors/check_tax_id_number_valid/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{Country, InvestorType};
    ///
    /// let check = client.investors().check_tax_id("123-45-6789", Country::US, InvestorType::Person);
    /// let answer = check.is_us_citizen(true).send().await?;
    /// if answer.is_valid != Some(true) {
    ///     println!("please look at the number again");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The documented 400 for a number that is not valid is an answer with `is_valid: Some(false)`, and no error. A 400 that
    /// names another field of the request is an error, as is `success: false` in a 200.
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

    /// Makes a page on which an investor uploads an identity document. Not repeated by the client unless it provably did not
    /// reach the service.
    ///
    /// `POST /api_third_party/investors/create_id_upload_workflow_url/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let upload = client.investors().create_id_upload_workflow().send().await?;
    /// if let Some(url) = &upload.workflow_url {
    ///     // Whoever has the link can upload: send it to the investor, and log it nowhere.
    ///     let _for_the_investor: &str = url.expose();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Refused` when the service says so in its envelope. `OutcomeUnknown` does no harm here: ask for another page.
    #[doc(alias = "create_id_upload_workflow_url")]
    pub fn create_id_upload_workflow(&self) -> Call<CreateIdUploadWorkflowUrl> {
        Call::new(&self.client, CreateIdUploadWorkflowUrl)
    }

    /// The countries whose companies can be checked (know your business).
    ///
    /// `GET /api_third_party/investors/kyb_country_codes/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::Country;
    ///
    /// let countries = client.investors().kyb_country_codes().send().await?.country_codes;
    /// println!("{}", countries.contains(&Country::US));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `send` fails as every call does (see [`ErrorKind`](crate::ErrorKind)); nothing changes on the server, so the client repeats what is worth it.
    pub fn kyb_country_codes(&self) -> Call<KybCountryCodes> {
        Call::new(&self.client, KybCountryCodes)
    }

    /// The countries whose people can be checked (know your customer).
    ///
    /// `GET /api_third_party/investors/kyc_country_codes/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::Country;
    ///
    /// let countries = client.investors().kyc_country_codes().send().await?.country_codes;
    /// println!("{}", countries.contains(&Country::US));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `send` fails as every call does (see [`ErrorKind`](crate::ErrorKind)); nothing changes on the server, so the client repeats what is worth it.
    pub fn kyc_country_codes(&self) -> Call<KycCountryCodes> {
        Call::new(&self.client, KycCountryCodes)
    }

    /// Chosen columns of all investors at once, flat and without pages. The filters of the list probably apply too; they go in
    /// with `param`.
    ///
    /// `GET /api_third_party/investors/values/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::InvestorColumn;
    ///
    /// let columns = [InvestorColumn::Id, InvestorColumn::Type, InvestorColumn::UserEmail];
    /// let table = client.investors().values().field(columns).param("type", "company").send().await?;
    /// println!("{:?} rows", table.count);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A `Build` error, before anything is sent, for a list of no columns and for a column name that is empty or holds a comma.
    /// `Refused` when the service says so in its envelope.
    pub fn values(&self) -> Call<Values> {
        Call::new(&self.client, Values::default())
    }
}
