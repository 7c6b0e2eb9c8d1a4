//! Know-your-business documents of companies and trusts.

use accredit_models::{
    File,
    thirdparty::{DocumentSide, EntityId, KybDocumentId, KybDocumentType},
};

use super::handle;
use crate::{
    Call,
    operations::kyb_documents::{Create, List, Retrieve},
};

handle! {
    /// Know-your-business documents of companies and trusts.
    KybDocuments
}

impl KybDocuments {
    /// The documents, a page at a time.
    ///
    /// `GET /api_third_party/kyb_documents/`
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Uploads a PDF for an entity, as a form. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/kyb_documents/`
    pub fn create(
        &self,
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        pdf: impl Into<File>,
    ) -> Call<Create> {
        Call::new(&self.client, Create::new(entity, kind, side, pdf))
    }

    /// One document, without its file: the service does not give it back.
    ///
    /// `GET /api_third_party/kyb_documents/{id}/`
    pub fn retrieve(&self, id: impl Into<KybDocumentId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
