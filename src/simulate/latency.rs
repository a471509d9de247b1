//! How long answers took, in little memory however many there are.

use std::time::Duration;

/// Sub-divisions of each power of two: a percentile is off by less than 2 %.
const STEPS: u64 = 64;
/// Enough for any number of microseconds.
const BUCKETS: usize = (64 * STEPS) as usize;

/// A histogram of durations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Latencies {
    /// How many durations fell into each bucket; empty until the first comes.
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Latencies {
    /// Counts one duration in.
    pub(super) fn record(&mut self, duration: Duration) {
        self.counts.resize(BUCKETS, 0);
        self.counts[bucket(micros(duration))] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    /// Counts in what another histogram has counted.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.total == 0 {
            return;
        }
        self.counts.resize(BUCKETS, 0);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// The duration that so many thousandths did not exceed; `None` where nothing was counted.
    pub(super) fn per_mille(&self, per_mille: u64) -> Option<Duration> {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_micros(upper_end(place)).min(self.longest))
    }

    /// The longest duration; `None` where nothing was counted.
    pub(super) fn longest(&self) -> Option<Duration> {
        (self.total > 0).then_some(self.longest)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Exact below `STEPS`; above, the power of two and the `STEPS`-th of it.
fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let shift = micros.ilog2() - STEPS.ilog2();
    (u64::from(shift + 1) * STEPS + ((micros >> shift) - STEPS)) as usize
}

/// The longest duration of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    ((bucket % STEPS + STEPS + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_close_from_above() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.per_mille(500), None);
        for ms in 1..=1000 {
            latencies.record(Duration::from_millis(ms));
        }
        #[rustfmt::skip]
        let cases = [
            // per mille  ms
            (0,           1),
            (500,         500),
            (990,         990),
            (1000,        1000),
        ];
        for (per_mille, ms) in cases {
            let got = latencies.per_mille(per_mille).expect("something was counted").as_micros();
            assert!((ms * 1000..=ms * 1016).contains(&got), "{per_mille} ‰: {got} µs for {ms} ms");
        }
        assert_eq!(latencies.longest(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_bucket_ends_where_the_next_begins() {
        for micros in (0..10_000).chain([1 << 40, u64::MAX / 4]) {
            let place = bucket(micros);
            assert!(upper_end(place) >= micros, "{micros}");
            assert_eq!(bucket(upper_end(place)), place, "{micros}");
            assert_eq!(bucket(upper_end(place) + 1), place + 1, "{micros}");
        }
    }

    #[test]
    fn the_longest_thinkable_wait_has_a_bucket() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::MAX);
        let mut both = Latencies::default();
        both.merge(&latencies);
        assert_eq!(both, latencies);
    }
}
