//! A process on a machine that is a twentieth as fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// It runs for so long …
const RUNS: Duration = Duration::from_millis(1);

/// … and is stopped for so long, again and again.
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
