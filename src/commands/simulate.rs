//! `lookout simulate`: a crowd that walks in and out, sent to an intake as Zoom would.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Url;

use crate::commands::arguments;
use crate::config::{Secret, Settings};
use crate::server::Signals;
use crate::simulate::{self, Ledger, Odds, Pace, Pacing, Plan, RoomPlan, Sending, Story, Summary};
use crate::time::clock;
use crate::time::moment::Moment;

/// With `--rate`, so many people are in within the first second, or half of all.
const ALREADY_IN: usize = 8;

/// So many deliveries are under way at once, as Zoom's own would be.
const UNDER_WAY: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");
/// The same with `--rate`.
const UNDER_WAY_AT_A_RATE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not 0");

/// What to simulate, and where to send it.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulateArgs {
    /// The intake's webhook; what is sent there is stored for good, so never your live one. Such as http://127.0.0.1:8787/webhooks/zoom
    #[arg(long, value_name = "URL", value_parser = arguments::url)]
    pub url: Url,

    /// How many people come and go
    #[arg(long, value_name = "N", default_value = "40", value_parser = arguments::count)]
    pub people: NonZeroUsize,

    /// Deliveries per second, in real time; without it, as fast as they are answered,
    /// and the story runs ahead of the clock
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    pub rate: Option<Rate>,

    /// Stop after so many deliveries
    #[arg(long, value_name = "N", value_parser = arguments::number)]
    pub events: Option<u64>,

    /// Stop after this time, such as 10m
    #[arg(long, value_name = "D", value_parser = arguments::duration)]
    pub duration: Option<Duration>,

    /// The same seed and start tell the same story
    #[arg(long, value_name = "N", default_value = "0", value_parser = arguments::number)]
    pub seed: u64,

    /// When the story begins, such as 2026-01-05T20:00:00Z; without --rate it soon runs into the
    /// future, so choose a time that is past [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = arguments::moment)]
    pub start: Option<Moment>,

    /// How many rooms to invent where the settings name none
    #[arg(long, value_name = "N", default_value = "1", value_parser = arguments::count)]
    pub rooms: NonZeroUsize,

    /// How many deliveries are under way at once, at most [default: 64; with --rate 1024, so that
    /// slow answers do not hold the rate back]
    #[arg(long, value_name = "N", value_parser = arguments::count)]
    pub concurrency: Option<NonZeroUsize>,

    /// How long to try a delivery again that was not answered, or with 5xx
    #[arg(long, value_name = "D", default_value = "1m", value_parser = arguments::duration)]
    pub give_up_after: Duration,

    /// Write the key (SHA-256) of each acknowledged delivery to this file, one a line
    #[arg(long, value_name = "FILE")]
    pub acknowledged: Option<PathBuf>,
}

/// A rate in deliveries per 1,000 seconds, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    per_1000_s: u64,
}

/// Sends until the events, the time or the user's patience run out.
///
/// # Errors
///
/// If the settings hold no secret to sign with, the URL cannot be posted to, or
/// the file of acknowledged keys cannot be written.
pub async fn run(args: SimulateArgs, settings: &Settings, mut signals: Signals) -> Result<Summary> {
    let secret = secret(settings)?;
    let ledger = args.acknowledged.as_deref().map(Ledger::create).transpose()?;
    let plan = plan(&args, settings);
    let (pacing, under_way) = match args.rate {
        Some(rate) => (Pacing::Every(rate.gap()), UNDER_WAY_AT_A_RATE),
        None => (Pacing::Answered, UNDER_WAY),
    };
    let sending = Sending {
        url: args.url,
        secret,
        concurrency: args.concurrency.unwrap_or(under_way),
        pacing,
        events: args.events,
        duration: args.duration,
        patience: args.give_up_after,
        ledger,
    };
    let interrupted = async move {
        signals.received().await;
    };
    simulate::send(sending, Story::new(plan), interrupted).await
}

fn secret(settings: &Settings) -> Result<Secret> {
    let first = settings.zoom.secret_tokens.first().cloned();
    first.context(
        "no secret to sign with; set `zoom.secret_token` in the settings to the one of the intake",
    )
}

fn plan(args: &SimulateArgs, settings: &Settings) -> Plan {
    let people = args.people.get();
    let configured = settings
        .rooms
        .iter()
        .map(|room| RoomPlan { number: room.meeting_id.clone(), topic: room.name.clone() });
    let rooms = match settings.rooms.is_empty() {
        true => RoomPlan::invented(args.rooms.get()),
        false => configured.collect(),
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
        odds: Odds::REALISTIC,
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn parse(flags: &[&str]) -> Result<SimulateArgs, String> {
        let line = ["simulate", "--url", "http://127.0.0.1:1/"].iter().chain(flags);
        Line::try_parse_from(line).map(|line| line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_are_read_once_and_say_what_they_want() {
        let args =
            parse(&["--rate", "2.5", "--duration", "10m", "--start", "2026-01-05T20:00:00Z"])
                .expect("all is well");
        assert_eq!(args.rate, Some(Rate { per_1000_s: 2_500 }));
        assert_eq!(args.rate.map(Rate::gap), Some(Duration::from_millis(400)));
        assert_eq!(args.duration, Some(Duration::from_secs(600)));
        assert_eq!(args.start, Some(Moment::from_seconds(1_767_643_200)));

        #[rustfmt::skip]
        let cases = [
            // what is wrong          flags                  said
            ("no rate",               ["--rate", "0"],       "use a number from 0.001 to 1000000"),
            ("a negative rate",       ["--rate=-1", ""],     "use a number from 0.001 to 1000000"),
            ("no number",             ["--rate", "NaN"],     "use a number from 0.001 to 1000000"),
            ("nobody",                ["--people", "0"],     "write a whole number from 1 up"),
            ("a word for a number",   ["--seed", "dice"],    "write a whole number from 0 up"),
            ("a time without unit",   ["--duration", "5"],   "`5` has no unit; write for example `5m`"),
            ("a date without time",   ["--start", "today"],  "write date, time and zone, such as 2026-01-05T20:00:00Z"),
        ];
        for (what, flags, said) in cases {
            let error = parse(&flags).expect_err(what);
            assert!(error.contains(said), "{what}: {error}");
        }
    }
}
