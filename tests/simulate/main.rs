//! Load generator: posts the signed deliveries of a simulated crowd to an intake, as Zoom would.
//!
//! `cargo run --release --example simulate -- --url http://127.0.0.1:8787/webhooks/zoom`
//!
//! It signs with the secret of the settings. An intake stores what it receives for good, so never
//! send to your live one. Ends with 0 if every delivery was acknowledged, else with 1.

#![expect(clippy::print_stdout, reason = "printing the result is its purpose")]

#[path = "mod.rs"]
#[expect(dead_code, reason = "the tests and proofs use more of it")]
mod simulate;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use lookout::commands::arguments;
use lookout::config::{self, Environment, Settings};
use lookout::server::raise_file_limit;
use lookout::shutdown::Signals;
use lookout::time::clock;
use lookout::time::moment::Moment;
use reqwest::Url;

use simulate::load::{self, AckLog, Options, Pacing};
use simulate::{Pace, Plan, Probabilities, RoomPlan, Story};

/// With `--rate`, how many people are in at the start; half of all if that is fewer.
const ALREADY_IN: usize = 8;

/// Default of `--concurrency`.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");
/// Default of `--concurrency` with `--rate`.
const CONCURRENCY_AT_A_RATE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not 0");

/// Sends a simulated crowd's signed deliveries to an intake, and prints how they were answered
#[derive(Debug, Clone, Parser)]
#[command(name = "simulate")]
struct Args {
    /// The settings file [default: `lookout.toml` in the working directory, else in /etc/lookout]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The intake's webhook, such as http://127.0.0.1:8787/webhooks/zoom. Never your live one: an
    /// intake stores what it receives for good
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    url: Url,

    /// How many people there are
    #[arg(long, value_name = "N", default_value = "40", value_parser = parse_count)]
    people: NonZeroUsize,

    /// Deliveries per second, in real time [default: as fast as they are answered, so the story
    /// runs ahead of the clock]
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    rate: Option<Rate>,

    /// Stop after this many deliveries
    #[arg(long, value_name = "N", value_parser = arguments::number)]
    events: Option<u64>,

    /// Stop after this time, such as 10m
    #[arg(long, value_name = "D", value_parser = config::duration)]
    duration: Option<Duration>,

    /// The seed; equal seeds and starts give equal deliveries
    #[arg(long, value_name = "N", default_value = "0", value_parser = arguments::number)]
    seed: u64,

    /// When the story starts, such as 2026-01-05T20:00:00Z; choose a past time without --rate,
    /// because the story soon runs into the future [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = arguments::moment)]
    start: Option<Moment>,

    /// How many rooms to invent if the settings have none
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_count)]
    rooms: NonZeroUsize,

    /// How many deliveries are in flight at once, at most [default: 64; with --rate 1024, so that
    /// slow answers do not limit the rate]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    concurrency: Option<NonZeroUsize>,

    /// How long to retry a delivery that got no answer or 5xx
    #[arg(long, value_name = "D", default_value = "1m", value_parser = config::duration)]
    give_up_after: Duration,

    /// Write the key (SHA-256) of each acknowledged delivery to this file, one a line
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
}

/// A rate in deliveries per 1,000 seconds, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    per_1000_s: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    raise_file_limit();
    let mut signals = Signals::install().context("cannot catch SIGTERM and SIGINT")?;
    let settings = config::load(args.config.as_deref(), &Environment::from_process())?;
    let story = Story::new(plan(&args, &settings));
    let stop = async move {
        signals.received().await;
    };
    let summary = load::send(options(args, &settings)?, story, stop).await?;
    println!("{summary}");
    Ok(if summary.is_all_acknowledged() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options(args: Args, settings: &Settings) -> Result<Options> {
    let secret = settings.zoom.secret_tokens.first().cloned().context(
        "no secret to sign with; set `zoom.secret_token` in the settings to the intake's",
    )?;
    let (pacing, concurrency) = match args.rate {
        Some(rate) => (Pacing::Every(rate.gap()), CONCURRENCY_AT_A_RATE),
        None => (Pacing::AsAnswered, CONCURRENCY),
    };
    Ok(Options {
        url: args.url,
        secret,
        concurrency: args.concurrency.unwrap_or(concurrency),
        pacing,
        events: args.events,
        duration: args.duration,
        give_up_after: args.give_up_after,
        ack_log: args.acknowledged.as_deref().map(AckLog::create).transpose()?,
    })
}

fn plan(args: &Args, settings: &Settings) -> Plan {
    let people = args.people.get();
    let rooms = if settings.rooms.is_empty() {
        RoomPlan::invented(args.rooms.get())
    } else {
        let rooms = settings.rooms.iter();
        rooms
            .map(|room| RoomPlan { number: room.meeting_id.clone(), topic: room.name.clone() })
            .collect()
    };
    let (pace, already_in) = match args.rate {
        Some(Rate { per_1000_s }) => (Pace::Rate { per_1000_s }, ALREADY_IN.min(people / 2)),
        None => (Pace::realistic(people), 0),
    };
    Plan {
        seed: args.seed,
        people,
        rooms,
        start: args.start.unwrap_or_else(clock::now),
        already_in,
        pace,
        probabilities: Probabilities::REALISTIC,
    }
}

impl Rate {
    fn gap(self) -> Duration {
        Duration::from_secs(1000) / u32::try_from(self.per_1000_s).unwrap_or(u32::MAX)
    }
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number of deliveries per second".to_owned())?;
    let per_1000_s = (rate * 1000.0).round();
    if !(1.0..=1e9).contains(&per_1000_s) {
        return Err("use a number from 0.001 to 1000000".to_owned());
    }
    Ok(Rate { per_1000_s: per_1000_s as u64 })
}

fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number from 1 up".to_owned())
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = text.parse::<Url>().ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| "write an address such as http://127.0.0.1:8787/webhooks/zoom".to_owned())
}
