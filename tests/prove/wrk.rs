//! `wrk`, the load generator: on each connection the next request as soon as the last one is
//! answered. It is written in C and takes little of the machine, which it shares with the server.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::client::{Delivery, deliveries, some_room};
use crate::support::Lookout;

/// Reads the requests one after the other, then again from the first; says what came of it.
const SCRIPT: &str = include_str!("requests.lua");

/// What `wrk` found.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Answers of the wanted kind, 2xx.
    pub answered: u64,
    /// All other answers, and requests without any.
    pub failed: u64,
    /// For so long.
    pub elapsed: Duration,
    /// 99 % of answers took no longer.
    pub p99: Duration,
}

impl Found {
    /// Answers a second.
    pub fn per_second(self) -> f64 {
        self.answered as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends `requests` on so many `connections` for so long.
#[track_caller]
pub fn run(address: SocketAddr, requests: &Requests, connections: u32, time: Duration) -> Found {
    let mut command = Command::new("wrk");
    command.args(["--threads", "1", "--latency", "--timeout", "3s", "--script"]);
    command.arg(&requests.script).args(["--connections", &connections.to_string()]);
    command.args(["--duration", &format!("{}s", time.as_secs())]);
    command.args([&format!("http://{address}/"), "--"]).arg(&requests.file);
    let output = command.output().expect("`wrk` is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    let found = said.lines().find_map(|line| line.strip_prefix("found "));
    let found =
        found.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<u64> = found.split(' ').map(|n| n.parse().expect("a number")).collect();
    let [all, failed, elapsed_us, p99_us] = numbers[..] else { panic!("found {found}") };
    Found {
        answered: all - failed,
        failed,
        elapsed: Duration::from_micros(elapsed_us),
        p99: Duration::from_micros(p99_us),
    }
}

/// Requests in a file, and the script that reads them.
pub struct Requests {
    script: PathBuf,
    file: PathBuf,
}

impl Requests {
    /// Writes `requests` into `directory`.
    pub fn write(directory: &Path, requests: impl IntoIterator<Item = Delivery>) -> Self {
        let (script, file) = (directory.join("requests.lua"), directory.join("requests"));
        std::fs::write(&script, SCRIPT).expect("written");
        let mut out = BufWriter::new(File::create(&file).expect("created"));
        for Delivery { request, .. } in requests {
            write!(out, "{:8}", request.len()).expect("written");
            out.write_all(&request).expect("written");
        }
        out.flush().expect("written");
        Self { script, file }
    }
}

/// Events a second that `lookout` stores, sent on so many `connections`.
#[track_caller]
pub fn capacity(lookout: &Lookout, connections: u32, time: Duration) -> f64 {
    // More than it can take in that time, so that none comes twice.
    let requests = Requests::write(lookout.dir.path(), deliveries(100, some_room(), 50_000));
    let found = run(lookout.public(), &requests, connections, time);
    assert_eq!(found.failed, 0, "{found:?}");
    assert_eq!(lookout.metric("lookout_events_redelivered_total"), 0, "prepare more deliveries");
    found.per_second()
}
