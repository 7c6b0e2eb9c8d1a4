//! A real handshake, with a provider that is named and never installed.

use std::sync::Arc;

use accredit_transport::{Client, ErrorKind, TlsRoots, Token};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::{Retrieve, Server, json};

/// A new authority in PEM and DER, and a server with a certificate of it for `names`.
pub(crate) fn authority(names: &[&str]) -> (String, Vec<u8>, rustls::ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (ca.pem(), ca.der().to_vec(), config)
}

fn builder(server: &Server) -> accredit_transport::ClientBuilder {
    Client::builder()
        .base_uri(format!("https://127.0.0.1:{}", server.address.port()))
        .token(Token::new("Token", "t").unwrap())
}

#[tokio::test]
async fn two_providers_linked_does_not_panic() {
    let (pem, der, config) = authority(&["127.0.0.1"]);
    let server = Server::start_tls(config, [json("\"1\""), json("\"2\"")]).await;
    let client = builder(&server)
        .root_certificates_pem(&pem)
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    let client = builder(&server)
        .tls_roots(TlsRoots::None)
        .root_certificate_der(der)
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "2");
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "nothing was installed for the process"
    );
}

#[cfg(feature = "tls-aws-lc-rs")]
#[tokio::test]
async fn the_other_provider_shakes_hands_too() {
    let (pem, _, config) = authority(&["127.0.0.1"]);
    let server = Server::start_tls(config, [json("\"1\"")]).await;
    let builder = builder(&server).tls_provider(accredit_transport::TlsProvider::AwsLcRs);
    assert_eq!(
        builder
            .root_certificates_pem(&pem)
            .build()
            .unwrap()
            .execute(&Retrieve("1"))
            .await
            .unwrap(),
        "1"
    );
}

#[cfg(feature = "platform-verifier")]
#[tokio::test]
async fn the_platform_verifier_takes_added_authorities() {
    let (pem, _, config) = authority(&["127.0.0.1"]);
    let server = Server::start_tls(config, [json("\"1\"")]).await;
    let builder = builder(&server)
        .tls_roots(TlsRoots::Platform)
        .root_certificates_pem(&pem);
    assert_eq!(
        builder
            .build()
            .unwrap()
            .execute(&Retrieve("1"))
            .await
            .unwrap(),
        "1"
    );
}

#[tokio::test]
async fn an_unknown_authority_or_a_foreign_name_is_a_connect_error() {
    let (_, _, config) = authority(&["127.0.0.1"]);
    let server = Server::start_tls(config, [json("\"1\"")]).await;
    let error = builder(&server)
        .build()
        .unwrap()
        .execute(&Retrieve("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        error
            .to_string()
            .starts_with("notes.retrieve: could not connect: TLS: invalid peer certificate"),
        "{error}"
    );
    assert!(!error.may_have_been_sent());

    let (pem, _, config) = authority(&["other.test"]);
    let server = Server::start_tls(config, [json("\"1\"")]).await;
    let client = builder(&server)
        .root_certificates_pem(&pem)
        .build()
        .unwrap();
    assert_eq!(
        client.execute(&Retrieve("1")).await.unwrap_err().kind(),
        ErrorKind::Connect
    );
    assert!(server.seen().is_empty());
}

#[test]
fn roots_that_are_none_are_a_config_error() {
    let base = || Client::builder().base_uri("https://a.test");
    assert_eq!(
        base()
            .tls_roots(TlsRoots::None)
            .build()
            .unwrap_err()
            .setting(),
        "tls_roots"
    );
    assert_eq!(
        base()
            .root_certificates_pem("nothing")
            .build()
            .unwrap_err()
            .setting(),
        "root_certificates_pem"
    );
    assert_eq!(
        base()
            .root_certificate_der([1, 2, 3])
            .build()
            .unwrap_err()
            .setting(),
        "root_certificate"
    );
}
