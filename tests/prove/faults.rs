//! Each system call that touches our files fails once.
//!
//! A first run is traced, to see which calls there are; then each of them fails in a run of its own.
//! strace counts calls for each thread apart, so in a run the same place may fail in several of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic;
use std::path::Path;
use std::thread;
use std::time::Duration;

use lookout::zoom::Key;
use tempfile::TempDir;

use crate::disk::left_over;
use crate::proof::Length;
use crate::support::Lookout;
use crate::support::lookout::{WEBHOOK, now, program, signed, until};
use crate::support::replay::differences_from_a_replay;
use crate::support::stored::Stored;

/// What fails, and how.
#[rustfmt::skip]
const CALLS: [(&str, &str); 17] = [
    ("openat",     "EMFILE"),
    ("read",       "EIO"),
    ("pread64",    "EIO"),
    ("write",      "EIO"),
    ("pwrite64",   "ENOSPC"),
    ("fsync",      "EIO"),
    ("fdatasync",  "EIO"),
    ("syncfs",     "EIO"),
    ("ftruncate",  "EIO"),
    ("rename",     "EIO"),
    ("unlink",     "EIO"),
    ("mkdir",      "EIO"),
    ("fchmod",     "EIO"),
    ("utimensat",  "EIO"),
    ("flock",      "EIO"),
    ("fcntl",      "EIO"),
    ("statx",      "EIO"),
];

/// Who comes while calls fail.
const NAMES: [&str; 4] = ["Barbara", "Edsger", "Donald", "Frances"];

/// A quick proof lets so many calls pass for each one that fails.
const STEP: usize = 12;

pub fn each_call(length: Length) -> String {
    let (mut faults, mut restarts, mut refused) = (0, 0, 0);
    let mut failed = Vec::new();
    for (call, error) in CALLS {
        let places = places_of(call);
        for place in places.iter().skip(faults % STEP).step_by(length.pick(STEP, 1)) {
            let fault = format!("inject={call}:error={error}:when={place}");
            faults += 1;
            // The other places are tried all the same: each failure says something else.
            let Ok(outcome) = panic::catch_unwind(|| Run::new(&fault).finish()) else {
                failed.push(fault);
                continue;
            };
            restarts += usize::from(outcome.restarted);
            refused += outcome.refused;
        }
    }
    assert!(faults > CALLS.len(), "only {faults} calls failed");
    assert!(failed.is_empty(), "of {faults} calls, these did harm: {}", failed.join(", "));
    format!(
        "{faults} calls failed, one place in a run: {refused} deliveries were refused and taken when they came \
         again, {restarts} processes ended and were started again; 0 acknowledged lost or twice, 0 files left \
         over, each site that of a replay in the end"
    )
}

/// Which calls of a thread, counted from 1, concern the installation's files.
fn places_of(call: &str) -> BTreeSet<usize> {
    // Not beside the settings: there, the program sees each line that strace writes of its looking.
    let traced = TempDir::new().expect("a temporary directory");
    let trace = traced.path().join("trace").display().to_string();
    let run = Run::with(|| {
        // With `-D`, a signal reaches the program itself: as its parent, strace ignores it.
        let options = ["-D", "-ff", "-y", "-o", &trace, "-e"].map(str::to_owned);
        options.into_iter().chain([format!("trace={call}")]).collect()
    });
    let lookout = run.finish().lookout;
    let directory = lookout.dir.path().display().to_string();
    let mut traces = Vec::new();
    // strace outlives the program.
    let is_whole = until(|| {
        traces = traces_in(traced.path());
        !traces.is_empty() && traces.iter().all(|trace| trace.contains("+++ exited with"))
    });
    assert!(is_whole, "strace does not end");
    let mut places = BTreeSet::new();
    for trace in &traces {
        let calls = trace.lines().filter(|line| line.starts_with(&format!("{call}(")));
        let numbered = calls.enumerate().filter(|(_, line)| concerns(line, &directory));
        places.extend(numbered.map(|(n, _)| n + 1));
    }
    places
}

/// What strace wrote of each thread.
fn traces_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there").flatten();
    let is_trace = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("trace.");
    let bytes = entries.filter(is_trace).map(|entry| fs::read(entry.path()).expect("readable"));
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

/// Whether a traced call is about a file below `directory`, which is the working directory, too.
fn concerns(line: &str, directory: &str) -> bool {
    let line = line.replace(&format!("AT_FDCWD<{directory}>"), "");
    line.contains(&format!("{directory}/")) || line.contains("\"site") || line.contains("\"data")
}

/// An installation with a history, whose `serve` runs with something that fails.
struct Run {
    lookout: Lookout,
    address: SocketAddr,
    fault: String,
    restarted: bool,
    refused: usize,
    acknowledged: BTreeSet<String>,
}

impl Run {
    fn new(fault: &str) -> Self {
        let mut run = Self::with(|| {
            ["-D", "-qq", "-f", "-o", "/dev/null", "-e", "signal=none", "-e", fault]
                .map(str::to_owned)
                .into()
        });
        fault.clone_into(&mut run.fault);
        run
    }

    fn with(options: impl Fn() -> Vec<String>) -> Self {
        let mut lookout = Lookout::new();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = port.expect("there is a free port");
        lookout.listen_on(address);
        let before: Vec<_> = ["Ada", "Grace"].iter().map(|name| joined(name)).collect();
        fs::write(lookout.path("before.jsonl"), before.join("\n")).expect("written");
        lookout.ok(&["import", "before.jsonl"]);
        lookout.ok(&["build"]);
        let strace = ["strace", "-s", "0"].map(OsString::from);
        let command = strace.into_iter().chain(options().into_iter().map(OsString::from));
        lookout.run_instead(command.chain([program().into()]).collect());
        lookout.begin_to_serve();
        let (fault, acknowledged) = (String::new(), BTreeSet::new());
        Self { lookout, address, fault, restarted: false, refused: 0, acknowledged }
    }

    /// Delivers, as often as Zoom would and more often, stops, and looks what is there.
    fn finish(mut self) -> Self {
        for name in NAMES {
            self.deliver(&joined(name));
        }
        let last = NAMES[NAMES.len() - 1];
        // A lock that is not released costs the time that SQLite waits for one, 30 s.
        let is_shown = (0..3).any(|_| {
            until(|| {
                self.restart_if_ended();
                self.lookout.csv().contains(last)
            })
        });
        let fault = self.fault.clone();
        assert!(is_shown, "{fault}: the page stays without {last}: {}", self.lookout.log());
        if self.lookout.has_ended() {
            self.lookout.kill();
        } else {
            self.lookout.stop();
        }
        self.lookout.run_instead(vec![program().into()]);
        let stored = Stored::open(&self.lookout.path("data/lookout.db")).expect("a journal");
        let (keys, _) = stored.keys_behind(0).expect("readable, and no event twice");
        assert!(self.acknowledged.is_subset(&keys), "{fault}: an acknowledged event is lost");
        assert_eq!(stored.damage(), "", "{fault}");
        drop(stored);
        let differing = differences_from_a_replay(&self.lookout);
        assert!(differing.is_empty(), "{fault}: these files differ from a replay's: {differing:?}");
        for place in ["site", "data"] {
            let left = temporary(&self.lookout.path(place));
            assert!(left.is_empty(), "{fault}: left over: {left:?}");
        }
        self
    }

    fn deliver(&mut self, body: &str) {
        let is_taken = until(|| {
            self.restart_if_ended();
            if TcpStream::connect(self.address).is_err() {
                thread::sleep(Duration::from_millis(20));
                return false;
            }
            match signed(WEBHOOK, body.as_bytes(), now()).try_send(self.address) {
                Ok(reply) if reply.status == 204 => true,
                answer => {
                    let status = answer.map(|reply| reply.status).unwrap_or_default();
                    assert!([0, 503].contains(&status), "{}: {status} loses it", self.fault);
                    self.refused += 1;
                    thread::sleep(Duration::from_millis(20));
                    false
                }
            }
        });
        assert!(is_taken, "{}: a delivery is never taken: {}", self.fault, self.lookout.log());
        self.acknowledged.insert(Key::of(body.as_bytes()).to_string());
    }

    /// As systemd does.
    fn restart_if_ended(&mut self) {
        if self.lookout.has_ended() {
            assert!(!self.restarted, "{}: it ends although nothing fails", self.fault);
            self.restarted = true;
            self.lookout.kill();
            self.lookout.run_instead(vec![program().into()]);
            self.lookout.begin_to_serve();
        }
    }
}

/// What only lives as long as it is written.
fn temporary(directory: &Path) -> Vec<String> {
    let mut left: Vec<_> =
        left_over(directory).iter().map(|path| path.display().to_string()).collect();
    let entries = fs::read_dir(directory).expect("it is there").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_temporary =
        |name: &String| name.starts_with(".lookout-") && name != ".lookout-manifest.json";
    left.extend(names.filter(is_temporary));
    left
}

fn joined(name: &str) -> String {
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{}000,"payload":{{"object":{{"uuid":"m","id":"42","participant":{{"user_id":"{name}","user_name":"{name}"}}}}}}}}"#,
        now()
    )
}
