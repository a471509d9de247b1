//! Sends deliveries to an intake as Zoom does: signed, and again after a failure.
//!
//! What Zoom retries (no answer within 3 s, no connection, 5xx) is retried here, signed anew, but
//! after fractions of a second instead of minutes. What Zoom gives up (3xx, 4xx) is given up.
//! So each delivery is either acknowledged or reported, even if the intake restarts meanwhile.

mod ack_log;
mod attempt;
mod queue;
mod summary;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lookout::config::Secret;
use lookout::simulate::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::outbox::Delivery;
use attempt::{Answer, attempt};
use queue::{Queue, Task};

pub use ack_log::AckLog;
pub use summary::Summary;

/// How to send deliveries.
#[derive(Debug)]
pub struct Options {
    /// The intake's webhook.
    pub url: reqwest::Url,
    /// The key that signs.
    pub secret: Secret,
    /// How many deliveries are in flight at once, at most.
    pub concurrency: NonZeroUsize,
    /// When to send each.
    pub pacing: Pacing,
    /// How many deliveries to send; `None`: all there are.
    pub events: Option<u64>,
    /// After how long to start no further ones; `None`: never.
    pub duration: Option<Duration>,
    /// How long to retry a delivery.
    pub give_up_after: Duration,
    /// Where to log the keys of acknowledged deliveries.
    pub ack_log: Option<AckLog>,
}

/// When to send each delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// As soon as an earlier one is answered: as fast as the intake can.
    AsAnswered,
    /// The k-th after k such gaps, however slow the answers are.
    Every(Duration),
}

/// The first pause before a retry; each further one is twice as long.
const RETRY_INITIAL: Duration = Duration::from_millis(100);
/// The longest pause.
const RETRY_MAX: Duration = Duration::from_secs(1);

/// Sends `deliveries` until they, the events or the time run out, or `stop` completes.
///
/// After `stop`, deliveries in flight are answered or reported, and nothing is retried.
///
/// # Errors
///
/// The URL is neither http nor https, or the log of acknowledged deliveries cannot be written.
pub async fn send(
    options: Options,
    deliveries: impl Iterator<Item = Delivery> + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<Summary> {
    let (stopping, stopped) = watch::channel(false);
    let sender = Arc::new(Sender {
        client: Client::new(options.url, options.secret)?,
        queue: Queue::new(deliveries, options.pacing, options.events, options.duration),
        give_up_after: options.give_up_after,
        ack_log: options.ack_log,
    });
    let began = Instant::now();
    let mut workers: JoinSet<anyhow::Result<Summary>> = JoinSet::new();
    for _ in 0..options.concurrency.get() {
        workers.spawn(Arc::clone(&sender).work(stopped.clone()));
    }
    let watching = tokio::spawn(async move {
        stop.await;
        stopping.send_replace(true);
        stopping.closed().await;
    });
    let mut summary = Summary::default();
    while let Some(result) = workers.join_next().await {
        summary.merge(result.context("a worker panicked")??);
    }
    watching.abort();
    summary.elapsed = began.elapsed();
    Ok(summary)
}

#[derive(Debug)]
struct Sender {
    client: Client,
    queue: Queue,
    give_up_after: Duration,
    ack_log: Option<AckLog>,
}

/// The result of a delivery with all its attempts.
enum Outcome {
    Acknowledged,
    Refused,
    GivenUp,
}

impl Sender {
    /// Sends one delivery after the other.
    async fn work(self: Arc<Self>, mut stopped: watch::Receiver<bool>) -> anyhow::Result<Summary> {
        let mut summary = Summary::default();
        while !*stopped.borrow()
            && let Some(task) = self.queue.next()
        {
            tokio::select! {
                () = sleep_until(task.due) => {}
                _ = stopped.wait_for(|&stopped| stopped) => break,
            }
            summary.extend_story(task.delivery.at_ms);
            match self.deliver(&task, &mut stopped, &mut summary).await {
                Outcome::Acknowledged => {
                    summary.acknowledged += 1;
                    if let Some(ack_log) = &self.ack_log {
                        ack_log.add(&task.delivery.body)?;
                    }
                }
                Outcome::Refused => summary.refused += 1,
                Outcome::GivenUp => summary.given_up += 1,
            }
        }
        Ok(summary)
    }

    /// Retries until there is an answer that Zoom would accept as final.
    async fn deliver(
        &self,
        task: &Task,
        stopped: &mut watch::Receiver<bool>,
        summary: &mut Summary,
    ) -> Outcome {
        let give_up = Instant::now() + self.give_up_after;
        let mut since = task.due;
        let mut pause = RETRY_INITIAL;
        loop {
            let answer = attempt(&self.client, &task.delivery).await;
            summary.count(&answer, since.elapsed());
            match answer {
                Ok(Answer::Acknowledged(_)) => return Outcome::Acknowledged,
                Ok(Answer::Refused(_)) => return Outcome::Refused,
                Ok(Answer::Retry(_)) | Err(_) => {}
            }
            if *stopped.borrow() || Instant::now() + pause > give_up {
                return Outcome::GivenUp;
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = stopped.wait_for(|&stopped| stopped) => return Outcome::GivenUp,
            }
            pause = (pause * 2).min(RETRY_MAX);
            since = Instant::now();
        }
    }
}
