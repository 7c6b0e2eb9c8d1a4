//! A running sandbox and how to start one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use crate::access::{self, Access, ControlToken};
use crate::clock::{Clock, RunningClock};
use crate::credentials::{
    AUTHORIZATION_TOKEN, Credentials, VERIFYINVESTOR_API_TOKEN, WEBHOOK_SECRET,
};
use crate::faults::Faults;
use crate::faults::throttle::{Rate, Throttle};
use crate::inspector::RequestLog;
use crate::snapshots::{self, Snapshots};
use crate::state::{Settings, Shared};
use crate::store::{self, Seeding, Store, VERIFYINVESTOR_EMAIL, VERIFYINVESTOR_IDENTIFIER};
use crate::switches::Switches;
use crate::verifyinvestor::{events, status};
use crate::webhooks::{self, Delivery};
use crate::{Error, control, server, tls};

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
    address: SocketAddr,
    ca: Option<String>,
    pub(crate) shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    worker: JoinHandle<()>,
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

/// How to start a sandbox.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    address: Option<SocketAddr>,
    data: Option<PathBuf>,
    seed: u64,
    scale: u32,
    clock: Clock,
    webhook_url: Option<String>,
    allow_remote: bool,
    hosts: Vec<String>,
    control_token: Option<ControlToken>,
    tls: bool,
    throttle: Option<String>,
    switches: Vec<(String, String)>,
    settings: Settings,
}

impl Builder {
    /// Listens on an address of this machine instead of a free port of `127.0.0.1`. Port 0 stands
    /// for a free one. An address that is not loopback asks for [`allow_remote`](Self::allow_remote).
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Lets [`listen`](Self::listen) take an address that other machines reach.
    ///
    /// The credentials of both APIs are public, so whoever reaches the port can use them. The
    /// controls under `/_sandbox/` then want a token, see
    /// [`control_token`](Self::control_token); the pages of investors stay open to whoever holds
    /// their link.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = accredit_sandbox::Sandbox::builder()
    ///     .listen("0.0.0.0:8080".parse()?)
    ///     .allow_remote()
    ///     .host("sandbox.test") // what the others call this machine
    ///     .start()
    ///     .await?;
    /// println!("Authorization: Bearer {}", sandbox.control_token().unwrap_or_default());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.allow_remote = true;
        self
    }

    /// Answers to a further `Host`, a name or an IP address without a port, besides names of this
    /// machine and the address that it listens on. The certificate of [`tls`](Self::tls) is for it
    /// too.
    #[must_use]
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// The token that the controls under `/_sandbox/` want as `Authorization: Bearer …`. Unless set
    /// there is a random one where other machines reach the sandbox, and none on loopback.
    #[must_use]
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control_token = Some(ControlToken::new(token));
        self
    }

    /// Speaks HTTPS, with a certificate of an authority made for this sandbox alone:
    /// [`Sandbox::ca_certificate`] is what clients must trust. No private key touches the disk.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::builder().tls().start().await?;
    /// assert!(sandbox.base_url().starts_with("https://127.0.0.1:"));
    /// let pem = sandbox.ca_certificate().unwrap_or_default();
    /// assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Keeps the state in a SQLite file; it is made when it does not exist.
    #[must_use]
    pub fn data(mut self, file: impl AsRef<Path>) -> Self {
        self.data = Some(file.as_ref().to_owned());
        self
    }

    /// The number that ids and tokens follow from, 0 unless set. An existing file keeps its own.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with a past of this many investments (none unless set), with their investors, offerings
    /// of every type, invoices, documents and signatures. All of it is made up, follows from the
    /// seed, and is dated before the clock's start. An existing file keeps its own.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::builder().scale(1_000).start().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scale(mut self, investments: u32) -> Self {
        self.scale = investments;
        self
    }

    /// How the clock runs; the machine's unless set.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The account's webhook URL at VerifyInvestor.
    #[must_use]
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.webhook_url = Some(url.into());
        self
    }

    /// Lets webhooks go to a host other than this machine.
    #[must_use]
    pub fn allow_webhook_host(mut self, host: impl Into<String>) -> Self {
        self.settings.webhook_hosts.push(host.into());
        self
    }

    /// Page size of lists where the call asks for none (25 unless set), and the largest one that it
    /// may ask for (100 unless set). Zero counts as one.
    #[must_use]
    pub fn page_size(mut self, default: usize, largest: usize) -> Self {
        self.settings.page_size = default.max(1);
        self.settings.max_page_size = largest.max(1);
        self
    }

    /// The largest request body in bytes; larger ones get 413. 10 MiB unless set.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_body_bytes = bytes;
        self
    }

    /// Holds every call to the two APIs against the contract (`/_sandbox/openapi/thirdparty.json` and
    /// `verifyinvestor.json`); off unless set.
    ///
    /// What differs is answered with 500 and says where: an answer that the contract does not list, and
    /// what of a request the services take without a word although it is not in the contract (a
    /// misspelt filter, an unknown field, a boolean that is none). Such a call is undone. What the
    /// services refuse by themselves keeps its 4xx.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::builder().strict(true).start().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.settings.strict = strict;
        self
    }

    /// Throttles the Third Party API as Django REST Framework does, such as `5/minute`: so many calls
    /// per user, or per address where nobody is logged in. Off unless set.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::builder().throttle("100/minute").start().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn throttle(mut self, rate: impl Into<String>) -> Self {
        self.throttle = Some(rate.into());
        self
    }

    /// Chooses where the documents and what was seen of the services disagree; the names and values
    /// are those of `/_sandbox/switches`.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let builder = accredit_sandbox::Sandbox::builder().switch("logout_status", "200");
    /// let sandbox = builder.switch("not_found_text", "older").start().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn switch(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.switches.push((name.into(), value.into()));
        self
    }

    /// Opens the store, binds the port and serves. Must be called within a tokio runtime with I/O
    /// and time.
    ///
    /// # Errors
    ///
    /// When the address is not of this machine or cannot be bound, when another option does not
    /// hold, when the file is not a sandbox's.
    pub async fn start(self) -> Result<Sandbox, Error> {
        let address = self
            .address
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let is_remote = !address.ip().is_loopback();
        if is_remote && !self.allow_remote {
            return Err(Error::invalid(
                "a sandbox listens on loopback addresses only, unless it is allowed to be remote",
            ));
        }
        if self.scale > Seeding::MOST {
            return Err(Error::invalid(format!(
                "a sandbox starts with at most {} investments",
                Seeding::MOST
            )));
        }
        let access = Access {
            secure: self.tls,
            hosts: access::hosts(address.ip(), &self.hosts)?,
            token: match self.control_token {
                Some(token) => Some(token.checked()?),
                None if is_remote => Some(ControlToken::random()?),
                None => None,
            },
        };
        let throttle = self.throttle.as_deref().map(Rate::read).transpose();
        let throttle = Throttle::new(throttle.map_err(Error::invalid)?);
        let switches = Switches::default();
        switches
            .set(
                self.switches
                    .iter()
                    .map(|(name, value)| (&**name, &**value)),
            )
            .map_err(Error::invalid)?;
        // Before the store: what cannot listen leaves no file behind.
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Error::io(format!("bind {address}"), error))?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::io("read its address", error))?;
        let start = match self.clock {
            Clock::Frozen(start) => Some(start),
            Clock::System => None,
        };
        let seeding = Seeding::new(self.seed, self.scale, start);
        let store = Store::open(self.data.as_deref(), seeding)?;
        if let Some(url) = &self.webhook_url {
            store.transaction(|db| store::set_setting(db, events::ACCOUNT_URL, Some(url)))?;
        }
        let (acceptor, ca) = if self.tls {
            let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
            let tls = tls::issue(self.hosts.into_iter().chain(own))?;
            (Some(tls.acceptor), Some(tls.ca))
        } else {
            (None, None)
        };
        let shared = Arc::new(Shared {
            faults: Faults::new(store.seed()),
            throttle,
            switches,
            store,
            clock: RunningClock::new(self.clock),
            snapshots: Snapshots::default(),
            settings: self.settings,
            access,
            outbox: Notify::new(),
            delivered: watch::Sender::new(0),
            requests: RequestLog::default(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = control::router(Arc::clone(&shared));
        let server = tokio::spawn(server::serve(listener, acceptor, router, stopped));
        let worker = tokio::spawn(webhooks::run(Arc::clone(&shared)));
        Ok(Sandbox {
            address,
            ca,
            shared,
            stop: Some(stop),
            server,
            worker,
        })
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
