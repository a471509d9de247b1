//! System calls that a file system or a container refuses.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::support::Lookout;
use crate::support::lookout::{files, now};

const PAGE: &str = "lookout/index.html";

/// From now on `lookout` runs with what `options` of `strace` inject.
fn inject(lookout: &mut Lookout, options: &[&str]) {
    let program = crate::support::lookout::program();
    let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "signal=none"];
    let command = strace.iter().chain(options).map(OsString::from);
    lookout.run_instead(command.chain([program.into()]).collect());
}

#[test]
fn what_can_be_watched_counts_at_once_although_something_else_cannot() {
    let mut lookout = Lookout::new();
    let templates = lookout.path("templates");
    fs::create_dir(&templates).expect("made");
    let templates = templates.display().to_string();
    let call = "inotify_add_watch";
    let fault = format!("inject={call}:error=ENOSPC");
    inject(&mut lookout, &["-P", &templates, "-e", &format!("trace={call}"), "-e", &fault]);
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let titled = format!("{settings}[site]\ntitle = \"Lounge\"\n");
    fs::write(lookout.path("lookout.toml"), titled).expect("written");
    lookout.wait_for(PAGE, |page| page.contains("<title>Lounge"));
    let log = lookout.stop();
    let said = "some changes of settings and templates count only after up to 30 s";
    assert_eq!(log.matches(said).count(), 1, "{log}");
}

#[test]
fn without_any_notification_of_changes_it_serves_and_says_when_they_count() {
    let mut lookout = Lookout::new();
    inject(&mut lookout, &["-e", "inject=inotify_init1:error=EMFILE"]);
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    let log = lookout.stop();
    assert!(log.contains("count after up to 30 s: "), "{log}");
}

/// What a file system refuses: what is injected, and what `check` says then.
struct Refused {
    what: &'static str,
    injected: &'static [&'static str],
    said: &'static [&'static str],
}

const NO_MODES: &str = "inject=?chmod,fchmod,?fchmodat:error=EPERM";
const NO_DATES: &str = "inject=utimensat:error=EACCES";

#[rustfmt::skip]
const REFUSED: [Refused; 6] = [
    Refused { what: "nothing",     injected: &[],                                    said: &[] },
    Refused { what: "modes",       injected: &[NO_MODES],                            said: &["output    the file system of `site` refuses to change the modes",
                                                                                            "copy      the file system of `jekyll` refuses to change the modes"] },
    Refused { what: "dates",       injected: &[NO_DATES],                            said: &["output    the file system of `site` refuses to date files (utimes)"] },
    Refused { what: "syncfs",      injected: &["inject=syncfs:error=ENOSYS"],        said: &["output    the file system of `site` lacks syncfs"] },
    Refused { what: "flock",       injected: &["inject=flock:error=ENOLCK"],         said: &[] },
    Refused { what: "all of them", injected: &[NO_MODES, NO_DATES, "inject=syncfs:error=EOPNOTSUPP", "inject=flock:error=ENOSYS", "inject=fsync:error=EINVAL"],
                                                                                     said: &["(chmod)", "(utimes)", "lacks syncfs", "lacks fsync"] },
];

const PUBLISHED: &str = "[privacy]\npublish = [\"*\"]\n[csv]\ncopies = [\"jekyll/table.csv\"]\n";

/// A Lookout in whose file system `injected` is refused.
fn with_refused(injected: &[&str]) -> Lookout {
    let mut lookout = Lookout::with_settings(PUBLISHED);
    fs::create_dir(lookout.path("jekyll")).expect("made");
    if !injected.is_empty() {
        let options: Vec<&str> = injected.iter().flat_map(|fault| ["-e", fault]).collect();
        inject(&mut lookout, &options);
    }
    lookout
}

/// Stores that `name` came a day ago: of who is in now a chart may differ from one build to the next.
/// What stores it is refused nothing.
fn store(lookout: &Lookout, name: &str) {
    let body = format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{}000,"payload":{{"object":{{"uuid":"m","id":"42","participant":{{"user_id":"{name}","user_name":"{name}"}}}}}}}}"#,
        now() - 26 * 3600
    );
    fs::write(lookout.path("event.jsonl"), body).expect("written");
    let mut import = std::process::Command::new(crate::support::lookout::program());
    import.args(["import", "event.jsonl"]).current_dir(lookout.dir.path()).env_clear();
    assert!(import.output().expect("it starts").status.success());
}

/// Waits until the day of the tests' sites (UTC) has begun that would begin within a minute: then
/// every page changes.
fn wait_out_midnight() {
    const DAY_S: i64 = 24 * 3600;
    let left_s = DAY_S - now().rem_euclid(DAY_S);
    if left_s <= 60 {
        std::thread::sleep(Duration::from_secs(left_s.unsigned_abs()));
    }
}

/// What a web server tells versions of a file apart by: its date in whole seconds, and its size.
fn versions(lookout: &Lookout) -> BTreeMap<PathBuf, (i64, u64, u64)> {
    let site =
        files(&lookout.path("site")).into_iter().map(|(path, _)| lookout.path("site").join(path));
    let all = site.chain([lookout.path("jekyll/table.csv")]);
    all.map(|path| {
        let data = fs::metadata(&path).expect("it is there");
        assert_eq!(data.permissions().mode() & 0o444, 0o444, "{}", path.display());
        (path, (data.mtime(), data.size(), data.ino()))
    })
    .collect()
}

#[test]
fn whatever_a_file_system_refuses_each_version_is_published_once_and_told_from_the_one_before() {
    for Refused { what, injected, .. } in REFUSED {
        wait_out_midnight();
        let lookout = with_refused(injected);
        let mut before = BTreeMap::new();
        for name in ["Ada", "Bob", "Cay"] {
            store(&lookout, name);
            lookout.ok(&["build"]);
            assert!(lookout.csv().contains(name), "{what}");
            let copy = fs::read_to_string(lookout.path("jekyll/table.csv")).expect("it is there");
            assert_eq!(copy, lookout.csv(), "{what}");
            let packed = fs::read(lookout.path("site/lookout/index.html.gz")).expect("it is there");
            assert_eq!(packed[..2], [0x1f, 0x8b], "{what}");
            let after = versions(&lookout);
            for (path, (date, size, inode)) in &after {
                let Some((old_date, old_size, old_inode)) = before.get(path) else { continue };
                let is_same = inode == old_inode;
                let differs = (date, size) != (old_date, old_size);
                assert!(is_same != differs, "{what}: {}", path.display());
                assert!(is_same || date > old_date, "{what}: {}", path.display());
            }
            let page = lookout.path("site/lookout/index.html");
            assert_ne!(before.get(&page), after.get(&page), "{what}: the page changes");
            let again: Value =
                serde_json::from_str(&lookout.ok(&["build", "--json"])).expect("JSON");
            assert_eq!(again["written"], Value::Array(Vec::new()), "{what}");
            assert_eq!(versions(&lookout), after, "{what}: nothing is touched, copies neither");
            before = after;
            // As if it had been replaced several times within this second.
            let ahead = lookout::time::clock::system_time() + Duration::from_secs(2);
            let file = fs::File::options().write(true).open(&page).expect("it is there");
            file.set_modified(ahead).expect("it can be dated");
            before
                .entry(page)
                .and_modify(|version| version.0 = file.metadata().expect("open").mtime());
        }
    }
}

#[test]
fn a_running_serve_publishes_whatever_is_refused_and_reports_no_failure() {
    let mut lookout = with_refused(REFUSED[5].injected.split_last().expect("several").1);
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    store(&lookout, "Ada");
    lookout.wait_for(PAGE, |page| page.contains("Ada"));
    let log = lookout.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn check_names_what_a_file_system_refuses() {
    for Refused { what, injected, said } in REFUSED {
        let lookout = with_refused(injected);
        store(&lookout, "Ada");
        lookout.ok(&["build"]);
        let check = lookout.run(&["check"]);
        let lines = String::from_utf8_lossy(&check.stdout);
        for said in said {
            let is_said = |line: &str| line.starts_with('!') && line.contains(said);
            assert!(lines.lines().any(is_said), "{what}: `{said}` is missing in\n{lines}");
        }
        let number = lines.lines().filter(|line| line.contains("the file system of")).count();
        assert_eq!(number > 0, !said.is_empty(), "{what}: {lines}");
        let left = files(&lookout.path("site")).len();
        let hidden = fs::read_dir(lookout.path("site")).expect("readable").flatten();
        let hidden = hidden
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".lookout-check"));
        assert_eq!((left > 0, hidden.count()), (true, 0), "{what}: nothing is left behind");
    }
}
