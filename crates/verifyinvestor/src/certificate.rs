//! Certificates: those that may not be there yet, and one that was read whole. Saves files through the transport alone.

use std::{fmt, path::Path};

use accredit_transport::{self as transport, Download, Error};
use bytes::Bytes;

use crate::{
    Call,
    operations::{
        users,
        verification_requests::{Certificate, CertificateShort, Retrieve, RetrieveShort},
    },
};

/// For each operation that answers with a certificate: what the certificate is of.
macro_rules! certificates {
    ($($operation:ty: $subject:expr;)*) => {
        $(
            impl Call<$operation> {
                /// The certificate as it comes, or `None` while there is none because nobody is verified yet.
                ///
                /// A 404 can also mean that what the certificate would be of does not exist: that is looked up once
                /// more, and stays an error.
                ///
                /// # Errors
                ///
                /// As [`download`](Self::download); [`is_not_found`](Error::is_not_found) for a user or a request that is
                /// not there.
                ///
                /// ```no_run
                /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
                /// let certificate = client.verification_requests().certificate(90_u64);
                /// match certificate.download_if_verified().await? {
                ///     // There whole, readable for you alone, or not at all.
                ///     Some(download) => drop(download.write_to("certificate.pdf").await?),
                ///     None => println!("not verified yet"),
                /// }
                /// # Ok(())
                /// # }
                /// ```
                pub async fn download_if_verified(self) -> Result<Option<Download>, Error> {
                    let (client, operation, options) = self.into_parts();
                    match client.download_with(&operation, &options).await {
                        Ok(download) => Ok(Some(download)),
                        Err(error) if error.is_not_found() => {
                            let subject = $subject;
                            client.execute_with(&subject(&operation), &options).await?;
                            Ok(None)
                        }
                        Err(error) => Err(error),
                    }
                }
            }
        )*
    };
}

certificates! {
    Certificate: |call: &Certificate| Retrieve::new(call.user_id, call.id);
    CertificateShort: |call: &CertificateShort| RetrieveShort::new(call.id);
    users::VerificationCertificate: |call: &users::VerificationCertificate| users::Retrieve::new(call.user_id);
}

/// A certificate that came whole and is a PDF. It holds personal data, so `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificatePdf(Bytes);

impl CertificatePdf {
    /// Reads the rest of a download, whose first bytes are checked as they come.
    pub(crate) async fn read(download: Download) -> Result<Self, Error> {
        // The download has a cap of its own.
        download.collect(usize::MAX).await.map(Self)
    }

    /// The file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The file, owned.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Writes the file: under this name there is the whole of it or nothing, as with
    /// [`Download::write_to`](transport::Download::write_to).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](crate::ErrorKind::File).
    pub async fn write_to(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        transport::write_file(path, self.0.clone()).await
    }
}

impl fmt::Debug for CertificatePdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificatePdf")
            .field("length", &self.0.len())
            .finish_non_exhaustive()
    }
}
