//! What is known of an investor, and what follows from it. Pure: no calls, no clock.
//!
//! Every rule here errs towards "not accredited": a date that is not stated proves nothing, and of two statements the one
//! that is less favourable counts.

use accredit_models::{
    Date, same_legal_name,
    verifyinvestor::{
        LegalProfile, VerificationRequest, VerificationRequestId,
        VerificationRequestStatus as Status,
    },
};

use crate::reconcile::is_same_party;

/// How long a verification counts, from the vendor's document; Rule 506(c) has three months as well.
const VALID_DAYS: i64 = 90;

/// What was read.
pub(super) struct Known<'a> {
    pub(super) today: Date,
    pub(super) legal_name: &'a str,
    pub(super) portal: Option<&'a str>,
    pub(super) profile: Option<&'a LegalProfile>,
    pub(super) requests: &'a [VerificationRequest],
    /// The one that is for accreditation, by the caller's word.
    pub(super) chosen: Option<VerificationRequestId>,
}

/// Which certificate proves an accreditation.
#[derive(Debug, PartialEq)]
pub(super) enum Proof {
    /// That of a request of ours.
    OfRequest(VerificationRequestId),
    /// The latest of the legal name: someone else's request.
    OfName,
}

/// Where an investor stands who is not accredited now.
#[derive(Debug, PartialEq)]
pub(super) enum Standing<'a> {
    Open(&'a VerificationRequest),
    NotAccredited,
    Expired,
    /// Nobody asked before.
    Unasked,
}

/// What the service says of the legal name as a whole.
enum Profile {
    /// It counts until that day, or is past it.
    Until(Date),
    /// Nothing that counts: it shows names only that the investor shared; or it is about another name, or not for this portal.
    No,
}

impl Known<'_> {
    /// Until when the investor is accredited, and by which certificate.
    ///
    /// Only the profile speaks of accreditation and of nothing else. A request alone proves nothing: its kind is documented
    /// in the reply to its creation and not where it is read, so that one without a kind may be of any.
    pub(super) fn proof(&self) -> Option<(Date, Proof)> {
        let Profile::Until(day) = self.profile() else {
            return None;
        };
        let explaining = || {
            self.named().filter(|request| {
                request.status == Some(Status::Accredited)
                    && request.verified_expires_at == Some(day)
            })
        };
        match explaining().count() {
            0 => self.of_name(day),
            1 => self.of_request(explaining().next()?, day),
            // The others may be of another kind.
            _ => {
                let chosen = explaining().find(|request| Some(request.id) == self.chosen)?;
                self.of_request(chosen, day)
            }
        }
    }

    /// The proof by the one request that explains the day of the profile.
    fn of_request(&self, request: &VerificationRequest, day: Date) -> Option<(Date, Proof)> {
        let end = |request: &VerificationRequest| {
            let at = request.completed_at;
            (at.is_none(), at, request.id)
        };
        // Whatever portal it was refused for: it was refused. One that does not say its name or its end may be such a one.
        let is_refused = self.requests.iter().any(|other| {
            other.status == Some(Status::NotAccredited)
                && other.kind.is_none()
                && self.has_name(other) != Some(false)
                && end(other) > end(request)
        });
        if is_refused || request.waiting_for_info == Some(true) {
            return None;
        }
        let until = counts_until(request)?.min(day).min(self.longest()?);
        (self.today < until).then_some((until, Proof::OfRequest(request.id)))
    }

    /// The proof by the name alone: it was verified for someone else.
    fn of_name(&self, day: Date) -> Option<(Date, Proof)> {
        // A day beyond what a verification of today would give is not of the vendor's making.
        if day <= self.today || day > self.longest()? {
            return None;
        }
        // Unless a request of ours should explain the day, and does not; unless the latest certificate of the name may be
        // of another kind; unless a refusal may be later. Should the vendor count more days than 90, it was verified
        // earlier than it looks: so the last 90 days are in doubt, but for a request that shows the 90 and ends earlier.
        let verified = self.today.checked_add_days(-VALID_DAYS)?;
        let is_doubtful = self.requests.iter().any(|request| {
            let completed = request.completed_at.map(|at| at.utc_date());
            let is_recent = completed.is_none_or(|at| at >= verified);
            let ninetieth = completed.and_then(|at| at.checked_add_days(VALID_DAYS));
            let ends_earlier = request.verified_expires_at.is_some_and(|until| until < day);
            let disagrees = match (&request.status, &request.kind) {
                (Some(Status::Accredited), None) => {
                    !ends_earlier || (is_recent && request.verified_expires_at != ninetieth)
                }
                (Some(Status::Accredited), Some(_)) | (Some(Status::NotAccredited), None) => {
                    is_recent
                }
                _ => false,
            };
            disagrees && self.has_name(request) != Some(false)
        });
        (!is_doubtful).then_some((day, Proof::OfName))
    }

    /// What is to be said when there is no proof.
    pub(super) fn standing(&self) -> Standing<'_> {
        let latest = |request: &&VerificationRequest| (request.created_at, request.id);
        let is_open = |request: &&VerificationRequest| {
            !request.status.as_ref().is_some_and(Status::is_decided)
        };
        if let Some(open) = self.asked().filter(is_open).max_by_key(latest) {
            return Standing::Open(open);
        }
        match self.asked().max_by_key(latest) {
            Some(request) => match request.status {
                Some(Status::AcceptedExpire | Status::DeclinedExpire) => Standing::Expired,
                Some(Status::Accredited)
                    if counts_until(request).is_some_and(|until| until <= self.today) =>
                {
                    Standing::Expired
                }
                _ => Standing::NotAccredited,
            },
            None => match self.profile() {
                Profile::Until(day) if day <= self.today => Standing::Expired,
                _ => Standing::Unasked,
            },
        }
    }

    /// Whether no more than one was ever asked for.
    pub(super) fn is_the_first(&self) -> bool {
        self.asked().count() == 1
    }

    fn profile(&self) -> Profile {
        let Some(profile) = self.profile else {
            return Profile::No;
        };
        let names = [&profile.verify_investor_legal_name, &profile.legal_name];
        let mut names = names.into_iter().flatten().peekable();
        let is_about_the_name = names.peek().is_some()
            && names.all(|name| same_legal_name(name.expose(), self.legal_name));
        let is_shared = profile
            .authorized_parties
            .iter()
            .any(|party| is_same_party(party.name.as_deref(), self.portal));
        match profile.verified_accredited_expires_at {
            Some(day) if is_about_the_name && is_shared => Profile::Until(day),
            _ => Profile::No,
        }
    }

    /// The requests of the legal name that may be for accreditation: those that do not say to be for anything else.
    fn named(&self) -> impl Iterator<Item = &VerificationRequest> {
        self.requests
            .iter()
            .filter(|request| request.kind.is_none() && self.has_name(request) == Some(true))
    }

    /// Those of our portal among them.
    fn asked(&self) -> impl Iterator<Item = &VerificationRequest> {
        self.named()
            .filter(|request| self.is_ours(request))
            .filter(|request| request.status != Some(Status::NoVerificationRequest))
    }

    fn has_name(&self, request: &VerificationRequest) -> Option<bool> {
        let name = request.legal_name.as_ref()?;
        Some(same_legal_name(name.expose(), self.legal_name))
    }

    fn is_ours(&self, request: &VerificationRequest) -> bool {
        is_same_party(request.portal_name.as_deref(), self.portal)
    }

    /// What is verified today counts no longer than this.
    fn longest(&self) -> Option<Date> {
        self.today.checked_add_days(VALID_DAYS)
    }
}

/// The first day on which an accredited request counts no more; `None` unless it says both when it was completed and until
/// when it counts.
fn counts_until(request: &VerificationRequest) -> Option<Date> {
    let completed = request.completed_at?.utc_date();
    let stated = request.verified_expires_at?;
    Some(stated.min(completed.checked_add_days(VALID_DAYS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-06-30";
    const NAME: &str = "Ada Lovelace";

    /// A request of the issuer's own for the name, with these fields of the wire beside.
    fn request(id: u64, fields: &str) -> VerificationRequest {
        let start = format!(
            r#"{{"id": {id}, "legal_name": "ADA LOVELACE", "created_at": "2026-01-01T00:00:0{id}Z""#
        );
        serde_json::from_str(&format!("{start}, {fields}}}")).unwrap()
    }

    /// An accredited one, completed and expiring then.
    fn accredited(id: u64, completed: &str, expires: &str) -> VerificationRequest {
        let dates = format!(
            r#""completed_at": "{completed}T12:00:00Z", "verified_expires_at": "{expires}""#
        );
        request(id, &format!(r#""status": "accredited", {dates}"#))
    }

    fn profile(expires: &str) -> LegalProfile {
        let text = format!(
            r#"{{"verify_investor_legal_name": "ADA LOVELACE", "verified_accredited_expires_at": {expires},
                "authorized_parties": [{{"name": null, "identifier": "42"}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn known<'a>(
        profile: Option<&'a LegalProfile>,
        requests: &'a [VerificationRequest],
    ) -> Known<'a> {
        Known {
            today: TODAY.parse().unwrap(),
            legal_name: NAME,
            portal: None,
            profile,
            requests,
            chosen: None,
        }
    }

    fn proof(profile: Option<&LegalProfile>, requests: &[VerificationRequest]) -> Option<String> {
        let (until, proof) = known(profile, requests).proof()?;
        Some(format!("{until} {proof:?}"))
    }

    fn of_request(day: &str) -> Option<String> {
        Some(format!("{day} OfRequest(VerificationRequestId(1))"))
    }

    #[test]
    fn a_request_that_explains_the_profiles_day_proves_it() {
        let day = profile(r#""2026-08-30""#);
        let one = accredited(1, "2026-06-01", "2026-08-30");
        let ninety = of_request("2026-08-30");
        assert_eq!(proof(Some(&day), std::slice::from_ref(&one)), ninety);
        // The profile says less than the request, or more: then the request is not the reason.
        for day in ["2026-07-15", "2026-08-29"] {
            let other = profile(&format!("\"{day}\""));
            assert_eq!(proof(Some(&other), std::slice::from_ref(&one)), None);
        }
        // Whatever later day is stated, 90 days are 90 days.
        let generous = accredited(1, "2026-06-01", "2027-06-01");
        let stated = profile(r#""2027-06-01""#);
        assert_eq!(proof(Some(&stated), &[generous]), ninety);
        // Verified in the future: nobody counts longer than from today.
        let odd = accredited(1, "2026-12-01", "2027-03-01");
        let stated = profile(r#""2027-03-01""#);
        assert_eq!(proof(Some(&stated), &[odd]), of_request("2026-09-28"));
    }

    /// A service that shows no `type` where a request is read: FACTS document it for the reply to the creation alone.
    #[test]
    fn a_verification_of_another_kind_proves_nothing_where_no_kind_is_shown() {
        let kyc = |id, completed, expires| accredited(id, completed, expires);
        // Alone: whatever the profile says, or does not.
        let alone = [kyc(1, "2026-06-01", "2026-08-30")];
        assert_eq!(proof(None, &alone), None);
        assert_eq!(proof(Some(&profile("null")), &alone), None);
        // Beside the right one, before and after it: that one's certificate.
        let day = profile(r#""2026-08-30""#);
        let right = accredited(1, "2026-06-01", "2026-08-30");
        for other in [
            kyc(2, "2026-05-20", "2026-08-18"),
            kyc(2, "2026-06-20", "2026-09-18"),
            kyc(2, "2026-06-20", "2027-06-20"),
        ] {
            for requests in [[right.clone(), other.clone()], [other, right.clone()]] {
                assert_eq!(proof(Some(&day), &requests), of_request("2026-08-30"));
            }
        }
        // On the same day: nobody knows which is which.
        let twins = [right, kyc(2, "2026-06-01", "2026-08-30")];
        assert_eq!(proof(Some(&day), &twins), None);
        // Unless the caller does; and then for what the profile says, no more.
        for (chosen, profile, is_proved) in [
            (1, &day, true),
            (3, &day, false),
            (1, &profile("null"), false),
            (1, &profile(r#""2026-08-29""#), false),
        ] {
            let mut known = known(Some(profile), &twins);
            known.chosen = Some(VerificationRequestId::new(chosen));
            let proof = known.proof();
            assert_eq!(proof.is_some(), is_proved, "{chosen}");
            if let Some((_, proof)) = proof {
                let right = VerificationRequestId::new(1);
                assert_eq!(proof, Proof::OfRequest(right));
            }
        }
        // Beside someone else's accreditation: the latest certificate of the name may be that of the other kind.
        for (completed, expires, counts) in [
            ("2026-06-20", "2026-09-18", false),
            ("2026-06-20", "2026-07-20", false),
            ("2026-05-20", "2026-08-18", true),
            ("2026-03-20", "2026-06-18", true),
        ] {
            let requests = [kyc(1, completed, expires)];
            let of_name = counts.then(|| "2026-08-30 OfName".to_owned());
            assert_eq!(
                proof(Some(&day), &requests),
                of_name,
                "{completed} {expires}"
            );
        }
    }

    #[test]
    fn the_ninetieth_day_is_too_late() {
        // 2026-06-30 is the 89th, the 90th, the 91st day.
        for (completed, expires, counts) in [
            ("2026-04-02", "2026-07-01", true),
            ("2026-04-01", "2026-06-30", false),
            ("2026-03-31", "2026-06-29", false),
            ("2026-04-01", "2027-01-01", false),
            ("2026-06-01", "2026-06-30", false),
        ] {
            let requests = [accredited(1, completed, expires)];
            let stated = profile(&format!("\"{expires}\""));
            let answer = proof(Some(&stated), &requests);
            assert_eq!(answer.is_some(), counts, "{completed} {expires}");
            if !counts {
                assert_eq!(known(None, &requests).standing(), Standing::Expired);
            }
        }
    }

    #[test]
    fn a_doubtful_request_proves_nothing() {
        let good = r#""status": "accredited", "completed_at": "2026-06-01T00:00:00Z", "verified_expires_at": "2026-08-30""#;
        let day = profile(r#""2026-08-30""#);
        let right = of_request("2026-08-30");
        assert_eq!(proof(Some(&day), &[request(1, good)]), right);
        for (doubt, doubtful) in [
            ("another kind", format!(r#"{good}, "type": "aml_kyc""#)),
            (
                "a kind of tomorrow",
                format!(r#"{good}, "type": "of_tomorrow""#),
            ),
            (
                "still waiting",
                format!(r#"{good}, "waiting_for_info": true"#),
            ),
            ("not completed", good.replace("completed_at", "x")),
            ("no expiry", good.replace("verified_expires_at", "x")),
        ] {
            let requests = [request(1, &doubtful)];
            assert_eq!(proof(Some(&day), &requests), None, "{doubt}");
        }
        // One in another status has no say: the name was verified for someone else.
        for doubtful in [
            good.replace("accredited", "in_review"),
            good.replace("accredited", "accredited_soon"),
            good.replace(r#""status": "accredited", "#, ""),
        ] {
            let requests = [request(1, &doubtful)];
            let of_name = Some("2026-08-30 OfName".to_owned());
            assert_eq!(proof(Some(&day), &requests), of_name);
            assert_eq!(proof(None, &requests), None);
        }
        let mut nameless = [request(1, good)];
        nameless[0].legal_name = None;
        assert_eq!(proof(Some(&day), &nameless), None);
        nameless[0].legal_name = Some("ADA BYRON".into());
        assert_eq!(proof(None, &nameless), None);
    }

    #[test]
    fn a_refusal_for_another_portal_is_one() {
        let elsewhere = |at: &str| {
            let text = format!(
                r#""status": "not_accredited", "portal_name": "Other", "completed_at": "{at}""#
            );
            request(2, &text)
        };
        let yes = accredited(1, "2026-06-01", "2026-08-30");
        let day = profile(r#""2026-08-30""#);
        let before = [yes.clone(), elsewhere("2026-05-30T00:00:00Z")];
        assert_eq!(proof(Some(&day), &before), of_request("2026-08-30"));
        let after = [yes, elsewhere("2026-06-20T00:00:00Z")];
        assert_eq!(proof(Some(&day), &after), None);
        // A name that somebody else verified, by a rule of more days.
        let stated = profile(r#""2026-09-28""#);
        assert_eq!(proof(Some(&stated), &after[1..]), None);
    }

    #[test]
    fn a_later_refusal_counts_more() {
        let refused = |at: &str| {
            let text = format!(r#""status": "not_accredited", "completed_at": "{at}""#);
            request(2, &text)
        };
        let yes = accredited(1, "2026-06-01", "2026-08-30");
        let stated = profile(r#""2026-08-30""#);
        let before = [yes.clone(), refused("2026-05-30T00:00:00Z")];
        assert_eq!(proof(Some(&stated), &before), of_request("2026-08-30"));
        let after = [yes.clone(), refused("2026-06-02T00:00:00Z")];
        assert_eq!(proof(Some(&stated), &after), None);
        let standing = known(Some(&stated), &after);
        assert_eq!(standing.standing(), Standing::NotAccredited);
        let undated = [yes.clone(), request(2, r#""status": "not_accredited""#)];
        assert_eq!(proof(Some(&stated), &undated), None);
        // Of whom, it does not say.
        let mut nameless = after;
        nameless[1].legal_name = None;
        assert_eq!(proof(Some(&stated), &nameless), None);
        nameless[1].legal_name = Some("ADA BYRON".into());
        assert_eq!(proof(Some(&stated), &nameless), of_request("2026-08-30"));
    }

    #[test]
    fn a_profile_counts_only_for_its_name_and_its_parties() {
        let requests = [accredited(1, "2026-06-01", "2026-08-30")];
        let good = profile(r#""2026-08-30""#);
        assert!(proof(Some(&good), &requests).is_some());
        let void = profile("null");
        let mut of_another = good.clone();
        of_another.verify_investor_legal_name = Some("ADA BYRON".into());
        let mut nameless = good.clone();
        nameless.verify_investor_legal_name = None;
        let mut two_names = good.clone();
        two_names.legal_name = Some("ADA BYRON".into());
        let mut not_shared = good.clone();
        not_shared.authorized_parties.clear();
        let mut for_a_portal = good.clone();
        for_a_portal.authorized_parties[0].name = Some("Some Portal".to_owned());
        for profile in [
            void,
            of_another,
            nameless,
            two_names,
            not_shared,
            for_a_portal.clone(),
        ] {
            assert_eq!(proof(Some(&profile), &requests), None, "{profile:?}");
            assert_eq!(proof(Some(&profile), &[]), None, "{profile:?}");
            let standing = known(Some(&profile), &requests);
            assert_eq!(standing.standing(), Standing::NotAccredited);
        }
        // A name that is shared with the portal may have been verified for another.
        let of_portal = Known {
            portal: Some("Some Portal"),
            ..known(Some(&for_a_portal), &requests)
        };
        assert!(of_portal.proof().is_some());
    }

    #[test]
    fn someone_elses_verification_is_proved_by_the_certificate_of_the_name() {
        let stated = profile(r#""2026-08-30""#);
        let of_name = Some("2026-08-30 OfName".to_owned());
        assert_eq!(proof(Some(&stated), &[]), of_name);
        // 90 days from today, and one more, which no verification gives.
        let last = profile(r#""2026-09-28""#);
        assert_eq!(proof(Some(&last), &[]).unwrap(), "2026-09-28 OfName");
        let far = profile(r#""2026-09-29""#);
        assert_eq!(proof(Some(&far), &[]), None);
        for past in [r#""2026-06-30""#, r#""2026-01-01""#] {
            let past = profile(past);
            assert_eq!(proof(Some(&past), &[]), None);
            assert_eq!(known(Some(&past), &[]).standing(), Standing::Expired);
        }
        // An old one of ours does not matter, one that explains the day does.
        let old = accredited(1, "2026-01-01", "2026-04-01");
        assert_eq!(proof(Some(&stated), &[old]), of_name);
        let stale = accredited(1, "2026-03-01", "2026-08-30");
        assert_eq!(proof(Some(&stated), &[stale]), None);
        let other = |fields: &str| [request(1, &format!(r#""status": "accredited", {fields}"#))];
        assert_eq!(
            proof(Some(&stated), &other(r#""deal_name": "no dates""#)),
            None
        );
        // The latest certificate of the name may be of another kind.
        let kyc = r#""type": "aml_kyc", "completed_at": "2026-06-20T00:00:00Z""#;
        assert_eq!(proof(Some(&stated), &other(kyc)), None);
        let kyc = r#""type": "aml_kyc", "completed_at": "2026-05-20T00:00:00Z""#;
        assert_eq!(proof(Some(&stated), &other(kyc)), None);
        let kyc = r#""type": "aml_kyc", "completed_at": "2026-03-20T00:00:00Z""#;
        assert_eq!(proof(Some(&stated), &other(kyc)), of_name);
        assert_eq!(proof(Some(&stated), &other(r#""type": "aml_kyc""#)), None);
    }

    #[test]
    fn the_latest_request_of_ours_says_where_it_stands() {
        assert_eq!(known(None, &[]).standing(), Standing::Unasked);
        for (status, standing) in [
            ("not_accredited", Standing::NotAccredited),
            ("declined_by_investor", Standing::NotAccredited),
            ("self_not_accredited", Standing::NotAccredited),
            ("accepted_expire", Standing::Expired),
            ("declined_expire", Standing::Expired),
            ("no_verification_request", Standing::Unasked),
        ] {
            let ended = request(2, &format!(r#""status": "{status}""#));
            let requests = [ended.clone(), request(1, r#""status": "accredited""#)];
            if standing != Standing::Unasked {
                assert_eq!(known(None, &requests).standing(), standing, "{status}");
            }
            assert_eq!(known(None, &requests[..1]).standing(), standing, "{status}");
            // One that is open counts more, whenever it was made.
            for open in [
                "waiting_for_investor_acceptance",
                "in_review",
                "of_tomorrow",
            ] {
                let open = request(1, &format!(r#""status": "{open}""#));
                let requests = [ended.clone(), open];
                assert_eq!(
                    known(None, &requests).standing(),
                    Standing::Open(&requests[1])
                );
            }
            let requests = [ended, request(1, r#""deal_name": "without a status""#)];
            assert_eq!(
                known(None, &requests).standing(),
                Standing::Open(&requests[1])
            );
        }
        for (name, not_ours) in [
            ("ADA LOVELACE", r#""portal_name": "Some Portal""#),
            ("ADA LOVELACE", r#""type": "aml_kyc""#),
            ("ADA BYRON", r#""deal_name": null"#),
        ] {
            let text = format!(
                r#"{{"id": 1, "status": "in_review", "legal_name": "{name}", {not_ours}}}"#
            );
            let requests = [serde_json::from_str(&text).unwrap()];
            assert_eq!(
                known(None, &requests).standing(),
                Standing::Unasked,
                "{not_ours}"
            );
        }
    }
}
