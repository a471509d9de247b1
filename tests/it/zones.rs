//! Time zones: their rules compared with the newest of PyPI's `tzdata`, as another program reads them,
//! and a site whose times follow them.
//!
//! `tests/scripts/install.sh` puts that package into `target/tzdata`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lookout::config::zones::{RulesSource, TzdbVersion};
use lookout::config::{Environment, Secret, Settings, parse};
use lookout::notify::attempt::Attempt;
use lookout::notify::{Encoder, Message, MessageKind, RoomInfo, RoomSummary, Service};
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use tempfile::TempDir;

use crate::support::Lookout;
use crate::support::lookout::now;

const VANCOUVER: &str = "America/Vancouver";

/// Prints every change of every zone in these years: the zone's name, the second, and the offsets
/// before and after. No zone changes its clocks there and back within half a day.
const PYTHON: &str = "
import datetime, sys, zoneinfo
utc = datetime.timezone.utc
begin, end = (int(datetime.datetime(year, 1, 1, tzinfo=utc).timestamp()) for year in (2025, 2028))
for name in open(sys.argv[1]).read().split():
    zone = zoneinfo.ZoneInfo(name)
    at = lambda s: int(datetime.datetime.fromtimestamp(s, zone).utcoffset().total_seconds())
    print(name, begin, at(begin), at(begin))
    for start in range(begin, end, 43200):
        low, high = start, start + 43200
        if at(low) == at(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if at(middle) != at(low) else (middle, high)
        print(name, high, at(low), at(high))
";

/// The package of PyPI.
fn package() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tzdata/tzdata");
    assert!(package.is_dir(), "it is not there; run tests/scripts/install.sh");
    package
}

/// Its compiled zones.
fn newest() -> PathBuf {
    package().join("zoneinfo")
}

#[track_caller]
fn settings(zone: &str, zoneinfo: &Path) -> Settings {
    let env: Environment = [("TZDIR", zoneinfo)].into_iter().collect();
    let text = format!("[site]\ntime_zone = \"{zone}\"\n");
    parse(&text, Path::new("/nowhere/lookout.toml"), &env).unwrap_or_else(|e| panic!("{e}"))
}

fn at(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("test moments are RFC 3339")
}

/// A directory of zones in which Vancouver's clocks show what those of `zone` do.
fn moved_to(zone: &str) -> TempDir {
    let dir = TempDir::new().expect("a temporary directory");
    fs::create_dir(dir.path().join("America")).expect("made");
    fs::copy(newest().join(zone), dir.path().join(VANCOUVER)).expect("copied");
    dir
}

/// By zone: when its clocks are changed, and how far from UTC they are before and after.
fn changes_as_python_has_them() -> BTreeMap<String, Vec<(i64, i64, i64)>> {
    let python = Command::new("python3")
        .args(["-c", PYTHON])
        .arg(package().join("zones"))
        .env("PYTHONTZPATH", newest())
        .output()
        .expect("python3 is installed");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let mut changes: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in String::from_utf8(python.stdout).expect("UTF-8").lines() {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").to_owned();
        let numbers: Vec<i64> = words.map(|word| word.parse().expect("a number")).collect();
        changes.entry(name).or_default().push((numbers[0], numbers[1], numbers[2]));
    }
    changes
}

fn offset(zone: &Zone, seconds: i64) -> i64 {
    let local = zone.local(Moment::from_seconds(seconds)).expect("a year of chrono's");
    local.and_utc().timestamp() - seconds
}

#[test]
fn every_change_of_2025_to_2027_is_that_of_the_newest_tzdata() {
    let changes = changes_as_python_has_them();
    assert!(changes.len() > 590, "{} zones", changes.len());
    let number: usize = changes.values().map(|changes| changes.len() - 1).sum();
    assert!(number > 1000, "{number} changes");
    let (begin, end) = (at("2025-01-01T00:00:00Z").seconds(), at("2028-01-01T00:00:00Z").seconds());
    // `Factory` is tzdb's name for a machine that has not been set up.
    for (name, changes) in changes.iter().filter(|(name, _)| *name != "Factory") {
        let system = settings(name, &newest());
        assert_eq!(system.origin.zone_rules.source, RulesSource::System, "{name}");
        let built_in = settings(name, Path::new("/nowhere"));
        assert_ne!(built_in.origin.zone_rules.source, RulesSource::System, "{name}");
        for (whose, zone) in [("system", system), ("built-in", built_in)] {
            let zone = zone.site.time_zone;
            for &(second, before, after) in changes {
                let found = (offset(&zone, second - 1), offset(&zone, second));
                let moment = Moment::from_seconds(second);
                assert_eq!(found, (before, after), "{whose} rules of {name} at {moment}");
            }
            let offsets = (begin..end).step_by(43_200).map(|second| offset(&zone, second));
            let offsets: Vec<i64> = offsets.collect();
            let found = offsets.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert_eq!(found, changes.len() - 1, "{whose} rules of {name}");
        }
    }
}

#[test]
fn the_rules_compiled_in_are_as_new_as_the_newest_tzdata() {
    let version = settings("UTC", &newest()).origin.zone_rules.version;
    assert!(version.is_some() && TzdbVersion::built_in() >= version, "{version:?}");
}

/// Ada, who comes and goes on an evening of December 2026, in UTC.
const VISIT: [(&str, &str); 2] =
    [("joined", "2026-12-05T20:00:00Z"), ("left", "2026-12-05T20:45:00Z")];

fn body(what: &str, time: &str) -> String {
    let key = if what == "left" { "leave_time" } else { "join_time" };
    format!(
        r#"{{"event":"meeting.participant_{what}","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"1","user_name":"Ada","{key}":"{time}"}}}}}}}}"#
    )
}

#[test]
fn a_site_in_vancouver_shows_the_time_of_its_clocks() {
    let bodies = VISIT.map(|(what, time)| body(what, time)).join("\n");
    let (moved, nowhere) = (moved_to("Asia/Kathmandu"), PathBuf::from("/nowhere"));
    #[rustfmt::skip]
    let cases = [
        // what is special                  TZDIR                    Last Join              Last Left              on the page
        ("permanent daylight time",         newest(),                "2026-12-05-13:00:00", "2026-12-05-13:45:00", ["13:00–13:45", "5\u{a0}Dec\u{a0}2026, America/Vancouver"]),
        ("the same, compiled in",           nowhere,                 "2026-12-05-13:00:00", "2026-12-05-13:45:00", ["13:00–13:45", "5\u{a0}Dec\u{a0}2026, America/Vancouver"]),
        ("a change after this was written", moved.path().to_owned(), "2026-12-06-01:45:00", "2026-12-06-02:30:00", ["01:45–02:30", "6\u{a0}Dec\u{a0}2026, America/Vancouver"]),
    ];
    for (what, zoneinfo, joined, left, shown) in cases {
        let publish = "[privacy]\npublish = [\"*\"]\n";
        let lookout = Lookout::with_settings(&format!(
            "{publish}[site]\ntime_zone = \"{VANCOUVER}\"\nbase_url = \"https://example.org\"\n"
        ));
        fs::write(lookout.path("events.jsonl"), &bodies).expect("written");
        lookout.ok(&["import", "events.jsonl"]);
        let mut build = lookout.command(&["build", "--at", "2026-12-05T21:00:00Z"]);
        let built = build.env("TZDIR", &zoneinfo).output().expect("it starts");
        assert!(built.status.success(), "{what}: {}", String::from_utf8_lossy(&built.stderr));
        let csv = lookout.csv();
        assert!(csv.contains(&format!("\"{joined}\",\"{left}\"")), "{what}: {csv}");
        let read = |file: &str| {
            let path = lookout.path("site/lookout").join(file);
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
        };
        let page = read("index.html");
        for text in shown {
            assert!(page.contains(text), "{what}: `{text}` is missing in {page}");
        }
        // What programs read is in UTC, whatever the rules.
        assert!(page.contains("2026-12-05T20:45:00Z"), "{what}: {page}");
        assert!(read("feed.xml").contains("2026-12-05T20:45:00Z"), "{what}");
    }
}

#[test]
fn chats_are_told_the_same_time_and_are_quiet_by_it() {
    let moved = moved_to("Asia/Kathmandu");
    #[rustfmt::skip]
    let cases = [
        // what is special                  TZDIR                      quiet at 06:30Z, until           the summary
        ("permanent daylight time",         newest(),                  Some("2026-12-05T14:00:00Z"),    "13:00 – 13:45"),
        ("the same, compiled in",           PathBuf::from("/nowhere"), Some("2026-12-05T14:00:00Z"),    "13:00 – 13:45"),
        ("a change after this was written", moved.path().to_owned(),   None,                            "01:45 – 02:30"),
    ];
    for (what, zoneinfo, until, said) in cases {
        let mut settings = settings(VANCOUVER, &zoneinfo);
        settings.site.templates_dir = "/nowhere".into();
        let quiet = lookout::config::notify::QuietHours::parse("23:00-07:00").expect("hours");
        let ends = quiet.ends(&settings.site.time_zone, at("2026-12-05T06:30:00Z"));
        assert_eq!(ends, until.map(at), "{what}");

        let hook = Secret::new("https://hooks.slack.example/x").expect("not empty");
        let service = Service::slack_webhook(&hook).expect("a URL");
        let encoder = Encoder::load(service, &settings).expect("built in");
        let [from, until] = VISIT.map(|(_, time)| at(time));
        let summary = RoomSummary { from, until, peak: 1, people: Vec::new(), others: 1 };
        let room = RoomInfo { name: None, dashboard: None, join: None };
        let message = Message::new(room, MessageKind::Ended(summary));
        let body = encoder.message(&message, &Attempt::new("t", 0, from, until));
        let body = body.expect("it can be written").body;
        let body = String::from_utf8(body).expect("UTF-8");
        assert!(body.contains(said), "{what}: {body}");
    }
}

#[test]
fn an_upgrade_of_the_systems_rules_needs_no_restart() {
    let zoneinfo = moved_to("America/Vancouver");
    let mut lookout = Lookout::with_settings(&format!(
        "[privacy]\npublish = [\"*\"]\n[site]\ntime_zone = \"{VANCOUVER}\"\n"
    ));
    lookout.run_instead(vec![
        "env".into(),
        format!("TZDIR={}", zoneinfo.path().display()).into(),
        crate::support::lookout::program().into(),
    ]);
    lookout.serve();
    let time = Moment::from_seconds(now());
    lookout.deliver(body("joined", &time.to_string()).as_bytes());
    let shown = |zone: &str| {
        let local = settings(zone, &newest()).site.time_zone.local(time).expect("a time");
        format!("\"{}\"", local.format("%Y-%m-%d-%H:%M:%S"))
    };
    let csv = "_data/zoom-room-dashboard.csv";
    lookout.wait_for(csv, |text| text.contains(&shown(VANCOUVER)));

    // As a package manager does it.
    let new = zoneinfo.path().join("America/Vancouver.dpkg-new");
    fs::copy(newest().join("Asia/Kathmandu"), &new).expect("copied");
    fs::rename(&new, zoneinfo.path().join(VANCOUVER)).expect("renamed");
    lookout.wait_for(csv, |text| text.contains(&shown("Asia/Kathmandu")));

    fs::write(zoneinfo.path().join(VANCOUVER), "damaged").expect("written");
    lookout.wait_for(csv, |text| text.contains(&shown(VANCOUVER)));
    let log = lookout.stop();
    assert!(
        log.contains("America/Vancouver` is not used: it is not a valid time-zone file"),
        "{log}"
    );
}

#[test]
fn check_tells_which_rules_hold() {
    let lookout = Lookout::with_settings("[site]\ntime_zone = \"Europe/Istanbul\"\n");
    let damaged = moved_to("Asia/Kathmandu");
    fs::create_dir(damaged.path().join("Europe")).expect("made");
    fs::write(damaged.path().join("Europe/Istanbul"), "damaged").expect("written");
    let newest = newest();
    #[rustfmt::skip]
    let cases = [
        // what is special     TZDIR                      line
        ("the newest",         newest.as_path(),          "✓ zone      Europe/Istanbul, by the rules of version 2026f in DIR"),
        ("none at all",        Path::new("/nowhere"),     "! zone      Europe/Istanbul, by the rules of version 2026f, compiled in: `DIR/Europe/Istanbul` is not there"),
        ("a damaged file",     damaged.path(),            "! zone      Europe/Istanbul, by the rules of version 2026f, compiled in: `DIR/Europe/Istanbul` is not used: it is not a valid time-zone file"),
    ];
    for (what, zoneinfo, line) in cases {
        let output = lookout.command(&["check"]).env("TZDIR", zoneinfo).output();
        let said = String::from_utf8(output.expect("it starts").stdout).expect("UTF-8");
        let said = said.replace(&zoneinfo.display().to_string(), "DIR");
        assert!(said.lines().any(|found| found.starts_with(line)), "{what}: {said}");
    }
}
