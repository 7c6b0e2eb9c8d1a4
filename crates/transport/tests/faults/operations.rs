//! Operations of an imaginary API, one of each class in each form, and where its tokens come from.
//!
//! The methods are chosen against the classes: a `POST` that is a check, a `GET` that has an effect.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Method, Request, Uri};
use accredit_transport::{
    Body, BytesOperation, CallOptions, Client, DecodeError, EncodeError, Error, Operation,
    OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass, Token, TokenSource,
};
use async_trait::async_trait;

use crate::expect::{Failure, Outcome};

pub(crate) const CLASSES: [RetryClass; 4] = [
    RetryClass::Read,
    RetryClass::IdempotentWrite,
    RetryClass::UnsafeWrite,
    RetryClass::EffectfulRead,
];

/// What the operation sends and expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// Expects `{"text": …}`, or `{"success": false}` as a refusal.
    #[default]
    Document,
    /// Expects nothing.
    Empty,
    /// Takes a file piece by piece; it begins with a brace.
    Download,
    /// A `HEAD` request.
    Head,
    /// Goes to another origin, through the raw door.
    Foreign,
}

#[derive(serde::Deserialize)]
struct Note {
    text: Option<String>,
    success: Option<bool>,
}

fn document(reply: Reply) -> Result<String, DecodeError> {
    let note: Note = reply.json()?;
    match note {
        Note {
            success: Some(false),
            ..
        } => Err(DecodeError::refused(None)),
        Note { text, .. } => {
            text.ok_or_else(|| DecodeError::message("there is neither text nor success"))
        }
    }
}

fn nothing(_: Reply) -> Result<String, DecodeError> {
    Ok(String::new())
}

/// An operation: its class, its line, its kind of reply, and whether it has a body.
macro_rules! operations {
    ($($name:ident: $class:ident $method:ident $path:literal $kind:ident $body:literal $decode:ident;)*) => {$(
        struct $name;

        impl Operation for $name {
            type Output = String;
            const INFO: OperationInfo = OperationInfo::new(
                stringify!($name), Method::$method, $path, RetryClass::$class, ResponseKind::$kind,
            );

            fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
                if $body { request.json("a note") } else { Ok(()) }
            }

            fn decode(reply: Reply) -> Result<String, DecodeError> {
                $decode(reply)
            }
        }
    )*};
}

operations! {
    Retrieve: Read GET "/notes/1/" Json false document;
    Check: IdempotentWrite POST "/notes/check/" Json true document;
    Create: UnsafeWrite POST "/notes/" Json true document;
    Notify: EffectfulRead GET "/notes/1/notify/" Json false document;

    Fetch: Read GET "/notes/1/file/" Bytes false file;
    Render: IdempotentWrite POST "/notes/render/" Bytes true file;
    Export: UnsafeWrite POST "/notes/export/" Bytes true file;
    Burn: EffectfulRead GET "/notes/1/burn/" Bytes false file;

    Touch: Read GET "/touch/" Empty false nothing;
    Forget: IdempotentWrite DELETE "/notes/1/" Empty false nothing;
    Submit: UnsafeWrite POST "/submit/" Empty true nothing;
    Ring: EffectfulRead GET "/ring/" Empty false nothing;

    ReadHead: Read HEAD "/notes/1/" Empty false nothing;
    CheckHead: IdempotentWrite HEAD "/notes/check/" Empty false nothing;
    CreateHead: UnsafeWrite HEAD "/notes/" Empty false nothing;
    NotifyHead: EffectfulRead HEAD "/notes/1/notify/" Empty false nothing;
}

/// What a file of this API begins with.
macro_rules! files {
    ($($name:ident)*) => {$(
        impl BytesOperation for $name {
            const MAGIC: &'static [u8] = b"{";
        }
    )*};
}

files! { Fetch Render Export Burn }

fn file(reply: Reply) -> Result<String, DecodeError> {
    Ok(String::from_utf8_lossy(&reply.body).into_owned())
}

async fn download<O: BytesOperation>(
    client: &Client,
    operation: &O,
    options: &CallOptions,
) -> Result<String, Error> {
    let download = client.download_with(operation, options).await?;
    let bytes = download.collect(usize::MAX).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Makes one call. The error comes along for the checks that hold for every error.
pub(crate) async fn call(
    client: Client,
    class: RetryClass,
    form: Form,
    options: CallOptions,
    foreign: Uri,
) -> (Outcome, Option<Error>) {
    let result = match (form, class) {
        (Form::Document, RetryClass::Read) => client.execute_with(&Retrieve, &options).await,
        (Form::Document, RetryClass::IdempotentWrite) => {
            client.execute_with(&Check, &options).await
        }
        (Form::Document, RetryClass::UnsafeWrite) => client.execute_with(&Create, &options).await,
        (Form::Document, RetryClass::EffectfulRead) => client.execute_with(&Notify, &options).await,
        (Form::Empty, RetryClass::Read) => client.execute_with(&Touch, &options).await,
        (Form::Empty, RetryClass::IdempotentWrite) => client.execute_with(&Forget, &options).await,
        (Form::Empty, RetryClass::UnsafeWrite) => client.execute_with(&Submit, &options).await,
        (Form::Empty, RetryClass::EffectfulRead) => client.execute_with(&Ring, &options).await,
        (Form::Download, RetryClass::Read) => download(&client, &Fetch, &options).await,
        (Form::Download, RetryClass::IdempotentWrite) => download(&client, &Render, &options).await,
        (Form::Download, RetryClass::UnsafeWrite) => download(&client, &Export, &options).await,
        (Form::Download, RetryClass::EffectfulRead) => download(&client, &Burn, &options).await,
        (Form::Head, RetryClass::Read) => client.execute_with(&ReadHead, &options).await,
        (Form::Head, RetryClass::IdempotentWrite) => {
            client.execute_with(&CheckHead, &options).await
        }
        (Form::Head, RetryClass::UnsafeWrite) => client.execute_with(&CreateHead, &options).await,
        (Form::Head, RetryClass::EffectfulRead) => client.execute_with(&NotifyHead, &options).await,
        (Form::Foreign, _) => return door(&client, foreign).await,
        (_, other) => panic!("the faults know nothing of {other:?}"),
    };
    match result {
        Ok(value) => (Outcome::Value(value), None),
        Err(error) => failed(error),
    }
}

fn failed(error: Error) -> (Outcome, Option<Error>) {
    (Outcome::Failure(Failure::from(&error)), Some(error))
}

/// A raw request, to wherever the caller likes.
async fn door(client: &Client, uri: Uri) -> (Outcome, Option<Error>) {
    let mut request = Request::new(Body::default());
    *request.uri_mut() = uri;
    match client.send(request).await {
        Ok(reply) => (Outcome::Reply(reply.status.as_u16()), None),
        Err(error) => failed(error),
    }
}

/// The same request, with a body that can be sent only once.
pub(crate) fn streamed(request: Request<Body>) -> Request<Body> {
    request.map(|_| Body::boxed(Once(Some(Bytes::from_static(b"\"a note\"")))))
}

/// A body of one frame that is not known to be whole.
struct Once(Option<Bytes>);

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

/// A source that has another token whenever one is refused.
pub(crate) struct Renewed {
    epoch: AtomicU32,
    stall: u32,
    stalled: AtomicBool,
}

impl Default for Renewed {
    fn default() -> Self {
        Self::until(u32::MAX)
    }
}

impl Renewed {
    /// The first who asks for the token of this epoch waits for ever.
    pub(crate) fn until(stall: u32) -> Self {
        Self {
            epoch: AtomicU32::new(0),
            stall,
            stalled: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl TokenSource for Renewed {
    async fn token(&self) -> Result<Token, Error> {
        let epoch = self.epoch.load(Ordering::Relaxed);
        if epoch == self.stall && !self.stalled.swap(true, Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Token::new("Token", &format!("epoch-{epoch}"))
            .map_err(|error| Error::auth("the token does not fit in a header").with_source(error))
    }

    async fn invalidate(&self, _: &Token) -> bool {
        self.epoch.fetch_add(1, Ordering::Relaxed);
        true
    }
}
