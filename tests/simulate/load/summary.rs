//! What was sent, and how it was answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use lookout::time::moment::Moment;

use super::attempt::Answer;

/// The result of sending.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Deliveries answered with 200 or 204.
    pub acknowledged: u64,
    /// Deliveries answered so that Zoom would not send them again.
    pub refused: u64,
    /// Deliveries without a final answer in time.
    pub given_up: u64,
    /// Answers by HTTP status, retries included.
    pub answers: BTreeMap<u16, u64>,
    /// Attempts without an answer, by reason.
    pub failures: BTreeMap<Failure, u64>,
    /// From the first delivery to the last answer.
    pub elapsed: Duration,
    /// The time to each answer, in microseconds.
    latencies_us: Histogram<u64>,
    /// The first and last moment of the story, in milliseconds since the epoch.
    story_ms: Option<(i64, i64)>,
}

/// Why an attempt got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// No connection was made.
    NoConnection,
    /// There was no answer within 3 s.
    TimedOut,
    /// The connection was closed.
    ConnectionClosed,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            acknowledged: 0,
            refused: 0,
            given_up: 0,
            answers: BTreeMap::new(),
            failures: BTreeMap::new(),
            elapsed: Duration::ZERO,
            latencies_us: Histogram::new(3).expect("3 digits are allowed"),
            story_ms: None,
        }
    }
}

impl Summary {
    /// How many deliveries were sent, retries not counted.
    pub fn deliveries(&self) -> u64 {
        self.acknowledged + self.refused + self.given_up
    }

    /// Whether nothing was refused or given up.
    pub fn is_all_acknowledged(&self) -> bool {
        self.refused == 0 && self.given_up == 0
    }

    /// How many attempts were answered with anything but 204, or not at all.
    pub fn failed_attempts(&self) -> u64 {
        let answers = self.answers.iter().filter(|(status, _)| **status != 204);
        answers.map(|(_, count)| count).chain(self.failures.values()).sum()
    }

    /// The time within which this share of the answers came; `None` if there was no answer.
    ///
    /// It is measured from when a delivery was due, so it shows an intake that falls behind.
    pub fn latency(&self, quantile: f64) -> Option<Duration> {
        let us = self.latencies_us.value_at_quantile(quantile);
        (!self.latencies_us.is_empty()).then_some(Duration::from_micros(us))
    }

    pub(super) fn extend_story(&mut self, at_ms: i64) {
        let (first, last) = self.story_ms.unwrap_or((at_ms, at_ms));
        self.story_ms = Some((first.min(at_ms), last.max(at_ms)));
    }

    pub(super) fn count(&mut self, answer: &Result<Answer, Failure>, took: Duration) {
        match answer {
            Ok(answer) => {
                *self.answers.entry(answer.status().as_u16()).or_default() += 1;
                self.latencies_us += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            }
            Err(failure) => *self.failures.entry(*failure).or_default() += 1,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.given_up += other.given_up;
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
        for (failure, count) in other.failures {
            *self.failures.entry(failure).or_default() += count;
        }
        self.latencies_us += other.latencies_us;
        if let Some((first, last)) = other.story_ms {
            self.extend_story(first);
            self.extend_story(last);
        }
    }
}

impl Failure {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::NoConnection
        } else {
            Self::ConnectionClosed
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoConnection => "no connection",
            Self::TimedOut => "no answer in 3 s",
            Self::ConnectionClosed => "connection closed",
        })
    }
}

/// Several lines, without a newline at the end. `tests/measure/compare.sh` reads the first and the last.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let deliveries = self.deliveries();
        let rate = deliveries as f64 / seconds.max(0.001);
        write!(f, "sent {deliveries} deliveries in {seconds:.1} s, {rate:.0} per second")?;
        if let Some((first, last)) = self.story_ms {
            let (first, last) = (Moment::from_millis(first), Moment::from_millis(last));
            write!(f, "\nstory from {first} to {last}")?;
        }
        write!(f, "\n  {:<22}{:>12}", "acknowledged", self.acknowledged)?;
        write!(f, "\n  {:<22}{:>12}", "refused for good", self.refused)?;
        write!(f, "\n  {:<22}{:>12}", "given up", self.given_up)?;
        write!(f, "\nattempts")?;
        for (status, count) in &self.answers {
            write!(f, "\n  {status:<22}{count:>12}")?;
        }
        for (failure, count) in &self.failures {
            write!(f, "\n  {failure:<22}{count:>12}")?;
        }
        let ms = |quantile| self.latency(quantile).map(|latency| latency.as_secs_f64() * 1000.0);
        if let (Some(p50), Some(p99), Some(max)) = (ms(0.5), ms(0.99), ms(1.0)) {
            write!(f, "\nanswered in {p50:.1} ms (p50), {p99:.1} ms (p99), {max:.1} ms (longest)")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_summary_shows_counts_and_percentiles() {
        let mut summary = Summary { acknowledged: 2, given_up: 1, ..Summary::default() };
        summary.elapsed = Duration::from_secs(2);
        summary.extend_story(1_767_643_200_000);
        summary.extend_story(1_767_643_260_000);
        let answer = Ok(Answer::Acknowledged(StatusCode::NO_CONTENT));
        summary.count(&answer, Duration::from_millis(2));
        let mut other = Summary::default();
        other.count(&answer, Duration::from_millis(4));
        other.count(&Err(Failure::TimedOut), Duration::from_secs(3));
        summary.merge(other);
        insta::assert_snapshot!(summary, @"
        sent 3 deliveries in 2.0 s, 2 per second
        story from 2026-01-05T20:00:00Z to 2026-01-05T20:01:00Z
          acknowledged                     2
          refused for good                 0
          given up                         1
        attempts
          204                              2
          no answer in 3 s                 1
        answered in 2.0 ms (p50), 4.0 ms (p99), 4.0 ms (longest)
        ");
        assert_eq!(summary.failed_attempts(), 1);
        assert_eq!(Summary::default().latency(0.5), None);
    }
}
