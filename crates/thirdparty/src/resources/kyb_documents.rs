//! Know-your-business documents of companies and trusts.

use accredit_models::{
    File,
    thirdparty::{DocumentSide, EntityId, KybDocumentId, KybDocumentType},
};

use super::handle;
use crate::{
    Call,
    operations::kyb_documents::{Create, List, Retrieve},
    uploads::{CreateFromUrl, Pdf, UploadPdf},
};

handle! {
    /// Know-your-business documents of companies and trusts.
    KybDocuments
}

impl KybDocuments {
    /// The documents, a page at a time.
    ///
    /// `GET /api_third_party/kyb_documents/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let page = client.kyb_documents().list().entity(77_u64).send().await?;
    /// for document in &page.results {
    ///     println!("{}: verified {:?}", document.id, document.verified);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 for a page beyond the last; a 400 for a value that a filter does not take, by its name in
    /// [`fields()`](crate::ErrorExt::fields); a `Build` error, before anything is sent, for a list of
    /// values that is empty or one of whose values holds a comma.
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Uploads a PDF that is in memory, as a form. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/kyb_documents/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{DocumentSide, KybDocumentType};
    ///
    /// let scanned: Vec<u8> = b"%PDF-1.7 ...".to_vec();
    /// let documents = client.kyb_documents();
    /// let stored = documents.create(77_u64, KybDocumentType::Other, DocumentSide::Front, scanned).send().await?;
    /// println!("document {}", stored.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A `Build` error, before anything is sent, for a file that does not begin with `%PDF` or is longer than
    /// [`Pdf::MAX_BYTES`], and for a kind or side with a quotation mark or a control character in it. A 400 names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again.
    pub fn create(
        &self,
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        pdf: impl Into<File>,
    ) -> Call<Create> {
        Call::new(&self.client, Create::new(entity, kind, side, pdf))
    }

    /// Uploads a PDF that is read while it is sent, from the disk or from a stream, as a form. Sent once: when the token is
    /// refused or there is no connection, open the file again and repeat the call. On a slow line give the call more time
    /// than a client waits for other replies, with `options`.
    ///
    /// `POST /api_third_party/kyb_documents/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{DocumentSide, KybDocumentType, uploads::Pdf};
    ///
    /// let articles = Pdf::open("articles-of-organization.pdf").await?;
    /// let documents = client.kyb_documents();
    /// let upload = documents.upload(77_u64, KybDocumentType::Other, DocumentSide::Front, articles);
    /// println!("document {}", upload.send().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A `Build` error, before anything is sent, for a kind or side with a quotation mark or a control character in it. A 400
    /// names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again.
    pub fn upload(
        &self,
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        pdf: Pdf,
    ) -> Call<UploadPdf> {
        Call::new(&self.client, UploadPdf::new(entity, kind, side, pdf))
    }

    /// Names a document by a link to a PDF, in JSON, as the vendor's document prints it. For an installation that is known to
    /// take that: the framework behind the service answers a 400.
    ///
    /// `POST /api_third_party/kyb_documents/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{DocumentSide, KybDocumentType};
    ///
    /// let documents = client.kyb_documents();
    /// let link = "https://files.example.com/articles.pdf";
    /// let create = documents.create_from_url(77_u64, KybDocumentType::Other, DocumentSide::Front, link);
    /// println!("document {}", create.send().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 400 names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again.
    pub fn create_from_url(
        &self,
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        url: impl Into<String>,
    ) -> Call<CreateFromUrl> {
        Call::new(&self.client, CreateFromUrl::new(entity, kind, side, url))
    }

    /// One document, without its file: the service does not give it back.
    ///
    /// `GET /api_third_party/kyb_documents/{id}/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let document = client.kyb_documents().retrieve(9_u64).send().await?;
    /// println!("uploaded at {:?}", document.created_at);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours.
    pub fn retrieve(&self, id: impl Into<KybDocumentId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
