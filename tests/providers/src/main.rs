//! Sends requests with every choice that this build has: provider by provider, protocol by protocol.
//!
//! Prints a line for each that worked. Panics at anything else, as the libraries beneath would: that is what
//! `cargo xtask providers` looks for.

mod server;
#[cfg(feature = "tls")]
mod tls;

use accredit_transport::http::Request;
use accredit_transport::{Client, ClientBuilder, Token};

/// A client of an origin with a token.
fn client(base: &str) -> ClientBuilder {
    Client::builder()
        .base_uri(base)
        .token(Token::new("Token", "canary").unwrap())
}

/// Sends one request and checks over which protocol the server saw it.
async fn check(what: &str, builder: ClientBuilder, protocol: &str) {
    let client = builder.build().unwrap();
    let reply = client
        .send(Request::get("/").body(()).unwrap())
        .await
        .unwrap_or_else(|error| panic!("{what}, {protocol}: {error:?}"));
    assert_eq!(reply.body, protocol, "{what}");
    println!("{what}, {protocol}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    tls::with_providers().await;
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    {
        without_provider();
        #[cfg(feature = "own-tls")]
        tls::with_own_connector().await;
        #[cfg(not(feature = "own-tls"))]
        with_pipes().await;
    }
    #[cfg(feature = "tls")]
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "something was installed for the process"
    );
}

/// Without a provider and a connector there is an error that says so, long before a handshake.
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn without_provider() {
    let fault = client("https://api.example.com").build().unwrap_err();
    assert_eq!(fault.setting(), "tls_provider", "{fault}");
    println!("neither provider nor connector: {fault}");
}

#[cfg(not(feature = "tls"))]
async fn with_pipes() {
    use accredit_transport::http::Uri;

    async fn pipe(is_http2: bool) -> std::io::Result<tokio::io::DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(server::serve(theirs, is_http2));
        Ok(ours)
    }
    let base = "https://api.example.com";
    let connector = tower::service_fn(|_: Uri| pipe(false));
    check("pipes", client(base).connector(connector), "http/1.1").await;
    #[cfg(feature = "http2")]
    {
        let connector = tower::service_fn(|_: Uri| pipe(true));
        let builder = client(base).connector_http2(connector, |_| true);
        check("pipes", builder, "h2").await;
    }
}
