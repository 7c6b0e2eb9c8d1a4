//! django-filter, ordering and search, over real rows.

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};

use crate::support::Client;

const LIST: &str = "/api_third_party/investments/";

/// Five wire investments of 10.50 a share plus 2 % fees, one second apart: 107.10, 117.81, 128.52,
/// 139.23, 149.94.
async fn five(sandbox: &Sandbox) -> (Client<'_>, Vec<u64>) {
    let client = Client::login(sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let mut ids = Vec::new();
    for quantity in 10..15 {
        sandbox.advance_clock(std::time::Duration::from_secs(1));
        ids.push(
            client.investment("reg_a", investor, quantity, "wire").await["id"]
                .as_u64()
                .unwrap(),
        );
    }
    (client, ids)
}

async fn sandbox() -> Sandbox {
    started(true).await
}

async fn started(strict: bool) -> Sandbox {
    let start = "2026-03-01T12:00:00Z".parse().unwrap();
    Sandbox::builder()
        .strict(strict)
        .clock(Clock::Frozen(start))
        .start()
        .await
        .unwrap()
}

async fn found(client: &Client<'_>, query: &str) -> Vec<u64> {
    let answer = client.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn amounts_compare_exactly_and_never_as_floats() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    for (query, expected) in [
        ("amount=128.52", &ids[2..3]),
        ("amount=128.520", &ids[2..3]),
        ("amount=128.5200000000000000001", &[]),
        ("amount__gt=128.52", &ids[3..]),
        ("amount__gt=128.519", &ids[2..]),
        ("amount__gte=128.5200000000000000001", &ids[3..]),
        ("amount__gte=128.52", &ids[2..]),
        ("amount__lt=128.52", &ids[..2]),
        ("amount__lt=128.521", &ids[..3]),
        ("amount__lte=128.52", &ids[..3]),
        ("amount__lte=128.5199999999", &ids[..2]),
        ("amount__gte=1e2&amount__lt=1.2e2", &ids[..2]),
        ("amount__lt=99999999999999999999999999", &ids[..]),
        ("amount__gt=-99999999999999999999999999", &ids[..]),
        ("amount__in=107.10,%20149.94,,1.005", &[ids[0], ids[4]]),
        ("amount__in=,", &[]),
        ("amount__lt=1e40", &ids[..]),
        ("shares_amount__gte=126&amount__lt=139.23", &ids[2..3]),
    ] {
        assert_eq!(found(&client, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn lists_choices_and_relations_filter() {
    // Some of these are what strict mode names.
    let sandbox = started(false).await;
    let (client, ids) = five(&sandbox).await;
    sandbox.investments().advance(ids[1], "received").unwrap();
    sandbox.investments().advance(ids[2], "invested").unwrap();
    let other = client.investor("Babbage").await["id"].as_u64().unwrap();
    let sixth = client.investment("reg_d_506c", other, 4, "card").await["id"]
        .as_u64()
        .unwrap();
    for (query, expected) in [
        ("status=received".to_owned(), vec![ids[1]]),
        (
            "status__in=received,invested".to_owned(),
            vec![ids[1], ids[2]],
        ),
        ("status__in=bogus".to_owned(), vec![]),
        ("status__in=".to_owned(), [&ids[..], &[sixth]].concat()),
        (
            format!("id__in={},{},", ids[4], ids[0]),
            vec![ids[0], ids[4]],
        ),
        (format!("investor={other}"), vec![sixth]),
        (
            "investor__entity__email=babbage%40example.com".to_owned(),
            vec![sixth],
        ),
        (
            "investor__user__email__in=babbage%40example.com,x".to_owned(),
            vec![sixth],
        ),
        ("offering__type=reg_d_506c".to_owned(), vec![sixth]),
        ("requested_payment_method__in=card".to_owned(), vec![sixth]),
        ("investor__entity__isnull=true".to_owned(), vec![]),
        (
            "investor__entity__isnull=False".to_owned(),
            [&ids[..], &[sixth]].concat(),
        ),
        (
            "offering__archived=1&offering__type=reg_d_506c".to_owned(),
            vec![],
        ),
        (
            "offering__archived=yes&offering__type=reg_d_506c".to_owned(),
            vec![sixth],
        ),
        ("approvable_investments=true".to_owned(), vec![ids[2]]),
        ("search=babb".to_owned(), vec![sixth]),
        ("search=ada%20BABBAGE".to_owned(), vec![sixth]),
        ("search=%25".to_owned(), vec![]),
        (format!("id={}.5", ids[0]), vec![ids[0]]),
        ("status=bogus&status=received".to_owned(), vec![ids[1]]),
        (
            "nobody_knows_this=1&status=received".to_owned(),
            vec![ids[1]],
        ),
    ] {
        assert_eq!(found(&client, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn times_filter_with_and_without_offset() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    for (query, expected) in [
        ("created_at__gte=2026-03-01T12:00:03Z", &ids[2..]),
        ("created_at__lte=2026-03-01T04:00:03-08:00", &ids[..3]),
        ("created_at=2026-03-01T12:00:01", &ids[..1]),
        ("created_at__gte=2026-03-01", &ids[..]),
        ("created_at__gte=2026-03-02", &[]),
        (
            "created_at__in=2026-03-01T12:00:01Z,2026-03-01T12:00:05.000Z",
            &[ids[0], ids[4]],
        ),
    ] {
        assert_eq!(found(&client, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn bad_values_get_djangos_texts_all_at_once() {
    let sandbox = sandbox().await;
    let client = Client::login(&sandbox).await;
    let answer = client
        .get(&format!(
            "{LIST}?status=bogus&amount__gte=x&id__in=1,y&created_at__gte=yesterday&investor=99999&investor__entity=z&investor__in=99999&amount=1e60"
        ))
        .await;
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    answer.assert(
        400,
        &json!({
            "status": ["Select a valid choice. bogus is not one of the available choices."],
            "amount__gte": ["Enter a number."],
            "id__in": ["Enter a number."],
            "created_at__gte": ["Enter a valid date/time."],
            "investor": [choice],
            "investor__in": [choice],
            "amount": ["Ensure this value is less than or equal to 1e+50."],
            "investor__entity": [choice],
        }),
    );
}

#[tokio::test]
async fn amounts_compare_exactly_beyond_28_digits() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    let (above, below) = (
        format!("128.52{}1", "0".repeat(30)),
        format!("128.51{}", "9".repeat(31)),
    );
    let far_above = format!("128.52{}1", "0".repeat(40));
    for (query, expected) in [
        (format!("amount__lt={above}"), &ids[..3]),
        (format!("amount__lte={above}"), &ids[..3]),
        (format!("amount__gte={above}"), &ids[3..]),
        (format!("amount__gt={above}"), &ids[3..]),
        (format!("amount__gt={below}"), &ids[2..]),
        (format!("amount__gte={below}"), &ids[2..]),
        (format!("amount__lt={below}"), &ids[..2]),
        (format!("amount__lte={below}"), &ids[..2]),
        (format!("amount={far_above}"), &[]),
        (format!("amount__in={far_above},139.23"), &ids[3..4]),
        (format!("amount=128.52{}", "0".repeat(60)), &ids[2..3]),
        (format!("amount={}128.52", "0".repeat(60)), &ids[2..3]),
        (format!("amount=12852{}e-62", "0".repeat(60)), &ids[2..3]),
    ] {
        assert_eq!(found(&client, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn very_long_queries_are_answered() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    let reversed: Vec<_> = ids.iter().rev().copied().collect();
    let query = format!("ordering=-amount{}", ",amount,-id".repeat(2_500));
    assert_eq!(found(&client, &query).await, reversed);

    let same = vec!["lovelace"; 2_000].join("%20");
    assert_eq!(found(&client, &format!("search={same}")).await, ids);
    let different: Vec<_> = (0..2_000).map(|word| format!("w{word}")).collect();
    let query = format!("search={}", different.join(","));
    assert!(found(&client, &query).await.is_empty());
    let long = "x".repeat(60_000);
    assert!(found(&client, &format!("search={long}")).await.is_empty());

    let fields = "id,amount,".repeat(2_500);
    let answer = client.get(&format!("{LIST}values/?field={fields}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["data"]["values"][0],
        json!({ "id": ids[0], "amount": "107.10" })
    );
}

#[tokio::test]
async fn a_search_looks_for_the_first_32_different_words() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    // LIKE takes no notice of case: each spelling is a word of its own, and all occur.
    let spelling = |number: usize| -> String {
        let upper = |place: usize| number >> place & 1 == 1;
        "lovelace"
            .chars()
            .enumerate()
            .map(|(place, letter)| match upper(place) {
                true => letter.to_ascii_uppercase(),
                false => letter,
            })
            .collect()
    };
    for (words, expected) in [(31, &ids[..0]), (32, &ids[..])] {
        let words: Vec<_> = (0..words).map(spelling).collect();
        let query = format!("search={}%20nobody", words.join("%20"));
        assert_eq!(found(&client, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn rows_are_ordered_by_known_fields() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    let reversed: Vec<_> = ids.iter().rev().copied().collect();
    assert_eq!(found(&client, "ordering=-amount").await, reversed);
    assert_eq!(
        found(&client, "ordering=status,-created_at").await,
        reversed
    );
    assert_eq!(found(&client, "ordering=nonsense").await, ids);
}

#[tokio::test]
async fn values_give_chosen_columns_of_all_rows() {
    let sandbox = sandbox().await;
    let (client, ids) = five(&sandbox).await;
    let answer = client
        .get(&format!(
            "{LIST}values/?field=id,amount,nonsense,offering__archived&amount__gt=139"
        ))
        .await;
    let rows: Vec<Value> = [(ids[3], "139.23"), (ids[4], "149.94")]
        .map(|(id, amount)| json!({ "id": id, "amount": amount, "offering__archived": false }))
        .into();
    answer.assert(
        200,
        &json!({ "success": true, "message": "", "data": { "values": rows, "count": 2 } }),
    );
    let answer = client
        .get("/api_third_party/investors/values/?field=type,user__email")
        .await;
    assert_eq!(
        answer.json()["data"]["values"],
        json!([{ "type": "person", "user__email": "lovelace@example.com" }])
    );
}
