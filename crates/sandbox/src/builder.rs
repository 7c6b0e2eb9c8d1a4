//! What a sandbox is started with, and the start itself.
//!
//! It keeps nothing: what a running sandbox needs is in [`Sandbox`] and its shared state.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use crate::access::{self, Access, ControlToken};
use crate::clock::{Clock, RunningClock};
use crate::faults::Faults;
use crate::faults::throttle::{Rate, Throttle};
use crate::front::Front;
use crate::inspector::RequestLog;
use crate::sandbox::Sandbox;
use crate::snapshots::Snapshots;
use crate::state::{Settings, Shared};
use crate::store::{self, Seeding, Store};
use crate::switches::Switches;
use crate::thirdparty::auth::LastLogin;
use crate::verifyinvestor::events;
use crate::{Error, server, tls, webhooks};

/// How to start a sandbox.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    address: Option<SocketAddr>,
    data: Option<PathBuf>,
    seed: u64,
    scale: u32,
    clock: Option<Clock>,
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

    /// How the clock runs. Unless set it is the machine's, or what an existing data file kept.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
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
            Some(Clock::Frozen(start)) => Some(start),
            Some(Clock::System) | None => None,
        };
        let seeding = Seeding::new(self.seed, self.scale, start);
        let store = Store::open(self.data.as_deref(), seeding)?;
        if let Some(url) = &self.webhook_url {
            store.transaction(|db| store::set_setting(db, events::ACCOUNT_URL, Some(url)))?;
        }
        let clock = store.transaction(|db| RunningClock::start(self.clock, db))?;
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
            clock,
            snapshots: Snapshots::default(),
            settings: self.settings,
            access,
            outbox: Notify::new(),
            delivered: watch::Sender::new(0),
            requests: RequestLog::default(),
            last_login: LastLogin::default(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let front = Front::new(Arc::clone(&shared));
        let server = tokio::spawn(server::serve(listener, acceptor, front, stopped));
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
