//! `lookout who` lists names and meetings, and prints lines for the settings.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

use crate::evening::bodies;
use crate::support::Lookout;
use crate::support::hostile::names;

/// Open meetings stay open; nobody is published.
const NOBODY: &str = "[presence]\nstale_after = \"never\"\n";

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Somebody of a meeting.
struct Visitor<'a> {
    name: &'a str,
    account: &'a str,
    meeting: &'a str,
    topic: &'a str,
}

impl Visitor<'_> {
    /// A join of the fifth of January, and a leave if `left` is a time; each a line of JSON.
    fn lines(&self, joined: &str, left: &str) -> String {
        let text = |text: &str| serde_json::to_string(text).expect("it is text");
        let [name, account, topic] = [self.name, self.account, self.topic].map(text);
        let meeting = self.meeting;
        let line = |event: &str, key: &str, at: &str| {
            let at = format!("2026-01-05T{at}Z");
            format!(
                "{{\"event\":\"meeting.participant_{event}\",\"event_ts\":1,\"payload\":{{\"object\":{{\"uuid\":\"u{meeting}\",\"id\":\"{meeting}\",\"topic\":{topic},\
                 \"participant\":{{\"user_id\":{name},\"user_name\":{name},\"participant_user_id\":{account},\"{key}\":\"{at}\"}}}}}}}}\n"
            )
        };
        let left = if left.is_empty() { String::new() } else { line("left", "leave_time", left) };
        line("joined", "join_time", joined) + &left
    }
}

fn visitor(name: &str) -> Visitor<'_> {
    Visitor { name, account: "", meeting: "1234567890", topic: "Weekly" }
}

/// Imports `lines` by `settings`.
fn imported(settings: &str, lines: &str) -> Lookout {
    let lookout = Lookout::with_settings(settings);
    fs::write(lookout.path("events.jsonl"), lines).expect("written");
    lookout.ok(&["-q", "import", "events.jsonl"]);
    lookout
}

/// Pastes what `who --paste` prints below `[privacy]`.
fn paste(lookout: &Lookout) {
    let lines = lookout.ok(&["who", "--paste"]);
    let file = lookout.path("lookout.toml");
    let settings = fs::read_to_string(&file).expect("readable");
    fs::write(file, format!("{settings}[privacy]\n{lines}")).expect("written");
}

/// The names of a table.
fn names_in(csv: &str) -> BTreeSet<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.expect("a row")[0].to_owned()).collect()
}

#[test]
fn the_evening_of_the_demo_pasted_into_the_settings_gives_a_page_with_everybody() {
    let demo = Lookout::new();
    let output = demo.run(&["demo", "--once"]);
    let said = stderr(&output);
    let dir = said.split("delete `").nth(1).and_then(|rest| rest.split('`').next());
    let dir = dir.unwrap_or_else(|| panic!("it names its directory: {said}"));
    let table = fs::read_to_string(format!("{dir}/site/_data/zoom-room-dashboard.csv"));
    let expected = names_in(&table.expect("the demo made it"));
    let journal = format!("[journal]\npath = \"{dir}/data/lookout.db\"\n");
    let lookout = Lookout::with_settings(&journal);
    lookout.ok(&["build"]);
    assert_eq!(names_in(&lookout.csv()), BTreeSet::new(), "nobody is published");
    paste(&lookout);
    lookout.ok(&["build"]);
    assert!(expected.len() > 3, "{expected:?}");
    assert_eq!(names_in(&lookout.csv()), expected);
    assert_eq!(stderr(&lookout.run(&["who", "--paste"])).trim_end(), NOTHING_NEW);
    fs::remove_dir_all(dir).expect("removed");
}

const NOTHING_NEW: &str =
    "the settings have everybody and every meeting that was seen, so there is nothing to paste";

#[test]
fn the_evening_of_the_fixtures_pasted_into_the_settings_gives_a_page_with_everybody() {
    let mut lookout = Lookout::with_settings(NOBODY);
    lookout.serve();
    for (name, body) in bodies() {
        assert!(lookout.deliver(&body).status < 300, "{name}");
    }
    paste(&lookout);
    lookout.stop();
    lookout.ok(&["build"]);
    let expected =
        fs::read_to_string("tests/fixtures/deliveries/expected.csv").expect("it is there");
    assert_eq!(names_in(&lookout.csv()), names_in(&expected));
    let who = lookout.ok(&["who"]);
    assert!(who.contains("topic \""), "the journal tells topics: {who}");
    let topics: Vec<_> = who.lines().filter_map(|line| line.split("topic \"").nth(1)).collect();
    for (path, bytes) in lookout.site() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for topic in topics.iter().filter_map(|topic| topic.split('"').next()) {
            let is_there = topic.len() > 8 && text.contains(topic);
            assert!(!is_there, "the topic `{topic}` is in {}", path.display());
        }
    }
}

/// Names of a few people, some of them several.
fn crowd() -> Lookout {
    let account = |name, account| Visitor { account, ..visitor(name) };
    let tea =
        |name| Visitor { meeting: "99", topic: "Tea \u{1b}[2J\u{202e} # time", ..visitor(name) };
    let waiting = r#"{"event":"meeting.participant_joined_waiting_room","event_ts":1,"payload":{"object":{"uuid":"u99","id":"99","participant":{"user_id":"w","user_name":"Stranger","date_time":"2026-01-05T19:00:00Z"}}}}"#;
    let lines = [
        visitor("Ada's iPhone").lines("20:00:00", "20:30:00"),
        visitor("Ada (she/her)").lines("20:10:00", "20:20:00"),
        visitor("Ada").lines("20:15:00", ""),
        account("Grace Hopper", "acc-1").lines("20:00:00", "21:00:00"),
        visitor("G. Hopper").lines("20:00:00", "21:00:00"),
        visitor("Mallory").lines("20:40:00", "21:00:00"),
        visitor("mallory's phone").lines("20:41:00", "21:00:00"),
        tea("Bram").lines("20:00:00", "20:05:00"),
        tea("Bram | he/him").lines("20:00:00", "20:05:00"),
        Visitor { account: "acc-2", ..tea("Zoë 🌻") }.lines("20:00:00", "20:05:00"),
        tea("zoë").lines("20:06:00", "20:08:00"),
        tea("+1 202 555 0143").lines("20:07:00", "20:09:00"),
        waiting.to_owned(),
    ];
    let settings = "[site]\ntime_zone = \"Europe/Istanbul\"\n[presence]\nstale_after = \"never\"\n[privacy]\n\
        publish = [\"Grace\", \"Nobody\"]\nhide = [\"Mallory\"]\ndrop_fields = []\n\
        [[people]]\nname = \"Bram\"\naliases = [\"Abraham\"]\n\
        [[people]]\nname = \"Grace\"\naliases = [\"G. Hopper\"]\nzoom_user_ids = [\"acc-1\"]\n\
        [[rooms]]\nmeeting_id = \"1234567890\"\nname = \"Lounge\"\n";
    imported(settings, &lines.concat())
}

#[test]
fn the_list_says_of_each_name_when_how_often_and_whether_it_is_shown() {
    let lookout = crowd();
    insta::assert_snapshot!(lookout.ok(&["who"]), @r#"
    1 in now; 13 names and 2 meetings seen; times in Europe/Istanbul

    LAST SEEN         VISITS  SHOWN     NAME
    in now                 1  no        "Ada"
    2026-01-06 00:00       1  no        "G. Hopper"
    2026-01-06 00:00       1  yes       "Grace Hopper" is "Grace"; account "acc-1"
    2026-01-06 00:00       1  hidden    "Mallory"
    2026-01-06 00:00       1  no        "mallory's phone"
    2026-01-05 23:30       1  no        "Ada's iPhone"
    2026-01-05 23:20       1  no        "Ada (she/her)"
    2026-01-05 23:09       1  no        "+1 202 555 0143"
    2026-01-05 23:08       1  no        "zoë"
    2026-01-05 23:05       1  no        "Bram"
    2026-01-05 23:05       1  no        "Bram | he/him"
    2026-01-05 23:05       1  no        "Zoë 🌻"; account "acc-2"
    2026-01-05 22:00       0  no        "Stranger"

    LAST SEEN         VISITS  SHOWN     MEETING_ID    ROOM, TOPIC
    1 in now               7  yes       "1234567890"  "Lounge"  topic "Weekly"
    2026-01-05 23:09       5  no        "99"          topic "Tea \U0000001B[2J\U0000202E # time"

    `lookout who --paste` prints lines for the settings
    "#);
    let json = lookout.ok(&["who", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    insta::assert_snapshot!(json["meetings"][0].to_string(), @r#"{"inside":1,"last_seen":"2026-01-06T00:00:00+03:00","meeting_id":"1234567890","room":"Lounge","topic":"Weekly","visits":7}"#);
    assert_eq!(json["meetings"][1]["topic"], "Tea \u{1b}[2J\u{202e} # time");
    let names = json["names"].as_array().expect("a list");
    let find =
        |name: &str| names.iter().find(|row| row["name"] == name).expect("it is there").to_string();
    insta::assert_snapshot!(find("Ada"), @r#"{"accounts":[],"hidden":false,"inside":[{"meeting_id":"1234567890","since":"2026-01-05T23:15:00+03:00"}],"last_seen":"2026-01-05T23:15:00+03:00","name":"Ada","person":null,"published":false,"visits":1}"#);
    insta::assert_snapshot!(find("Grace Hopper"), @r#"{"accounts":["acc-1"],"hidden":false,"inside":[],"last_seen":"2026-01-06T00:00:00+03:00","name":"Grace Hopper","person":"Grace","published":true,"visits":1}"#);
    insta::assert_snapshot!(find("Mallory"), @r#"{"accounts":[],"hidden":true,"inside":[],"last_seen":"2026-01-06T00:00:00+03:00","name":"Mallory","person":null,"published":false,"visits":1}"#);
}

#[test]
fn lines_to_paste_group_what_is_probably_one_person_and_leave_out_hidden_people() {
    insta::assert_snapshot!(crowd().ok(&["who", "--paste"]), @r##"
    # In the section [privacy], in the place of `publish`. Leave out whom the page should not show.
    publish = [
        "Grace",
        "Nobody",
        # "+1 202 555 0143", a telephone number: published, it is shown in full
        "Ada",
        "Bram",
        "zoë",
    ]

    # At the end of the file. Each entry is probably one person; correct it if not.
    [[people]]
    name = "Ada"
    aliases = ["Ada (she/her)", "Ada's iPhone"]
    [[people]]
    name = "zoë"
    aliases = ["Zoë 🌻"]
    # zoom_user_ids = ["acc-2"] # then only these accounts count
    # In the entry of "Bram", in the place of its `aliases`:
    # aliases = ["Abraham", "Bram | he/him"]

    # At the end of the file. The name of a room is published, its topic never is.
    [[rooms]]
    meeting_id = "99"
    name = "Room 1" # topic: "Tea \U0000001B[2J\U0000202E # time"

    # "mallory's phone" looks like "Mallory", who is hidden; if so, add it to `privacy.hide`.
    "##);
}

#[test]
fn hostile_names_and_topics_are_inert_and_can_be_pasted() {
    let lines = names().into_iter().enumerate().map(|(number, (_, name))| {
        let hostile = Visitor {
            account: &name,
            topic: &name,
            meeting: &format!("{}", number % 7),
            name: &name,
        };
        hostile.lines("20:00:00", "20:30:00")
    });
    let lookout = imported("", &lines.collect::<String>());
    for options in [&["who"][..], &["who", "--json"], &["who", "--paste"]] {
        let text = lookout.ok(options);
        let acts = |c: char| {
            c.is_control() && c != '\n'
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let found = text.lines().find(|line| line.contains(acts));
        assert!(found.is_none(), "{options:?}");
    }
    let everybody = imported("[privacy]\npublish = [\"*\"]\n", &lookout.ok(&["export"]));
    everybody.ok(&["build"]);
    paste(&lookout);
    lookout.ok(&["build"]);
    let (found, expected) = (names_in(&lookout.csv()), names_in(&everybody.csv()));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let merged: toml::Table = settings.parse().expect("it is TOML");
    let aliases = merged.get("people").and_then(toml::Value::as_array).into_iter().flatten();
    let aliases: usize =
        aliases.filter_map(|person| person["aliases"].as_array()).map(Vec::len).sum();
    let numbers = settings
        .lines()
        .filter(|line| line.contains("# \"") && line.contains("a telephone number"))
        .count();
    assert_eq!(
        found.len() + aliases + numbers,
        expected.len(),
        "{:?}",
        expected.difference(&found).collect::<Vec<_>>()
    );
}

#[test]
fn where_nothing_is_stored_it_says_what_to_do() {
    let lookout = Lookout::new();
    for options in [&["who"][..], &["who", "--paste"]] {
        let output = lookout.run(options);
        assert!(output.status.success());
        assert!(
            stderr(&output).starts_with("nothing is stored yet: start `lookout serve`"),
            "{}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty());
    }
    assert!(!lookout.path("data").exists(), "it makes nothing");
}
