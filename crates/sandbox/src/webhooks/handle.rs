//! The webhooks of a sandbox in the same process: what `/_sandbox/webhooks…` offers, as methods.

use super::outbox;
use super::settings::{self, WebhookSettings};
use crate::sandbox::stored_id;
use crate::{Error, Sandbox};

impl Sandbox {
    /// Sets the knobs of the webhooks; what is in the outbox already stays as it is. They outlive
    /// [`Sandbox::reset`]. Over HTTP: `PATCH /_sandbox/webhooks/settings`.
    ///
    /// # Errors
    ///
    /// When a percentage is above 100 ([`Error::is_invalid`]); when the store fails.
    pub fn set_webhooks(&self, settings: WebhookSettings) -> Result<(), Error> {
        let percentages = [
            settings.drop_percent,
            settings.duplicate_percent,
            settings.delay_percent,
            settings.reorder_percent,
            settings.forge_percent,
        ];
        if percentages.iter().any(|percent| *percent > 100) {
            return Err(Error::invalid("a percentage must be 100 at most"));
        }
        self.shared
            .store
            .transaction(|db| Ok(settings::write(db, &settings)?))
    }

    /// The knobs of the webhooks as they stand.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn webhook_settings(&self) -> Result<WebhookSettings, Error> {
        self.shared.store.transaction(|db| Ok(settings::read(db)?))
    }

    /// Lets go every webhook that is held or delayed, oldest first; says how many.
    /// [`Sandbox::webhooks_settled`] waits for their arrival.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn release_webhooks(&self) -> Result<usize, Error> {
        self.shared
            .store
            .transaction(|db| Ok(outbox::release(&self.shared, db, None)?))
    }

    /// Lets go one webhook that is held or delayed, so that a test has them arrive in any order it
    /// likes. Says whether it waited.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn release_webhook(&self, id: u64) -> Result<bool, Error> {
        let id = stored_id(id);
        self.shared
            .store
            .transaction(|db| Ok(outbox::release(&self.shared, db, Some(id))? > 0))
    }

    /// Sends a webhook again, lost ones as well: the same body, signed anew; `forge` signs it with a
    /// wrong key, which a receiver must refuse.
    ///
    /// # Errors
    ///
    /// When there is no such webhook or it waits to be sent ([`Error::is_invalid`]); when the store
    /// fails.
    pub fn resend_webhook(&self, id: u64, forge: bool) -> Result<(), Error> {
        let id = stored_id(id);
        Ok(self
            .shared
            .store
            .transaction(|db| outbox::resend(&self.shared, db, id, forge))?)
    }
}
