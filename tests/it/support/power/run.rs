//! An intake under load, its system calls written down, from its first life to its last.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::trace::CALLS;
use crate::support::Lookout;
use crate::support::lookout::{PATIENCE, WEBHOOK, now, signed, until};
use crate::support::nginx::free_address;

/// What is not acknowledged is delivered again after so long.
const AGAIN: Duration = Duration::from_millis(20);

/// A life that its faults do not end is ended after so long.
const LONGEST_LIFE: Duration = Duration::from_secs(20);

/// How an intake is run and spoken to.
pub struct Run<'a> {
    pub program: &'a Path,
    /// The faults of each life, as `strace` wants them written. Those of all but the last are
    /// to kill it, and it is started again.
    pub lives: &'a [Vec<String>],
    /// So many deliver at the same time,
    pub senders: usize,
    /// so many events each, and more until the last life has begun.
    pub events: usize,
}

/// Deliveries, each made again until it is acknowledged.
struct Load {
    to: SocketAddr,
    /// So many from each sender at least.
    events: usize,
    is_last_life: AtomicBool,
    refusals: AtomicUsize,
}

impl Run<'_> {
    /// Lives all its lives in `lookout`: where `strace` wrote down each, and how often a
    /// delivery was not acknowledged.
    #[track_caller]
    pub(super) fn traced(&self, lookout: &mut Lookout) -> (Vec<PathBuf>, usize) {
        // What is killed as it starts has no time to tell its address.
        let to = free_address();
        lookout.listen_on(to);
        let load = Load { to, events: self.events, is_last_life: false.into(), refusals: 0.into() };
        let (last, first) = self.lives.split_last().expect("it lives once at least");
        let traces = (0..self.lives.len()).map(|life| lookout.path(&format!("trace-{life}")));
        let traces: Vec<_> = traces.collect();
        thread::scope(|scope| {
            let load = &load;
            let senders = (0..self.senders).map(|sender| scope.spawn(move || load.deliver(sender)));
            let senders: Vec<_> = senders.collect();
            for (faults, trace) in first.iter().zip(&traces) {
                lookout.run_instead(self.traced_into(trace, faults));
                lookout.begin_intake();
                let begun = Instant::now();
                until(|| lookout.has_ended() || begun.elapsed() > LONGEST_LIFE);
                lookout.kill();
            }
            lookout.run_instead(self.traced_into(&traces[first.len()], last));
            lookout.intake();
            load.is_last_life.store(true, Ordering::Relaxed);
            senders.into_iter().for_each(|sender| sender.join().expect("it delivered"));
            lookout.stop();
        });
        (traces, load.refusals.into_inner())
    }

    /// The command that runs the program with `faults` and traces it into `file`.
    fn traced_into(&self, file: &Path, faults: &[String]) -> Vec<OsString> {
        let trace = format!("trace={CALLS}");
        let options = ["strace", "-D", "-f", "-xx", "-s", "9999999", "-q"];
        let mut command: Vec<OsString> = options.map(OsString::from).into();
        // It is quicker, but loses signals that are injected.
        if !faults.iter().any(|fault| fault.contains("signal=")) {
            command.push("--seccomp-bpf".into());
        }
        command.extend(["-e", "signal=KILL", "-e", &trace].map(OsString::from));
        command.extend(faults.iter().flat_map(|fault| ["-e", fault]).map(OsString::from));
        command.extend([OsString::from("-o"), file.into(), self.program.into()]);
        command
    }
}

impl Load {
    fn deliver(&self, sender: usize) {
        let is_enough = |number| number >= self.events && self.is_last_life.load(Ordering::Relaxed);
        for number in (0..).take_while(|number| !is_enough(*number)) {
            let body = format!(r#"{{"event":"some.event","from":{sender},"number":{number}}}"#);
            let is_taken = || {
                let reply = signed(WEBHOOK, body.as_bytes(), now()).try_send(self.to);
                reply.is_ok_and(|reply| reply.status == 204)
            };
            let begun = Instant::now();
            while !is_taken() {
                assert!(begun.elapsed() < PATIENCE, "it is taken some time");
                self.refusals.fetch_add(1, Ordering::Relaxed);
                thread::sleep(AGAIN);
            }
        }
    }
}

/// What is in the trace at `file`, once it is whole.
#[track_caller]
pub(super) fn read(file: &Path) -> String {
    let read = || fs::read_to_string(file).unwrap_or_default();
    // `strace` ends a moment after what it traces.
    let is_whole = until(|| read().lines().last().is_some_and(|line| line.contains("+++")));
    assert!(is_whole, "the trace ends");
    read()
}
