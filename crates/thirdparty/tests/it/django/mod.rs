//! The client against a live application of Django REST Framework, django-filter and knox (`tests/django`): the frameworks
//! behind the service, and not our own emulator.
//!
//! Each test starts one of its own. Where there is no Python, or no network to install the packages from once, the tests are
//! skipped with a notice; in CI they fail. What a person or the time does there is done with its knobs.

mod lifecycle;
mod reconcile;

use accredit_sandbox::PARTNER_EMAIL;
use accredit_thirdparty::models::{Date, Money, Personal, Timestamp};
use accredit_thirdparty::operations::investments::List;
use accredit_thirdparty::transport::bytes::Bytes;
use accredit_thirdparty::transport::http::Request;
use accredit_thirdparty::transport::http::header::LOCATION;
use accredit_thirdparty::transport::{CallOptions, Error};
use accredit_thirdparty::uploads::Pdf;
use accredit_thirdparty::{
    Call, Client, ClientBuilder, Country, Credentials, DocumentSide, Environment, ErrorKind,
    InvestmentId, InvestmentStatus, Investor, InvestorType, KybDocumentType, KycStatus, NewEntity,
    OfferingId, OfferingType, PaymentMethod, Problem,
};
use django_application::Application;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::Names;

/// The only offering of the application.
const OFFERING: OfferingId = OfferingId::new(1);

/// An application, and a client that is its partner.
struct Django {
    application: Application,
    client: Client,
    /// What left the client.
    names: Names,
}

impl Django {
    /// `None`, with a notice, where the application cannot run.
    fn start() -> Option<Self> {
        let application = Application::start()?;
        let names = Names::default();
        let builder = builder(application.address());
        let client = names.watch(partner(builder)).build().unwrap();
        Some(Self {
            application,
            client,
            names,
        })
    }

    /// Turns a knob; with nothing, back to rest. Past the client: that may have no way in any more.
    async fn turn(&self, knob: &str, value: &str) {
        let request = format!(
            "POST /_test/{knob}/{value} HTTP/1.0\r\nhost: {}\r\ncontent-length: 0\r\n\r\n",
            self.application.address()
        );
        let mut stream = TcpStream::connect(self.application.address())
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert_eq!(
            reply.split(' ').nth(1),
            Some("200"),
            "{knob}{value}: {reply}"
        );
    }

    /// Moves an investment on, as a person does.
    async fn advance(&self, id: InvestmentId, status: &str) {
        let value = format!("?investment={id}&value={status}");
        self.turn("advance", &value).await;
    }

    /// The file of the last document, which the service itself never gives back.
    async fn last_file(&self) -> Bytes {
        let request = Request::get("/_test/file/").body(Bytes::new()).unwrap();
        let reply = self.client.transport().send(request).await.unwrap();
        assert_eq!(reply.status.as_u16(), 200);
        reply.body
    }

    async fn investor(&self, last_name: &str) -> Investor {
        let entity = NewEntity::new()
            .first_name("Ada")
            .last_name(last_name)
            .email(format!("{}@example.com", last_name.to_lowercase()))
            .date_of_birth("1985-12-10".parse::<Date>().unwrap())
            .net_worth(money("2500000.50"))
            .country(Country::US);
        let create = self.client.investors().create(entity, InvestorType::Person);
        create.receive_emails(true).send().await.unwrap()
    }

    /// Five investments of a new investor: 107.10, 117.81, 128.52, 139.23, 149.94.
    async fn five(&self, last_name: &str) -> (Investor, Vec<InvestmentId>) {
        let investor = self.investor(last_name).await;
        let mut ids = Vec::new();
        for quantity in 10..15 {
            let created = self
                .client
                .investments()
                .create(OFFERING, investor.id, quantity)
                .requested_payment_method(PaymentMethod::Wire)
                .send()
                .await
                .unwrap();
            assert_eq!(created.offering, Some(OFFERING));
            assert_eq!(created.investor.unwrap().id, investor.id);
            ids.push(created.id);
        }
        (investor, ids)
    }
}

/// A client of what listens there, without credentials yet.
fn builder(address: &str) -> ClientBuilder {
    Client::builder(Environment::Sandbox(format!("http://{address}")))
}

fn partner(builder: ClientBuilder) -> ClientBuilder {
    let password = accredit_sandbox::PARTNER_PASSWORD;
    builder.credentials(Credentials::password(PARTNER_EMAIL, password))
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// The ids of a page.
async fn found(list: Call<List>) -> Vec<InvestmentId> {
    let page = list.send().await.unwrap();
    let ids = page.results.iter().map(|investment| investment.id);
    ids.collect()
}

/// The first words about a field.
fn said(error: &Error, field: &str) -> String {
    assert_eq!(error.status().unwrap().as_u16(), 400, "{error:?}");
    let problem = Problem::of(error).unwrap();
    problem.field(field).first().cloned().unwrap_or_default()
}

#[tokio::test]
async fn login_and_logout() {
    let Some(django) = Django::start() else {
        return;
    };
    let login = django.client.auth().login().await.unwrap();
    assert_eq!(login.token.expose().len(), 64);
    let page = django.client.investors().list().page_size(1).send().await;
    page.unwrap();
    django.client.auth().logout().await.unwrap();
    assert_eq!(
        django.names.take(),
        ["auth.login", "investors.list", "auth.logout"]
    );
    // All tokens of the account: the next call logs in again.
    django.client.auth().logout_all().await.unwrap();
    let list = || django.client.investors().list().page_size(1).send();
    list().await.unwrap();
    assert_eq!(
        django.names.take(),
        [
            "auth.logoutall",
            "auth.login",
            "investors.list",
            "auth.login"
        ]
    );

    let wrong = Credentials::password(PARTNER_EMAIL, "canary");
    let client = builder(django.application.address()).credentials(wrong);
    let client = client.build().unwrap();
    let error = client.auth().login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let words = "Unable to log in with provided credentials.";
    assert_eq!(said(&error, "non_field_errors"), words);
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn an_expired_token_is_replaced_once() {
    let Some(django) = Django::start() else {
        return;
    };
    let list = || django.client.investors().list().page_size(1).send();
    list().await.unwrap();
    django.turn("expire", "").await;
    django.names.take();
    list().await.unwrap();
    assert_eq!(django.names.take(), ["investors.list", "auth.login"]);
    list().await.unwrap();
    assert_eq!(django.names.take(), ["investors.list"]);

    // Tokens that are dead when they are born: one login more, then the refusal is believed.
    let names = Names::default();
    let other = names.watch(partner(builder(django.application.address())));
    let other = other.build().unwrap();
    django.turn("token_life", "?value=0").await;
    let list = || other.investors().list().page_size(1).send();
    let error = list().await;
    let again = list().await;
    django.turn("token_life", "").await;
    let error = error.unwrap_err();
    assert_eq!(error.attempts(), 2);
    assert_eq!(again.unwrap_err().attempts(), 1);
    let (login, list) = ("auth.login", "investors.list");
    assert_eq!(names.take(), [list, login, login, list]);
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let problem = Problem::of(&error).unwrap();
    assert_eq!(problem.message(), Some("Invalid token."));
}

#[tokio::test]
async fn an_account_that_may_not() {
    let Some(django) = Django::start() else {
        return;
    };
    let login = django.client.auth().login().await.unwrap();
    let own = builder(django.application.address()).token(login.token);
    let own = own.build().unwrap();
    django.turn("deactivate", "").await;
    let inactive = own.investors().list().send().await;
    django.turn("activate", "").await;
    django.turn("token_limit", "?value=0").await;
    let limited = django.client.auth().login().await;
    django.turn("token_limit", "").await;
    let limit = "Maximum amount of tokens allowed per user exceeded.";
    for (error, status, words) in [
        (inactive.unwrap_err(), 401, "User inactive or deleted."),
        (limited.unwrap_err(), 403, limit),
    ] {
        assert!(error.is_unauthorized() && !error.is_retryable());
        assert_eq!(error.status().unwrap().as_u16(), status);
        let problem = Problem::of(&error).unwrap();
        assert_eq!(problem.message(), Some(words));
    }
}

#[tokio::test]
async fn objects_are_made_and_read_back() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Lovelace").await;
    assert_eq!(investor.kind, Some(InvestorType::Person));
    let entity = investor.entity.as_ref().unwrap();
    assert_eq!(
        entity.net_worth.as_ref().unwrap().expose().to_string(),
        "2500000.50"
    );
    assert_eq!(entity.country, Some(Personal::new(Country::US)));
    let read = django.client.investors().retrieve(investor.id).send().await;
    let read = read.unwrap();
    // The first investment had the investor checked.
    assert_eq!(read.entity.unwrap().kyc_status, Some(KycStatus::Passed));
    let read = django.client.investments().retrieve(ids[4]).send().await;
    let read = read.unwrap();
    assert_eq!((read.id, read.quantity), (ids[4], Some(14)));
    assert_eq!(read.amount.unwrap().to_string(), "149.94");
    assert_eq!(read.price_fees.unwrap().to_string(), "2.94");
    assert_eq!(read.status, Some(InvestmentStatus::Started));
    assert!(read.created_at.is_some());
}

#[tokio::test]
async fn every_kind_of_filter() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Hopper").await;
    let list = || django.client.investments().list().investor(investor.id);
    assert_eq!(found(list()).await, ids);
    // Numbers, to the last digit.
    assert_eq!(found(list().amount(money("128.520"))).await, ids[2..3]);
    assert_eq!(found(list().amount_gt(money("128.52"))).await, ids[3..]);
    assert_eq!(found(list().amount_gte(money("128.52"))).await, ids[2..]);
    assert_eq!(found(list().amount_lt(money("128.52"))).await, ids[..2]);
    assert_eq!(found(list().amount_lte(money("128.52"))).await, ids[..3]);
    let two = [money("107.10"), money("149.94")];
    assert_eq!(found(list().amount_in(two)).await, [ids[0], ids[4]]);
    // Why an empty list is refused before it is sent.
    assert_eq!(found(list().param("amount__in", "")).await, ids);
    assert_eq!(found(list().id(ids[3])).await, ids[3..4]);
    assert_eq!(
        found(list().id_in([ids[1], ids[3]])).await,
        [ids[1], ids[3]]
    );
    // Instants, to the microsecond and in any zone.
    let read = django.client.investments().retrieve(ids[2]).send().await;
    let third = read.unwrap().created_at.unwrap();
    assert_eq!(found(list().created_at(third)).await, ids[2..3]);
    assert_eq!(found(list().created_at_gte(third)).await, ids[2..]);
    assert_eq!(found(list().created_at_lte(third)).await, ids[..3]);
    assert_eq!(found(list().created_at_in([third])).await, ids[2..3]);
    let day = "2000-01-01T01:00:00+01:00".parse::<Timestamp>().unwrap();
    assert_eq!(found(list().created_at_gte(day)).await, ids);
    assert_eq!(found(list().created_at_in([day, third])).await, ids[2..3]);
    // Choices.
    django.advance(ids[1], "approved").await;
    django.advance(ids[2], "not_approved").await;
    let approved = InvestmentStatus::Approved;
    assert_eq!(found(list().status(approved.clone())).await, ids[1..2]);
    let both = [approved, InvestmentStatus::NotApproved];
    assert_eq!(found(list().status_in(both)).await, ids[1..3]);
    let tomorrow = InvestmentStatus::from_value("a status of tomorrow");
    assert_eq!(found(list().status_in([tomorrow])).await, []);
    // Booleans, and what is not there. Lists of booleans are in the document, but the stock filter can't read them.
    assert_eq!(
        found(list().investmentapproval_is_approved(true)).await,
        ids[1..2]
    );
    assert_eq!(
        found(list().investmentapproval_is_approved(false)).await,
        ids[2..3]
    );
    assert_eq!(found(list().investor_entity_isnull(false)).await, ids);
    assert_eq!(found(list().investor_entity_isnull(true)).await, []);
    // What stands in other tables.
    let entity = investor.entity.as_ref().unwrap().id;
    assert_eq!(found(list().investor_entity(entity)).await, ids);
    assert_eq!(
        found(list().investor_entity_email("hopper@example.com")).await,
        ids
    );
    assert_eq!(
        found(list().investor_entity_email("nobody+x@example.com")).await,
        []
    );
    assert_eq!(
        found(list().investor_entity_kyc_status(KycStatus::Passed)).await,
        ids
    );
    assert_eq!(found(list().investor_type(InvestorType::Company)).await, []);
    assert_eq!(found(list().offering_in([OFFERING])).await, ids);
    assert_eq!(found(list().offering_archived(false)).await, ids);
    assert_eq!(
        found(list().offering_slug("analytical-engines-rega")).await,
        ids
    );
    assert_eq!(
        found(list().offering_type_in([OfferingType::RegA])).await,
        ids
    );
    // Raw ones, of which unknown ones are ignored.
    assert_eq!(found(list().param("amount__gt", "139.23")).await, ids[4..]);
    assert_eq!(
        found(list().param("no such filter & none=", "x")).await,
        ids
    );
}

#[tokio::test]
async fn order_search_and_pages() {
    let Some(django) = Django::start() else {
        return;
    };
    let (investor, ids) = django.five("Hamilton").await;
    let backwards: Vec<_> = ids.iter().rev().copied().collect();
    let list = || django.client.investments().list().investor(investor.id);
    assert_eq!(found(list().ordering("-amount")).await, backwards);
    assert_eq!(found(list().ordering("status,-id")).await, backwards);
    assert_eq!(found(list().ordering("of_tomorrow")).await, ids);
    assert_eq!(found(list().search("HAMIL example.com")).await, ids);
    assert_eq!(found(list().search("100% & more?")).await, []);

    let page = list().page_size(2).send().await.unwrap();
    assert_eq!(
        (page.count, page.results.len(), page.next_page()),
        (5, 2, Some(2))
    );
    let link = page.next.as_deref().unwrap();
    assert!(
        link.contains(&format!("investor={}", investor.id)),
        "{link}"
    );
    let mut all = list().page_size(2).ordering("-amount").items();
    let mut walked = Vec::new();
    while let Some(investment) = all.try_next().await.unwrap() {
        walked.push(investment.id);
    }
    assert_eq!(walked, backwards, "by the queries of `next`");
    for page in [0, 4] {
        let error = list().page_size(2).page(page).send().await.unwrap_err();
        assert!(error.is_not_found());
        let problem = Problem::of(&error).unwrap();
        assert_eq!(problem.message(), Some("Invalid page."));
    }
}

#[tokio::test]
async fn refusals_name_their_fields() {
    let Some(django) = Django::start() else {
        return;
    };
    let investors = django.client.investors();
    let entity = NewEntity::new().first_name("").email("nobody");
    let entity = entity.country(Country::from_value("ZZ"));
    let create = investors.create(entity, InvestorType::from_value("robot"));
    let error = create.send().await.unwrap_err();
    for (field, words) in [
        ("entity.first_name", "This field may not be blank."),
        ("entity.last_name", "This field is required."),
        ("entity.email", "Enter a valid email address."),
        ("entity.country", "\"ZZ\" is not a valid choice."),
        ("type", "\"robot\" is not a valid choice."),
    ] {
        assert_eq!(said(&error, field), words, "{field}");
    }
    assert_eq!(Problem::of(&error).unwrap().fields().count(), 5);

    let create = django.client.investments().create(OFFERING, 99_999_u64, 10);
    let words = "Invalid pk \"99999\" - object does not exist.";
    assert_eq!(said(&create.send().await.unwrap_err(), "investor"), words);
    let list = || django.client.investments().list();
    let bogus = list().status(InvestmentStatus::from_value("bogus"));
    let words = "Select a valid choice. bogus is not one of the available choices.";
    assert_eq!(said(&bogus.send().await.unwrap_err(), "status"), words);
    let error = list().param("id__in", "1,x").send().await.unwrap_err();
    assert_eq!(said(&error, "id__in"), "Enter a number.");

    let read = django.client.investments().retrieve(99_999_u64);
    let error = read.send().await.unwrap_err();
    assert!(error.is_not_found());
    let words = "No Investment matches the given query.";
    assert_eq!(Problem::of(&error).unwrap().message(), Some(words));
}

#[tokio::test]
async fn pages_for_people_and_a_missing_slash() {
    let Some(django) = Django::start() else {
        return;
    };
    // The application has no invoices.
    let error = django.client.invoices().list().send().await.unwrap_err();
    assert!(error.is_not_found() && Problem::of(&error).is_none());
    assert!(error.to_string().contains("(text/html"), "{error}");

    django.turn("break", "?value=yes").await;
    let list = || django.client.investors().list().page_size(1);
    let error = list().send().await;
    django.turn("break", "").await;
    let error = error.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    assert!(error.to_string().contains("(text/html"), "{error}");
    assert!(error.is_retryable() && Problem::of(&error).is_none());
    list().send().await.unwrap();

    for path in ["investors", "investors?page=1"] {
        let path = format!("/api_third_party/{path}");
        let request = Request::get(path).body(Bytes::new()).unwrap();
        let reply = django.client.transport().send(request).await.unwrap();
        assert_eq!(reply.status.as_u16(), 301, "told, and not followed");
        let location = reply.headers[LOCATION].to_str().unwrap();
        assert!(
            location.starts_with("/api_third_party/investors/"),
            "{location}"
        );
    }
}

#[tokio::test]
async fn throttling() {
    let Some(django) = Django::start() else {
        return;
    };
    let list = || django.client.investors().list().page_size(1);
    list().send().await.unwrap();
    django.turn("throttle", "?value=2/minute").await;
    for _ in 0..2 {
        list().send().await.unwrap();
    }
    let once = CallOptions::new().attempts(1);
    let error = list().options(once.clone()).send().await;
    let create = django.client.investors();
    let create = create.create(NewEntity::new(), InvestorType::Person);
    let write = create.options(once).send().await;
    django.turn("throttle", "").await;
    for error in [error.unwrap_err(), write.unwrap_err()] {
        assert!(error.is_rate_limited());
        let seconds = error.retry_after().unwrap().as_secs();
        assert!((1..=60).contains(&seconds), "{seconds}");
        let problem = Problem::of(&error).unwrap();
        let words = problem.message().unwrap();
        assert!(
            words.starts_with("Request was throttled. Expected available in "),
            "{words}"
        );
    }
    // A short pause is waited for, and the call is sent again.
    django.turn("throttle", "?value=1/second").await;
    for _ in 0..3 {
        list().send().await.unwrap();
    }
    django.turn("throttle", "").await;
}

#[tokio::test]
async fn a_document_goes_up_whole() {
    let Some(django) = Django::start() else {
        return;
    };
    let entity = django.investor("Noether").await.entity.unwrap().id;
    let mut pdf = b"%PDF-1.7\r\n--accredit-form-boundary-0\r\n".to_vec();
    pdf.extend(0..=u8::MAX);
    let documents = django.client.kyb_documents();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("django.pdf");
    let (kind, side) = (KybDocumentType::Other, DocumentSide::Back);
    let from_memory = documents.create(entity, kind.clone(), side.clone(), pdf.clone());
    let from_memory = from_memory.send().await.unwrap();
    assert_eq!(django.last_file().await, pdf, "every byte of it arrived");
    // The same as it is read from the disk.
    pdf.extend(b"and more");
    std::fs::write(&file, &pdf).unwrap();
    let content = Pdf::open(file).await.unwrap();
    let from_disk = documents.upload(entity, kind, side, content);
    let from_disk = from_disk.send().await.unwrap();
    assert_eq!(django.last_file().await, pdf);
    for created in [&from_memory, &from_disk] {
        assert_eq!(created.entity, Some(entity));
        assert_eq!(created.side, Some(DocumentSide::Back));
        let read = documents.retrieve(created.id).send().await.unwrap();
        assert_eq!(read, *created);
    }
    let listed = documents.list().entity(entity).send().await.unwrap();
    assert_eq!(listed.results, [from_memory, from_disk]);
}
