//! What was acknowledged survives, whatever happens to the process.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use lookout::time::moment::Moment;

use crate::support::Lookout;
use crate::support::lookout::{now, until};
use crate::support::replay::differences_from_a_replay;

/// 50 days of 500 people.
const EVENTS: usize = 100_000;
const DAYS: i64 = 50;

/// A running `simulate`, which ends with the test.
struct Simulation(Child);

impl Drop for Simulation {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts `simulate` with a story that ends about now.
fn simulate(lookout: &Lookout) -> Simulation {
    let url = format!("http://{}/webhooks/zoom", lookout.public());
    let start = Moment::from_seconds(now() - (DAYS - 1) * 86_400).to_string();
    let events = EVENTS.to_string();
    let child = lookout
        .command(&[
            "simulate", "--url", &url, "--events", &events, "--people", "500", "--seed", "1",
        ])
        .args(["--start", &start, "--acknowledged", "acknowledged", "--give-up-after", "1m"])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    Simulation(child)
}

fn acknowledged(lookout: &Lookout) -> BTreeSet<String> {
    let lines = fs::read_to_string(lookout.path("acknowledged")).unwrap_or_default();
    // The last line may be half written while it is looked at.
    lines.lines().filter(|line| line.len() == 64).map(str::to_owned).collect()
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9_and_the_site_is_that_of_a_replay() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.keep_address();
    let mut simulation = simulate(&lookout);
    for part in 1..=3 {
        let enough = || acknowledged(&lookout).len() > part * EVENTS / 5;
        let enough = (0..10).any(|_| until(enough));
        assert!(enough, "the simulation goes on");
        lookout.kill();
        // Meanwhile deliveries find nobody, as they would; and once it dies as it begins.
        thread::sleep(Duration::from_millis(300));
        lookout.begin_to_serve();
        thread::sleep(Duration::from_millis(10 * part as u64));
        lookout.kill();
        lookout.serve();
    }
    let status = simulation.0.wait().expect("it ends");
    assert!(status.success(), "every delivery is answered in the end");

    let (acknowledged, exported) = (acknowledged(&lookout), lookout.exported_keys());
    assert!(acknowledged.len() > EVENTS * 9 / 10, "{} acknowledged", acknowledged.len());
    let lost: Vec<_> = acknowledged.difference(&exported).collect();
    assert!(lost.is_empty(), "{} acknowledged events are lost", lost.len());

    lookout.stop();
    let differing = differences_from_a_replay(&lookout);
    assert!(differing.is_empty(), "these files differ from a replay's: {differing:?}");
}

#[test]
fn a_request_under_way_is_answered_before_the_service_ends() {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use crate::support::http::{connect, read_reply};
    use crate::support::lookout::{WEBHOOK, signed};

    let mut lookout = Lookout::new();
    lookout.serve();
    let body = join("Ada");
    let body = body.as_bytes();
    let request = signed(WEBHOOK, body, now());
    let mut stream = connect(lookout.public()).expect("it listens");
    let mut head =
        format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("it waits for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let address = lookout.public();
    thread::scope(|scope| {
        let finishing = scope.spawn(move || {
            // It stops once nobody else is taken.
            assert!(until(|| TcpStream::connect(address).is_err()));
            stream.write_all(body).expect("sent");
            read_reply(stream).expect("an answer").status
        });
        let log = lookout.stop();
        assert_eq!(finishing.join().expect("no panic"), 204, "{log}");
    });
    assert_eq!(lookout.exported_keys().len(), 1);
    assert!(lookout.csv().contains("Ada"), "what was stored last is published");
}

#[test]
fn what_arrives_while_changes_gather_is_published_before_the_service_ends() {
    let mut lookout = Lookout::new();
    lookout.serve();
    for name in ["Ada", "Grace", "Edsger"] {
        assert_eq!(lookout.deliver(join(name).as_bytes()).status, 204);
        lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains(name));
    }
    assert_eq!(lookout.deliver(join("Barbara").as_bytes()).status, 204);
    lookout.stop();
    assert!(lookout.csv().contains("Barbara"), "{}", lookout.csv());
}

/// Somebody joins now.
fn join(name: &str) -> String {
    let time = Moment::from_seconds(now());
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{time}"}}}}}}}}"#
    )
}
