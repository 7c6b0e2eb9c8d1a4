//! What goes over the wire for each operation: one snapshot a resource.
//!
//! Every value here is made up.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

use accredit_thirdparty::models::{Date, Json, Money, Personal, Timestamp};
use accredit_thirdparty::operations::{self, auth, investors};
use accredit_thirdparty::transport::{Operation, OperationInfo, RequestEncoder};
use accredit_thirdparty::{
    AccreditedInvestorType, CanadianEligibleInvestorType, Citizenship, Client, Country,
    DocumentSide, EntityId, Environment, IndividualEntityId, InvestmentColumn, InvestmentId,
    InvestmentOrdering, InvestmentStatus, InvestorId, InvestorSignatureId, InvestorType, InvoiceId,
    IssuerId, KybDocumentId, KybDocumentType, KycStatus, NewEntity, OfferingId, OfferingStatus,
    OfferingType, Order, PaymentMethod, SubscriptionAgreementName, UsState, UserId,
};

/// The requests of a resource as text.
#[derive(Default)]
struct Requests(String);

/// The operations that the tests of this process have shown.
static SHOWN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

impl Requests {
    fn show<O: Operation>(&mut self, operation: &O) {
        let info: &'static OperationInfo = const { &O::INFO };
        SHOWN.lock().unwrap().insert(info.name());
        let mut encoder = RequestEncoder::new(info);
        operation.encode(&mut encoder).unwrap();
        let request = encoder.finish().unwrap();
        let out = &mut self.0;
        writeln!(
            out,
            "# {}: {:?}, {:?}",
            info.name(),
            info.class(),
            info.response()
        )
        .unwrap();
        writeln!(out, "{} {}", request.method(), request.uri().path()).unwrap();
        // Without it the service answers 301, and whoever follows turns a POST into a GET.
        assert!(request.uri().path().ends_with('/'), "{}", info.name());
        for pair in request.uri().query().unwrap_or_default().split('&') {
            if !pair.is_empty() {
                writeln!(out, "  {pair}").unwrap();
            }
        }
        for (name, value) in request.headers() {
            writeln!(out, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        let body = String::from_utf8_lossy(request.body().as_bytes().unwrap());
        if body.starts_with('{') {
            // A field a line, in the order and the spelling of the wire.
            writeln!(out, "{}", body.replace(",\"", ",\n  \"")).unwrap();
        } else {
            // A snapshot has no carriage returns of its own.
            out.push_str(&body.replace('\r', ""));
        }
        out.push('\n');
    }

    /// The same, for a call with every setter used: what is still unset would print so.
    fn show_full<O: Operation + std::fmt::Debug>(&mut self, operation: &O) {
        let debug = format!("{operation:?}");
        for unset in [": None", ": []"] {
            assert!(!debug.contains(unset), "not every setter was used: {debug}");
        }
        self.show(operation);
    }
}

fn client() -> Client {
    Client::builder(Environment::Production).build().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn names(texts: [&str; 2]) -> [Personal<String>; 2] {
    texts.map(Personal::from)
}

fn show_auth() -> Requests {
    let mut requests = Requests::default();
    requests.show(&auth::Login::new("partner@example.com", "test-password"));
    requests.show(&auth::Logout::default());
    requests.show(&auth::Logoutall::default());
    requests
}

fn full_investment_list() -> operations::investments::List {
    let (morning, evening) = (
        time("2026-03-01T08:00:00Z"),
        time("2026-03-01T20:30:00.25+02:00"),
    );
    client()
        .investments()
        .list()
        .amount(money("128.520"))
        .amount_gt(5000)
        .amount_gte(money("0.1"))
        .amount_in([money("107.10"), money("149.94")])
        .amount_lt(money("1000000000000.01"))
        .amount_lte(money("-1"))
        .approvable_investments(true)
        .created_at(morning)
        .created_at_gte(morning)
        .created_at_in([morning, evening])
        .created_at_lte(evening)
        .dispute_document_investments(false)
        .dispute_document_required_investments(true)
        .entity_verification_document_review_investments(true)
        .entity_verification_document_uploaded_investments(true)
        .id(InvestmentId::new(1))
        .id_in([InvestmentId::new(1), InvestmentId::new(u64::MAX)])
        .individual_id_review_investments(true)
        .individual_id_uploaded_investments(true)
        .investmentapproval_is_approved(true)
        .investmentapproval_is_approved_in([true, false])
        .investor(InvestorId::new(2))
        .investor_entity(EntityId::new(3))
        .investor_entity_email("ada+test@example.com")
        .investor_entity_email_in(names(["ada@example.com", "b&c=d@example.com"]))
        .investor_entity_isnull(false)
        .investor_entity_kyc_status(KycStatus::Passed)
        .investor_entity_kyc_status_in([KycStatus::Failed, KycStatus::Processing])
        .investor_in([InvestorId::new(2)])
        .investor_individual_entity(IndividualEntityId::new(4))
        .investor_individual_entity_in([IndividualEntityId::new(4)])
        .investor_type(InvestorType::TrustIra)
        .investor_type_in([InvestorType::Company, InvestorType::Trust])
        .investor_user(UserId::new(5))
        .investor_user_email("ada@example.com")
        .investor_user_email_in(names(["a@example.com", "b@example.com"]))
        .investor_user_first_name("Zoë")
        .investor_user_first_name_in(names(["Zoë", "Anna Maria"]))
        .investor_user_in([UserId::new(5), UserId::new(6)])
        .investor_user_last_name("O'Brien / Söhne?")
        .investor_user_last_name_in(names(["a#b", "c%d"]))
        .offering(OfferingId::new(7))
        .offering_archived(false)
        .offering_archived_in([true])
        .offering_in([OfferingId::new(7), OfferingId::new(8)])
        .offering_issuer(IssuerId::new(9))
        .offering_issuer_entity(EntityId::new(10))
        .offering_issuer_entity_company_name("Engines & Co")
        .offering_issuer_entity_company_name_in(["Engines".to_owned()])
        .offering_issuer_entity_in([EntityId::new(10)])
        .offering_issuer_in([IssuerId::new(9)])
        .offering_name("Series A")
        .offering_name_in(["Series A".to_owned(), "Series B".to_owned()])
        .offering_slug("series-a")
        .offering_slug_in(["series-a".to_owned()])
        .offering_status(OfferingStatus::Incomplete)
        .offering_status_in([OfferingStatus::from_value("a status of tomorrow")])
        .offering_type(OfferingType::RegD506c)
        .offering_type_in([OfferingType::RegA, OfferingType::RegCf])
        .ordering([
            Order::Desc(InvestmentOrdering::CreatedAt),
            Order::Asc(InvestmentOrdering::Id),
        ])
        .page(3)
        .page_size(100)
        .price_fees(money("2.10"))
        .price_fees_in([money("2.10")])
        .price_payment_processing_fees(money("0"))
        .price_payment_processing_fees_in([money("0.00"), money("1")])
        .processed_at(morning)
        .processed_at_gte(morning)
        .processed_at_in([morning])
        .processed_at_lte(evening)
        .processing_issue_statuses("dispute")
        .processing_issue_statuses_in(["dispute".to_owned(), "kyc".to_owned()])
        .reference_id("REF-1")
        .reference_id_in(["REF-1".to_owned(), "REF-2".to_owned()])
        .requested_payment_method_in([PaymentMethod::Wire, PaymentMethod::Card])
        .search("ada lovelace")
        .shares_amount(money("1"))
        .shares_amount_gt(money("2"))
        .shares_amount_gte(money("3"))
        .shares_amount_in([money("4"), money("5.5")])
        .shares_amount_lt(money("6"))
        .shares_amount_lte(money("7"))
        .status(InvestmentStatus::AcceptedEscrowClosed)
        .status_in([InvestmentStatus::Received, InvestmentStatus::Invested])
        .updated_at(evening)
        .updated_at_gte(evening)
        .updated_at_in([evening])
        .param("of tomorrow[]", "x,y & z")
        .param("page", "4")
        .into_operation()
}

fn show_investments() -> Requests {
    let mut requests = Requests::default();
    let investments = client().investments();
    requests.show(&investments.list().into_operation());
    requests.show_full(&full_investment_list());
    let create = investments.create(OfferingId::new(7), InvestorId::new(2), 25);
    requests.show(&create.into_operation());
    let create = investments
        .create(7_u64, 2_u64, 25)
        .accredited_investor(true)
        .net_worth(money("2500000.50"))
        .annual_income(money("300000"))
        .us_person(true)
        .exempt_from_backup_withholding(false)
        .amount_invested_in_reg_cf_offering_this_year(money("0.01"))
        .amount_invested_in_reg_cf_offering_this_year_other_platforms(money("1e2"))
        .is_entity_submitted(true)
        .user_browser_type("test browser")
        .accredited_investor_type(AccreditedInvestorType::NetWorth)
        .attorney_or_cpa_email("cpa@example.com")
        .reg_cf_disclosure_acknowledged_at(time("2026-03-01T08:00:00.123456Z"))
        .household_w9(false)
        .bonus_shares_code("BONUS")
        .canadian_eligible_investor_type(CanadianEligibleInvestorType::EligibleNetIncome)
        .requested_payment_method(PaymentMethod::Wire)
        .receive_sms(true)
        .utm_parameters(Json::new(&serde_json::json!({ "utm_source": "test" })).unwrap())
        .user_agreements([1, 2]);
    requests.show_full(&create.into_operation());
    let id = InvestmentId::new(11);
    requests.show(&investments.retrieve(id).into_operation());
    requests.show(&investments.payment_intent_secret(id).into_operation());
    requests.show(&investments.pdf_subscription_agreements(id).into_operation());
    requests.show(
        &investments
            .temp_pdf_subscription_agreements(id)
            .into_operation(),
    );
    requests.show(&investments.processing_issue_statuses().into_operation());
    requests.show(&investments.statuses().into_operation());
    let values = investments
        .values()
        .field([InvestmentColumn::Id, InvestmentColumn::InvestorUserEmail])
        .param("status", "received");
    requests.show_full(&values.into_operation());
    requests
}

fn full_entity() -> NewEntity {
    NewEntity::new()
        .first_name("Ada")
        .last_name("Test")
        .date_of_birth(date("1985-12-10"))
        .tax_id_number("000-00-0000")
        .accredited_investor(true)
        .net_worth(money("2500000.5"))
        .annual_income(money("300000"))
        .citizenship(Citizenship::UnitedStates)
        .us_person(true)
        .exempt_from_backup_withholding(true)
        .amount_invested_in_reg_cf_offering_this_year(money("0"))
        .amount_invested_in_reg_cf_offering_this_year_other_platforms(money("0"))
        .accredited_investor_type(AccreditedInvestorType::NetWorth)
        .attorney_or_cpa_email("cpa@example.com")
        .canadian_eligible_investor_type(CanadianEligibleInvestorType::EligibleNetIncome)
        .household_w9(false)
        .email("ada@example.com")
        .phone("+1 555 0100")
        .street_address_1("1 Test Street")
        .street_address_2("Flat 2")
        .city("Testville")
        .state(UsState::AL)
        .region("Region")
        .postal_code("00000")
        .country(Country::US)
        .company_name("Test LLC")
        .extra("ein_letter", Json::new(&"yes").unwrap())
}

fn full_investor_list() -> investors::List {
    let then = time("2026-03-01T08:00:00Z");
    client()
        .investors()
        .list()
        .created_at(then)
        .created_at_in([then])
        .entity(EntityId::new(3))
        .entity_in([EntityId::new(3)])
        .id(InvestorId::new(2))
        .id_in([InvestorId::new(2), InvestorId::new(3)])
        .individual_entity(IndividualEntityId::new(4))
        .individual_entity_in([IndividualEntityId::new(4)])
        .number_kyc_failed(true)
        .ordering("id")
        .page(1)
        .page_size(10)
        .search("ada")
        .kind(InvestorType::Person)
        .kind_in([InvestorType::Person, InvestorType::Company])
        .upload_document(false)
        .user(UserId::new(5))
        .user_email("ada@example.com")
        .user_email_in(names(["a@example.com", "b@example.com"]))
        .user_first_name("Ada")
        .user_first_name_in(names(["Ada", "Zoë"]))
        .user_in([UserId::new(5)])
        .user_last_name("Test")
        .user_last_name_in(names(["Test", "Other"]))
        .param("further", "1")
        .into_operation()
}

fn show_investors() -> Requests {
    let mut requests = Requests::default();
    let investors = client().investors();
    requests.show_full(&full_investor_list());
    let minimal = investors.create(NewEntity::new(), InvestorType::Company);
    requests.show(&minimal.into_operation());
    let create = investors
        .create(full_entity(), InvestorType::Person)
        .receive_sms(true)
        .receive_emails(false);
    requests.show_full(&create.into_operation());
    let id = InvestorId::new(2);
    requests.show(&investors.retrieve(id).into_operation());
    requests.show(&investors.ach_credit_transfer(id).into_operation());
    requests.show(&investors.run_second_kyc(id).into_operation());
    let check = investors.check_tax_id("000-00-0000", Country::US, InvestorType::Person);
    requests.show(&check.into_operation());
    let check = investors
        .check_tax_id(
            "000-00-0000",
            Country::from_value("XX"),
            InvestorType::TrustIra,
        )
        .is_us_citizen(false);
    requests.show_full(&check.into_operation());
    requests.show(&investors.create_id_upload_workflow().into_operation());
    requests.show(&investors.kyb_country_codes().into_operation());
    requests.show(&investors.kyc_country_codes().into_operation());
    requests.show(&investors.values().into_operation());
    let values = investors
        .values()
        .field(["type".to_owned()])
        .param("type", "person");
    requests.show_full(&values.into_operation());
    requests
}

fn show_invoices() -> Requests {
    let mut requests = Requests::default();
    let invoices = client().invoices();
    let list = invoices
        .list()
        .id(InvoiceId::new(1))
        .id_in([InvoiceId::new(1), InvoiceId::new(2)])
        .investment(InvestmentId::new(11))
        .investment_in([InvestmentId::new(11)])
        .ordering("-id")
        .page(1)
        .page_size(5)
        .search("INV-1")
        .param("number", "INV-1");
    requests.show_full(&list.into_operation());
    requests.show(&invoices.retrieve(1_u64).into_operation());
    requests
}

fn show_kyb_documents() -> Requests {
    let mut requests = Requests::default();
    let documents = client().kyb_documents();
    let list = documents
        .list()
        .entity(EntityId::new(3))
        .entity_in([EntityId::new(3)])
        .id(KybDocumentId::new(1))
        .id_in([KybDocumentId::new(1)])
        .ordering("id")
        .page(2)
        .page_size(5)
        .search("x")
        .param("side", "front");
    requests.show_full(&list.into_operation());
    let pdf = b"%PDF-1.7 test".to_vec();
    let create = documents.create(3_u64, KybDocumentType::Other, DocumentSide::Back, pdf);
    requests.show(&create.into_operation());
    requests.show(&documents.retrieve(1_u64).into_operation());
    requests
}

fn show_signatures() -> Requests {
    let mut requests = Requests::default();
    let signatures = client().investor_signatures();
    let then = time("2026-03-01T08:00:00Z");
    let list = signatures
        .list()
        .id(InvestorSignatureId::new(1))
        .id_in([InvestorSignatureId::new(1)])
        .investment(InvestmentId::new(11))
        .investment_in([InvestmentId::new(11)])
        .investment_investor(InvestorId::new(2))
        .investment_investor_in([InvestorId::new(2)])
        .investment_offering(OfferingId::new(7))
        .investment_offering_in([OfferingId::new(7)])
        .investor_signature_date(then)
        .investor_signature_date_in([then])
        .ordering("id")
        .page(1)
        .page_size(5)
        .search("Ada")
        .signed_at(then)
        .signed_at_in([then])
        .param("further", "1");
    requests.show_full(&list.into_operation());
    let name = SubscriptionAgreementName::SubscriptionAgreement2;
    requests.show(&signatures.create(11_u64, name.clone()).into_operation());
    let create = signatures
        .create(11_u64, name)
        .investor_signature_text("Ada Test")
        .investor_signature_date(then)
        .document_version(2)
        .investor_title("CEO")
        .facebook_fbc("test-fbc")
        .facebook_fbp("test-fbp");
    requests.show_full(&create.into_operation());
    requests.show(&signatures.retrieve(1_u64).into_operation());
    requests
}

#[test]
fn auth_requests() {
    insta::assert_snapshot!("auth", show_auth().0);
}

#[test]
fn investment_requests() {
    insta::assert_snapshot!("investments", show_investments().0);
}

#[test]
fn investor_requests() {
    insta::assert_snapshot!("investors", show_investors().0);
}

#[test]
fn invoice_requests() {
    insta::assert_snapshot!("invoices", show_invoices().0);
}

#[test]
fn kyb_document_requests() {
    let shown = show_kyb_documents().0;
    // A random one.
    let (_, rest) = shown.split_once("boundary=").unwrap();
    let shown = shown.replace(rest.lines().next().unwrap(), "boundary");
    insta::assert_snapshot!("kyb_documents", shown);
}

#[test]
fn investor_signature_requests() {
    insta::assert_snapshot!("investor_signatures", show_signatures().0);
}

/// Fails when the contract has an operation without a snapshot here.
#[test]
fn every_operation_of_the_contract_has_a_snapshot() {
    let shown = [
        show_auth(),
        show_investments(),
        show_investors(),
        show_invoices(),
        show_kyb_documents(),
        show_signatures(),
    ];
    assert!(shown.iter().all(|requests| !requests.0.is_empty()));
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../spec/thirdparty.openapi.yaml"
    );
    let contract = std::fs::read_to_string(file).unwrap();
    let names: BTreeSet<&str> = contract
        .lines()
        .filter_map(|line| line.trim().strip_prefix("operationId: "))
        .collect();
    assert_eq!(*SHOWN.lock().unwrap(), names);
}

#[test]
fn a_value_of_a_comma_list_with_a_comma_is_refused_before_sending() {
    let list = client()
        .investments()
        .list()
        .offering_name_in(["a,b".to_owned()])
        .into_operation();
    let mut encoder = RequestEncoder::new(const { &operations::investments::List::INFO });
    let error = list.encode(&mut encoder).unwrap_err().to_string();
    assert!(
        error.contains("offering__name__in") && !error.contains("a,b"),
        "{error}"
    );
}
