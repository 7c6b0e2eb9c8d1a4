//! What the service's answers mean: a 400 that is a verdict, errors by field, entities of every kind.

use accredit_sandbox::Sandbox;
use accredit_thirdparty::models::{Json, Personal};
use accredit_thirdparty::{
    Call, Column, Country, ErrorExt as _, ErrorKind, InvestmentColumn, InvestorType, KycStatus,
    NewCompany, NewEntity, NewInvestor, NewPerson, NewTrust, NewTrustIra, operations,
};

use crate::support::{Service, investor, offering, partner, wire_investment};

fn check(service: &Service) -> Call<operations::investors::CheckTaxIdNumberValid> {
    let investors = service.client().investors();
    investors.check_tax_id("000-00-0000", Country::US, InvestorType::Person)
}

/// The document names the status and shows no body, so every shape of the frameworks counts.
#[tokio::test]
async fn a_tax_id_that_is_not_valid_is_an_answer() {
    for body in [
        r#"{"success": false, "message": "canary", "data": {"is_valid": false}}"#,
        r#"{"success": false, "message": "Tax ID is not valid.", "data": {}}"#,
        r#"{"success": false}"#,
        r#"{"is_valid": false}"#,
        r#"{"detail": "Tax ID number is not valid."}"#,
        r#"{"error": "invalid"}"#,
        r#"{"tax_id_number": ["Not a tax id."]}"#,
        r#"{"non_field_errors": ["Not a tax id."]}"#,
        r#"["Not a tax id."]"#,
        "{}",
    ] {
        let service = Service::json(400, body);
        let answer = check(&service).send().await.unwrap();
        assert_eq!(answer.is_valid, Some(false), "{body}");
        assert_eq!(service.seen().len(), 2, "a login and one question");
    }
}

#[tokio::test]
async fn a_refused_question_about_a_tax_id_is_no_verdict() {
    for (status, body) in [
        (
            400,
            r#"{"country_code": ["\"ZZ\" is not a valid choice."]}"#,
        ),
        (
            400,
            r#"{"tax_id_number": ["x"], "investor_type": ["This field is required."]}"#,
        ),
        (400, "<html><h1>Bad Request (400)</h1></html>"),
        (400, ""),
        // An answer that contradicts itself.
        (400, r#"{"success": true, "data": {"is_valid": true}}"#),
        (403, r#"{"detail": "You do not have permission."}"#),
        (404, r#"{"detail": "Not found."}"#),
        (500, r#"{"success": false, "data": {"is_valid": false}}"#),
    ] {
        let error = check(&Service::json(status, body))
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.status().unwrap().as_u16()),
            (ErrorKind::Status, status),
            "{body}"
        );
    }
    // Other operations have no such answer.
    let service = Service::json(400, r#"{"success": false, "data": {"is_valid": false}}"#);
    let kyc = service.client().investors().run_second_kyc(1_u64);
    assert_eq!(kyc.send().await.unwrap_err().kind(), ErrorKind::Status);
}

#[tokio::test]
async fn errors_tell_which_field_is_wrong_by_its_path() {
    let body = r#"{
        "quantity": ["A valid integer is required.", "canary"],
        "entity": {"email": ["Enter a valid email address."], "non_field_errors": ["No."],
                   "addresses": [{}, {"city": ["Too long."]}]},
        "user_agreements": {"0": ["A valid integer is required."], "12": ["x"]}
    }"#;
    let service = Service::json(400, body);
    let create = service.client().investments().create(7_u64, 2_u64, 1);
    let error = create.send().await.unwrap_err();
    let fields = error.fields();
    let paths: Vec<&str> = fields.iter().map(|(path, _)| path).collect();
    let expected = [
        "entity.addresses[1].city",
        "entity.email",
        "entity.non_field_errors",
        "quantity",
        "user_agreements[0]",
        "user_agreements[12]",
    ];
    assert_eq!(paths, expected);
    assert_eq!((fields.len(), fields.is_empty()), (6, false));
    assert_eq!(fields.get("entity.email"), ["Enter a valid email address."]);
    assert_eq!(fields.get("quantity").len(), 2);
    assert!(fields.get("price").is_empty());
    assert!(!format!("{fields:?} {fields:#?}").contains("canary"));
    assert!(format!("{fields:?}").contains("user_agreements[0]"));
    assert_eq!(error.problem().unwrap().into_fields(), fields);

    for body in [r#"{"detail": "Not found."}"#, "<html>x</html>", ""] {
        let service = Service::json(400, body);
        let error = service.client().investors().values().send().await;
        assert!(error.unwrap_err().fields().is_empty(), "{body}");
    }
}

fn text(value: Option<&Personal<String>>) -> Option<&str> {
    value.map(|value| value.expose().as_str())
}

#[tokio::test]
async fn every_kind_of_party_is_added_with_what_it_needs() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let investors = partner(&sandbox).investors();
    let ada = NewPerson::new("Ada", "Lovelace").country(Country::US);
    let created = investors.create_party(ada).send().await.unwrap();
    assert_eq!(created.kind, Some(InvestorType::Person));
    let entity = created.entity.unwrap();
    assert_eq!(text(entity.last_name.as_ref()), Some("Lovelace"));
    assert_eq!(entity.country, Some(Personal::new(Country::US)));

    let parties: [(NewInvestor, InvestorType); 3] = [
        (NewCompany::new("Engines LLC").into(), InvestorType::Company),
        (NewTrust::new("Engines LLC").into(), InvestorType::Trust),
        (
            NewTrustIra::new("Engines LLC").into(),
            InvestorType::TrustIra,
        ),
    ];
    for (party, kind) in parties {
        let created = investors.create_party(party).send().await.unwrap();
        assert_eq!(created.kind, Some(kind));
        let name = created.entity.unwrap().company_name;
        assert_eq!(text(name.as_ref()), Some("Engines LLC"));
    }
    // What each needs, the service asks for: a nameless company is refused.
    let nameless = investors.create(NewEntity::new(), InvestorType::Company);
    let error = nameless.send().await.unwrap_err();
    assert!(!error.fields().get("entity.company_name").is_empty());
}

/// Fails when the contract has a field of an entity that no builder sets.
#[test]
fn the_builders_set_every_field_of_an_entity() {
    let person = NewPerson::new("a", "b")
        .date_of_birth(
            "1985-12-10"
                .parse::<accredit_thirdparty::models::Date>()
                .unwrap(),
        )
        .citizenship(accredit_thirdparty::Citizenship::UnitedStates)
        .tax_id_number("c")
        .email("d")
        .phone("e")
        .street_address_1("f")
        .street_address_2("g")
        .city("h")
        .state(accredit_thirdparty::UsState::AL)
        .region("i")
        .postal_code("j")
        .country(Country::US)
        .attorney_or_cpa_email("k")
        .net_worth(1)
        .annual_income(2)
        .amount_invested_in_reg_cf_offering_this_year(3)
        .amount_invested_in_reg_cf_offering_this_year_other_platforms(4)
        .accredited_investor(true)
        .us_person(true)
        .exempt_from_backup_withholding(true)
        .household_w9(true)
        .accredited_investor_type(accredit_thirdparty::AccreditedInvestorType::NetWorth)
        .canadian_eligible_investor_type(
            accredit_thirdparty::CanadianEligibleInvestorType::EligibleNetIncome,
        )
        .extra("further", Json::new(&1).unwrap());
    let entity = NewEntity::from(person).company_name("l");
    let debug = format!("{entity:?}");
    assert!(
        !debug.contains(": None"),
        "not every field was set: {debug}"
    );
    assert!(debug.contains("citizenship: Some([redacted])"), "{debug}");
}

/// `entity` has other fields for each kind of investor, and which ones is documented for a person only.
#[tokio::test]
async fn nothing_of_an_entity_is_lost() {
    let entity = r#"{"id": 5, "company_name": "Engines", "ein_letter": {"pages": [1, 2.50]}, "kyc_status": "on hold",
        "trustees": [{"first_name": "Ada"}], "state": "New South Wales", "country": "Utopia", "of_tomorrow": null}"#;
    let body = format!(r#"{{"id": 7, "type": "limited_partnership", "entity": {entity}}}"#);
    let client = Service::json(200, &body).client();
    let investor = client.investors().retrieve(7_u64).send().await.unwrap();
    assert_eq!(investor.kind.unwrap().as_str(), "limited_partnership");
    let read = investor.entity.unwrap();
    assert_eq!(read.kyc_status, Some(KycStatus::from_value("on hold")));
    let extra: Vec<(&str, &str)> = read
        .extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("ein_letter", r#"{"pages": [1, 2.50]}"#),
        ("of_tomorrow", "null"),
        ("trustees", r#"[{"first_name": "Ada"}]"#),
    ];
    assert_eq!(extra, expected);
    // Where somebody lives is personal, down to the country.
    let debug = format!("{read:?}");
    for word in ["Utopia", "Wales", "Engines", "Ada"] {
        assert!(!debug.contains(word), "{word}: {debug}");
    }
    let again = client.investors().retrieve(7_u64).send().await.unwrap();
    assert_eq!(again.entity.unwrap(), read);
}

#[tokio::test]
async fn columns_are_typed_and_further_ones_are_kept() {
    let body = r#"{"success": true, "data": {"count": 1, "values": [{"id": 7, "offering__tomorrow": [1.50]}]}}"#;
    let service = Service::json(200, body);
    let columns: [Column<InvestmentColumn>; 3] = [
        InvestmentColumn::Id.into(),
        InvestmentColumn::OfferingIssuerEntityCompanyName.into(),
        "offering__tomorrow".into(),
    ];
    let values = service.client().investments().values().field(columns);
    let rows = values.send().await.unwrap().values;
    let query = "field=id,offering__issuer__entity__company_name,offering__tomorrow";
    assert_eq!(service.seen()[1].uri().query(), Some(query));
    assert_eq!(rows[0].extra["offering__tomorrow"].as_str(), "[1.50]");

    for name in ["a,b", ""] {
        let values = service.client().investments().values().field([name]);
        assert_eq!(values.send().await.unwrap_err().kind(), ErrorKind::Build);
    }
    assert_eq!(service.seen().len(), 2, "nothing was sent for those");

    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let ada = investor(&client, "Lovelace").await;
    wire_investment(&client, offering(&sandbox, "reg_a"), &ada, 10).await;
    let typed = client
        .investments()
        .values()
        .field([InvestmentColumn::Amount, InvestmentColumn::InvestorType]);
    let rows = typed.send().await.unwrap().values;
    assert_eq!(rows[0].investor_type, Some(InvestorType::Person));
    assert!(rows[0].amount.is_some() && rows[0].id.is_none());
}
