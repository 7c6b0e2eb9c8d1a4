//! One GET over TLS: prints the status and the size of a page.

use std::error::Error;

use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let page = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "https://example.com/".to_owned());
    let page: Uri = page.parse()?;
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_only()
        .enable_http1()
        .build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let reply = client.get(page).await?;
    println!("{}", reply.status());
    let body = reply.into_body().collect().await?.to_bytes();
    println!("{} bytes", body.len());
    Ok(())
}
