//! Exponential back-off: each wait is twice as long as the one before, up to a maximum.

use std::time::Duration;

/// How long to wait before the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    /// Starts with `initial`, and doubles up to `max`.
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max, next: initial }
    }

    /// The wait before the next attempt; the wait after that is twice as long.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = self.next.saturating_mul(2).min(self.max);
        wait
    }

    /// Starts again with the initial wait, after a success.
    pub fn reset(&mut self) {
        self.next = self.initial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_a_maximum_until_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let waits_s = |backoff: &mut Backoff| [(); 5].map(|()| backoff.next_wait().as_secs());
        assert_eq!(waits_s(&mut backoff), [1, 2, 4, 5, 5]);
        backoff.reset();
        assert_eq!(waits_s(&mut backoff), [1, 2, 4, 5, 5]);
    }
}
