//! The first list of a user: both clients are linked, one is called.

use accredit::{prelude::*, thirdparty, verifyinvestor};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuance = thirdparty::Client::builder(thirdparty::Environment::Production)
        .credentials(Credentials::token("0123456789abcdef"))
        .build()?;
    let page = issuance
        .investments()
        .list()
        .amount_gte(5000)
        .send()
        .await?;
    println!("{} investments", page.results.len());
    let vi = verifyinvestor::Client::builder(verifyinvestor::Environment::Staging)
        .api_token("abc")
        .build()?;
    let user = vi.users().retrieve_by_identifier("42").send().await?;
    println!("user {}", user.id);
    Ok(())
}
