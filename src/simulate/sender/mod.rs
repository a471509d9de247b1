//! Sends deliveries to an intake as Zoom does: signed, and again after a failure.
//!
//! What Zoom tries again (no answer within 3 s, no connection, 5xx) is tried
//! again here, signed anew, after fractions of a second instead of minutes; what
//! Zoom gives up (3xx, 4xx) is given up. So in the end each delivery is either
//! acknowledged or reported, also when the intake is killed and restarted meanwhile.

mod client;
mod ledger;
mod supply;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Secret;

use super::post::Delivery;
use super::summary::Summary;
use client::Client;

pub(super) use client::Answer;
use supply::{Supply, Task};

pub use ledger::Ledger;

/// How deliveries are sent.
#[derive(Debug)]
pub struct Sending {
    /// The intake's webhook.
    pub url: reqwest::Url,
    /// The key that signs.
    pub secret: Secret,
    /// How many deliveries are under way at once, at most.
    pub concurrency: NonZeroUsize,
    /// When each is sent.
    pub pacing: Pacing,
    /// How many deliveries are sent; `None`: all there are.
    pub events: Option<u64>,
    /// After how long no further ones are sent; `None`: never.
    pub duration: Option<Duration>,
    /// How long a delivery is tried before it is given up.
    pub patience: Duration,
    /// Where the keys of what was acknowledged are written.
    pub ledger: Option<Ledger>,
}

/// When each delivery is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// As soon as an earlier one is answered: as fast as the intake can.
    Answered,
    /// The k-th after k such gaps, however slow the answers are.
    Every(Duration),
    /// At its time in the story, which begins now with this moment, in milliseconds since the epoch.
    Told {
        /// The story time of now.
        from_ms: i64,
    },
}

/// The first pause before a delivery is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Sends `deliveries` until they, the events or the time run out, or `stop` is done.
///
/// After `stop`, what is under way is answered or reported, and nothing is tried again.
///
/// # Errors
///
/// If the URL is none that can be posted to, or the ledger cannot be written.
pub async fn send(
    sending: Sending,
    deliveries: impl Iterator<Item = Delivery> + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<Summary> {
    let concurrency = sending.concurrency.get();
    let (stopping, stopped) = watch::channel(false);
    let sender = Arc::new(Sender {
        client: Client::new(&sending.url, sending.secret, concurrency)?,
        supply: Supply::new(deliveries, sending.pacing, sending.events, sending.duration),
        patience: sending.patience,
        ledger: sending.ledger,
    });
    let began = Instant::now();
    let mut workers: JoinSet<anyhow::Result<Summary>> = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(Arc::clone(&sender).work(stopped.clone()));
    }
    let watching = tokio::spawn(async move {
        stop.await;
        stopping.send_replace(true);
        stopping.closed().await;
    });
    let mut summary = Summary::default();
    while let Some(worked) = workers.join_next().await {
        summary.merge(worked.context("a sending task broke off")??);
    }
    watching.abort();
    summary.elapsed = began.elapsed();
    Ok(summary)
}

#[derive(Debug)]
struct Sender {
    client: Client,
    supply: Supply,
    patience: Duration,
    ledger: Option<Ledger>,
}

/// What became of a delivery.
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
            && let Some(task) = self.supply.next()
        {
            tokio::select! {
                () = sleep_until(task.due) => {}
                _ = stopped.wait_for(|&stopped| stopped) => break,
            }
            summary.tell(task.delivery.at_ms);
            match self.deliver(&task, &mut stopped, &mut summary).await {
                Outcome::Acknowledged => {
                    summary.acknowledged += 1;
                    if let Some(ledger) = &self.ledger {
                        ledger.enter(&task.delivery.body)?;
                    }
                }
                Outcome::Refused => summary.refused += 1,
                Outcome::GivenUp => summary.given_up += 1,
            }
        }
        Ok(summary)
    }

    /// Tries until there is an answer that Zoom, too, would take as one.
    async fn deliver(
        &self,
        task: &Task,
        stopped: &mut watch::Receiver<bool>,
        summary: &mut Summary,
    ) -> Outcome {
        let give_up = Instant::now() + self.patience;
        let mut since = task.due;
        let mut pause = FIRST_PAUSE;
        loop {
            let answer = self.client.post(&task.delivery).await;
            summary.count(&answer, since.elapsed());
            match answer {
                Ok(Answer::Taken(_)) => return Outcome::Acknowledged,
                Ok(Answer::Refused(_)) => return Outcome::Refused,
                Ok(Answer::Later(_)) | Err(_) => {}
            }
            if *stopped.borrow() || Instant::now() + pause > give_up {
                return Outcome::GivenUp;
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = stopped.wait_for(|&stopped| stopped) => return Outcome::GivenUp,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            since = Instant::now();
        }
    }
}
