//! What was acknowledged survives, whatever happens to the process.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lookout::config::Secret;
use lookout::time::moment::Moment;
use tokio::runtime::Runtime;

use crate::simulate::load::{AckLog, Options, Pacing, Summary, send};
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::Lookout;
use crate::support::lookout::{SECRET, WEBHOOK, now, signed, until};
use crate::support::replay::differences_from_a_replay;

/// 50 days of 500 people.
const EVENTS: usize = 100_000;
const DAYS: i64 = 50;

/// Starts to send a story that ends about now, in a thread of its own.
fn send_story(lookout: &Lookout) -> JoinHandle<anyhow::Result<Summary>> {
    let options = Options {
        url: format!("http://{}{WEBHOOK}", lookout.public()).parse().expect("a URL"),
        secret: Secret::new(SECRET).expect("not empty"),
        concurrency: NonZeroUsize::new(64).expect("not 0"),
        pacing: Pacing::AsAnswered,
        events: Some(EVENTS as u64),
        duration: None,
        give_up_after: Duration::from_secs(60),
        ack_log: Some(AckLog::create(&lookout.path("acknowledged")).expect("created")),
    };
    let people = 500;
    let story = Story::new(Plan {
        seed: 1,
        people,
        rooms: RoomPlan::invented(1),
        start: Moment::from_seconds(now() - (DAYS - 1) * 86_400),
        already_in: 0,
        pace: Pace::realistic(people),
        probabilities: Probabilities::REALISTIC,
    });
    thread::spawn(|| {
        Runtime::new().expect("it starts").block_on(send(options, story, std::future::pending()))
    })
}

fn acknowledged(lookout: &Lookout) -> BTreeSet<String> {
    let lines = fs::read_to_string(lookout.path("acknowledged")).unwrap_or_default();
    // The last line may be incomplete.
    lines.lines().filter(|line| line.len() == 64).map(str::to_owned).collect()
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9_and_the_site_is_that_of_a_replay() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.keep_address();
    let sending = send_story(&lookout);
    for part in 1..=3 {
        let enough = || acknowledged(&lookout).len() > part * EVENTS / 5;
        let enough = (0..10).any(|_| until(enough));
        assert!(enough, "the sender goes on");
        lookout.kill();
        // Meanwhile deliveries find nobody, as they would; and once it dies as it begins.
        thread::sleep(Duration::from_millis(300));
        lookout.begin_to_serve();
        thread::sleep(Duration::from_millis(10 * part as u64));
        lookout.kill();
        lookout.serve();
    }
    let summary = sending.join().expect("no panic").expect("it can be sent");
    assert!(summary.is_all_acknowledged(), "{summary}");

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
