use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::config::{Others, PublishList, StaleAfter};
use crate::types::Name;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

#[track_caller]
fn settings(text: &str, variables: &[(&str, &str)]) -> Settings {
    let file = Path::new("etc/lookout.toml");
    parse(text, file, &environment(variables)).expect("the settings are valid")
}

#[test]
fn nothing_set_gives_the_defaults() {
    let settings = Settings::default();
    assert_eq!(settings.site.title, "Lookout");
    assert_eq!(settings.site.output_dir, Path::new("site"));
    assert_eq!(settings.csv.path, "_data/zoom-room-dashboard.csv");
    assert_eq!(settings.zoom.max_body, 1024 * 1024);
    assert_eq!(settings.zoom.secret_tokens, []);
    assert_eq!(settings.journal.keep, None);
    assert_eq!(settings.journal.keep_quarantined, Duration::from_secs(30 * 86_400));
    assert!(settings.privacy.publish.is_empty());
    assert!(settings.privacy.hide.is_empty());
    assert_eq!(settings.privacy.others, Others::Hidden);
    assert_eq!(settings.privacy.drop_fields.len(), 11);
    let half_a_day = StaleAfter::Silence(Duration::from_secs(12 * 3600));
    assert_eq!(settings.presence.stale_after, half_a_day);
}

#[test]
fn relative_paths_are_relative_to_the_settings_file() {
    let text = "[site]\noutput_dir = '../www'\n[csv]\ncopies = ['a.csv', '/srv/b.csv']";
    let settings = settings(text, &[]);
    assert_eq!(settings.site.output_dir, Path::new("etc/../www"));
    assert_eq!(settings.site.static_dir, Path::new("etc/static"));
    let copies = ["etc/a.csv", "/srv/b.csv"].map(PathBuf::from);
    assert_eq!(settings.csv.copies, copies);
}

#[test]
fn the_environment_has_the_last_word() {
    #[rustfmt::skip]
    let cases = [
        // what is special          value              title
        ("a bare word",             "Lounge",          "Lounge"),
        ("TOML quotes",             "'The Lounge'",    "The Lounge"),
        ("digits stay a text",      "0042",            "0042"),
        ("a date stays a text",     "2026-01-05",      "2026-01-05"),
        ("a boolean stays a text",  "true",            "true"),
        ("not quite TOML",          "Ada's [room",     "Ada's [room"),
        ("a comment sign",          "42 # of them",    "42 # of them"),
    ];
    for (what, value, title) in cases {
        let text = "[site]\ntitle = 'From the file'";
        let settings = settings(text, &[("LOOKOUT_SITE__TITLE", value)]);
        assert_eq!(settings.site.title, title, "{what}");
    }
}

#[test]
fn a_room_may_be_stale_sooner_than_others_or_never() {
    let rooms = "[[rooms]]\nmeeting_id = '1'\nname = 'A'\n\
                 [[rooms]]\nmeeting_id = '2'\nname = 'B'\nstale_after = '3h'\n\
                 [[rooms]]\nmeeting_id = '3'\nname = 'C'\nstale_after = 'never'\n";
    let settings = settings(rooms, &[("LOOKOUT_PRESENCE__STALE_AFTER", "never")]);
    assert_eq!(settings.presence.stale_after, StaleAfter::Never);
    let of_rooms: Vec<_> = settings.rooms.iter().map(|room| room.stale_after).collect();
    let hours = StaleAfter::Silence(Duration::from_secs(3 * 3600));
    assert_eq!(of_rooms, [None, Some(hours), Some(StaleAfter::Never)]);
}

#[test]
fn the_environment_creates_sections_and_gives_lists() {
    let settings = settings("", &[("LOOKOUT_PRIVACY__PUBLISH", "['Ada', ' Bob ']")]);
    let names = ["Ada", "Bob"].map(|name| Name::clean(name).expect("a name"));
    let expected = PublishList::Only(names.into_iter().collect());
    assert_eq!(settings.privacy.publish, expected);
}

#[test]
fn an_empty_variable_is_an_empty_text() {
    let text = "[site]\nbase_url = 'https://example.org'";
    let settings = settings(text, &[("LOOKOUT_SITE__BASE_URL", "")]);
    assert_eq!(settings.site.base_url, "");
}

#[test]
fn variables_of_a_container_platform_are_left_alone() {
    settings(
        "",
        &[
            ("LOOKOUT_SERVICE_HOST", "10.0.0.1"),
            ("LOOKOUT_PORT", "tcp://10.0.0.1:8787"),
            ("LOOKOUT_PORT_8787_TCP_ADDR", "10.0.0.1"),
            ("OTHER", "x"),
        ],
    );
}

#[test]
fn a_secret_is_one_text_a_list_or_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("one"), " hush \n").expect("written");
    fs::write(dir.path().join("two"), "hush\n\nhush2\n").expect("written");
    fs::write(dir.path().join("none"), "\n").expect("written");
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str]); 8] = [
        // what is special        settings                                            secrets
        ("a text",                "secret_token = 'hush'",                            &["hush"]),
        ("a list",                "secret_token = ['hush', 'hush2']",                 &["hush", "hush2"]),
        ("empty",                 "secret_token = ''",                                &[]),
        ("a file",                "secret_token_file = 'one'",                        &["hush"]),
        ("a file of two",         "secret_token_file = 'two'",                        &["hush", "hush2"]),
        ("an empty file",         "secret_token_file = 'none'",                       &[]),
        ("no such file",          "secret_token_file = 'missing'",                    &[]),
        ("empty text and a file", "secret_token = ''\nsecret_token_file = 'one'",    &["hush"]),
    ];
    let file = dir.path().join("lookout.toml");
    for (what, text, secrets) in cases {
        let text = format!("[zoom]\n{text}");
        let settings = parse(&text, &file, &Environment::default()).expect(what);
        let tokens = settings.zoom.secret_tokens.iter();
        assert_eq!(tokens.map(|t| t.reveal()).collect::<Vec<_>>(), secrets, "{what}");
        assert_eq!(settings.require_secret().is_ok(), !secrets.is_empty(), "{what}");
    }
}

#[test]
fn a_missing_secret_is_explained() {
    let missing = settings("[zoom]\nsecret_token_file = 'missing'", &[]);
    assert!(matches!(missing.origin.secret, SecretSource::Unreadable { .. }));
    let error = missing.require_secret().expect_err("no secret");
    insta::assert_snapshot!(error, @"zoom.secret_token: can't read `etc/missing`: No such file or directory (os error 2); correct `zoom.secret_token_file` or the file's owner and mode");
    let error = Settings::default().require_secret().expect_err("no secret");
    insta::assert_snapshot!(error, @"zoom.secret_token: is empty, so anybody could sign; copy your app's Secret Token (marketplace.zoom.us, Features, Access) into `zoom.secret_token` or the file named by `zoom.secret_token_file`");
}

#[test]
fn settings_are_looked_for_here_and_then_where_the_package_keeps_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let [here, etc] = ["here.toml", "etc.toml"].map(|name| dir.path().join(name));
    let defaults = [here.clone(), etc.clone()];
    let found = || find(None, &defaults).expect("readable").map(|(path, _)| path);
    assert_eq!(found(), None);
    fs::write(&etc, "").expect("written");
    assert_eq!(found().as_ref(), Some(&etc));
    fs::write(&here, "").expect("written");
    assert_eq!(found().as_ref(), Some(&here));
    let named = find(Some(&etc), &defaults).expect("readable").map(|(path, _)| path);
    assert_eq!(named.as_ref(), Some(&etc));
}

#[test]
fn files_that_are_no_settings_are_named() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("latin1.toml"), b"[site]\ntitle = '\xfc'\n").expect("written");
    #[rustfmt::skip]
    let cases = [
        // what is special   file             said
        ("missing",          "absent.toml",   "there is no such file; write one with `lookout init`"),
        ("a directory",      ".",             "can't read the settings"),
        ("Latin-1",          "latin1.toml",   "line 2 is not UTF-8"),
    ];
    for (what, file, said) in cases {
        let path = dir.path().join(file);
        let error = load(Some(&path), &Environment::default()).expect_err(what);
        assert!(error.to_string().contains(said), "{what}: {error}");
    }
}

#[test]
fn numbers_and_booleans_may_be_typed_with_or_without_quotes() {
    #[rustfmt::skip]
    let cases = [
        // what is special           typed                    title
        ("an integer",               "42",                    "42"),
        ("one with separators",      "123_456",               "123456"),
        ("more than 64 bits",        "98765432109876543210",  "98765432109876543210"),
        ("a number with a fraction", "4.20",                  "4.20"),
        ("a boolean",                "true",                  "true"),
        ("the same in quotes",       "'true'",                "true"),
    ];
    for (what, typed, title) in cases {
        let settings = settings(&format!("[site]\ntitle = {typed}"), &[]);
        assert_eq!(settings.site.title, title, "{what}");
    }
    let rooms = "[[rooms]]\nmeeting_id = 1234567890\nname = 7\nslug = 7";
    let settings = settings(rooms, &[]);
    let room = &settings.rooms[0];
    let typed = (room.meeting_id.as_str(), room.name.as_str(), room.slug.as_str());
    assert_eq!(typed, ("1234567890", "7", "7"));
}

#[test]
fn a_meeting_number_may_be_typed_as_zoom_shows_it() {
    let settings = settings("[[rooms]]\nmeeting_id = '123 4567-890'\nname = 'Tea Room'", &[]);
    assert_eq!(settings.rooms[0].meeting_id, "1234567890");
    assert_eq!(settings.rooms[0].slug.as_str(), "tea-room");
}
