//! Which status can follow which. The vendor documents none of it: the order is inferred from the names, so nothing is done
//! on its word but to stop waiting.

use accredit_models::thirdparty::InvestmentStatus::{self, *};

/// The statuses that may come next; `None` of a status that this version does not know.
fn next(status: &InvestmentStatus) -> Option<&'static [InvestmentStatus]> {
    Some(match status {
        Started => &[NotReceived, PaymentFailed, Received, Cancelled],
        NotReceived => &[Received, PaymentFailed, Cancelled],
        PaymentFailed => &[NotReceived, Received, Cancelled],
        Received => &[Invested, Refunded, Cancelled],
        Invested => &[Approved, NotApproved, Refunded, Cancelled],
        Approved => &[Accepted, NotApproved, Refunded, Cancelled],
        NotApproved => &[Approved, Refunded, Cancelled],
        Accepted => &[AcceptedEscrowClosed, Refunded],
        AcceptedEscrowClosed | Cancelled | Refunded => &[],
        _ => return None,
    })
}

/// Whether nothing comes after it.
pub(super) fn is_last(status: &InvestmentStatus) -> bool {
    next(status).is_some_and(<[_]>::is_empty)
}

/// Whether an investment of this status can still get to one of those wanted. What this version does not know can.
pub(super) fn can_become(status: &InvestmentStatus, wanted: &[InvestmentStatus]) -> bool {
    let mut reached = vec![status];
    let mut at = 0;
    while let Some(status) = reached.get(at) {
        if wanted.contains(status) {
            return true;
        }
        let Some(next) = next(status) else {
            return true;
        };
        for status in next {
            if !reached.contains(&status) {
                reached.push(status);
            }
        }
        at += 1;
    }
    // A way to a status of tomorrow may begin anywhere but at an end.
    !is_last(status) && wanted.iter().any(|wanted| !wanted.is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_forward_and_end() {
        assert!(can_become(&Started, &[AcceptedEscrowClosed]));
        assert!(can_become(&NotApproved, &[Accepted]));
        assert!(can_become(&Invested, &[Invested]));
        assert!(!can_become(&Invested, &[Received, Started]));
        assert!(can_become(&Invested, &[Received, Refunded]));
        for last in [Cancelled, Refunded, AcceptedEscrowClosed] {
            assert!(is_last(&last));
            assert!(!can_become(&last, &[Accepted]));
        }
        let tomorrow = InvestmentStatus::from_value("on_hold");
        assert!(can_become(&tomorrow, &[Started]));
        assert!(can_become(&Accepted, std::slice::from_ref(&tomorrow)));
        assert!(!can_become(&Cancelled, &[tomorrow]));
    }
}
