//! What hidden people do moves nothing that a visitor can get.
//!
//! Two servers live through the same moments: their clocks stand still and are put forward
//! together. Both get the same deliveries about people who are published, and one of them gets
//! deliveries about hidden people besides. Every answer of both is compared: status, headers with
//! dates and `ETag`s, body, and the live stream; over HTTP and through the printed nginx file.
//!
//! Hidden people join meetings of other numbers, or one that published people are in as well:
//! which meeting is the newest in a room is visible, whoever opened it, and the privacy page
//! says so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use lookout::time::moment::Moment;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::deploy::printed;
use crate::support::lookout::{WEBHOOK, signed, until};
use crate::support::nginx::{HOST, Nginx};
use crate::support::{Lookout, Reply, Request};

/// Holds the wall clock of a process, and nothing else, at the time in a file.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

const START: i64 = 1_785_369_686;

/// A server with a clock of its own, nginx before it, and what its live stream said.
struct Server {
    lookout: Lookout,
    nginx: Nginx,
    clock: PathBuf,
    stream: Arc<Mutex<String>>,
}

impl Server {
    fn start(settings: &str) -> Self {
        let mut lookout = Lookout::with_settings(settings);
        let clock = lookout.path("clock");
        let program = crate::support::lookout::program();
        let environment = [
            format!("LD_PRELOAD={FAKETIME}"),
            format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "NO_FAKE_STAT=1".to_owned(),
            "FAKE_UTIME=0".to_owned(),
            "TZ=UTC".to_owned(),
        ];
        let mut command = vec!["env".into()];
        command.extend(environment.map(Into::into));
        command.push(program.into());
        set_clock(&clock, START);
        lookout.run_instead(command);
        lookout.serve();
        lookout.keep_address();
        lookout.wait_for("lookout/index.html", |page| !page.is_empty());
        let nginx = Nginx::start(&printed(&lookout).replace("rate=50r/s", "rate=10000r/s"));
        let stream = follow(&lookout);
        Self { lookout, nginx, clock, stream }
    }

    /// Delivers `body` at `now`, and waits until its publication is over.
    #[track_caller]
    fn deliver(&self, body: &str, now: i64) {
        let before = self.lookout.metric("lookout_publications_total");
        let reply = signed(WEBHOOK, body.as_bytes(), now).send(self.lookout.public());
        assert_eq!(reply.status, 204, "{body}");
        let is_published = || self.lookout.metric("lookout_publications_total") > before;
        assert!(until(is_published), "nothing was published for {body}: {}", self.lookout.log());
    }

    /// Everything that a visitor can get, by how it is asked for.
    fn answers(&self) -> BTreeMap<String, String> {
        let mut answers = BTreeMap::new();
        for (path, _) in self.lookout.site() {
            let path = format!("/{}", path.display());
            for method in ["GET", "HEAD"] {
                let request = Request { method, ..Request::get(&path) };
                let direct = request.send(self.lookout.public());
                answers.insert(format!("{method} {path}"), shown(&direct, &[]));
                let etag = direct.header("etag").unwrap_or_default().to_owned();
                let again = request.header("if-none-match", etag).send(self.lookout.public());
                answers.insert(format!("{method} {path} again"), shown(&again, &[]));
            }
            // nginx has a clock of its own.
            let behind = self.nginx.get(&path);
            answers.insert(format!("GET {path} by nginx"), shown(&behind, &["date"]));
        }
        answers.insert("live".to_owned(), self.stream.lock().expect("nobody panicked").clone());
        answers
    }
}

/// A reply as text, without some headers.
fn shown(reply: &Reply, except: &[&str]) -> String {
    let headers = reply.headers.iter().filter(|(name, _)| !except.contains(&name.as_str()));
    let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{}\n{}\n\n{}", reply.status, headers.join("\n"), reply.text())
}

/// Puts the clock to `now`, at once and for every thread.
fn set_clock(clock: &std::path::Path, now: i64) {
    let text = Moment::from_seconds(now).to_string().replace('T', " ").replace('Z', "\n");
    let new = clock.with_extension("new");
    fs::write(&new, text).expect("written");
    fs::rename(new, clock).expect("renamed");
}

/// Collects what the live stream says, but for its comments: these come by the real clock.
fn follow(lookout: &Lookout) -> Arc<Mutex<String>> {
    let mut stream = TcpStream::connect(lookout.public()).expect("it listens");
    stream.write_all(b"GET /lookout/live HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let said = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&said);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            let events =
                text.lines().filter(|line| line.starts_with("data") || line.starts_with("event"));
            let mut said = into.lock().expect("nobody panicked");
            events.for_each(|line| *said += line);
        }
    });
    said
}

/// A delivery about `name` in `meeting`, at `now`.
fn body(event: &str, name: &str, (meeting, room): (&str, &str), now: i64, number: u32) -> String {
    let time = if event.ends_with("left") { "leave_time" } else { "join_time" };
    let at = Moment::from_seconds(now);
    let name_field =
        if name.is_empty() { String::new() } else { format!(r#""user_name":"{name}","#) };
    format!(
        r#"{{"event":"meeting.{event}","event_ts":{now}000,"number":{number},"payload":{{"object":{{"uuid":"{meeting}","id":"{room}","topic":"{name}","participant":{{"user_id":"{name}",{name_field}"participant_uuid":"c {name}","{time}":"{at}","date_time":"{at}"}}}}}}}}"#
    )
}

/// Those of `[privacy]` that hide everybody but Ada and Grace.
const SETTINGS: [&str; 2] = [
    "publish = [\"Ada\", \"Grace\"]\n",
    "publish = [\"*\"]\nhide = [\"Eve\", \"Mal\", \"12025550143\"]\n\
     [[people]]\nname = \"Mallory\"\naliases = [\"Mal\"]\n",
];

/// A random history; whatever differs is reported with its seed.
fn compare(seed: u8, steps: i64, privacy: &str) {
    let mut rng = ChaCha8Rng::from_seed([seed; 32]);
    let mut pick = |below: u32| rng.next_u32() % below;
    let settings = format!("[site]\nbase_url = \"https://{HOST}\"\n[privacy]\n{privacy}");
    let (plain, busy) = (Server::start(&settings), Server::start(&settings));
    let shared = ("shared", "1");
    let (mut inside, mut now) = ([false; 2], START);
    // No two bodies are equal, or the second would be known already.
    let mut number = 0;
    for step in 1..=steps {
        now += 20 + i64::from(pick(50));
        for server in [&plain, &busy] {
            set_clock(&server.clock, now);
        }
        let mut hidden = |pick: &mut dyn FnMut(u32) -> u32| {
            let events = [
                "participant_joined",
                "participant_left",
                "participant_joined_waiting_room",
                "participant_jbh_waiting",
                "participant_role_changed",
            ];
            let names = ["Mallory", "Eve", "", "12025550143"];
            let meetings = [shared, ("their own", "2")];
            for _ in 0..pick(3) {
                number += 1;
                let (event, name) = (events[pick(5) as usize], names[pick(4) as usize]);
                busy.deliver(&body(event, name, meetings[pick(2) as usize], now - 1, number), now);
            }
        };
        hidden(&mut pick);
        if pick(3) > 0 {
            let who = pick(2) as usize;
            inside[who] = !inside[who];
            let event = if inside[who] { "participant_joined" } else { "participant_left" };
            let body = body(event, ["Ada", "Grace"][who], shared, now, 0);
            plain.deliver(&body, now);
            busy.deliver(&body, now);
        }
        hidden(&mut pick);
        let (expected, found) = (settled(&plain, now), settled(&busy, now));
        for (what, expected) in &expected {
            let found = found.get(what).map_or("nothing", String::as_str);
            assert_eq!(found, expected, "seed {seed}, step {step}: {what}");
        }
        assert!(found.keys().eq(expected.keys()), "seed {seed}, step {step}: {:?}", found.keys());
    }
}

/// The answers once everything of `now` is published: the heartbeat of its minute, and what the
/// charts show by then.
#[track_caller]
fn settled(server: &Server, now: i64) -> BTreeMap<String, String> {
    let heartbeat = server.lookout.path("site/lookout/heartbeat.txt");
    let is_dated = || {
        let date = fs::metadata(&heartbeat).and_then(|data| data.modified());
        date.is_ok_and(|date| date >= Moment::from_seconds(now / 60 * 60).system_time())
    };
    assert!(until(is_dated), "no heartbeat for {now}: {}", server.lookout.log());
    server.answers()
}

#[test]
fn hidden_people_move_nothing_that_a_visitor_can_get() {
    for (seed, privacy) in (1..).zip(SETTINGS) {
        compare(seed, 12, privacy);
    }
}
