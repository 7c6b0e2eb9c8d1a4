//! TLS settings: which crypto provider, which roots. TLS 1.2 and above.
//!
//! The provider is always named. The process default of rustls is neither read nor set: with two
//! providers linked, or none, rustls would panic at first use.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::ConfigError;

/// A crypto provider of rustls that this build has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsProvider {
    /// `ring`: builds everywhere with a C compiler. The default where it is compiled in.
    #[cfg(feature = "tls-ring")]
    Ring,
    /// `aws-lc-rs`: post-quantum key exchange, larger and slower to build.
    #[cfg(feature = "tls-aws-lc-rs")]
    AwsLcRs,
}

impl TlsProvider {
    #[cfg_attr(
        not(any(feature = "tls-ring", feature = "tls-aws-lc-rs")),
        allow(clippy::unused_self)
    )]
    fn load(self) -> CryptoProvider {
        match self {
            #[cfg(feature = "tls-ring")]
            Self::Ring => rustls::crypto::ring::default_provider(),
            #[cfg(feature = "tls-aws-lc-rs")]
            Self::AwsLcRs => rustls::crypto::aws_lc_rs::default_provider(),
        }
    }

    /// The provider to use if none is named; adding a feature never changes it for a build that has
    /// ring.
    fn default_of_build() -> Option<Self> {
        #[cfg(feature = "tls-ring")]
        return Some(Self::Ring);
        #[cfg(all(feature = "tls-aws-lc-rs", not(feature = "tls-ring")))]
        return Some(Self::AwsLcRs);
        #[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc-rs")))]
        return None;
    }
}

/// Which certificate authorities are trusted, beside those that were added by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsRoots {
    /// Mozilla's, as data in the binary. The default: one small crate without code, the same on
    /// every machine, and there in a container without certificates. Renewed with the crate.
    #[default]
    Bundled,
    /// Those of the operating system, through its own verifier where it has one: companies' own
    /// authorities count.
    #[cfg(feature = "platform-verifier")]
    Platform,
    /// Only those added by hand.
    None,
}

/// The TLS settings of a builder.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsSettings {
    pub(crate) provider: Option<TlsProvider>,
    pub(crate) roots: TlsRoots,
    pub(crate) extra: Vec<CertificateDer<'static>>,
}

impl TlsSettings {
    pub(crate) fn is_default(&self) -> bool {
        self.provider.is_none() && self.roots == TlsRoots::default() && self.extra.is_empty()
    }

    pub(crate) fn add_der(&mut self, certificate: Vec<u8>) {
        self.extra.push(CertificateDer::from(certificate));
    }

    pub(crate) fn add_pem(&mut self, pem: &[u8]) -> Result<(), ConfigError> {
        let before = self.extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| {
                ConfigError::new("root_certificates_pem", "is no valid PEM").with_source(error)
            })?;
            self.extra.push(certificate);
        }
        if self.extra.len() == before {
            return Err(ConfigError::new(
                "root_certificates_pem",
                "holds no certificate",
            ));
        }
        Ok(())
    }

    /// The settings for rustls. `None` when this build has no provider.
    pub(crate) fn build(self) -> Result<Option<ClientConfig>, ConfigError> {
        let Some(provider) = self.provider.or_else(TlsProvider::default_of_build) else {
            return Ok(None);
        };
        let provider = Arc::new(provider.load());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                ConfigError::new("tls_provider", "has no usable TLS version").with_source(error)
            })?;
        #[cfg(feature = "platform-verifier")]
        if self.roots == TlsRoots::Platform {
            let verifier =
                rustls_platform_verifier::Verifier::new_with_extra_roots(self.extra, provider)
                    .map_err(|error| {
                        ConfigError::new("tls_roots", "the platform's cannot be used")
                            .with_source(error)
                    })?;
            let config = builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier));
            return Ok(Some(config.with_no_client_auth()));
        }
        let mut roots = RootCertStore::empty();
        if self.roots == TlsRoots::Bundled {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in self.extra {
            roots.add(certificate).map_err(|error| {
                ConfigError::new("root_certificate", "is no certificate of an authority")
                    .with_source(error)
            })?;
        }
        if roots.is_empty() {
            return Err(ConfigError::new(
                "tls_roots",
                "there are none, so no server could be trusted",
            ));
        }
        Ok(Some(
            builder.with_root_certificates(roots).with_no_client_auth(),
        ))
    }
}
