//! Events carried from one installation to another, through a pipe.

use std::fs;
use std::process::{Output, Stdio};

use mongodb::bson::doc;

use super::{body, deliver};
use crate::odd_bodies::odd_bodies;
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;

/// `export` with `options` of one, into `import -` of another; what both did.
fn carry(from: &Lookout, options: &[&str], to: &Lookout) -> [Output; 2] {
    let mut export = from.command(&[&["export"], options].concat());
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let pipe = export.stdout.take().expect("piped");
    let imported = to.command(&["import", "-"]).stdin(pipe).output().expect("it starts");
    [export.wait_with_output().expect("it ends"), imported]
}

#[track_caller]
fn carry_all(from: &Lookout, store: &str, to: &Lookout) {
    for which in [&[][..], &["--quarantined"]] {
        for output in carry(from, &[&["--from", store], which].concat(), to) {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{stderr}");
            assert!(!stderr.contains('\u{1b}'), "progress is for a terminal: {stderr:?}");
        }
    }
}

/// Everything in a store, as lines.
fn all(lookout: &Lookout, store: &str) -> [Vec<String>; 2] {
    [&[][..], &["--quarantined"]]
        .map(|which| lookout.exported_lines(&[&["--from", store], which].concat()))
}

/// Waits longer than usual: each look runs the program several times.
fn in_the_end(mut condition: impl FnMut() -> bool) -> bool {
    (0..4).any(|_| until(&mut condition))
}

#[test]
fn a_pipe_carries_everything_from_archive_to_journal_and_on_to_another_archive() {
    let mongod = Mongod::alone();
    let mut first = Lookout::with_settings(&mongod.settings());
    first.serve();
    deliver(&first, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    for odd in odd_bodies() {
        // A busy machine may answer 503, upon which Zoom sends again.
        assert!(until(|| first.deliver(&odd.bytes).status == 204), "{}", odd.what);
    }
    let count = || all(&first, "archive").iter().map(Vec::len).sum::<usize>();
    let stored = all(&first, "journal").iter().map(Vec::len).sum::<usize>();
    assert!(in_the_end(|| count() == stored), "all are shipped: {}", first.log());

    let second = Lookout::new();
    carry_all(&first, "archive", &second);
    assert_eq!(all(&second, "journal"), all(&first, "archive"));

    // One that runs ships on what is imported.
    let settings = mongod.settings() + "database = \"another\"\n";
    let mut third = Lookout::with_settings(&settings);
    third.serve();
    carry_all(&second, "journal", &third);
    assert!(in_the_end(|| all(&third, "archive") == all(&first, "archive")), "{}", third.log());
    third.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("\"Ada\""));
}

#[test]
fn either_end_of_a_pipe_says_by_its_exit_code_whether_it_did_its_part() {
    let mut mongod = Mongod::alone();
    let (from, to) = (Lookout::with_settings(&mongod.settings()), Lookout::new());
    let event = doc! { "event": "meeting.started", "payload": { "object": { "uuid": "m1" } } };
    mongod.events().insert(vec![event]);
    let codes = |outputs: &[Output; 2]| outputs.each_ref().map(|output| output.status.code());
    let carried = carry(&from, &["--from", "archive"], &to);
    assert_eq!(codes(&carried), [Some(0), Some(0)]);

    mongod.kill();
    let carried = carry(&from, &["--from", "archive"], &to);
    assert_eq!(codes(&carried), [Some(1), Some(0)], "nothing to read, and nothing to store");

    let full = Lookout::with_settings("[journal]\npath = \"/dev/full/lookout.db\"\n");
    assert_eq!(codes(&carry(&to, &[], &full)), [Some(0), Some(1)], "nowhere to store");
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let lookout = Lookout::new();
    let line = r#"{"event":"meeting.started","event_ts":1,"payload":{"object":{"uuid":"m1"}}}"#;
    fs::write(lookout.path("events.jsonl"), line).expect("written");
    let program = lookout.command(&[]).get_program().to_string_lossy().into_owned();
    #[rustfmt::skip]
    let cases = [
        // what is special   arguments                      on a terminal
        ("a file",           "import events.jsonl",         true),
        ("a pipe",           "import - < events.jsonl",     true),
        ("quiet",            "-q import events.jsonl",      false),
    ];
    for (what, arguments, is_shown) in cases {
        // `script` runs it on a terminal of its own.
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &format!("{program} {arguments}"), "/dev/null"]);
        let script = script.current_dir(lookout.dir.path()).env("TERM", "xterm");
        let output = script.stdin(Stdio::null()).output().expect("`script` is part of Debian");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{what}: {said}");
        assert_eq!(said.contains("/s"), is_shown, "{what}: {said:?}");
    }
}
