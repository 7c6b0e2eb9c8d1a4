//! Whole flows against the sandbox, over real sockets.

use accredit_sandbox::Sandbox;
use accredit_thirdparty::{
    Country, DocumentSide, ErrorExt as _, ErrorKind, InvestmentStatus, InvestorType,
    KybDocumentType, KycStatus, Problem, SubscriptionAgreementName,
};

use crate::support::{investor, offering, partner, person, submit, wire_investment};

#[tokio::test]
async fn an_investor_is_added_checked_and_read_back() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investors = client.investors();

    let check = investors.check_tax_id("123-45-6789", Country::US, InvestorType::Person);
    assert_eq!(
        check.is_us_citizen(true).send().await.unwrap().is_valid,
        Some(true)
    );
    let check = investors.check_tax_id("000-00-0000", Country::US, InvestorType::Person);
    assert_eq!(check.send().await.unwrap().is_valid, Some(false));
    let check = investors.check_tax_id(
        "123-45-6789",
        Country::from_value("ZZ"),
        InvestorType::Person,
    );
    let error = check.send().await.unwrap_err();
    assert_eq!(
        error.operation(),
        Some("investors.check_tax_id_number_valid")
    );
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(!error.fields().get("country_code").is_empty());

    let kyc = investors
        .kyc_country_codes()
        .send()
        .await
        .unwrap()
        .country_codes;
    assert!(kyc.contains(&Country::US) && kyc.iter().all(Country::is_known));
    let kyb = investors
        .kyb_country_codes()
        .send()
        .await
        .unwrap()
        .country_codes;
    assert!(kyb.contains(&Country::US));

    let created = investors
        .create(
            person("Lovelace").net_worth(2_500_000),
            InvestorType::Person,
        )
        .receive_emails(true)
        .send()
        .await
        .unwrap();
    let read = investors.retrieve(created.id).send().await.unwrap();
    assert_eq!(read, created);
    let entity = read.entity.unwrap();
    assert_eq!(entity.last_name.unwrap().expose(), "Lovelace");
    assert_eq!(entity.net_worth.unwrap().expose().to_string(), "2500000.00");

    let wire = investors
        .ach_credit_transfer(created.id)
        .send()
        .await
        .unwrap();
    let wire = wire.ach_credit_transfer.unwrap();
    assert!(wire.account_number.is_some() && wire.routing_number.is_some());

    let upload = investors.create_id_upload_workflow().send().await.unwrap();
    let page = upload.workflow_url.unwrap();
    assert_eq!(submit(&sandbox, page.expose(), "").await, 200);

    let values = investors.values().send().await.unwrap();
    assert_eq!((values.count, values.values.len()), (Some(1), 1));
}

#[tokio::test]
async fn a_refused_investor_tells_which_field_is_wrong() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let entity = person("Lovelace")
        .email("no address")
        .country(Country::from_value("ZZ"));
    let create = client
        .investors()
        .create(entity, InvestorType::from_value("robot"));
    let error = create.send().await.unwrap_err();
    assert_eq!(error.to_string(), "investors.create: 400 Bad Request");
    let problem = Problem::of(&error).unwrap();
    assert_eq!(problem.field("type"), ["\"robot\" is not a valid choice."]);
    let create = client.investors().create(
        person("Lovelace")
            .email("no address")
            .country(Country::from_value("ZZ")),
        InvestorType::Person,
    );
    let problem = Problem::of(&create.send().await.unwrap_err()).unwrap();
    assert_eq!(
        problem.field("entity.email"),
        ["Enter a valid email address."]
    );
    assert_eq!(
        problem.field("entity.country"),
        ["\"ZZ\" is not a valid choice."]
    );
    assert_eq!(problem.field("entity.first_name"), [""; 0]);
    assert_eq!(client.investors().list().send().await.unwrap().count, 0);
}

#[tokio::test]
async fn a_failed_identity_check_passes_the_second_time() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Kycfail").await;
    wire_investment(&client, offering(&sandbox, "reg_a"), &investor, 10).await;
    let read = client
        .investors()
        .retrieve(investor.id)
        .send()
        .await
        .unwrap();
    let entity = read.entity.unwrap();
    assert_eq!(entity.kyc_status, Some(KycStatus::Failed));
    let second = client
        .investors()
        .run_second_kyc(investor.id)
        .send()
        .await
        .unwrap();
    let check = second.verification_entity.unwrap();
    assert_eq!(
        (check.entity, check.status.as_deref()),
        (Some(entity.id), Some("passed"))
    );
}

#[tokio::test]
async fn an_investment_is_placed_signed_paid_and_closed() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let investments = client.investments();
    let created = wire_investment(&client, offering(&sandbox, "reg_d_506c"), &investor, 25).await;
    assert_eq!(created.investor.unwrap().id, investor.id);

    let secret = investments
        .payment_intent_secret(created.id)
        .send()
        .await
        .unwrap();
    assert_eq!(
        secret.payment_intent_secret,
        created.payment_intent_client_secret
    );

    let to_sign = investments
        .temp_pdf_subscription_agreements(created.id)
        .send()
        .await
        .unwrap();
    assert!(
        to_sign
            .pdf_subscription_agreements
            .iter()
            .all(|pdf| pdf.pdf.is_some())
    );
    assert!(!to_sign.pdf_subscription_agreements.is_empty());

    let signatures = client.investor_signatures();
    let signature = signatures
        .create(created.id, SubscriptionAgreementName::SubscriptionAgreement)
        .investor_title("CEO")
        .document_version(2)
        .send()
        .await
        .unwrap();
    assert_eq!(signature.signed_at, None);
    let page = signature.signing_url.as_ref().unwrap();
    let form = "investor_signature_text=Ada+Lovelace";
    assert_eq!(submit(&sandbox, page.expose(), form).await, 200);
    let signed = signatures.retrieve(signature.id).send().await.unwrap();
    assert!(signed.signed_at.is_some());
    let listed = signatures
        .list()
        .investment(created.id)
        .send()
        .await
        .unwrap();
    assert_eq!((listed.count, &listed.results[0]), (1, &signed));

    let pdfs = investments
        .pdf_subscription_agreements(created.id)
        .send()
        .await
        .unwrap();
    assert!(pdfs.pdf_subscription_agreements.is_empty());
    sandbox
        .investments()
        .advance(created.id, "accepted")
        .unwrap();
    let pdfs = investments
        .pdf_subscription_agreements(created.id)
        .send()
        .await
        .unwrap();
    assert_eq!(pdfs.pdf_subscription_agreements[0].version, Some(2));

    let shown = investments.retrieve(created.id).send().await.unwrap();
    assert_eq!(shown.status, Some(InvestmentStatus::Accepted));
    assert_eq!(shown.has_investor_signed, Some(true));
    assert_eq!((shown.amount, shown.quantity), (created.amount, Some(25)));

    let invoices = client
        .invoices()
        .list()
        .investment(created.id)
        .send()
        .await
        .unwrap();
    assert_eq!(invoices.count, 1);
    let invoice = client
        .invoices()
        .retrieve(invoices.results[0].id)
        .send()
        .await
        .unwrap();
    assert_eq!(invoice, invoices.results[0]);
    assert_eq!(invoice.investment, Some(created.id));
    client.auth().logout().await.unwrap();
}

#[tokio::test]
async fn the_value_lists_are_those_that_the_models_know() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let statuses = client
        .investments()
        .statuses()
        .send()
        .await
        .unwrap()
        .statuses;
    let listed: Vec<_> = statuses
        .iter()
        .map(|status| status.value.as_deref().unwrap())
        .collect();
    assert_eq!(listed, InvestmentStatus::values().collect::<Vec<_>>());
    let issues = client
        .investments()
        .processing_issue_statuses()
        .send()
        .await
        .unwrap()
        .statuses;
    assert!(
        issues
            .iter()
            .all(|issue| issue.value.is_some() && issue.label.is_some())
    );
}

#[tokio::test]
async fn a_kyb_document_goes_up_as_a_form_whatever_bytes_it_has() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let documents = client.kyb_documents();
    let entity = investor(&client, "Lovelace").await.entity.unwrap().id;

    // A whole field behind what looks like a boundary, the end of a form, every byte.
    let mut pdf = b"%PDF-1.7\r\n--accredit-form-boundary-0\r\n".to_vec();
    pdf.extend_from_slice(b"Content-Disposition: form-data; name=\"side\"\r\n\r\nfront\r\n");
    pdf.extend_from_slice(b"--accredit-form-boundary-0--\r\n--accredit-form-boundary-1--\r\n");
    pdf.extend(0..=u8::MAX);
    let created = documents
        .create(entity, KybDocumentType::Other, DocumentSide::Back, pdf)
        .send()
        .await
        .unwrap();
    assert_eq!(created.entity, Some(entity));
    assert_eq!(
        created.side,
        Some(DocumentSide::Back),
        "the file's own text is not a field"
    );
    assert_eq!(
        documents.retrieve(created.id).send().await.unwrap(),
        created
    );
    let listed = documents.list().entity(entity).send().await.unwrap();
    assert_eq!((listed.count, &listed.results[0]), (1, &created));

    let empty = documents.create(
        entity,
        KybDocumentType::Other,
        DocumentSide::Front,
        Vec::new(),
    );
    assert_eq!(empty.send().await.unwrap_err().kind(), ErrorKind::Build);
    let stranger = documents.create(
        99_999_u64,
        KybDocumentType::Other,
        DocumentSide::from_value("neither; of course="),
        b"%PDF".to_vec(),
    );
    let problem = Problem::of(&stranger.send().await.unwrap_err()).unwrap();
    let fields: Vec<_> = problem.fields().map(|(name, _)| name).collect();
    assert_eq!(fields, ["entity", "side"]);
}

#[tokio::test]
async fn what_does_not_exist_is_a_404_of_its_operation() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let errors = [
        client
            .investments()
            .retrieve(99_999_u64)
            .send()
            .await
            .unwrap_err(),
        client
            .investors()
            .retrieve(99_999_u64)
            .send()
            .await
            .unwrap_err(),
        client
            .invoices()
            .retrieve(99_999_u64)
            .send()
            .await
            .unwrap_err(),
        client
            .kyb_documents()
            .retrieve(99_999_u64)
            .send()
            .await
            .unwrap_err(),
        client
            .investor_signatures()
            .retrieve(u64::MAX)
            .send()
            .await
            .unwrap_err(),
    ];
    let operations = [
        "investments.retrieve",
        "investors.retrieve",
        "invoices.retrieve",
        "kyb_documents.retrieve",
        "subscription_agreement_investor_signatures.retrieve",
    ];
    for (error, operation) in errors.iter().zip(operations) {
        assert!(error.is_not_found());
        assert_eq!(error.to_string(), format!("{operation}: 404 Not Found"));
        assert!(Problem::of(error).unwrap().message().is_some());
    }
}
