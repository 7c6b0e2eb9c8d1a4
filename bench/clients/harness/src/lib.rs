//! What all clients share: the arguments, the loop that is measured, and the count of allocations.
//!
//! A client is started as `client BASE WORK`. For each line `N` on its standard input it does the work N times and answers
//! `NANOSECONDS ALLOCATIONS`. It ends with its input.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, BufRead as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The header that the accredit client sends by its settings; nobody else needs one.
pub const AGENT: &str = "accredit-bench/0";

/// Where the server is and what is to be done there.
pub struct Task {
    pub base: String,
    pub work: Work,
}

/// One unit of work.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// `GET /one/7/`, 1 KB, to its last byte; the URL is made of the id for each call.
    One,
    /// The same with a URL that was made beforehand: less than a client of an API can do.
    Ready,
    /// `GET /page`, 370 KB, to its last byte.
    Page,
    /// A list of 100 investments, decoded.
    Typed,
    /// 200 pages, this many at a time; decoded where the client can.
    Pages(usize),
}

impl Task {
    /// From the arguments of the process.
    pub fn from_arguments() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [base, work] = arguments.as_slice() else {
            panic!("usage: client BASE WORK");
        };
        let work = match work.as_str() {
            "one" => Work::One,
            "ready" => Work::Ready,
            "page" => Work::Page,
            "typed" => Work::Typed,
            other => Work::Pages(
                other
                    .parse()
                    .expect("work: one, ready, page, typed or a number"),
            ),
        };
        Self {
            base: base.clone(),
            work,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// Ends a client that was asked for what only others are measured with.
pub fn refuse(work: Work) -> ! {
    eprintln!("this client is not measured with {work:?}");
    std::process::exit(2)
}

/// What a user's `#[tokio::main(flavor = "current_thread")]` gives.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// What a user's `#[tokio::main]` gives on two cores: decoding goes on beside fetching.
pub fn block_on_two<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Does the work as often as the runner asks. Each run says how much it got, in bytes or items; less than `least` is an
/// error, so that no client is fast because it failed.
pub async fn serve(least: usize, work: impl AsyncFn() -> usize) {
    for line in io::stdin().lock().lines() {
        let times = count(&line.expect("a line"));
        let (start, before) = (Instant::now(), ALLOCATIONS.load(Relaxed));
        for _ in 0..times {
            let got = work().await;
            assert!(got >= least, "got {got}, expected {least}");
        }
        answer(start, before);
    }
}

/// As [`serve`], for a client that blocks.
pub fn serve_blocking(least: usize, work: impl Fn() -> usize) {
    for line in io::stdin().lock().lines() {
        let times = count(&line.expect("a line"));
        let (start, before) = (Instant::now(), ALLOCATIONS.load(Relaxed));
        for _ in 0..times {
            let got = work();
            assert!(got >= least, "got {got}, expected {least}");
        }
        answer(start, before);
    }
}

fn count(line: &str) -> u32 {
    line.trim().parse().expect("a number")
}

fn answer(start: Instant, before: u64) {
    let took = start.elapsed().as_nanos();
    let allocations = ALLOCATIONS.load(Relaxed) - before;
    println!("{took} {allocations}");
    io::stdout().flush().expect("the runner listens");
}

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: passes everything on to the system's allocator and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}
