//! How fast, how often and how long a target is written to.

use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The times of sending; a test may make them shorter.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Changes gather until none came for so many seconds …
    pub gather: i64,
    /// … and for so many at most.
    pub gather_most: i64,
    /// A request is answered by then.
    pub time_out: Duration,
    /// After a failure the next attempt is made within so long …
    pub retry: Duration,
    /// … and then within twice as long each time, to at most this.
    pub retry_most: Duration,
    /// A message is given up after so many seconds.
    pub give_up: i64,
    /// One message in so long …
    pub every: Duration,
    /// … but for so many at once.
    pub burst: u32,
    /// What is kept elsewhere is looked after so often.
    pub look_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            gather: 10,
            gather_most: 60,
            time_out: Duration::from_secs(10),
            retry: Duration::from_secs(1),
            retry_most: Duration::from_secs(60),
            give_up: 86_400,
            every: Duration::from_secs(1),
            burst: 5,
            look_after: Duration::from_secs(5),
        }
    }
}

/// A server that asks for more patience than this is asked again all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// When the next attempt may be made.
#[derive(Debug)]
pub struct Rhythm {
    pace: Pace,
    chance: ChaCha8Rng,
    failures: u32,
    not_before: Option<Instant>,
    /// When the bucket of messages would be full again.
    full_at: Option<Instant>,
}

impl Rhythm {
    /// A rhythm of `pace`; `seed` keeps several senders from trying again all at once.
    pub fn new(pace: Pace, seed: [u8; 32]) -> Self {
        let chance = ChaCha8Rng::from_seed(seed);
        Self { pace, chance, failures: 0, not_before: None, full_at: None }
    }

    /// When the next attempt may begin.
    pub fn next(&self) -> Option<Instant> {
        let room = self.pace.every * self.pace.burst.saturating_sub(1);
        let by_rate = self.full_at.and_then(|full| full.checked_sub(room));
        self.not_before.max(by_rate)
    }

    /// An attempt begins.
    pub fn begins(&mut self, now: Instant) {
        let full = self.full_at.map_or(now, |full| full.max(now));
        self.full_at = Some(full + self.pace.every);
    }

    /// It was answered for good, well or not.
    pub fn goes_on(&mut self) {
        (self.failures, self.not_before) = (0, None);
    }

    /// It failed for now; the server may have said when to come again.
    pub fn failed(&mut self, now: Instant, wait: Option<Duration>) {
        let longest = self.pace.retry.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let jitter = self.below(longest.min(self.pace.retry_most));
        self.not_before = Some(now + wait.map_or(jitter, |wait| wait.min(LONGEST_WAIT)));
    }

    /// Full jitter: anything up to `most`.
    fn below(&mut self, most: Duration) -> Duration {
        most.mul_f64(f64::from(self.chance.next_u32()) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn five_go_at_once_and_then_one_a_second() {
        let begin = Instant::now();
        let mut rhythm = Rhythm::new(Pace::default(), [1; 32]);
        let mut now = begin;
        let sent: Vec<_> = (0..8)
            .map(|_| {
                now = rhythm.next().map_or(now, |next| next.max(now));
                rhythm.begins(now);
                now.duration_since(begin).as_secs()
            })
            .collect();
        assert_eq!(sent, [0, 0, 0, 0, 0, 1, 2, 3]);
    }

    #[test]
    fn waits_grow_to_a_minute_and_are_spread() {
        let now = Instant::now();
        let mut longest = [Duration::ZERO; 8];
        for seed in 0..=255 {
            let mut rhythm = Rhythm::new(Pace::default(), [seed; 32]);
            for longest in &mut longest {
                rhythm.failed(now, None);
                let wait = rhythm.next().expect("it failed").duration_since(now);
                *longest = wait.max(*longest);
            }
        }
        let rounded = longest.map(|wait| wait.as_secs_f64().ceil());
        assert_eq!(rounded, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    }

    #[test]
    fn a_server_may_say_when_but_not_for_ever() {
        let now = Instant::now();
        #[rustfmt::skip]
        let cases = [
            // what is special  asked for                            waited
            ("a while",         7 * SECOND,                          7 * SECOND),
            ("no time",         Duration::ZERO,                      Duration::ZERO),
            ("ten years",       Duration::from_secs(315_360_000),    LONGEST_WAIT),
        ];
        for (what, asked, waited) in cases {
            let mut rhythm = Rhythm::new(Pace::default(), [1; 32]);
            rhythm.failed(now, Some(asked));
            assert_eq!(rhythm.next(), Some(now + waited), "{what}");
            rhythm.goes_on();
            assert_eq!(rhythm.next(), None, "{what}");
        }
    }
}
