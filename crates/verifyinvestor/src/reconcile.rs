//! What became of a request whose creation ended without an answer. Looks; never creates.

use std::time::{Duration, SystemTime};

use accredit_models::{
    Timestamp, same_legal_name,
    verifyinvestor::{
        CreatedVerificationRequest, NewVerificationRequest, UserId, VerificationRequest,
        VerificationRequestType,
    },
};
use accredit_transport::{self as transport, CallOptions, Error, ErrorKind, Operation};

use crate::{
    Client,
    operations::{
        account::Root,
        verification_requests::{
            Create, CreateAmlKyc, CreateQualifiedClient, CreateQualifiedPurchaser, List, Retrieve,
        },
    },
};

/// Beyond the time that passed, for a server that keeps whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// What became of a write whose outcome was unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Reconciled {
    /// It ran: this is what it made. Where the service does not show what a request is for, one for accreditation and one of
    /// another kind that was made at the same moment look alike, and either is taken for the former.
    Applied(Box<VerificationRequest>),
    /// There is no trace of it, also not after the client's [patience](crate::ClientBuilder::patience). One that is under way
    /// for longer leaves none yet.
    NotApplied,
    /// What is there may or may not be its work: several requests fit, or one that does not say enough, such as its deal, or,
    /// unless it should be for accreditation, its kind; or this machine's clock was set back since.
    Ambiguous(Vec<VerificationRequest>),
}

mod sealed {
    pub trait Sealed {}
}

/// An operation that makes a verification request. There are four: [`Create`], [`CreateAmlKyc`],
/// [`CreateQualifiedPurchaser`] and [`CreateQualifiedClient`].
pub trait CreateRequest:
    Operation<Output = CreatedVerificationRequest> + Send + Sync + sealed::Sealed
{
    /// What is to be verified; `None` for accreditation.
    fn kind(&self) -> Option<VerificationRequestType>;

    /// Who is asked.
    fn user(&self) -> UserId;

    /// What is asked.
    fn body(&self) -> &NewVerificationRequest;
}

macro_rules! creates {
    ($($operation:ident: $kind:expr;)*) => {
        $(
            impl sealed::Sealed for $operation {}

            impl CreateRequest for $operation {
                fn kind(&self) -> Option<VerificationRequestType> {
                    $kind
                }

                fn user(&self) -> UserId {
                    self.user_id
                }

                fn body(&self) -> &NewVerificationRequest {
                    &self.body
                }
            }
        )*
    };
}

creates! {
    Create: None;
    CreateAmlKyc: Some(VerificationRequestType::AmlKyc);
    CreateQualifiedPurchaser: Some(VerificationRequestType::QualifiedPurchaser);
    CreateQualifiedClient: Some(VerificationRequestType::QualifiedClient);
}

impl Client {
    /// Finds out what became of a create that failed with [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) and was first sent at
    /// `since`, by this machine's clock.
    ///
    /// Reads the user's requests and looks for those of the same portal, deal, legal name and kind that were made since. The
    /// clocks of this machine and of the service may differ; but if this machine's was set meanwhile, `since` tells less than it
    /// seems to, and after a step back beyond it nothing. What is not found is looked for again after the client's
    /// [patience](crate::ClientBuilder::patience), since it may land that late. [`create_or_resume`](crate::Call::create_or_resume) does this by
    /// itself, by a clock that nobody sets.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
    /// use accredit_verifyinvestor::{ErrorKind, Reconciled};
    ///
    /// let create = client.users().verification_requests(135_u64).create().legal_name("Ada Lovelace").into_operation();
    /// let since = std::time::SystemTime::now();
    /// match client.execute(&create).await {
    ///     Ok(created) => println!("made {}", created.id),
    ///     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => match client.reconcile(&create, since).await? {
    ///         Reconciled::Applied(request) => println!("made {}, though nobody said so", request.id),
    ///         Reconciled::NotApplied => println!("not made"),
    ///         Reconciled::Ambiguous(requests) => println!("a person has to look at {}", requests.len()),
    ///     },
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the requests can't be read, and on a platform without a clock.
    pub async fn reconcile<O: CreateRequest>(
        &self,
        operation: &O,
        since: SystemTime,
    ) -> Result<Reconciled, Error> {
        if !HAS_CLOCK {
            return Err(Error::new(ErrorKind::Build).with_detail("this platform has no clock"));
        }
        // A beginning that is still to come was taken before the clock was set back: nothing is known of it.
        let elapsed = || SystemTime::now().duration_since(since).ok();
        reconcile(self, operation, elapsed, &CallOptions::new()).await
    }
}

/// The same, where `elapsed` tells how long ago it was first sent, if that is known.
pub(crate) async fn reconcile<O: CreateRequest>(
    client: &Client,
    operation: &O,
    elapsed: impl Fn() -> Option<Duration>,
    options: &CallOptions,
) -> Result<Reconciled, Error> {
    let found = look(client, operation, &elapsed, options).await?;
    if found != Reconciled::NotApplied {
        return Ok(found);
    }
    transport::pause(client.patience()).await?;
    look(client, operation, &elapsed, options).await
}

async fn look<O: CreateRequest>(
    client: &Client,
    operation: &O,
    elapsed: &impl Fn() -> Option<Duration>,
    options: &CallOptions,
) -> Result<Reconciled, Error> {
    // By the service's own clock, which may be hours off this one.
    let root = client.execute_with(&Root, options).await?;
    // Measured when the service's time is here, since that may have taken long.
    let earliest = root.current_time.zip(elapsed()).and_then(|(now, elapsed)| {
        let earliest = now.instant().checked_sub(elapsed.saturating_add(SLACK));
        earliest.ok().map(Timestamp::from)
    });

    let deal = operation.body().deal_name.as_deref().map(str::trim);
    let deal = deal.filter(|deal| !deal.is_empty());
    let mut found = similar(client, operation, options).await?;
    found.retain(|request| {
        let is_of_another_deal = deal
            .zip(request.deal_name.as_deref())
            .is_some_and(|(sent, shown)| sent != shown.trim());
        let is_older =
            matches!((request.created_at, earliest), (Some(at), Some(from)) if at < from);
        !is_of_another_deal && !is_older
    });
    let says_all = |request: &VerificationRequest| {
        let says_its_deal = deal.is_none() || request.deal_name.is_some();
        let says_when = earliest.is_some() && request.created_at.is_some();
        says_its_deal && says_when && is_surely(request, operation)
    };
    Ok(match found.len() {
        0 => Reconciled::NotApplied,
        1 if found.iter().all(says_all) => found.pop().map_or(Reconciled::NotApplied, |request| {
            Reconciled::Applied(Box::new(request))
        }),
        _ => Reconciled::Ambiguous(found),
    })
}

/// The user's requests that could be what the operation makes: none that says to be of another kind, portal or legal name.
///
/// That the service shows the kind where a request is read is not documented. Where it does for one of them, a request without
/// a kind is for accreditation; else it may be of any.
pub(crate) async fn similar<O: CreateRequest>(
    client: &Client,
    operation: &O,
    options: &CallOptions,
) -> Result<Vec<VerificationRequest>, Error> {
    let (user, body) = (operation.user(), operation.body());
    let mut found = Vec::new();
    let mut shows_kinds = false;
    for item in client.execute_with(&List::new(user), options).await? {
        if !is_same_party(item.portal_name.as_deref(), body.portal_name.as_deref()) {
            continue;
        }
        let request = match client
            .execute_with(&Retrieve::new(user, item.id), options)
            .await
        {
            Ok(request) => request,
            // Gone since.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        shows_kinds |= request.kind.is_some();
        if is_named(&request, body) != Some(false) {
            found.push(request);
        }
    }
    found.retain(|request| {
        request.kind == operation.kind() || (request.kind.is_none() && !shows_kinds)
    });
    Ok(found)
}

/// Whether one of those is of the very kind and legal name. One without a kind is taken for accreditation.
pub(crate) fn is_surely(request: &VerificationRequest, operation: &impl CreateRequest) -> bool {
    request.kind == operation.kind() && is_named(request, operation.body()) == Some(true)
}

/// Whether a request is about the legal name that was sent; `None` when it does not say. True when none was sent: the
/// service fills in the investor's own.
fn is_named(request: &VerificationRequest, body: &NewVerificationRequest) -> Option<bool> {
    let Some(sent) = &body.legal_name else {
        return Some(true);
    };
    let name = request.legal_name.as_ref()?;
    Some(same_legal_name(name.expose(), sent.expose()))
}

/// Whether two names are of one portal; none, and a blank one, are the issuer's own.
pub(crate) fn is_same_party(one: Option<&str>, other: Option<&str>) -> bool {
    one.unwrap_or_default().trim() == other.unwrap_or_default().trim()
}

/// Whether time can be measured: bare WebAssembly has no clock.
pub(crate) const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));
