//! Who invests, as builders: a person, a company, a trust, an IRA held in trust. Each asks for what the service needs of its
//! kind and brings the kind along, so that the two cannot differ.
//!
//! The vendor documents the fields of a person only. That companies and trusts are named by `company_name` follows from
//! the columns of the `values` calls; `extra` sets whatever else the service takes.

use accredit_models::{
    Date, Json, Money,
    thirdparty::{
        AccreditedInvestorType, CanadianEligibleInvestorType, Citizenship, Country, InvestorType,
        NewEntity, NewInvestor, UsState,
    },
};

/// The setters of all parties, and how a party becomes the body of a call.
macro_rules! party {
    ($name:ident, $kind:ident) => {
        party!(@set $name: impl Into<String> =>
            tax_id_number, email, phone, street_address_1, street_address_2, city, region, postal_code,
            attorney_or_cpa_email);
        party!(@set $name: impl Into<Money> =>
            net_worth, annual_income, amount_invested_in_reg_cf_offering_this_year,
            amount_invested_in_reg_cf_offering_this_year_other_platforms);
        party!(@set $name: bool => accredited_investor, us_person, exempt_from_backup_withholding, household_w9);
        party!(@set $name: UsState => state);
        party!(@set $name: Country => country);
        party!(@set $name: AccreditedInvestorType => accredited_investor_type);
        party!(@set $name: CanadianEligibleInvestorType => canadian_eligible_investor_type);

        impl $name {
            /// Sets a field that the contract does not list.
            #[must_use]
            pub fn extra(mut self, name: impl Into<String>, value: Json) -> Self {
                self.0 = self.0.extra(name, value);
                self
            }
        }

        impl From<$name> for NewEntity {
            fn from(party: $name) -> Self {
                party.0
            }
        }

        impl From<$name> for NewInvestor {
            fn from(party: $name) -> Self {
                Self::new(party.0, InvestorType::$kind)
            }
        }
    };
    (@set $name:ident: $type:ty => $($field:ident),+) => {
        impl $name {
            $(
                #[doc = concat!("Sets [`NewEntity::", stringify!($field), "`].")]
                #[must_use]
                pub fn $field(mut self, value: $type) -> Self {
                    self.0 = self.0.$field(value);
                    self
                }
            )+
        }
    };
}

/// A natural person who invests.
///
/// ```no_run
/// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
/// use accredit_thirdparty::{Country, NewPerson};
///
/// let ada = NewPerson::new("Ada", "Lovelace").email("ada@example.com").country(Country::US);
/// let investor = client.investors().create_party(ada).receive_emails(true).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewPerson(NewEntity);

impl NewPerson {
    /// A person by given and family name.
    #[must_use]
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        Self(NewEntity::new().first_name(first_name).last_name(last_name))
    }
}

party!(NewPerson, Person);
party!(@set NewPerson: impl Into<Date> => date_of_birth);
party!(@set NewPerson: Citizenship => citizenship);

/// A company that invests.
///
/// ```
/// use accredit_thirdparty::{InvestorType, NewCompany, NewInvestor};
///
/// let body = NewInvestor::from(NewCompany::new("Analytical Engines LLC").tax_id_number("12-3456789"));
/// assert_eq!(body.kind, InvestorType::Company);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewCompany(NewEntity);

/// A trust that invests.
///
/// ```
/// use accredit_thirdparty::{InvestorType, NewInvestor, NewTrust};
///
/// let body = NewInvestor::from(NewTrust::new("Lovelace Family Trust"));
/// assert_eq!(body.kind, InvestorType::Trust);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewTrust(NewEntity);

/// An individual retirement account, held in trust, that invests.
///
/// ```
/// use accredit_thirdparty::{InvestorType, NewInvestor, NewTrustIra};
///
/// let body = NewInvestor::from(NewTrustIra::new("Custodian FBO Ada Lovelace IRA"));
/// assert_eq!(body.kind, InvestorType::TrustIra);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewTrustIra(NewEntity);

macro_rules! named {
    ($($name:ident, $kind:ident);+) => {
        $(
            impl $name {
                /// By its legal name, which is `company_name` for trusts as well (inferred).
                #[must_use]
                pub fn new(legal_name: impl Into<String>) -> Self {
                    Self(NewEntity::new().company_name(legal_name))
                }
            }

            party!($name, $kind);
        )+
    };
}

named!(NewCompany, Company; NewTrust, Trust; NewTrustIra, TrustIra);
