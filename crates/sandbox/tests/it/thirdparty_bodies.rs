//! What serializers say about bodies, in JSON, form and multipart.

use serde_json::{Value, json};

use crate::support::{Client, offering_id, strict};

const INVESTORS: &str = "/api_third_party/investors/";
const INVESTMENTS: &str = "/api_third_party/investments/";
const DOCUMENTS: &str = "/api_third_party/kyb_documents/";

#[tokio::test]
async fn nested_errors_are_nested() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let post = async |body: Value| client.post(INVESTORS, &body).await;
    post(json!({})).await.assert(
        400,
        &json!({ "type": ["This field is required."], "entity": ["This field is required."] }),
    );
    let text = "Invalid data. Expected a dictionary, but got str.";
    post(json!({ "type": "person", "entity": "x" }))
        .await
        .assert(400, &json!({ "entity": { "non_field_errors": [text] } }));
    post(json!({ "type": "zz", "entity": { "first_name": "A", "last_name": "B" } }))
        .await
        .assert(400, &json!({ "type": ["\"zz\" is not a valid choice."] }));
    post(json!({ "type": "person", "entity": {
        "first_name": "", "country": "ZZ", "email": "x", "date_of_birth": "1/2/2000", "net_worth": "lots",
        "us_person": "maybe", "annual_income": "1.005",
    } }))
    .await
    .assert(
        400,
        &json!({ "entity": {
            "first_name": ["This field may not be blank."],
            "last_name": ["This field is required."],
            "country": ["\"ZZ\" is not a valid choice."],
            "email": ["Enter a valid email address."],
            "date_of_birth": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."],
            "net_worth": ["A valid number is required."],
            "us_person": ["Must be a valid boolean."],
            "annual_income": ["Ensure that there are no more than 2 decimal places."],
        } }),
    );
}

#[tokio::test]
async fn references_and_numbers_are_checked() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    client
        .post(
            INVESTMENTS,
            &json!({ "quantity": "x", "offering": 99_999, "investor": "y" }),
        )
        .await
        .assert(
            400,
            &json!({
                "quantity": ["A valid integer is required."],
                "offering": ["Invalid pk \"99999\" - object does not exist."],
                "investor": ["Incorrect type. Expected pk value, received str."],
            }),
        );
    let investor = client.investor("Lovelace").await["id"].clone();
    let offering = offering_id(&sandbox, "reg_a");
    client
        .post(
            INVESTMENTS,
            &json!({ "quantity": 0, "offering": offering, "investor": investor }),
        )
        .await
        .assert(
            400,
            &json!({ "quantity": ["Ensure this value is greater than or equal to 1."] }),
        );
    client
        .post(
            INVESTMENTS,
            &json!({ "quantity": 1, "offering": offering, "investor": investor }),
        )
        .await
        .assert(
            400,
            &json!({ "quantity": ["The minimum investment amount is 105.00."] }),
        );
    client
        .post(
            INVESTMENTS,
            &json!({ "quantity": i64::MAX, "offering": offering, "investor": investor }),
        )
        .await
        .assert(
            400,
            &json!({ "quantity": ["The maximum investment amount is 1000000.00."] }),
        );
    let count = client.get(INVESTMENTS).await.json()["count"].clone();
    assert_eq!(count, 0, "a refused investment leaves nothing behind");
}

#[tokio::test]
async fn forms_are_read_like_json() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let body = b"type=person&receive_sms=on&entity.first_name=Ada&entity.last_name=Lovelace&entity.net_worth=5";
    let answer = client
        .send("POST", INVESTORS, "application/x-www-form-urlencoded", body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let investor = answer.json();
    assert_eq!(investor["receive_sms"], true);
    assert_eq!(investor["entity"]["net_worth"], "5.00");
}

#[tokio::test]
async fn companies_keep_fields_that_nobody_documented() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let entity = json!({ "company_name": "Engines LLC", "ein_letter": "yes" });
    let answer = client
        .post(INVESTORS, &json!({ "type": "company", "entity": entity }))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let entity = &answer.json()["entity"];
    assert_eq!(
        (&entity["company_name"], &entity["ein_letter"]),
        (&json!("Engines LLC"), &json!("yes"))
    );
}

#[tokio::test]
async fn kyb_documents_are_pdf_files_or_text() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let entity = client.investor("Lovelace").await["entity"]["id"].clone();
    let upload = |file: &str, content: &str| {
        format!(
            "--B\r\ncontent-disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n\
             --B\r\ncontent-disposition: form-data; name=\"type\"\r\n\r\nother\r\n\
             --B\r\ncontent-disposition: form-data; name=\"side\"\r\n\r\nfront\r\n\
             --B\r\ncontent-disposition: form-data; name=\"storage_content\"; filename=\"{file}\"\r\n\
             content-type: application/pdf\r\n\r\n{content}\r\n--B--\r\n"
        )
    };
    let kind = "multipart/form-data; boundary=B";
    let answer = client
        .send(
            "POST",
            DOCUMENTS,
            kind,
            upload("articles.pdf", "%PDF-1.7").as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let document = answer.json();
    assert_eq!(
        (&document["entity"], &document["verified"]),
        (&entity, &json!(false))
    );
    assert!(
        document.get("storage_content").is_none(),
        "the answer omits the file"
    );

    let answer = client
        .send(
            "POST",
            DOCUMENTS,
            kind,
            upload("articles.txt", "x").as_bytes(),
        )
        .await;
    let text = "File extension “txt” is not allowed. Allowed extensions are: pdf.";
    answer.assert(400, &json!({ "storage_content": [text] }));
    let body = json!({ "entity": entity, "type": "other", "side": "back", "storage_content": "https://example.com/a.pdf" });
    assert_eq!(client.post(DOCUMENTS, &body).await.status, 201);
    client
        .post(DOCUMENTS, &json!({ "entity": entity, "type": "zz", "side": "front" }))
        .await
        .assert(400, &json!({ "type": ["\"zz\" is not a valid choice."], "storage_content": ["No file was submitted."] }));
    let list = client
        .get(&format!("{DOCUMENTS}?entity={entity}&ordering=-id"))
        .await
        .json();
    assert_eq!(
        (&list["count"], &list["results"][0]["side"]),
        (&json!(2), &json!("back"))
    );
}

#[tokio::test]
async fn an_invalid_tax_id_is_a_400_with_the_envelope() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let path = "/api_third_party/investors/check_tax_id_number_valid/";
    let body =
        json!({ "tax_id_number": "000-00-0000", "country_code": "US", "investor_type": "person" });
    client.post(path, &body).await.assert(
        400,
        &json!({ "success": false, "message": "The tax id number is not valid.", "data": { "is_valid": false } }),
    );
    client.post(path, &json!({ "tax_id_number": "1", "country_code": "ZZ" })).await.assert(
        400,
        &json!({ "country_code": ["\"ZZ\" is not a valid choice."], "investor_type": ["This field is required."] }),
    );
}
