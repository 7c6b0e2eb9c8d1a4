//! HTTPS: an authority made on the spot, and one certificate of it.
//!
//! No private key touches a disk; the authority's is gone as soon as it has signed. The crypto
//! provider is named: the process default of rustls is neither read nor set.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::{Error, secrets};

/// How far the clocks of clients may be behind.
const BEFORE_DAYS: i32 = 2;
/// No client takes a server's certificate that is valid for longer than 398 days.
const AFTER_DAYS: i32 = 395;

/// What the server needs to speak TLS, and what clients need to trust it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate, in PEM.
    pub(crate) ca: String,
}

/// Makes an authority and a certificate for this machine's names and some more.
pub(crate) fn issue(more: impl IntoIterator<Item = String>) -> Result<Tls, Error> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(more);
    names.sort_unstable();
    names.dedup();
    // Two authorities of one name, both trusted, would be taken for each other.
    let mut mark = [0; 4];
    fill_random(&mut mark)?;
    let authority = format!("accredit sandbox CA {}", secrets::hex(&mark));
    let (ca, certificate, key) = certify(&authority, names).map_err(failed)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key.into())
        })
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca,
    })
}

/// Fills a slice from the system's source of random numbers.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Error> {
    ring::default_provider()
        .secure_random
        .fill(bytes)
        .map_err(|_| {
            let source = std::io::Error::other("the system gives no random numbers");
            Error::io("make its secrets", source)
        })
}

/// An authority of a name in PEM, a certificate of it for `names`, and that one's key.
fn certify(
    authority: &str,
    names: Vec<String>,
) -> Result<(String, CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    name_and_date(&mut params, authority);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    name_and_date(&mut params, "accredit sandbox");
    let certificate = params.signed_by(&key, &authority)?;
    Ok((
        authority.pem(),
        certificate.der().clone(),
        PrivatePkcs8KeyDer::from(key.serialize_der()),
    ))
}

/// Clients go by the machine's clock, and so does this; the sandbox's own may stand anywhere.
fn name_and_date(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    if let Some((year, month, day)) = days_after(today, -BEFORE_DAYS) {
        params.not_before = rcgen::date_time_ymd(year, month, day);
    }
    if let Some((year, month, day)) = days_after(today, AFTER_DAYS) {
        params.not_after = rcgen::date_time_ymd(year, month, day);
    }
}

fn days_after(date: Date, days: i32) -> Option<(i32, u8, u8)> {
    let date = date.checked_add(Span::new().days(days)).ok()?;
    let small = |number: i8| u8::try_from(number).ok();
    Some((date.year().into(), small(date.month())?, small(date.day())?))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::io("make its certificate", std::io::Error::other(error))
}
