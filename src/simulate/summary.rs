//! What was sent, and how it was answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::time::moment::Moment;

use super::latency::Latencies;
use super::sender::Answer;

/// The result of sending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Deliveries answered with 200 or 204.
    pub acknowledged: u64,
    /// Deliveries answered so that Zoom would not send them again.
    pub refused: u64,
    /// Deliveries without a lasting answer until patience ran out.
    pub given_up: u64,
    /// Answers by HTTP status, those before the last included.
    pub answers: BTreeMap<u16, u64>,
    /// Attempts that got no answer, by what went wrong.
    pub failures: BTreeMap<Failure, u64>,
    /// From the first delivery to the last answer.
    #[serde(rename = "elapsed_ms", serialize_with = "as_ms")]
    pub elapsed: Duration,
    /// How long answers took.
    #[serde(rename = "latency_us", serialize_with = "as_percentiles")]
    latencies: Latencies,
    /// The first and last moment in the story that was told, in milliseconds since the epoch.
    #[serde(rename = "told_ms")]
    told: Option<(i64, i64)>,
}

/// Why an attempt got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nobody listened.
    NoConnection,
    /// Nothing came within 3 s.
    TimedOut,
    /// The connection broke off.
    BrokenOff,
}

/// Percentiles of the time to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The median.
    pub p50: Duration,
    /// What 99 % of answers did not exceed.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Summary {
    /// How many deliveries were sent, however often each was tried.
    pub fn deliveries(&self) -> u64 {
        self.acknowledged + self.refused + self.given_up
    }

    /// Whether nothing was refused or given up.
    pub fn all_acknowledged(&self) -> bool {
        self.refused == 0 && self.given_up == 0
    }

    /// How long answers took; `None` where there was none.
    ///
    /// Measured from when a delivery was due, so that an intake that falls behind shows.
    pub fn latency(&self) -> Option<Latency> {
        Some(Latency {
            p50: self.latencies.per_mille(500)?,
            p99: self.latencies.per_mille(990)?,
            max: self.latencies.longest()?,
        })
    }

    pub(super) fn tell(&mut self, at_ms: i64) {
        let (first, last) = self.told.unwrap_or((at_ms, at_ms));
        self.told = Some((first.min(at_ms), last.max(at_ms)));
    }

    pub(super) fn count(&mut self, answer: &Result<Answer, Failure>, took: Duration) {
        match answer {
            Ok(answer) => {
                *self.answers.entry(answer.status().as_u16()).or_default() += 1;
                self.latencies.record(took);
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
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latencies.merge(&other.latencies);
        if let Some((first, last)) = other.told {
            self.tell(first);
            self.tell(last);
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
            Self::BrokenOff
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoConnection => "no connection",
            Self::TimedOut => "no answer in 3 s",
            Self::BrokenOff => "connection broke off",
        })
    }
}

/// Several lines, without a newline at the end.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let deliveries = self.deliveries();
        let rate = deliveries as f64 / seconds.max(0.001);
        write!(f, "sent {deliveries} deliveries in {seconds:.1} s, {rate:.0} per second")?;
        if let Some((first, last)) = self.told {
            let (first, last) = (Moment::from_millis(first), Moment::from_millis(last));
            write!(f, "\ntold {first} to {last}")?;
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
        if let Some(Latency { p50, p99, max }) = self.latency() {
            let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
            let (p50, p99, max) = (ms(p50), ms(p99), ms(max));
            write!(f, "\nanswered in {p50:.1} ms (p50), {p99:.1} ms (p99), {max:.1} ms (longest)")?;
        }
        Ok(())
    }
}

fn as_ms<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(duration.as_millis())
}

fn as_percentiles<S: Serializer>(latencies: &Latencies, serializer: S) -> Result<S::Ok, S::Error> {
    let us = |duration: Option<Duration>| duration.map(|duration| duration.as_micros() as u64);
    let percentiles = BTreeMap::from([
        ("p50", us(latencies.per_mille(500))),
        ("p99", us(latencies.per_mille(990))),
        ("max", us(latencies.longest())),
    ]);
    percentiles.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_summary_reads_well_and_can_be_read_by_a_machine() {
        let mut summary = Summary { acknowledged: 2, given_up: 1, ..Summary::default() };
        summary.elapsed = Duration::from_secs(2);
        summary.tell(1_767_643_200_000);
        summary.tell(1_767_643_260_000);
        let answer = |status| Ok(Answer::Taken(status));
        summary.count(&answer(StatusCode::NO_CONTENT), Duration::from_millis(2));
        summary.count(&answer(StatusCode::NO_CONTENT), Duration::from_millis(4));
        summary.count(&Err(Failure::TimedOut), Duration::from_secs(3));
        insta::assert_snapshot!(summary, @"
        sent 3 deliveries in 2.0 s, 2 per second
        told 2026-01-05T20:00:00Z to 2026-01-05T20:01:00Z
          acknowledged                     2
          refused for good                 0
          given up                         1
        attempts
          204                              2
          no answer in 3 s                 1
        answered in 2.0 ms (p50), 4.0 ms (p99), 4.0 ms (longest)
        ");
        let json = serde_json::to_string(&summary).expect("it is plain data");
        let expected = concat!(
            r#"{"acknowledged":2,"refused":0,"given_up":1,"answers":{"204":2},"#,
            r#""failures":{"timed_out":1},"elapsed_ms":2000,"#,
            r#""latency_us":{"max":4000,"p50":2015,"p99":4000},"told_ms":[1767643200000,1767643260000]}"#,
        );
        assert_eq!(json, expected);
    }
}
