//! What a proof is, and how it is told what came of it.

use std::fs;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use lookout::time::clock;

/// Something to be shown.
pub struct Proof {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What holds if it succeeds.
    pub shows: &'static str,
    /// Shows it, and says what was found; panics where it does not hold.
    pub run: fn(Length) -> String,
}

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Enough to see that nothing broke.
    Quick,
    /// What the guide speaks of.
    Full,
}

impl Length {
    /// The one of two values that this length has.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// Prints what there is.
pub fn list(proofs: &[Proof]) {
    for Proof { name, shows, .. } in proofs {
        println!("{name:<20} {shows}");
    }
}

/// Runs `proofs` one after the other; prints a line for each, and a table at the end.
pub fn run(proofs: &[&Proof], length: Length) -> ExitCode {
    let mut rows = Vec::new();
    let mut all_hold = true;
    for Proof { name, shows, run } in proofs {
        println!("… {name}: {shows}");
        let begun = Instant::now();
        let outcome = catch_unwind(|| run(length));
        let seconds = begun.elapsed().as_secs();
        all_hold &= outcome.is_ok();
        let (mark, found) = match outcome {
            Ok(found) => ('✓', found),
            Err(panic) => ('✗', said(&*panic)),
        };
        println!("{mark} {name}, {seconds} s: {found}");
        rows.push(format!("| {mark} `{name}` | {shows} | {} |", in_a_cell(&found)));
    }
    println!("\n{}\n\n| proof | shows | found |\n|---|---|---|", circumstances(length));
    rows.iter().for_each(|row| println!("{row}"));
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// When, on what, and by which command.
fn circumstances(length: Length) -> String {
    let now = clock::now().to_string();
    let cores = available_parallelism().map_or(0, usize::from);
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("", |(_, model)| model);
    let option = length.pick("--quick", "--full");
    format!(
        "`tests/prove.sh {option}`, {}, {cores} cores ({model}), load {}",
        now.split('T').next().unwrap_or_default(),
        fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("?"),
    )
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// The first line of `text`, as a table takes it.
fn in_a_cell(text: &str) -> String {
    text.lines().next().unwrap_or_default().replace('|', "\\|")
}

/// A duration in milliseconds or seconds, whichever reads better.
pub fn shown(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// A duration in milliseconds, to the tenth.
pub fn in_ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
