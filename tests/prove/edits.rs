//! Settings that change under load, while the events that they concern can't be read again: they
//! were removed from the journal, and MongoDB is away.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use lookout::time::moment::Moment;

use crate::load::{Load, RATE};
use crate::proof::{Length, in_ms};
use crate::support::Lookout;
use crate::support::lookout::{now, until};
use crate::support::mongod::Mongod;

const CSV: &str = "_data/zoom-room-dashboard.csv";

const DAY: i64 = 86_400;

/// What the operator waits for at most: a page is made once a second.
const IN_TIME: Duration = Duration::from_millis(2_000);

/// So often the page is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What is changed, by which settings, and whether the page shows it.
struct Edit {
    what: &'static str,
    privacy: &'static str,
    rest: &'static str,
    is_shown: fn(&Lookout) -> bool,
}

const EDITS: [Edit; 6] = [
    Edit {
        what: "who may appear",
        privacy: "publish = [\"Ada\", \"Grace Hopper\"]",
        rest: "",
        is_shown: |lookout| table(lookout, &["Ada"], &["Amazing Grace", "Edsger"]),
    },
    Edit {
        what: "people",
        privacy: "publish = [\"*\"]",
        rest: "[[people]]\nname = \"Grace Hopper\"\naliases = [\"Amazing Grace\"]\n",
        is_shown: |lookout| table(lookout, &["Ada", "Grace Hopper", "Edsger"], &["Amazing Grace"]),
    },
    Edit {
        what: "rooms",
        privacy: "publish = [\"*\"]",
        rest: "[[rooms]]\nmeeting_id = \"81111111111\"\nname = \"Lounge\"\nslug = \"lounge\"\n",
        is_shown: |lookout| table(lookout, &["Ada", "Amazing Grace"], &["Edsger"]),
    },
    Edit {
        what: "patience",
        privacy: "publish = [\"*\"]",
        rest: "[presence]\nstale_after = \"never\"\n",
        is_shown: |lookout| row(lookout, "Edsger").contains("toggle-on"),
    },
    Edit {
        what: "patience again",
        privacy: "publish = [\"*\"]",
        rest: "",
        is_shown: |lookout| row(lookout, "Edsger").contains("toggle-off"),
    },
    Edit {
        what: "nobody",
        privacy: "publish = []",
        rest: "",
        is_shown: |lookout| table(lookout, &[], &["Ada", "Amazing Grace", "Edsger"]),
    },
];

pub fn under_load(_: Length) -> String {
    let mut mongod = Mongod::alone();
    let archive = format!("[archive]\nurl = \"mongodb://{}\"\n", mongod.address);
    let mut lookout = Lookout::with_settings(&format!(
        "[privacy]\npublish = [\"*\"]\n[journal]\nkeep = \"1s\"\n{archive}"
    ));
    lookout.serve();
    lookout.keep_address();
    for (name, number, stays) in [
        ("Ada", "81111111111", false),
        ("Amazing Grace", "81111111111", false),
        ("Edsger", "82222222222", true),
    ] {
        visit(&lookout, name, number, stays);
    }
    lookout.wait_for(CSV, |csv| {
        ["Ada", "Amazing Grace", "Edsger"].iter().all(|name| csv.contains(name))
    });
    // Its last act is to sync the store; what is there may be removed from the journal.
    lookout.stop();
    lookout.serve();
    let is_removed = || lookout.exported_lines(&["--from", "journal"]).is_empty();
    assert!(until(is_removed), "old events stay in the journal: {}", lookout.log());
    mongod.kill();
    let load = Load::start(&lookout, 1, Duration::from_secs(600));
    thread::sleep(Duration::from_secs(3));
    let mut slowest = (Duration::ZERO, "");
    for Edit { what, privacy, rest, is_shown } in EDITS {
        let took = edit(&lookout, &archive, privacy, rest, || is_shown(&lookout));
        assert!(took <= IN_TIME, "{what}: it takes {}: {}", in_ms(took), lookout.log());
        slowest = slowest.max((took, what));
        thread::sleep(Duration::from_secs(1));
    }
    let answered = load.stop();
    assert_eq!((answered.lost, answered.refusals), (0, 0), "of {}", answered.deliveries);
    format!(
        "{} changes at {RATE}/s, old events removed from the journal and MongoDB away: each shown within {} ({}); {} \
         deliveries, 0 refused",
        EDITS.len(),
        in_ms(slowest.0),
        slowest.1,
        answered.deliveries
    )
}

/// Changes the settings; how long it takes until that `is_shown`.
#[track_caller]
fn edit(
    lookout: &Lookout,
    archive: &str,
    privacy: &str,
    rest: &str,
    is_shown: impl Fn() -> bool,
) -> Duration {
    let file = lookout.path("lookout.toml");
    let before = fs::read_to_string(&file).expect("it is there");
    let (head, _) = before.split_once("[privacy]").expect("it has them");
    let settings = format!("{head}[privacy]\n{privacy}\n[journal]\nkeep = \"1s\"\n{archive}{rest}");
    let new = lookout.path("lookout.toml.new");
    fs::write(&new, settings).expect("written");
    let begun = Instant::now();
    fs::rename(new, file).expect("renamed");
    while !is_shown() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{privacy} {rest}: {}", lookout.log());
        thread::sleep(LOOK);
    }
    begun.elapsed()
}

/// Somebody's visit of a hundred days ago.
#[track_caller]
fn visit(lookout: &Lookout, name: &str, number: &str, stays: bool) {
    let then = now() - 100 * DAY;
    let mut kinds = vec![("joined", "join_time", then)];
    if !stays {
        kinds.push(("left", "leave_time", then + 3_600));
    }
    for (kind, field, seconds) in kinds {
        let at = Moment::from_seconds(seconds);
        let body = format!(
            r#"{{"event":"meeting.participant_{kind}","event_ts":1,"payload":{{"object":{{"uuid":"of {name}","id":"{number}","participant":{{"user_id":"{name}","user_name":"{name}","{field}":"{at}"}}}}}}}}"#
        );
        assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
    }
}

fn table(lookout: &Lookout, there: &[&str], gone: &[&str]) -> bool {
    let csv = lookout.csv();
    let has = |name: &&str| csv.contains(&format!("\"{name}\""));
    there.iter().all(has) && !gone.iter().any(has)
}

fn row(lookout: &Lookout, name: &str) -> String {
    let csv = lookout.csv();
    let row = csv.lines().find(|line| line.starts_with(&format!("\"{name}\"")));
    row.unwrap_or_default().to_owned()
}
