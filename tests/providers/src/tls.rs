//! A server over TLS on loopback with an authority of its own, and the clients that trust it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{check, client, server};

/// Starts a server that knows HTTP/1.1 and, where it is compiled in, HTTP/2; the URI and the authority's certificate.
async fn start() -> (String, CertifiedIssuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    config.alpn_protocols = protocols();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                server::serve(stream, is_http2).await;
            });
        }
    });
    (base, authority)
}

/// What this build can speak, the best first.
fn protocols() -> Vec<Vec<u8>> {
    let all: [&[u8]; 2] = [b"h2", b"http/1.1"];
    let known = if cfg!(feature = "http2") {
        &all[..]
    } else {
        &all[1..]
    };
    known.iter().map(|name| name.to_vec()).collect()
}

/// The provider that the program uses itself.
fn provider() -> Arc<CryptoProvider> {
    #[cfg(any(feature = "ring", feature = "own-tls"))]
    return Arc::new(rustls::crypto::ring::default_provider());
    #[cfg(not(any(feature = "ring", feature = "own-tls")))]
    return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
}

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub async fn with_providers() {
    use accredit_transport::TlsProvider;

    let choices = [
        ("the default", None),
        #[cfg(feature = "ring")]
        ("ring", Some(TlsProvider::Ring)),
        #[cfg(feature = "aws-lc-rs")]
        ("aws-lc-rs", Some(TlsProvider::AwsLcRs)),
    ];
    for (name, choice) in choices {
        let (base, authority) = start().await;
        let builder = || {
            let builder = client(&base).root_certificates_pem(authority.pem());
            match choice {
                Some(provider) => builder.tls_provider(provider),
                None => builder,
            }
        };
        check(name, builder(), "http/1.1").await;
        #[cfg(feature = "http2")]
        check(name, builder().http2(true), "h2").await;
    }
}

#[cfg(all(feature = "own-tls", not(any(feature = "ring", feature = "aws-lc-rs"))))]
pub async fn with_own_connector() {
    use accredit_transport::http::Uri;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;

    let (base, authority) = start().await;
    let connector = |protocols: Vec<Vec<u8>>| {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols;
        let tls = TlsConnector::from(Arc::new(config));
        tower::service_fn(move |uri: Uri| {
            let tls = tls.clone();
            async move {
                let authority = uri.authority().ok_or("no authority")?;
                let stream = TcpStream::connect(authority.as_str()).await?;
                let name = ServerName::try_from(authority.host().to_owned())?;
                Ok::<_, accredit_transport::BoxError>(tls.connect(name, stream).await?)
            }
        })
    };
    let builder = client(&base).connector(connector(Vec::new()));
    check("TLS of its own", builder, "http/1.1").await;
    #[cfg(feature = "http2")]
    {
        let builder = client(&base).connector_http2(connector(protocols()), |stream| {
            stream.get_ref().1.alpn_protocol() == Some(b"h2")
        });
        check("TLS of its own", builder, "h2").await;
    }
}
