//! A write that is remembered before it is sent. It sends no write while the outcome of one is open.

use std::time::Duration;

use accredit_models::Timestamp;
use accredit_transport::{self as transport, Error, ErrorKind, Operation};

use super::{Before, Look, Reconcile, Reconciled};
use crate::Call;

/// How long after the first look a write may still land, unless set: the time that a worker of gunicorn has for a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A write that knows what was there before it: see [`reconcile`](crate::reconcile).
#[derive(Debug)]
#[must_use = "a prepared write does nothing until `send`"]
pub struct Prepared<O> {
    look: Look,
    operation: O,
    /// What was there before whatever it may have left; `None` while it cannot have left anything.
    before: Option<Before>,
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
    /// The write as one that can be found again if its answer is lost. Nothing is sent yet. See
    /// [`reconcile`](crate::reconcile) for an example.
    pub fn prepare(self) -> Prepared<O> {
        let (client, operation, options) = self.into_parts();
        Prepared {
            look: Look::new(client, options),
            operation,
            before: None,
            fate: Fate::NotRun,
            patience: PATIENCE,
        }
    }

    /// Takes up a write that was sent by a program that has ended since, or not as a [`Prepared`] one. `began` is when it was
    /// sent, or a little earlier, by the clock of this machine; how far that is from the service's is read from the `Date`
    /// of a reply, or else taken to be five minutes at most.
    ///
    /// Nothing is written, and nothing can be sent before [`Prepared::reconcile`] has said that it did not run. That is less
    /// sure than for a write that was prepared: one of the same content made a moment before, or since by somebody else,
    /// counts as this one. One of the same content that was made in the five minutes before is ambiguous, since the clock may have
    /// been put right meanwhile; by more than that it must not have been. Where the service shows no time, which is so for all but
    /// investments and documents, whatever looks like it is ambiguous.
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
            before: Some(before),
            fate: Fate::Open,
            patience: PATIENCE,
        })
    }
}

impl<O: Reconcile> Prepared<O> {
    /// How long after the first look a write may still land: [`NotApplied`](Reconciled::NotApplied) is said no sooner than that.
    /// 30 s unless set. A server goes on with what it began after a gateway has given it up; how long is up to it, and 30 s is
    /// what a worker of gunicorn has for a request unless it is told otherwise.
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

    /// Looks at what is there, and sends it.
    ///
    /// The look costs one read, or two of a list of more than ten: one of the newest, and one that shows whether those are the
    /// newest. Each has a deadline of its own. Where the service does not order by the id, the whole list is read. What others
    /// write between the look and the write counts as this one if it has the same content, and so does what they write before the
    /// outcome is known; what was there before does not.
    ///
    /// After one that [did not run](Reconciled::NotApplied) it looks for that one a last time. If that has landed since, nothing
    /// is sent, and the outcome is unknown again.
    ///
    /// When the future is dropped during the write, the outcome is open, as it is after an error of the kind
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown). After any other error it did not run.
    ///
    /// # Errors
    ///
    /// As [`Call::send`], and those of the look. [`Build`](ErrorKind::Build), and nothing is sent, while the outcome is open and
    /// after it ran.
    pub async fn send(&mut self) -> Result<O::Output, Error> {
        match self.fate {
            Fate::NotRun => {}
            Fate::Open => {
                return Err(refusal::<O>(
                    "it may have run: reconcile it before it is sent again",
                ));
            }
            Fate::Ran => return Err(refusal::<O>("it ran; another one is another write")),
        }
        let now = self.operation.before(&self.look).await?;
        if let Some(earlier) = &self.before {
            let found = self.operation.after(&self.look, earlier).await?;
            if !matches!(found, Reconciled::NotApplied) {
                self.fate = Fate::Open;
                let error = Error::new(ErrorKind::OutcomeUnknown);
                let error = error.with_detail("when it was sent before; nothing was sent now");
                return Err(error.with_operation(const { &O::INFO }));
            }
        }
        let earlier = self.before.replace(now);
        self.fate = Fate::Open;
        let answer = self.look.execute(&self.operation).await;
        self.fate = match &answer {
            Ok(_) => Fate::Ran,
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Fate::Open,
            // Refused, or never sent.
            Err(_) => {
                if earlier.is_none() {
                    self.before = None;
                }
                Fate::NotRun
            }
        };
        answer
    }

    /// Finds out what became of it. Nothing is written; dropping the future is harmless.
    ///
    /// While the outcome is open, it looks a second time after the [`patience`](Self::patience). An ambiguous answer leaves the
    /// outcome open, and can be asked for again. So can [`NotApplied`](Reconciled::NotApplied): should the write have landed
    /// since, it is found, and not sent again. Of one that the service has answered nothing may be shown: then the answer is
    /// ambiguous, with an empty list.
    ///
    /// # Errors
    ///
    /// Those of the reads; the outcome stays open.
    pub async fn reconcile(&mut self) -> Result<Reconciled<O::Found>, Error> {
        let Some(before) = &self.before else {
            return Ok(Reconciled::NotApplied);
        };
        let mut outcome = self.operation.after(&self.look, before).await?;
        if matches!(outcome, Reconciled::NotApplied) && self.fate == Fate::Open {
            transport::pause(self.patience).await?;
            outcome = self.operation.after(&self.look, before).await?;
        }
        match (&outcome, self.fate) {
            (Reconciled::Applied(_), _) => self.fate = Fate::Ran,
            // The service said that it ran, and does not show it.
            (Reconciled::NotApplied, Fate::Ran) => outcome = Reconciled::Ambiguous(Vec::new()),
            (Reconciled::NotApplied, _) => self.fate = Fate::NotRun,
            (Reconciled::Ambiguous(_), Fate::Ran) => {}
            (Reconciled::Ambiguous(_), _) => self.fate = Fate::Open,
        }
        Ok(outcome)
    }
}

/// Nothing was sent.
fn refusal<O: Operation>(reason: &'static str) -> Error {
    let error = Error::new(ErrorKind::Build).with_detail(reason);
    error.with_operation(const { &O::INFO })
}
