//! Files that the command line writes: new ones among the temporary ones, and what to say when one was not written.

use std::{
    error::Error as StdError,
    fmt,
    fs::{File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io,
    path::PathBuf,
};

/// How many names are tried; a second one is needed only when somebody else took the first.
const TRIES: u32 = 8;

/// Who reads a new file, on Unix.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readers {
    /// Only who made it.
    Owner,
    /// All users of the machine.
    Everybody,
}

/// Makes a temporary file, and says which even when it could not be made.
pub(crate) fn create_new(
    purpose: &str,
    extension: &str,
    readers: Readers,
) -> (PathBuf, io::Result<File>) {
    let folder = std::env::temp_dir();
    // The folder is everybody's: a name that could be foreseen might be a link that somebody else put there.
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match readers {
            Readers::Owner => 0o600,
            Readers::Everybody => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = readers;
    let mut tries = 1;
    loop {
        let path = folder.join(name(purpose, extension));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                tries += 1;
            }
            opened => return (path, opened),
        }
    }
}

fn name(purpose: &str, extension: &str) -> String {
    let process = std::process::id();
    // The keys of a hash map are the only random numbers that the standard library gives.
    let random = RandomState::new().hash_one(process);
    format!("accredit-{purpose}-{process}-{random:016x}.{extension}")
}

/// A file that was not saved.
#[derive(Debug)]
pub(crate) struct SaveError {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
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
        assert_ne!(name("certificate", "pdf"), name("certificate", "pdf"));
    }
}
