//! The probes of papers: know-your-business documents and signatures.

use accredit_models::Timestamp;
use accredit_models::thirdparty::{
    DocumentSide, EntityId, InvestorSignature, KybDocument, KybDocumentType,
};
use accredit_transport::Error;

use super::compare::{Comparison, Likeness};
use super::look::{Before, Listed, Look, settle};
use super::{Reconcile, Reconciled};
use crate::operations::{kyb_documents, subscription_agreement_investor_signatures as signatures};
use crate::uploads::{CreateFromUrl, UploadPdf};

impl Listed for kyb_documents::List {
    fn ordered(ordering: &str, page_size: i64) -> Self {
        Self {
            ordering: Some(ordering.to_owned()),
            page_size: Some(page_size),
            ..Self::default()
        }
    }

    fn id(item: &KybDocument) -> u64 {
        item.id.get()
    }

    fn created_at(item: &KybDocument) -> Option<Timestamp> {
        item.created_at
    }
}

impl Reconcile for kyb_documents::Create {
    type Found = KybDocument;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<kyb_documents::List>().await
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<KybDocument>, Error> {
        let sent = &self.body;
        document(look, before, (&sent.entity, &sent.kind, &sent.side)).await
    }
}

impl Reconcile for CreateFromUrl {
    type Found = KybDocument;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<kyb_documents::List>().await
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<KybDocument>, Error> {
        let sent = &self.body;
        document(look, before, (&sent.entity, &sent.kind, &sent.side)).await
    }
}

/// A document that did not arrive cannot be sent from the same value again: its file is read. The error says so.
impl Reconcile for UploadPdf {
    type Found = KybDocument;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<kyb_documents::List>().await
    }

    async fn after(&self, look: &Look, before: &Before) -> Result<Reconciled<KybDocument>, Error> {
        document(look, before, self.facts()).await
    }
}

/// Looks for a document; its file is not shown.
async fn document(
    look: &Look,
    before: &Before,
    (entity, kind, side): (&EntityId, &KybDocumentType, &DocumentSide),
) -> Result<Reconciled<KybDocument>, Error> {
    let likeness = |shown: &KybDocument| -> Likeness {
        Comparison::new()
            .identity(Some(entity), shown.entity.as_ref())
            .identity(Some(kind), shown.kind.as_ref())
            .identity(Some(side), shown.side.as_ref())
            .likeness()
    };
    let candidates = look.newer::<kyb_documents::List>(before, likeness).await?;
    Ok(settle(candidates))
}

impl Listed for signatures::List {
    fn ordered(ordering: &str, page_size: i64) -> Self {
        Self {
            ordering: Some(ordering.to_owned()),
            page_size: Some(page_size),
            ..Self::default()
        }
    }

    fn id(item: &InvestorSignature) -> u64 {
        item.id.get()
    }

    fn created_at(_item: &InvestorSignature) -> Option<Timestamp> {
        None
    }
}

impl Reconcile for signatures::Create {
    type Found = InvestorSignature;

    async fn before(&self, look: &Look) -> Result<Before, Error> {
        look.highest::<signatures::List>().await
    }

    async fn after(
        &self,
        look: &Look,
        before: &Before,
    ) -> Result<Reconciled<InvestorSignature>, Error> {
        let sent = &self.body;
        let likeness = |shown: &InvestorSignature| -> Likeness {
            Comparison::new()
                .identity(Some(&sent.investment), shown.investment.as_ref())
                .field(
                    sent.investor_signature_text.as_ref(),
                    shown.investor_signature_text.as_ref(),
                )
                .field(
                    sent.investor_signature_date.as_ref(),
                    shown.investor_signature_date.as_ref(),
                )
                .likeness()
        };
        let candidates = look.newer::<signatures::List>(before, likeness).await?;
        Ok(settle(candidates))
    }
}
