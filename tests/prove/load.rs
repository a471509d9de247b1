//! Load: a simulated crowd's deliveries at a steady rate, however slow the answers are.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use lookout::config::Secret;
use lookout::time::clock;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::proof::in_ms;
use crate::simulate::load::{AckLog, Options, Pacing, Summary, send};
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::Lookout;
use crate::support::lookout::{SECRET, WEBHOOK};

/// Deliveries a second.
pub const RATE: u32 = 200;

/// How many deliveries are in flight at once, so that slow answers do not limit the rate.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not 0");

/// A sender in the background. It stops when it is dropped.
pub struct Load {
    /// The log of acknowledged keys.
    pub ack_log: PathBuf,
    sending: JoinHandle<anyhow::Result<Summary>>,
    stop: oneshot::Sender<()>,
    runtime: Runtime,
}

/// How the deliveries were answered.
pub struct Answered {
    /// The keys of what was acknowledged.
    pub keys: BTreeSet<String>,
    /// How many deliveries there were.
    pub deliveries: u64,
    /// How many attempts were answered with anything else than 204, or not at all.
    pub refusals: u64,
    /// How many deliveries were never acknowledged.
    pub lost: u64,
    /// 99 % of answers took no longer.
    pub p99: String,
}

impl Load {
    /// Starts with [`RATE`]; each `seed` gives other deliveries.
    pub fn start(lookout: &Lookout, seed: u32, duration: Duration) -> Self {
        Self::start_at(RATE, lookout, seed, duration)
    }

    /// Starts with `rate` deliveries a second.
    pub fn start_at(rate: u32, lookout: &Lookout, seed: u32, duration: Duration) -> Self {
        let ack_log = lookout.path(&format!("acknowledged-{seed}"));
        let options = Options {
            url: format!("http://{}{WEBHOOK}", lookout.public()).parse().expect("a URL"),
            secret: Secret::new(SECRET).expect("not empty"),
            concurrency: CONCURRENCY,
            pacing: Pacing::Every(Duration::from_secs(1) / rate),
            events: None,
            duration: Some(duration),
            give_up_after: Duration::from_secs(60),
            ack_log: Some(AckLog::create(&ack_log).expect("the directory is there")),
        };
        let story = Story::new(Plan {
            seed: seed.into(),
            people: 500,
            rooms: RoomPlan::invented(1),
            start: clock::now(),
            already_in: 8,
            pace: Pace::Rate { per_1000_s: u64::from(rate) * 1000 },
            probabilities: Probabilities::REALISTIC,
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = Runtime::new().expect("it starts");
        let sending = runtime.spawn(send(options, story, async {
            // An error means that the sender goes on to its end.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Self { ack_log, sending, stop, runtime }
    }

    /// What was acknowledged by now.
    pub fn acknowledged(&self) -> BTreeSet<String> {
        acknowledged(&self.ack_log)
    }

    /// Sends no more, and waits for the answers to what is in flight.
    #[track_caller]
    pub fn stop(self) -> Answered {
        let Self { ack_log, sending, stop, runtime } = self;
        stop.send(()).expect("it is sending");
        finished(&ack_log, sending, &runtime)
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(self) -> Answered {
        let Self { ack_log, sending, stop: _stop, runtime } = self;
        finished(&ack_log, sending, &runtime)
    }
}

#[track_caller]
fn finished(
    ack_log: &std::path::Path,
    sending: JoinHandle<anyhow::Result<Summary>>,
    runtime: &Runtime,
) -> Answered {
    let summary = runtime.block_on(sending).expect("no panic").expect("it can be sent");
    Answered {
        keys: acknowledged(ack_log),
        deliveries: summary.deliveries(),
        refusals: summary.failed_attempts(),
        lost: summary.refused + summary.given_up,
        p99: summary.latency(0.99).map_or_else(|| panic!("no answer: {summary}"), in_ms),
    }
}

fn acknowledged(ack_log: &std::path::Path) -> BTreeSet<String> {
    let lines = fs::read_to_string(ack_log).unwrap_or_default();
    // The last line may be incomplete.
    lines.lines().filter(|line| line.len() == 64).map(str::to_owned).collect()
}
