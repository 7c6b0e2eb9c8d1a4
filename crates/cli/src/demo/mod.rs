//! `accredit demo`: one investment and one accreditation, from login to logout, through the SDK and over real sockets.
//!
//! Starts a sandbox and a webhook receiver on loopback ports of their own; touches no network and no account. Something that
//! listens on this machine, such as a validating proxy, can be put between the clients and the sandbox.

mod browser;
mod certificate;
mod receiver;
mod steps;

use std::{error::Error as StdError, net::SocketAddr, path::Path, time::Duration};

use accredit::{
    Date, Money, Secret,
    models::Decimal,
    thirdparty::{
        self, Country, Credentials, InvestmentId, InvestmentStatus, InvestorId, InvestorType,
        NewEntity, OfferingId, PaymentMethod, SubscriptionAgreementName,
    },
    verifyinvestor::{
        self, AuthorizationReturn, ReviewStatus, UserAuthorizationToken, UserId,
        VerificationRequestId, VerificationRequestStatus,
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
/// Few enough that the second investment stays below [`FILTER_FROM`].
const FEW_SHARES: i64 = 4;
/// In dollars.
const FILTER_FROM: i64 = 5000;
const WEBHOOK_LIMIT: Duration = Duration::from_secs(5);

/// Runs the demo.
pub(crate) async fn run(options: &Demo) -> Result<(), Failure> {
    let mut steps = Steps::new(options.json);
    let sandbox = Sandbox::builder()
        .listen(options.listen)
        .strict(true)
        .start()
        .await?;
    let receiver = Receiver::start(sandbox.webhook_secret(), steps.layer()).await?;
    sandbox.set_webhook_url(Some(receiver.url()))?;

    let credentials = sandbox.thirdparty_credentials();
    let password = options
        .password
        .clone()
        .unwrap_or_else(|| Secret::from(credentials.password));
    let at = |via: Option<SocketAddr>| {
        via.map_or_else(|| sandbox.base_url(), |via| format!("http://{via}"))
    };
    let service = thirdparty::Environment::Sandbox(at(options.thirdparty_via));
    let watch = steps.layer();
    let issuance = thirdparty::Client::builder(service)
        .credentials(Credentials::password(credentials.email, password))
        .configure(move |transport| transport.layer(watch.clone()))
        .build()?;
    let service = verifyinvestor::Environment::Sandbox(at(options.verifyinvestor_via));
    let watch = steps.layer();
    let vi = verifyinvestor::Client::builder(service)
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
    demo.accredit(options.certificate.as_deref()).await?;
    demo.settle(investment).await?;
    demo.list(investor).await?;
    demo.leave(investment).await?;
    steps.finish();
    Ok(())
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
        let investment = self.steps.run("investments.create", create, placed).await?;

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
    async fn accredit(&mut self, certificate: Option<&Path>) -> Result<(), Failure> {
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
        let public = UserAuthorizationToken::new(self.sandbox.authorization_token());
        // A person's browser goes to the service itself, whatever our own calls go through.
        let service = verifyinvestor::Environment::Sandbox(self.sandbox.base_url());
        let link = verifyinvestor::Client::builder(service)
            .build()?
            .authorization_link(&public, IDENTIFIER)
            .first_name(FIRST_NAME)
            .last_name(LAST_NAME)
            .email(EMAIL)
            .legal_name(LEGAL_NAME)
            .redirect_url("http://127.0.0.1/done")
            .to_url()?;
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
        Ok(AuthorizationReturn::from_query(query, IDENTIFIER)?.user_id)
    }

    async fn save_certificate(
        &mut self,
        user: UserId,
        request: VerificationRequestId,
        asked: Option<&Path>,
    ) -> Result<(), Failure> {
        let download = self
            .vi
            .users()
            .verification_requests(user)
            .certificate(request)
            .send();
        let save = async {
            let pdf = download.await?;
            let path = certificate::save(asked, &pdf)?;
            Ok::<_, Failure>((pdf.len(), path))
        };
        self.steps
            .run(
                "verification_requests.certificate",
                save,
                |(length, path)| format!("{length} bytes saved in {}", path.display()),
            )
            .await?;
        Ok(())
    }

    /// The money arrives, and the investment shows it.
    async fn settle(&mut self, investment: InvestmentId) -> Result<(), Failure> {
        // The issuer's bank has no interface in the API: the sandbox plays it.
        let wires = self.sandbox.investments();
        let arrive = async { wires.advance(investment, InvestmentStatus::Invested.as_str()) };
        self.steps
            .run(
                "the wire arrives and the issuer's escrow takes it",
                arrive,
                |()| "played by the sandbox, without HTTP".to_owned(),
            )
            .await?;

        let retrieve = self.issuance.investments().retrieve(investment).send();
        self.steps
            .run("investments.retrieve", retrieve, |investment| {
                let status = investment
                    .status
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string);
                format!("investment {} is {status}", investment.id)
            })
            .await?;
        Ok(())
    }

    /// A second, smaller investment, so that a filter and the pages have something to tell apart.
    async fn list(&mut self, investor: InvestorId) -> Result<(), Failure> {
        let offering = self.offering()?;
        let investments = self.issuance.investments();
        let create = investments
            .create(offering, investor, FEW_SHARES)
            .requested_payment_method(PaymentMethod::Wire)
            .accredited_investor(true)
            .us_person(true)
            .send();
        self.steps.run("investments.create", create, placed).await?;

        let filtered = investments
            .list()
            .status_in([InvestmentStatus::Received, InvestmentStatus::Invested])
            .amount_gte(Decimal::from(FILTER_FROM))
            .ordering("-created_at")
            .send();
        self.steps
            .run("investments.list", filtered, |page| {
                format!(
                    "{} of {} received or invested, from ${FILTER_FROM}",
                    page.results.len(),
                    page.count
                )
            })
            .await?;

        let mut next = Some(1);
        while let Some(number) = next {
            let list = investments
                .list()
                .ordering("created_at")
                .page(i64::try_from(number)?)
                .page_size(1)
                .send();
            let page = self
                .steps
                .run("investments.list", list, |page| {
                    let ids: Vec<_> = page.results.iter().map(|one| one.id.to_string()).collect();
                    // One on a page: there are as many pages as investments.
                    let pages = page.count;
                    format!("page {number} of {pages}: investment {}", ids.join(", "))
                })
                .await?;
            next = page.next_page();
        }
        Ok(())
    }

    /// The first investment's invoice, and the end of the login.
    async fn leave(&mut self, investment: InvestmentId) -> Result<(), Failure> {
        let invoices = self
            .issuance
            .invoices()
            .list()
            .investment(investment)
            .send();
        self.steps
            .run("invoices.list", invoices, |page| {
                format!("{} for investment {investment}", page.count)
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

fn placed(investment: &thirdparty::CreatedInvestment) -> String {
    format!(
        "investment {} of {}",
        investment.id,
        dollars(investment.amount)
    )
}

fn dollars(amount: Option<Money>) -> String {
    amount.map_or_else(
        || "an unknown amount".to_owned(),
        |amount| format!("${amount}"),
    )
}
