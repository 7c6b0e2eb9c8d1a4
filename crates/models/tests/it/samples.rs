//! The samples of the vendors' documents, each through the type of its operation, unchanged.
//!
//! Two things are done to a sample first, and no more: where the document prints the placeholder `"text"` in the place of
//! a decimal, [`REPLACED`] puts a decimal there; and a missing field counts as null, before and after.

use std::collections::BTreeSet;

use accredit_models::{Envelope, Page, Signed, thirdparty as tp, verifyinvestor as vi};
use serde::{Serialize, de::DeserializeOwned};

use crate::tree::{Step, Tree, path_text};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/samples");

/// What a decimal is replaced by.
const DECIMAL: &str = "1234.50";

/// Not samples of bodies but lists, which the contract is checked against.
const LISTS: [&str; 4] = [
    "issuance/endpoints.json",
    "issuance/enums.json",
    "verifyinvestor/endpoints.json",
    "verifyinvestor/enums.json",
];

/// A sample and the type of its operation.
struct Case {
    file: &'static str,
    /// Decodes and encodes.
    carry: fn(&str) -> Result<String, String>,
}

const fn case<T: DeserializeOwned + Serialize>(file: &'static str) -> Case {
    let carry = |text: &str| {
        let value: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
        serde_json::to_string(&value).map_err(|error| error.to_string())
    };
    Case { file, carry }
}

const CASES: &[Case] = &[
    case::<tp::LoginRequest>("issuance/auth.login.request.json"),
    case::<tp::Login>("issuance/auth.login.response.json"),
    case::<tp::NewInvestment>("issuance/investments.create.request.json"),
    case::<tp::CreatedInvestment>("issuance/investments.create.response.json"),
    case::<Envelope<tp::PaymentIntentSecret>>(
        "issuance/investments.get_payment_intent_secret.response.json",
    ),
    case::<Page<tp::InvestmentSummary>>("issuance/investments.list.response.json"),
    case::<Envelope<tp::SubscriptionAgreementPdfs>>(
        "issuance/investments.pdf_subscription_agreements.response.json",
    ),
    case::<Envelope<tp::StatusList>>(
        "issuance/investments.processing_issue_statuses.response.json",
    ),
    case::<tp::Investment>("issuance/investments.retrieve.response.json"),
    case::<Envelope<tp::StatusList>>("issuance/investments.statuses.response.json"),
    case::<Envelope<tp::TempSubscriptionAgreementPdfs>>(
        "issuance/investments.temp_pdf_subscription_agreements.response.json",
    ),
    case::<Envelope<tp::InvestmentValues>>("issuance/investments.values.response.json"),
    case::<tp::TaxIdCheck>("issuance/investors.check_tax_id_number_valid.request.json"),
    case::<Envelope<tp::TaxIdValidity>>(
        "issuance/investors.check_tax_id_number_valid.response.json",
    ),
    case::<tp::NewInvestor>("issuance/investors.create.request.json"),
    case::<tp::Investor>("issuance/investors.create.response.json"),
    case::<Envelope<tp::IdUploadWorkflow>>(
        "issuance/investors.create_id_upload_workflow_url.response.json",
    ),
    case::<Envelope<tp::AchCreditTransferData>>(
        "issuance/investors.get_ach_credit_transfer.response.json",
    ),
    case::<Envelope<tp::CountryCodes>>("issuance/investors.kyb_country_codes.response.json"),
    case::<Envelope<tp::CountryCodes>>("issuance/investors.kyc_country_codes.response.json"),
    case::<Page<tp::Investor>>("issuance/investors.list.response.json"),
    case::<tp::Investor>("issuance/investors.retrieve.response.json"),
    case::<Envelope<tp::VerificationEntityData>>("issuance/investors.run_second_kyc.response.json"),
    case::<Envelope<tp::InvestorValues>>("issuance/investors.values.response.json"),
    case::<Page<tp::Invoice>>("issuance/invoices.list.response.json"),
    case::<tp::Invoice>("issuance/invoices.retrieve.response.json"),
    case::<tp::NewKybDocument>("issuance/kyb_documents.create.request.json"),
    case::<tp::KybDocument>("issuance/kyb_documents.create.response.json"),
    case::<Page<tp::KybDocument>>("issuance/kyb_documents.list.response.json"),
    case::<tp::KybDocument>("issuance/kyb_documents.retrieve.response.json"),
    case::<tp::NewInvestorSignature>(
        "issuance/subscription_agreement_investor_signatures.create.request.json",
    ),
    case::<tp::InvestorSignature>(
        "issuance/subscription_agreement_investor_signatures.create.response.json",
    ),
    case::<Page<tp::InvestorSignature>>(
        "issuance/subscription_agreement_investor_signatures.list.response.json",
    ),
    case::<tp::InvestorSignature>(
        "issuance/subscription_agreement_investor_signatures.retrieve.response.json",
    ),
    case::<vi::Billing>("verifyinvestor/billing.all_types.response.json"),
    case::<vi::Billing>("verifyinvestor/billing.regular_only.response.json"),
    case::<vi::ApiInfo>("verifyinvestor/root.response.json"),
    case::<Vec<vi::UserSummary>>("verifyinvestor/users.list.response.json"),
    case::<vi::User>("verifyinvestor/users.retrieve.response.json"),
    case::<vi::PendingRequestError>("verifyinvestor/verification_requests.create.422.json"),
    case::<vi::NewVerificationRequest>("verifyinvestor/verification_requests.create.request.json"),
    case::<vi::CreatedVerificationRequest>(
        "verifyinvestor/verification_requests.create.response.json",
    ),
    case::<vi::CreatedVerificationRequest>(
        "verifyinvestor/verification_requests.create_aml_kyc.response.json",
    ),
    case::<vi::CreatedVerificationRequest>(
        "verifyinvestor/verification_requests.create_qualified_client.response.json",
    ),
    case::<vi::CreatedVerificationRequest>(
        "verifyinvestor/verification_requests.create_qualified_purchaser.response.json",
    ),
    case::<Vec<vi::VerificationRequestListItem>>(
        "verifyinvestor/verification_requests.list.response.json",
    ),
    case::<vi::VerificationRequest>("verifyinvestor/verification_requests.retrieve.response.json"),
    case::<vi::ErrorMessage>("verifyinvestor/verification_requests.review.error.json"),
    case::<vi::NewReview>("verifyinvestor/verification_requests.review.request.json"),
    case::<vi::Review>("verifyinvestor/verification_requests.review.response.json"),
    case::<vi::ErrorMessage>(
        "verifyinvestor/verification_requests.simulate_investor_completion.422.json",
    ),
    case::<vi::SimulatedCompletion>(
        "verifyinvestor/verification_requests.simulate_investor_completion.response.json",
    ),
    case::<vi::ErrorMessage>("verifyinvestor/verification_requests.webhook.404.json"),
    case::<vi::WebhookReplay>("verifyinvestor/verification_requests.webhook.response.json"),
    case::<Signed<vi::WebhookEvent>>("verifyinvestor/webhook.event.completed.json"),
    case::<Signed<vi::WebhookEvent>>("verifyinvestor/webhook.event.pending.json"),
];

/// Every place where a sample has a placeholder that is no decimal.
const REPLACED: &[(&str, &[&str])] = &[
    (
        "issuance/investments.create.request.json",
        &[
            "net_worth",
            "annual_income",
            "amount_invested_in_reg_cf_offering_this_year",
            "amount_invested_in_reg_cf_offering_this_year_other_platforms",
        ],
    ),
    (
        "issuance/investments.create.response.json",
        &[
            "investor.entity.net_worth",
            "investor.entity.annual_income",
            "investor.entity.amount_invested_in_reg_cf_offering_this_year",
            "investor.entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
            "net_worth",
            "annual_income",
            "amount_invested_in_reg_cf_offering_this_year",
            "amount_invested_in_reg_cf_offering_this_year_other_platforms",
            "amount",
            "price_fees",
            "price_payment_processing_fees",
            "shares_amount",
            "price_qualified_shares",
        ],
    ),
    (
        "issuance/investments.list.response.json",
        &[
            "results[0].price",
            "results[0].price_fees",
            "results[0].price_payment_processing_fees",
            "results[0].amount",
            "results[0].investor.entity.net_worth",
            "results[0].investor.entity.annual_income",
            "results[0].investor.entity.amount_invested_in_reg_cf_offering_this_year",
            "results[0].net_worth",
            "results[0].annual_income",
            "results[0].amount_invested_in_reg_cf_offering_this_year",
            "results[0].shares_amount",
            "results[0].price_qualified_shares",
        ],
    ),
    (
        "issuance/investments.retrieve.response.json",
        &[
            "price",
            "price_fees",
            "price_payment_processing_fees",
            "amount",
            "offering.unit_price",
            "offering.administrative_fees",
            "offering.max_investment_amount",
            "offering.min_investment_amount",
            "offering.investment_increment_amount",
            "offering.minimum_wire_transfer_amount",
            "offering.auto_accept_max_amount",
            "offering.auto_accept_min_amount",
            "offering.email_investment_started_threshold",
            "offering.minimum_amount_raised",
            "offering.maximum_amount_raised",
            "offering.qualified_equity_financing_share_unit_price",
            "offering.qualified_equity_financing_share_discounted_price",
            "offering.reg_cf_fee_percentage",
            "offering.offeringbonusshare_set[0].value",
            "offering.offeringbonusshare_set[0].minimum_amount",
            "offering.offeringbonusshare_set[0].maximum_amount",
            "offering.investor_credit_card_fee_percentage",
            "offering.private_program_external_raised_amount",
            "investor.entity.net_worth",
            "investor.entity.annual_income",
            "investor.entity.amount_invested_in_reg_cf_offering_this_year",
            "investor.entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
            "net_worth",
            "annual_income",
            "amount_invested_in_reg_cf_offering_this_year",
            "amount_invested_in_reg_cf_offering_this_year_other_platforms",
            "shares_amount",
            "price_qualified_shares",
        ],
    ),
    (
        "issuance/investments.values.response.json",
        &[
            "data.values[0].price_fees",
            "data.values[0].amount",
            "data.values[0].price_payment_processing_fees",
        ],
    ),
    (
        "issuance/investors.create.request.json",
        &[
            "entity.net_worth",
            "entity.annual_income",
            "entity.amount_invested_in_reg_cf_offering_this_year",
            "entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
        ],
    ),
    (
        "issuance/investors.create.response.json",
        &[
            "entity.net_worth",
            "entity.annual_income",
            "entity.amount_invested_in_reg_cf_offering_this_year",
            "entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
        ],
    ),
    (
        "issuance/investors.list.response.json",
        &[
            "results[0].entity.net_worth",
            "results[0].entity.annual_income",
            "results[0].entity.amount_invested_in_reg_cf_offering_this_year",
            "results[0].entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
        ],
    ),
    (
        "issuance/investors.retrieve.response.json",
        &[
            "entity.net_worth",
            "entity.annual_income",
            "entity.amount_invested_in_reg_cf_offering_this_year",
            "entity.amount_invested_in_reg_cf_offering_this_year_other_platforms",
        ],
    ),
];

fn read(file: &str) -> Tree {
    let path = format!("{FOLDER}/{file}");
    Tree::parse(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
}

fn replaced(file: &str) -> &'static [&'static str] {
    REPLACED
        .iter()
        .find(|(of, _)| *of == file)
        .map_or(&[], |(_, paths)| *paths)
}

fn clean(tree: Tree) -> Tree {
    tree.without(Tree::is_null)
}

fn find(tree: &Tree, text: &str) -> Option<Vec<Step>> {
    tree.walk()
        .into_iter()
        .map(|(path, _)| path)
        .find(|path| path_text(path) == text)
}

#[test]
fn every_sample_survives_decode_and_encode() {
    for Case { file, carry } in CASES {
        let mut sample = read(file);
        for at in replaced(file) {
            let path = find(&sample, at).unwrap_or_else(|| panic!("{file} has no {at}"));
            assert_eq!(
                *sample.at_mut(&path),
                Tree::text("text"),
                "{file}: {at} is no placeholder"
            );
            sample = sample.replace(&path, Tree::text(DECIMAL));
        }
        let carried = carry(&sample.to_string()).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(clean(Tree::parse(&carried)), clean(sample), "{file}");
    }
}

/// An entry that is not needed would hide that a type takes any text.
#[test]
fn nothing_is_replaced_without_need() {
    let known: BTreeSet<&str> = CASES.iter().map(|case| case.file).collect();
    for (file, paths) in REPLACED {
        assert!(known.contains(file), "{file}");
        let case = CASES.iter().find(|case| case.file == *file).unwrap();
        let sample = read(file);
        let decimals = paths.iter().fold(sample, |sample, at| {
            let path = find(&sample, at).unwrap_or_else(|| panic!("{file} has no {at}"));
            sample.replace(&path, Tree::text(DECIMAL))
        });
        for at in *paths {
            let path = find(&decimals, at).unwrap();
            let one_left = decimals.replace(&path, Tree::text("text"));
            let error = (case.carry)(&one_left.to_string())
                .expect_err(&format!("{file}: {at} needs no replacement"));
            assert!(
                error.contains("expected a decimal"),
                "{file}: {at}: {error}"
            );
        }
        println!("{file}: replaced {}", paths.join(", "));
    }
}

#[test]
fn every_sample_of_the_documents_is_a_case() {
    let mut files = BTreeSet::new();
    for service in ["issuance", "verifyinvestor"] {
        for entry in std::fs::read_dir(format!("{FOLDER}/{service}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files.insert(format!("{service}/{name}"));
        }
    }
    let used: BTreeSet<String> = CASES
        .iter()
        .map(|case| case.file)
        .chain(LISTS)
        .map(str::to_owned)
        .collect();
    assert_eq!(
        used.len(),
        CASES.len() + LISTS.len(),
        "a sample stands twice"
    );
    assert_eq!(files, used);
}
