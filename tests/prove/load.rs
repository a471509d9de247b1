//! Load: `simulate` at a steady rate, however slow the answers are.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::Lookout;
use crate::support::lookout::WEBHOOK;

/// Deliveries a second.
pub const RATE: u32 = 200;

/// A running `simulate`, which ends with the proof.
pub struct Load {
    /// Where it notes what was acknowledged.
    pub ledger: PathBuf,
    child: Child,
}

/// What it was answered.
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
    /// Begins; each `seed` tells another story.
    pub fn start(lookout: &Lookout, seed: u32, duration: Duration) -> Self {
        Self::start_at(RATE, lookout, seed, duration)
    }

    /// Begins, with so many deliveries a second.
    pub fn start_at(rate: u32, lookout: &Lookout, seed: u32, duration: Duration) -> Self {
        let ledger = lookout.path(&format!("acknowledged-{seed}"));
        let url = format!("http://{}{WEBHOOK}", lookout.public());
        let (rate, seed) = (rate.to_string(), seed.to_string());
        let duration = format!("{}s", duration.as_secs());
        let mut command = lookout.command(&["simulate", "--url", &url, "--people", "500"]);
        command.args(["--rate", &rate, "--seed", &seed, "--duration", &duration]);
        let child = command.arg("--acknowledged").arg(&ledger).stdout(Stdio::piped()).spawn();
        Self { ledger, child: child.expect("the program starts") }
    }

    /// What was acknowledged by now.
    pub fn acknowledged(&self) -> BTreeSet<String> {
        let lines = fs::read_to_string(&self.ledger).unwrap_or_default();
        // The last line may be half written while it is looked at.
        lines.lines().filter(|line| line.len() == 64).map(str::to_owned).collect()
    }

    /// Sends no more, and waits for the answers to what is under way.
    #[track_caller]
    pub fn stop(self) -> Answered {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(told.success());
        self.finish()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Answered {
        let mut said = String::new();
        let stdout = self.child.stdout.as_mut().expect("it is piped");
        stdout.read_to_string(&mut said).expect("readable");
        drop(self.child.wait());
        let count = |what: &str| -> u64 {
            let line = said.lines().find_map(|line| line.trim_start().strip_prefix(what));
            line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
        };
        let attempts = said.lines().skip_while(|line| *line != "attempts").skip(1);
        let unwanted = attempts.filter(|line| line.starts_with("  ") && !line.starts_with("  204"));
        let p99 = said.rsplit_once(" (p50), ").and_then(|(_, rest)| rest.split_once(" (p99)"));
        let acknowledged = count("acknowledged");
        let lost = count("refused for good") + count("given up");
        Answered {
            keys: self.acknowledged(),
            deliveries: acknowledged + lost,
            refusals: unwanted
                .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
                .sum(),
            lost,
            p99: p99.map_or_else(|| panic!("`simulate` said\n{said}"), |(p99, _)| p99.to_owned()),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
