//! Invoices.

use super::Partner;

#[tokio::test]
async fn list() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let invoices = partner.client.invoices();
    let page = invoices
        .list()
        .investment(invested.id)
        .send()
        .await
        .unwrap();
    assert_eq!((page.count, page.results.len()), (1, 1));
    assert_eq!(page.results[0].investment, Some(invested.id));
    assert!(page.results[0].account_number.is_some());
    partner.answered("invoices.list").await;
}

#[tokio::test]
async fn retrieve() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let invoices = partner.client.invoices();
    let page = invoices.list().send().await.unwrap();
    let read = invoices.retrieve(page.results[0].id).send().await.unwrap();
    assert_eq!(read.investment, Some(invested.id));
    assert_eq!(read, page.results[0]);
    partner.answered("invoices.retrieve").await;
}
