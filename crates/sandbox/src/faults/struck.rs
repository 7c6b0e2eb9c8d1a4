//! What the log of requests tells of a fault: which one it was, and what the client saw instead.

use super::rules::Strike;
use super::{Effect, When, syntax};
use crate::json::{Json, object};

/// A fault that struck a request. It travels in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Struck {
    /// `None`: the request asked for it by its header.
    rule: Option<u64>,
    effect: &'static str,
    when: When,
    seen: Seen,
}

/// What the client saw.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// The call's own status, whatever became of the body.
    Own,
    /// Another answer.
    Other(u16),
    /// No answer.
    Nothing,
}

impl Struck {
    pub(super) fn new(strike: &Strike) -> Self {
        let effect = syntax::name(&strike.effect);
        let when = if syntax::takes(effect, "when") {
            strike.when
        } else {
            When::After
        };
        let seen = match &strike.effect {
            Effect::Status { status, .. } => Seen::Other(*status),
            Effect::Throttled(_) => Seen::Other(429),
            Effect::HtmlError(page) => Seen::Other(page.status()),
            Effect::Reset => Seen::Nothing,
            _ => Seen::Own,
        };
        Self {
            rule: strike.rule,
            effect,
            when,
            seen,
        }
    }

    /// The status that reached the client, from that of the call's own answer.
    pub(crate) fn seen_status(self, own: Option<u16>) -> Option<u16> {
        match self.seen {
            Seen::Own => own,
            Seen::Other(status) => Some(status),
            Seen::Nothing => None,
        }
    }

    /// `call_status` is that of the call's own answer: `null` when it was not carried out.
    pub(crate) fn show(self, own: Option<u16>) -> Json {
        object! {
            "id": self.rule.and_then(|id| i64::try_from(id).ok()),
            "effect": self.effect,
            "when": self.when.word(),
            "call_status": own.map(i64::from),
        }
    }
}
