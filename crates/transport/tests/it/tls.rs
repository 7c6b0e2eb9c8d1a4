//! A real handshake, with a provider that is named and never installed.

use std::collections::BTreeMap;
use std::sync::Arc;

use accredit_transport::{Client, ClientBuilder, ErrorKind, RetryPolicy, TlsRoots, Token};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{CANARY, Create, Retrieve, Server, json};

/// A new authority in PEM and DER, and a server with a certificate of it for `names`.
pub(crate) fn authority(names: &[&str]) -> (String, Vec<u8>, rustls::ServerConfig) {
    issue(names, |_| (), rustls::ALL_VERSIONS)
}

/// The same, with a certificate and versions of one's choice.
fn issue(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
    versions: &[&'static SupportedProtocolVersion],
) -> (String, Vec<u8>, rustls::ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (ca.pem(), ca.der().to_vec(), config)
}

fn builder(server: &Server) -> ClientBuilder {
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

/// The failure of a write without retries, which must not have reached the server.
async fn refused(builder: ClientBuilder) -> String {
    let client = builder.retry(RetryPolicy::none()).build().unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(!error.may_have_been_sent(), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn whom_the_client_cannot_trust_is_told_nothing() {
    const TELLS: &str = "notes.create: could not connect: TLS: invalid peer certificate: ";
    type Change = fn(&mut CertificateParams);
    let cases: [(&str, &str, Change, bool, &str); 5] = [
        (
            "an unknown authority",
            "127.0.0.1",
            |_| (),
            false,
            "UnknownIssuer",
        ),
        (
            "a foreign name",
            "other.test",
            |_| (),
            true,
            "not valid for",
        ),
        (
            "a foreign address",
            "127.0.0.2",
            |_| (),
            true,
            "not valid for",
        ),
        (
            "an expired certificate",
            "127.0.0.1",
            |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1),
            true,
            "certificate expired",
        ),
        (
            "a certificate of the future",
            "127.0.0.1",
            |params| params.not_before = rcgen::date_time_ymd(2400, 1, 1),
            true,
            "certificate not valid yet",
        ),
    ];
    for (name, host, change, trusted, told) in cases {
        let (pem, _, config) = issue(&[host], change, rustls::ALL_VERSIONS);
        let server = Server::start_tls(config, [json("true")]).await;
        let mut builder = builder(&server);
        if trusted {
            builder = builder.root_certificates_pem(pem);
        }
        let text = refused(builder).await;
        assert!(text.starts_with(TELLS), "{name}: {text}");
        assert!(text.contains(told), "{name}: {text}");
        assert!(server.seen().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_nothing() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let mut heard = Vec::new();
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            heard.extend_from_slice(&bytes[..read]);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        heard
    });
    for _ in 0..2 {
        let builder = Client::builder()
            .base_uri(format!("https://127.0.0.1:{port}"))
            .token(Token::new("Token", CANARY).unwrap());
        refused(builder).await;
    }
    let heard = heard.await.unwrap();
    assert!(!String::from_utf8_lossy(&heard).contains(CANARY));
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (pem, _, config) = issue(&["127.0.0.1"], |_| (), &[version]);
        let server = Server::start_tls(config, [json("\"1\"")]).await;
        let client = builder(&server).root_certificates_pem(pem).build().unwrap();
        assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    }
}

/// No server of rustls speaks anything older, so this looks at what the client offers.
#[tokio::test]
async fn nothing_older_than_tls_1_2_is_offered_and_no_protocol_of_its_own_accord() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    refused(
        Client::builder()
            .base_uri(format!("https://127.0.0.1:{port}"))
            .token(Token::new("Token", "t").unwrap()),
    )
    .await;
    let extensions = extensions(&hello.await.unwrap());
    // The length of the list in bytes; 1.3 and 1.2.
    assert_eq!(extensions[&43], [4, 3, 4, 3, 3]);
    assert!(!extensions.contains_key(&16), "ALPN");
}

/// The extensions of a ClientHello by their numbers.
fn extensions(hello: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let mut rest = &hello[4 + 2 + 32..];
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        taken.to_vec()
    };
    let session = take(1)[0];
    take(session.into());
    let suites = take(2);
    take(u16::from_be_bytes([suites[0], suites[1]]).into());
    let compressions = take(1)[0];
    take(compressions.into());
    let length = take(2);
    let mut left = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let mut extensions = BTreeMap::new();
    while left > 0 {
        let head = take(4);
        let length = u16::from_be_bytes([head[2], head[3]]);
        let number = u16::from_be_bytes([head[0], head[1]]);
        extensions.insert(number, take(length.into()));
        left -= 4 + usize::from(length);
    }
    extensions
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
