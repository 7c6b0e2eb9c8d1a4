//! Where the certificate goes. It names a person: without a file to write to it gets one of its own, that nobody else reads.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::files::{self, Readers, SaveError};

/// Saves the certificate in the file that was asked for, or else in a new one among the temporary files, and tells which.
pub(crate) fn save(asked: Option<&Path>, pdf: &[u8]) -> Result<PathBuf, SaveError> {
    let (path, opened) = match asked {
        Some(path) => (path.to_owned(), File::create(path)),
        None => files::create_new("certificate", "pdf", Readers::Owner),
    };
    match opened.and_then(|mut file| file.write_all(pdf)) {
        Ok(()) => Ok(path),
        Err(source) => Err(SaveError { path, source }),
    }
}
