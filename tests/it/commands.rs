//! The commands, as an operator or a script runs them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use crate::support::Lookout;
use crate::support::lookout::{files, now, program, until};

fn joined(name: &str, time: &str) -> String {
    person("participant_joined", "join_time", name, time)
}

fn left(name: &str, time: &str) -> String {
    person("participant_left", "leave_time", name, time)
}

fn person(event: &str, time_field: &str, name: &str, time: &str) -> String {
    format!(
        r#"{{"event":"meeting.{event}","event_ts":1767643200000,"payload":{{"object":{{"uuid":"m==","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","email":"{name}@example.org","{time_field}":"{time}"}}}}}}}}"#
    )
}

/// Imports `lines` from standard input.
fn import(lookout: &Lookout, lines: &str) -> Output {
    let mut child = lookout
        .command(&["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
    child.wait_with_output().expect("it ends")
}

/// Ada from 20:00 to 20:30 and Grace from 20:10 on.
fn evening() -> String {
    [
        joined("Ada", "2026-01-05T20:00:00Z"),
        joined("Grace", "2026-01-05T20:10:00Z"),
        left("Ada", "2026-01-05T20:30:00Z"),
    ]
    .join("\n")
}

#[test]
fn export_and_import_carry_a_journal_over() {
    let (from, to) = (Lookout::new(), Lookout::new());
    assert!(import(&from, &evening()).status.success());
    let exported = from.ok(&["export"]);
    assert_eq!(exported.lines().count(), 3);
    assert!(!exported.contains("@example.org"), "addresses are dropped before anything is stored");
    assert!(import(&to, &exported).status.success());
    assert_eq!(to.ok(&["export"]), exported);
    let again = import(&to, &exported);
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("imported 0 events; 3 were there before")
    );
}

#[test]
fn an_import_loses_no_line_to_a_byte_order_mark() {
    let lookout = Lookout::new();
    let lines: Vec<_> = evening().lines().map(str::to_owned).collect();
    let marked = format!("\u{feff}{}\r\n\u{feff}{}\r\n", lines[0], lines[1]);
    let output = import(&lookout, &marked);
    assert!(output.status.success(), "{output:?}");
    // They are the same events as without.
    let again = import(&lookout, &lines[..2].join("\n"));
    assert!(String::from_utf8_lossy(&again.stderr).contains("2 were there before"), "{again:?}");
}

#[test]
fn a_line_that_cannot_be_taken_is_named_and_the_rest_is_imported() {
    let lookout = Lookout::new();
    let lines = format!(
        "{}\nnot JSON\n\n{{}}\n{}\n",
        joined("Ada", "2026-01-05T20:00:00Z"),
        left("Ada", "2026-01-05T20:30:00Z")
    );
    let output = import(&lookout, &lines);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    for said in [
        "line 2: not JSON",
        "line 4: not an object with a text `event`",
        "2 of 4 lines could not be taken; the rest is imported",
    ] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
    assert_eq!(lookout.ok(&["export"]).lines().count(), 2);
}

#[test]
fn a_running_serve_notices_an_import() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    assert!(import(&lookout, &evening()).status.success());
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Grace"));
}

#[test]
fn build_shows_the_room_as_of_a_moment() {
    let lookout = Lookout::new();
    import(&lookout, &evening());
    #[rustfmt::skip]
    let cases = [
        // at                     online
        ("2026-01-05T19:00:00Z",  vec![]),
        ("2026-01-05T20:05:00Z",  vec!["Ada"]),
        ("2026-01-05T20:20:00Z",  vec!["Ada", "Grace"]),
        ("2026-01-05T20:40:00Z",  vec!["Grace"]),
        ("2026-01-06T20:40:00Z",  vec![]),
    ];
    for (at, online) in cases {
        lookout.ok(&["build", "--at", at]);
        let csv = lookout.csv();
        let on = csv.lines().filter(|row| row.contains("toggle-on"));
        let mut names: Vec<_> = on.map(|row| row.split('"').nth(1).expect("a name")).collect();
        names.sort_unstable();
        assert_eq!(names, online, "{at}");
    }
    // Nothing newer is replaced by older, but for `--at`: an ordinary build comes back to now.
    lookout.ok(&["build"]);
    assert!(!lookout.csv().contains("toggle-on"));
}

#[test]
fn build_says_what_it_did_for_machines() {
    let lookout = Lookout::new();
    import(&lookout, &evening());
    let summary: serde_json::Value =
        serde_json::from_str(&lookout.ok(&["build", "--json"])).expect("JSON");
    assert_eq!(summary["last_event"], 3);
    let written = summary["written"].as_array().expect("a list");
    assert!(written.iter().any(|path| path == "_data/zoom-room-dashboard.csv"), "{summary}");
    let again: serde_json::Value =
        serde_json::from_str(&lookout.ok(&["build", "--json"])).expect("JSON");
    assert_eq!(again["written"], serde_json::json!([]), "what has not changed is not touched");
}

#[test]
fn the_store_may_be_lost() {
    let lookout = Lookout::new();
    let many: Vec<_> = (0..1500)
        .map(|i| {
            joined(
                &format!("Person {}", i % 50),
                &format!("2026-01-05T20:{:02}:{:02}Z", i / 60, i % 60),
            )
        })
        .collect();
    import(&lookout, &many.join("\n"));
    lookout.ok(&["build"]);
    let store = lookout.path("data/lookout.presence");
    let genuine = fs::read(&store).expect("there is a store");
    let site = lookout.site();
    let mut damaged = genuine.clone();
    damaged[genuine.len() / 2] ^= 1;
    #[rustfmt::skip]
    let cases: [(&str, &[u8]); 4] = [
        ("as it is",   &genuine),
        ("damaged",    &damaged),
        ("cut off",    &genuine[..genuine.len() / 2]),
        ("empty",      b""),
    ];
    for (what, bytes) in cases {
        fs::write(&store, bytes).expect("written");
        lookout.ok(&["build", "--output-dir", "other"]);
        assert_eq!(files(&lookout.path("other")), site, "{what}");
    }
    fs::remove_file(&store).expect("removed");
    lookout.ok(&["build", "--output-dir", "other"]);
    assert_eq!(files(&lookout.path("other")), site, "deleted");
}

/// A journal of 1,500 events, with a store; and its backup of when it held three.
fn with_a_backup() -> (Lookout, PathBuf) {
    let lookout = Lookout::new();
    import(&lookout, &evening());
    let backup = lookout.path("backup.db");
    fs::copy(lookout.path("data/lookout.db"), &backup).expect("copied");
    let more: Vec<_> = (0..1500)
        .map(|i| joined("Mallory", &format!("2026-01-05T21:{:02}:{:02}Z", i / 60, i % 60)))
        .collect();
    import(&lookout, &more.join("\n"));
    lookout.ok(&["build"]);
    assert!(lookout.path("data/lookout.presence").exists());
    (lookout, backup)
}

#[test]
fn a_backup_that_was_put_back_is_read_from_its_own_events() {
    let (lookout, backup) = with_a_backup();
    fs::copy(&backup, lookout.path("data/lookout.db")).expect("copied");
    import(&lookout, &joined("Edsger", "2026-01-05T20:50:00Z"));
    lookout.ok(&["build", "--output-dir", "elsewhere"]);
    let csv = "_data/zoom-room-dashboard.csv";
    let csv = fs::read_to_string(lookout.path("elsewhere").join(csv)).expect("it is there");
    assert!(csv.contains("Edsger") && !csv.contains("Mallory"), "{csv}");

    let before = lookout.csv();
    let output = lookout.run(&["build"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("run `lookout build --replay`"), "{stderr}");
    assert_eq!(lookout.csv(), before, "nothing newer is replaced by older");
    lookout.ok(&["build", "--replay"]);
    assert_eq!(lookout.csv(), csv);
}

#[test]
fn a_running_serve_goes_on_with_a_journal_that_was_put_in_place() {
    let (mut lookout, backup) = with_a_backup();
    lookout.serve();
    for file in ["lookout.db", "lookout.db-wal", "lookout.db-shm"] {
        fs::remove_file(lookout.path("data").join(file)).expect("removed");
    }
    fs::rename(&backup, lookout.path("data/lookout.db")).expect("moved");
    let later = joined("Edsger", "2026-01-05T20:50:00Z");
    assert_eq!(lookout.deliver(later.as_bytes()).status, 204);
    lookout.ok(&["build", "--replay"]);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| {
        csv.contains("Edsger") && !csv.contains("Mallory")
    });
    lookout.kill();
    assert!(lookout.ok(&["export"]).contains("Edsger"), "what was acknowledged is there");
}

#[test]
fn a_pruned_journal_needs_its_store_and_what_the_error_advises_helps() {
    let lookout = Lookout::new();
    import(&lookout, &evening());
    let backup = lookout.ok(&["export"]);
    lookout.ok(&["build"]);
    let (site, csv) = (lookout.site(), lookout.csv());
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal
        .execute_batch("DELETE FROM events WHERE id = 1; UPDATE journal SET pruned = 1")
        .expect("pruned");

    lookout.ok(&["build", "--replay"]);
    assert_eq!(lookout.site(), site, "what was removed is in the store");
    fs::remove_file(lookout.path("data/lookout.presence")).expect("removed");
    let output = lookout.run(&["build"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("name a new file in `journal.path`"), "{stderr}");
    assert_eq!(lookout.site(), site);

    let settings = lookout.path("lookout.toml");
    let old = fs::read_to_string(&settings).expect("readable");
    fs::write(&settings, old + "[journal]\npath = \"data/new.db\"\n").expect("written");
    assert!(import(&lookout, &backup).status.success());
    lookout.ok(&["build"]);
    assert_eq!(lookout.csv(), csv);
}

#[test]
fn nobody_appears_unless_published_and_a_build_says_so() {
    let lookout = Lookout::with_settings("");
    import(&lookout, &evening());
    let output = lookout.run(&["build"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success());
    assert!(
        stderr.contains("nobody appears on the site, because `privacy.publish` is empty"),
        "{stderr}"
    );
    assert!(stderr.contains(r#"`["*"]` for everybody"#), "{stderr}");
    for (path, bytes) in lookout.site() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Ada") && !text.contains("Grace"), "{}", path.display());
    }
}

#[test]
fn what_hidden_people_do_changes_no_byte_and_no_date() {
    let mut lookout = Lookout::with_settings("[privacy]\npublish = [\"Ada\"]\n");
    // Her leave is lost: until when the meeting went on is known only by others.
    import(&lookout, &joined("Ada", "2026-01-05T20:00:00Z"));
    // Charts move on with the clock, whoever is there: both sites are of one quarter of an hour.
    let quarter = || now() / 900;
    let is_compared = (0..3).any(|round| {
        let began_in = quarter();
        lookout.serve().stop();
        let before = dated(&lookout);
        assert!(before.len() > 3, "there is a site");

        let hidden: Vec<_> = (0..50)
            .map(|i| joined("Mallory", &format!("2026-01-05T20:{:02}:{i:02}Z", round + 1)))
            .collect();
        import(&lookout, &hidden.join("\n"));
        lookout.serve().stop();
        let after = dated(&lookout);
        let is_same_quarter = quarter() == began_in;
        if is_same_quarter {
            assert_eq!(after, before);
        }
        is_same_quarter
    });
    assert!(is_compared);
}

/// Each file's date, path and text; the heartbeat's date is its message.
fn dated(lookout: &Lookout) -> Vec<(SystemTime, PathBuf, String)> {
    let date = |path: &PathBuf| {
        let data = fs::metadata(lookout.path("site").join(path)).expect("it is there");
        data.modified().expect("a date")
    };
    let files = lookout.site().into_iter().filter(|(path, _)| !path.ends_with("heartbeat.txt"));
    files
        .map(|(path, bytes)| (date(&path), path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect()
}

#[test]
fn a_fault_in_a_template_leaves_the_site_as_it_was_and_exits_1() {
    let lookout = Lookout::new();
    import(&lookout, &evening());
    lookout.ok(&["build"]);
    let site = lookout.site();
    fs::create_dir(lookout.path("templates")).expect("made");
    fs::write(lookout.path("templates/index.html"), "<p>{{ nobody_knows_this }}</p>")
        .expect("written");
    let output = lookout.run(&["build"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("index.html") && stderr.contains("nobody_knows_this"), "{stderr}");
    assert_eq!(lookout.site(), site);
}

#[test]
fn serve_does_not_start_without_a_secret() {
    let lookout = Lookout::new();
    fs::write(lookout.path("lookout.toml"), "").expect("written");
    let output = lookout.run(&["serve"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("zoom.secret_token"), "{stderr}");
    assert!(!lookout.path("data").exists(), "nothing was touched");
}

#[test]
fn settings_mistakes_are_shown_with_their_place() {
    let lookout = Lookout::new();
    fs::write(lookout.path("lookout.toml"), "[site]\ntitel = \"x\"\n").expect("written");
    for command in ["build", "check", "serve", "export"] {
        let output = lookout.run(&[command]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
        for said in ["lookout.toml", "2", "titel", "title"] {
            assert!(stderr.contains(said), "{command}: {stderr}");
        }
    }
}

#[test]
fn init_writes_what_serve_can_start_from() {
    let lookout = Lookout::new();
    fs::remove_file(lookout.path("lookout.toml")).expect("removed");
    lookout.ok(&["init", "--templates"]);
    assert!(lookout.path("templates/index.html").exists());
    lookout.ok(&["build"]);
    let output = lookout.run(&["init"]);
    assert_eq!(output.status.code(), Some(1), "it overwrites nothing");
    let check = lookout.run(&["check"]);
    let stdout = String::from_utf8_lossy(&check.stdout);
    assert_eq!(check.status.code(), Some(1), "the secret is missing: {stdout}");
    assert!(stdout.contains('✗') && stdout.contains('✓'), "{stdout}");
}

#[test]
fn the_address_of_the_demo_has_a_page_as_soon_as_it_is_printed() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut demo = Command::new(program());
    demo.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", scratch.path());
    let mut demo = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    let stdout = demo.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it prints");
    let mut dirs = fs::read_dir(scratch.path()).expect("readable");
    let dir = dirs.next().expect("the demo made a directory").expect("readable").path();
    let has_page = dir.join("site/lookout/index.html").exists();
    demo.kill().expect("it runs");
    demo.wait().expect("it ended");
    assert!(line.starts_with("http://127.0.0.1:"), "{line}");
    assert!(has_page, "a visitor who comes at once finds nothing");
}

#[test]
fn the_same_seed_gives_the_same_demo() {
    let lookout = Lookout::new();
    let (first, second) = (
        lookout.run(&["demo", "--once", "--seed", "7"]),
        lookout.run(&["demo", "--once", "--seed", "7"]),
    );
    assert!(first.status.success());
    assert_eq!(first.stdout, second.stdout);
    assert_ne!(first.stdout, lookout.run(&["demo", "--once", "--seed", "8"]).stdout);
    let site = |output: &Output| {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let path = stderr.split('`').nth(1).expect("it says where the site is").to_owned();
        let site = files(path.as_ref());
        fs::remove_dir_all(std::path::Path::new(&path).parent().expect("its directory"))
            .expect("removed");
        site
    };
    let (first, second) = (site(&first), site(&second));
    assert!(first.len() > 3);
    assert_eq!(first, second);
}

#[test]
fn asking_for_templates_later_leaves_the_settings_alone() {
    let lookout = Lookout::new();
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    lookout.ok(&["init", "--templates"]);
    assert_eq!(fs::read_to_string(lookout.path("lookout.toml")).expect("readable"), settings);
    assert!(lookout.path("static/style.css").exists());
}

#[test]
fn a_copy_of_the_table_never_replaces_somebody_elses_file() {
    let lookout = Lookout::with_settings("[csv]\ncopies = [\"notes.txt\", \"copy.csv\"]\n");
    fs::write(lookout.path("notes.txt"), "mine").expect("written");
    let output = lookout.run(&["build"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("the site is in place, but"), "{stderr}");
    assert!(stderr.contains("notes.txt") && stderr.contains("csv.copies"), "{stderr}");
    assert_eq!(fs::read_to_string(lookout.path("notes.txt")).expect("readable"), "mine");
    let copy = || fs::read_to_string(lookout.path("copy.csv")).expect("readable");
    assert_eq!(copy(), lookout.csv());
    import(&lookout, &evening());
    lookout.run(&["build"]);
    assert_eq!(copy(), lookout.csv(), "our own copy is kept equal");
}

#[test]
fn every_command_refuses_settings_that_would_publish_something_private() {
    let lookout = Lookout::with_settings("[site]\nstatic_dir = \".\"\n");
    #[rustfmt::skip]
    let commands: &[&[&str]] = &[
        &["serve"], &["intake"], &["watch"], &["notify"], &["notify", "--test"], &["build"], &["check"],
        &["import", "-"], &["export"], &["backup", "copy.db"],
        &["restore", "copy.db"], &["repair"], &["forget", "Ada", "--yes"], &["print", "nginx"], &["print", "systemd"], &["print", "config"],
    ];
    for command in commands {
        let output = lookout.run(command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {stderr}");
        let said = "`site.static_dir` (`.`) holds the settings file (`lookout.toml`) and the journal \
                    (`data/lookout.db`), and all its files are published; use a separate directory";
        assert!(stderr.contains(said), "{command:?}: {stderr}");
    }
    let left: Vec<_> = fs::read_dir(lookout.dir.path()).expect("readable").collect();
    assert_eq!(left.len(), 1, "nothing but the settings: {left:?}");
}

#[test]
fn build_refuses_to_publish_into_the_directory_of_something_private() {
    let lookout = Lookout::new();
    fs::create_dir(lookout.path("templates")).expect("made");
    for directory in [".", "data", "templates", "static/../data", "lookout.toml"] {
        let output = lookout.run(&["build", "--output-dir", directory]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{directory}: {stderr}");
    }
    lookout.ok(&["build", "--output-dir", "past"]);
}

#[test]
fn no_lock_that_others_can_hold_keeps_a_command_back() {
    let lookout = Lookout::with_settings(
        "[privacy]\npublish = [\"*\"]\n[csv]\ncopies = [\"jekyll/a.csv\"]\n",
    );
    fs::create_dir(lookout.path("jekyll")).expect("made");
    assert!(import(&lookout, &evening()).status.success());
    lookout.ok(&["build"]);
    let places = ["data", "site", "jekyll", "site/_data", "."];
    let open = |place: &&str| fs::File::open(lookout.path(place)).expect("it is there");
    let foreign: Vec<_> = places.iter().map(open).collect();
    for file in &foreign {
        file.lock().expect("anybody can lock what they can open");
    }
    let commands: &[&[&str]] =
        &[&["build", "--replay"], &["backup", "copy.db"], &["forget", "Ada", "--yes"], &["build"]];
    for command in commands {
        let mut child = lookout.command(command).stderr(Stdio::null()).spawn().expect("it starts");
        let mut status = None;
        let has_ended = || {
            status = child.try_wait().expect("it can be asked");
            status.is_some()
        };
        if !until(has_ended) {
            drop(child.kill());
            panic!("{command:?} waits");
        }
        assert!(status.expect("it ended").success(), "{command:?}");
    }
    assert!(!lookout.csv().contains("Ada"));
    for lock in ["data/lookout.publish.lock", "data/lookout.presence.lock"] {
        let mode = fs::metadata(lookout.path(lock)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{lock}");
    }
}
