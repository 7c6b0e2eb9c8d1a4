//! The fixed credentials of every sandbox. They are public on purpose and open nothing but a
//! sandbox.

/// E-mail of the third-party partner.
pub const PARTNER_EMAIL: &str = "partner@example.com";
/// Password of the third-party partner.
pub const PARTNER_PASSWORD: &str = "sandbox-password";
/// VerifyInvestor API token: `Authorization: Token …`.
pub const VERIFYINVESTOR_API_TOKEN: &str = "test_only_sandbox-api-token";
/// VerifyInvestor user authorization token: the last part of the browser link `/authorization/…`.
pub const AUTHORIZATION_TOKEN: &str = "test_only_sandbox-user-token";
/// Key of the webhooks' HMAC-SHA256 signature.
pub const WEBHOOK_SECRET: &str = "sandbox-webhook-secret";

/// What logs a third-party partner in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// E-mail of the account.
    pub email: &'static str,
    /// Password of the account.
    pub password: &'static str,
}

impl Credentials {
    pub(crate) const PARTNER: Self = Self {
        email: PARTNER_EMAIL,
        password: PARTNER_PASSWORD,
    };
}
