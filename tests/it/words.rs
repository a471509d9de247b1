//! Words of the site in every language, and in one that only the operator has.

use std::fs;
use std::path::Path;

use lookout::config::Language;

use crate::support::Lookout;
use crate::support::lookout::SECRET;

const AT: &str = "2026-01-05T18:00:00Z";

/// One room of two with four people, one of whom has a name that turns the direction round.
fn events() -> String {
    let joined = |room: &str, name: &str, leg: usize| {
        let time = format!("2026-01-05T17:{:02}:00Z", 30 + leg);
        serde_json::json!({ "event": "meeting.participant_joined", "event_ts": 1_767_634_200_000_u64,
            "payload": { "object": { "uuid": format!("{room}=="), "id": room, "participant": {
                "user_id": leg.to_string(), "participant_uuid": format!("c{leg}"),
                "user_name": name, "join_time": time } } } })
    };
    let names = ["Amara Lindqvist", "<b>ليلى</b>", "עדה 123 (2)", "Bence Okafor"];
    let lines = (1..).zip(names).map(|(leg, name)| joined("111", name, leg).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

/// A site of two rooms in `language`, with the files `own` in the operator's templates.
fn lookout(language: &str, own: &[(&str, &str)]) -> Lookout {
    let room = |id: &str, slug: &str| {
        format!("[[rooms]]\nmeeting_id = \"{id}\"\nname = \"{slug}\"\nslug = \"{slug}\"\n")
    };
    let lookout = Lookout::with_settings(&format!(
        "[privacy]\npublish = [\"*\"]\n[site]\nlanguage = \"{language}\"\n\
         base_url = \"https://example.org\"\n{}{}",
        room("111", "lounge"),
        room("222", "kitchen")
    ));
    for (name, text) in own {
        let path = lookout.path("templates").join(name);
        fs::create_dir_all(path.parent().expect("below templates")).expect("made");
        fs::write(path, text).expect("written");
    }
    fs::write(lookout.path("events.jsonl"), events()).expect("written");
    let imported = lookout.run(&["import", "events.jsonl"]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    lookout
}

#[track_caller]
fn build(lookout: &Lookout) {
    let built = lookout.run(&["build", "--at", AT]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

fn read(lookout: &Lookout, file: &str) -> String {
    let path = lookout.path("site/lookout").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_language_makes_every_file_and_keeps_names_apart() {
    for tag in Language::all_built_in() {
        let lookout = lookout(tag, &[]);
        build(&lookout);
        let language = Language::built_in(tag).expect("built in");
        let words = language.translation();
        for file in ["index.html", "lounge/index.html", "embed.html", "lounge/embed.html"] {
            let html = read(&lookout, file);
            let direction = if words.dir == "rtl" { " dir=\"rtl\"" } else { "" };
            assert!(html.contains(&format!("<html lang=\"{tag}\"{direction}>")), "{tag}: {file}");
            assert!(html.contains(&words.summary.of(4)), "{tag}: {file}");
            assert!(html.contains("<bdi>&lt;b&gt;ليلى&lt;/b&gt;</bdi>"), "{tag}: {file}");
            assert!(html.contains("<bdi>עדה 123 (2)</bdi>"), "{tag}: {file}");
        }
        let feed = read(&lookout, "lounge/feed.xml");
        assert!(feed.contains(&format!("xml:lang=\"{tag}\"")), "{tag}: {feed}");
        assert!(feed.contains(&words.opened.with("room", "lounge")), "{tag}: {feed}");
        let badge = read(&lookout, "lounge/badge.svg");
        assert!(badge.contains(&words.online.of(4)), "{tag}: {badge}");
        roxmltree::Document::parse(&badge).expect("a picture is XML");
        roxmltree::Document::parse(&feed).expect("a feed is XML");
    }
}

#[test]
fn the_guide_names_every_language() {
    let names = [
        ("ar", "Arabic"),
        ("de", "German"),
        ("en", "English"),
        ("es", "Spanish"),
        ("fr", "French"),
        ("ja", "Japanese"),
        ("pt-BR", "Brazilian Portuguese"),
        ("tr", "Turkish"),
    ];
    assert!(Language::all_built_in().into_iter().eq(names.map(|(tag, _)| tag)));
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/visitors.md");
    let text = fs::read_to_string(guide).expect("read");
    let missing: Vec<_> = names.iter().filter(|(_, name)| !text.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_language_is_added_without_programming() {
    let words = "[page]\njoin = \"Doe mee\"\nmembers = \"Nu binnen\"\n\
                 [counts.summary]\n0 = \"Niemand binnen\"\none = \"{count} mens binnen\"\n\
                 other = \"{count} mensen binnen\"\n";
    let lookout = lookout("nl", &[("words/nl.toml", words)]);
    build(&lookout);
    let page = read(&lookout, "lounge/index.html");
    for text in ["<html lang=\"nl\">", "Nu binnen", "4 mensen binnen", "5\u{a0}jan\u{a0}2026"] {
        assert!(page.contains(text), "`{text}` is missing in\n{page}");
    }
    assert!(page.contains("The last 24 hours"), "what is missing is English");
    let check = lookout.run(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let line = said.lines().find(|line| line.contains("words/nl.toml")).expect(&said).to_owned();
    assert!(line.starts_with("! words"), "{line}");
    assert!(line.contains("`counts.busiest.one`") || line.contains("`counts.busiest`"), "{line}");
    assert!(!said.contains("messages/nl.txt"), "no chat is told: {said}");
}

#[test]
fn check_lists_the_messages_that_a_language_lacks() {
    let message = "{% component test(room) %}✅ hallo{% endcomponent test %}";
    let own = [("words/nl.toml", "[page]\njoin = \"Doe mee\""), ("messages/nl.txt", message)];
    let lookout = lookout("nl", &own);
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("read");
    let chat = "\n[[notify]]\nkind = \"slack\"\nurl = \"http://127.0.0.1:9/hook\"\n";
    fs::write(lookout.path("lookout.toml"), settings + chat).expect("written");
    let check = lookout.run(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let line = said.lines().find(|line| line.contains("messages/nl.txt")).expect(&said).to_owned();
    assert!(line.contains("`card_fallback`") && !line.contains("`test`"), "{line}");
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn a_broken_file_of_words_fails_a_build_and_serve_goes_on() {
    let mut lookout = lookout("tr", &[("words/tr.toml", "[page]\njoin = \"Kom\nrooms = 7")]);
    let built = lookout.run(&["build", "--at", AT]);
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(!built.status.success());
    assert!(said.contains("words/tr.toml:2:") && said.contains("join = \"Kom"), "{said}");
    let write = |lookout: &Lookout, text: &str| {
        fs::write(lookout.path("templates/words/tr.toml"), text).expect("written");
    };
    let page = "lookout/index.html";
    lookout.serve();
    lookout.wait_for(page, |page| page.contains("Odalar"));
    // It is mended while it runs, and breaks again: then the words that worked stay.
    write(&lookout, "[page]\nrooms = \"Bölümler\"");
    lookout.wait_for(page, |page| page.contains("Bölümler"));
    write(&lookout, "[page]\nrooms = \"{count}\"");
    lookout.wait_for_log("`{count}` means nothing here");
    // The settings count all the same.
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("read");
    let settings = settings.replace("[site]", "[site]\ntitle = \"Yeni\"");
    fs::write(lookout.path("lookout.toml"), settings).expect("written");
    let html = lookout.wait_for(page, |page| page.contains("Yeni"));
    assert!(html.contains("Bölümler"), "{html}");
}

#[test]
fn an_unknown_language_is_a_mistake_in_the_settings() {
    let lookout = Lookout::with_settings("[site]\nlanguage = \"nl\"\n");
    let built = lookout.run(&["build"]);
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    assert_eq!(built.status.code(), Some(2), "{said}");
    for part in ["lookout.toml:", "`pt-BR`", "`words/nl.toml`", "lookout init --templates"] {
        assert!(said.contains(part), "`{part}` is missing in\n{said}");
    }
}
