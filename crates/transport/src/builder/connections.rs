//! Settings of connections and TLS, where the crate has a transport of its own. Opens no connection.

#[cfg(feature = "http2")]
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::ClientBuilder;
use crate::connector::{Connector, OwnConnector};
use crate::error::ConfigError;
use crate::origin::Origin;
use crate::tls::{TlsProvider, TlsRoots, TlsSettings};
use crate::transport::Carrier;
use crate::{BoxError, connect};

/// Connections and TLS, where the crate has a transport of its own.
impl ClientBuilder {
    /// Takes connections from this service in the place of TCP and TLS: Unix sockets, proxies, TLS
    /// of one's own, pipes in memory. HTTP, the pool and all limits stay those of the client; the
    /// connect timeout covers the service.
    ///
    /// **For an `https` URI the service has to speak TLS and check the certificate.** What it gives
    /// is written to as it is: tokens, too. A build that uses only this needs no crypto provider.
    ///
    /// The service gets the origin as a URI, without the path of any request. Its failures are
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect): the request was not sent.
    ///
    /// ```
    /// use accredit_transport::Client;
    /// use accredit_transport::http::Uri;
    ///
    /// # #[cfg(unix)]
    /// # let _ = {
    /// use tokio::net::UnixStream;
    ///
    /// let client = Client::builder()
    ///     .base_uri("http://localhost")
    ///     .allow_insecure_loopback(true)
    ///     .connector(tower::service_fn(|_: Uri| UnixStream::connect("/run/api.sock")))
    ///     .build()?;
    /// # client
    /// # };
    /// # Ok::<(), accredit_transport::ConfigError>(())
    /// ```
    pub fn connector<C>(mut self, connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send + 'static,
    {
        self.connector = Some(OwnConnector::new(connector, None));
        self
    }

    /// As [`connector`](Self::connector), and speaks HTTP/2 on those of its connections of which
    /// `is_http2` says that both ends agreed on it, with ALPN.
    #[cfg(feature = "http2")]
    pub fn connector_http2<C>(mut self, connector: C, is_http2: fn(&C::Response) -> bool) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send + 'static,
    {
        self.connector = Some(OwnConnector::new(connector, Some(is_http2)));
        self
    }

    /// Offers HTTP/2 to the server beside HTTP/1.1: over TLS, where the server agrees, all requests
    /// share one connection. Off unless set, and without effect on clear-text `http`.
    #[cfg(feature = "http2")]
    pub fn http2(mut self, offer: bool) -> Self {
        self.http2 = offer;
        self
    }

    /// The crypto provider; that of the build unless set, ring before others.
    pub fn tls_provider(mut self, provider: TlsProvider) -> Self {
        self.tls.provider = Some(provider);
        self
    }

    /// The certificate authorities to trust beside those that are added.
    pub fn tls_roots(mut self, roots: TlsRoots) -> Self {
        self.tls.roots = roots;
        self
    }

    /// Trusts one more certificate authority, in DER.
    pub fn root_certificate_der(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.tls.add_der(certificate.into());
        self
    }

    /// Trusts more certificate authorities, in PEM.
    pub fn root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        if let Err(fault) = self.tls.add_pem(pem.as_ref()) {
            self.fail(fault);
        }
        self
    }
}

/// The client that speaks what the connections can.
pub(super) fn carrier(
    connector: Connector,
    http2: bool,
    connect: Option<Duration>,
    max_headers: usize,
    root: Uri,
) -> Carrier {
    #[cfg(feature = "http2")]
    if http2 || connector.may_be_http2() {
        let client = connect::client(connector, connect, max_headers);
        return Carrier::Hyper(Arc::new(client));
    }
    #[cfg(not(feature = "http2"))]
    let _: bool = http2;
    Carrier::Pool(connect::pool(connector, connect, max_headers, root))
}

/// The caller's connector, or TCP and TLS.
pub(super) fn connector(
    tls: TlsSettings,
    own: Option<OwnConnector>,
    http2: bool,
    origin: &Origin,
) -> Result<Connector, ConfigError> {
    let contradiction = |reason| Err(ConfigError::new("connector", reason));
    match own {
        Some(_) if !tls.is_default() => {
            contradiction("makes TLS by itself, so the TLS settings would have no effect")
        }
        Some(_) if http2 => {
            contradiction("says by itself which connections speak HTTP/2: see connector_http2")
        }
        Some(own) => Ok(Connector::Own(own)),
        None => match tls.build()? {
            Some(config) => Ok(connect::tcp(config, !origin.is_secure(), http2)),
            None => Err(ConfigError::new(
                "tls_provider",
                "none is compiled in: enable the feature tls-ring or tls-aws-lc-rs, or set a \
                 connector",
            )),
        },
    }
}
