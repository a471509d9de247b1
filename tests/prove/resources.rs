//! What a command costs, and a process that runs.

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
    let mut memory_mib = 0;
    let ended = loop {
        memory_mib = peak_memory_mib(child.id()).max(memory_mib);
        match child.try_wait().expect("it can be waited for") {
            Some(ended) => break ended,
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(ended.success(), "{arguments:?} failed");
    Cost { time: begun.elapsed(), memory_mib }
}

/// The most memory that the process `id` ever held, in MiB; 0 where there is none.
pub fn peak_memory_mib(id: u32) -> u64 {
    status_mib(id, "VmHWM:")
}

/// What it holds now.
pub fn memory_mib(id: u32) -> u64 {
    status_mib(id, "VmRSS:")
}

fn status_mib(id: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
