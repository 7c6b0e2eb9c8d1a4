//! The file of the certificate that clients of an HTTPS sandbox must trust. No key is in it.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::files::{self, Readers, SaveError};

/// How such a file begins.
const HEAD: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The file; a temporary one goes away with this value.
#[derive(Debug)]
pub(crate) struct CaFile {
    path: PathBuf,
    temporary: bool,
}

impl CaFile {
    /// Saves the certificate beside the data file, over that of an earlier run, or else in a new temporary file.
    pub(crate) fn save(data: Option<&Path>, pem: &str) -> Result<Self, SaveError> {
        let (path, saved) = match data {
            Some(data) => {
                let mut path = data.as_os_str().to_owned();
                path.push(".ca.pem");
                let path = PathBuf::from(path);
                let saved = replace(&path, pem);
                (path, saved)
            }
            None => {
                let (path, opened) = files::create_new("ca", "pem", Readers::Everybody);
                let saved = opened.and_then(|mut file| file.write_all(pem.as_bytes()));
                (path, saved)
            }
        };
        let absolute = saved.and_then(|()| std::path::absolute(&path));
        match absolute {
            Ok(path) => Ok(Self {
                path,
                temporary: data.is_none(),
            }),
            Err(source) => Err(SaveError { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        if self.temporary {
            // It is of no use any more, and of no harm either.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes over a certificate, and over nothing else.
fn replace(path: &Path, pem: &str) -> io::Result<()> {
    match fs::read(path) {
        Ok(there) if !there.starts_with(HEAD) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something else than a certificate is there",
        )),
        _ => fs::write(path, pem),
    }
}
