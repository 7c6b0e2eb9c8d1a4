//! The verification requests of one user.

use accredit_models::verifyinvestor::{UserId, VerificationRequestId};

use crate::{
    Call, Client,
    operations::verification_requests::{
        Certificate, Create, CreateAmlKyc, CreateQualifiedClient, CreateQualifiedPurchaser, List,
        Retrieve, Webhook,
    },
};

/// The verification requests of one user.
#[derive(Clone, Debug)]
pub struct UserVerificationRequests {
    client: Client,
    user: UserId,
}

impl UserVerificationRequests {
    pub(crate) fn new(client: &Client, user: UserId) -> Self {
        Self {
            client: client.clone(),
            user,
        }
    }

    /// All requests of this user; the service knows no pages here.
    ///
    /// `GET /api/v1/users/{user_id}/verification_requests`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// for request in client.user_verification_requests(135_u64).list().send().await? {
    ///     println!("{}: {:?}", request.id, request.deal_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::new(self.user))
    }

    /// Asks the user to prove that they are an accredited investor. Not repeated by the client unless it provably did not
    /// reach the service.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
    /// use accredit_verifyinvestor::UserId;
    ///
    /// let requests = client.users().verification_requests(UserId::new(135));
    /// let created = requests.create().legal_name("Ada Lovelace").deal_name("Series A").send().await?;
    /// println!("request {}", created.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self) -> Call<Create> {
        Call::new(&self.client, Create::new(self.user))
    }

    /// Asks for an anti-money-laundering and identity check.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests/aml_kyc`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let requests = client.user_verification_requests(135_u64);
    /// let made = requests.create_aml_kyc().legal_name("Ada Lovelace").create_or_resume().await?;
    /// println!("request {}", made.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_aml_kyc(&self) -> Call<CreateAmlKyc> {
        Call::new(&self.client, CreateAmlKyc::new(self.user))
    }

    /// Asks the user to prove that they are a qualified purchaser.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests/qualified_purchaser`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let requests = client.user_verification_requests(135_u64);
    /// let made = requests.create_qualified_purchaser().legal_name("Ada Lovelace").create_or_resume().await?;
    /// println!("request {}", made.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_qualified_purchaser(&self) -> Call<CreateQualifiedPurchaser> {
        Call::new(&self.client, CreateQualifiedPurchaser::new(self.user))
    }

    /// Asks the user to prove that they are a qualified client.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests/qualified_client`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let requests = client.user_verification_requests(135_u64);
    /// let made = requests.create_qualified_client().legal_name("Ada Lovelace").create_or_resume().await?;
    /// println!("request {}", made.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_qualified_client(&self) -> Call<CreateQualifiedClient> {
        Call::new(&self.client, CreateQualifiedClient::new(self.user))
    }

    /// One request.
    ///
    /// `GET /api/v1/users/{user_id}/verification_requests/{id}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = client.user_verification_requests(135_u64).retrieve(90_u64).send().await?;
    /// println!("{:?}", request.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve(&self, id: impl Into<VerificationRequestId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(self.user, id))
    }

    /// The certificate of a request that ended well, as a PDF.
    ///
    /// `GET /api/v1/users/{user_id}/verification_requests/{id}/certificate`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = client.user_verification_requests(135_u64).certificate(90_u64);
    /// certificate.download().await?.write_to("certificate.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn certificate(&self, id: impl Into<VerificationRequestId>) -> Call<Certificate> {
        Call::new(&self.client, Certificate::new(self.user, id))
    }

    /// Has the webhook of a request posted again. A `GET` with an effect, so the client does not repeat it.
    ///
    /// `GET /api/v1/users/{user_id}/verification_requests/{id}/webhook`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let fired = client.user_verification_requests(135_u64).fire_webhook(90_u64).send().await?;
    /// println!("{:?}", fired.status);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "webhook")]
    pub fn fire_webhook(&self, id: impl Into<VerificationRequestId>) -> Call<Webhook> {
        Call::new(&self.client, Webhook::new(self.user, id))
    }
}
