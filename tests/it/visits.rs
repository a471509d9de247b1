//! `lookout visits` lists who was in which room, from when to when.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Output};

use crate::evening::bodies;
use crate::support::Lookout;
use crate::support::hostile::names;

/// Open meetings stay open.
const NEVER_STALE: &str = "[privacy]\npublish = [\"*\"]\n[presence]\nstale_after = \"never\"\n";

/// The visits of `tests/fixtures/deliveries`, by hand from the table in its README: name, came, left,
/// minutes, still in, end known. `?` is unknown; `in` has no end yet, and its length grows.
#[rustfmt::skip]
const EVENING: [(&str, &str, &str, &str, &str, &str); 29] = [
    ("İpek Yıldıztekin",     "17:05:00", "17:40:00", "35",  "no",  "yes"),
    ("Çağla Ivanković",      "17:45:00", "17:45:00", "0",   "no",  "yes"),
    ("Vesna Dvořáková",      "18:30:00", "?",        "?",   "no",  "no"),
    ("Aylin Lindqvist",      "19:00:05", "21:29:30", "149", "no",  "yes"),
    ("Bram Okonkwo",         "19:00:05", "20:02:00", "62",  "no",  "yes"),
    ("Dilnoza Hakimova",     "19:03:41", "20:02:00", "58",  "no",  "yes"),
    ("Farid Eskildsen",      "19:05:00", "21:00:00", "115", "no",  "yes"),
    ("Chidi Abernethy",      "19:06:00", "20:18:00", "72",  "no",  "yes"),
    ("Eithne Ó Faoláin",     "19:07:00", "20:19:00", "72",  "no",  "yes"),
    ("Kwame Boateng",        "?",        "19:08:30", "?",   "no",  "yes"),
    ("Hiroko Nakagawa 🌻",   "19:10:00", "20:55:00", "105", "no",  "yes"),
    ("Jana Łuczak",          "19:12:00", "21:10:00", "118", "no",  "yes"),
    ("Iker Zubiri",          "19:15:00", "20:50:00", "95",  "no",  "yes"),
    ("Leilani Fonoti",       "19:30:00", "21:30:00", "120", "no",  "yes"),
    ("Nilüfer Güngör",       "19:45:00", "20:15:00", "30",  "no",  "yes"),
    ("Mateus Whitlock",      "19:50:00", "21:30:05", "100", "no",  "yes"),
    ("<b>Odalys</b> & \"Quilla\" O'Hanrahan, PhD", "20:00:00", "20:20:00", "20", "no", "yes"),
    ("Přemek Szabó",         "20:05:00", "20:25:00", "20",  "no",  "yes"),
    ("Ragnheiður Pärnpuu",   "20:06:00", "20:26:00", "20",  "no",  "yes"),
    ("Søren Æbelø",          "20:08:00", "20:28:00", "20",  "no",  "yes"),
    ("Tevita Tamihana",      "20:09:00", "20:29:00", "20",  "no",  "yes"),
    ("Uzoma Mbeki-Stone",    "20:11:00", "20:31:00", "20",  "no",  "yes"),
    ("<b>Odalys</b> & \"Quilla\" O'Hanrahan, PhD", "20:21:00", "20:40:00", "19", "no", "yes"),
    ("Wanjiru Quispe",       "20:30:10", "?",        "in",  "yes", "no"),
    ("Xóchitl Castellanos",  "20:40:00", "21:20:00", "40",  "no",  "yes"),
    ("Aylin Lindqvist",      "22:10:00", "?",        "in",  "yes", "no"),
    ("Yusuf Abernethy",      "22:20:15", "22:20:15", "0",   "no",  "yes"),
    ("Zoë Castellanos 🧑‍🚀",   "22:30:00", "23:05:00", "35",  "no",  "yes"),
    ("Åsa Rautavaara",       "22:35:00", "22:45:00", "10",  "no",  "yes"),
];

/// The cells of `visits` without the header.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<_> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(header, ["Name", "Room", "Came", "Left", "Minutes", "Still in", "End known"]);
    let cells = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|row| cells(row.expect("a row"))).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A join and a leave, each a line of JSON.
fn visit(name: &str, meeting: (&str, &str), came: &str, left: &str) -> String {
    let name = serde_json::to_string(name).expect("a name is text");
    let (uuid, number) = meeting;
    let line = |event: &str, key: &str, at: &str| {
        format!(
            r#"{{"event":"meeting.participant_{event}","event_ts":1,"payload":{{"object":{{"uuid":"{uuid}","id":"{number}","participant":{{"user_id":{name},"user_name":{name},"{key}":"{at}"}}}}}}}}"#
        )
    };
    format!("{}\n{}\n", line("joined", "join_time", came), line("left", "leave_time", left))
}

/// Imports `lines` by `settings`.
fn imported(settings: &str, lines: &str) -> Lookout {
    let lookout = Lookout::with_settings(settings);
    fs::write(lookout.path("events.jsonl"), lines).expect("written");
    lookout.ok(&["-q", "import", "events.jsonl"]);
    lookout
}

#[test]
fn the_evening_has_the_visits_that_a_reader_counts_beside_a_running_serve() {
    let mut lookout = Lookout::with_settings(NEVER_STALE);
    lookout.serve();
    for (name, body) in bodies() {
        assert!(lookout.deliver(&body).status < 300, "{name}");
    }
    let found = rows(&lookout.ok(&["visits"]));
    let time = |text: &str| match text {
        "?" => String::new(),
        text => format!("2026-03-14T{text}Z"),
    };
    let expected = EVENING.iter();
    let expected: Vec<Vec<String>> = expected
        .map(|(name, came, left, minutes, still_in, end_known)| {
            let minutes = if *minutes == "?" { "" } else { minutes };
            let cells = [*name, "Lookout", &time(came), &time(left), minutes, still_in, end_known];
            cells.map(str::to_owned).into()
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (mut row, expected) in found.into_iter().zip(expected) {
        if expected[4] == "in" {
            assert!(row[4].parse::<u64>().is_ok_and(|minutes| minutes > 60), "{row:?}");
            row[4] = "in".to_owned();
        }
        assert_eq!(row, expected);
    }
    let json = lookout.ok(&["visits", "--json", "--person", "Kwame Boateng"]);
    insta::assert_snapshot!(json, @r#"{"name":"Kwame Boateng","room":"Lookout","came":null,"left":"2026-03-14T19:08:30Z","minutes":null,"still_in":false,"end_known":true}"#);
    lookout.wait_for("lookout/index.html", |page| page.contains("Wanjiru Quispe"));
    lookout.stop();
}

#[test]
fn options_select_visits_by_time_room_and_person() {
    let settings = "[site]\ntime_zone = \"Europe/Istanbul\"\n[privacy]\npublish = [\"Ada Lovelace\", \"Grace\", \"+1 202 555 0143\"]\n\
        hide = [\"Eve\"]\ndrop_fields = []\n\
        [[people]]\nname = \"Ada Lovelace\"\naliases = [\"Ada\"]\n\
        [[rooms]]\nmeeting_id = \"1\"\nname = \"Lounge\"\n[[rooms]]\nmeeting_id = \"22\"\nname = \"Tea Room\"\n";
    let lines = [
        visit("Ada", ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z"),
        visit("Grace", ("a", "1"), "2026-01-05T20:30:00Z", "2026-01-05T20:45:00Z"),
        visit("Grace", ("b", "22"), "2026-01-06T08:00:00Z", "2026-01-06T09:00:00Z"),
        visit("Eve", ("b", "22"), "2026-01-06T08:10:00Z", "2026-01-06T08:20:00Z"),
        visit("Mallory", ("b", "22"), "2026-01-06T08:15:00Z", "2026-01-06T08:25:00Z"),
        visit("12025550199", ("b", "22"), "2026-01-06T08:16:00Z", "2026-01-06T08:26:00Z"),
        visit("+1 202 555 0143", ("b", "22"), "2026-01-06T08:17:00Z", "2026-01-06T08:27:00Z"),
        visit("Grace", ("c", "333"), "2026-01-06T12:00:00Z", "2026-01-06T13:00:00Z"),
    ];
    let lookout = imported(settings, &lines.concat());
    let all = "Ada Lovelace@Lounge, Grace@Lounge, Grace@Tea Room, +1 202 555 0143@Tea Room";
    #[rustfmt::skip]
    let cases = [
        // what is special                options                                          listed
        ("nothing",                       vec![],                                          all),
        ("everybody",                     vec!["--all"],                                   "Ada Lovelace@Lounge, Grace@Lounge, Grace@Tea Room, Eve@Tea Room, Mallory@Tea Room, 12025550199@Tea Room, +1 202 555 0143@Tea Room"),
        ("a room by slug",                vec!["--room", "tea-room"],                      "Grace@Tea Room, +1 202 555 0143@Tea Room"),
        ("a room by name",                vec!["--room", "Lounge"],                        "Ada Lovelace@Lounge, Grace@Lounge"),
        ("a room by number",              vec!["--room", "2 2"],                           "Grace@Tea Room, +1 202 555 0143@Tea Room"),
        ("a person",                      vec!["--person", "Grace"],                       "Grace@Lounge, Grace@Tea Room"),
        ("a person by an alias",          vec!["--person", "Ada"],                         "Ada Lovelace@Lounge"),
        ("a day of the site's zone",      vec!["--from", "2026-01-06", "--to", "2026-01-06"], "Ada Lovelace@Lounge, Grace@Tea Room, +1 202 555 0143@Tea Room"),
        ("the day before",                vec!["--to", "2026-01-05"],                      "Ada Lovelace@Lounge, Grace@Lounge"),
        ("a moment",                      vec!["--from", "2026-01-05T21:00:00Z", "--to", "2026-01-06T08:17:00Z"], "Ada Lovelace@Lounge, Grace@Tea Room"),
        ("the moment of an end",          vec!["--from", "2026-01-05T21:30:00Z", "--to", "2026-01-05T22:00:00Z"], "Ada Lovelace@Lounge"),
    ];
    for (what, options, expected) in cases {
        let found = rows(&lookout.ok(&[&["visits"], &options[..]].concat()));
        let found: Vec<_> = found
            .iter()
            .map(|row| format!("{}@{}", row[0].trim_start_matches('\''), row[1]))
            .collect();
        assert_eq!(found.join(", "), expected, "{what}");
    }
    let row = &rows(&lookout.ok(&["visits"]))[0];
    assert_eq!(row[2..4], ["2026-01-05T23:00:00+03:00", "2026-01-06T00:30:00+03:00"]);
}

#[test]
fn what_cannot_be_selected_is_said_with_what_to_do() {
    let settings = "[privacy]\npublish = [\"Ada\", \"Grace\"]\n[[rooms]]\nmeeting_id = \"1\"\nname = \"Lounge\"\n";
    let ada = visit("Ada", ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z");
    let eve = visit("Eve", ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z");
    let lookout = imported(settings, &(ada + &eve));
    #[rustfmt::skip]
    let cases = [
        // what is special             options                                                    code  said
        ("a misspelt room",            vec!["--room", "lonuge"],                                  2, "lookout: `--room`: no room is called `lonuge`; did you mean `Lounge`?"),
        ("another room",               vec!["--room", "kitchen\u{1b}[2J"],                        2, r"lookout: `--room`: no room is called `kitchen\u{1b}[2J`; there are `lounge`"),
        ("the end before the start",   vec!["--from", "2026-01-06", "--to", "2026-01-05"],        2, "lookout: `--from`, 2026-01-06T00:00:00Z, is not before the end of `--to`, 2026-01-06T00:00:00Z; exchange the two"),
        ("a misspelt person",          vec!["--person", "Adda"],                                  0, "nobody has had the name `Adda`; did you mean `Ada`?"),
        ("an unknown person",          vec!["--person", "Zebulon"],                               0, "nobody has had the name `Zebulon`; `lookout who` lists all names"),
        ("a hidden person",            vec!["--person", "Eve"],                                   0, "`Eve` has no published visit that matches; `lookout who` shows who is published"),
        ("another year",               vec!["--from", "2030-01-01"],                              0, "no visit matches; `--all` adds people who are not published"),
        ("everybody",                  vec!["--all"],                                             0, "this list has everybody, also people whom the page does not show; share it with care"),
    ];
    for (what, options, code, said) in cases {
        let output = lookout.run(&[&["visits"], &options[..]].concat());
        assert_eq!(stderr(&output).trim_end(), said, "{what}");
        assert_eq!(output.status.code(), Some(code), "{what}");
    }
    let nobody =
        imported("", &visit("Ada", ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z"));
    let output = nobody.run(&["visits"]);
    insta::assert_snapshot!(stderr(&output), @"nobody is listed, because `privacy.publish` is empty; add `--all` for everybody, or run `lookout who --paste` for names to publish");
    let output = nobody.run(&["visits", "--room", "lounge"]);
    insta::assert_snapshot!(stderr(&output), @"lookout: `--room`: no `[[rooms]]` are configured, so all meetings count as one room; add them, or leave `--room` out");
    assert_eq!(output.status.code(), Some(2));

    let empty = Lookout::new();
    let output = empty.run(&["visits"]);
    insta::assert_snapshot!(stderr(&output), @"nothing is stored yet: start `lookout serve`, join your meeting once, and run this again; `lookout check` says whether deliveries arrive, and `lookout demo` shows invented people");
    assert!(output.status.success());
    assert!(rows(&String::from_utf8_lossy(&output.stdout)).is_empty());
    assert!(!empty.path("data").exists(), "it makes nothing");
}

#[test]
fn a_hostile_name_is_one_inert_cell() {
    let names = names();
    let lines = names
        .iter()
        .map(|(_, name)| visit(name, ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z"));
    let lookout = imported("[privacy]\npublish = [\"*\"]\n", &lines.collect::<String>());
    let csv = lookout.ok(&["visits"]);
    assert!(!csv.contains(|c: char| c.is_control() && c != '\n'), "a control character");
    let rows = rows(&csv);
    assert!(rows.len() > 450, "{}", rows.len());
    for row in &rows {
        assert_eq!(row.len(), 7, "{row:?}");
        assert!(!row[0].starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{row:?}");
    }
    let json = lookout.ok(&["visits", "--json"]);
    assert_eq!(json.lines().count(), rows.len());
    for line in json.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(7), "{line}");
    }
}

#[test]
fn it_leaves_no_file_that_the_service_cannot_write_and_says_what_another_user_lacks() {
    if fs::metadata("/proc/self").expect("there is one").uid() != 0 {
        eprintln!("skipped: only root can become another user");
        return;
    }
    const USER: u32 = 54_320;
    let ada = visit("Ada", ("a", "1"), "2026-01-05T20:00:00Z", "2026-01-05T21:30:00Z");
    let lookout = imported("[privacy]\npublish = [\"*\"]\n", &ada);
    fs::set_permissions(lookout.dir.path(), fs::Permissions::from_mode(0o755)).expect("set");
    fs::set_permissions(lookout.path("lookout.toml"), fs::Permissions::from_mode(0o644))
        .expect("set");
    let owned =
        Command::new("chown").args(["-R", "54320:54320"]).arg(lookout.path("data")).status();
    assert!(owned.expect("it runs").success());
    assert_eq!(rows(&lookout.ok(&["visits"])).len(), 1);
    for file in fs::read_dir(lookout.path("data")).expect("readable") {
        let file = file.expect("readable");
        assert_eq!(file.metadata().expect("there").uid(), USER, "{}", file.path().display());
    }
    fs::set_permissions(lookout.path("data"), fs::Permissions::from_mode(0o700)).expect("set");
    let other = Command::new("setpriv")
        .args(["--reuid=54322", "--regid=54322", "--clear-groups"])
        .arg(crate::support::lookout::program())
        .arg("visits")
        .current_dir(lookout.dir.path())
        .output()
        .expect("it starts");
    let said = stderr(&other).replace(&lookout.dir.path().display().to_string(), "DIR");
    assert_eq!(other.status.code(), Some(1), "{said}");
    insta::assert_snapshot!(said, @"lookout: this user may not read the journal `data/lookout.db`; run this as the user of the service, or with `sudo`");
}
