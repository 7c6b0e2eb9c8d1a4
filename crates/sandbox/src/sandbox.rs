//! A running sandbox: what is to be known of it, and what its user may do with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::access::ControlToken;
use crate::builder::Builder;
use crate::credentials::{
    AUTHORIZATION_TOKEN, Credentials, VERIFYINVESTOR_API_TOKEN, WEBHOOK_SECRET,
};
use crate::snapshots;
use crate::state::Shared;
use crate::store::{self, VERIFYINVESTOR_EMAIL, VERIFYINVESTOR_IDENTIFIER};
use crate::verifyinvestor::{events, status};
use crate::webhooks::{self, Delivery};
use crate::{Error, control};

/// Both services on one loopback port, for as long as this value lives.
///
/// It runs on the tokio runtime that started it. Dropping it stops the server; idle connections
/// close at once, calls under way are answered first, and what is unfinished after two seconds is
/// dropped. A connection that takes more than a minute for a request's head is closed.
///
/// ```
/// # async fn example() -> Result<(), accredit_sandbox::Error> {
/// let sandbox = accredit_sandbox::Sandbox::start().await?;
/// println!("both services: {}", sandbox.base_url());
/// println!("log in as {}", sandbox.thirdparty_credentials().email);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) address: SocketAddr,
    pub(crate) ca: Option<String>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) server: JoinHandle<()>,
    pub(crate) worker: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox in memory on a free port.
    ///
    /// # Errors
    ///
    /// When no loopback port can be bound.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Chooses port, file, seed, clock and more.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme and authority of both services, without a slash at the end: `http://127.0.0.1:49152`,
    /// with `https` after [`Builder::tls`]. The Third Party API lives under `/api_third_party/`,
    /// VerifyInvestor under `/api/v1`.
    ///
    /// Of a sandbox on all addresses of the machine this is the one for the machine itself.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        self.shared.access.origin(address)
    }

    /// The certificate, in PEM, of the authority that clients must trust; `None` without
    /// [`Builder::tls`].
    #[must_use]
    pub fn ca_certificate(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// What `/_sandbox/` wants as `Authorization: Bearer …`; `None` where it wants nothing.
    #[must_use]
    pub fn control_token(&self) -> Option<&str> {
        self.shared.access.token.as_ref().map(ControlToken::as_str)
    }

    /// What logs the seeded partner in at the Third Party API.
    #[must_use]
    pub fn thirdparty_credentials(&self) -> Credentials {
        Credentials::PARTNER
    }

    /// The VerifyInvestor API token.
    #[must_use]
    pub fn verifyinvestor_api_token(&self) -> &'static str {
        VERIFYINVESTOR_API_TOKEN
    }

    /// The user authorization token of the browser link `/authorization/{token}`.
    #[must_use]
    pub fn authorization_token(&self) -> &'static str {
        AUTHORIZATION_TOKEN
    }

    /// The key of the webhooks' signatures.
    #[must_use]
    pub fn webhook_secret(&self) -> &'static str {
        WEBHOOK_SECRET
    }

    /// The seeded VerifyInvestor user, who has authorised the account already.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn verifyinvestor_user(&self) -> Result<VerifyInvestorUser, Error> {
        self.shared.store.transaction(|db| {
            let id = db.query_row(
                "SELECT id FROM vi_users WHERE email = ?1",
                [VERIFYINVESTOR_EMAIL],
                |row| row.get(0),
            )?;
            Ok(VerifyInvestorUser {
                id: public_id(id),
                identifier: VERIFYINVESTOR_IDENTIFIER,
            })
        })
    }

    /// The offerings, the first issuer's four types first, and of these the Regulation D 506(c).
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn offerings(&self) -> Result<Vec<Offering>, Error> {
        self.shared.store.transaction(|db| {
            let mut statement = db.prepare(
                "SELECT id, type, slug, name, unit_price_cents FROM offerings ORDER BY id",
            )?;
            let offerings = statement.query_map([], |row| {
                Ok(Offering {
                    id: public_id(row.get(0)?),
                    r#type: row.get(1)?,
                    slug: row.get(2)?,
                    name: row.get(3)?,
                    unit_price_cents: row.get(4)?,
                })
            })?;
            Ok(offerings.collect::<Result<_, _>>()?)
        })
    }

    /// What people do with investments in the real world.
    #[must_use]
    pub fn investments(&self) -> Investments<'_> {
        Investments {
            shared: &self.shared,
        }
    }

    /// The time in the sandbox.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Moves the sandbox's clock forward: tokens, requests and verifications expire by it, and the
    /// webhooks of that go out.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.clock.advance(by);
        status::catch_up(&self.shared);
    }

    /// Lets the sandbox's clock run again, from where it stands.
    pub fn run_clock(&self) {
        self.shared.clock.run(self.shared.clock.now());
        status::catch_up(&self.shared);
    }

    /// Freezes the sandbox's clock at an instant.
    pub fn freeze_clock(&self, now: Timestamp) {
        self.shared.clock.freeze(now);
        status::catch_up(&self.shared);
    }

    /// Throws all state away and seeds anew: same seed, same ids.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn reset(&self) -> Result<(), Error> {
        self.shared.reset()
    }

    /// Saves all data, settings and the clock under a name, in the place of what the name stood for.
    /// Names are up to 64 letters, digits, dots, hyphens or underlines. Snapshots live in memory, as
    /// long as this sandbox.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::start().await?;
    /// sandbox.snapshot("fresh")?;
    /// // … invest, sign, advance the clock …
    /// sandbox.restore("fresh")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is none, when there are 16 snapshots already or they would hold more than 1 GiB
    /// ([`Error::is_invalid`]); when the store fails.
    pub fn snapshot(&self, name: &str) -> Result<(), Error> {
        snapshots::save(&self.shared, name)?;
        Ok(())
    }

    /// Goes back to what [`snapshot`](Self::snapshot) saved under a name. Calls under way end before
    /// it; tokens that were given out since are gone.
    ///
    /// # Errors
    ///
    /// When there is no such snapshot ([`Error::is_invalid`]); when the store fails.
    pub fn restore(&self, name: &str) -> Result<(), Error> {
        snapshots::load(&self.shared, name)?;
        Ok(())
    }

    /// Sets or removes the account's webhook URL. Without one VerifyInvestor sends no webhooks at
    /// all.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn set_webhook_url(&self, url: Option<&str>) -> Result<(), Error> {
        self.shared
            .store
            .transaction(|db| Ok(store::set_setting(db, events::ACCOUNT_URL, url)?))
    }

    /// All webhooks so far, oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn webhook_deliveries(&self) -> Result<Vec<Delivery>, Error> {
        self.shared
            .store
            .transaction(|db| Ok(webhooks::deliveries(db, None)?))
    }

    /// Waits until every webhook has been sent, has failed or is lost, but for those that are held
    /// until somebody releases them.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn webhooks_settled(&self) -> Result<(), Error> {
        let mut delivered = self.shared.delivered.subscribe();
        while webhooks::unsettled(&self.shared)? > 0 {
            // The sender lives in the shared state, which this sandbox holds: it cannot go away
            // meanwhile.
            if delivered.changed().await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Stops listening and waits until the calls under way are answered, for two seconds at most:
    /// then the connections left are dropped, with whatever half-sent request they hold.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.server).await;
    }

    /// Waits until the server ends, which it does not do by itself: for programs that serve until
    /// they are told to end.
    pub async fn closed(&mut self) {
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.worker.abort();
    }
}

/// An offering of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offering {
    /// Its id at the Third Party API.
    pub id: u64,
    /// Its type on the wire: `reg_d_506c`, `reg_a`, `reg_cf`, `reg_s`.
    pub r#type: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Price of one share, in US cents.
    pub unit_price_cents: i64,
}

/// The VerifyInvestor user of the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyInvestorUser {
    /// VerifyInvestor's id.
    pub id: u64,
    /// Your identifier of the user.
    pub identifier: &'static str,
}

/// What people do with investments in the real world: money arrives, the issuer approves and
/// accepts.
#[derive(Clone, Copy, Debug)]
pub struct Investments<'a> {
    shared: &'a Shared,
}

impl Investments<'_> {
    /// Moves an investment to a status (`received`, `invested`, `approved`, `accepted`, `cancelled`
    /// …), through the statuses in between.
    ///
    /// # Errors
    ///
    /// When there is no such investment or status, or no way from its present status to that one
    /// ([`Error::is_invalid`]); when the store fails.
    pub fn advance(&self, id: impl Into<u64>, status: &str) -> Result<(), Error> {
        let (id, now) = (stored_id(id.into()), self.shared.clock.now());
        Ok(self
            .shared
            .store
            .transaction(|db| control::advance(db, id, status, now))?)
    }

    /// The present status of an investment; `None` when there is none of that id.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn status(&self, id: impl Into<u64>) -> Result<Option<String>, Error> {
        let id = stored_id(id.into());
        self.shared
            .store
            .transaction(|db| Ok(crate::thirdparty::lifecycle::status(db, id)?))
    }
}

/// Ids are positive in every table.
pub(crate) fn public_id(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}

/// What no table can hold is an id that nothing has.
pub(crate) fn stored_id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(-1)
}
