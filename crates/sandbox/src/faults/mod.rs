//! Faults on demand: what they are in Rust, and where the parts of the machinery are.
//!
//! A fault is decided once per request ([`rules`]), before anything of the request is read; it is
//! carried out around the call ([`effects`]) and, where it concerns the connection, below the HTTP
//! server ([`wire`]). It touches the two APIs only, never the controls and the pages.

mod control;
mod effects;
mod handle;
mod mangle;
mod rules;
mod struck;
mod syntax;
pub(crate) mod throttle;
pub(crate) mod wire;

use std::time::Duration;

pub(crate) use control::{fields, routes};
pub(crate) use effects::perform;
pub(crate) use rules::Faults;
pub(crate) use struck::Struck;

/// Something that goes wrong, how often, and in which calls.
///
/// Without further words it hits every call to either API, always, and before the call is carried
/// out.
///
/// ```
/// # async fn example() -> Result<(), accredit_sandbox::Error> {
/// use accredit_sandbox::{Effect, Fault, Sandbox};
///
/// let sandbox = Sandbox::builder().seed(7).start().await?;
/// // The first two investments are made, and their answers are lost.
/// let lost = Fault::new(Effect::Reset).on("investments.create").after_call().times(2);
/// let rule = sandbox.inject(lost)?;
/// // Every third call or so is slow; which ones follows from the seed and the order of the calls.
/// let slow = Effect::Latency(std::time::Duration::from_millis(300));
/// sandbox.inject(Fault::new(slow).chance(1, 3))?;
/// // … call it …
/// let used = sandbox.faults().iter().find(|fault| fault.id == rule).map(|fault| fault.used);
/// sandbox.clear_faults();
/// # let _ = used;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) operation: String,
    /// In millionths.
    pub(crate) chance: u32,
    pub(crate) times: Option<u64>,
    pub(crate) when: When,
    pub(crate) effect: Effect,
}

impl Fault {
    /// A fault of every call.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: ANY.to_owned(),
            chance: CERTAIN,
            times: None,
            when: When::Before,
            effect,
        }
    }

    /// Only calls to one operation, by its name in the contract, such as `investments.create`;
    /// `*` stands for all.
    ///
    /// ```
    /// use accredit_sandbox::{Effect, Fault};
    /// let fault = Fault::new(Effect::MalformedJson).on("investments.list");
    /// ```
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = operation.into();
        self
    }

    /// Hits `hits` of `of` calls on average. The draws follow from the sandbox's seed and the order
    /// of the calls. `of` counts as one at least.
    ///
    /// ```
    /// use accredit_sandbox::{Effect, Fault};
    /// let one_in_four = Fault::new(Effect::Reset).chance(1, 4);
    /// ```
    #[must_use]
    pub fn chance(mut self, hits: u32, of: u32) -> Self {
        let millionths = u64::from(hits) * u64::from(CERTAIN) / u64::from(of.max(1));
        self.chance = u32::try_from(millionths).unwrap_or(CERTAIN).min(CERTAIN);
        self
    }

    /// Hits that many calls and no more.
    ///
    /// ```
    /// use accredit_sandbox::{Effect, Fault};
    /// let once = Fault::new(Effect::Reset).times(1);
    /// ```
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes once the call has been carried out and what it wrote is in the store. Effects that
    /// change an answer do so in any case.
    ///
    /// ```
    /// use accredit_sandbox::{Effect, Fault};
    /// let outcome_unknown = Fault::new(Effect::Reset).on("investments.create").after_call();
    /// ```
    #[must_use]
    pub fn after_call(mut self) -> Self {
        self.when = When::After;
        self
    }
}

/// What goes wrong.
///
/// ```
/// use accredit_sandbox::{Effect, ErrorPage, Fault};
/// // nginx gives up, although Django did the work.
/// let gateway = Fault::new(Effect::HtmlError(ErrorPage::NginxGatewayTimeout)).after_call();
/// // Half an answer: its head promises more than comes.
/// let cut = Fault::new(Effect::CutBody { bytes: 20 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// The answer takes that much longer.
    Latency(Duration),
    /// This answer instead of the call's own.
    Status {
        /// 200 to 599.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },
    /// 429 as Django REST Framework words it.
    Throttled(RetryAfter),
    /// An HTML page instead of JSON.
    HtmlError(ErrorPage),
    /// A JSON answer without its last byte. Other answers stay as they are.
    MalformedJson,
    /// Ids as text (`"id-7"`), other numbers and booleans as strings.
    WrongTypes,
    /// A value that no list knows, wherever the contract has a value list.
    UnknownValues,
    /// The connection is reset (a TCP RST), no answer.
    Reset,
    /// The connection is closed after so many bytes of the body, one fewer than it has at most; the
    /// head promises all of it.
    CutBody {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// The body comes in pieces.
    Drip {
        /// Bytes of a piece; zero counts as one.
        bytes: usize,
        /// The pause before each piece but the first.
        interval: Duration,
    },
    /// The answer is whole and promises to keep the connection, which is closed all the same.
    StaleConnection(Stale),
}

/// How a 429 says when to come back.
///
/// ```
/// use accredit_sandbox::{Effect, Fault, RetryAfter};
/// let fault = Fault::new(Effect::Throttled(RetryAfter::Seconds(30))).times(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// `Retry-After: 30`.
    Seconds(u32),
    /// `Retry-After: Fri, 31 Dec 1999 23:59:59 GMT`, so many seconds from now by the machine's clock.
    Date(u32),
}

/// A page for people where a program waits for JSON.
///
/// ```
/// use accredit_sandbox::{Effect, ErrorPage, Fault};
/// let fault = Fault::new(Effect::HtmlError(ErrorPage::NginxBadGateway)).times(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorPage {
    /// Django's 500.
    DjangoServerError,
    /// nginx's 502.
    NginxBadGateway,
    /// nginx's 504.
    NginxGatewayTimeout,
}

/// When a connection goes that was said to stay.
///
/// ```
/// use accredit_sandbox::{Effect, Fault, Stale};
/// let fault = Fault::new(Effect::StaleConnection(Stale::OnNextRequest)).times(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stale {
    /// Right after the answer.
    AfterAnswer,
    /// When the next request has arrived; it is not carried out.
    OnNextRequest,
}

/// A fault of a running sandbox.
///
/// ```
/// # async fn example() -> Result<(), accredit_sandbox::Error> {
/// use accredit_sandbox::{Effect, Fault, Sandbox};
/// let sandbox = Sandbox::start().await?;
/// sandbox.inject(Fault::new(Effect::Reset).times(1))?;
/// assert!(sandbox.faults().iter().all(|fault| fault.used == 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InjectedFault {
    /// Its number, as `Sandbox::inject` gave it.
    pub id: u64,
    /// The fault.
    pub fault: Fault,
    /// How many calls it could have hit.
    pub seen: u64,
    /// How many calls it hit.
    pub used: u64,
}

/// Before or after the call is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

impl When {
    fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// The name that stands for every operation.
pub(crate) const ANY: &str = "*";
/// A chance of one, in millionths.
pub(crate) const CERTAIN: u32 = 1_000_000;
