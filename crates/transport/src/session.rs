//! A token that renews itself: got by one login for all calls, replaced before it expires and when
//! the server refuses it.
//!
//! Owns when to log in and when not to; how is the [`Login`]'s. Starts no task and sets no timer.
//! Never repeats a request: that a refused one is worth repeating is all that it says.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::clock;
use crate::error::Error;
use crate::flight::{Flight, Seat};
use crate::lease::Lease;
use crate::token::{Token, TokenSource};

/// How a [`Session`] gets a token.
///
/// Log in through a [`Client`](crate::Client) of its own, without a token source: a login that
/// needs the session's token waits for itself. That client's limits are those of the login too, and
/// a call that needs the token waits no longer than its own attempt timeout.
#[async_trait]
pub trait Login: Send + Sync + 'static {
    /// Gets a token.
    ///
    /// # Errors
    ///
    /// When there is none. Make a refusal of the credentials one by
    /// [`Error::into_unauthorized`] where the service says it with another status than 401: it is
    /// remembered longer than an outage.
    async fn log_in(&self) -> Result<Lease, Error>;

    /// Whether there is anything to log in with. Without, a refused token is kept, so that each
    /// call gets the server's own 401.
    fn is_possible(&self) -> bool {
        true
    }
}

/// A [`TokenSource`] that logs in when it has to, and once for all who wait.
///
/// * **First use, and after the token has expired**: one caller logs in and all others wait; they
///   share its end, good or bad. A caller that goes away leaves the login to the others.
/// * **Shortly before the end** (60 s or 5 % of the lifetime, whichever is larger, but at most half
///   of it): one caller renews the token, the others go on with the old one. If that fails the old
///   one is used as long as it lives.
/// * **After a 401**: the token is dropped if it is still the current one, and the refused call may
///   be repeated with the next. A token that came in the place of a refused one and is refused as
///   well within the [failure pause](Self::failure_pause) is kept that long, so that a server which
///   refuses whatever it gives out is not asked for a login by every call.
/// * **After a failed login** calls fail in the same way without another: for 30 s when the
///   credentials were refused, since an account can be locked by too many of those, for 1 s
///   otherwise. [`log_in`](Self::log_in) does not wait for that.
///
/// Lifetimes are measured from before the login was sent, by a clock that only counts; see
/// [`Lease::expires`] for a server that states a time of day. Where there is no clock (bare
/// WebAssembly) a token is used until it is refused and no failure is remembered.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use accredit_transport::http::{Request, Response};
/// use accredit_transport::{async_trait, Body, Client, Error, Lease, Login, Session, Token};
///
/// struct Password {
///     client: Client,
///     password: String,
/// }
///
/// #[async_trait]
/// impl Login for Password {
///     async fn log_in(&self) -> Result<Lease, Error> {
///         let request = Request::post("/login").body(Body::from(self.password.clone()));
///         let reply = self.client.send(request.map_err(|_| Error::auth("no request"))?).await?;
///         if !reply.status.is_success() {
///             return Err(Error::from_reply(reply));
///         }
///         let token = Token::new("Bearer", &String::from_utf8_lossy(&reply.body));
///         let token = token.map_err(|_| Error::auth("the login gave no usable token"))?;
///         Ok(Lease::new(token).lifetime(Duration::from_secs(3600)))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let network = tower::service_fn(async |request: Request<Body>| {
/// #     let reply = match request.headers().get("authorization") {
/// #         None => "abc".to_owned(),
/// #         Some(token) => format!("sent with {}", token.to_str().unwrap()),
/// #     };
/// #     Ok::<_, std::convert::Infallible>(Response::new(reply))
/// # });
/// let builder = || Client::builder().base_uri("https://api.example.com");
/// # let builder = || builder().transport(network);
/// let login = Password { client: builder().build()?, password: "correct horse".to_owned() };
/// let session = Arc::new(Session::new(login));
/// let client = builder().token_source(Arc::clone(&session)).build()?;
///
/// let reply = client.send(Request::get("/whoami").body(())?).await?;
/// assert_eq!(reply.body, "sent with Bearer abc");
/// assert!(session.current().is_some());
/// # Ok(())
/// # }
/// ```
pub struct Session<L> {
    login: Arc<L>,
    refusal_pause: Duration,
    failure_pause: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failure: Option<Failure>,
    flight: Option<Arc<Flight>>,
    /// Whether the last token was dropped because the server refused it.
    refused: bool,
}

/// The current token. Instants are missing where nothing is known or no clock exists.
struct Held {
    token: Token,
    /// From when on one caller should renew it.
    renew: Option<Instant>,
    expires: Option<Instant>,
    /// Until when a refusal does not drop it.
    trial: Option<Instant>,
}

/// How the last login failed.
struct Failure {
    error: Error,
    until: Option<Instant>,
}

/// What a caller is to do.
enum Step {
    Take(Token),
    Fail(Error),
    Wait(Seat),
}

impl<L: Login> Session<L> {
    /// A session that logs in when the first call needs it.
    pub fn new(login: L) -> Self {
        Self {
            login: Arc::new(login),
            refusal_pause: Duration::from_secs(30),
            failure_pause: Duration::from_secs(1),
            state: Mutex::default(),
        }
    }

    /// Starts with a token that was got elsewhere; its lifetime counts from now.
    #[must_use]
    pub fn with_lease(self, lease: &Lease) -> Self {
        self.state().held = Some(Held::new(lease, clock::now()));
        self
    }

    /// How long calls are told of refused credentials without another login. 30 s unless set; zero
    /// to try with every call.
    #[must_use]
    pub fn refusal_pause(mut self, pause: Duration) -> Self {
        self.refusal_pause = pause;
        self
    }

    /// How long calls are told of a login that failed for another reason, and how long a token is
    /// kept that was refused like the one before it. 1 s unless set.
    #[must_use]
    pub fn failure_pause(mut self, pause: Duration) -> Self {
        self.failure_pause = pause;
        self
    }

    /// Logs in now, whatever token there is and however the last login failed, and keeps the token.
    /// A login that is under way already is waited for first, and does if it succeeds.
    ///
    /// # Errors
    ///
    /// The login's own. The current token, if there is one, is kept then.
    pub async fn log_in(&self) -> Result<Lease, Error> {
        let under_way = self.state().join();
        if let Some(seat) = under_way
            && let Ok(lease) = self.wait(seat).await
        {
            return Ok(lease);
        }
        // The one above may have begun before the password was put right.
        let seat = {
            let mut state = self.state();
            state.join().unwrap_or_else(|| self.depart(&mut state))
        };
        self.wait(seat).await
    }

    /// The token, if there is one that has not expired. Never logs in.
    #[must_use]
    pub fn current(&self) -> Option<Token> {
        self.state().alive().map(|held| held.token.clone())
    }

    /// Forgets a token, after a logout; not the one of a login since then.
    pub fn forget(&self, token: &Token) {
        let mut state = self.state();
        if state.holds(token) {
            state.held = None;
        }
    }

    /// Forgets whatever token there is, after the end of all sessions. A login that is under way
    /// serves those who wait for it and is not kept: it may have been before the end.
    pub fn forget_all(&self) {
        let mut state = self.state();
        state.held = None;
        state.flight = None;
    }

    /// Begins a login.
    fn depart(&self, state: &mut State) -> Seat {
        let login = Arc::clone(&self.login);
        let (flight, seat) = Flight::begin(Box::pin(async move { login.log_in().await }));
        state.flight = Some(flight);
        seat
    }

    async fn wait(&self, seat: Seat) -> Result<Lease, Error> {
        seat.wait(|flight, end| self.land(flight, end)).await
    }

    /// Keeps what a login gave, or how it failed.
    fn land(&self, flight: &Arc<Flight>, end: &Result<Lease, Error>) {
        let mut state = self.state();
        // Not one from before the end of all sessions.
        if !matches!(&state.flight, Some(current) if Arc::ptr_eq(current, flight)) {
            return;
        }
        state.flight = None;
        match end {
            Ok(lease) => {
                let mut held = Held::new(lease, flight.began());
                if std::mem::take(&mut state.refused) {
                    held.trial = in_future(clock::now(), self.failure_pause);
                }
                state.held = Some(held);
                state.failure = None;
            }
            Err(error) => {
                let pause = if error.is_unauthorized() {
                    self.refusal_pause
                } else {
                    self.failure_pause
                };
                state.failure = Some(Failure {
                    error: error.twin(),
                    until: in_future(clock::now(), pause),
                });
            }
        }
    }

    fn step(&self) -> Step {
        let mut state = self.state();
        if let Some(token) = state.usable() {
            return Step::Take(token);
        }
        if let Some(seat) = state.join() {
            return Step::Wait(seat);
        }
        // Never while the token lives: that would be usable.
        if let Some(failure) = state.failure.as_ref().filter(|failure| failure.holds()) {
            return Step::Fail(failure.error.twin());
        }
        Step::Wait(self.depart(&mut state))
    }

    /// Nothing that can panic runs under the lock; a poisoned one holds a good value.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn alive(&self) -> Option<&Held> {
        self.held.as_ref().filter(|held| !has_passed(held.expires))
    }

    /// The token, unless the caller should see to a better one.
    fn usable(&self) -> Option<Token> {
        let held = self.held.as_ref()?;
        // The only look at the clock on the way of nearly every call.
        if !has_passed(held.renew) {
            return Some(held.token.clone());
        }
        // Renewing is for one caller, and not right after it failed.
        let held = self.alive()?;
        let renew = !self.failure.as_ref().is_some_and(Failure::holds)
            && !self
                .flight
                .as_ref()
                .is_some_and(|flight| flight.is_under_way());
        (!renew).then(|| held.token.clone())
    }

    fn join(&self) -> Option<Seat> {
        self.flight.as_ref()?.join()
    }

    fn holds(&self, token: &Token) -> bool {
        self.held.as_ref().is_some_and(|held| held.token == *token)
    }
}

impl Held {
    fn new(lease: &Lease, began: Option<Instant>) -> Self {
        let at = |after| in_future(began, after);
        let life = lease.good_for();
        Self {
            token: lease.token().clone(),
            renew: life.and_then(|life| at(life.saturating_sub(lead(life)))),
            expires: life.and_then(at),
            trial: None,
        }
    }
}

impl Failure {
    fn holds(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

/// How long before the end of its life a token is renewed.
fn lead(life: Duration) -> Duration {
    let usual = Duration::from_secs(60).max(life / 20);
    usual.min(life / 2)
}

/// `None` without a clock, and for what lies further ahead than the clock counts.
fn in_future(from: Option<Instant>, after: Duration) -> Option<Instant> {
    from?.checked_add(after)
}

/// An instant that is not known never passes.
fn has_passed(at: Option<Instant>) -> bool {
    at.is_some_and(|at| Instant::now() >= at)
}

#[async_trait]
impl<L: Login> TokenSource for Session<L> {
    async fn token(&self) -> Result<Token, Error> {
        let seat = match self.step() {
            Step::Take(token) => return Ok(token),
            Step::Fail(error) => return Err(error),
            Step::Wait(seat) => seat,
        };
        let error = match self.wait(seat).await {
            Ok(lease) => return Ok(lease.token().clone()),
            Err(error) => error,
        };
        let token = self.current().ok_or_else(|| error.twin())?;
        let status = error.status().map(|status| status.as_u16());
        tracing::warn!(failure = error.kind().name(), status, "renewal failed");
        Ok(token)
    }

    fn ready(&self) -> Option<Token> {
        self.state().usable()
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        let mut state = self.state();
        if state.holds(rejected) {
            let on_trial = |held: &Held| held.trial.is_some_and(|until| Instant::now() < until);
            if !self.login.is_possible() || state.held.as_ref().is_some_and(on_trial) {
                return false;
            }
            state.held = None;
            state.refused = true;
        }
        state.held.is_some() || self.login.is_possible()
    }
}

impl<L> fmt::Debug for Session<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Session")
            .field("has_token", &state.alive().is_some())
            .field("failed", &state.failure.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_a_minute_or_a_twentieth_before_its_end_but_not_in_its_first_half() {
        for (life, expected) in [
            (0, 0),
            (10, 5),
            (100, 50),
            (120, 60),
            (600, 60),
            (1200, 60),
            (2000, 100),
            (36_000, 1800),
        ] {
            let seconds = Duration::from_secs;
            assert_eq!(lead(seconds(life)), seconds(expected), "{life}");
        }
    }

    #[tokio::test]
    async fn what_no_clock_measures_is_not_tracked() {
        let token = Token::new("Token", "t").unwrap();
        let lease = Lease::new(token).lifetime(Duration::ZERO);
        let held = Held::new(&lease, None);
        assert!(held.renew.is_none() && held.expires.is_none() && !has_passed(held.expires));
        // And what it could not count to.
        let held = Held::new(&lease.lifetime(Duration::MAX), clock::now());
        assert!(held.expires.is_none() && !has_passed(held.renew));
    }
}
