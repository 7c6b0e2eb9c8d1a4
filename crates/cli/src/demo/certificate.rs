//! Where the certificate goes. It names a person: without a file to write to it gets one of its own, that nobody else reads.

use std::{
    error::Error as StdError,
    fmt,
    fs::{File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// How many names are tried; a second one is needed only when somebody else took the first.
const TRIES: u32 = 8;

/// Saves the certificate in the file that was asked for, or else in a new one among the temporary files, and tells which.
pub(crate) fn save(asked: Option<&Path>, pdf: &[u8]) -> Result<PathBuf, SaveError> {
    let folder = std::env::temp_dir();
    let (path, opened) = match asked {
        Some(path) => (path.to_owned(), File::create(path)),
        None => create_new(&folder),
    };
    match opened.and_then(|mut file| file.write_all(pdf)) {
        Ok(()) => Ok(path),
        Err(source) => Err(SaveError { path, source }),
    }
}

/// The folder is everybody's: a name that could be foreseen might be a link that somebody else put there.
fn create_new(folder: &Path) -> (PathBuf, io::Result<File>) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut tries = 1;
    loop {
        let path = folder.join(name());
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                tries += 1;
            }
            opened => return (path, opened),
        }
    }
}

fn name() -> String {
    // The keys of a hash map are the only random numbers that the standard library gives.
    let random = RandomState::new().hash_one(std::process::id());
    format!(
        "accredit-certificate-{}-{random:016x}.pdf",
        std::process::id()
    )
}

/// A certificate that was not saved.
#[derive(Debug)]
pub(crate) struct SaveError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} could not be saved", self.path.display())
    }
}

impl StdError for SaveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_the_same() {
        assert_ne!(name(), name());
    }
}
