//! Know-your-business documents that are not in memory: a PDF from the disk or a stream, and the form with a link that the
//! vendor's document prints. The document in memory is [`operations::kyb_documents::Create`], of which these are variants.

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use accredit_models::{
    File,
    thirdparty::{DocumentSide, EntityId, KybDocument, KybDocumentType, NewKybDocument},
};
use accredit_transport::{
    BoxError, DecodeError, EncodeError, Error, Operation, OperationInfo, Reply, RequestEncoder,
    Upload, bytes::Bytes,
};
use futures_core::Stream;

use crate::{multipart, operations, reply};

/// How a PDF begins.
pub(crate) const MAGIC: &[u8] = b"%PDF";

/// A PDF that is read while it is sent, so that its size does not matter to memory. It can be sent once.
///
/// ```no_run
/// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
/// use accredit_thirdparty::{DocumentSide, KybDocumentType, uploads::Pdf};
///
/// let articles = Pdf::open("articles-of-organization.pdf").await?;
/// let documents = client.kyb_documents();
/// let stored = documents.upload(77_u64, KybDocumentType::Other, DocumentSide::Front, articles).send().await?;
/// println!("document {}", stored.id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pdf(Upload);

impl Pdf {
    /// The largest PDF that is sent: 32 MiB. A limit of ours; that of the service is not known.
    pub const MAX_BYTES: u64 = 32 * 1024 * 1024;

    /// A PDF of the disk. It is opened here, so that whatever is wrong with it shows before anything is sent.
    ///
    /// # Errors
    ///
    /// `Build` when it cannot be opened, is empty, is longer than [`MAX_BYTES`](Self::MAX_BYTES), or does not begin with
    /// `%PDF`.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Upload::open(path, Self::MAX_BYTES, MAGIC).await.map(Self)
    }

    /// A PDF of `length` bytes from a stream, such as the body of a request to a server of yours. Its beginning is read here.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and when the stream fails before its first bytes are there. If it gives more or fewer bytes
    /// than `length`, the call that sends it fails.
    pub async fn stream<S, B, E>(length: u64, stream: S) -> Result<Self, Error>
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<BoxError>,
    {
        let upload = Upload::stream(stream, length, Self::MAX_BYTES, MAGIC);
        upload.await.map(Self)
    }

    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.0.length()
    }
}

/// Upload a know-your-business document that is read while it is sent.
///
/// `POST /api_third_party/kyb_documents/`
///
/// It is sent once: not even after a refused token or for want of a connection is it repeated, since the file may be read
/// already. The same value run a second time is an error, and not a document without content.
pub struct UploadPdf {
    entity: EntityId,
    kind: KybDocumentType,
    side: DocumentSide,
    pdf: Mutex<Option<Pdf>>,
}

impl UploadPdf {
    /// The operation with what it requires.
    #[must_use]
    pub fn new(
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        pdf: Pdf,
    ) -> Self {
        Self {
            entity: entity.into(),
            kind,
            side,
            pdf: Mutex::new(Some(pdf)),
        }
    }

    /// What the service shows of it.
    pub(crate) fn facts(&self) -> (&EntityId, &KybDocumentType, &DocumentSide) {
        (&self.entity, &self.kind, &self.side)
    }
}

impl Operation for UploadPdf {
    type Output = KybDocument;

    const INFO: OperationInfo = operations::kyb_documents::Create::INFO;

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        let take_file = || {
            let mut pdf = self.pdf.lock().unwrap_or_else(PoisonError::into_inner);
            pdf.take().map(|Pdf(file)| file).ok_or_else(|| {
                EncodeError::new("storage_content", "was sent already: open the file again")
            })
        };
        multipart::encode_upload((self.entity, &self.kind, &self.side), take_file, request)
    }

    fn decode(reply: Reply) -> Result<KybDocument, DecodeError> {
        reply::json(&reply)
    }
}

impl fmt::Debug for UploadPdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            entity,
            kind,
            side,
            pdf: _,
        } = self;
        f.debug_struct("UploadPdf")
            .field("entity", entity)
            .field("kind", kind)
            .field("side", side)
            .finish_non_exhaustive()
    }
}

/// Name a know-your-business document by a link, in JSON, as the vendor's document prints it.
///
/// `POST /api_third_party/kyb_documents/`
///
/// The framework behind the service refuses that with a 400 ("The submitted data was not a file."), so this is for an
/// installation that is known to take it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CreateFromUrl {
    /// The request body; its file is the link.
    pub body: NewKybDocument,
}

impl CreateFromUrl {
    /// The operation with what it requires.
    #[must_use]
    pub fn new(
        entity: impl Into<EntityId>,
        kind: KybDocumentType,
        side: DocumentSide,
        url: impl Into<String>,
    ) -> Self {
        let url = File::new(url.into());
        Self {
            body: NewKybDocument::new(entity, kind, side, url),
        }
    }
}

impl Operation for CreateFromUrl {
    type Output = KybDocument;

    const INFO: OperationInfo = operations::kyb_documents::Create::INFO;

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.json(&self.body)
    }

    fn decode(reply: Reply) -> Result<KybDocument, DecodeError> {
        reply::json(&reply)
    }
}
