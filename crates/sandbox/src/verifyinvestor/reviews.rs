//! What the staging host lets a developer do in the place of people: complete, review, and fire a
//! webhook again.

use http::StatusCode;

use super::{errors, events, parameters, requests, status, text, verification_requests};
use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};
use crate::{store, webhooks};

const WEBHOOK_META: &str = "The webhook is sent in the background. Its delivery is not guaranteed.";

/// `POST …/simulate_investor_completion`
pub(crate) fn simulate_completion(call: &Call<'_>) -> Outcome {
    let request = verification_requests::find(call)?;
    if !matches!(
        request.status.as_str(),
        status::WAITING_FOR_ACCEPTANCE | status::ACCEPTED
    ) {
        return Err(errors::bad_params().into());
    }
    status::enter(
        call.shared,
        call.db,
        request.id,
        status::WAITING_FOR_REVIEW,
        call.now,
    )?;
    Ok(Reply::ok(&object! {
        "id": request.id,
        "dashboard_status": "waiting-for-review",
        "investor": object! { "id": request.user, "verification_status": "unverified" },
    }))
}

/// `POST …/review`
pub(crate) fn review(call: &Call<'_>) -> Outcome {
    let request = verification_requests::find(call)?;
    let to = match text(parameters(call)?, "status").as_deref() {
        Some("accredited") => status::ACCREDITED,
        Some("not_accredited") => status::NOT_ACCREDITED,
        Some("need_more_information") => status::WAITING_FOR_INFORMATION,
        _ => return Err(errors::bad_params().into()),
    };
    if !matches!(
        request.status.as_str(),
        status::WAITING_FOR_REVIEW | status::IN_REVIEW
    ) {
        return Err(errors::bad_params().into());
    }
    status::enter(call.shared, call.db, request.id, to, call.now)?;
    let body = object! {
        "id": request.id,
        "status": to,
        "legal_name": request.legal_name,
        "dashboard_status": to.replace('_', "-"),
        "investor": object! { "id": request.user, "verification_status": status::verification_status(to) },
    };
    let status = if call.shared.switches.review_status.is("200") {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Reply::json(status, &body))
}

/// `GET …/webhook`: sends the webhook of the present status once more. A GET with an effect.
pub(crate) fn fire_webhook(call: &Call<'_>) -> Outcome {
    let request = verification_requests::find(call)?;
    events::enqueue(call.shared, call.db, request.id, call.now)?;
    let request = requests::find(call.db, request.id)?.ok_or_else(errors::no_request)?;
    let body = events::body(&request);
    let sent = store::setting(call.db, events::ACCOUNT_URL)?.is_some();
    let encoding = webhooks::settings(call.db)?.body;
    let text = sent.then(|| webhooks::body(encoding, &body));
    let mut fields = vec![
        ("meta".into(), Json::from(WEBHOOK_META)),
        ("webhook_body".into(), text.into()),
    ];
    if let Json::Object(documented) = body {
        // The answer lacks two fields of the event that clients have seen.
        let unseen = ["legal_name", "embedded_api"];
        fields.extend(
            documented
                .into_iter()
                .filter(|(name, _)| !unseen.contains(&&**name)),
        );
    }
    Ok(Reply::ok(&Json::Object(fields)))
}
