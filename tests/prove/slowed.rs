//! Machines that are slow: a client on the same machine can send five times too much only to
//! them.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::Lookout;
use crate::support::lookout::program;

/// A process runs for so long …
const RUNS: Duration = Duration::from_millis(1);

/// … and is stopped for so long, again and again: the machine is a twentieth as fast.
const STOPS: Duration = Duration::from_millis(19);

/// A process that is stopped most of the time, until this is dropped.
pub struct Slowed {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Slowed {
    /// Slows down the process `id`.
    pub fn down(id: u32) -> Self {
        let id = Pid::from_raw(i32::try_from(id).expect("ids are small"));
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            // Where it has ended, there is nothing to slow down.
            while !told.load(Ordering::Relaxed) {
                let _ = kill(id, Signal::SIGSTOP);
                thread::sleep(STOPS);
                let _ = kill(id, Signal::SIGCONT);
                thread::sleep(RUNS);
            }
        });
        Self { is_over, thread: Some(thread) }
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// From now on `lookout` runs on a disk that takes a quarter of a second for a sync.
#[track_caller]
pub fn slow_disk(lookout: &mut Lookout) {
    let (source, library) = (lookout.path("slow_sync.c"), lookout.path("slow_sync.so"));
    std::fs::write(&source, include_str!("slow_sync.c")).expect("written");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .status();
    assert!(compiled.expect("there is a C compiler").success());
    let preload = format!("LD_PRELOAD={}", library.display());
    lookout.run_instead(vec!["/usr/bin/env".into(), preload.into(), program().into()]);
}
