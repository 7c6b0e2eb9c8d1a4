//! Which status may follow which. A pure function: it knows no store and no time.
//!
//! ```text
//! waiting_for_investor_acceptance ─► accepted_by_investor ─► waiting_for_review ◄─► in_review ◄─► waiting_for_information…
//!              │                              │                                 │
//!              └──────────────────────────────┴────────────────┬────────────────┘
//!                                                              ▼
//!           accredited, not_accredited, accepted_expire, declined_expire, declined_by_investor, self_not_accredited
//! ```
//!
//! A look at the service skips what happened between two looks, so every status further along counts as forward, and any end
//! may follow any open status: which of them is reached from where is not documented. The three statuses of the review go
//! round in a circle. What this version does not know lies off the map: it may follow everything, an end too, and everything
//! may follow it. Losing a status of tomorrow ("revoked") would be worse than going through it.

use accredit_verifyinvestor::VerificationRequestStatus as Status;

/// How one status stands to another in the graph of statuses.
///
/// ```
/// use accredit_inbox::Step;
/// use accredit_verifyinvestor::VerificationRequestStatus as Status;
///
/// assert_eq!(Step::between(Some(&Status::InReview), &Status::Accredited), Step::Forward);
/// assert_eq!(Step::between(Some(&Status::Accredited), &Status::InReview), Step::Backward);
/// let tomorrow = Status::from_value("revoked");
/// assert_eq!(Step::between(Some(&Status::Accredited), &tomorrow), Step::Forward);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The same status.
    Same,
    /// It lies ahead, in the same circle, or off the map.
    Forward,
    /// It lies behind, or beyond an end: an old answer, or a vendor who broke the rules.
    Backward,
}

impl Step {
    /// The step from one status to another; everything is ahead of a request that was never seen.
    #[must_use]
    pub fn between(from: Option<&Status>, to: &Status) -> Self {
        let Some(from) = from else {
            return Self::Forward;
        };
        if from == to {
            return Self::Same;
        }
        match (Stage::of(from), Stage::of(to)) {
            (Some(Stage::End), Some(_)) => Self::Backward,
            (Some(Stage::Review), Some(Stage::Review)) => Self::Forward,
            (Some(before), Some(after)) if after <= before => Self::Backward,
            _ => Self::Forward,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Asked,
    Accepted,
    Review,
    End,
}

impl Stage {
    /// `None` off the map.
    fn of(status: &Status) -> Option<Self> {
        Some(match status {
            Status::WaitingForInvestorAcceptance => Self::Asked,
            Status::AcceptedByInvestor => Self::Accepted,
            Status::WaitingForReview
            | Status::InReview
            | Status::WaitingForInformationFromInvestor => Self::Review,
            _ if status.is_decided() => Self::End,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: [Status; 5] = [
        Status::WaitingForInvestorAcceptance,
        Status::AcceptedByInvestor,
        Status::WaitingForReview,
        Status::InReview,
        Status::WaitingForInformationFromInvestor,
    ];
    const ENDS: [Status; 6] = [
        Status::Accredited,
        Status::NotAccredited,
        Status::AcceptedExpire,
        Status::DeclinedExpire,
        Status::DeclinedByInvestor,
        Status::SelfNotAccredited,
    ];

    #[test]
    fn open_statuses_lead_on_and_round_the_review() {
        for (place, from) in OPEN.iter().enumerate() {
            for (other, to) in OPEN.iter().enumerate() {
                let expected = if place == other {
                    Step::Same
                } else if other > place || place >= 2 && other >= 2 {
                    Step::Forward
                } else {
                    Step::Backward
                };
                assert_eq!(Step::between(Some(from), to), expected, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn ends_follow_every_open_status_and_nothing_known_follows_them() {
        for end in &ENDS {
            assert_eq!(Step::between(None, end), Step::Forward);
            for open in &OPEN {
                assert_eq!(Step::between(Some(open), end), Step::Forward);
                assert_eq!(Step::between(Some(end), open), Step::Backward);
            }
            for other in ENDS.iter().filter(|other| *other != end) {
                assert_eq!(Step::between(Some(end), other), Step::Backward);
            }
        }
    }

    #[test]
    fn what_is_not_on_the_map_may_follow_and_be_followed() {
        for odd in [Status::from_value("revoked"), Status::NoVerificationRequest] {
            for known in OPEN.iter().chain(&ENDS) {
                assert_eq!(Step::between(Some(known), &odd), Step::Forward);
                assert_eq!(Step::between(Some(&odd), known), Step::Forward);
            }
            assert_eq!(Step::between(Some(&odd), &odd), Step::Same);
        }
    }
}
