//! Faults, throttling and switches as methods of a running [`Sandbox`].

use super::throttle::Rate;
use super::{Fault, InjectedFault};
use crate::{Error, Sandbox};

impl Sandbox {
    /// Lets something go wrong from now on; gives the fault's number. Faults are tried in the order
    /// in which they were injected, and the first that hits is the only one.
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// use accredit_sandbox::{Effect, Fault, RetryAfter, Sandbox};
    /// let sandbox = Sandbox::start().await?;
    /// let busy = Effect::Throttled(RetryAfter::Seconds(1));
    /// sandbox.inject(Fault::new(busy).on("investments.list").times(2))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no operation of that name, or the effect cannot be carried out
    /// ([`Error::is_invalid`]).
    pub fn inject(&self, fault: Fault) -> Result<u64, Error> {
        let injected = self.shared.faults.inject(fault);
        Ok(injected.map_err(Error::invalid)?.id)
    }

    /// All faults, with how many calls each of them hit.
    #[must_use]
    pub fn faults(&self) -> Vec<InjectedFault> {
        self.shared.faults.all()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Throttles the Third Party API at a rate such as `5/minute`, or with `None` not any more; see
    /// [`Builder::throttle`](crate::Builder::throttle).
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::start().await?;
    /// sandbox.set_throttle(Some("5/minute"))?;
    /// sandbox.set_throttle(None)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When that is no rate ([`Error::is_invalid`]).
    pub fn set_throttle(&self, rate: Option<&str>) -> Result<(), Error> {
        let rate = rate.map(Rate::read).transpose().map_err(Error::invalid)?;
        self.shared.throttle.set(rate);
        Ok(())
    }

    /// The switches and their values; see [`Builder::switch`](crate::Builder::switch).
    #[must_use]
    pub fn switches(&self) -> Vec<(&'static str, &'static str)> {
        self.shared.switches.values()
    }

    /// Sets a switch; see [`Builder::switch`](crate::Builder::switch).
    ///
    /// ```
    /// # async fn example() -> Result<(), accredit_sandbox::Error> {
    /// let sandbox = accredit_sandbox::Sandbox::start().await?;
    /// sandbox.set_switch("review_status", "200")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such switch or value ([`Error::is_invalid`]).
    pub fn set_switch(&self, name: &str, value: &str) -> Result<(), Error> {
        let set = self.shared.switches.set([(name, value)]);
        set.map_err(Error::invalid)
    }
}
