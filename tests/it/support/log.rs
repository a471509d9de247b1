//! What a running program says on stderr.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::lookout::PATIENCE;

/// Its lines, as they come.
pub struct Log {
    /// What was said until it listened.
    beginning: String,
    lines: Mutex<Receiver<String>>,
}

impl Log {
    /// Follows `stderr` from now on.
    pub fn of(stderr: impl Read + Send + 'static) -> Self {
        let (lines_in, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if lines_in.send(line).is_err() {
                    break;
                }
            }
        });
        Self { beginning: String::new(), lines: Mutex::new(lines) }
    }

    /// The address in the line that says `what`, once it is there.
    #[track_caller]
    pub fn address_after(&mut self, what: &str) -> SocketAddr {
        loop {
            let line = self.lines.get_mut().expect("nobody panicked").recv_timeout(PATIENCE);
            let Ok(line) = line else {
                panic!("it never said `{what}`, only:\n{}", self.beginning);
            };
            self.beginning += &line;
            self.beginning.push('\n');
            if let Some((_, rest)) = line.split_once(what) {
                let address = rest.trim().trim_start_matches("http://");
                let address = address.split(['/', '"']).next().expect("an address");
                return address.parse().expect("an address");
            }
        }
    }

    /// What it said since it listens, or since it was asked last, as far as it is there.
    pub fn news(&self) -> String {
        let lines = self.lines.lock().expect("nobody panicked");
        lines.try_iter().collect::<Vec<_>>().join("\n")
    }

    /// All that it said until its end, but for what was asked for before.
    pub fn whole(self) -> String {
        let lines = self.lines.into_inner().expect("nobody panicked");
        self.beginning + &lines.iter().collect::<Vec<_>>().join("\n")
    }
}
