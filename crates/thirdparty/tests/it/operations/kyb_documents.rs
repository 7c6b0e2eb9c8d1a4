//! Know-your-business documents.

use accredit_thirdparty::{DocumentSide, EntityId, KybDocument, KybDocumentType};

use super::Partner;
use crate::support::investor;

const PDF: &[u8] = b"%PDF-1.7 a register extract";

async fn uploaded(partner: &Partner) -> (EntityId, KybDocument) {
    let entity = investor(&partner.client, "Lovelace").await.entity.unwrap();
    let documents = partner.client.kyb_documents();
    let (kind, side) = (KybDocumentType::Other, DocumentSide::Front);
    let create = documents.create(entity.id, kind, side, PDF.to_vec());
    (entity.id, create.send().await.unwrap())
}

#[tokio::test]
async fn list() {
    let partner = Partner::new().await;
    let (entity, first) = uploaded(&partner).await;
    let (_, second) = uploaded(&partner).await;
    let documents = partner.client.kyb_documents();
    let page = documents.list().ordering("-id").send().await.unwrap();
    assert_eq!(page.count, 2);
    assert_eq!(page.results, [second, first.clone()]);
    let page = documents.list().entity(entity).send().await.unwrap();
    assert_eq!(page.results, [first]);
    partner.answered("kyb_documents.list").await;
}

#[tokio::test]
async fn create() {
    let partner = Partner::new().await;
    let entity = investor(&partner.client, "Lovelace").await.entity.unwrap();
    let (kind, side) = (KybDocumentType::Other, DocumentSide::Back);
    let documents = partner.client.kyb_documents();
    let create = documents.create(entity.id, kind, side, PDF.to_vec());
    let created = create.send().await.unwrap();
    assert_eq!(created.entity, Some(entity.id));
    assert_eq!(created.kind, Some(KybDocumentType::Other));
    assert_eq!(created.side, Some(DocumentSide::Back));
    assert_eq!(created.verified, Some(false));
    partner.answered("kyb_documents.create").await;
}

#[tokio::test]
async fn retrieve() {
    let partner = Partner::new().await;
    let (_, created) = uploaded(&partner).await;
    let documents = partner.client.kyb_documents();
    let read = documents.retrieve(created.id).send().await.unwrap();
    assert_eq!(read, created);
    partner.answered("kyb_documents.retrieve").await;
}
