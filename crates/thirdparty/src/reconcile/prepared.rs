//! A write that is remembered before it is sent. It sends no write while the outcome of one is open.

use std::time::Duration;

use accredit_models::Timestamp;
use accredit_transport::{self as transport, Error, ErrorKind};

use super::{Before, Look, Reconcile, Reconciled};
use crate::Call;

/// How long after the first look a write may still land, unless set.
const PATIENCE: Duration = Duration::from_secs(10);

/// A write that knows what was there before it: see [`reconcile`](crate::reconcile).
#[derive(Debug)]
#[must_use = "a prepared write does nothing until `send`"]
pub struct Prepared<O> {
    look: Look,
    operation: O,
    before: Before,
    fate: Fate,
    patience: Duration,
}

/// What is known of the last time it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It was not sent, or did not run.
    NotRun,
    /// It may have run, or is being sent: also when nobody waits for it any more.
    Open,
    /// It ran.
    Ran,
}

impl<O: Reconcile> Call<O> {
    /// Looks at what is there, and gives the write with that knowledge. Nothing is written yet. See
    /// [`reconcile`](crate::reconcile) for an example.
    ///
    /// Costs one read as a rule. Where the service does not show the newest first when it is asked to, the whole list is read.
    ///
    /// # Errors
    ///
    /// Those of the read.
    pub async fn prepare(self) -> Result<Prepared<O>, Error> {
        let (client, operation, options) = self.into_parts();
        let look = Look::new(client, options);
        let before = operation.before(&look).await?;
        Ok(Prepared {
            look,
            operation,
            before,
            fate: Fate::NotRun,
            patience: PATIENCE,
        })
    }

    /// Takes up a write that was sent by a program that has ended since, or not as a [`Prepared`] one. `began` is when it was
    /// sent, or a little earlier, by the clock of this machine; how far that is from the service's is read from the `Date`
    /// of a reply, or else taken to be five minutes at most.
    ///
    /// Nothing is written, and nothing can be sent before [`Prepared::reconcile`] has said that it did not run. That is less
    /// sure than for a write that was prepared: one of the same content made a moment before counts as this one. Where the
    /// service shows no time, which is so for all but investments and documents, whatever looks like it is ambiguous.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client, began: accredit_thirdparty::models::Timestamp) -> Result<(), accredit_thirdparty::Error> {
    /// # use accredit_thirdparty::{InvestorId, OfferingId, Reconciled};
    /// let order = client.investments().create(OfferingId::new(7), InvestorId::new(42), 25);
    /// let mut write = order.resume(began).await?;
    /// if let Reconciled::NotApplied = write.reconcile().await? {
    ///     write.send().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of a read.
    pub async fn resume(self, began: impl Into<Timestamp>) -> Result<Prepared<O>, Error> {
        let (client, operation, options) = self.into_parts();
        let look = Look::new(client, options);
        let before = look.since(began.into()).await?;
        Ok(Prepared {
            look,
            operation,
            before,
            fate: Fate::Open,
            patience: PATIENCE,
        })
    }
}

impl<O: Reconcile> Prepared<O> {
    /// How long after the first look a write may still land: [`NotApplied`](Reconciled::NotApplied) is said no sooner than that.
    /// 10 s unless set. A server goes on with what it began after a gateway has given it up; how long is up to it.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The operation.
    pub fn operation(&self) -> &O {
        &self.operation
    }

    /// Whether it may have run: then it is not sent again until [`reconcile`](Self::reconcile) has said that it did not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.fate == Fate::Open
    }

    /// Sends it.
    ///
    /// When the future is dropped before its end, the outcome is open, as it is after an error of the kind
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown).
    ///
    /// # Errors
    ///
    /// As [`Call::send`]. [`Build`](ErrorKind::Build), and nothing is sent, while the outcome is open and after it ran.
    pub async fn send(&mut self) -> Result<O::Output, Error> {
        let refused = match self.fate {
            Fate::NotRun => None,
            Fate::Open => Some("it may have run: reconcile it before it is sent again"),
            Fate::Ran => Some("it ran; another one is another write"),
        };
        if let Some(reason) = refused {
            let error = Error::new(ErrorKind::Build).with_detail(reason);
            return Err(error.with_operation(const { &O::INFO }));
        }
        self.fate = Fate::Open;
        let answer = self.look.execute(&self.operation).await;
        self.fate = match &answer {
            Ok(_) => Fate::Ran,
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Fate::Open,
            // Refused, or never sent.
            Err(_) => Fate::NotRun,
        };
        answer
    }

    /// Finds out what became of it. Nothing is written; dropping the future is harmless.
    ///
    /// Without a word from the service that it ran, it looks a second time after the [`patience`](Self::patience). An
    /// ambiguous answer leaves the outcome open, and can be asked for again.
    ///
    /// # Errors
    ///
    /// Those of the reads; the outcome stays open.
    pub async fn reconcile(&mut self) -> Result<Reconciled<O::Found>, Error> {
        if self.fate == Fate::NotRun {
            return Ok(Reconciled::NotApplied);
        }
        let mut outcome = self.operation.after(&self.look, &self.before).await?;
        if matches!(outcome, Reconciled::NotApplied) {
            transport::pause(self.patience).await?;
            outcome = self.operation.after(&self.look, &self.before).await?;
        }
        match (&outcome, self.fate) {
            (Reconciled::Applied(_), _) => self.fate = Fate::Ran,
            (Reconciled::NotApplied, Fate::Open) => self.fate = Fate::NotRun,
            // The service said that it ran, and does not show it.
            (Reconciled::NotApplied, _) => outcome = Reconciled::Ambiguous(Vec::new()),
            (Reconciled::Ambiguous(_), _) => {}
        }
        Ok(outcome)
    }
}
