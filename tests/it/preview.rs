//! Templates and settings that change while Lookout runs, and what their author is shown.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::support::lookout::{now, until};
use crate::support::{Lookout, Request};

const PAGE: &str = "lookout/index.html";

/// What a preview's browser is told, one state after another.
struct Told(BufReader<TcpStream>);

impl Told {
    fn by(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it can be set");
        let request = format!("GET /lookout/preview.events HTTP/1.1\r\nhost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it can be asked");
        Self(BufReader::new(stream))
    }

    /// The next state that `wanted` wants.
    #[track_caller]
    fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).expect("it tells in time");
            assert!(length > 0, "the stream ended");
            let Some(state) = line.trim().strip_prefix("data: ") else { continue };
            let state = serde_json::from_str(state).expect("it is JSON");
            if wanted(&state) {
                return state;
            }
        }
    }
}

fn write(lookout: &Lookout, path: &str, text: &str) {
    let path = lookout.path(path);
    fs::create_dir_all(path.parent().expect("it has a directory")).expect("made");
    // As editors do it.
    let beside = path.with_extension("new");
    fs::write(&beside, text).expect("written");
    fs::rename(beside, path).expect("renamed");
}

#[test]
fn a_fault_is_shown_over_the_preview_and_the_last_good_page_stays() {
    let mut lookout = Lookout::new();
    let address = lookout.watch_previewed();
    let good = lookout.wait_for(PAGE, |page| page.contains("Lookout"));
    let mut told = Told::by(address);
    let first = told.wait_for(|state| state["fault"].is_null());

    write(&lookout, "templates/index.html", "<body>\n{{ headline }}\n</body>");
    let state = told.wait_for(|state| state["fault"].is_string());
    let fault = state["fault"].as_str().expect("it is text");
    for part in ["index.html", "2:", "headline"] {
        assert!(fault.contains(part), "`{part}` is missing in {fault}");
    }
    assert_eq!(lookout.wait_for(PAGE, |_| true), good, "the last good page stays");

    write(&lookout, "templates/index.html", "<body>\nmine: {{ heading }}\n</body>");
    let state =
        told.wait_for(|state| state["fault"].is_null() && state["version"] != first["version"]);
    lookout.wait_for(PAGE, |page| page.contains("mine: Lookout"));

    write(&lookout, "static/own.css", "b {}");
    told.wait_for(|next| next["version"] != state["version"]);
    assert!(lookout.stop().contains("headline"), "the terminal says so, too");
}

#[test]
fn a_template_that_is_broken_from_the_start_is_told_once_and_mended_without_a_restart() {
    let mut lookout = Lookout::new();
    write(&lookout, "templates/index.html", "<body>\n{{ headline }}\n</body>");
    let address = lookout.watch_previewed();
    let mut told = Told::by(address);
    let state = told.wait_for(|state| state["fault"].is_string());
    assert!(state["fault"].to_string().contains("headline"), "{state}");
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    // What is published again is not told again.
    write(&lookout, "static/own.css", "b {}");
    told.wait_for(|next| next["version"] != state["version"]);
    write(&lookout, "templates/index.html", "<body>\nmine: {{ heading }}\n</body>");
    lookout.wait_for(PAGE, |page| page.contains("mine: Lookout"));
    told.wait_for(|state| state["fault"].is_null());
    let log = lookout.stop();
    assert_eq!(log.matches("is not defined").count(), 1, "{log}");
}

#[test]
fn somebody_disappears_also_while_a_template_is_broken() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let join = format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{}000,"payload":{{"object":{{"uuid":"m","id":"42","participant":{{"user_id":"1","user_name":"Ada"}}}}}}}}"#,
        now()
    );
    assert_eq!(lookout.deliver(join.as_bytes()).status, 204);
    lookout.wait_for(PAGE, |page| page.contains("Ada"));
    write(&lookout, "templates/index.html", "<body>\n{{ headline }}\n</body>");
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    write(
        &lookout,
        "lookout.toml",
        &settings.replace("publish = [\"*\"]", "publish = [\"Grace\"]"),
    );
    let page = lookout.wait_for(PAGE, |page| !page.contains("Ada"));
    assert!(page.contains("</html>"), "made with the template that worked: {page}");
}

#[test]
fn only_the_preview_knows_of_the_preview() {
    let mut lookout = Lookout::new();
    let address = lookout.watch_previewed();
    let published = lookout.wait_for(PAGE, |page| page.contains("</html>"));
    assert!(!published.contains("preview"), "{published}");
    let page = Request::get("/lookout/").send(address);
    let script = "<script src=\"/lookout/preview.js\"></script>\n";
    assert!(page.text().ends_with(script), "{}", page.text());
    let packed = Request::get("/lookout/").header("accept-encoding", "gzip").send(address);
    assert_eq!(packed.body, page.body);
    let stranger = Request::get("/lookout/").header("x-forwarded-for", "192.0.2.1").send(address);
    assert_eq!(stranger.status, 403);

    lookout.stop();
    lookout.serve();
    for path in ["/lookout/preview.js", "/lookout/preview.events"] {
        assert_eq!(lookout.get(path).status, 404, "{path}");
    }
    assert!(!lookout.get("/lookout/").text().contains("preview"));
}

#[test]
fn changed_settings_count_at_once_wrong_ones_not_and_some_need_a_restart() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("Lookout"));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let titled = |title: &str| format!("{settings}[site]\ntitle = \"{title}\"\n");

    write(&lookout, "lookout.toml", &titled("Lounge"));
    lookout.wait_for(PAGE, |page| page.contains("<title>Lounge"));

    let wrong = titled("Salon").replace("title", "titel");
    write(&lookout, "lookout.toml", &wrong);
    let mut log = String::new();
    assert!(
        until(|| {
            log += &lookout.log();
            log.contains("did you mean `title`?")
        }),
        "{log}"
    );
    lookout.wait_for(PAGE, |page| page.contains("<title>Lounge"));

    let restart = titled("Salon").replacen("127.0.0.1:0", "127.0.0.1:1", 1);
    write(&lookout, "lookout.toml", &restart);
    lookout.wait_for(PAGE, |page| page.contains("<title>Salon"));
    assert!(
        until(|| {
            log += &lookout.log();
            log.contains("restart Lookout for the change of `zoom.listen` to count")
        }),
        "{log}"
    );
}

#[test]
fn changed_rooms_are_read_from_all_events_again() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let join = br#"{"event":"meeting.participant_joined","event_ts":1,"payload":{"object":{"uuid":"m","id":"42","participant":{"user_id":"1","user_name":"Ada"}}}}"#;
    assert_eq!(lookout.deliver(join).status, 204);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Ada"));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let room = |number: &str| {
        format!("{settings}[[rooms]]\nmeeting_id = \"{number}\"\nname = \"Lounge\"\n")
    };
    write(&lookout, "lookout.toml", &room("43"));
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| !csv.contains("Ada"));
    write(&lookout, "lookout.toml", &room("42"));
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Ada"));
}

#[test]
fn a_browser_that_takes_gzip_gets_the_copy_that_lies_there() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    let plain = lookout.get("/lookout/");
    let packed = Request::get("/lookout/").header("accept-encoding", "gzip").send(lookout.public());
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(
        packed.header("vary").map(str::to_ascii_lowercase),
        Some("accept-encoding".to_owned())
    );
    assert_eq!(packed.header("content-type"), plain.header("content-type"));
    assert_ne!(packed.header("etag"), plain.header("etag"));
}

#[test]
fn settings_that_would_publish_something_private_are_refused_while_running() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("Lookout"));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    #[rustfmt::skip]
    let cases = [
        // what is special                            more settings                                                     in the log
        ("the settings would be published",           "static_dir = \".\"",                                             "holds the settings file"),
        ("the journal in use would be published",     "static_dir = \"data\"\n[journal]\npath = \"new/lookout.db\"",     "holds the journal"),
        ("the site in use would be copied",           "static_dir = \"site\"\noutput_dir = \"new-site\"",              "are the same directory"),
    ];
    for (what, more, said) in cases {
        let title = format!("[site]\ntitle = \"{what}\"\n{more}\n");
        write(&lookout, "lookout.toml", &format!("{settings}{title}"));
        let mut log = String::new();
        let is_refused = until(|| {
            log += &lookout.log();
            log.contains(said)
        });
        assert!(is_refused, "{what}: {log}");
    }
    write(&lookout, "lookout.toml", &format!("{settings}[site]\ntitle = \"Salon\"\n"));
    lookout.wait_for(PAGE, |page| page.contains("<title>Salon"));
    let published = lookout.site();
    let names = published.iter().map(|(path, _)| path.display().to_string());
    let odd: Vec<_> =
        names.filter(|name| name.contains("lookout.toml") || name.contains(".db")).collect();
    assert_eq!(odd, Vec::<String>::new());
}
