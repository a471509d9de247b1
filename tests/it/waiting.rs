//! `check --wait`, beside a running `serve`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::{Lookout, Request};

const SETTINGS: &str = "[site]\nbase_url = \"https://lounge.example\"\n";

/// A running `check --wait`.
struct Waiting {
    child: Child,
    lines: BufReader<ChildStdout>,
    said: String,
}

impl Waiting {
    fn start(lookout: &Lookout) -> Self {
        let child = lookout.command(&["check", "--wait"]).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut waiting = Self { child, lines, said: String::new() };
        waiting.hear("Waiting for Zoom at");
        waiting
    }

    /// Reads lines until one contains `text`.
    #[track_caller]
    fn hear(&mut self, text: &str) {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).expect("it can be read");
            assert!(!line.is_empty(), "it ended without `{text}`:\n{}", self.said);
            self.said += &line;
            if line.contains(text) {
                return;
            }
        }
    }

    /// Whether it ended well, and all that it said.
    fn end(mut self) -> (Option<i32>, String) {
        while self.lines.read_line(&mut self.said).expect("it can be read") > 0 {}
        (self.child.wait().expect("it ends").code(), self.said)
    }
}

/// A running `serve` that keeps its addresses, and `check --wait` beside it.
fn beside(settings: &str) -> (Lookout, Waiting) {
    let mut lookout = Lookout::with_settings(settings);
    lookout.serve();
    lookout.keep_address();
    keep_admin(&lookout);
    let waiting = Waiting::start(&lookout);
    (lookout, waiting)
}

fn keep_admin(lookout: &Lookout) {
    let path = lookout.path("lookout.toml");
    let settings = fs::read_to_string(&path).expect("readable");
    let fixed = settings.replacen("127.0.0.1:0", &lookout.admin().to_string(), 1);
    fs::write(path, fixed).expect("written");
}

fn event(kind: &str, participant: &str) -> Vec<u8> {
    let at = lookout::time::clock::now_ms();
    format!(
        r#"{{"event":"meeting.{kind}","event_ts":{at},"payload":{{"object":{{"uuid":"m","id":"81234567890","participant":{{{participant}}}}}}}}}"#
    )
    .into_bytes()
}

#[test]
fn what_arrives_is_explained_until_somebody_joins() {
    let rooms = "[[rooms]]\nmeeting_id = \"1\"\nname = \"Lounge\"\n";
    let (lookout, mut waiting) = beside(&format!("{SETTINGS}{rooms}"));
    let send = |body: &[u8], seconds| signed(WEBHOOK, body, seconds).send(lookout.public()).status;

    let challenge =
        br#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
    assert_eq!(send(challenge, now()), 200);
    waiting.hear("✓ validated");

    let mut forged = signed(WEBHOOK, challenge, now());
    forged.body = b"{}";
    assert_eq!(forged.send(lookout.public()).status, 401);
    waiting.hear("✗ secret");
    assert_eq!(Request::post(WEBHOOK, b"{}").send(lookout.public()).status, 401);
    waiting.hear("! unsigned");

    assert_eq!(send(&event("started", ""), now() - 10_000), 503);
    waiting.hear("✗ clock");
    assert_eq!(send(&event("started", ""), now()), 204);
    waiting.hear("✓ started");
    assert_eq!(send(b"no JSON", now()), 204);
    waiting.hear("! odd");
    assert_eq!(send(&event("chat_message_sent", ""), now()), 204);
    waiting.hear("✓ other");

    let ada = r#""user_id":"1","user_name":"Ada \"the\" \u001b[1mByron""#;
    assert_eq!(send(&event("participant_joined", ada), now()), 204);
    let (code, said) = waiting.end();
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_correction_of_the_settings_counts_at_once_and_a_shown_join_ends_it_well() {
    let (lookout, mut waiting) = beside(SETTINGS);
    let body = event("started", "");
    assert_eq!(lookout.deliver(&body).status, 204);
    waiting.hear("✓ started");
    let path = lookout.path("lookout.toml");
    let settings = fs::read_to_string(&path).expect("readable");
    fs::write(path, format!("{settings}[privacy]\npublish = [\"Ada\"]\n")).expect("written");
    let body = event("participant_joined", r#""user_id":"1","user_name":"Ada""#);
    assert_eq!(lookout.deliver(&body).status, 204);
    let (code, said) = waiting.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("✓ joined    `Ada` came into meeting 81234567890, and is on the page"),
        "{said}"
    );
    assert!(
        said.contains("✓ next      nothing: look at https://lounge.example/lookout/"),
        "{said}"
    );
}

#[test]
fn without_a_running_lookout_it_says_so_and_ctrl_c_ends_it() {
    let (mut lookout, waiting) = beside(SETTINGS);
    drop(waiting.interrupted());
    lookout.stop();
    let mut waiting = Waiting::start(&lookout);
    waiting.hear("✗ lookout");
    lookout.begin_to_serve();
    waiting.hear("✓ lookout   runs now");
    let (code, said) = waiting.interrupted();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("! next      nothing came from Zoom"), "{said}");
}

impl Waiting {
    /// The same as [`Waiting::end`], after a Ctrl-C.
    fn interrupted(self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
        assert!(sent.success());
        self.end()
    }
}
