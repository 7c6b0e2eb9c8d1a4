//! A file that is either complete, under its name, or not there.
//!
//! File systems block, so each step runs on a thread where that is no harm, and owns the temporary
//! file meanwhile: whoever drops it last removes it, unless it got its name.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::file_name::char_boundary;
use crate::error::{Error, ErrorKind};
use crate::random::Random;

/// How often another random name is tried.
const TRIES: usize = 8;

/// What failed, in a word for the error.
pub(crate) struct Failure {
    step: &'static str,
    error: io::Error,
}

impl Failure {
    /// The failure of a file that was to be sent: nothing was.
    pub(crate) fn unsent(self) -> Error {
        let Self { step, error } = self;
        Error::new(ErrorKind::Build)
            .with_detail(format!("{step}: {error}"))
            .with_source(error)
    }

    /// The failure of a file of which a part may have been sent.
    pub(crate) fn into_cause(self) -> io::Error {
        self.error
    }

    pub(super) fn into_error(self, received: u64) -> Error {
        let Self { step, error } = self;
        // Texts of the operating system name no paths.
        Error::new(ErrorKind::File)
            .with_detail(format!("{step}: {error}, {received} bytes came"))
            .with_source(error)
    }
}

pub(crate) fn at(step: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure { step, error }
}

/// Runs a step where it may block. What it gives is dropped there if nobody waits any more.
pub(crate) async fn step<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (told, outcome) = oneshot::channel();
    start(move || {
        let _ = told.send(work());
    })
    .map_err(at("starting a thread"))?;
    match outcome.await {
        Ok(result) => result,
        Err(_) => Err(at("writing")(io::Error::other("the thread is gone"))),
    }
}

/// On the runtime's own threads where there are some: it waits for them when it shuts down, so that
/// no temporary file is left, and a paused clock stands still meanwhile.
fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    #[cfg(feature = "hyper")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn_blocking(work);
        return Ok(());
    }
    std::thread::Builder::new().spawn(work).map(drop)
}

/// A file under another name beside its own, removed unless it gets its own.
pub(super) struct Temporary {
    target: PathBuf,
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Temporary {
    /// Makes the file, for this user alone. Never opens one that is there, nor follows a link.
    pub(super) fn create(target: PathBuf) -> Result<Self, Failure> {
        let (directory, name) = split(&target).map_err(at("the path"))?;
        let name = name.to_string_lossy();
        // Names have a longest length, and this one gets longer.
        let name = name.get(..char_boundary(&name, 200)).unwrap_or_default();
        let random = Random::new();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut tries = 0;
        loop {
            let own = OsString::from(format!(".{name}.{:016x}.part", random.next()));
            let path = directory.join(own);
            match options.open(&path) {
                Ok(file) => {
                    return Ok(Self {
                        target,
                        path,
                        file,
                        kept: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                    tries += 1;
                }
                Err(error) => return Err(at("creating")(error)),
            }
        }
    }

    pub(super) fn append(mut self, chunks: &[Bytes]) -> Result<Self, Failure> {
        write_all(&mut self.file, chunks).map_err(at("writing"))?;
        Ok(self)
    }

    /// Brings the contents to the disk: a name must never stand for less than them.
    pub(super) fn sync(self) -> Result<Self, Failure> {
        self.file.sync_all().map_err(at("syncing"))?;
        Ok(self)
    }

    /// Gives the file its name, in the place of what had it.
    pub(super) fn keep(mut self) -> Result<(), Failure> {
        fs::rename(&self.path, &self.target).map_err(at("renaming"))?;
        self.kept = true;
        let (directory, _) = split(&self.target).map_err(at("the path"))?;
        sync_directory(directory).map_err(at("syncing the directory"))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn write_all(file: &mut impl Write, chunks: &[Bytes]) -> io::Result<()> {
    chunks.iter().try_for_each(|chunk| file.write_all(chunk))
}

/// The directory and the name in it, of a path that can be a file's.
fn split(target: &Path) -> io::Result<(&Path, &OsStr)> {
    let ends_in_separator = target
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&byte| std::path::is_separator(char::from(byte)));
    if ends_in_separator || fs::metadata(target).is_ok_and(|found| found.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok((directory, name))
}

/// Makes the new name last. File systems that cannot do that, and directories that may be written
/// and not read, are no failure: the file is there.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Elsewhere a directory is no file.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = bytes.len().min(self.0);
            self.0 -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_named_and_not_transient() {
        let chunks = [&b"1234"[..], b"5678"].map(Bytes::from_static);
        assert!(write_all(&mut Disk(8), &chunks).is_ok());
        let error = write_all(&mut Disk(6), &chunks).unwrap_err();
        let error = at("writing")(error).into_error(8);
        assert_eq!(error.kind(), ErrorKind::File);
        assert_eq!(
            error.to_string(),
            "the file could not be written: writing: no storage space, 8 bytes came"
        );
        assert!(!error.is_transient());
    }

    #[test]
    fn a_temporary_file_is_removed_unless_it_is_kept() {
        let directory = std::env::temp_dir().join(format!("download-{:x}", Random::new().next()));
        fs::create_dir(&directory).unwrap();
        // As long as a name can be.
        let target = directory.join("ä".repeat(127));
        let Ok(temporary) = Temporary::create(target.clone()) else {
            panic!("no temporary file");
        };
        let path = temporary.path.clone();
        assert!(path.exists());
        drop(temporary);
        assert!(!path.exists());
        let kept = Temporary::create(target.clone()).and_then(Temporary::keep);
        assert!(kept.is_ok() && target.exists());
        let names = fs::read_dir(&directory).unwrap().count();
        assert_eq!(names, 1);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn only_a_name_in_a_directory_is_a_target() {
        for path in ["", "/", "..", "a/..", "new/", "."] {
            assert!(split(Path::new(path)).is_err(), "{path:?}");
        }
        assert!(split(&std::env::temp_dir()).is_err());
        let (directory, name) = split(Path::new("new.pdf")).unwrap();
        assert_eq!((directory, name), (Path::new("."), OsStr::new("new.pdf")));
    }
}
