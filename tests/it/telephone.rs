//! Callers: numbers are shown to nobody, and a bound telephone is the person it was bound to.

use std::fs;

use lookout::time::moment::Moment;

use crate::support::Lookout;
use crate::support::chat::Chat;
use crate::support::lookout::{now, until};

/// Ada joins, somebody calls, and the telephone is bound to Ada.
const CALL: &str = include_str!("../fixtures/cases/telephone-bound.jsonl");
const NUMBER: &str = "12025550143";
const MASK: &str = "•••••••••43";

/// The first `count` events, imported by `settings`.
fn imported(settings: &str, count: usize) -> Lookout {
    let lookout = Lookout::with_settings(settings);
    let lines: Vec<_> = CALL.lines().take(count).collect();
    fs::write(lookout.path("events.jsonl"), lines.join("\n")).expect("written");
    lookout.ok(&["import", "events.jsonl"]);
    lookout.ok(&["build"]);
    lookout
}

/// The names in the table, in alphabetical order.
fn names(lookout: &Lookout) -> Vec<String> {
    let csv = lookout.csv();
    let mut names: Vec<_> = csv.lines().skip(1).filter_map(|row| row.split('"').nth(1)).collect();
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_number_is_masked_unless_the_settings_name_it() {
    const STORED: &str = "drop_fields = []\n";
    let everybody = "[privacy]\npublish = [\"*\"]\n";
    let named = format!("[privacy]\npublish = [\"Ada\", \"{NUMBER}\"]\n");
    let only_ada = "[privacy]\npublish = [\"Ada\"]\n";
    let person = format!("[[people]]\nname = \"Grace\"\naliases = [\"{NUMBER}\"]\n");
    #[rustfmt::skip]
    let cases = [
        // what is special            settings                          names                   number stored
        ("everybody",                 everybody.to_owned(),             vec!["Ada", MASK],      false),
        ("the number is kept",        format!("{everybody}{STORED}"),   vec!["Ada", MASK],      true),
        ("named by `publish`",        named.clone(),                    vec![NUMBER, "Ada"],    true),
        ("… and kept",                format!("{named}{STORED}"),       vec![NUMBER, "Ada"],    true),
        ("not published",             format!("{only_ada}{STORED}"),    vec!["Ada"],            true),
        ("an alias in `[[people]]`",  format!("{everybody}{person}"),   vec!["Ada", "Grace"],   true),
    ];
    for (what, settings, expected, is_stored) in cases {
        let lookout = imported(&settings, 2);
        assert_eq!(names(&lookout), expected, "{what}");
        assert_eq!(lookout.ok(&["export"]).contains(NUMBER), is_stored, "{what}");

        let bound = imported(&settings, 3);
        assert_eq!(names(&bound), ["Ada"], "bound: {what}");
    }
}

#[test]
fn two_callers_whose_masks_are_equal_are_two() {
    for drop_fields in ["", "drop_fields = []\n"] {
        let lookout = imported(&format!("[privacy]\npublish = [\"*\"]\n{drop_fields}"), 2);
        let second = CALL.lines().nth(1).expect("it is there").replace(NUMBER, "12029999943");
        let second =
            second.replace("\"ph\"", "\"ph2\"").replace("\"user_id\": \"2\"", "\"user_id\": \"3\"");
        fs::write(lookout.path("second.jsonl"), second).expect("written");
        lookout.ok(&["import", "second.jsonl"]);
        lookout.ok(&["build", "--at", "2026-09-21T15:00:00Z"]);
        assert_eq!(names(&lookout), ["Ada", MASK, &format!("{MASK} (2)")], "{drop_fields}");
    }
}

#[test]
fn neither_page_nor_chat_tells_a_number() {
    let chat = Chat::mattermost();
    let target = format!("[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\n", chat.hook());
    let settings = format!("[privacy]\npublish = [\"*\"]\ndrop_fields = []\n{target}");
    let mut lookout = Lookout::with_settings(&settings);
    lookout.serve();
    lookout.wait_for_chats();
    let time = Moment::from_seconds(now()).to_string();
    let lines: Vec<_> = CALL
        .lines()
        .map(|line| {
            ["2026-09-21T14:13:20Z", "2026-09-21T14:13:50Z", "2026-09-21T14:14:00Z"]
                .iter()
                .fold(line.to_owned(), |line, old| line.replace(old, &time))
        })
        .collect();
    for line in &lines[..2] {
        assert_eq!(lookout.deliver(line.as_bytes()).status, 204);
    }
    lookout.wait_for("lookout/presence.json", |json| json.contains(MASK));
    let told = || chat.posts().iter().map(|post| post.body.to_string()).collect::<String>();
    assert!((0..4).any(|_| until(|| told().contains(MASK))), "{}", lookout.log());
    assert!(!told().contains(NUMBER), "{}", told());
    for (path, bytes) in lookout.site() {
        let is_there = bytes.windows(NUMBER.len()).any(|window| window == NUMBER.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
    assert_eq!(lookout.deliver(lines[2].as_bytes()).status, 204);
    lookout.wait_for("lookout/presence.json", |json| !json.contains(MASK) && json.contains("Ada"));
}
