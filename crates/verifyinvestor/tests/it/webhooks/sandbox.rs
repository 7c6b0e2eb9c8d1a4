//! Webhooks as the sandbox writes them, in every encoding that its knobs know.

use accredit_sandbox::{Delivery, Sandbox, WebhookBody, WebhookSettings, WebhookSignature};
use accredit_verifyinvestor::transport::http::HeaderMap;
use accredit_verifyinvestor::{
    SIGNATURE_HEADER, VerificationRequestStatus, WebhookError, WebhookEvent, Webhooks,
};

use crate::support::{account, violet};

/// A sandbox that writes webhooks and sends none.
async fn silent() -> Sandbox {
    let url = "http://127.0.0.1:9/";
    let sandbox = Sandbox::builder().webhook_url(url).start().await.unwrap();
    set(&sandbox, |_| ());
    sandbox
}

fn set(sandbox: &Sandbox, change: impl FnOnce(&mut WebhookSettings)) {
    let mut settings = WebhookSettings::default();
    settings.drop_percent = 100;
    change(&mut settings);
    sandbox.set_webhooks(settings).unwrap();
}

fn read(sandbox: &Sandbox, delivery: &Delivery) -> Result<WebhookEvent, WebhookError> {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, delivery.signature.parse().unwrap());
    let webhooks = Webhooks::new(sandbox.webhook_secret()).unwrap();
    webhooks.verify(&headers, delivery.body.as_bytes())
}

#[tokio::test]
async fn events_verify_and_read_the_same_in_every_encoding() {
    let sandbox = silent().await;
    let client = account(&sandbox);
    let requests = client.users().verification_requests(violet(&sandbox));
    let created = requests.create().legal_name("Zoë & Co").send().await;
    let id = created.unwrap().id;
    let simulation = client.simulate().unwrap();
    let completed = simulation.investor_completion(violet(&sandbox), id);
    completed.send().await.unwrap();
    for body in [WebhookBody::Json, WebhookBody::Form] {
        for signature in [
            WebhookSignature::Hex,
            WebhookSignature::Base64,
            WebhookSignature::Base64Url,
        ] {
            for prefix in [false, true] {
                set(&sandbox, |settings| {
                    settings.body = body;
                    settings.signature = signature;
                    settings.signature_prefix = prefix;
                });
                requests.fire_webhook(id).send().await.unwrap();
            }
        }
    }
    let deliveries = sandbox.webhook_deliveries().unwrap();
    assert_eq!(deliveries.len(), 13);
    let first = read(&sandbox, &deliveries[0]).unwrap();
    assert_eq!(
        first.status,
        Some(VerificationRequestStatus::WaitingForReview)
    );
    assert_eq!(
        first.legal_name.as_ref().map(|name| name.expose().as_str()),
        Some("ZOË & CO")
    );
    for delivery in &deliveries {
        assert_eq!(read(&sandbox, delivery).unwrap(), first, "{delivery:?}");
    }

    set(&sandbox, |settings| settings.forge_percent = 100);
    requests.fire_webhook(id).send().await.unwrap();
    let forged = sandbox.webhook_deliveries().unwrap().pop().unwrap();
    assert!(matches!(
        read(&sandbox, &forged),
        Err(WebhookError::Signature)
    ));
}
