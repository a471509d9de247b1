//! Templates, static files and directories that cannot be used: Lookout starts, takes deliveries,
//! and publishes a true page all the same.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::Value;

use crate::support::lookout::{now, until};
use crate::support::{Lookout, Request};

const PAGE: &str = "lookout/index.html";

/// What an author did to the directory of an installation.
type Make = fn(&Path);

/// A way to break an author's files, and what is to come of it.
struct Case {
    what: &'static str,
    make: Make,
    /// Part of the page that is published then.
    page: &'static str,
    /// Part of the report: in the log and in `check`, and for faults also in `/readyz`.
    said: &'static str,
    severity: Severity,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Severity {
    /// There is nothing to report.
    Fine,
    /// Something is left out.
    LeftOut,
    /// A built-in file takes the place of an own one.
    Fault,
}

fn write(directory: &Path, path: &str, contents: impl AsRef<[u8]>) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().expect("it has a directory")).expect("made");
    fs::write(path, contents).expect("written");
}

/// Makes the file at `path` so many bytes long, of zeros.
fn grow(directory: &Path, path: &str, length: u64) {
    write(directory, path, "");
    let file = fs::File::options().write(true).open(directory.join(path));
    file.and_then(|file| file.set_len(length)).expect("it can be as long");
}

fn chmod(directory: &Path, path: &str, mode: u32) {
    fs::set_permissions(directory.join(path), Permissions::from_mode(mode)).expect("changed");
}

fn join(name: &str) -> String {
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{}000,"payload":{{"object":{{"uuid":"m","id":"42","participant":{{"user_id":"{name}","user_name":"{name}"}}}}}}}}"#,
        now()
    )
}

fn ready(lookout: &Lookout) -> (u16, Value) {
    let reply = Request::get("/readyz").send(lookout.admin());
    (reply.status, serde_json::from_str(&reply.text()).expect("it is JSON"))
}

/// What the built-in page has and no other.
const BUILTIN: &str = "Comings and goings";

fn case(
    what: &'static str,
    make: Make,
    page: &'static str,
    said: &'static str,
    severity: Severity,
) -> Case {
    Case { what, make, page, said, severity }
}

#[rustfmt::skip]
fn unused_files() -> Vec<Case> {
    use Severity::{Fine, LeftOut};
    vec![
        case("what editors, merges and systems leave", |dir| {
            for name in ["#index.html#", ".#index.html", "index.html~", "index.html.orig", "index.html.rej",
                         "index.html.swp", "index.html.bak", "index.html.tmp", "4913", "Thumbs.db", ".DS_Store"] {
                write(dir, &format!("templates/{name}"), b"{% if \xff");
                write(dir, &format!("static/{name}"), b"not to be published");
            }
            write(dir, "templates/index.html", "mine: {{ heading }} {% for member in members %}{{ member.name }}{% endfor %}");
        }, "mine: Lookout Ada", "", Fine),
        case("a byte order mark before `extends`", |dir| {
            let extending = "{% extends \"builtin/index.html\" %}{% block present %}<p>mine, Ada</p>{% endblock present %}";
            write(dir, "templates/index.html", format!("\u{feff}{extending}"));
        }, "<p>mine, Ada</p>", "", Fine),
        case("pictures among the templates", |dir| write(dir, "templates/logo.png", b"\x89PNG\r\n\x1a\n\xff"),
            BUILTIN, "logo.png` is no template, so it is left out", LeftOut),
        case("a directory in the place of a template", |dir| write(dir, "templates/index.html/a", "{{ heading }}"),
            BUILTIN, "a` is left out: nothing uses it", LeftOut),
        case("a misspelt name", |dir| write(dir, "templates/indx.html", "{{ heading }}"),
            BUILTIN, "indx.html` is left out: nothing uses it", LeftOut),
        case("a static file whose name is not UTF-8", |dir| {
            write(dir, "static/a", "");
            fs::write(dir.join("static").join(OsStr::from_bytes(b"caf\xe9.png")), "latin").expect("written");
        }, BUILTIN, "is not UTF-8, so it is left out; rename it", LeftOut),
        case("a template whose name is not UTF-8", |dir| {
            write(dir, "templates/a", "");
            fs::write(dir.join("templates").join(OsStr::from_bytes(b"caf\xe9.html")), "{% if").expect("written");
        }, BUILTIN, "is not UTF-8, so it is left out; rename it", LeftOut),
        case("a static file whose name is too long", |dir| write(dir, &format!("static/{}", "a".repeat(250)), ""),
            BUILTIN, "is left out: its name is too long", LeftOut),
        case("a static file that others may not read", |dir| {
            write(dir, "static/notes.txt", "not to be published");
            chmod(dir, "static/notes.txt", 0o640);
        }, BUILTIN, "notes.txt` is left out: its mode does not let everybody read it", LeftOut),
        case("a directory that others may not enter", |dir| {
            write(dir, "static/private/notes.txt", "not to be published");
            chmod(dir, "static/private", 0o750);
        }, BUILTIN, "notes.txt` is left out: its mode does not let everybody read it", LeftOut),
        case("static files in a directory of the operator's alone", |dir| {
            write(dir, "static/notes.txt", "to be published");
            chmod(dir, "static", 0o700);
        }, BUILTIN, "", Fine),
        case("a film", |dir| grow(dir, "static/film.mp4", 17 << 20),
            BUILTIN, "film.mp4` is left out: it is longer than 16 MiB", LeftOut),
        case("many photographs", |dir| (0..5).for_each(|n| grow(dir, &format!("static/{n}.jpg"), 15 << 20)),
            BUILTIN, "4.jpg` is left out: the static files together are larger than 64 MiB", LeftOut),
        case("a film among the templates", |dir| grow(dir, "templates/film.mp4", 5 << 20),
            BUILTIN, "film.mp4` is no template, so it is left out: it is longer than 4 MiB", LeftOut),
        case("a pipe", |dir| {
            write(dir, "static/a", "");
            nix::unistd::mkfifo(&dir.join("static/pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        }, BUILTIN, "pipe` is no regular file, so it is left out", LeftOut),
        case("a link that leads round in a circle", |dir| {
            write(dir, "templates/a", "");
            symlink(".", dir.join("templates/round")).expect("linked");
            symlink("self", dir.join("templates/self")).expect("linked");
        }, BUILTIN, "round` is a link to something else than a file", LeftOut),
    ]
}

#[rustfmt::skip]
fn faults() -> Vec<Case> {
    use Severity::Fault;
    vec![
        case("a picture among the own output files", |dir| write(dir, "templates/more/logo.png", b"\x89PNG\r\n\x1a\n\xff"),
            BUILTIN, "logo.png` makes no file of the site", Fault),
        case("an own output file in the place of ours", |dir| write(dir, "templates/more/presence.json", "{}"),
            BUILTIN, "is a name that Lookout itself uses", Fault),
        case("an own output file in Latin-1", |dir| write(dir, "templates/more/who.txt", b"caf\xe9"),
            BUILTIN, "who.txt` is not UTF-8; save it as UTF-8", Fault),
        case("an own output file with a fault", |dir| write(dir, "templates/more/who.txt", "{{ headline }}"),
            BUILTIN, "`headline` is not defined", Fault),
        case("a fault in the syntax", |dir| write(dir, "templates/index.html", "<p>\n{% if heading %}"),
            BUILTIN, "Unexpected end of input", Fault),
        case("a fault that shows when somebody is in", |dir| {
            write(dir, "templates/index.html", "mine{% if count != \"0\" %}{{ headline }}{% endif %}");
        }, BUILTIN, "`headline` is not defined", Fault),
        case("a fault in one of two files", |dir| {
            write(dir, "templates/index.html", "mine: {{ heading }} {% for member in members %}{{ member.name }}{% endfor %}");
            write(dir, "templates/embed.html", "{{ headline }}");
        }, "mine: Lookout Ada", "`headline` is not defined", Fault),
        case("an unknown filter beside a good template", |dir| {
            write(dir, "templates/index.html", "mine: {{ heading }} {% for member in members %}{{ member.name }}{% endfor %}");
            write(dir, "templates/embed.html", "{{ heading | shout }}");
        }, "mine: Lookout Ada", "Unknown filter `shout`", Fault),
        case("an unknown parent", |dir| write(dir, "templates/index.html", "{% extends \"nowhere.html\" %}"),
            BUILTIN, "nowhere.html", Fault),
        case("a parent with a fault", |dir| {
            write(dir, "templates/index.html", "{% extends \"layout.html\" %}");
            write(dir, "templates/layout.html", "{% block a %}");
        }, BUILTIN, "layout.html", Fault),
        case("a missing static file", |dir| write(dir, "templates/index.html", "{{ assets[\"logo.png\"] }}"),
            BUILTIN, "assets[\"logo.png\"]", Fault),
        case("a page in Latin-1", |dir| write(dir, "templates/index.html", b"caf\xe9"),
            BUILTIN, "index.html` is not UTF-8; save it as UTF-8", Fault),
        case("a page with a NUL instead of text", |dir| write(dir, "templates/index.html", "mine\0{{ headline }}"),
            BUILTIN, "`headline` is not defined", Fault),
        case("a file in the place of the templates", |dir| write(dir, "templates", "what is this"),
            BUILTIN, "cannot read the directory `templates`", Fault),
        case("a file in the place of the static files", |dir| write(dir, "static", "what is this"),
            BUILTIN, "cannot read the directory `static`", Fault),
        case("templates that are a link to nothing", |dir| symlink("gone", dir.join("templates")).expect("linked"),
            BUILTIN, "cannot read the directory `templates`", Fault),
        case("a page without an end", |dir| grow(dir, "templates/index.html", 5 << 20),
            BUILTIN, "index.html`: it is longer than 4 MiB", Fault),
    ]
}

#[test]
fn whatever_lies_among_templates_and_static_files_deliveries_are_taken_and_the_page_is_true() {
    for Case { what, make, page, said, severity } in unused_files().into_iter().chain(faults()) {
        let mut lookout = Lookout::new();
        make(lookout.dir.path());
        lookout.serve();
        assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204, "{what}");
        let found = lookout.wait_for(PAGE, |found| found.contains("Ada"));
        assert!(found.contains(page), "{what}: {found}");
        let (status, readiness) = ready(&lookout);
        assert_eq!((status, &readiness["ready"]), (200, &Value::Bool(true)), "{what}");
        assert_eq!(readiness["site_fails"], Value::Bool(false), "{what}");
        let is_fault = severity == Severity::Fault;
        let warnings = || ready(&lookout).1["warnings"].to_string();
        let quoted = said.replace('"', "\\\"");
        let is_told =
            |warnings: &str| warnings.contains(&quoted) && warnings.contains("\"templates\"");
        // It is told right after the page is in place.
        assert!(!is_fault || until(|| is_told(&warnings())), "{what}: {}", warnings());
        assert_eq!(is_told(&warnings()), is_fault, "{what}: {}", warnings());

        let check = lookout.run(&["check"]);
        let lines = String::from_utf8_lossy(&check.stdout);
        let lines: Vec<_> =
            lines.split("\n✓").filter(|line| line.contains(" templates ")).collect();
        let lines = lines.join("\n");
        let mark = match severity {
            Severity::Fine => "templates ",
            Severity::LeftOut => "! templates",
            Severity::Fault => "✗ templates",
        };
        assert!(lines.contains(mark) && lines.contains(said), "{what}: {lines}");
        assert_eq!(lines.contains('✗'), is_fault, "{what}: {lines}");

        let build = lookout.run(&["build"]);
        assert_eq!(build.status.success(), !is_fault, "{what}: {build:?}");
        let published = lookout.site();
        let names: Vec<_> = published.iter().map(|(path, _)| path.display().to_string()).collect();
        let odd = names.iter().find(|name| name.contains("index.html.") && !name.ends_with(".gz"));
        assert_eq!(odd, None, "{what}: left-overs are not published");
        let is_secret = |(_, bytes): &&(_, Vec<u8>)| bytes.starts_with(b"not to be published");
        assert!(!published.iter().any(|file| is_secret(&file)), "{what}: nor what is private");
        let log = lookout.stop();
        assert_eq!(
            log.matches("is used instead of").count(),
            usize::from(is_fault),
            "{what}, once: {log}"
        );
        assert!(log.contains(said), "{what}: {log}");
        assert_eq!(log.contains("left out"), severity == Severity::LeftOut, "{what}: {log}");
    }
}

#[test]
fn a_template_that_is_broken_at_the_start_shows_no_withdrawn_name_and_is_taken_up_when_mended() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    lookout.wait_for(PAGE, |page| page.contains("Ada"));
    lookout.stop();
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    write(lookout.dir.path(), "lookout.toml", settings.replace("[\"*\"]", "[\"Grace\"]"));
    write(lookout.dir.path(), "templates/index.html", "{{ headline }}");
    write(lookout.dir.path(), "templates/embed.html", "{% if %}");
    lookout.serve();
    lookout.wait_for(PAGE, |page| !page.contains("Ada") && page.contains("</html>"));
    assert_eq!(lookout.deliver(join("Grace").as_bytes()).status, 204);
    lookout.wait_for(PAGE, |page| page.contains("Grace"));

    // One of two is mended, then both; then one breaks again while it runs.
    write(lookout.dir.path(), "templates/index.html", "mine: {{ heading }} {{ count }}");
    lookout.wait_for(PAGE, |page| page == "mine: Lookout 1");
    let embed = |page: &str| page.contains("Grace");
    lookout.wait_for("lookout/embed.html", embed);
    let warnings = || ready(&lookout).1["warnings"].clone();
    assert!(warnings()[0]["why"].to_string().contains("embed.html:1:"), "{}", warnings());
    write(lookout.dir.path(), "templates/embed.html", "mine too: {{ count }}");
    lookout.wait_for("lookout/embed.html", |page| page == "mine too: 1");
    assert!(until(|| warnings() == Value::Array(Vec::new())), "{}", warnings());
    write(lookout.dir.path(), "templates/index.html", "{{ headline }}");
    assert_eq!(lookout.deliver(join("Grace 2").as_bytes()).status, 204);
    let settings = settings.replace("[\"*\"]", "[\"Grace\", \"Grace 2\"]");
    write(lookout.dir.path(), "lookout.toml", settings);
    lookout.wait_for(PAGE, |page| page == "mine: Lookout 2");
}

#[test]
fn an_own_output_file_comes_changes_and_goes_while_lookout_runs() {
    const FILE: &str = "lookout/who.txt";
    let mut lookout = Lookout::new();
    lookout.serve();
    let template = |source: &str| write(lookout.dir.path(), "templates/more/who.txt", source);
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    template("one:{% for member in members %} {{ member.name }}{% endfor %}");
    lookout.wait_for(FILE, |text| text == "one: Ada");
    template("{{ headline }}");
    let is_told = || ready(&lookout).1["warnings"].to_string().contains("`headline`");
    assert!(until(is_told), "{}", ready(&lookout).1);
    assert_eq!(lookout.deliver(join("Grace").as_bytes()).status, 204);
    lookout.wait_for(FILE, |text| text == "one: Ada Grace");
    template("two: {{ count }}");
    lookout.wait_for(FILE, |text| text == "two: 2");
    fs::remove_file(lookout.path("templates/more/who.txt")).expect("removed");
    let published = lookout.path("site/lookout/who.txt");
    assert!(until(|| !published.try_exists().expect("readable")), "it is gone");
}

#[test]
fn an_own_output_file_goes_with_its_template_while_another_is_broken() {
    const FILE: &str = "lookout/who.txt";
    let mut lookout = Lookout::new();
    let dir = lookout.dir.path().to_owned();
    write(
        &dir,
        "templates/more/who.txt",
        "{% for member in members %}{{ member.name }}{% endfor %}",
    );
    write(&dir, "templates/more/kept.txt", "{{ count }}");
    lookout.serve();
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    lookout.wait_for(FILE, |text| text == "Ada");
    write(&dir, "templates/more/kept.txt", "{{ headline }}");
    write(&dir, "templates/index.html", "{{ headline }}");
    fs::remove_file(dir.join("templates/more/who.txt")).expect("removed");
    let published = lookout.path("site").join(FILE);
    assert!(until(|| !published.try_exists().expect("readable")), "it is gone");
    assert_eq!(lookout.deliver(join("Grace").as_bytes()).status, 204);
    lookout.wait_for("lookout/kept.txt", |text| text == "2");
}

#[test]
fn a_standing_fault_does_not_keep_templates_that_worked_from_use() {
    let mut lookout = Lookout::new();
    let dir = lookout.dir.path().to_owned();
    write(&dir, "templates/more/README", "no file of the site");
    write(&dir, "templates/index.html", "one: {{ count }}");
    lookout.serve();
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    lookout.wait_for(PAGE, |page| page == "one: 1");
    write(&dir, "templates/index.html", "{{ headline }}");
    let is_told = || ready(&lookout).1["warnings"].to_string().contains("`headline`");
    assert!(until(is_told), "{}", ready(&lookout).1);
    assert_eq!(lookout.deliver(join("Grace").as_bytes()).status, 204);
    lookout.wait_for(PAGE, |page| page == "one: 2");
    write(&dir, "templates/index.html", "two: {{ count }}");
    lookout.wait_for(PAGE, |page| page == "two: 2");
}

#[test]
fn an_output_directory_that_cannot_be_used_yet_keeps_no_delivery_back() {
    let cases: [(&str, Make, Make); 3] = [
        (
            "a file in its place",
            |dir| write(dir, "site", "what is this"),
            |dir| fs::remove_file(dir.join("site")).expect("removed"),
        ),
        (
            "a link to nothing, below a file",
            |dir| {
                write(dir, "file", "");
                symlink("file/site", dir.join("site")).expect("linked");
            },
            |dir| {
                fs::remove_file(dir.join("file")).expect("removed");
                fs::create_dir_all(dir.join("file/site")).expect("made");
            },
        ),
        (
            "a directory in the place of a page",
            |dir| fs::create_dir_all(dir.join("site/lookout/index.html/theirs")).expect("made"),
            |dir| fs::remove_dir_all(dir.join("site/lookout/index.html")).expect("removed"),
        ),
    ];
    for (what, make, mend) in cases {
        let mut lookout = Lookout::new();
        make(lookout.dir.path());
        lookout.serve();
        assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204, "{what}");
        assert!(until(|| ready(&lookout).1["site_fails"] == Value::Bool(true)), "{what}");
        mend(lookout.dir.path());
        lookout.wait_for(PAGE, |page| page.contains("Ada"));
    }
}

#[test]
fn intake_starts_and_takes_deliveries_whatever_is_broken_around_it() {
    let broken: Make = |dir| {
        write(dir, "templates/index.html", "{% if");
        write(dir, "templates/messages/en.txt", "{% if");
        write(dir, "static", "what is this");
        write(dir, "site", "what is this");
        fs::create_dir_all(dir.join("data/lookout.notify.db/theirs")).expect("made");
    };
    let chats = "[privacy]\npublish = [\"*\"]\n\
                 [[notify]]\nkind = \"slack\"\nurl_file = \"gone\"\n\
                 [[notify]]\nkind = \"mattermost\"\nurl = \"http://127.0.0.1:9/hooks/x\"\n\
                 [[notify]]\nkind = \"mattermost\"\nbot_token_file = \"gone too\"\n\
                 server_url = \"http://127.0.0.1:9\"\nchannel_id = \"4xp9fdt3d7n9xjqk1eqwsxc8ny\"\n";
    let programs: [fn(&mut Lookout); 2] = [|lookout| _ = lookout.serve(), Lookout::intake];
    for start in programs {
        let mut lookout = Lookout::with_settings(chats);
        broken(lookout.dir.path());
        start(&mut lookout);
        assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
        assert_eq!(ready(&lookout).0, 200);
        lookout.stop();
        assert_eq!(lookout.exported_keys().len(), 1);
    }
}

/// A loop that takes years, and prints nothing.
const ENDLESS: &str = "{%- for a in range(end=100000) -%}{%- for b in range(end=100000) -%}\
     {%- for c in range(end=100000) -%}{%- endfor -%}{%- endfor -%}{%- endfor -%}";

#[test]
fn a_template_that_never_ends_is_reported_and_holds_up_neither_deliveries_nor_the_end() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    write(lookout.dir.path(), "templates/index.html", ENDLESS);
    let is_reported = || ready(&lookout).1["warnings"].to_string().contains("does not return");
    assert!((0..4).any(|_| until(is_reported)), "{}", lookout.log());
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    let log = lookout.stop();
    assert_eq!(log.matches("making the site does not return").count(), 1, "{log}");
    assert!(log.contains("the last publication does not return"), "{log}");
    assert_eq!(lookout.exported_keys().len(), 1);
}
