//! Whether an investor is accredited, in one call: the look-up, the request and the certificate of the vendor's flow.
//!
//! Owns the calls and their order; what they mean is decided in [`decide`], which sends nothing.

mod decide;

use accredit_models::{
    Date, Secret,
    verifyinvestor::{
        NewVerificationRequest, UserId, VerificationRequest, VerificationRequestId,
        VerificationRequestStatus as Status,
    },
};
use accredit_transport::{Error, ErrorKind, Operation as _};

use self::decide::{Known, Proof, Standing};
use crate::{
    Call, CertificatePdf, Client,
    operations::{
        account::Root,
        users::VerificationCertificate,
        verification_requests::{Certificate, Create},
    },
    problem::pending_verification_request,
    reconcile::is_same_party,
    resume::is_final,
};

/// Where an investor stands. Only [`Accredited`](Self::Accredited) is a yes: any doubt is one of the others, or an error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Accreditation {
    /// The service says so now, and gave the certificate for it.
    #[non_exhaustive]
    Accredited {
        /// The first day on which it counts no more: the earliest that the service's statements and the 90 days after the
        /// verification allow. Days are those of UTC.
        until: Date,
        /// The certificate, whole: to be kept with the investment.
        certificate: CertificatePdf,
    },
    /// A verification is under way, or was begun by this call.
    #[non_exhaustive]
    Pending {
        /// The request; wait for it with [`wait`](crate::resources::VerificationRequests::wait), or for its webhook.
        request: VerificationRequestId,
        /// Where to send the investor. `None` while the next step is not the investor's, and where the service does not show it
        /// to a question: then [`create_or_resume`](Call::create_or_resume) of the same portal and name gives it.
        investor_url: Option<Secret>,
    },
    /// The last verification ended without success: refused by the reviewer or by the investor, or in a way that cannot be
    /// relied on. Nothing is begun by itself; [`create_or_resume`](Call::create_or_resume) asks anew.
    ///
    /// Where the service does not show what a request is for, the last verification may be an AML/KYC check, say, of somebody
    /// who was never asked for accreditation; that goes for [`Expired`](Self::Expired) as well. And of two that end on the day
    /// that the service states for the name nobody knows which is the accreditation, unless
    /// [`request`](AskAccreditation::request) says so.
    NotAccredited,
    /// The last verification counts no more, or the investor let the time for it pass. Nothing is begun by itself;
    /// [`create_or_resume`](Call::create_or_resume) asks anew.
    Expired,
}

impl Accreditation {
    /// Whether the investor is accredited.
    #[must_use]
    pub fn is_accredited(&self) -> bool {
        matches!(self, Self::Accredited { .. })
    }
}

/// A question for an investor's accreditation: see [`Client::accreditation`].
///
/// The setters are for the request that it makes when there was none, but for [`request`](Self::request).
#[derive(Clone, Debug)]
#[must_use = "nothing is asked until `send`"]
pub struct AskAccreditation {
    client: Client,
    create: Create,
    request: Option<VerificationRequestId>,
}

impl Client {
    /// Asks whether a legal name of an investor is accredited, on behalf of a portal or, with `None`, of the issuer itself;
    /// and begins a verification when there was none before.
    ///
    /// It reads the user with the legal name, the time at the service, and the requests of the user; then, if all of that
    /// agrees, the certificate. The answer is [`Accredited`](Accreditation::Accredited) only if
    ///
    /// * the service says that the legal name counts as accredited, and that the investor shares it with this portal; and the
    ///   name that it answers about is the one that was asked for ([`same_legal_name`]);
    /// * there is a certificate to go with it, as far as that can be told from outside, for other kinds of request have
    ///   certificates too: that of the one request which ends on the very day that the service states for the name, as the
    ///   service may not show what a request is for; or the latest of the name, where it was verified for someone else and
    ///   nothing of the last 90 days can be in the way;
    /// * no later verification of that name failed;
    /// * less than 90 days have passed since it was completed, by the service's clock, whatever later date is stated;
    /// * the certificate came, whole, and is a PDF. What is written in it is not read: where the service shows no kinds, it may be
    ///   that of an AML/KYC check which ends on the same day as an accreditation for someone else. The yes is not affected.
    ///
    /// An unfinished request of the same portal and name is [`Pending`](Accreditation::Pending), also in a status that this
    /// version does not know, and also if it does not say what it is for. A finished one is the answer that it ended with.
    /// Where there is none, and none that the service knows to have expired, one is made with
    /// [`create_or_resume`](Call::create_or_resume).
    ///
    /// Where the next step of an unfinished request is the investor's and reading it did not show the link, another is asked
    /// for: the service refuses to make it, and shows the link then. That is done only where the unfinished request is the
    /// first and only one of that portal and name. So a service that makes another after all is not asked again, however
    /// often this is called.
    ///
    /// [`same_legal_name`]: accredit_models::same_legal_name
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
    /// use accredit_verifyinvestor::{Accreditation, UserId};
    ///
    /// let ask = client.accreditation(UserId::new(135), "Ada Lovelace", None).deal_name("Series A");
    /// match ask.send().await? {
    ///     Accreditation::Accredited { until, certificate, .. } => {
    ///         certificate.write_to("certificate.pdf").await?;
    ///         println!("accredited until {until}");
    ///     }
    ///     Accreditation::Pending { investor_url: Some(url), .. } => println!("send the investor to {}", url.expose()),
    ///     other => println!("no: {other:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn accreditation(
        &self,
        user: impl Into<UserId>,
        legal_name: impl Into<String>,
        portal: Option<&str>,
    ) -> AskAccreditation {
        let mut create = Create::new(user);
        create.body = NewVerificationRequest::new().legal_name(legal_name);
        create.body.portal_name = portal
            .filter(|portal| !is_same_party(Some(portal), None))
            .map(str::to_owned);
        AskAccreditation {
            client: self.clone(),
            create,
            request: None,
        }
    }
}

impl AskAccreditation {
    /// The request by which you asked for accreditation, such as that of an earlier [`Pending`](Accreditation::Pending).
    ///
    /// It proves nothing by itself. But where the service does not show what a request is for, and several end on the day that it
    /// states for the name, this one's certificate is taken. So never give one that was made for anything else.
    pub fn request(mut self, id: impl Into<VerificationRequestId>) -> Self {
        self.request = Some(id.into());
        self
    }

    /// Name of the deal that a new request is for.
    pub fn deal_name(mut self, name: impl Into<String>) -> Self {
        self.create.body.deal_name = Some(name.into());
        self
    }

    /// E-mail address of the issuer who asks.
    pub fn issuer_email(mut self, email: impl Into<String>) -> Self {
        self.create.body.issuer_email = Some(email.into().into());
        self
    }

    /// Where the investor goes when done with a new request.
    pub fn redirect_url(mut self, url: impl Into<Secret>) -> Self {
        self.create.body.redirect_url = Some(url.into());
        self
    }

    /// Where events about a new request go. Ignored unless the account has a webhook URL too.
    pub fn webhook_url(mut self, url: impl Into<Secret>) -> Self {
        self.create.body.webhook_url = Some(url.into());
        self
    }

    /// Asks.
    ///
    /// # Errors
    ///
    /// As each of the calls: [`is_not_found`](Error::is_not_found) for a user who is not there or has not let you see their
    /// account, [`Build`](ErrorKind::Build) for a blank legal name, [`Decode`](ErrorKind::Decode) for a service that does not
    /// tell the time, for a certificate that is none, and for one that is not there (yet) though the service says that the name
    /// is accredited: ask again later. If it never comes, [`create_or_resume`](Call::create_or_resume) asks the investor anew.
    pub async fn send(self) -> Result<Accreditation, Error> {
        if self.legal_name().trim().is_empty() {
            return Err(Error::new(ErrorKind::Build)
                .with_operation(const { &Create::INFO })
                .with_detail("`legal_name`: is blank"));
        }
        let users = self.client.users();
        let retrieve = users.retrieve(self.create.user_id);
        let user = retrieve.legal_name(self.legal_name()).send().await?;
        let requests = self.requests().await?;
        let known = Known {
            today: self.today().await?,
            legal_name: self.legal_name(),
            portal: self.create.body.portal_name.as_deref(),
            profile: user.legal_profile.as_ref(),
            requests: &requests,
            chosen: self.request,
        };
        if let Some((until, proof)) = known.proof() {
            let certificate = self.certificate(proof).await?;
            return Ok(Accreditation::Accredited { until, certificate });
        }
        let (request, investor_url) = match known.standing() {
            Standing::NotAccredited => return Ok(Accreditation::NotAccredited),
            Standing::Expired => return Ok(Accreditation::Expired),
            Standing::Open(request) if !is_the_investors_turn(request) => (request.id, None),
            // Should the service make another, there are two from then on.
            Standing::Open(request) if request.investor_url.is_none() && known.is_the_first() => {
                self.link(request.id).await?
            }
            Standing::Open(request) => (request.id, request.investor_url.clone()),
            Standing::Unasked => {
                let create = Call::new(&self.client, self.create);
                let request = create.create_or_resume().await?;
                // Of a new one no status is known.
                let is_turn = request.status.as_ref().is_none_or(is_turn);
                (request.id, request.investor_url.filter(|_| is_turn))
            }
        };
        Ok(Accreditation::Pending {
            request,
            investor_url,
        })
    }

    fn legal_name(&self) -> &str {
        let name = self.create.body.legal_name.as_ref();
        name.map_or("", |name| name.expose())
    }

    /// The link of a request that is open. It is documented in the reply to a creation and in the refusal of one, not where a
    /// request is read.
    async fn link(
        &self,
        open: VerificationRequestId,
    ) -> Result<(VerificationRequestId, Option<Secret>), Error> {
        let refusal = match self.client.execute(&self.create).await {
            Ok(created) => return Ok((created.id, created.investor_url)),
            Err(error) if is_final(&error) => error,
            Err(error) => return Err(error),
        };
        let pending = pending_verification_request(&refusal).filter(|other| other.id == open);
        Ok((open, pending.and_then(|pending| pending.investor_url)))
    }

    /// The day at the service: this machine's clock may be wrong.
    async fn today(&self) -> Result<Date, Error> {
        let root = self.client.account().root().send().await?;
        root.current_time.map(|now| now.utc_date()).ok_or_else(|| {
            Error::new(ErrorKind::Decode)
                .with_operation(const { &Root::INFO })
                .with_detail("`current_time` is missing")
        })
    }

    /// The requests of the user, for whatever portal: the list tells neither their names nor that they were refused.
    async fn requests(&self) -> Result<Vec<VerificationRequest>, Error> {
        let of_user = self.client.user_verification_requests(self.create.user_id);
        let mut requests = Vec::new();
        for item in of_user.list().send().await? {
            match of_user.retrieve(item.id).send().await {
                Ok(request) => requests.push(request),
                // Gone since.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(requests)
    }

    async fn certificate(&self, proof: Proof) -> Result<CertificatePdf, Error> {
        let user = self.create.user_id;
        let (operation, download) = match proof {
            Proof::OfRequest(id) => {
                let requests = self.client.user_verification_requests(user);
                let download = requests.certificate(id).download_if_verified().await?;
                (const { &Certificate::INFO }, download)
            }
            Proof::OfName => {
                let users = self.client.users();
                let latest = users.verification_certificate(user, self.legal_name());
                let download = latest.download_if_verified().await?;
                (const { &VerificationCertificate::INFO }, download)
            }
        };
        // One that is still being made is no reason to ask the investor anew.
        let download = download.ok_or_else(|| {
            Error::new(ErrorKind::Decode)
                .with_operation(operation)
                .with_detail("the name is accredited, and there is no certificate of it yet")
        })?;
        CertificatePdf::read(download).await
    }
}

/// Whether an unfinished request waits for the investor, and not for the service.
fn is_the_investors_turn(request: &VerificationRequest) -> bool {
    request.waiting_for_info == Some(true) || request.status.as_ref().is_some_and(is_turn)
}

fn is_turn(status: &Status) -> bool {
    matches!(
        status,
        Status::WaitingForInvestorAcceptance
            | Status::AcceptedByInvestor
            | Status::WaitingForInformationFromInvestor
    )
}
