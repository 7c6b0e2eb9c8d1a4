//! Files on the disk: complete under their name, or not there.

use std::fs;
use std::future::Future as _;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use accredit_transport::bytes::Bytes;
use accredit_transport::{CallOptions, ErrorKind, TimeoutPhase, write_file};

use super::support::{Directory, Report, SECOND, Service, Step, data, serving, wait};
use crate::support::Download;

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_file_gets_its_name_when_it_is_complete() {
    let directory = Directory::new();
    let target = directory.join("report.pdf");
    let during = Arc::new(Mutex::new(Vec::new()));
    let look = Box::new({
        let (during, path) = (Arc::clone(&during), directory.0.clone());
        move || {
            let names = fs::read_dir(&path).unwrap();
            *during.lock().unwrap() = names.map(|name| name.unwrap().path()).collect();
            #[cfg(unix)]
            assert_eq!(mode(&during.lock().unwrap()[0]), 0o600);
        }
    });
    let steps = [
        data("%PDF-"),
        data("1.7"),
        wait(0),
        Step::Do(look),
        data("..."),
    ];
    let download = serving(steps).download(&Report).await.unwrap();
    assert_eq!(download.write_to(&target).await.unwrap(), 11);
    assert_eq!(fs::read(&target).unwrap(), b"%PDF-1.7...");
    assert_eq!(directory.names(), ["report.pdf"]);
    #[cfg(unix)]
    assert_eq!(mode(&target), 0o600);
    let during = during.lock().unwrap();
    let [part] = during.as_slice() else {
        panic!("{during:?}");
    };
    let part = part.file_name().unwrap().to_str().unwrap();
    assert!(
        part.starts_with(".report.pdf.") && part.ends_with(".part"),
        "{part}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn what_had_the_name_is_replaced_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let directory = Directory::new();
    let (plain, link) = (directory.join("plain"), directory.join("link"));
    fs::write(&plain, "old").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o666)).unwrap();
    fs::write(directory.join("precious"), "precious").unwrap();
    symlink("precious", &link).unwrap();
    for target in [&plain, &link] {
        let download = serving([data("new")]).download(&Download).await.unwrap();
        assert_eq!(download.write_to(target).await.unwrap(), 3);
        assert!(fs::symlink_metadata(target).unwrap().is_file());
        assert_eq!(
            (fs::read(target).unwrap().as_slice(), mode(target)),
            (&b"new"[..], 0o600)
        );
    }
    assert_eq!(fs::read(directory.join("precious")).unwrap(), b"precious");
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let directory = Directory::new();
    let target = directory.join("empty");
    let download = serving([]).download(&Download).await.unwrap();
    assert_eq!(download.write_to(&target).await.unwrap(), 0);
    assert_eq!(fs::metadata(&target).unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_fails_leaves_what_was_there_and_nothing_else() {
    let directory = Directory::new();
    let target = directory.join("report.pdf");
    fs::write(&target, "old").unwrap();
    type Case = (
        Vec<Step>,
        &'static [(&'static str, &'static str)],
        ErrorKind,
    );
    let cases: [Case; 5] = [
        (vec![data("%PDF-"), Step::Fail], &[], ErrorKind::Io),
        (
            vec![data("%PDF-"), Step::Hang],
            &[],
            ErrorKind::Timeout(TimeoutPhase::Idle),
        ),
        (vec![data("<html>")], &[], ErrorKind::Decode),
        (
            vec![data("%PDF-"), data("12345678")],
            &[],
            ErrorKind::TooLarge,
        ),
        (
            vec![data("%PDF-")],
            &[("content-length", "9")],
            ErrorKind::Io,
        ),
    ];
    for (steps, headers, kind) in cases {
        let client = Service::new(headers, steps).client();
        let options = CallOptions::new().bytes_cap(10);
        let download = client.download_with(&Report, &options).await.unwrap();
        let error = download.write_to(&target).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(directory.names(), ["report.pdf"]);
        assert_eq!(fs::read(&target).unwrap(), b"old");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_told_before_anything_is_read() {
    let directory = Directory::new();
    fs::write(directory.join("file"), "").unwrap();
    fs::create_dir(directory.join("sub")).unwrap();
    let before = directory.names();
    let cases = [
        ("sub", "the path: is a directory"),
        ("sub/", "the path: is a directory"),
        ("new/", "the path: is a directory"),
        (
            "missing/report.pdf",
            "creating: No such file or directory (os error 2)",
        ),
        ("file/report.pdf", "creating: Not a directory (os error 20)"),
    ];
    for (path, message) in cases {
        let service = Service::new(&[], [Step::Hang]);
        let dropped = service.dropped();
        let download = service.client().download(&Download).await.unwrap();
        let error = download.write_to(directory.join(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        if cfg!(unix) {
            let expected =
                format!("notes.download: the file could not be written: {message}, 0 bytes came");
            assert_eq!(error.to_string(), expected);
        }
        assert!(!error.is_transient() && !error.is_retryable());
        assert_eq!(directory.names(), before);
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_nobody_may_write_is_a_clear_error() {
    // Even root makes no files there.
    let download = serving([data("x")]).download(&Download).await.unwrap();
    let error = download.write_to("/proc/report.pdf").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("creating: "), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_name_that_is_taken_by_a_directory_meanwhile_leaves_nothing() {
    let directory = Directory::new();
    let target = directory.join("report.pdf");
    let take = Box::new({
        let target = target.clone();
        move || fs::create_dir(target).unwrap()
    });
    let steps = [data("%PDF-"), wait(0), Step::Do(take), data("1.7")];
    let download = serving(steps).download(&Report).await.unwrap();
    let error = download.write_to(&target).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("renaming: "), "{error}");
    assert_eq!(directory.names(), ["report.pdf"]);
}

#[tokio::test]
async fn a_part_of_a_file_is_not_written_as_the_whole() {
    let directory = Directory::new();
    let mut download = serving([data("ab"), data("cd")])
        .download(&Download)
        .await
        .unwrap();
    download.chunk().await.unwrap();
    let error = download.write_to(directory.join("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
    assert!(directory.names().is_empty());
}

#[tokio::test]
async fn dropping_the_future_removes_the_temporary_file() {
    let directory = Directory::new();
    let (reached, hangs) = tokio::sync::oneshot::channel();
    let look = Box::new({
        let path = directory.0.clone();
        move || {
            let _ = reached.send(fs::read_dir(path).unwrap().count());
        }
    });
    let service = Service::new(&[], [data("x"), wait(0), Step::Do(look), Step::Hang]);
    let dropped = service.dropped();
    let download = service.client().download(&Download).await.unwrap();
    let written = download.write_to(directory.join("report.pdf"));
    tokio::select! {
        _ = written => panic!("it hangs"),
        there = hangs => assert_eq!(there.unwrap(), 1),
    }
    assert!(directory.names().is_empty());
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

/// However far a step of the file system is: the runtime waits for it, and it cleans up.
#[test]
fn dropping_the_runtime_leaves_nothing() {
    let directory = Directory::new();
    for polls in 1..20 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let service = Service::new(&[], [data("x"), data("y"), Step::Hang]);
        let download = runtime
            .block_on(service.client().download(&Download))
            .unwrap();
        {
            let _entered = runtime.enter();
            let mut written = pin!(download.write_to(directory.join("report.pdf")));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                assert!(written.as_mut().poll(&mut cx).is_pending());
                std::thread::yield_now();
            }
        }
        drop(runtime);
        assert!(directory.names().is_empty(), "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_bounds_the_whole_way_to_the_disk() {
    let directory = Directory::new();
    let client = serving([data("x"), Step::Hang]);
    let options = CallOptions::new().deadline(SECOND);
    let download = client.download_with(&Download, &options).await.unwrap();
    let error = download.write_to(directory.join("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert!(directory.names().is_empty());
}

/// A chunk that is counted while it lives.
struct Counted(Arc<AtomicUsize>, Bytes);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const CHUNK: usize = 64 * 1024;
const LENGTH: usize = 16 * 1024 * 1024;

/// A body of 256 chunks, each made when it is asked for; how many live now, and how many did at most.
fn large() -> (Service, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (live, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let chunk = Bytes::from(vec![7; CHUNK]);
    let service = Service::generating({
        let (live, most) = (Arc::clone(&live), Arc::clone(&most));
        let mut left = LENGTH / CHUNK;
        move || {
            left = left.checked_sub(1)?;
            let now = live.fetch_add(1, Ordering::Relaxed) + 1;
            most.fetch_max(now, Ordering::Relaxed);
            Some(Bytes::from_owner(Counted(Arc::clone(&live), chunk.clone())))
        }
    });
    (service, live, most)
}

#[tokio::test]
async fn a_large_file_takes_constant_memory() {
    let options = CallOptions::new().bytes_cap(LENGTH);
    let (service, live, most) = large();
    let client = service.client();
    let mut download = client.download_with(&Download, &options).await.unwrap();
    let mut length = 0;
    while let Some(chunk) = download.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!((length, most.load(Ordering::Relaxed)), (LENGTH, 1));
    assert_eq!(live.load(Ordering::Relaxed), 0);

    let directory = Directory::new();
    let target = directory.join("large");
    let (service, live, most) = large();
    let client = service.client();
    let download = client.download_with(&Download, &options).await.unwrap();
    assert_eq!(download.write_to(&target).await.unwrap(), LENGTH as u64);
    assert_eq!(fs::metadata(&target).unwrap().len(), LENGTH as u64);
    // 256 KiB on their way to the disk.
    assert_eq!(most.load(Ordering::Relaxed), 4);
    assert_eq!(live.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn contents_that_are_there_are_written_whole_or_not_at_all() {
    let directory = Directory::new();
    let target = directory.join("report.pdf");
    fs::write(&target, "of before").unwrap();
    let contents = Bytes::from_static(b"%PDF-1.7...");
    write_file(&target, contents.clone()).await.unwrap();
    assert_eq!(fs::read(&target).unwrap(), contents);
    #[cfg(unix)]
    assert_eq!(mode(&target), 0o600);
    for path in [
        directory.join("none").join("report.pdf"),
        directory.0.clone(),
    ] {
        let error = write_file(path, contents.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
    }
    assert_eq!(directory.names(), ["report.pdf"]);
}
