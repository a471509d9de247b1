//! What a command costs.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Lookout;

/// Time and memory of one command.
pub struct Cost {
    pub time: Duration,
    /// The most memory it held, in MiB.
    pub memory_mib: u64,
}

/// Runs `lookout` with `arguments`, which has to succeed.
#[track_caller]
pub fn cost(lookout: &Lookout, arguments: &[&str]) -> Cost {
    let begun = Instant::now();
    let mut command = lookout.command(arguments);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut memory_kib = 0;
    let ended = loop {
        let found = fs::read_to_string(&status).unwrap_or_default();
        let line = found.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        memory_kib = kib.unwrap_or(0).max(memory_kib);
        match child.try_wait().expect("it can be waited for") {
            Some(ended) => break ended,
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(ended.success(), "{arguments:?} failed");
    Cost { time: begun.elapsed(), memory_mib: memory_kib / 1024 }
}
