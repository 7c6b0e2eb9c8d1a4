//! Whether two classes of input take the same time: Welch's t-test over many timings in random order, as dudect does it.

use std::{hint::black_box, time::Instant};

/// Left out, as the first timings meet cold caches.
const WARM_UP: usize = 1_000;

/// The largest |t| of all timings and of those below several percentiles: what interrupts a program adds long times to both classes,
/// and hides a small difference.
pub(crate) fn largest_t<const N: usize>(
    samples: u32,
    classes: [[u8; N]; 2],
    mut run: impl FnMut(&[u8; N]),
) -> f64 {
    let mut random = fastrand::Rng::with_seed(1);
    let mut timings: Vec<(usize, f64)> = (0..WARM_UP + usize::try_from(samples).unwrap())
        .map(|_| {
            let class = random.usize(..2);
            // In one place for both classes: two addresses need not take the same time.
            let input = black_box(classes[class]);
            let start = Instant::now();
            run(&input);
            (class, start.elapsed().as_secs_f64() * 1e9)
        })
        .collect();
    timings.drain(..WARM_UP);
    let mut sorted: Vec<f64> = timings.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    [50, 75, 90, 95, 99, 100]
        .iter()
        .map(|percent| {
            let below = sorted[(sorted.len() - 1) * percent / 100];
            let mut classes = [Moments::default(); 2];
            for (class, time) in timings.iter().filter(|(_, time)| *time <= below) {
                classes[*class].add(*time);
            }
            let t = welch(&classes);
            println!("    {percent:>3} % of the timings: t = {t:+.2}");
            t.abs()
        })
        .fold(0.0, f64::max)
}

fn welch([a, b]: &[Moments; 2]) -> f64 {
    let error = a.variance() / a.count + b.variance() / b.count;
    if error > 0.0 {
        (a.mean - b.mean) / error.sqrt()
    } else {
        0.0
    }
}

/// Mean and variance in one pass (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }
}
