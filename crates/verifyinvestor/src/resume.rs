//! Making a verification request, or going on with the one that is there. Asks for a second one only after two looks.

use accredit_models::{
    Secret,
    verifyinvestor::{
        CreatedVerificationRequest, VerificationRequest, VerificationRequestId,
        VerificationRequestStatus,
    },
};
use accredit_transport::{CallOptions, Error, ErrorKind};
use http::StatusCode;
use tokio::time::Instant;

use crate::{
    Call, Client,
    operations::verification_requests::Retrieve,
    problem::{pending_verification_request, speaks_of_a_pending_request},
    reconcile::{CreateRequest, HAS_CLOCK, Reconciled, is_surely, reconcile, similar},
};

/// A verification request to go on with: one that was made just now, or one that was there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OpenRequest {
    /// Its id.
    pub id: VerificationRequestId,
    /// Whether this call made it, as far as it knows: it may be false of one whose answer was lost, and which was there only
    /// when the call asked once more. The deal, the redirect and the webhook of one that was there stay what they were.
    pub is_new: bool,
    /// Where to send the investor. Has the scheme http on staging.
    pub investor_url: Option<Secret>,
    /// Where it stands; `None` for a new one, of which the service does not say it.
    pub status: Option<VerificationRequestStatus>,
    /// Name of the deal that it is for.
    pub deal_name: Option<String>,
}

impl OpenRequest {
    fn made(created: CreatedVerificationRequest) -> Self {
        Self {
            id: created.id,
            is_new: true,
            investor_url: created.investor_url,
            status: None,
            deal_name: created.deal_name,
        }
    }

    fn found(request: VerificationRequest, is_new: bool) -> Self {
        Self {
            id: request.id,
            is_new,
            investor_url: request.investor_url,
            status: request.status,
            deal_name: request.deal_name,
        }
    }
}

impl<O: CreateRequest> Call<O> {
    /// Sends the call, in the place of [`send`](Self::send), and goes on with the request that stands in the way of a new
    /// one: an unfinished one of the same kind for the same portal and legal name.
    ///
    /// When the answer is lost, it looks whether the request was made ([`reconcile`](Client::reconcile)); if there is no
    /// trace of it, also not after the client's [patience](crate::ClientBuilder::patience) of 30 s, it asks once more, which the
    /// service refuses if there is one by then. So it can be called again after any failure. There are two only if the service
    /// takes longer than that over the first one, and then does not hold the one against the other.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
    /// let requests = client.users().verification_requests(135_u64);
    /// let request = requests.create().legal_name("Ada Lovelace").create_or_resume().await?;
    /// if let Some(url) = request.investor_url {
    ///     println!("send the investor to {}", url.expose());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As `send`. [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) when looking did not tell either. A refusal that carries a
    /// [pending request](pending_verification_request) of another kind stays that refusal. A request that does not say its
    /// kind is taken for one for accreditation, of which the service does not say it: it is no answer to another question, so
    /// that a service which shows no kinds at all leaves such a refusal, or the doubt, to a person.
    pub async fn create_or_resume(self) -> Result<OpenRequest, Error> {
        let (client, operation, options) = self.into_parts();
        // Not by the calendar, which may be set meanwhile.
        let began = HAS_CLOCK.then(Instant::now);
        let lost = match client.execute_with(&operation, &options).await {
            Ok(created) => return Ok(OpenRequest::made(created)),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => error,
            Err(refusal) => return resume(&client, &operation, &options, refusal).await,
        };
        let elapsed = || began.map(|began| began.elapsed());
        match reconcile(&client, &operation, elapsed, &options).await {
            Ok(Reconciled::Applied(request)) => return Ok(OpenRequest::found(*request, true)),
            Ok(Reconciled::NotApplied) => {}
            Ok(Reconciled::Ambiguous(_)) | Err(_) => return Err(lost),
        }
        match client.execute_with(&operation, &options).await {
            Ok(created) => Ok(OpenRequest::made(created)),
            Err(refusal) if is_final(&refusal) => {
                resume(&client, &operation, &options, refusal).await
            }
            // It says nothing of the first one.
            Err(_) => Err(lost),
        }
    }
}

/// Whether the service itself refused, and would have refused the same before.
pub(crate) fn is_final(error: &Error) -> bool {
    error.kind() == ErrorKind::Status
        && error.status().is_some_and(|status| {
            status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
        })
}

/// The unfinished request that a refusal is about, or the refusal.
async fn resume<O: CreateRequest>(
    client: &Client,
    operation: &O,
    options: &CallOptions,
    refusal: Error,
) -> Result<OpenRequest, Error> {
    if let Some(pending) = pending_verification_request(&refusal) {
        let retrieve = Retrieve::new(operation.user(), pending.id);
        let mut request = client.execute_with(&retrieve, options).await?;
        if request.kind != operation.kind() {
            return Err(refusal);
        }
        request.investor_url = request.investor_url.or(pending.investor_url);
        return Ok(OpenRequest::found(request, false));
    }
    // The service says that there is one and not which: only one that is surely it will do.
    if !speaks_of_a_pending_request(&refusal) || operation.body().legal_name.is_none() {
        return Err(refusal);
    }
    let mut found = similar(client, operation, options).await?;
    found.retain(|request| {
        let is_open = request
            .status
            .as_ref()
            .is_some_and(|status| !status.is_decided());
        is_open && is_surely(request, operation)
    });
    match (found.pop(), found.is_empty()) {
        (Some(request), true) => Ok(OpenRequest::found(request, false)),
        _ => Err(refusal),
    }
}
