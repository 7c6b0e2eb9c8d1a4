//! What the tests of webhooks share: a verifier, signatures, requests with scripted bodies.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use accredit_verifyinvestor::transport::bytes::Bytes;
use accredit_verifyinvestor::transport::http::{HeaderMap, Request};
use accredit_verifyinvestor::{WebhookSigner, Webhooks};
use http_body::{Body, Frame, SizeHint};

pub(crate) const BODY: &[u8] =
    br#"{"action":"verification_result","verification_request_id":90,"status":"accredited"}"#;

pub(crate) fn webhooks() -> Webhooks {
    Webhooks::new("secret").unwrap()
}

/// Signs with the secret that [`webhooks`] wants.
pub(crate) fn signer() -> WebhookSigner {
    WebhookSigner::new("secret").unwrap()
}

/// A body that comes in pieces, or does not.
pub(crate) struct Pieces {
    pieces: VecDeque<Result<Frame<Bytes>, Broken>>,
    announced: u64,
    end: End,
    taken: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum End {
    Ends,
    Hangs,
    Repeats,
}

#[derive(Debug)]
pub(crate) struct Broken;

impl Pieces {
    pub(crate) fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let frame = |piece| Ok(Frame::data(Bytes::copy_from_slice(piece)));
        Self {
            pieces: pieces.into_iter().map(frame).collect(),
            announced: 0,
            end: End::Ends,
            taken: Arc::default(),
        }
    }

    /// Says that it is at least this long.
    pub(crate) fn announced(mut self, length: u64) -> Self {
        self.announced = length;
        self
    }

    pub(crate) fn then(mut self, piece: Result<Frame<Bytes>, Broken>) -> Self {
        self.pieces.push_back(piece);
        self
    }

    /// Waits for ever after the last piece.
    pub(crate) fn hanging(mut self) -> Self {
        self.end = End::Hangs;
        self
    }

    /// Begins again after the last piece, for a megabyte: a reader without a limit fails a test and does not hang it.
    pub(crate) fn huge(mut self) -> Self {
        self.end = End::Repeats;
        self
    }

    /// Counts the bytes that are taken.
    pub(crate) fn taken(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.taken)
    }

    /// A request with the signature of these bytes.
    pub(crate) fn signed(self, bytes: &[u8]) -> Request<Self> {
        self.with(signer().headers(bytes))
    }

    pub(crate) fn with(self, headers: HeaderMap) -> Request<Self> {
        let mut request = Request::new(self);
        *request.headers_mut() = headers;
        request
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Some(piece) = self.pieces.pop_front() else {
            return match self.end {
                End::Hangs => Poll::Pending,
                End::Ends | End::Repeats => Poll::Ready(None),
            };
        };
        if let Some(data) = piece.as_ref().ok().and_then(Frame::data_ref) {
            let data = data.clone();
            let taken = self.taken.fetch_add(data.len(), Ordering::Relaxed);
            if matches!(self.end, End::Repeats) && taken < 1 << 20 {
                self.pieces.push_back(Ok(Frame::data(data)));
            }
        }
        Poll::Ready(Some(piece))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}
