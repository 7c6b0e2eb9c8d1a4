//! What became of a write whose answer was lost. It reads, and never writes by itself.
//!
//! A write that fails with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) may have been carried out: the connection
//! broke, a gateway gave up, time ran out. The service takes no idempotency key, so sending it again could buy twice. A
//! [`Prepared`] write looks instead. It notes what is there right before it is sent, so that afterwards it can be told what
//! is new, and it refuses to be sent again while its outcome is open:
//!
//! ```no_run
//! # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
//! use accredit_thirdparty::{ErrorKind, InvestorId, OfferingId, Reconciled};
//!
//! let order = client.investments().create(OfferingId::new(7), InvestorId::new(42), 25);
//! let mut write = order.prepare();
//! let id = loop {
//!     match write.send().await { // looks, then writes
//!         Ok(created) => break Some(created.id),
//!         Err(error) if error.kind() == ErrorKind::OutcomeUnknown => match write.reconcile().await? {
//!             Reconciled::Applied(found) => break Some(found.id),
//!             Reconciled::NotApplied => {} // it did not run: send it again
//!             Reconciled::Ambiguous(_) => break None, // for a person to decide; nothing is sent meanwhile
//!         },
//!         Err(error) => return Err(error), // refused, or never sent
//!     }
//! };
//! # let _ = id;
//! # Ok(())
//! # }
//! ```
//!
//! # What is compared
//!
//! An object counts as the one that was written when it is newer than all that were there before, and every field that was
//! sent and is shown holds what was sent. Texts compare without case and needless blanks, money by value, times to the
//! microsecond. Where the fields that tell objects apart agree and another one differs, it may be ours as the service changed
//! it: ambiguous. So it may be where those fields differ in signs only, or in letters beyond ASCII, or are shown empty.
//!
//! | write | looks at | must agree | then | ambiguous |
//! |---|---|---|---|---|
//! | `investments().create` | the investments | offering, investor | quantity and all else that is sent, but for what is not shown: `utm_parameters`, `user_agreements` | another field differs; several agree |
//! | `investors().create` | the investors | type, names, e-mail address of the entity | the other fields of the entity, `receive_sms`, `receive_emails` | another field differs, such as a tax id that is shown in part; several agree |
//! | `kyb_documents().create`, `upload`, `create_from_url` | the documents | entity, type, side | the file is not shown | several agree |
//! | `investor_signatures().create` | the signatures | investment | text and date of the signature; which agreement it is for is not shown | another field differs; several agree |
//! | `investors().run_second_kyc` | the investor | | status and failures of the identity check. It had failed, or had passed and does not any more: changed means applied | the first check is under way; it was made meanwhile; it had passed and still does |
//! | `investments().payment_intent_secret` | the investment | | the payment intent: a new one means applied, else nothing was changed | there is one, and what was before is not known (after a crash) |
//! | `investors().create_id_upload_workflow` | nothing: the service shows [no trace](NoTrace) of it | | | always |
//!
//! What is ambiguous for want of a trace stays so, however often it is asked for. Such a write costs little: a check that is
//! made twice is paid twice, a link that is asked for again is another link. To make it again after all is to make another
//! call.
//!
//! A payment intent that is there gives its secret to another call of `payment_intent_secret`.
//!
//! A write that was answered ran, also where nothing is shown of it: the secret of an intent that was there before, a check that
//! failed and was not counted. To ask what became of such a one is needless, and the answer ambiguous, with an empty list.
//!
//! "Newer" goes by the ids: they count up. Two writes of the same content that are under way at the same time cannot be told
//! apart by what is shown of them, whoever makes them: make such writes one after the other. Of documents and signatures little
//! is shown, so do the same with all documents of one side of one entity, and with all signatures of one investment. Of two
//! orders of one investor for one offering that are under way at once, one that is lost and did not run is ambiguous. "Under
//! way" is from the look of [`Prepared::send`] to the end of [`Prepared::reconcile`]; a service that answers reads from a copy
//! that lags behind makes that longer by as much.
//!
//! # After a crash
//!
//! A program that was stopped in the middle has lost what it noted. [`Call::resume`](crate::Call::resume) takes up a write by
//! the time at which it began, less surely: see there.

mod compare;
mod documents;
mod investments;
mod investors;
mod look;
mod prepared;

use accredit_transport::{Error, Operation};

pub use look::{Before, Look};
pub use prepared::Prepared;

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Reconciled<T> {
    /// It was carried out: this is what the service shows of it.
    Applied(Box<T>),
    /// It was not, or has changed nothing: it may be sent again. Said after two looks; asked for again, after one more.
    NotApplied,
    /// What the service shows does not tell. These may be what was written; none, where it shows nothing of such a write.
    Ambiguous(Vec<T>),
}

/// What is found of a write that leaves no trace: there is no such value. An outcome that was lost stays
/// [`Ambiguous`](Reconciled::Ambiguous), with an empty list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTrace {}

impl<T> Reconciled<T> {
    /// Whether it is known.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Ambiguous(_))
    }
}

/// A write that is looked for when its answer is lost: all operations of this crate that are not repeated by themselves. Not to
/// be implemented elsewhere.
pub trait Reconcile: Operation {
    /// What the service shows of it; [`NoTrace`], where it shows nothing.
    type Found: Send;

    /// Notes what is there before it is sent.
    #[doc(hidden)]
    fn before(&self, look: &Look) -> impl Future<Output = Result<Before, Error>> + Send;

    /// Looks for what it left, once.
    #[doc(hidden)]
    fn after(
        &self,
        look: &Look,
        before: &Before,
    ) -> impl Future<Output = Result<Reconciled<Self::Found>, Error>> + Send;
}
