//! What became of writes whose requests or answers are cut off on their way to the live application and back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_thirdparty::models::Timestamp;
use accredit_thirdparty::uploads::Pdf;
use accredit_thirdparty::{
    Client, DocumentSide, EntityId, ErrorKind, InvestorId, InvestorType, KybDocumentType,
    NewEntity, PaymentMethod, Prepared, Reconcile, Reconciled,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Django, OFFERING, builder, partner};

/// Where the connection of a write breaks.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Before the application hears of it.
    Request,
    /// When the application is done, after so many bytes of its answer, and before the last one.
    Answer(usize),
}

/// No byte of the answer arrives, a part of its head, and all but its last byte.
const ANSWERS: [Cut; 3] = [Cut::Answer(0), Cut::Answer(40), Cut::Answer(usize::MAX)];

/// Stands between a client and the application, and cuts off one write when it is told to.
struct Cutter {
    client: Client,
    next: Arc<Mutex<Option<Cut>>>,
}

impl Cutter {
    async fn start(django: &Django) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let next = Arc::<Mutex<Option<Cut>>>::default();
        let (application, cuts) = (django.application.address().to_owned(), next.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(stream, application.clone(), cuts.clone()));
            }
        });
        let client = partner(builder(&address)).build().unwrap();
        Self { client, next }
    }

    /// Sends a write that is cut off.
    async fn lose<O: Reconcile>(&self, write: &mut Prepared<O>, cut: Cut) {
        *self.next.lock().unwrap() = Some(cut);
        let error = write.send().await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{cut:?}: {error}");
        assert!(self.next.lock().unwrap().is_none(), "it was not cut off");
    }
}

/// One request and its answer; the application closes the connection after each.
async fn carry(mut client: TcpStream, application: String, cuts: Arc<Mutex<Option<Cut>>>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if client.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let is_write = head.starts_with(b"POST ") && !head.starts_with(b"POST /api_third_party/auth/");
    let cut = is_write.then(|| cuts.lock().unwrap().take()).flatten();
    if let Some(Cut::Request) = cut {
        return;
    }
    let mut server = TcpStream::connect(application).await.unwrap();
    server.write_all(&head).await.unwrap();
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let there = tokio::io::copy(&mut from_client, &mut to_server);
    let back = async {
        let mut answer = Vec::new();
        from_server.read_to_end(&mut answer).await.unwrap();
        let kept = match cut {
            Some(Cut::Answer(kept)) => kept.min(answer.len() - 1),
            _ => answer.len(),
        };
        to_client.write_all(&answer[..kept]).await
    };
    tokio::select! {
        _ = there => {}
        _ = back => {}
    }
}

/// What a probe says of a write that ran.
async fn found<O: Reconcile>(write: &mut Prepared<O>) -> O::Found {
    match write.reconcile().await.unwrap() {
        Reconciled::Applied(found) => *found,
        Reconciled::NotApplied => panic!("it ran"),
        Reconciled::Ambiguous(found) => panic!("it is one of {}", found.len()),
    }
}

/// What a probe says of a write that did not run.
async fn is_not_there<O: Reconcile>(write: Prepared<O>) -> Prepared<O> {
    // There is nothing that could still land.
    let mut write = write.patience(Duration::ZERO);
    let outcome = write.reconcile().await.unwrap();
    assert!(matches!(outcome, Reconciled::NotApplied));
    write
}

#[tokio::test]
async fn investments() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, mut ids) = django.five("Lovelace").await;
    let cutter = Cutter::start(&django).await;
    let order = || {
        let create = cutter.client.investments();
        let create = create.create(OFFERING, investor.id, 14);
        create.requested_payment_method(PaymentMethod::Wire)
    };
    // The last of the five is the same order, and older.
    for cut in ANSWERS {
        let mut write = order().prepare();
        cutter.lose(&mut write, cut).await;
        let found = found(&mut write).await;
        assert!(!ids.contains(&found.id), "{cut:?}");
        assert_eq!(found.amount.unwrap().to_string(), "149.94");
        ids.push(found.id);
    }
    let mut write = order().prepare();
    cutter.lose(&mut write, Cut::Request).await;
    let mut write = is_not_there(write).await;
    ids.push(write.send().await.unwrap().id);
    // Django shows six of the nine digits.
    let instant: Timestamp = "2026-03-01T10:00:00.123456789Z".parse().unwrap();
    let dated = order().reg_cf_disclosure_acknowledged_at(instant);
    let mut write = dated.prepare();
    cutter.lose(&mut write, Cut::Answer(0)).await;
    ids.push(found(&mut write).await.id);

    let list = django.client.investments().list().investor(investor.id);
    assert_eq!(super::found(list).await, ids, "each once");
}

/// A list that takes no order by ids comes in one of its own, which may begin with ids that go down.
#[tokio::test]
async fn investments_in_an_order_of_their_own() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, mut ids) = django.five("Lovelace").await;
    while ids.len() < 22 {
        let create = django.client.investments();
        let create = create.create(OFFERING, investor.id, 14);
        ids.push(create.send().await.unwrap().id);
    }
    let cutter = Cutter::start(&django).await;
    django.turn("ordering", "?value=amount").await;
    for default in ["status,-id", "-updated_at"] {
        let default = format!("?value={default}");
        django.turn("default_ordering", &default).await;
        // What was received stands before what is new.
        for id in &ids {
            django.advance(*id, "received").await;
        }
        let create = cutter.client.investments();
        let mut write = create.create(OFFERING, investor.id, 14).prepare();
        cutter.lose(&mut write, Cut::Answer(0)).await;
        for id in &ids {
            django.advance(*id, "received").await;
        }
        let found = found(&mut write).await;
        assert!(!ids.contains(&found.id), "{default}");
        // The next one finds this one there.
        let create = cutter.client.investments();
        let mut write = create.create(OFFERING, investor.id, 14).prepare();
        cutter.lose(&mut write, Cut::Request).await;
        drop(is_not_there(write).await);
        django.advance(found.id, "cancelled").await;
    }
}

#[tokio::test]
async fn investors() {
    let Some(django) = Django::start() else {
        return;
    };
    let older = django.investor("Hopper").await;
    let cutter = Cutter::start(&django).await;
    let create = || {
        let entity = NewEntity::new().first_name("Ada").last_name("Hopper");
        let entity = entity.email("hopper@example.com");
        cutter
            .client
            .investors()
            .create(entity, InvestorType::Person)
    };
    let mut last = older.id;
    for cut in ANSWERS {
        let mut write = create().prepare();
        cutter.lose(&mut write, cut).await;
        let found = found(&mut write).await;
        assert_eq!(found.id, InvestorId::new(last.get() + 1), "{cut:?}");
        last = found.id;
    }
    let mut write = create().prepare();
    cutter.lose(&mut write, Cut::Request).await;
    drop(is_not_there(write).await);
    let all = django.client.investors().list().send().await.unwrap();
    assert_eq!(all.count, last.get());
}

#[tokio::test]
async fn documents() {
    let Some(django) = Django::start() else {
        return;
    };
    let entity: EntityId = django.investor("Noether").await.entity.unwrap().id;
    let cutter = Cutter::start(&django).await;
    let documents = || cutter.client.kyb_documents();
    let (kind, side) = (KybDocumentType::Other, DocumentSide::Front);
    // More than fits into the buffers on the way.
    let pdf = [b"%PDF-1.7".to_vec(), vec![b'x'; 1 << 20]].concat();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("django_reconcile.pdf");
    std::fs::write(&file, &pdf).unwrap();
    let mut count = 0;
    for cut in ANSWERS {
        let create = documents().create(entity, kind.clone(), side.clone(), pdf.clone());
        let mut write = create.prepare();
        cutter.lose(&mut write, cut).await;
        let from_memory = found(&mut write).await;
        assert_eq!(django.last_file().await, pdf);

        let content = Pdf::open(&file).await.unwrap();
        let upload = documents().upload(entity, kind.clone(), side.clone(), content);
        let mut write = upload.prepare();
        cutter.lose(&mut write, cut).await;
        let from_disk = found(&mut write).await;
        assert!(from_disk.id > from_memory.id, "{cut:?}");
        count += 2;
    }
    let create = documents().create(entity, kind.clone(), side.clone(), pdf.clone());
    let mut write = create.prepare();
    cutter.lose(&mut write, Cut::Request).await;
    let mut write = is_not_there(write).await;
    write.send().await.unwrap();

    let content = Pdf::open(&file).await.unwrap();
    let upload = documents().upload(entity, kind, side, content);
    let mut write = upload.prepare();
    cutter.lose(&mut write, Cut::Request).await;
    let mut write = is_not_there(write).await;
    // Its file was read.
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Build);
    let all = documents().list().entity(entity).send().await.unwrap();
    assert_eq!(all.count, count + 1);
}

#[tokio::test]
async fn a_write_of_a_program_that_ended() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Bartik").await;
    let cutter = Cutter::start(&django).await;
    let order = || {
        let create = cutter.client.investments();
        create.create(OFFERING, investor.id, 20)
    };
    let read = django.client.investments().retrieve(ids[4]).send().await;
    let began: Timestamp = read.unwrap().created_at.unwrap();
    *cutter.next.lock().unwrap() = Some(Cut::Answer(0));
    let error = order().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let mut write = order().resume(began).await.unwrap();
    let found = found(&mut write).await;
    assert_eq!(found.quantity, Some(20));
    // One that never was: begun well after that.
    let later = began.instant() + Duration::from_secs(600);
    let write = order().resume(later).await.unwrap();
    drop(is_not_there(write).await);
}
