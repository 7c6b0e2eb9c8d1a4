//! One `GET` with hyper over rustls with ring: what any client over this stack pays.

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_only()
        .enable_http1()
        .build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let response = client.get("https://api.example.com/".parse()?).await?;
    println!(
        "{} {}",
        response.status(),
        response.into_body().collect().await?.to_bytes().len()
    );
    Ok(())
}
