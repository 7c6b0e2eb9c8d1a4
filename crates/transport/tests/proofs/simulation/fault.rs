//! What can go wrong between a client and a server, drawn one by one as it is met.

use std::time::Duration;

use super::rng::Rng;

/// What becomes of a connection before its first request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Connecting {
    Made(Duration),
    Refused(Duration),
    Hung,
    /// Made, and closed before anything is read.
    Closed {
        reset: bool,
    },
}

impl Connecting {
    pub(crate) fn draw(rng: &mut Rng, health: u64) -> Self {
        if rng.percent(health) || rng.percent(50) {
            return Self::Made(Duration::ZERO);
        }
        match rng.below(10) {
            0..3 => Self::Refused(Duration::ZERO),
            3 => Self::Refused(rng.time(5000)),
            4..6 => Self::Made(rng.time(5000)),
            6 => Self::Hung,
            7..9 => Self::Closed { reset: false },
            _ => Self::Closed { reset: true },
        }
    }
}

/// What the server does with a request of which it has read the head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Closes without the rest.
    CloseInRequest { reset: bool },
    /// Stops reading, for ever.
    StopReading,
    /// Reads it all and closes, having run it or not.
    Close { run: bool, reset: bool },
    /// Reads it all and says nothing, having run it or not.
    Silence { run: bool },
    /// Turns it away without running it.
    Refuse {
        status: u16,
        retry_after: Option<&'static str>,
    },
    /// The same, without reading the body, and closes.
    RefuseEarly { status: u16 },
    /// Fails, having run it or not.
    Trouble {
        status: u16,
        run: bool,
        retry_after: Option<&'static str>,
    },
    /// Runs it and answers.
    Answer(Manner),
    /// Answers 2xx and says in the body that it did not run it.
    Decline,
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    Whole,
    Chunked,
    /// Says that it closes, and does.
    LastOne,
    /// Closes without having said so: at once, or after a while.
    CloseAfter(Duration),
    /// Behind the answer stands another one that nobody asked for.
    Surplus,
    /// Informational replies come first.
    Informational,
    Late(Duration),
    Dripping(Duration),
    HalfHead {
        close: bool,
    },
    HalfBody {
        close: bool,
        reset: bool,
    },
    HalfChunk,
    BadChunk,
    Garbage,
    NoJson,
    TooLarge,
    /// An announced length of gigabytes.
    LyingLength,
}

const HINTS: [Option<&str>; 9] = [
    None,
    None,
    None,
    Some("0"),
    Some("1"),
    Some("3"),
    Some("4000"),
    Some("-1"),
    Some("Fri, 31 Dec 9999 23:59:59 GMT"),
];

impl Act {
    pub(crate) fn draw(rng: &mut Rng, health: u64) -> Self {
        if rng.percent(health) {
            return Self::Answer(rng.pick(&[
                Manner::Whole,
                Manner::Whole,
                Manner::Chunked,
                Manner::LastOne,
            ]));
        }
        let run = rng.percent(50);
        let reset = rng.percent(30);
        match rng.below(24) {
            0 => Self::CloseInRequest { reset },
            1 => Self::StopReading,
            2..5 => Self::Close { run, reset },
            5..7 => Self::Silence { run },
            7..9 => Self::Refuse {
                status: 429,
                retry_after: rng.pick(&HINTS),
            },
            9..11 => Self::Refuse {
                status: 401,
                retry_after: None,
            },
            11 => Self::Refuse {
                status: rng.pick(&[302, 307, 308, 400, 403, 404, 409, 422]),
                retry_after: rng.pick(&HINTS),
            },
            12 => Self::RefuseEarly {
                status: rng.pick(&[401, 413, 429]),
            },
            13..17 => Self::Trouble {
                status: rng.pick(&[408, 500, 501, 502, 503, 503, 503, 504, 520]),
                run,
                retry_after: rng.pick(&HINTS),
            },
            17 => Self::Decline,
            _ => Self::Answer(Manner::draw(rng)),
        }
    }
}

impl Manner {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(17) {
            0..2 => Self::CloseAfter(Duration::ZERO),
            2 => Self::CloseAfter(rng.time(20_000)),
            3 => Self::Surplus,
            4 => Self::Informational,
            5..7 => Self::Late(rng.time(40_000)),
            7 => Self::Dripping(rng.time(4000)),
            8 => Self::HalfHead {
                close: rng.percent(50),
            },
            9..11 => Self::HalfBody {
                close: rng.percent(60),
                reset: rng.percent(30),
            },
            11 => Self::HalfChunk,
            12 => Self::BadChunk,
            13 => Self::Garbage,
            14 => Self::NoJson,
            15 => Self::TooLarge,
            _ => Self::LyingLength,
        }
    }
}
