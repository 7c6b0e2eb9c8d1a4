//! `accredit demo`: one investment and one accreditation, from login to logout, through the SDK and over real sockets.
//!
//! Starts a sandbox and a webhook receiver on loopback ports of their own; touches no network and no account.

mod browser;
mod receiver;
mod steps;

use std::{
    error::Error as StdError,
    path::{Path, PathBuf},
    time::Duration,
};

use accredit::{
    Date, Money, Secret,
    models::Decimal,
    thirdparty::{
        self, Country, Credentials, InvestmentId, InvestmentStatus, InvestorId, InvestorType,
        NewEntity, OfferingId, PaymentMethod, SubscriptionAgreementName,
    },
    verifyinvestor::{
        self, ReviewStatus, UserId, VerificationRequestId, VerificationRequestStatus,
    },
};
use accredit_sandbox::Sandbox;

use crate::args::Demo;
use browser::{Browser, PageError};
use receiver::Receiver;
use steps::Steps;

type Failure = Box<dyn StdError>;

const FIRST_NAME: &str = "Ada";
const LAST_NAME: &str = "Lovelace";
const LEGAL_NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada.lovelace@example.com";
const TAX_ID: &str = "123-45-6789";
/// Our own identifier of the investor at VerifyInvestor.com.
const IDENTIFIER: &str = "ada-1";
const SHARES: i64 = 250;
const WEBHOOK_LIMIT: Duration = Duration::from_secs(5);

/// Runs the demo.
pub(crate) async fn run(options: &Demo) -> Result<(), Failure> {
    let mut steps = Steps::new(options.json);
    let sandbox = Sandbox::builder().start().await?;
    let receiver = Receiver::start(sandbox.webhook_secret()).await?;
    sandbox.set_webhook_url(Some(receiver.url()))?;

    let credentials = sandbox.thirdparty_credentials();
    let password = options
        .password
        .clone()
        .unwrap_or_else(|| Secret::from(credentials.password));
    let watch = steps.layer();
    let issuance =
        thirdparty::Client::builder(thirdparty::Environment::Sandbox(sandbox.base_url()))
            .credentials(Credentials::password(credentials.email, password))
            .configure(move |transport| transport.layer(watch.clone()))
            .build()?;
    let watch = steps.layer();
    let vi =
        verifyinvestor::Client::builder(verifyinvestor::Environment::Sandbox(sandbox.base_url()))
            .api_token(sandbox.verifyinvestor_api_token())
            .configure(move |transport| transport.layer(watch))
            .build()?;

    let mut demo = Walk {
        browser: Browser::new(steps.layer()),
        steps: &mut steps,
        sandbox,
        receiver,
        issuance,
        vi,
    };
    let investor = demo.sign_up().await?;
    let investment = demo.invest(investor).await?;
    demo.accredit(&certificate_path(options)).await?;
    demo.settle(investor, investment).await?;
    steps.finish();
    Ok(())
}

fn certificate_path(options: &Demo) -> PathBuf {
    options
        .certificate
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("accredit-demo-certificate.pdf"))
}

/// What all parts of the demo hold.
struct Walk<'a> {
    steps: &'a mut Steps,
    browser: Browser,
    sandbox: Sandbox,
    receiver: Receiver,
    issuance: thirdparty::Client,
    vi: verifyinvestor::Client,
}

impl Walk<'_> {
    /// Login, a tax id, an investor, and the countries whose people can be checked.
    async fn sign_up(&mut self) -> Result<InvestorId, Failure> {
        let auth = self.issuance.auth();
        self.steps
            .run("auth.login", auth.login(), |login| {
                format!("token until {}", login.expiry)
            })
            .await?;

        let investors = self.issuance.investors();
        let check = investors
            .check_tax_id(TAX_ID, Country::US, InvestorType::Person)
            .is_us_citizen(true)
            .send();
        self.steps
            .run("investors.check_tax_id_number_valid", check, |check| {
                format!("valid: {}", check.is_valid.unwrap_or_default())
            })
            .await?;

        let born: Date = "1985-12-10".parse()?;
        let entity = NewEntity::new()
            .first_name(FIRST_NAME)
            .last_name(LAST_NAME)
            .email(EMAIL)
            .date_of_birth(born)
            .tax_id_number(TAX_ID)
            .street_address_1("12 St James's Square")
            .city("Portland")
            .postal_code("97201")
            .country(Country::US)
            .us_person(true)
            .accredited_investor(true)
            .net_worth(2_500_000);
        let create = investors.create(entity, InvestorType::Person).send();
        let investor = self
            .steps
            .run("investors.create", create, |investor| {
                format!("investor {}", investor.id)
            })
            .await?;

        let countries = investors.kyc_country_codes().send();
        self.steps
            .run("investors.kyc_country_codes", countries, |answer| {
                format!("{} countries", answer.country_codes.len())
            })
            .await?;
        Ok(investor.id)
    }

    /// An investment in the Regulation D 506(c) offering, its payment secret, and the signed agreement.
    async fn invest(&mut self, investor: InvestorId) -> Result<InvestmentId, Failure> {
        let offering = self.offering()?;
        let investments = self.issuance.investments();
        let create = investments
            .create(offering, investor, SHARES)
            .requested_payment_method(PaymentMethod::Wire)
            .accredited_investor(true)
            .us_person(true)
            .send();
        let investment = self
            .steps
            .run("investments.create", create, |created| {
                format!("investment {} of {}", created.id, dollars(created.amount))
            })
            .await?;

        let secret = investments.payment_intent_secret(investment.id).send();
        self.steps
            .run("investments.get_payment_intent_secret", secret, |answer| {
                let got = answer.payment_intent_secret.is_some();
                format!("secret: {}", if got { "[redacted]" } else { "none" })
            })
            .await?;

        let signatures = self.issuance.investor_signatures();
        let create = signatures
            .create(
                investment.id,
                SubscriptionAgreementName::SubscriptionAgreement,
            )
            .investor_signature_text(LEGAL_NAME)
            .send();
        let signature = self
            .steps
            .run(
                "subscription_agreement_investor_signatures.create",
                create,
                |signature| format!("signature {} is open", signature.id),
            )
            .await?;
        let page = signature
            .signing_url
            .ok_or_else(|| PageError::new("the signature has no signing page"))?;
        let form = [("investor_signature_text", LEGAL_NAME)];
        let sign = self.browser.submit(page.expose(), &form);
        self.steps
            .run("the investor signs on the hosted page", sign, |_| {
                "agreement signed".to_owned()
            })
            .await?;
        Ok(investment.id)
    }

    /// The accreditation: consent, request, completion, review, webhook, certificate.
    async fn accredit(&mut self, certificate: &Path) -> Result<(), Failure> {
        let user = self.give_access().await?;
        let requests = self.vi.users().verification_requests(user);
        let create = requests
            .create()
            .legal_name(LEGAL_NAME)
            .deal_name("Series A")
            .send();
        let request = self
            .steps
            .run("verification_requests.create", create, |request| {
                format!("request {}", request.id)
            })
            .await?;

        let simulation = self.vi.simulate()?;
        let complete = simulation.investor_completion(user, request.id).send();
        self.steps
            .run(
                "verification_requests.simulate_investor_completion",
                complete,
                |_| "waiting for review".to_owned(),
            )
            .await?;
        let review = simulation
            .review(user, request.id, ReviewStatus::Accredited)
            .send();
        self.steps
            .run("verification_requests.review", review, |review| {
                review
                    .status
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string)
            })
            .await?;

        let accredited = VerificationRequestStatus::Accredited;
        let webhook = self
            .receiver
            .wait_for(request.id, accredited.clone(), WEBHOOK_LIMIT);
        self.steps
            .run("signed webhook", webhook, |_| {
                format!("verified: {accredited}")
            })
            .await?;
        self.save_certificate(user, request.id, certificate).await
    }

    /// The investor opens the authorization link and agrees; the browser comes back with the user's id.
    async fn give_access(&mut self) -> Result<UserId, Failure> {
        let link = self
            .vi
            .authorization_link(self.sandbox.authorization_token(), IDENTIFIER)
            .first_name(FIRST_NAME)
            .last_name(LAST_NAME)
            .email(EMAIL)
            .legal_name(LEGAL_NAME)
            .redirect_url("http://127.0.0.1/done")
            .to_url();
        let grant = self.browser.submit(&link, &[("decision", "grant")]);
        let back = self
            .steps
            .run(
                "the investor grants access on the authorization page",
                grant,
                |_| "sent back to us".to_owned(),
            )
            .await?;
        let back = back.ok_or_else(|| PageError::new("the authorization page led nowhere"))?;
        let query = back.query().unwrap_or_default();
        let user = form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "vi_user_id").then(|| value.parse::<UserId>()))
            .ok_or_else(|| PageError::new("the authorization page gave no user"))??;
        Ok(user)
    }

    async fn save_certificate(
        &mut self,
        user: UserId,
        request: VerificationRequestId,
        path: &Path,
    ) -> Result<(), Failure> {
        let download = self
            .vi
            .users()
            .verification_requests(user)
            .certificate(request)
            .send();
        let pdf = self
            .steps
            .run("verification_requests.certificate", download, |pdf| {
                format!("{} bytes to {}", pdf.len(), path.display())
            })
            .await?;
        let saved = std::fs::write(path, pdf);
        Ok(saved.map_err(|error| format!("{} could not be saved: {error}", path.display()))?)
    }

    /// The money arrives; the investment and its invoice are looked up, and the session ends.
    async fn settle(
        &mut self,
        investor: InvestorId,
        investment: InvestmentId,
    ) -> Result<(), Failure> {
        self.sandbox
            .investments()
            .advance(investment, InvestmentStatus::Invested.as_str())?;

        let investments = self.issuance.investments();
        let retrieve = investments.retrieve(investment).send();
        self.steps
            .run("investments.retrieve", retrieve, |investment| {
                let status = investment
                    .status
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string);
                format!("investment {} is {status}", investment.id)
            })
            .await?;
        let list = investments
            .list()
            .status_in([InvestmentStatus::Received, InvestmentStatus::Invested])
            .amount_gte(Decimal::from(5000))
            .ordering("-created_at")
            .page(1)
            .page_size(10)
            .send();
        self.steps
            .run("investments.list", list, |page| {
                format!(
                    "{} of {} invested or received",
                    page.results.len(),
                    page.count
                )
            })
            .await?;
        let invoices = self
            .issuance
            .invoices()
            .list()
            .investment(investment)
            .send();
        self.steps
            .run("invoices.list", invoices, |page| {
                format!("{} for investor {investor}", page.count)
            })
            .await?;
        let auth = self.issuance.auth();
        self.steps
            .run("auth.logout", auth.logout(), |()| {
                "token deleted".to_owned()
            })
            .await?;
        Ok(())
    }

    fn offering(&self) -> Result<OfferingId, Failure> {
        let offerings = self.sandbox.offerings()?;
        let offering = offerings
            .iter()
            .find(|offering| offering.r#type == thirdparty::OfferingType::RegD506c.as_str())
            .ok_or("the sandbox has no Regulation D 506(c) offering")?;
        Ok(OfferingId::new(offering.id))
    }
}

fn dollars(amount: Option<Money>) -> String {
    amount.map_or_else(
        || "an unknown amount".to_owned(),
        |amount| format!("${amount}"),
    )
}
