//! When the next request may start: a token bucket, and a back-off after failures.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::notify::timing::Timing;
use crate::time::backoff::Backoff;

/// The longest wait that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Decides when the next request may start.
#[derive(Debug)]
pub struct RateLimit {
    timing: Timing,
    rng: ChaCha8Rng,
    backoff: Backoff,
    /// The end of the wait after a failure.
    retry_at: Option<Instant>,
    /// When the token bucket is full again.
    full_at: Option<Instant>,
}

impl RateLimit {
    /// `seed` makes several processes retry at different times.
    pub fn new(timing: Timing, seed: [u8; 32]) -> Self {
        Self {
            timing,
            rng: ChaCha8Rng::from_seed(seed),
            backoff: Backoff::new(timing.retry_initial, timing.retry_max),
            retry_at: None,
            full_at: None,
        }
    }

    /// When the next request may start; `None` means now.
    pub fn next_start(&self) -> Option<Instant> {
        let capacity = self.timing.message_interval * self.timing.burst.saturating_sub(1);
        let by_rate = self.full_at.and_then(|full_at| full_at.checked_sub(capacity));
        self.retry_at.max(by_rate)
    }

    /// Records that a request starts.
    pub fn started(&mut self, now: Instant) {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        self.full_at = Some(full_at + self.timing.message_interval);
    }

    /// Records a final answer, good or bad.
    pub fn answered(&mut self) {
        self.backoff.reset();
        self.retry_at = None;
    }

    /// Records a temporary failure; `retry_after` is what the server asked for.
    pub fn failed(&mut self, now: Instant, retry_after: Option<Duration>) {
        let longest = self.backoff.next_wait();
        // Full jitter: a random part of the delay.
        let jitter = longest.mul_f64(f64::from(self.rng.next_u32()) / f64::from(u32::MAX));
        self.retry_at = Some(now + retry_after.map_or(jitter, |it| it.min(RETRY_AFTER_MAX)));
    }
}

/// A random seed, from the random keys of the standard library's hashes.
pub fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    for part in seed.chunks_mut(8) {
        part.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn five_start_at_once_and_then_one_per_second() {
        let begin = Instant::now();
        let mut rate_limit = RateLimit::new(Timing::default(), [1; 32]);
        let mut now = begin;
        let sent: Vec<_> = (0..8)
            .map(|_| {
                now = rate_limit.next_start().map_or(now, |next| next.max(now));
                rate_limit.started(now);
                now.duration_since(begin).as_secs()
            })
            .collect();
        assert_eq!(sent, [0, 0, 0, 0, 0, 1, 2, 3]);
    }

    #[test]
    fn delays_grow_to_a_minute_and_are_random() {
        let now = Instant::now();
        let mut longest = [Duration::ZERO; 8];
        for seed in 0..=255 {
            let mut rate_limit = RateLimit::new(Timing::default(), [seed; 32]);
            for longest in &mut longest {
                rate_limit.failed(now, None);
                let wait = rate_limit.next_start().expect("it failed").duration_since(now);
                *longest = wait.max(*longest);
            }
        }
        let rounded = longest.map(|wait| wait.as_secs_f64().ceil());
        assert_eq!(rounded, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    }

    #[test]
    fn a_server_may_choose_the_delay_up_to_a_limit() {
        let now = Instant::now();
        #[rustfmt::skip]
        let cases = [
            // what is special  asked for                            waited
            ("a while",         7 * SECOND,                          7 * SECOND),
            ("no time",         Duration::ZERO,                      Duration::ZERO),
            ("ten years",       Duration::from_secs(315_360_000),    RETRY_AFTER_MAX),
        ];
        for (what, asked, waited) in cases {
            let mut rate_limit = RateLimit::new(Timing::default(), [1; 32]);
            rate_limit.failed(now, Some(asked));
            assert_eq!(rate_limit.next_start(), Some(now + waited), "{what}");
            rate_limit.answered();
            assert_eq!(rate_limit.next_start(), None, "{what}");
        }
    }
}
