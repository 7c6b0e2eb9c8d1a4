//! Documents that are read while they are sent.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use accredit_sandbox::{Effect, Fault, Sandbox};
use accredit_thirdparty::transport::http::header::CONTENT_TYPE;
use accredit_thirdparty::transport::http::{Request, Response};
use accredit_thirdparty::transport::{Body, BoxError};
use accredit_thirdparty::uploads::Pdf;
use accredit_thirdparty::{
    Call, Client, DocumentSide, Environment, ErrorKind, KybDocumentType, Reconciled,
    uploads::UploadPdf,
};
use futures_core::Stream;
use http_body_util::BodyExt;

use crate::support::{TOKEN, investor, partner, reply};

/// A stream of what a test has in store.
struct Chunks(VecDeque<Result<&'static [u8], &'static str>>);

impl Chunks {
    fn of<const N: usize>(chunks: [&'static [u8]; N]) -> Self {
        Self(chunks.into_iter().map(Ok).collect())
    }
}

impl Stream for Chunks {
    type Item = Result<&'static [u8], &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// A file of this test's own.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn upload_of(client: &Client, pdf: Pdf) -> Call<UploadPdf> {
    let documents = client.kyb_documents();
    documents.upload(3_u64, KybDocumentType::Other, DocumentSide::Back, pdf)
}

fn promised(body: &impl BodyExt) -> Option<u64> {
    body.size_hint().exact()
}

/// What a service saw: content type, promised length, body or how it failed.
type Seen = (String, Option<u64>, Result<Vec<u8>, String>);

/// A client of a service that reads bodies to their end and answers with `status`.
fn reading(status: u16) -> (Client, Arc<Mutex<Vec<Seen>>>) {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let record = Arc::clone(&seen);
    let client = Client::builder(Environment::Production)
        .token(TOKEN)
        .configure(move |transport| {
            let record = Arc::clone(&record);
            transport.transport(tower::service_fn(move |request: Request<Body>| {
                let record = Arc::clone(&record);
                async move {
                    let kind = request.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
                    let length = promised(request.body());
                    let body = request.into_body().collect().await;
                    let body = match body {
                        Ok(body) => Ok(body.to_bytes().to_vec()),
                        Err(error) => Err(error.to_string()),
                    };
                    let failed = body.clone().err();
                    record.lock().unwrap().push((kind, length, body));
                    match failed {
                        Some(error) => Err::<Response<Body>, BoxError>(error.into()),
                        None => Ok(reply(status, "application/json", r#"{"id": 9}"#)),
                    }
                }
            }))
        });
    (client.build().unwrap(), seen)
}

#[tokio::test]
async fn a_pdf_of_the_disk_arrives_whole() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let entity = investor(&client, "Lovelace").await.entity.unwrap().id;
    let mut content = b"%PDF-1.7\r\n--accredit-form-boundary-0\r\n".to_vec();
    content.resize(1_000_000, 7);
    let pdf = Pdf::open(file("whole.pdf", &content)).await.unwrap();
    assert_eq!(pdf.length(), 1_000_000);
    let documents = client.kyb_documents();
    let upload = documents.upload(entity, KybDocumentType::Other, DocumentSide::Back, pdf);
    let created = upload.send().await.unwrap();
    assert_eq!(created.side, Some(DocumentSide::Back));
    assert_eq!(
        documents.retrieve(created.id).send().await.unwrap(),
        created
    );

    let (client, seen) = reading(201);
    let pdf = Pdf::open(file("again.pdf", &content)).await.unwrap();
    upload_of(&client, pdf).send().await.unwrap();
    let (kind, length, body) = seen.lock().unwrap().pop().unwrap();
    let body = body.unwrap();
    assert_eq!(
        length,
        u64::try_from(body.len()).ok(),
        "no server takes it for an empty body"
    );
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let (before, rest) = body.split_at(body.windows(4).position(|four| four == b"%PDF").unwrap());
    assert_eq!(&rest[..content.len()], content);
    assert_eq!(
        &rest[content.len()..],
        format!("\r\n--{boundary}--\r\n").as_bytes()
    );
    let part =
        |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let expected = format!(
        "{}\r\n\r\n3\r\n{}\r\n\r\nother\r\n{}\r\n\r\nback\r\n{}; filename=\"document.pdf\"\r\nContent-Type: application/pdf\r\n\r\n",
        part("entity"),
        part("type"),
        part("side"),
        part("storage_content")
    );
    assert_eq!(String::from_utf8_lossy(before), expected);
}

#[tokio::test]
async fn a_stream_goes_up_as_it_comes() {
    let (client, seen) = reading(201);
    // The first bytes in pieces, and pieces of nothing.
    let chunks = Chunks::of([b"", b"%P", b"DF", b"-1.7 ", b"", b"the rest"]);
    let pdf = Pdf::stream(17, chunks).await.unwrap();
    upload_of(&client, pdf).send().await.unwrap();
    let (_, length, body) = seen.lock().unwrap().pop().unwrap();
    let body = body.unwrap();
    assert_eq!(length, u64::try_from(body.len()).ok());
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("\r\n\r\n%PDF-1.7 the rest\r\n--"), "{text}");
}

/// A body that is gone must not be taken for an empty one (octocrab's retry did).
#[tokio::test]
async fn a_file_that_was_sent_is_never_sent_again() {
    for status in [401, 429, 500, 502, 503] {
        let (client, seen) = reading(status);
        let pdf = Pdf::stream(8, Chunks::of([b"%PDF-1.7"])).await.unwrap();
        let operation = upload_of(&client, pdf).into_operation();
        let error = client.execute(&operation).await.unwrap_err();
        assert_eq!(error.operation(), Some("kyb_documents.create"));
        assert_eq!(error.status().unwrap().as_u16(), status);
        let is_unknown = error.kind() == ErrorKind::OutcomeUnknown;
        assert_eq!(is_unknown, status >= 500, "{status}");
        assert_eq!(error.attempts(), 1);
        // The same value again: there is nothing left to send, and nothing is sent.
        let error = client.execute(&operation).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 0));
        assert!(error.to_string().contains("storage_content"), "{error}");
        assert_eq!(seen.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_is_no_pdf_is_refused_before_anything_is_sent() {
    let missing = Pdf::open("/no/such/canary.pdf").await.unwrap_err();
    assert!(
        !format!("{missing} {missing:?}").contains("canary"),
        "{missing:?}"
    );
    let large = file("large.pdf", b"%PDF");
    let sparse = std::fs::File::options().write(true).open(&large).unwrap();
    sparse.set_len(Pdf::MAX_BYTES + 1).unwrap();
    let refused = [
        missing,
        Pdf::open(env!("CARGO_TARGET_TMPDIR")).await.unwrap_err(),
        Pdf::open(file("empty.pdf", b"")).await.unwrap_err(),
        Pdf::open(file("page.pdf", b"<html>canary"))
            .await
            .unwrap_err(),
        Pdf::open(file("short.pdf", b"%PD")).await.unwrap_err(),
        Pdf::open(large).await.unwrap_err(),
        Pdf::stream(0, Chunks::of([b"%PDF"])).await.unwrap_err(),
        Pdf::stream(9, Chunks::of([])).await.unwrap_err(),
        Pdf::stream(9, Chunks::of([b"<html>", b"x"]))
            .await
            .unwrap_err(),
        Pdf::stream(Pdf::MAX_BYTES + 1, Chunks::of([b"%PDF"]))
            .await
            .unwrap_err(),
        Pdf::stream(3, Chunks::of([b"%PDF"])).await.unwrap_err(),
        Pdf::stream(9, Chunks([Ok(&b"%P"[..]), Err("broken")].into()))
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::Build, "{error}");
        assert!(
            !error.may_have_been_sent() && !error.is_retryable(),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
    // In memory, too.
    let (client, seen) = reading(201);
    for bytes in [b"<html>".to_vec(), Vec::new(), large_pdf()] {
        let documents = client.kyb_documents();
        let create = documents.create(3_u64, KybDocumentType::Other, DocumentSide::Front, bytes);
        assert_eq!(create.send().await.unwrap_err().kind(), ErrorKind::Build);
    }
    assert!(seen.lock().unwrap().is_empty());
}

/// Nor is a value looked through for it: no two forms have the same.
#[tokio::test]
async fn a_value_never_holds_the_boundary() {
    let (client, seen) = reading(201);
    let mut kind = KybDocumentType::Other;
    for _ in 0..2 {
        let documents = client.kyb_documents();
        let create = documents.create(3_u64, kind, DocumentSide::Back, b"%PDF-1.7".to_vec());
        create.send().await.unwrap();
        let (content_type, _, body) = seen.lock().unwrap().pop().unwrap();
        let (_, boundary) = content_type.split_once("boundary=").unwrap();
        let body = String::from_utf8(body.unwrap()).unwrap();
        assert_eq!(body.matches(boundary).count(), 5, "{body}");
        kind = KybDocumentType::from_value(&format!("other--{boundary}"));
    }
}

/// A value of tomorrow is any text; a line break in it would begin a field of its own, such as another entity.
#[tokio::test]
async fn a_value_never_becomes_a_field_of_the_form() {
    let (client, seen) = reading(201);
    let forged = "other\r\n--accredit-form-boundary-0\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n99";
    for text in [forged, "canary\rx", "canary\nx", "canary\0x", "canary\"x"] {
        let kind = KybDocumentType::from_value(text);
        let side = DocumentSide::from_value(text);
        let documents = client.kyb_documents();
        let front = DocumentSide::Front;
        let pdf = Pdf::stream(8, Chunks::of([b"%PDF-1.7"])).await.unwrap();
        let upload = documents.upload(3_u64, KybDocumentType::Other, side.clone(), pdf);
        let upload = upload.into_operation();
        for (error, name) in [
            (
                documents
                    .create(3_u64, kind, front, b"%PDF".to_vec())
                    .send()
                    .await
                    .unwrap_err(),
                "`type`",
            ),
            (
                documents
                    .create(3_u64, KybDocumentType::Other, side, b"%PDF".to_vec())
                    .send()
                    .await
                    .unwrap_err(),
                "`side`",
            ),
            (client.execute(&upload).await.unwrap_err(), "`side`"),
            // The file was not read, so the fault is still the value.
            (client.execute(&upload).await.unwrap_err(), "`side`"),
        ] {
            assert_eq!(error.kind(), ErrorKind::Build, "{error}");
            let words = format!("{error} {error:?}");
            assert!(words.contains(name) && !words.contains("canary"), "{words}");
        }
    }
    assert!(seen.lock().unwrap().is_empty());
    // Any other text of tomorrow goes.
    let kind = KybDocumentType::from_value("articles of \u{fc}nion; v=2");
    let create = client
        .kyb_documents()
        .create(3_u64, kind, DocumentSide::Front, b"%PDF".to_vec());
    create.send().await.unwrap();
}

fn large_pdf() -> Vec<u8> {
    let mut content = b"%PDF".to_vec();
    content.resize(usize::try_from(Pdf::MAX_BYTES).unwrap() + 1, 0);
    content
}

#[tokio::test]
async fn a_stream_that_breaks_its_word_leaves_the_outcome_unknown() {
    for (length, chunks, fault) in [
        (9, Chunks::of([b"%PDF", b"1"]), "shorter"),
        (9, Chunks::of([b"%PDF", b"1234567890"]), "longer"),
        (
            9,
            Chunks([Ok(&b"%PDF"[..]), Err("broken")].into()),
            "broken",
        ),
    ] {
        let (client, seen) = reading(201);
        let pdf = Pdf::stream(length, chunks).await.unwrap();
        let error = upload_of(&client, pdf).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{fault}");
        let (_, _, body) = seen.lock().unwrap().pop().unwrap();
        assert!(body.unwrap_err().contains(fault), "{fault}");
        assert!(seen.lock().unwrap().is_empty(), "once");
    }
}

#[tokio::test]
async fn a_link_goes_as_json_where_the_service_takes_it() {
    let (client, seen) = reading(201);
    let link = "https://files.example.com/canary.pdf";
    let documents = client.kyb_documents();
    let create =
        documents.create_from_url(3_u64, KybDocumentType::Other, DocumentSide::Front, link);
    assert!(!format!("{create:?}").contains("canary"));
    create.send().await.unwrap();
    let (kind, _, body) = seen.lock().unwrap().pop().unwrap();
    assert_eq!(kind, "application/json");
    let expected =
        format!(r#"{{"entity":3,"type":"other","side":"front","storage_content":"{link}"}}"#);
    assert_eq!(String::from_utf8(body.unwrap()).unwrap(), expected);

    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = partner(&sandbox);
    let entity = investor(&client, "Lovelace").await.entity.unwrap().id;
    let documents = client.kyb_documents();
    let create =
        documents.create_from_url(entity, KybDocumentType::Other, DocumentSide::Front, link);
    assert_eq!(create.send().await.unwrap().entity, Some(entity));
}

/// The answer is lost, so what became of the document is found out by looking.
#[tokio::test(start_paused = true)]
async fn an_upload_whose_answer_was_lost_is_found_or_needs_its_file_again() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let entity = investor(&client, "Lovelace").await.entity.unwrap().id;
    let path = file("lost.pdf", b"%PDF-1.7");
    let lost = || {
        Fault::new(Effect::Reset)
            .on("kyb_documents.create")
            .times(1)
    };
    for (fault, is_there) in [(lost().after_call(), true), (lost(), false)] {
        let pdf = Pdf::open(path.clone()).await.unwrap();
        let documents = client.kyb_documents();
        let upload = documents.upload(entity, KybDocumentType::Other, DocumentSide::Back, pdf);
        let mut write = upload.prepare();
        sandbox.inject(fault).unwrap();
        let error = write.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        match write.reconcile().await.unwrap() {
            Reconciled::Applied(found) => assert!(is_there && found.entity == Some(entity)),
            outcome => assert!(!is_there && outcome == Reconciled::NotApplied),
        }
        let error = write.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Build, "{error}");
        let is_about_the_file = error.to_string().contains("open the file again");
        assert_eq!(is_about_the_file, !is_there, "{error}");
    }
    let stored = client.kyb_documents().list().send().await.unwrap();
    assert_eq!(stored.count, 1);
}

/// A link needs no file, so that the same write goes on.
#[tokio::test(start_paused = true)]
async fn a_link_whose_answer_was_lost_is_found_or_sent_again() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = partner(&sandbox);
    let entity = investor(&client, "Lovelace").await.entity.unwrap().id;
    let documents = client.kyb_documents();
    let link = "https://files.example.com/canary.pdf";
    let create =
        documents.create_from_url(entity, KybDocumentType::Other, DocumentSide::Front, link);
    let mut write = create.prepare();
    let lost = Fault::new(Effect::Reset)
        .on("kyb_documents.create")
        .times(1);
    sandbox.inject(lost.clone()).unwrap();
    let error = write.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(write.reconcile().await.unwrap(), Reconciled::NotApplied);
    sandbox.inject(lost.after_call()).unwrap();
    write.send().await.unwrap_err();
    let Reconciled::Applied(found) = write.reconcile().await.unwrap() else {
        panic!("the document is there");
    };
    let stored = documents.list().send().await.unwrap().results;
    assert_eq!(stored, [*found]);
}
