//! A real Chromium looks at the demo.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::support::Lookout;
use crate::support::browser::look_at;

/// A running `lookout demo`, which ends with the test.
struct Demo {
    child: Child,
    url: String,
}

impl Demo {
    fn start() -> Self {
        let mut child = Lookout::new()
            .command(&["demo", "--listen", "127.0.0.1:0"])
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("it prints the URL");
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_browser_shows_people_and_sees_a_change_arrive_without_complaint() {
    let demo = Demo::start();
    let output = look_at(&demo.url).wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
}
